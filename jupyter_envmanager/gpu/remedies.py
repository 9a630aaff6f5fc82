"""What helps: changes of a request that lead to a GPU build, as far as the channels' records tell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from ..models import GpuRemedy, GpuTarget
from .builds import build_sign
from .choosing import ask_for, ask_for_cpu, best_of, comes_first, may_come_without_driver, must_be_exact
from .names import FORGE, FRAMEWORKS, SELECTORS
from .obstacles import OF_TARGET, PYTHONS, Look, Obstacle, fixed, python_of, runs_on
from .question import Scene, channel_name
from .reasons import GRAVITY
from .specs import Spec
from .target import CPU
from .versions import fits, newest, numbers, older
from .ways import MOST, Ways, small, with_versions

_CUDA = frozenset({"cuda"})
CPU_ONLY = GpuRemedy(title="Make it for CPU only", gpu=CPU)


def ways_to_gpu(
    scene: Scene, name: str, family: Collection[str], found: Sequence[Look], more: Iterable[GpuTarget] = ()
) -> Ways:
    """What leads to a GPU build of a package; ``more`` are targets to think of beside those of the question."""
    groups: dict[frozenset[Obstacle], list[Look]] = {}
    for look in found:
        groups.setdefault(look.obstacles, []).append(look)
    movable = _best_first({each: those for each, those in groups.items() if not _has(each, fixed(scene))})
    too_new = [look for each, those in groups.items() if _has(each, OF_TARGET) for look in those]
    here = [
        _remedy(scene, name, family, each, groups[each], exact=must_be_exact(groups[each], too_new))
        for each in movable[:MOST]
    ]
    if not found and name in FRAMEWORKS and FORGE not in scene.channels and FORGE in scene.question.offers:
        here.append(GpuRemedy(title=f"Take {FORGE} first", channels=[FORGE, *scene.question.channels]))
    stuck = [look for each in groups if each and not _has_other(each, OF_TARGET) for look in groups[each]]
    others = [each for each in (*scene.question.targets, *more) if each.cuda and each.name != scene.target.name]
    ways = {target.name: _for_target(scene, name, family, groups, target) for target in others}
    elsewhere = {target: way for target, way in ways.items() if way is not None}
    wanted = {target.name for target in others if any(runs_on(look.build, target) for look in stuck)}
    return Ways(
        name=name,
        here=here,
        elsewhere=elsewhere,
        wanted=frozenset(wanted if here or scene.target.cuda is None else elsewhere),
        without=_without_gpu(scene, name, family, found),
    )


def another_machine(found: Iterable[Sequence[Look]]) -> list[GpuTarget]:
    """A machine with the newest CUDA that there are builds for of all these packages; none where no build says one."""
    newests = []
    for looks in found:
        free = [look for look in looks if look.kinds <= OF_TARGET] or looks
        newests.append(newest([cuda for look in free if (cuda := look.build.cuda) and "." in cuda]))
    cuda = min((each for each in newests if each is not None), key=lambda v: numbers(v) or (), default=None)
    return [typed(cuda)] if cuda is not None else []


def typed(cuda: str, capability: str | None = None) -> GpuTarget:
    """A target as a user would type it."""
    name = f"cuda={cuda}" + (f",arch={capability}" if capability else "")
    return GpuTarget(name=name, title=name, origin="custom", cuda=cuda, compute_capability=capability)


def title_for(target: GpuTarget) -> str:
    """The title of what makes an environment for another target."""
    if target.origin == "custom":
        return f"For another machine with CUDA {target.cuda}…"
    return f"Make it for {'this machine' if target.origin == 'machine' else target.title}"


def ways_to_cpu(scene: Scene, name: str, family: Collection[str]) -> list[GpuRemedy]:
    """What leads to the CPU build of a package whose GPU build is in the plan."""
    if not scene.cpu_variants(name):
        return []
    texts = [
        demand.spec.text
        for demand in scene.demands
        if not demand.pinned
        and (demand.spec.name in (f"{name}-gpu", *SELECTORS) or _is_for_gpu(demand.spec, {name, *family}))
    ]
    return [GpuRemedy(title=f"Take the CPU build of {name}", add=[ask_for_cpu(scene, name)], remove=texts)]


def _without_gpu(scene: Scene, name: str, family: Collection[str], found: Sequence[Look]) -> GpuRemedy:
    """To do without a GPU; with a word for the CPU build, where a GPU build may come all the same."""
    certain = all("build" in look.kinds for look in found) or not may_come_without_driver(scene, name)
    ways = [] if certain else ways_to_cpu(scene, name, family)
    return msgspec.structs.replace(ways[0], title=CPU_ONLY.title, gpu=CPU) if ways else CPU_ONLY


def _is_for_gpu(spec: Spec, names: Collection[str]) -> bool:
    sign = build_sign(spec.build) if spec.build and spec.name in names else None
    return sign is not None and sign.kind == "gpu"


def _for_target(
    scene: Scene,
    name: str,
    family: Collection[str],
    groups: Mapping[frozenset[Obstacle], Sequence[Look]],
    target: GpuTarget,
) -> GpuRemedy | None:
    """What leads to a GPU build on another target."""
    there: dict[frozenset[Obstacle], list[Look]] = {}
    for obstacles, looks in groups.items():
        running = [look for look in looks if runs_on(look.build, target)]
        rest = frozenset(each for each in obstacles if each.kind not in OF_TARGET)
        if running and not _has(rest, fixed(scene)):
            there.setdefault(rest, []).extend(running)
    if not there:
        return None
    best = _best_first(there)[0]
    if best:
        way = _remedy(scene, name, family, best, there[best], exact=False)
        return msgspec.structs.replace(way, title=f"{title_for(target)}, {small(way.title)}", gpu=target.name)
    asks = [] if comes_first(scene, name, there[best]) else [ask_for(scene, name, there[best])]
    return GpuRemedy(title=title_for(target), add=asks, gpu=target.name)


def _best_first(groups: Mapping[frozenset[Obstacle], Sequence[Look]]) -> list[frozenset[Obstacle]]:
    """Groups of obstacles by what it costs to take them away, without those that are no better than another."""
    age = {obstacles: _oldness(looks) for obstacles, looks in groups.items()}
    ordered = sorted(groups, key=lambda obstacles: (_cost(obstacles), age[obstacles]))
    return [each for each in ordered if not any(other < each and not _is_worth(each, other, age) for other in ordered)]


def _is_worth(
    more: frozenset[Obstacle], less: frozenset[Obstacle], age: Mapping[frozenset[Obstacle], tuple[int, ...]]
) -> bool:
    """Whether to take more away brings newer versions, and only the CUDA version that was asked for is given up."""
    return age[more] < age[less] and not _has_other(more - less, _CUDA)


def _has(obstacles: Iterable[Obstacle], kinds: frozenset[str]) -> bool:
    return any(each.kind in kinds for each in obstacles)


def _has_other(obstacles: Iterable[Obstacle], kinds: frozenset[str]) -> bool:
    return any(each.kind not in kinds for each in obstacles)


def _cost(obstacles: Collection[Obstacle]) -> int:
    return sum(GRAVITY[obstacle.kind] + 1 for obstacle in obstacles)


def _oldness(found: Sequence[Look]) -> tuple[int, ...]:
    return tuple(-number for number in numbers(best_of(found).variant.version) or ())


def _remedy(
    scene: Scene,
    name: str,
    family: Collection[str],
    obstacles: Collection[Obstacle],
    found: Sequence[Look],
    *,
    exact: bool,
) -> GpuRemedy:
    """What takes all obstacles of a group away and asks for a GPU build, with a title that says so."""
    ask = ask_for(scene, name, found, exact)
    cuda = best_of(found).build.cuda
    add, remove, unpin = [ask], [], []
    titles = [f"Use CUDA {cuda} builds"] if exact and cuda else []
    channels = None
    for obstacle in sorted(obstacles, key=lambda each: GRAVITY[each.kind]):
        demand = obstacle.demand
        titles.append(_title(obstacle, name, found, ask))
        if obstacle.kind == "python":
            add.append(f"python={_newest_python(found)}")
        if obstacle.kind == "channel":
            first = channel_name(best_of(found).variant.channel)
            order = scene.question.channels
            channels = sorted(order, key=lambda channel: channel_name(channel) != first)
        if demand is None:
            continue
        if demand.pinned:
            unpin.append(demand.spec.name)
        elif demand.spec.text not in remove:
            remove.append(demand.spec.text)
            add += _what_stays(obstacle, name, family, found)
    titles = list(dict.fromkeys(titles)) or [
        f"Ask for {ask if _is_metapackage(ask, name) else f'the GPU build of {name}'}"
    ]
    joined = ", ".join([titles[0], *map(small, titles[1:])]) + with_older(scene, {name: found})
    return GpuRemedy(title=joined, add=list(dict.fromkeys(add)), remove=remove, unpin=unpin, channels=channels)


def with_older(scene: Scene, found: Mapping[str, Sequence[Look]]) -> str:
    """How a title goes on where it means older versions than would come otherwise."""
    bests = {name: best_of(looks).variant.version for name, looks in found.items()}
    return with_versions([f"{name} {best}" for name, best in bests.items() if older(best, _usual(scene, name))])


def _usual(scene: Scene, name: str) -> str | None:
    """The version in the plan; without one, the newest that may be there."""
    if name in scene.plan:
        return scene.plan[name].version
    mine = [demand.spec for demand in scene.demands if demand.spec.name == name]
    versions = {variant.version for variant in (*scene.gpu_variants(name), *scene.cpu_variants(name))}
    return newest([each for each in versions if all(spec.allows_version(each) for spec in mine)])


def _is_metapackage(ask: str, name: str) -> bool:
    return ask == f"{name}-gpu"


def _title(obstacle: Obstacle, name: str, found: Sequence[Look], ask: str) -> str:
    demand = obstacle.demand
    if demand is not None and demand.pinned and obstacle.kind != "python":
        return f"Unpin {demand.spec.name}"
    if obstacle.kind == "python":
        return f"Use Python {_newest_python(found)}"
    if obstacle.kind == "channel":
        return f"Take {channel_name(best_of(found).variant.channel)} first"
    if demand is not None and obstacle.kind == "version":
        return f"Relax {demand.spec.name} to any version"
    if obstacle.kind == "build" and _is_metapackage(ask, name):
        return f"Ask for {ask}"
    return f"Drop “{demand.spec.text}”" if demand is not None else ""


def _what_stays(obstacle: Obstacle, name: str, family: Collection[str], found: Sequence[Look]) -> list[str]:
    """What was asked for beside what has to go: ``pytorch=2.5`` of ``pytorch=2.5=cpu*``."""
    spec = obstacle.demand.spec if obstacle.demand is not None else None
    if spec is None or spec.name not in {name, *family}:
        return []
    fitting = spec.name != name or any(spec.allows_version(look.variant.version) for look in found)
    version = spec.version if obstacle.kind == "build" and fitting else ""
    text = f"{spec.name}{version if version[:1] in '<>=!~' else '==' + version}" if version else spec.name
    return [] if text == name else [text]


def _newest_python(found: Sequence[Look]) -> str:
    wanted = {w for look in found if (w := python_of(look.variant)) is not None}
    return newest([python for python in PYTHONS if any(fits(python, w) for w in wanted)]) or PYTHONS[-1]
