"""A request for a new environment, and what it can start from."""

from __future__ import annotations

import msgspec

from .wire import Request


class KernelRequest(Request, frozen=True, kw_only=True):
    """The kernel to register with a new environment; both have good defaults."""

    display_name: str | None = None
    name: str | None = None


class SpecsSource(Request, frozen=True, kw_only=True, tag_field="type", tag="specs"):
    """Start from match specs such as ``python=3.12``; ``pypi`` takes PEP 508 requirements."""

    specs: list[str]
    pypi: list[str] = []


class FileSource(Request, frozen=True, kw_only=True, tag_field="type", tag="file"):
    """Start from a file's content.

    An empty ``format`` (`SpecFormat`) is found out from ``content`` and ``filename``. ``relaxed`` maps specs, as the
    file has them, to the ones that are asked for instead (`Relaxation`).
    """

    format: str
    content: str
    filename: str = ""
    relaxed: dict[str, str] = {}


class CloneSource(Request, frozen=True, kw_only=True, tag_field="type", tag="clone"):
    """Start from a copy of another environment, by id."""

    environment: str


class ArchiveSource(Request, frozen=True, kw_only=True, tag_field="type", tag="archive"):
    """Start from a packed environment: the ``path`` of an archive on the server, absolute or relative to its root."""

    path: str


Source = SpecsSource | FileSource | CloneSource | ArchiveSource


class NewEnvironment(Request, frozen=True, kw_only=True):
    """A request for a new environment: a ``name`` in the default location, or a ``prefix`` (absolute folder).

    ``location`` picks another location for a name. ``gpu`` names the `GpuTarget` that it is for, ``machine`` by
    default. ``kernel`` null means: no kernel. ``accept`` holds the codes of problems that need an explicit yes
    (``overwrites_conda``, ``cpu_build``). ``plan`` is the id of a preview; creating with it applies exactly that plan.
    """

    source: Source
    name: str | None = None
    location: str | None = None
    prefix: str | None = None
    channels: list[str] | None = None
    gpu: str | None = None
    kernel: KernelRequest | None = msgspec.field(default_factory=lambda: KernelRequest())
    accept: list[str] = []
    plan: str | None = None
