"""A change and the GPU: solve it for a target, exchange builds for a new one, and say what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from ..config import Settings
from ..errors import Unsatisfiable
from ..gpu.advice import Advice
from ..gpu.builds import gpu_build
from ..gpu.candidates import candidates
from ..models import GpuTarget

if TYPE_CHECKING:
    from ..engine.change import Installed, Outcome, Record, Virtual, Wish
    from ..engine.channels import Channels
    from ..engine.variants import Aim


@dataclass(frozen=True, kw_only=True)
class Switch:
    """The solver's part of a change.

    Attributes
    ----------
    aim:
        What the environment is for; ``new`` says that it was for something else, so that builds are exchanged.
    virtual:
        What this machine and a GPU offer to packages.
    """

    channels: Channels
    settings: Settings
    installed: Installed
    aim: Aim
    new: bool
    virtual: Callable[[GpuTarget], Awaitable[Virtual]]

    async def solve(self, wish: Wish) -> Outcome:
        """Find out what a change comes to.

        Raises
        ------
        Invalid, NotFound, Unsatisfiable, ChannelUnreachable
        """
        # Who updates everything lets everything be exchanged, at any version.
        return await (self._exchange(wish) if self.new and wish.update != "all" else self._solve(wish))

    async def _solve(self, wish: Wish) -> Outcome:
        from ..engine.variants import ANY_GPU, explained

        async def for_any() -> list[Record]:
            return list((await self._answer(wish, ANY_GPU, explain=False)).after.values())

        try:
            return await self._answer(wish, self.aim.target)
        except Unsatisfiable as error:
            raise await explained(self.channels, self.aim, error, for_any) from error

    async def _answer(self, wish: Wish, target: GpuTarget, *, explain: bool = True) -> Outcome:
        from ..engine.change import solve_change

        return await solve_change(
            self.channels,
            wish,
            self.installed,
            priority=self.settings.channel_priority,
            pinned=self.settings.pinned_packages,
            virtual=await self.virtual(target),
            explain=explain,
        )

    async def _exchange(self, wish: Wish) -> Outcome:
        """Other builds of the same versions; other versions only where that brings the builds that are wanted."""
        from ..engine.variants import as_builds, switchable

        installed = await asyncio.to_thread(as_builds, self.installed.records)
        names = await switchable(self.channels, installed, self.aim.specs)
        names -= _named(wish)
        versions = {build.name: build.version for build in installed}
        held = {name: f"{name} =={versions[name]}" for name in names}
        try:
            same = await self._answer(replace(wish, exchange=held), self.aim.target, explain=False)
        except Unsatisfiable:
            return await self._solve(replace(wish, exchange=dict.fromkeys(names, "")))
        if self.aim.target.cuda is None or not _cpu_builds(same, names):
            return same
        other = await self._solve(replace(wish, exchange=dict.fromkeys(names, "")))
        return same if _cpu_builds(other, names) == _cpu_builds(same, names) else other

    async def advice(self, outcome: Outcome) -> Advice:
        """What a change means for the GPU; nothing where it has to do with no package that comes with and without.

        A CPU build that is there already stops no change of something else.
        """
        from ..engine import variants

        aim = replace(self.aim, specs=list(outcome.requested.values()))
        after = await asyncio.to_thread(variants.as_builds, outcome.after.values())
        linked = {record.name.normalized for record in outcome.link}
        if not self.new and not linked & candidates(after, aim.specs):
            return Advice()
        found = await variants.advice(self.channels, aim, after)
        if self.new:
            return found
        touched = [build for build in found.builds if build.name in linked]
        stop = found.stop and any(build.kind == "cpu" for build in touched)
        return msgspec.structs.replace(found, stop=stop) if touched else Advice()


def _named(wish: Wish) -> Set[str]:
    """Names that a change treats anyway."""
    from ..engine.solve import spec_names

    return {*spec_names(wish.install), *wish.remove, *wish.update}


def _cpu_builds(outcome: Outcome, names: Set[str]) -> set[str]:
    from ..engine.variants import as_builds

    after = {build.name: build for build in as_builds(outcome.after.values())}
    found = {name: gpu_build(after[name], after) for name in names if name in after}
    return {name for name, build in found.items() if build is None or build.kind == "cpu"}
