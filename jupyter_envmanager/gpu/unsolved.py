"""Is the GPU the reason that the solver has no answer?

Something that was asked for is to blame where all builds that fit everything else ask for more of driver or device
than there is.
"""

from __future__ import annotations

import msgspec

from ..models import GpuRemedy, GpuTarget, Problem
from .builds import gpu_build, is_metapackage
from .choosing import ask_for, ask_for_cpu, comes_first, may_come_without_driver
from .names import SELECTORS, base_of, is_plumbing, parts_of
from .needs import Need, Needs
from .obstacles import looks, works_with
from .question import Demand, Question, Scene
from .reasons import driver_words, owner
from .remedies import title_for, typed, ways_to_gpu, with_older
from .specs import Spec, read
from .target import CPU
from .versions import newest, numbers
from .ways import MOST


def explain(question: Question) -> Problem | None:
    """Why the solver has no answer, where the GPU is the reason; else None.

    Its code is ``unsatisfiable``, its field ``gpu``; ``details["remedies"]`` has the ways out as JSON objects.
    """
    scene = Scene(question)
    needs = Needs(scene, question.target)
    for demand in scene.demands:
        need = needs.of_spec(demand.spec)
        if need.state == "blocked":
            remedies = _ways_out(scene, demand, need)
            return Problem(
                code="unsatisfiable",
                message=_sentence(question.target, demand, need),
                hint="Choose the machine that the environment is for, or builds that it can run.",
                field="gpu",
                details={"packages": [demand.spec.name], "remedies": msgspec.to_builtins(remedies)},
            )
    return None


def _sentence(target: GpuTarget, demand: Demand, need: Need) -> str:
    what = f"“{demand.spec.text}”"
    if target.cuda is None:
        none = "the environment is for CPU only" if target.origin == "cpu" else f"{owner(target)} has none"
        return f"{what} needs a GPU, but {none}."
    if need.cuda is not None:
        return f"{what} needs a driver that runs CUDA {need.cuda} or newer; {driver_words(target)}."
    if need.capability is None:
        return f"{what} needs another driver; {driver_words(target)}."
    if target.compute_capability is None:
        return f"{what} needs a GPU of compute capability {need.capability}; that of {owner(target)} is not known."
    has = target.compute_capability
    return f"{what} needs a GPU of compute capability {need.capability}; that of {owner(target)} has {has}."


def _ways_out(scene: Scene, demand: Demand, need: Need) -> list[GpuRemedy]:
    remedies = _older_builds(scene, demand) if scene.target.cuda is not None else []
    others = [target for target in scene.question.targets if target.cuda and target.name != scene.target.name]
    remedies += [way for target in others if (way := _for_target(scene, demand, target)) is not None]
    another = _another_machine(scene, demand, need)
    without = _cpu_build(scene, demand)
    return [*remedies[: MOST - 2], *(way for way in (another, without) if way is not None)]


def _cpu_build(scene: Scene, demand: Demand) -> GpuRemedy | None:
    """The CPU build of what was asked for."""
    base, free = base_of(demand.spec.name), _relaxed(scene, demand)
    if is_plumbing(base) or not free.cpu_variants(base):
        return None
    if Needs(free, scene.target).of_spec(Spec(text=base, name=base)).state != "runs":
        return None
    ask = ask_for_cpu(free, base) if may_come_without_driver(free, base) else base
    way = _instead(demand, f"Take the CPU build of {base}", [] if ask in free.asked else [ask])
    return way if scene.target.cuda is None else msgspec.structs.replace(way, gpu=CPU)


def _for_target(scene: Scene, demand: Demand, target: GpuTarget) -> GpuRemedy | None:
    """Another target, with a word for the GPU builds of what might come as a CPU build there, too."""
    if Needs(scene, target).of_spec(demand.spec).state != "runs":
        return None
    there = Scene(msgspec.structs.replace(scene.question, target=target))
    found = {name: [look for look in looks(there, name) if not look.obstacles] for name in _undecided(there)}
    if not all(found.values()):
        return None
    asks = [ask_for(there, name, those) for name, those in found.items() if not comes_first(there, name, those)]
    return GpuRemedy(title=title_for(target), add=asks, gpu=target.name)


