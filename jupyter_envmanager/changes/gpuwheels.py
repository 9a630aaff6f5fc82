"""A change and the GPU, for what is from the Python package index: which wheels are asked for, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ..environments.conda_records import canonical
from ..gpu.wheels import Wheels, for_target, gpu_builds
from ..models import GpuBuild, GpuTarget
from ..pypi import Dist, PypiPlan, PypiRequest, PypiState
from .pythonstate import Future

# What wheels for CUDA bring along and CPU builds have no use for.
_CUDA = re.compile(r"(nvidia|cuda)-|(pytorch-)?triton$")


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
    wheels = for_target(
        request.install,
        target,
        torch_index,
        installed=_versions(future),
        upgrade=request.upgrade,
        # What came from an address or a folder is not an index's to replace.
        exchange=[dist.name for dist in there if new and not dist.source and canonical(dist.name) not in gone],
    )
    if future.state is None or target.cuda or not new:
        return wheels
    return msgspec.structs.replace(wheels, remove=[*wheels.remove, *_left_over(future.state, wheels)])


def _left_over(state: PypiState, wheels: Wheels) -> list[str]:
    """CUDA's libraries that nobody asked for, and that only wheels which become CPU builds have brought."""
    replaced = {_named(line) for line in [*wheels.exchange, *wheels.remove]}
    asked = {canonical(name) for name in state.requested}
    by_name = {canonical(dist.name): dist for dist in state.pypi}
    kept = [*state.conda, *(dist for name, dist in by_name.items() if name not in replaced)]
    found = {name for name in by_name if _CUDA.match(name) and name not in asked | replaced}
    # Brought by those that are replaced, be it through others of them.
    brought, waiting = set[str](), sorted(replaced & {*by_name})
    while waiting:
        more = found & _needs(by_name[waiting.pop()]) - brought
        brought |= more
        waiting += more
    while needed := brought & {name for dist in kept if canonical(dist.name) not in brought for name in _needs(dist)}:
        brought -= needed
    return sorted(brought)


def _needs(dist: Dist) -> set[str]:
    """What a distribution may need, with any of its extras and on any machine."""
    return {_named(line) for line in dist.requires}


def _named(line: str) -> str:
    """``Nvidia_cuBLAS[x]==12; extra == "y"`` -> ``nvidia-cublas``."""
    found = re.match(r"\s*([A-Za-z0-9._-]+)", line)
    return canonical(found.group(1)) if found else ""


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
