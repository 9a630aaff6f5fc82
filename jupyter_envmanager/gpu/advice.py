"""Which GPU builds does a plan bring, why, and what helps where it brings the wrong ones? Pure functions.

::

    question    what it depends on, indexed
    families    packages whose builds go together
    obstacles   what keeps a GPU build out; relatives: what packages ask of each other's builds
    reasons     that in words
    remedies    what leads to a GPU build; choosing: by which spec; ways: for several packages at once
    unsolved    the same where the solver had no answer; needs: what could be had
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..models import GpuBuild, GpuRemedy, Problem
from .builds import Build, device_for, gpu_build, is_metapackage, sign_of
from .choosing import best_of
from .families import Family, families
from .names import FRAMEWORKS, is_part, is_plumbing
from .obstacles import OF_TARGET, Look, looks, runs_on
from .question import Advice, Question, Scene
from .reasons import Reason, come_as, driver_words, in_words, leave_older, owner, runs_there, why_cpu
from .remedies import another_machine, ways_to_cpu, ways_to_gpu
from .unsolved import explain
from .versions import numbers, older
from .ways import MOST, Ways, elsewhere_for_all, merged, together

_ASKED = frozenset({"version", "build", "cuda"})

__all__ = ["Advice", "Question", "advise", "explain"]


def advise(question: Question) -> Advice:
    """What a plan means for the GPU."""
    scene = Scene(question)
    builds = _builds(scene)
    cpu = families(scene, {name: build for name, build in builds.items() if build.kind == "cpu"})
    gpu = families(scene, {name: build for name, build in builds.items() if build.kind == "gpu"})
    if question.target.cuda is None:
        reasons, problems = _without_gpu(scene, cpu, gpu)
        stop = False
    else:
        reasons, problems, stop = _with_gpu(scene, cpu, gpu)
    shown = [_with_reason(builds[name], reasons.get(name)) for each in (*gpu, *cpu) for name in each.shown]
    return Advice(builds=sorted(shown, key=lambda build: _order(scene, build)), problems=problems, stop=stop)


def _builds(scene: Scene) -> dict[str, GpuBuild]:
    """The packages of the plan that come with and without GPU, and the build of each."""
    found = {}
    for name, record in scene.plan.items():
        build = gpu_build(record, scene.plan)
        if build is None and name in scene.asked and _also_for_gpu(scene, record):
            build = GpuBuild(name=name, version=record.version, build=record.build, kind="cpu")
        if build is not None:
            found[name] = build
    return found


def _also_for_gpu(scene: Scene, record: Build) -> bool:
    """Whether there are GPU builds of a record that shows no sign itself: of its version, to look at few."""
    if is_plumbing(record.name) or is_metapackage(record) or record.subdir == "noarch":
        return False
    same = (variant for variant in scene.variants.get(record.name, ()) if variant.version == record.version)
    return any(sign is not None and sign.kind == "gpu" for sign in map(sign_of, same))


def _with_gpu(scene: Scene, cpu: Sequence[Family], gpu: Sequence[Family]) -> tuple[dict[str, str], list[Problem], bool]:
    """What is wrong with a plan for a target with a GPU; every remedy mends all of it, where one does."""
    target = scene.target
    running = [build for family in gpu for build in family.builds.values() if runs_on(build, target)]
    reasons = {build.name: words for build in running if (words := runs_there(target, build))}
    said: list[Reason] = []
    ways: list[Ways] = []
    slow = []
    for family in cpu:
        found = looks(scene, family.leader, family.members)
        why = why_cpu(scene, family.leader, found)
        reasons |= dict.fromkeys(family.members, in_words(why))
        if found or family.leader in FRAMEWORKS:
            said += why
            slow.append(family)
            ways.append(ways_to_gpu(scene, family.leader, family.members, found))
    too_new = [(family, builds) for family in gpu if (builds := _too_new(scene, family))]
    for family, _ in too_new:
        way = ways_to_gpu(scene, family.leader, family.members, looks(scene, family.leader, family.members))
        has_cpu = bool(scene.cpu_variants(family.leader))
        ways.append(way if has_cpu else msgspec.structs.replace(way, without=None))
    remedies = merged(ways)
    problems = []
    if slow:
        message = f"{come_as(_shown(slow), 'CPU')}. {in_words(said)}"
        hint = "Choose a way to a GPU build, or accept the CPU build."
        problems.append(_problem("cpu_build", message, hint, _shown(slow), remedies))
    for family, builds in too_new:
        code, message = _why_too_new(scene, family, builds)
        hint = "It will not see the GPU there. Choose older builds, or another machine."
        problems.append(_problem(code, message, hint, family.shown, remedies))
    problems += [problem for family in gpu if (problem := _left_behind(scene, family)) is not None]
    return reasons, problems, bool(slow)


def _too_new(scene: Scene, family: Family) -> list[GpuBuild]:
    """GPU builds that the solver has let through, though the target's driver or device is too old for them."""
    return [build for build in family.builds.values() if not runs_on(build, scene.target)]