def _undecided(scene: Scene) -> list[str]:
    """What was asked for, or computes for that, and comes in GPU builds and in others that were not excluded."""
    found = []
    for asked in sorted(scene.asked):
        name = next((each for each in (asked, *parts_of(asked)) if scene.gpu_variants(each)), None)
        mine = [demand.spec for demand in scene.demands if demand.spec.name == name]
        if name is not None and any(
            all(spec.allows_version(variant.version) and spec.allows_build(variant.build) for spec in mine)
            for variant in scene.cpu_variants(name)
        ):
            found.append(name)
    return list(dict.fromkeys(found))


def _older_builds(scene: Scene, demand: Demand) -> list[GpuRemedy]:
    """What asks for less of the driver or the device."""
    spec = demand.spec
    if spec.name in SELECTORS:
        return _older_cuda(scene, demand)
    base = base_of(spec.name)
    own = [spec.text] if base != spec.name and not demand.pinned else []
    ways = ways_to_gpu(scene, base, (), looks(scene, base)).here
    return [msgspec.structs.replace(way, remove=[*dict.fromkeys([*own, *way.remove])]) for way in ways]


def _older_cuda(scene: Scene, demand: Demand) -> list[GpuRemedy]:
    """The newest CUDA version that the target runs and that there are builds for of all that was asked for."""
    name, free = demand.spec.name, _relaxed(scene, demand)
    needs = Needs(free, scene.target)
    wanted = {each: found for each in {*free.asked, *_undecided(free)} if (found := looks(free, each))}
    versions = {".".join(variant.version.split(".")[:2]) for variant in scene.variants[name]}
    for cuda in sorted(versions, key=lambda version: numbers(version) or (), reverse=True):
        fitting = {
            each: [look for look in found if not look.obstacles and works_with(look, f"={cuda}")]
            for each, found in wanted.items()
        }
        if all(fitting.values()) and needs.of_spec(Spec(text=name, name=name, version=f"={cuda}")).state == "runs":
            asks = sorted(ask_for(free, each, found) for each, found in fitting.items())
            title = f"Use CUDA {cuda}{with_older(free, dict(sorted(fitting.items())))}"
            return [_instead(demand, title, [f"{name}={cuda}", *asks])]
    return []


def _relaxed(scene: Scene, demand: Demand) -> Scene:
    """The same question without one of its specs."""
    text, question = demand.spec.text, scene.question
    if demand.pinned:
        return Scene(msgspec.structs.replace(question, pins=[pin for pin in question.pins if pin.strip() != text]))
    return Scene(msgspec.structs.replace(question, specs=[spec for spec in question.specs if spec.strip() != text]))


def _another_machine(scene: Scene, demand: Demand, need: Need) -> GpuRemedy | None:
    """A machine with the newest CUDA that builds of it are for."""
    cuda = newest([*_cudas(scene, demand.spec), *([need.cuda] if need.cuda else [])])
    return _for_target(scene, demand, typed(cuda, need.capability)) if cuda is not None else None


def _cudas(scene: Scene, spec: Spec) -> list[str]:
    """The CUDA versions that builds which fit a spec are for."""
    fitting = [
        variant
        for variant in (*scene.gpu_variants(spec.name), *scene.cpu_variants(spec.name))
        if spec.allows_version(variant.version) and spec.allows_build(variant.build)
    ]
    if spec.name in SELECTORS:
        return [".".join(variant.version.split(".")[:2]) for variant in fitting]
    found = []
    for variant in fitting:
        if is_metapackage(variant):
            chosen = [each for text in variant.depends if (each := read(text)) and each.name == base_of(spec.name)]
            found += [cuda for each in chosen for cuda in _cudas(scene, each)]
        elif (build := gpu_build(variant, {})) is not None and build.cuda and "." in build.cuda:
            found.append(build.cuda)
    return found


def _instead(demand: Demand, title: str, add: list[str]) -> GpuRemedy:
    """Something else in place of a spec."""
    if demand.pinned:
        return GpuRemedy(title=title, add=add, unpin=[demand.spec.name])
    return GpuRemedy(title=title, add=add, remove=[demand.spec.text])
