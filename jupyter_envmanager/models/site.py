"""What this site is like: settings of conda, locations for environments, what is allowed."""

from __future__ import annotations

from typing import Any

from .sharing import GroupAccess
from .wire import Problem, Wire


class Setting(Wire, frozen=True, kw_only=True):
    """One effective value of conda's configuration and where it comes from.

    ``origin`` is a file's path, an environment variable's name, or ``default``.
    """

    name: str
    value: Any
    origin: str


class Location(Wire, frozen=True, kw_only=True):
    """A folder that may hold environments.

    ``group`` names the Unix group that a shared location is for, None for one that is not shared; ``access`` says
    whether its members may change what is there, or only use it.
    """

    path: str
    label: str
    writable: bool
    exists: bool
    default: bool = False
    free: int | None = None
    free_files: int | None = None
    group: str | None = None
    access: GroupAccess | None = None


class Policy(Wire, frozen=True, kw_only=True):
    """What this site allows; ``file_urls`` are the beginnings of addresses that files may be fetched from."""

    allowed_roots: list[str]
    allowlist_channels: list[str] = []
    denylist_channels: list[str] = []
    keep_generations: int = 3
    run_link_scripts: bool = False
    file_urls: list[str] = []


class Status(Wire, frozen=True, kw_only=True):
    """What the panel needs before anything else; ``offline`` says that only the caches are asked."""

    version: str
    engine: str
    platform: str
    channels: list[str]
    locations: list[Location]
    server_prefix: str
    server_root: str
    policy: Policy
    settings: list[Setting] = []
    problems: list[Problem] = []
    offline: bool = False
