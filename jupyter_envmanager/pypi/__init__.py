"""Packages from the Python package index inside an environment, through uv: the only importer of it.

Here are the structs alone, as every worker reads them; few jobs need what asks the index and runs uv.
"""

from .state import Dist, OwnIndex, PypiPlan, PypiRequest, PypiSettings, PypiState

__all__ = ["Dist", "OwnIndex", "PypiPlan", "PypiRequest", "PypiSettings", "PypiState"]
