"""Can packages that nobody has solved for this machine run on it?"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from rattler import GenericVirtualPackage, MatchSpec, RepoDataRecord, VersionSpec, VirtualPackage

from ..errors import Invalid, Unsatisfiable
from ..specfiles.condaspecs import MOST_LETTERS

# What the system is. The GPU has advice of its own, and a name for a processor says little of others.
_SYSTEM = {"__glibc": "the C library glibc", "__linux": "Linux", "__osx": "macOS", "__win": "Windows", "__unix": "Unix"}
_NAME = re.compile(r"__\w+")
_SHOWN = 100
_HINT = "Write the lock again on a machine like this one."


@dataclass(frozen=True)
class Lack:
    """What a package needs of the machine (``__cuda``, ``>=12``), and what of that is there, ``""`` for nothing."""

    package: str
    name: str
    wanted: str
    there: str


def lacks(
    records: Iterable[RepoDataRecord], virtual: Sequence[VirtualPackage | GenericVirtualPackage]
) -> Iterator[Lack]:
    """What packages need of the machine, or cannot bear of it, and is not so. Blocking.

    Parameters
    ----------
    virtual:
        See `solve.virtual_packages`.

    Raises
    ------
    Invalid
        A need is too long to be read; ``field="source"``.
    """
    there = {
        one.name.normalized: one
        for one in (each.into_generic() if isinstance(each, VirtualPackage) else each for each in virtual)
    }
    for record in records:
        needs = [(need, False) for need in record.depends] + [(need, True) for need in record.constrains]
        for need, if_there in needs:
            if len(need) > MOST_LETTERS:
                raise _too_long(record.name.normalized, need)
            found = _NAME.match(need)
            if found is None:
                continue
            one = there.get(found[0])
            if not (if_there if one is None else _fits(need, one)):
                wanted = need.removeprefix(found[0]).strip()[:_SHOWN]
                yield Lack(record.name.normalized, found[0], wanted, _shown(one))


def check_machine(
    records: Iterable[RepoDataRecord],
    virtual: Sequence[VirtualPackage | GenericVirtualPackage],
    hint: str = _HINT,
) -> list[Lack]:
    """Hold what packages need of the system against what is there; returns what else is not there. Blocking.

    Parameters
    ----------
    virtual:
        See `solve.virtual_packages`.
    hint:
        What to do next where they cannot run here.

    Raises
    ------
    Unsatisfiable
        Names the package and what it needs; ``field="source"``.
    Invalid
        See `lacks`.
    """
    others = []
    for lack in lacks(records, virtual):
        if lack.name not in _SYSTEM:
            others.append(lack)
            continue
        found = f"has {lack.there}" if lack.there else "has none"
        raise Unsatisfiable(
            f"{lack.package} needs {f'{_SYSTEM[lack.name]} {lack.wanted}'.rstrip()}, and this machine {found}.",
            hint=hint,
            field="source",
            package=lack.package,
        )
    return others


def _too_long(package: str, need: str) -> Invalid:
    # rattler descends into parentheses until the whole process is gone; here, and wherever the package is installed.
    return Invalid(
        f"What {package} needs is told in {len(need):,} letters, which cannot be read.",
        hint=f"At most {MOST_LETTERS:,} are. No real package has that many: ask whoever gave it to you.",
        field="source",
        package=package,
    )


def _fits(need: str, there: GenericVirtualPackage) -> bool:
    # A need that rattler cannot read is nothing to go by.
    with suppress(Exception):
        spec = MatchSpec(need)
        version = spec.version is None or VersionSpec(str(spec.version)).matches(there.version)
        return version and (spec.build is None or _fits_build(str(spec.build), str(there.build_string)))
    return True


def _fits_build(wanted: str, there: str) -> bool:
    # Only for processors the build says something; a pattern is not worth its reading.
    return wanted.startswith("^") or fnmatch.fnmatchcase(there, wanted)


def _shown(there: GenericVirtualPackage | None) -> str:
    if there is None:
        return ""
    build = str(there.build_string)
    return str(there.version) if build in ("", "0") else build
