"""The modules beside a notebook: their sources, each once, and never from outside its folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..environments.plainfile import read_plain
from ..models import Problem

_MOST_FILES = 300
_LARGEST = 200_000
_MOST_BYTES = 2_000_000
# So many names are looked for: most lead nowhere, and each costs a look at the disk.
_MOST_NAMES = 5000


@dataclass(frozen=True)
class LocalFile:
    """A source file; ``name`` relative to the notebook, ``package`` the dotted name that relative imports begin at."""

    name: str
    package: str
    source: str


class LocalModules:
    """Reads them.

    Parameters
    ----------
    folder:
        The notebook's folder; links that lead out of it are not followed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self._real = os.path.realpath(folder) if _is_folder(folder) else os.fspath(folder)
        self._names: set[str] = set()
        self._seen: set[str] = set()
        self._bytes = 0
        self._tops: dict[str, bool] = {}

    def has(self, top: str) -> bool:
        """Whether a module of this name is beside the notebook."""
        if top not in self._tops:
            self._tops[top] = top.isidentifier() and self._is_there(top)
        return self._tops[top]

    def _is_there(self, top: str) -> bool:
        return self._inside(self.folder / f"{top}.py") or self._is_package(self.folder / top)

    def unread(self, names: Sequence[str]) -> Iterator[LocalFile]:
        """The files that importing these dotted names reads, packages above them included, less those already given."""
        for name in names:
            parts = name.split(".")
            if not all(part.isidentifier() for part in parts):
                continue
            place, dotted = self.folder, ""
            for part in parts:
                above, place, dotted = dotted, place / part, f"{dotted}.{part}".lstrip(".")
                if dotted not in self._names:
                    if len(self._names) >= _MOST_NAMES:
                        self._too_many()
                        return
                    self._names.add(dotted)
                    yield from self._read(place / "__init__.py", dotted)
                    yield from self._read(place.with_name(f"{part}.py"), above)
                if not _is_folder(place):
                    break

    def _is_package(self, place: Path) -> bool:
        if not self._inside(place) or not _is_folder(place):
            return False
        # Without __init__.py it is one, too, but a folder of data that shares its name with a package is not.
        return os.path.isfile(place / "__init__.py") or next(place.glob("*.py"), None) is not None  # noqa: PTH113

    def _inside(self, path: Path) -> bool:
        # Unlike realpath and pathlib, this says no of a name that no file can have.
        if not os.path.exists(path):  # noqa: PTH110
            return False
        return os.path.realpath(path).startswith(self._real.rstrip(os.sep) + os.sep)

    def _read(self, path: Path, package: str) -> Iterator[LocalFile]:
        if not self._inside(path) or (real := os.path.realpath(path)) in self._seen:
            return
        if len(self._seen) >= _MOST_FILES or self._bytes >= _MOST_BYTES:
            self._too_many()
            return
        self._seen.add(real)
        name = path.relative_to(self.folder).as_posix()
        try:
            content = read_plain(real, _LARGEST)
        except OSError as error:
            message = f"{name} cannot be read: {error.strerror or error}."
            self.problems.append(Problem(code="unreadable_module", message=message))
            return
        self._bytes += len(content)
        yield LocalFile(name, package, content.decode("utf-8-sig", errors="replace"))

    def _too_many(self) -> None:
        if not any(problem.code == "too_many_modules" for problem in self.problems):
            message = f"The notebook imports very many local modules: {len(self._seen)} of them were read."
            self.problems.append(Problem(code="too_many_modules", message=message))


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112
