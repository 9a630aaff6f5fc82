"""Environments as they lie on disk: found, told apart and read without running anything."""

from .condameta import fingerprint
from .environments_txt import add_to_environments_txt, remove_from_environments_txt
from .places import Places, is_environment
from .reader import EnvironmentReader, environment_id

__all__ = [
    "EnvironmentReader",
    "Places",
    "add_to_environments_txt",
    "environment_id",
    "fingerprint",
    "is_environment",
    "remove_from_environments_txt",
]
