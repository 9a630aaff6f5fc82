"""Notebooks: what their code needs, and where their install lines go."""

from __future__ import annotations

from .wire import Manager, Problem, Request, Wire


class NotebookCode(Request, frozen=True, kw_only=True):
    """The code of a notebook: the sources of its code cells, and its path for the local modules beside it.

    ``environment`` is the one whose installed packages and channels are asked first.
    """

    cells: list[str]
    path: str | None = None
    environment: str | None = None


class NotebookImport(Wire, frozen=True, kw_only=True):
    """Something that a notebook needs.

    ``module`` is the imported name, empty for what an install line asks for; ``spec`` what to install for it, None
    when nothing was found. ``origin`` says where it is needed, in words.
    """

    module: str
    spec: str | None
    manager: Manager = "conda"
    origin: str = ""
    reason: str = ""
    installed: bool = False


class NotebookImports(Wire, frozen=True, kw_only=True):
    """What a notebook needs, by name, with proposals for each; and the Python it was written for."""

    imports: list[NotebookImport]
    python: str | None = None
    problems: list[Problem] = []


class InstallLine(Request, frozen=True, kw_only=True):
    """The source of a cell with an install line, and the kernel that runs it."""

    kernel: str
    source: str


class InstallHint(Wire, frozen=True, kw_only=True):
    """Whether the install lines of a cell would miss the kernel's environment, and what they ask for.

    ``reason`` is empty where they reach it. ``specs`` are conda's, ``pypi`` Python's requirements.
    """

    reason: str = ""
    environment: str | None = None
    specs: list[str] = []
    pypi: list[str] = []
