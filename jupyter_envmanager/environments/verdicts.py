"""What do differing files mean for a package: damage, a PyPI package on top, or somebody's own settings?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..models import Problem
from .distributions import Distribution
from .record_files import Difference

# A report names so many files of a package, and counts the others.
_NAMED_FILES = 20
# Where packages put what people are meant to edit.
_SETTINGS = "etc/"


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a package, and whether linking it again would help."""

    name: str
    problems: list[Problem]
    damaged: bool


def of_package(
    name: str, found: Sequence[Difference], listed: Mapping[str, Distribution], shadow: Distribution | None
) -> Verdict:
    """Judge what differs in a conda package.

    Parameters
    ----------
    listed:
        For files that PyPI packages list as theirs, by path, which one.
    shadow:
        The PyPI package that took this one's place: pip has removed the files that it did not bring itself.
    """
    overwritten: list[str] = []
    edited: list[str] = []
    faults: dict[str, list[str]] = {"missing": [], "changed": [], "unreadable": []}
    by = shadow
    for difference in found:
        if difference.path in listed:
            by = by or listed[difference.path]
            overwritten.append(difference.path)
        elif shadow is not None and difference.fault == "missing":
            overwritten.append(difference.path)
        elif difference.fault == "changed" and difference.path.startswith(_SETTINGS):
            edited.append(difference.path)
        else:
            faults[difference.fault].append(difference.path)
    problems = [
        _missing(name, faults["missing"]),
        _changed(name, faults["changed"]),
        _unreadable(name, faults["unreadable"]),
        _overwritten(name, overwritten, by) if by is not None else None,
        _edited(name, edited),
    ]
    damaged = bool(faults["missing"] or faults["changed"])
    return Verdict(name, [problem for problem in problems if problem is not None], damaged)


def _missing(name: str, paths: Sequence[str]) -> Problem | None:
    return _problem(
        "files_missing",
        name,
        paths,
        f"{_count(paths, 'file')} of {name} {_be(paths)} missing{_such_as(paths)}.",
        f"Repair {name}: its files are linked again.",
    )


def _changed(name: str, paths: Sequence[str]) -> Problem | None:
    return _problem(
        "files_changed",
        name,
        paths,
        f"{_count(paths, 'file')} of {name} {_be(paths)} not as the package brought {_them(paths)}{_such_as(paths)}.",
        f"Repair {name}, unless the change is your own: a repair puts the package's files in place.",
    )


def _unreadable(name: str, paths: Sequence[str]) -> Problem | None:
    return _problem(
        "files_unreadable",
        name,
        paths,
        f"{_count(paths, 'file')} of {name} cannot be read{_such_as(paths)}.",
        "Nothing need be wrong with them. Ask their owner for read access, then check again.",
    )


def _overwritten(name: str, paths: Sequence[str], by: Distribution) -> Problem | None:
    return _problem(
        "files_overwritten",
        name,
        paths,
        f"The PyPI package {by.name} {by.version} has overwritten the conda package {name}: {_count(paths, 'file')}.",
        f"If all works, leave it. If not, remove the PyPI package and repair {name}.",
        pypi=by.name,
        version=by.version,
    )


def _edited(name: str, paths: Sequence[str]) -> Problem | None:
    return _problem(
        "files_edited",
        name,
        paths,
        f"{_count(paths, 'settings file')} of {name} {'has' if len(paths) == 1 else 'have'} been edited"
        f"{_such_as(paths)}.",
        "That is what they are for; nothing needs to be done.",
    )


def _problem(code: str, name: str, paths: Sequence[str], message: str, hint: str, **details: str) -> Problem | None:
    if not paths:
        return None
    evidence = {"package": name, "files": sorted(paths)[:_NAMED_FILES], "count": len(paths), **details}
    return Problem(code=code, message=message, hint=hint, details=evidence)


def _count(paths: Sequence[str], word: str) -> str:
    return f"{len(paths)} {word}" if len(paths) == 1 else f"{len(paths):,} {word}s"


def _be(paths: Sequence[str]) -> str:
    return "is" if len(paths) == 1 else "are"


def _them(paths: Sequence[str]) -> str:
    return "it" if len(paths) == 1 else "them"


def _such_as(paths: Sequence[str]) -> str:
    return f": {min(paths, default='')}" if len(paths) == 1 else f", for example {min(paths, default='')}"
