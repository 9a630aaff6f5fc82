"""An archive -> the plan of the environment that is packed in it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .environments import environment_id, fingerprint
from .environments.asked import spec_name
from .environments.shownvariables import changes
from .errors import Damaged, EnvManagerError, Invalid
from .kernels import has_kernel_package
from .models import NewEnvironment, Plan, PlanAction, Problem
from .plans import PlanStore, StoredPlan, origin
from .targets import too_full
from .words import first

if TYPE_CHECKING:
    from .engine.machine import Lack
    from .packs.reading import Packed

# While the engine reads some, or a record is decoded, nobody else is served.
_AT_ONCE = 20
_LARGEST_HERE = 1_000_000
_NAMED = 3
_ANOTHER = "Pack it on a machine like this one, or make it from an exported environment.yml."


async def preview(request: NewEnvironment, prefix: Path, archive: Path, virtual: Sequence[Any] = ()) -> StoredPlan:
    """The plan of unpacking ``archive`` at ``prefix``.

    Parameters
    ----------
    virtual:
        What this machine offers to packages, as `Previewer.virtual_packages` tells it.

    Raises
    ------
    Invalid, NotAllowed, NotFound, Damaged
        It is no archive of an environment, or not one for this platform.
    Unsatisfiable
        A package needs another system.
    """
    if request.gpu:
        raise Invalid(
            "An environment from an archive has the GPU target that it was packed with.",
            hint="Make it as it is, then change it.",
            field="gpu",
        )
    # Loaded on first use: they are no part of a server's start.
    from .packs.apart import read_apart
    from .packs.reading import TooLarge, read

    seen, here = origin(archive), await asyncio.to_thread(_platform)
    try:
        packed = await asyncio.to_thread(read, archive, here, _LARGEST_HERE)
    except TooLarge:
        packed = await read_apart(archive, here)
    lacks = await asyncio.to_thread(_lacks, packed, archive, virtual)
    return await asyncio.to_thread(_plan, request, prefix, archive, packed, seen, lacks)


def _platform() -> str:
    from .engine.solve import platform

    return platform()


def _lacks(packed: Packed, archive: Path, virtual: Sequence[Any]) -> list[Lack]:
    """What the packages would like to have here; raises Unsatisfiable where they cannot be without."""
    from .engine import records
    from .engine.machine import check_machine

    lacks: list[Lack] = []
    try:
        for begin in range(0, len(packed.records), _AT_ONCE):
            some = records.from_json(packed.records[begin : begin + _AT_ONCE])
            lacks += check_machine(some, virtual, _ANOTHER)
    except EnvManagerError:
        raise
    except Exception as error:  # rattler's own, of whatever kind
        raise Damaged(f"A record of {archive.name} cannot be read.", hint="Pack it anew.", field="source") from error
    return lacks


def _plan(
    request: NewEnvironment, prefix: Path, archive: Path, packed: Packed, seen: str, lacks: Sequence[Lack]
) -> StoredPlan:
    size = max(packed.size, archive.stat().st_size)
    return StoredPlan(
        plan=Plan(
            id=PlanStore.new_id(),
            prefix=str(prefix),
            environment=environment_id(prefix),
            fingerprint=fingerprint(prefix),
            actions=_actions(packed),
            variables=changes({}, packed.variables),
            download_size=0,
            cached_size=0,
            disk_size=size,
            title=f"Unpacked from {archive.name}",
            # Nothing is solved.
            solve_time=0.0,
            warnings=[*_elsewhere(lacks), *_unlisted(packed), *_warnings(request, prefix, packed, size)],
        ),
        request=request,
        records=packed.records,
        specs=packed.specs,
        channels=request.channels,
        unpacks=str(archive),
        origin=seen,
        digest=packed.digest,
        created=time.time(),
    )


def _actions(packed: Packed) -> list[PlanAction]:
    asked = {spec_name(spec) for spec in packed.specs}
    actions = [
        PlanAction(
            op="install",
            name=str(one["name"]),
            to=str(one["version"]),
            build=str(one["build"]),
            channel=str(one["channel"]).rstrip("/").rsplit("/", 1)[-1],
            reason="asked" if one["name"] in asked else "needed",
        )
        for one in packed.records
    ]
    actions += [
        PlanAction(
            op="install",
            name=one.name,
            manager="pypi",
            to=one.version or None,
            reason="asked" if one.requested else "needed",
        )
        for one in packed.distributions
    ]
    return sorted(actions, key=lambda action: (action.manager, action.reason, action.name))


def _elsewhere(lacks: Sequence[Lack]) -> list[Problem]:
    """Warnings of what an environment can be made without, and not be used: it may be for another machine."""
    found = []
    gpu = [one for one in lacks if one.name in ("__cuda", "__cuda_arch")]
    if gpu:
        needs = _some(f"CUDA {one.wanted}".rstrip() for one in gpu if one.name == "__cuda")
        there = next((f"CUDA {one.there}" for one in gpu if one.there and one.name == "__cuda"), "")
        found.append(
            Problem(
                code="cuda_without_driver",
                message=f"{_names(gpu)} made for a GPU{f' with {needs}' if needs else ''}, and this machine has"
                f" {there or ('another GPU' if gpu[0].there else 'none')}.",
                hint="The environment can be made here all the same; use it on a machine with such a GPU.",
            )
        )
    processor = [one for one in lacks if one.name == "__archspec"]
    if processor:
        found.append(
            Problem(
                code="processor",
                message=f"{_names(processor)} built for another processor ({_build(processor[0])}) than that of this"
                f" machine{f' ({there})' if (there := processor[0].there) else ''}.",
                hint="If programs stop with “illegal instruction”, make the environment from an exported"
                " environment.yml.",
            )
        )
    return found


def _build(lack: Lack) -> str:
    return re.split(r"[\s=]+", lack.wanted)[-1] or "any"


def _names(lacks: Sequence[Lack]) -> str:
    return f"{_some(one.package for one in lacks)} {'is' if len({one.package for one in lacks}) == 1 else 'are'}"


def _some(words: Iterable[str]) -> str:
    return first(list(dict.fromkeys(words)), _NAMED)


def _unlisted(packed: Packed) -> list[Problem]:
    if packed.listed:
        return []
    return [
        Problem(
            code="not_listed",
            message="The archive is large and was not read to its end: packages from PyPI may be missing here.",
            hint="They are unpacked all the same.",
        )
    ]


def _warnings(request: NewEnvironment, prefix: Path, packed: Packed, size: int) -> list[Problem]:
    found = []
    if request.kernel is not None and not has_kernel_package([str(one["name"]) for one in packed.records]):
        found.append(
            Problem(
                code="no_kernel",
                message="No kernel will be registered: the archive has no kernel package from conda.",
                hint="Install one afterwards, such as ipykernel; the kernel comes with it.",
            )
        )
    return [*found, *too_full(prefix, size, "environment")]
