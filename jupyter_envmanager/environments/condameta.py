"""What the file names in ``conda-meta/`` say: the fast way to know an environment.

Every package leaves one ``<name>-<version>-<build>.json`` there
(https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/environments.html), so one directory listing tells
the package count, the interpreters and the CUDA version without opening a file.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from ..models import Language, Problem
from ..words import some
from .unchangeable import frozen_message

# A folder listed this soon after it changed may change again without a new time stamp.
_SETTLED_NS = 2 * 10**9
_LANGUAGES = {"python": "Python", "r-base": "R", "julia": "Julia"}
_CUDA = ("cuda-version", "cudatoolkit")
_INTERESTING = tuple(f"{name}-" for name in (*_LANGUAGES, *_CUDA))


@dataclass(frozen=True, kw_only=True)
class MetaSummary:
    """One look at a prefix's package folder; ``problem`` says what is wrong with it.

    ``frozen`` is the message of the marker that forbids changes, None without a marker.
    """

    packages: int = 0
    python: str | None = None
    languages: list[Language] = field(default_factory=list)
    cuda: str | None = None
    frozen: str | None = None
    problem: Problem | None = None


def fingerprint(prefix: Path) -> str:
    """What is installed in a prefix, as one hash over names, sizes and times (ns) of its records.

    Two equal fingerprints: nothing was installed or removed in between. ``""`` without ``conda-meta``.
    """
    digest = hashlib.sha256()
    try:
        with os.scandir(prefix / "conda-meta") as entries:
            for entry in sorted((e for e in entries if is_record(e.name)), key=lambda entry: entry.name):
                status = entry.stat()
                digest.update(
                    f"{entry.name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(errors="surrogateescape")
                )
    except OSError:
        return ""
    return digest.hexdigest()


def settled(modified_ns: int, now_ns: int) -> bool:
    """Whether a folder's time stamp is old enough to be trusted as its version."""
    return abs(now_ns - modified_ns) > _SETTLED_NS


def summarise(folder: str) -> MetaSummary:
    """Read one ``conda-meta`` folder, file names only.

    A record that is empty or no file makes the prefix broken, and so does a folder with neither records nor history: an
    installation was cut off there. A folder with a history and no records is an empty environment. A record that this
    user may not read is nothing wrong: the environment works all the same.
    """
    count = 0
    found: dict[str, str] = {}
    damaged: list[str] = []
    frozen: str | None = None
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name == "frozen":
                    frozen = frozen_message(entry.path)
                if not is_record(entry.name):
                    continue
                count += 1
                text = entry.name.encode(errors="replace").decode()
                if text != entry.name or not _is_sound(entry):
                    damaged.append(text)
                if text == entry.name and entry.name.startswith(_INTERESTING):
                    name, version, _ = entry.name.rsplit("-", 2)
                    found[name] = version
    except OSError as error:
        return MetaSummary(problem=_unreadable(folder, error))
    return MetaSummary(
        packages=count,
        python=found.get("python"),
        languages=[Language(name=word, version=found[name]) for name, word in _LANGUAGES.items() if name in found],
        cuda=_cuda(found),
        frozen=frozen,
        problem=_problem(folder, count, damaged),
    )


def is_record(name: str) -> bool:
    """Whether a file in ``conda-meta`` is a package's record, by its name."""
    # Other tools keep JSON files of their own here; conda ignores names that are no name-version-build, and so do we.
    return name.endswith(".json") and name.count("-") >= 2 and not name.startswith(".")


def _is_sound(entry: os.DirEntry[str]) -> bool:
    try:
        status = entry.stat()
    except PermissionError:
        # The folder lets us list it, and no more.
        return True
    except OSError:
        return False
    return status.st_size > 0 and stat.S_ISREG(status.st_mode)


def _cuda(found: dict[str, str]) -> str | None:
    version = next((found[name] for name in _CUDA if name in found), None)
    return ".".join(version.split(".")[:2]) if version else None


def _problem(folder: str, count: int, damaged: list[str]) -> Problem | None:
    if damaged:
        return Problem(
            code="record_damaged",
            message=f"Package records are empty or damaged: {some(sorted(damaged))}.",
            hint="An installation was cut off or the disk was full. Roll back, or create the environment anew.",
            details={"records": sorted(damaged)},
        )
    # No history alone is no fault: rattler and pixi write none.
    if count == 0 and not Path(folder, "history").exists():
        return Problem(
            code="environment_incomplete",
            message="This environment was never finished: it has no packages and no history.",
            hint="Remove it and create it again.",
        )
    return None


def _unreadable(folder: str, error: OSError) -> Problem:
    return Problem(
        code="environment_unreadable",
        message=f"{folder} cannot be read: {error.strerror or error}.",
        hint="Ask its owner for read access.",
    )
