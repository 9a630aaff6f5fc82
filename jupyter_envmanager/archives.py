"""An archive -> the plan of the environment that is packed in it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .environments import environment_id, fingerprint
from .environments.asked import spec_name
from .errors import Damaged, EnvManagerError, Invalid
from .kernels import has_kernel_package
from .models import NewEnvironment, Plan, PlanAction, Problem
from .plans import PlanStore, StoredPlan, origin
from .targets import free_space

if TYPE_CHECKING:
    from .packs.reading import Packed

# The engine lets nobody else run meanwhile.
_AT_ONCE = 200


async def preview(request: NewEnvironment, prefix: Path, archive: Path) -> StoredPlan:
    """The plan of unpacking ``archive`` at ``prefix``.

    Raises
    ------
    Invalid, NotAllowed, NotFound, Damaged
        It is no archive of an environment, or not one for this machine.
    """
    if request.gpu:
        raise Invalid(
            "An environment from an archive has the GPU target that it was packed with.",
            hint="Make it as it is, then change it.",
            field="gpu",
        )
    return await asyncio.to_thread(_preview, request, prefix, archive)


def _preview(request: NewEnvironment, prefix: Path, archive: Path) -> StoredPlan:
    # Loaded on first use: they are no part of a server's start.
    from .engine import records
    from .engine.solve import platform
    from .packs.reading import read

    seen = origin(archive)
    packed = read(archive, platform())
    try:
        for begin in range(0, len(packed.records), _AT_ONCE):
            records.from_json(packed.records[begin : begin + _AT_ONCE])
    except EnvManagerError:
        raise
    except Exception as error:  # rattler's own, of whatever kind
        raise Damaged(f"A record of {archive.name} cannot be read.", hint="Pack it anew.", field="source") from error
    size = max(packed.size, archive.stat().st_size)
    return StoredPlan(
        plan=Plan(
            id=PlanStore.new_id(),
            prefix=str(prefix),
            environment=environment_id(prefix),
            fingerprint=fingerprint(prefix),
            actions=_actions(packed),
            download_size=0,
            cached_size=0,
            disk_size=size,
            title=f"Unpacked from {archive.name}",
            # Nothing is solved.
            solve_time=0.0,
            warnings=_warnings(request, prefix, packed, size),
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
    return sorted(actions, key=lambda action: (action.reason, action.name))


def _warnings(request: NewEnvironment, prefix: Path, packed: Packed, size: int) -> list[Problem]:
    found = []
    if request.kernel is not None and not has_kernel_package([str(one["name"]) for one in packed.records]):
        found.append(
            Problem(
                code="no_kernel",
                message="No kernel will be registered: conda has put no kernel package into the environment.",
                hint="Install ipykernel afterwards; the kernel comes with it.",
            )
        )
    free, _ = free_space(prefix)
    if free is not None and free < size:
        found.append(
            Problem(
                code="no_space",
                message="The location may be too full for this environment.",
                hint="Free some space or choose another location.",
                details={"free": free, "needed": size},
            )
        )
    return found
