"""Packages: installed ones, newer ones, damaged ones, and those that the channels offer."""

from __future__ import annotations

from .wire import Manager, Problem, Wire


class Package(Wire, frozen=True, kw_only=True):
    """An installed package.

    ``requested`` ones were asked for, with ``spec`` where that is known; the others are there because the packages in
    ``needed_by`` need them. ``pinned`` is the spec of ``conda-meta/pinned`` that holds it. ``shadowed_by`` says that a
    PyPI package of this version has overwritten the conda package. ``damaged`` ones have a record or files that are
    not whole, as far as that is seen without reading every file.
    """

    name: str
    version: str
    build: str = ""
    channel: str = ""
    manager: Manager = "conda"
    requested: bool = False
    spec: str | None = None
    needed_by: list[str] = []
    pinned: str | None = None
    shadowed_by: str | None = None
    damaged: bool = False
    size: int | None = None


class Variable(Wire, frozen=True, kw_only=True):
    """What is set when an environment is active; ``hidden`` says that ``value`` is not all of it, or not as it is."""

    name: str
    value: str
    hidden: bool = False


class Packages(Wire, frozen=True, kw_only=True):
    """The installed packages of one environment, and the records that could not be read.

    ``variables`` are what is set when it is active (``conda env config vars``).
    """

    packages: list[Package]
    variables: list[Variable] = []
    problems: list[Problem] = []


class PackageUpdate(Wire, frozen=True, kw_only=True):
    """A newer version that a channel or the index has; whether it fits is for a preview to say."""

    name: str
    version: str
    manager: Manager = "conda"
    channel: str = ""


class PackageUpdates(Wire, frozen=True, kw_only=True):
    """What is newer than what is installed, and the channels that did not answer."""

    updates: list[PackageUpdate]
    problems: list[Problem] = []


class Health(Wire, frozen=True, kw_only=True):
    """Whether the files of an environment are the ones that its packages brought.

    ``damaged`` names the packages that a repair would link again; ``problems`` says what is wrong with each. ``files``
    counts what was compared, ``seconds`` how long it took.
    """

    problems: list[Problem]
    damaged: list[str]
    files: int
    seconds: float


class PackageHit(Wire, frozen=True, kw_only=True):
    """A search result; what is known of it without a download: ``version`` is the newest one, ``size`` in bytes."""

    name: str
    version: str | None = None
    channel: str = ""
    manager: Manager = "conda"
    summary: str | None = None
    license: str | None = None
    size: int | None = None


class PackageHits(Wire, frozen=True, kw_only=True):
    """Search results, best first; ``total`` counts all matches, also those that were cut off."""

    packages: list[PackageHit]
    total: int
    problems: list[Problem] = []


class PackageBuild(Wire, frozen=True, kw_only=True):
    """One build of a version."""

    version: str
    build: str
    channel: str
    size: int | None = None
    timestamp: float | None = None
    depends: list[str] = []


class PackageInfo(Wire, frozen=True, kw_only=True):
    """What the channels, or the Python package index, offer of one package; ``versions`` newest first."""

    name: str
    versions: list[str]
    builds: list[PackageBuild]
    license: str | None = None
    manager: Manager = "conda"
    summary: str | None = None
    home: str | None = None
