"""What keeps a GPU build out of a plan: a spec, a pin, Python, the driver, the device, or another channel."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Literal

import msgspec

from ..models import GpuBuild, GpuTarget
from .builds import Build, device_for, numbered, selector
from .names import SELECTORS
from .question import Demand, Scene, channel_name
from .relatives import asks_of, chooses_cpu, goes_with, said_by
from .specs import Spec, read
from .versions import fits, numbers, older, overlap

Kind = Literal["build", "cuda", "channel", "version", "python", "driver", "capability", "relative"]

#: What only another target moves.
OF_TARGET = frozenset({"driver", "capability"})
_FIXED = OF_TARGET | {"relative"}

PYTHONS = ("2.7", *(f"3.{minor}" for minor in range(5, 25)))
_CUDAS = tuple(f"{major}.{minor}" for major in range(7, 21) for minor in range(10))
# The dependencies and constraints that decide: on CUDA, driver, device and Python.
_TELLING = ("__cuda", "cuda", "cudnn", "nccl", "python ", "python_abi ", "pytorch-cuda", "cpuonly", "pytorch-mutex")


class Obstacle(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that keeps a build out; ``demand`` is the spec at fault, ``name`` the package, where one is."""

    kind: Kind
    demand: Demand | None = None
    name: str = ""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A GPU build that could be in the plan, and all that keeps it out.

    ``build`` has its numbers, ``kinds`` are those of the obstacles; ``family`` names the packages that go with it.
    """

    variant: Build
    build: GpuBuild
    obstacles: frozenset[Obstacle]
    family: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()


def looks(scene: Scene, leader: str, family: Collection[str] = ()) -> list[Look]:
    """All GPU builds of a package, and what keeps each of them out.

    Parameters
    ----------
    family:
        The packages whose builds go with it: ``torchvision`` with ``pytorch``.
    """
    shared = _of_family(scene, leader, family)
    followers = {name: asks for name in family if name != leader and (asks := asks_of(scene, name, leader))}
    mine = [each for each in scene.demands if each.spec.name == leader]
    by_build = any(demand.spec.build for demand in mine)
    members = frozenset(family)
    found = []
    # Thousands of builds differ in a few circumstances only.
    outer: dict[tuple[str, ...], tuple[GpuBuild, frozenset[Obstacle]]] = {}
    inner: dict[tuple[str, ...], frozenset[Obstacle]] = {}
    kinds: dict[frozenset[Obstacle], frozenset[str]] = {}
    for variant in _worthwhile(scene, leader, mine):
        said = said_by(variant.build)
        around = (variant.channel, said, *_telling(variant))
        if around not in outer:
            build = numbered(variant, {})
            if build is None:
                continue
            outer[around] = build, shared | _obstacles(scene, variant, build)
        within = (variant.version, said, variant.build if by_build else "")
        if within not in inner:
            inner[within] = frozenset([*_of_demands(variant, mine), *_of_followers(variant, followers)])
        build, obstacles = outer[around]
        every = obstacles | inner[within] if inner[within] else obstacles
        if every not in kinds:
            kinds[every] = frozenset(each.kind for each in every)
        found.append(Look(variant=variant, build=build, obstacles=every, kinds=kinds[every], family=members))
    return _least_hindered(found)


def _least_hindered(found: Sequence[Look]) -> list[Look]:
    """Of the builds of one version for one CUDA, mostly for different Pythons, those that the least keeps out."""
    alike: dict[tuple[str | None, ...], dict[frozenset[Obstacle], list[Look]]] = {}
    for look in found:
        variant, build = look.variant, look.build
        key = variant.version, variant.channel, build.cuda, build.driver, build.compute_capability
        alike.setdefault(key, {}).setdefault(look.obstacles, []).append(look)
    kept: list[Look] = []
    for groups in alike.values():
        for obstacles, those in groups.items():
            if any(other < obstacles for other in groups):
                continue
            # Where Python is in the way, all of those that would do are told.
            newest = those if "python" in those[0].kinds else [max(those, key=lambda look: look.variant.build_number)]
            kept += newest
    return kept


def _worthwhile(scene: Scene, leader: str, mine: Sequence[Demand]) -> list[Build]:
    """The GPU builds of the version in the plan, of those asked for, and of the last of each series (2.5.1 of 2.5)."""
    variants = scene.gpu_variants(leader)
    there = scene.plan.get(leader)
    wanted = {there.version} if there is not None else set()
    series: dict[tuple[int, ...], str] = {}
    for version in {variant.version for variant in variants}:
        parts = numbers(version)
        asked = mine and all(demand.spec.version and demand.spec.allows_version(version) for demand in mine)
        if parts is None or asked:
            wanted.add(version)
        elif parts > (numbers(series.get(parts[:2], "")) or ()):
            series[parts[:2]] = version
    wanted.update(series.values())
    return [variant for variant in variants if variant.version in wanted]


def _telling(variant: Build) -> Iterator[str]:
    """What of its dependencies decides where a build runs and with what."""
    return filter(_is_telling, chain(variant.depends, variant.constrains))


@lru_cache(maxsize=16384)
def _is_telling(text: str) -> bool:
    return text.startswith(_TELLING)


def _of_demands(variant: Build, mine: Sequence[Demand]) -> list[Obstacle]:
    """What the specs of a package itself keep out."""
    version = [each for each in mine if not each.spec.allows_version(variant.version)]
    build = [each for each in mine if not each.spec.allows_build(variant.build)]
    return [
        *(Obstacle(kind="version", demand=demand) for demand in version),
        *(Obstacle(kind="build", demand=demand) for demand in build),
    ]


def _of_followers(variant: Build, followers: Mapping[str, list[list[Spec]]]) -> list[Obstacle]:
    return [Obstacle(kind="relative", name=name) for name, asks in followers.items() if not goes_with(variant, asks)]


def fixed(scene: Scene) -> frozenset[str]:
    """What a change of the request does not move: also what packages that go with a build, ask of it."""
    return _FIXED | {"channel"} if scene.question.channels_stay else _FIXED


def runs_on(build: GpuBuild, target: GpuTarget) -> bool:
    """Whether a target's driver and device are new enough for a build, as far as is known."""
    if target.cuda is None:
        return False
    return not older(target.cuda, build.driver) and not older(target.compute_capability, device_for(build))


