"""How an environment differs from another one, or from a file."""

from __future__ import annotations

from typing import Literal

from .files import FileText
from .wire import Manager, Problem, Request, Wire

DifferenceKind = Literal["only_here", "only_there", "version", "build", "channel", "value"]


class CompareRequest(Request, frozen=True, kw_only=True):
    """What an environment is compared with: another ``environment``, by id, or a ``file``."""

    environment: str | None = None
    file: FileText | None = None


class Difference(Wire, frozen=True, kw_only=True):
    """A package that is not the same on both sides, or a ``variable`` that is set when the environment is active.

    ``here`` and ``there`` are versions; ``there`` is what is asked for where it is compared with a file that names no
    exact version. Of a variable they are values. None where it is missing.
    """

    name: str
    manager: Manager = "conda"
    variable: bool = False
    kind: DifferenceKind
    here: str | None = None
    there: str | None = None
    here_detail: str = ""
    there_detail: str = ""


class Comparison(Wire, frozen=True, kw_only=True):
    """How an environment differs from another one, or from a file.

    ``title`` names the other. ``same`` counts the packages that agree. ``exact`` says that the other names every
    package; else what it does not name is needed by something, and is no difference.
    """

    title: str
    differences: list[Difference]
    same: int
    exact: bool = True
    problems: list[Problem] = []
