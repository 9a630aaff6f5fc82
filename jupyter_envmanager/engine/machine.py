"""Can packages that nobody has solved for this machine run on it?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from rattler import GenericVirtualPackage, MatchSpec, RepoDataRecord, VersionSpec, VirtualPackage

from ..errors import Unsatisfiable

# What the system is. The GPU has advice of its own, and a name for a processor says little of others.
_SYSTEM = {"__glibc": "the C library glibc", "__linux": "Linux", "__osx": "macOS", "__win": "Windows", "__unix": "Unix"}


def check_machine(records: Iterable[RepoDataRecord], virtual: Sequence[VirtualPackage | GenericVirtualPackage]) -> None:
    """Hold what packages need of the system against what is there. Blocking.

    Parameters
    ----------
    virtual:
        See `solve.virtual_packages`.

    Raises
    ------
    Unsatisfiable
        Names the package and what it needs; ``field="source"``.
    """
    there = {
        one.name.normalized: one
        for one in (each.into_generic() if isinstance(each, VirtualPackage) else each for each in virtual)
    }
    for record in records:
        for need in record.depends:
            name = need.split()[0]
            if name in _SYSTEM and not _has(need, there.get(name)):
                found = f"has {there[name].version}" if name in there else "has none"
                raise Unsatisfiable(
                    f"{record.name.normalized} needs {_SYSTEM[name]} {need.removeprefix(name).strip()}, and this"
                    f" machine {found}.",
                    hint="Write the lock again on a machine like this one.",
                    field="source",
                    package=record.name.normalized,
                )


def _has(need: str, virtual: GenericVirtualPackage | None) -> bool:
    if virtual is None:
        return False
    # A need that rattler cannot read is nothing to go by.
    with suppress(Exception):
        wanted = MatchSpec(need).version
        return wanted is None or VersionSpec(str(wanted)).matches(virtual.version)
    return True
