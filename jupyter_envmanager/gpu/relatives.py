"""What do packages that go together ask of each other's builds? ``torchvision`` of ``pytorch``, ``cpuonly`` of both."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

from .builds import Build, build_sign, sign_of
from .question import Demand, Scene
from .specs import Spec, read_all


@lru_cache(maxsize=16384)
def said_by(build: str) -> str:
    """The kind of a build as far as its build string tells: a CUDA version, ``gpu`` or ``cpu``, or nothing."""
    sign = build_sign(build)
    return "" if sign is None else sign.cuda or sign.kind


def asks_of(scene: Scene, follower: str, leader: str) -> list[list[Spec]]:
    """What each build of a package asks of the one it goes with; nothing where they do not need it."""
    mine = [each.spec for each in scene.demands if each.spec.name == follower and each.spec.version]
    begin = f"{leader} "
    # Builds of one version for one CUDA version ask for the same, whatever their Python.
    different = {
        (variant.version, said_by(variant.build)): variant
        for variant in (*scene.gpu_variants(follower), *scene.cpu_variants(follower))
        if not mine or all(spec.allows_version(variant.version) for spec in mine)
    }
    asks = {tuple([text for text in each.depends if text.startswith(begin)]) for each in different.values()}
    return [read_all(texts) for texts in asks if texts]


def goes_with(variant: Build, asks: Sequence[Sequence[Spec]]) -> bool:
    """Whether a build is what one of those builds asks for."""
    said = said_by(variant.build)
    return any(all(spec.allows_version(variant.version) and _is_alike(spec, said) for spec in ask) for ask in asks)


def _is_alike(spec: Spec, said: str) -> bool:
    """Whether a spec asks for builds of such a kind: ``pytorch * cuda*`` for any CUDA version."""
    sign = build_sign(spec.build) if spec.build else None
    if sign is None or not said:
        return True
    return sign.cuda == said if sign.cuda is not None else (sign.kind == "cpu") == (said == "cpu")


def chooses_cpu(scene: Scene, demand: Demand, family: Collection[str]) -> bool:
    """Whether a spec asks for a package that is there to choose the CPU builds of a family."""
    spec = demand.spec
    if spec.name.endswith("-cpu") and spec.name.removesuffix("-cpu") in family:
        return True
    record = scene.plan.get(spec.name)
    sign = sign_of(record) if record is not None else build_sign(spec.build)
    is_cpu = spec.name == "cpuonly" or (sign is not None and sign.kind == "cpu")
    return is_cpu and _related(scene, spec.name, record, family)


def _related(scene: Scene, name: str, record: Build | None, family: Collection[str]) -> bool:
    if record is not None and any(text.split(" ")[0] in family for text in record.depends):
        return True
    members = [member for each in family if (member := scene.plan.get(each)) is not None]
    members += [variant for each in family if not scene.plan for variant in scene.gpu_variants(each)[:1]]
    return any(text.split(" ")[0] == name for member in members for text in (*member.depends, *member.constrains))
