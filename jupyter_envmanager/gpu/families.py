"""Packages whose builds go together: ``pytorch`` with ``libtorch`` and ``torchvision``."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ..models import GpuBuild
from .builds import Build, sign_of
from .names import FRAMEWORKS, is_part
from .question import Scene


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """Packages that depend on each other and are builds of one kind.

    ``leader`` is the one that decides: the builds of the others follow. ``shown`` are those that a user knows.
    """

    leader: str
    builds: Mapping[str, GpuBuild]
    shown: list[str]

    @property
    def members(self) -> frozenset[str]:
        """Their names."""
        return frozenset(self.builds)


def families(scene: Scene, builds: Mapping[str, GpuBuild]) -> list[Family]:
    """The families of some packages of a plan, without those that nothing but a table takes for GPU packages."""
    needs = {name: _needs(scene.plan[name], builds) for name in builds}
    found = []
    for members in _connected(needs):
        if not any(_is_known(scene, name) for name in members):
            continue
        leader = max(members, key=lambda name: _leadership(scene, builds[name], needs, members))
        shown = [name for name in members if name in scene.asked or not _is_inner(name, needs)]
        found.append(
            Family(
                leader=leader,
                builds={name: builds[name] for name in members},
                shown=sorted(shown, key=lambda name: (name not in scene.asked, name != leader, name)) or [leader],
            )
        )
    return sorted(found, key=lambda family: _place(scene, family))


def _place(scene: Scene, family: Family) -> tuple[int, str]:
    """The order in which they were asked for."""
    places = [place for place, demand in enumerate(scene.demands) if demand.spec.name in family.builds]
    return min(places, default=len(scene.demands)), family.leader


def _needs(record: Build, names: Mapping[str, GpuBuild]) -> set[str]:
    return {name for text in record.depends if (name := text.split(" ", 1)[0].rpartition("::")[2]) in names}


def _connected(needs: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of packages that are linked by what they need."""
    group = {name: {name} for name in needs}
    for name, others in needs.items():
        for other in others:
            if group[name] is not group[other]:
                group[name] |= group[other]
                for member in group[other]:
                    group[member] = group[name]
    return [sorted(members) for members in {id(members): members for members in group.values()}.values()]


def _is_inner(name: str, needs: Mapping[str, set[str]]) -> bool:
    """Whether a package is a part of another one that is listed."""
    return is_part(name) and any(name in others for others in needs.values())


def _is_known(scene: Scene, name: str) -> bool:
    sign = sign_of(scene.plan[name])
    has_code = scene.plan[name].subdir != "noarch"
    return (
        name in FRAMEWORKS or (sign is not None and (has_code or sign.kind == "gpu")) or bool(scene.gpu_variants(name))
    )


def _leadership(
    scene: Scene, build: GpuBuild, needs: Mapping[str, set[str]], members: list[str]
) -> tuple[bool, bool, bool, int]:
    name = build.name
    followers = sum(name in needs[member] for member in members)
    has_gpu = build.kind == "gpu" or len(members) == 1 or bool(scene.gpu_variants(name))
    return has_gpu, name in FRAMEWORKS, not is_part(name), followers
