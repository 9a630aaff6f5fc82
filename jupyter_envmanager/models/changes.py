"""Requests to change an environment."""

from __future__ import annotations

from typing import Literal

import msgspec

from .creation import CloneSource, FileSource
from .wire import Request


class PypiChange(Request, frozen=True, kw_only=True):
    """Python packages to change: requirement lines to ``install`` (PEP 508, VCS and URL requirements, ``-e`` and paths
    below the allowed roots), ``requirements`` files (absolute paths below the allowed roots), names to ``remove``.
    """

    install: list[str] = []
    requirements: list[str] = []
    remove: list[str] = []


class Change(Request, frozen=True, kw_only=True):
    """A request to change an environment.

    ``install`` takes match specs, ``update`` and ``remove`` names of installed packages of either kind; ``update``
    may be ``"all"``. ``pin`` takes match specs for ``conda-meta/pinned``, ``unpin`` names. ``repair`` names packages
    whose files are linked anew. ``gpu`` names the `GpuTarget` that the environment is for from now on, None keeps the
    one it has. ``accept`` holds the codes of problems that need an explicit yes (``overwrites_conda``, ``cpu_build``).
    ``plan`` is the id of a preview; with it exactly that plan is applied.

    ``source`` is a file, or another environment, that the environment is to become like: what it asks for is installed,
    exactly where it says exactly what. With ``prune`` everything else goes.
    """

    install: list[str] = []
    update: list[str] | Literal["all"] = []
    remove: list[str] = []
    pin: list[str] = []
    unpin: list[str] = []
    repair: list[str] = []
    pypi: PypiChange = msgspec.field(default_factory=lambda: PypiChange())
    gpu: str | None = None
    source: FileSource | CloneSource | None = None
    prune: bool = False
    accept: list[str] = []
    plan: str | None = None


class Rollback(Request, frozen=True, kw_only=True):
    """A request to make another generation the current one."""

    generation: int