def works_with(look: Look, cuda: str) -> bool:
    """Whether a build works with some CUDA version of those that a constraint allows."""
    return _works_with(look.variant, look.build, cuda)


def _works_with(variant: Build, build: GpuBuild, cuda: str) -> bool:
    mine = selector(variant)
    if mine is not None and mine.version:
        return overlap(mine.version, cuda, _CUDAS)
    return build.cuda is None or fits(build.cuda, cuda) is not False


def python_of(variant: Build) -> str | None:
    """The constraint on Python of a build."""
    for name in ("python ", "python_abi "):
        for text in variant.depends:
            if text.startswith(name) and (spec := read(text)) is not None and spec.version:
                return spec.version
    return None


def _obstacles(scene: Scene, variant: Build, build: GpuBuild) -> frozenset[Obstacle]:
    found: list[Obstacle] = []
    for demand in scene.demands:
        spec = demand.spec
        if spec.name in SELECTORS and spec.version and not _works_with(variant, build, spec.version):
            found.append(Obstacle(kind="cuda", demand=demand))
    python = _python_obstacle(scene, variant)
    if python is not None:
        found.append(python)
    if scene.target.cuda is None or older(scene.target.cuda, build.driver):
        found.append(Obstacle(kind="driver"))
    if older(scene.target.compute_capability, device_for(build)):
        found.append(Obstacle(kind="capability"))
    if _is_hidden(scene, variant):
        found.append(Obstacle(kind="channel"))
    return frozenset(found)


def _python_obstacle(scene: Scene, variant: Build) -> Obstacle | None:
    wanted = python_of(variant)
    if wanted is None:
        return None
    for demand in scene.demands:
        if demand.spec.name == "python" and not overlap(wanted, demand.spec.version, PYTHONS):
            return Obstacle(kind="python", demand=demand)
    there = scene.plan.get("python") if scene.question.python_stays else None
    return Obstacle(kind="python") if there is not None and fits(there.version, wanted) is False else None


def _is_hidden(scene: Scene, variant: Build) -> bool:
    order = scene.channels
    mine = order.get(channel_name(variant.channel))
    return scene.question.strict and mine is not None and scene.first_channel(variant.name) < mine


def _of_family(scene: Scene, leader: str, family: Collection[str]) -> frozenset[Obstacle]:
    """What the specs of its relatives, and packages that only choose builds (``cpuonly``), keep out."""
    found: list[Obstacle] = []
    for demand in scene.demands:
        spec = demand.spec
        if spec.name == leader:
            continue
        if spec.name in family:
            found += _of_relative(scene, demand)
        elif chooses_cpu(scene, demand, {leader, *family}):
            found.append(Obstacle(kind="build", demand=demand))
    return frozenset(found)


def _of_relative(scene: Scene, demand: Demand) -> list[Obstacle]:
    """What the spec of one relative keeps out, where none of its GPU builds fits it."""
    spec = demand.spec
    gpu: Sequence[Build] = scene.gpu_variants(spec.name)
    fitting = [variant for variant in gpu if spec.allows_version(variant.version)]
    if gpu and not fitting:
        return [Obstacle(kind="version", demand=demand)]
    if gpu and not any(spec.allows_build(variant.build) for variant in fitting):
        return [Obstacle(kind="build", demand=demand)]
    return []
