"""Files that say what an environment is made of: read, fetched, relaxed."""

from __future__ import annotations

from typing import Literal

from .wire import Manager, Problem, Request, Wire

SpecFormat = Literal["environment.yml", "requirements.txt", "pyproject.toml", "explicit", "conda-lock", "pixi.lock"]
Relaxed = Literal["build", "patch", "version"]


class FileText(Request, frozen=True, kw_only=True):
    """A file to be read; without ``format``, that is found out from the content and the ``filename``."""

    content: str
    filename: str = ""
    format: SpecFormat | None = None


class FileContent(Wire, frozen=True, kw_only=True):
    """What a file asks for, and what is wrong with it.

    ``specs`` are match specs, ``pypi`` requirements, ``channels`` None where the file names none. ``variables`` are set
    when the environment is active. ``platforms`` are those that it is for; empty for any. ``locked`` counts packages
    that are given exactly. ``usable`` is false while an environment cannot be made from it. Problems with code
    ``file_error`` say why, those with ``file_warning`` what is passed over; ``details`` has ``line``, from 1.
    """

    format: SpecFormat
    name: str | None = None
    specs: list[str] = []
    pypi: list[str] = []
    channels: list[str] | None = None
    variables: dict[str, str] = {}
    platforms: list[str] = []
    locked: int = 0
    usable: bool = True
    problems: list[Problem] = []


class RelaxedSpec(Wire, frozen=True, kw_only=True):
    """A spec that asks for less than one of a file, and the part of it that it ``drops``; ``found`` is the version that
    a channel has for it.
    """

    spec: str
    drops: Relaxed
    found: str = ""


class Relaxation(Wire, frozen=True, kw_only=True):
    """A spec of a file that cannot be met, as the file has it, and what could stand for it; the mildest choice first.

    All of them come in ``details["relaxations"]`` of a `Problem`; a choice is made with ``FileSource.relaxed``. Without
    ``choices`` there is no such package. ``line`` counts from 1.
    """

    spec: str
    line: int | None = None
    manager: Manager = "conda"
    message: str
    choices: list[RelaxedSpec] = []


class FileAddress(Request, frozen=True, kw_only=True):
    """Where a file is to be fetched from."""

    url: str
