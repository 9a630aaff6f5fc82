"""Packages from the Python package index inside an environment, through uv: the only importer of it."""

from .apply import apply
from .brought import Brought, plain
from .index import info, lookup, outdated
from .installed import InstalledDist, distributions, site_folders
from .resolve import resolve
from .state import Dist, OwnIndex, PypiPlan, PypiRequest, PypiSettings, PypiState

__all__ = [
    "Brought",
    "Dist",
    "InstalledDist",
    "OwnIndex",
    "PypiPlan",
    "PypiRequest",
    "PypiSettings",
    "PypiState",
    "apply",
    "distributions",
    "info",
    "lookup",
    "outdated",
    "plain",
    "resolve",
    "site_folders",
]
