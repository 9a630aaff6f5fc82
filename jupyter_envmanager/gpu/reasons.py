"""Why a package came out as CPU build, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from ..models import GpuBuild, GpuTarget
from .builds import device_for
from .names import FORGE
from .obstacles import PYTHONS, Look, Obstacle, python_of
from .question import Demand, Scene, channel_name
from .versions import fits, newest, numbers

#: From what is easily put right to what is not: the first of several reasons is said first.
GRAVITY = {"build": 0, "channel": 1, "cuda": 2, "version": 3, "python": 4, "driver": 5, "capability": 6, "relative": 7}


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence; one about the GPU ``builds`` of a package goes on after their name."""

    builds: str = ""
    text: str


def why_cpu(scene: Scene, name: str, found: Sequence[Look]) -> list[Reason]:
    """What keeps the GPU builds of a package out.

    The builds of the version that is in the plan count; where it has none, the nearest to it.
    """
    if not found:
        return [Reason(text=_nowhere(scene, name))]
    version = scene.plan[name].version
    same = [look for look in found if look.variant.version == version]
    best = min(same or found, key=_ease)
    reasons = [_reason(scene, name, obstacle, same or found) for obstacle in sorted(best.obstacles, key=_gravity)]
    if not same and not best.kinds & {"version", "channel"}:
        last = newest([look.variant.version for look in found]) or found[-1].variant.version
        text = f"{name} {version} has no GPU build here; the newest version with one is {last}."
        reasons.insert(0, Reason(text=text))
    preferred = f"There are GPU builds of {name} that fit, but the solver preferred this one."
    return reasons or [Reason(text=preferred)]


def in_words(reasons: Sequence[Reason]) -> str:
    """Some reasons, each said once."""
    subjects: dict[str, list[str]] = {}
    for reason in reasons:
        subjects.setdefault(reason.text, []).extend([reason.builds] if reason.builds else [])
    return " ".join(
        f"The GPU builds of {names_in_words(builds)} {text}" if builds else text for text, builds in subjects.items()
    )


def come_as(names: Sequence[str], kind: str) -> str:
    """``pytorch comes as a CPU build``."""
    return f"{names_in_words(names)} {f'comes as a {kind} build' if len(names) == 1 else f'come as {kind} builds'}"


def names_in_words(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def owner(target: GpuTarget) -> str:
    """Whose driver it is: ``this machine``, ``“H100 nodes”``."""
    if target.origin == "machine":
        return "this machine"
    return f"“{target.title}”" if target.origin == "site" else "the chosen machine"


def driver_words(target: GpuTarget) -> str:
    """What a target's driver runs."""
    if target.cuda is None:
        return "there is none in an environment for CPU only" if target.origin == "cpu" else f"{owner(target)} has none"
    return f"that of {owner(target)} runs CUDA {target.cuda}"


def runs_there(target: GpuTarget, build: GpuBuild) -> str:
    """That a target's driver will do for a build; empty where nothing tells what it needs."""
    least = (build.driver or "").removesuffix(".0")
    return f"It runs on {owner(target)}: any driver for CUDA {least} or newer will do." if least else ""


def leave_older(demands: Collection[Demand], build: GpuBuild, newer: Look) -> str:
    """That what was asked for allows builds for an older CUDA only."""
    who, leave = names_in_words([asked(demand) for demand in demands]), "leaves" if len(demands) == 1 else "leave"
    there = f"{newer.variant.name} {newer.variant.version} for CUDA {newer.build.cuda}"
    return f"{who} {leave} {build.name} {build.version} for CUDA {build.cuda}; there is {there}."


def versions_in_words(versions: Iterable[str]) -> str:
    """``2.1``, ``2.1 and 2.4``, or from the oldest to the newest."""
    ordered = sorted({v for v in versions if numbers(v) is not None}, key=lambda v: numbers(v) or ())
    if len(ordered) <= 2:
        return " and ".join(ordered) or "others"
    return f"{ordered[0]} to {ordered[-1]}"


def asked(demand: Demand) -> str:
    """How a sentence about a spec begins."""
    return f"The pin “{demand.spec.text}”" if demand.pinned else f"“{demand.spec.text}”"


def _ease(look: Look) -> tuple[int, int, tuple[int, ...]]:
    version = tuple(-number for number in numbers(look.variant.version) or ())
    return len(look.obstacles), sum(GRAVITY[obstacle.kind] for obstacle in look.obstacles), version


def _gravity(obstacle: Obstacle) -> int:
    return GRAVITY[obstacle.kind]


def _reason(scene: Scene, name: str, obstacle: Obstacle, found: Sequence[Look]) -> Reason:
    mine = [look for look in found if obstacle in look.obstacles]
    builds = f"{name} {versions_in_words(look.variant.version for look in mine)}"
    demand = obstacle.demand
    if obstacle.kind == "driver":
        needed = _least(look.build.driver for look in mine)
        text = f"need a driver that runs CUDA {needed} or newer; {driver_words(scene.target)}."
        return Reason(builds=builds, text=text)
    if obstacle.kind == "capability":
        needed = _least(device_for(look.build) for look in mine)
        has = f"that of {owner(scene.target)} has {scene.target.compute_capability}"
        return Reason(builds=builds, text=f"need a GPU of compute capability {needed}; {has}.")
    if obstacle.kind == "python":
        has = "this environment has" if demand is None else "you asked for"
        version = _python(scene) or (demand.spec.version.lstrip("=") if demand is not None else "")
        return Reason(builds=builds, text=f"are for Python {_pythons(mine)}; {has} {version}.")
    if obstacle.kind == "channel":
        first = channel_name(scene.question.channels[scene.first_channel(name)])
        here = names_in_words(sorted({channel_name(look.variant.channel) for look in mine}))
        return Reason(builds=name, text=f"are on {here}, but {first} comes first and hides them.")
    if obstacle.kind == "relative":
        return Reason(text=f"{obstacle.name} goes with no GPU build of {builds}.")
    if demand is None:
        return Reason(text="")
    if obstacle.kind == "build":
        return Reason(text=f"{asked(demand)} asks for the CPU build of {name}.")
    if obstacle.kind == "version":
        return Reason(text=f"{asked(demand)} leaves only CPU builds: GPU builds are there of {builds}.")
    cudas = versions_in_words(look.build.cuda for look in mine if look.build.cuda)
    return Reason(text=f"{asked(demand)} fits no GPU build of {builds}: they are for CUDA {cudas}.")


def _nowhere(scene: Scene, name: str) -> str:
    channels = names_in_words([channel_name(channel) for channel in scene.question.channels] or ["these channels"])
    hint = f" {FORGE} has some." if FORGE in scene.question.offers and FORGE not in scene.channels else ""
    return f"There is no GPU build of {name} on {channels}.{hint}"


def _least(versions: Iterable[str | None]) -> str:
    known = [version for version in versions if version is not None]
    return min(known, key=lambda v: numbers(v) or (), default="")


def _python(scene: Scene) -> str:
    there = scene.plan.get("python")
    return ".".join(there.version.split(".")[:2]) if there is not None else ""


def _pythons(found: Sequence[Look]) -> str:
    wanted = {python_of(look.variant) for look in found}
    those = [python for python in PYTHONS if any(fits(python, w) for w in wanted if w is not None)]
    if len(those) > 2 and PYTHONS.index(those[-1]) - PYTHONS.index(those[0]) == len(those) - 1:
        return f"{those[0]}–{those[-1]}"
    return names_in_words(those or ["others"])
