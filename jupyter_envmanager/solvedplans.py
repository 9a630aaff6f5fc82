"""What the solver has found -> a plan: what is installed, how large it is, and what to know before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .config import Settings
from .environments import environment_id, fingerprint
from .kernels import has_kernel_package
from .models import GpuTarget, NewEnvironment, Plan, PlanAction, PlanGpu, Problem
from .plans import PlanStore
from .pypi import PypiPlan
from .targets import too_full

if TYPE_CHECKING:
    from .engine.solve import Solution
    from .gpu.question import Advice

# Measured over the packages of conda-forge's common environments: what a .conda unpacks to, in multiples of its size.
UNPACKED_FACTOR = 4


def plan_of(
    prefix: Path,
    solution: Solution,
    objects: list[dict[str, Any]],
    settings: Settings,
    request: NewEnvironment,
    python: PypiPlan | None,
) -> Plan:
    """The plan of these packages and those from PyPI, without what it means for the GPU. Blocking.

    Raises
    ------
    ChannelUnreachable
        Something is to be downloaded, and conda's configuration says offline.
    """
    from .engine.transaction import is_cached
    from .engine.withoutnetwork import check_cached

    if settings.offline:
        check_cached(objects, settings.pkgs_dirs)
    cached = [is_cached(entry, settings.pkgs_dirs) for entry in objects]
    sizes = [int(entry.get("size") or 0) for entry in objects]
    download = sum(size for size, here in zip(sizes, cached, strict=True) if not here)
    theirs = python.actions if python is not None else []
    pypi_size = sum(action.size or 0 for action in theirs)
    disk = (sum(sizes) + pypi_size) * UNPACKED_FACTOR
    return Plan(
        id=PlanStore.new_id(),
        prefix=str(prefix),
        environment=environment_id(prefix),
        fingerprint=fingerprint(prefix),
        actions=[*sorted((_action(entry, solution) for entry in objects), key=_order), *theirs],
        download_size=download + pypi_size,
        cached_size=sum(sizes) - download,
        disk_size=disk,
        solve_time=solution.seconds + (python.seconds if python is not None else 0.0),
        warnings=[
            *_warnings(prefix, solution, disk, request),
            *(python.warnings if python is not None else []),
        ],
    )


def _action(entry: dict[str, Any], solution: Solution) -> PlanAction:
    name = str(entry["name"])
    reason = "asked" if name in solution.asked else "kernel" if name in solution.for_kernel else "needed"
    return PlanAction(
        op="install",
        name=name,
        to=str(entry["version"]),
        build=str(entry["build"]),
        channel=str(entry["channel"]).rstrip("/").rsplit("/", 1)[-1],
        size=entry.get("size"),
        reason=reason,  # type: ignore[arg-type]
    )


def _order(action: PlanAction) -> tuple[int, str]:
    return ("asked", "kernel", "needed").index(action.reason), action.name


def _warnings(prefix: Path, solution: Solution, disk_size: int, request: NewEnvironment) -> list[Problem]:
    found = []
    names = [record.name.normalized for record in solution.records]
    if request.kernel is not None and not has_kernel_package(names):
        found.append(
            Problem(
                code="no_kernel",
                message="No kernel will be registered: the plan has no Python and no other kernel package.",
                hint="Choose a Python version, or add a kernel such as r-irkernel.",
            )
        )
    return [*found, *too_full(prefix, disk_size, "environment")]


def with_gpu(
    plan: Plan, target: GpuTarget, advice: Advice, accept: Sequence[str], more: Sequence[Problem] = ()
) -> Plan:
    """A plan with what it means for the GPU; an accepted CPU build does not stop it, and is still warned of."""
    gpu = PlanGpu(target=target, builds=advice.builds, stop=advice.stop and "cpu_build" not in accept)
    return msgspec.structs.replace(plan, gpu=gpu, warnings=[*more, *advice.problems, *plan.warnings])
