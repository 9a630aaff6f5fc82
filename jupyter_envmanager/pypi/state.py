"""What a change of Python packages starts from, asks for and comes to."""

from __future__ import annotations

import msgspec

from ..models import PlanAction, Problem


class PypiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the package index is reached, and what is allowed.

    Attributes
    ----------
    index, extra_indexes:
        URLs of simple indexes; may hold credentials. Where ``index`` is None, the variables ``UV_DEFAULT_INDEX`` and
        ``UV_INDEX`` of this process count, then https://pypi.org/simple.
    cache:
        Folder for downloads and builds; best on the filesystem of the environments, which then share its files.
    proxies:
        Scheme (``http``, ``https``) -> URL.
    verify:
        False, True, ``truststore``, or the path of a CA bundle.
    torch_index:
        URL of the index of PyTorch's wheels, with ``{variant}`` for ``cu126``, ``cpu`` …; may hold credentials. Empty
        where they come from the other indexes.
    allowed_roots:
        Folders below which projects and requirements files may be read.
    """

    index: str | None = None
    extra_indexes: list[str] = []
    torch_index: str = ""
    cache: str
    proxies: dict[str, str] = {}
    verify: bool | str = True
    offline: bool = False
    allowed_roots: list[str] = []

    def __repr__(self) -> str:
        # Indexes and proxies may hold credentials.
        return f"PypiSettings(cache={self.cache!r}, offline={self.offline})"


class OwnIndex(msgspec.Struct, frozen=True, kw_only=True):
    """An index that a few packages come from, and no others; nor do these come from elsewhere.

    Attributes
    ----------
    addresses:
        URLs of simple indexes, best first: the first that has a solution counts. May hold credentials.
    only:
        Normalised names.
    home:
        The address that those of them came from that are installed. From any other all of them come together, be they
        installed or not: those of different addresses do not fit to each other.
    """

    addresses: list[str]
    only: list[str]
    home: str = ""

    def __repr__(self) -> str:
        # Addresses may hold credentials.
        return f"OwnIndex(only={self.only!r})"


class Dist(msgspec.Struct, frozen=True, kw_only=True):
    """An installed Python distribution; ``requires`` are its ``Requires-Dist`` lines.

    ``source`` is the requirement line that installs it again, for one that is not from an index.
    """

    name: str
    version: str
    requires: list[str] = []
    source: str = ""


class PypiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for.

    Attributes
    ----------
    install:
        Requirement lines, as in a requirements file.
    requirements:
        Absolute paths of requirements files below the allowed roots.
    remove, upgrade:
        Names of installed distributions.
    exchange:
        Requirement lines of installed distributions that are to become another build; of the same version, where there
        is one.
    accept:
        Codes of problems that have been accepted: ``overwrites_conda``.
    own:
        An index for some of the packages, whether they are asked for or needed.
    """

    install: list[str] = []
    requirements: list[str] = []
    remove: list[str] = []
    upgrade: list[str] = []
    exchange: list[str] = []
    accept: list[str] = []
    own: OwnIndex | None = None


class PypiState(msgspec.Struct, frozen=True, kw_only=True):
    """The environment as it will be after the conda part of a change.

    Attributes
    ----------
    python:
        Path of an interpreter that can be run now.
    python_version:
        The full version that the environment will have.
    conda:
        Distributions that conda packages provide; protected.
    pypi:
        Distributions that come from an index or another source.
    requested:
        Names of those that were asked for.
    moved:
        Python's minor version changes: all of ``pypi`` must be installed anew.
    """

    python: str
    python_version: str
    conda: list[Dist] = []
    pypi: list[Dist] = []
    requested: list[str] = []
    moved: bool = False


class PypiPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What will be done, exactly.

    Attributes
    ----------
    lock:
        The distributions to install with URLs and hashes, as a ``pylock.toml``
        (https://packaging.python.org/en/latest/specifications/pylock-toml/); empty for none.
    remove:
        Names of the distributions that go; those that ``lock`` replaces are not listed.
    requested:
        Names of all that were asked for, once the plan is carried out.
    python_version:
        The full version that the environment will have; empty where nobody asked.
    seconds:
        How long the resolution took.
    accept:
        Codes of problems that have been accepted, as in the request.
    """

    actions: list[PlanAction] = []
    lock: str = ""
    remove: list[str] = []
    requested: list[str] = []
    python_version: str = ""
    warnings: list[Problem] = []
    seconds: float = 0.0
    accept: list[str] = []

    @property
    def empty(self) -> bool:
        """Whether nothing is to be installed or removed."""
        return not self.lock and not self.remove
