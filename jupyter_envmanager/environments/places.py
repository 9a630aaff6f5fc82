"""Where may environments be? conda's folders, its list of the others, the site's roots, and the server's own prefix.

Finding opens no environment: it turns places into candidate folders, each once, by real path.
"""

# A listing makes thousands of system calls; Path objects would cost more than they do.
# ruff: noqa: PTH112, PTH113, PTH116, PTH114, PTH117, PTH118, PTH206

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..models import EnvironmentKind, Problem
from ..sharing import SharedPlace
from . import environments_txt
from .condameta import settled

_WORK_FOLDER = ".envmanager"


def is_environment(folder: Path) -> bool:
    """Whether a folder is an environment: conda's, whole or broken, or a venv."""
    # os.path answers False where Path would raise: for a folder that we may not enter.
    return os.path.isdir(folder / "conda-meta") or os.path.isfile(folder / "pyvenv.cfg")


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where environments may be.

    ``envs_dirs`` hold named environments; an entry of ``extra_roots`` is an environment or holds some;
    ``environments_txt`` is conda's list of the others. What lies in one of the ``shared`` places is a group's.
    """

    envs_dirs: tuple[Path, ...]
    extra_roots: tuple[Path, ...]
    root_prefix: Path | None
    server_prefix: Path
    environments_txt: Path
    shared: tuple[SharedPlace, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A folder that may be an environment, as it was met; ``real`` is its identity.

    ``named`` is False where no JSON can carry its path, ``work`` is True inside a folder where we build.
    """

    prefix: str
    real: str
    name: str
    kind: EnvironmentKind
    named: bool
    work: bool


# A folder's version, and the candidates that were in it.
Contents = dict[str, tuple[tuple[int, int], list[Candidate]]]


@dataclass
class Finder:
    """Walks the places once; ``problems`` says which of them could not be read.

    ``contents`` is kept from one walk to the next: a folder that has not changed is not read again.
    """

    contents: Contents = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _parents: dict[str, str] = field(default_factory=dict)

    def find(self, places: Places) -> dict[str, Candidate]:
        """Candidates by real path, in the order of the places."""
        found: dict[str, Candidate] = {}
        lexical: set[str] = set()
        for candidate in self._candidates(places, lexical):
            if not candidate.named:
                self.problems.append(_unnameable(candidate.prefix))
                continue
            # The first place wins; a link and its target are one environment.
            if candidate.real not in found and not candidate.work:
                found[candidate.real] = candidate
            lexical.add(candidate.prefix)
        return found

    def _candidates(self, places: Places, known: set[str]) -> Iterator[Candidate]:
        if places.root_prefix is not None:
            yield self._one(os.fspath(places.root_prefix), "base", "base")
        for folder in places.envs_dirs:
            yield from self._inside(os.fspath(folder), "named")
        for place in places.shared:
            yield from self._inside(place.path, "named")
        for line in self._listed(places.environments_txt):
            if line not in known:
                yield self._one(line, "path")
        for root in places.extra_roots:
            if is_environment(root):
                yield self._one(os.fspath(root), "path")
            else:
                yield from self._inside(os.fspath(root), "path")
        yield self._one(os.fspath(places.server_prefix), "path")

    def _one(self, path: str, kind: EnvironmentKind, name: str = "") -> Candidate:
        parent, leaf = os.path.split(os.path.normpath(path))
        return self._candidate(parent, leaf, os.path.islink(path), kind, name)

    def _inside(self, folder: str, kind: EnvironmentKind) -> list[Candidate]:
        folder = os.path.normpath(folder)
        try:
            status = os.stat(folder)
        except OSError:
            return self._read(folder, kind)[0]
        version = (status.st_mtime_ns, status.st_ino)
        known = self.contents.get(folder)
        if known is not None and known[0] == version:
            return known[1]
        found, links = self._read(folder, kind)
        # Where a link leads may change without this folder changing.
        if not links and settled(status.st_mtime_ns, time.time_ns()):
            self.contents[folder] = (version, found)
        return found

    def _read(self, folder: str, kind: EnvironmentKind) -> tuple[list[Candidate], bool]:
        """Candidates in a folder, and whether one of them is a link."""
        try:
            with os.scandir(folder) as entries:
                # Links last: an environment goes by its own name where it has one here.
                found = sorted((entry.is_symlink(), entry.name) for entry in entries if entry.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return [], False
        except OSError as error:
            self.problems.append(_unreadable(folder, error))
            return [], False
        links = any(linked for linked, _ in found)
        return [self._candidate(folder, name, linked, kind) for linked, name in found], links

    def _candidate(self, parent: str, leaf: str, linked: bool, kind: EnvironmentKind, name: str = "") -> Candidate:
        """``realpath`` asks for every folder above; here each parent is asked about once."""
        prefix = os.path.join(parent, leaf)
        if linked:
            # A link itself must not become a prefix: swapping the environment would replace the link.
            prefix = real = os.path.realpath(prefix)
        else:
            if parent not in self._parents:
                self._parents[parent] = os.path.realpath(parent)
            real = os.path.join(self._parents[parent], leaf)
        return Candidate(prefix, real, name or leaf, kind, _is_text(prefix), _WORK_FOLDER in real.split(os.sep))

    def _listed(self, file: Path) -> list[str]:
        try:
            return [line for line in environments_txt.read(file) if os.path.isabs(line) and "\0" not in line]
        except OSError as error:
            self.problems.append(_unreadable(os.fspath(file), error))
            return []


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unnameable(path: str) -> Problem:
    shown = path.encode(errors="backslashreplace").decode()
    return Problem(
        code="place_unreadable",
        message=f"{shown} is not shown: its name is no valid UTF-8.",
        hint="Rename the folder if you want to use it here.",
        details={"path": shown},
    )


def _unreadable(path: str, error: OSError) -> Problem:
    return Problem(
        code="place_unreadable",
        message=f"{path} cannot be read: {error.strerror or error}.",
        hint="Environments in it are not shown. Ask its owner for read access.",
        details={"path": path},
    )
