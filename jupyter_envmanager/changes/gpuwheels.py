"""A change and the GPU, for what is from the Python package index: which wheels are asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..environments.conda_records import canonical
from ..gpu.wheels import Wheels, for_target, gpu_builds
from ..models import GpuBuild, GpuTarget
from ..pypi import PypiPlan, PypiRequest
from .pythonstate import Future


def wheels_for(request: PypiRequest, future: Future, target: GpuTarget, torch_index: str, *, new: bool) -> Wheels:
    """What is asked of the package index. What is installed stays the build that it is, but for a new target.

    Parameters
    ----------
    torch_index:
        The address of PyTorch's indexes.
    new:
        Whether the environment was for something else.
    """
    there = future.state.pypi if future.state is not None else []
    gone = {canonical(name) for name in (*request.remove, *future.replaced)}
    return for_target(
        request.install,
        target,
        torch_index,
        installed=_versions(future),
        upgrade=request.upgrade,
        # What came from an address or a folder is not an index's to replace.
        exchange=[dist.name for dist in there if new and not dist.source and canonical(dist.name) not in gone],
    )


def asked_as(request: PypiRequest, wheels: Wheels) -> PypiRequest:
    """The request, with these wheels."""
    gone = {canonical(name) for name in request.remove}
    return msgspec.structs.replace(
        request,
        install=wheels.lines,
        exchange=wheels.exchange,
        remove=[*request.remove, *(name for name in wheels.remove if canonical(name) not in gone)],
        upgrade=[name for name in request.upgrade if canonical(name) not in wheels.remove],
        own=wheels.own,
    )


def wheel_builds(
    plan: PypiPlan | None, future: Future, target: GpuTarget, wheels: Wheels, *, new: bool
) -> Sequence[GpuBuild]:
    """The builds that a change is about: all, where it is about the target."""
    actions = plan.actions if plan is not None else []
    touched = {action.name for action in actions}
    found = gpu_builds(actions, target, wheels, _versions(future))
    return [build for build in found if new or build.name in touched]


def _versions(future: Future) -> dict[str, str]:
    return {dist.name: dist.version for dist in future.state.pypi} if future.state is not None else {}
