"""Environments as they lie on disk: found, told apart and read without running anything."""

from .condameta import fingerprint
from .environments_txt import add_to_environments_txt, remove_from_environments_txt
from .health import check as check_health
from .managers import managed_by
from .pins import read_pins, write_pins
from .places import Places, is_environment
from .reader import EnvironmentReader, environment_id
from .remains import clear_vacant, is_vacant

__all__ = [
    "EnvironmentReader",
    "Places",
    "add_to_environments_txt",
    "check_health",
    "clear_vacant",
    "environment_id",
    "fingerprint",
    "is_environment",
    "is_vacant",
    "managed_by",
    "read_pins",
    "remove_from_environments_txt",
    "write_pins",
]
