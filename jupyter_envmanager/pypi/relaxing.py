"""Requirements of a file that the index does not have -> all of them at once, and what to ask instead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ..errors import EnvManagerError
from ..models import Relaxation, RelaxedSpec
from .index import versions_of
from .state import PypiSettings

_AT_ONCE = 16
# Somebody waits; what is not known by then is not said.
_SECONDS = 15.0


async def missing(lines: Sequence[tuple[str, str, int]], settings: PypiSettings) -> list[Relaxation]:
    """The requirements that the index has no file for; those with an address, and what nobody can tell, are left out.

    Parameters
    ----------
    lines:
        Each as the file has it, as it is asked for, and its line, 0 for none.
    """
    gate = asyncio.Semaphore(_AT_ONCE)

    async def look(spec: str, asked: str, line: int) -> Relaxation | None:
        requirement = _read(asked)
        if requirement is None:
            return None
        async with gate:
            try:
                there = await asyncio.wait_for(versions_of(requirement.name, settings), _SECONDS)
            except (EnvManagerError, asyncio.TimeoutError):
                return None
        return _judged(requirement, spec, line, there)

    found = await asyncio.gather(*(look(*one) for one in lines))
    return [one for one in found if one is not None]


def _read(line: str) -> Requirement | None:
    try:
        requirement = Requirement(line.partition(" #")[0])
    except InvalidRequirement:
        return None
    here = requirement.marker is None or requirement.marker.evaluate()
    return requirement if here and requirement.url is None else None


def _judged(requirement: Requirement, spec: str, line: int, there: Sequence[Version]) -> Relaxation | None:
    if any(requirement.specifier.filter(there)):
        return None
    message = f"The Python package index has no package “{requirement.name}”."
    if newest := _newest("", there):
        wanted = f"{requirement.name}{requirement.specifier}"
        message = f"The Python package index has no {wanted}; the newest version is {newest}."
    return Relaxation(
        spec=spec, line=line or None, manager="pypi", message=message, choices=list(_choices(requirement, there))
    )


def _choices(requirement: Requirement, there: Sequence[Version]) -> Iterator[RelaxedSpec]:
    """``name==1.2.*`` in the place of ``name==1.2.3``, and any version."""
    exact = [Version(one.version) for one in requirement.specifier if one.operator == "==" and "*" not in one.version]
    series = exact[0].release if len(requirement.specifier) == len(exact) == 1 else ()
    if len(series) > 2 and (found := _newest(like := f"=={exact[0].major}.{exact[0].minor}.*", there)):
        yield RelaxedSpec(spec=_with(requirement, like), drops="patch", found=found)
    if found := _newest("", there):
        yield RelaxedSpec(spec=_with(requirement, ""), drops="version", found=found)


def _newest(specifier: str, there: Sequence[Version]) -> str:
    return next((str(version) for version in SpecifierSet(specifier).filter(there)), "")


def _with(requirement: Requirement, specifier: str) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{specifier}{marker}"