def _why_too_new(scene: Scene, family: Family, builds: Sequence[GpuBuild]) -> tuple[str, str]:
    build = next((each for each in builds if each.name == family.leader), builds[0])
    if older(scene.target.cuda, build.driver):
        made = f" is built for CUDA {build.cuda} and" if build.cuda else ""
        words = f"needs a driver that runs CUDA {build.driver} or newer; {driver_words(scene.target)}."
        return "driver_too_old", f"{build.name}{made} {words}"
    here = f"that of {owner(scene.target)} has {scene.target.compute_capability}"
    return "capability_too_low", f"{build.name} needs a GPU of compute capability {device_for(build)}; {here}."


def _left_behind(scene: Scene, family: Family) -> Problem | None:
    """That only what was asked for brings builds for an older CUDA than the driver is for."""
    build = family.builds[family.leader]
    mine, theirs = _major(build.cuda), _major(scene.target.cuda)
    if mine is None or theirs is None or mine >= theirs:
        return None
    newer = [
        look
        for look in looks(scene, family.leader, family.members)
        if (_major(look.build.cuda) or 0) > mine and look.obstacles and look.kinds <= _ASKED
    ]
    if not newer:
        return None
    fewest = min(len(look.obstacles) for look in newer)
    best = best_of([look for look in newer if len(look.obstacles) == fewest])
    demands = {each.demand.spec.text: each.demand for each in best.obstacles if each.demand is not None}
    message = leave_older([demands[text] for text in sorted(demands)], build, best)
    return _problem("older_cuda", message, "It runs there. Allow newer versions for newer builds.", family.shown, [])


def _major(cuda: str | None) -> int | None:
    found = numbers(cuda or "")
    return found[0] if found else None


def _without_gpu(scene: Scene, cpu: Sequence[Family], gpu: Sequence[Family]) -> tuple[dict[str, str], list[Problem]]:
    """What there is to know of a plan for a target without GPU."""
    machine = scene.target.origin == "machine"
    why = "This machine has no GPU." if machine else "The environment is for CPU only."
    reasons = {name: why for family in cpu for name in family.members}
    found = {family.leader: looks(scene, family.leader, family.members) for family in (*cpu, *gpu)}
    elsewhere = [family for family in cpu if machine and _wanted_gpu(found[family.leader])]
    if not elsewhere and not gpu:
        return reasons, []
    # A CPU build would stop a plan for a machine with a GPU: all go there together.
    moving = [family for family in (*cpu, *gpu) if found[family.leader]]
    more = another_machine(found[family.leader] for family in (*elsewhere, *gpu) if found[family.leader])
    ways = [ways_to_gpu(scene, each.leader, each.members, found[each.leader], more) for each in moving]
    others = elsewhere_for_all(ways)
    problems = []
    if elsewhere:
        message = f"{come_as(_shown(elsewhere), 'CPU')}, as this machine has no GPU."
        hint = "That is right for this machine. If the environment is for another one, choose that."
        problems.append(_problem("gpu_elsewhere", message, hint, _shown(elsewhere), others[:MOST]))
    if gpu:
        message = f"{come_as(_shown(gpu), 'GPU')}, but {_has_none(scene)}."
        each = [ways_to_cpu(scene, family.leader, family.members) for family in gpu]
        without = [together([ways[0] for ways in each])] if all(each) else []
        remedies = [*without, *others] if not machine else [*others[: MOST - 1], *without]
        hint = "GPU builds can be installed there, but not run. Choose the machine that the environment is for."
        problems.append(_problem("cuda_without_driver", message, hint, _shown(gpu), remedies[:MOST]))
    return reasons, problems


def _wanted_gpu(found: Sequence[Look]) -> bool:
    """Whether nothing but the missing GPU keeps some GPU build out: another machine would bring it."""
    return any(look.kinds <= OF_TARGET for look in found)


def _problem(code: str, message: str, hint: str, packages: Sequence[str], remedies: Sequence[GpuRemedy]) -> Problem:
    details = {"packages": list(packages), "remedies": msgspec.to_builtins(list(remedies))}
    return Problem(code=code, message=message, hint=hint, field="gpu", details=details)


def _shown(those: Sequence[Family]) -> list[str]:
    return [name for family in those for name in family.shown]


def _has_none(scene: Scene) -> str:
    return "the environment is for CPU only" if scene.target.origin == "cpu" else f"{owner(scene.target)} has no GPU"


def _with_reason(build: GpuBuild, reason: str | None) -> GpuBuild:
    return msgspec.structs.replace(build, reason=reason) if reason else build


def _order(scene: Scene, build: GpuBuild) -> tuple[bool, bool, str]:
    return build.name not in scene.asked, is_part(build.name), build.name
