"""A request for a change of an environment -> a plan; nothing is written."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from .. import sources
from ..config import Settings
from ..environments import EnvironmentReader
from ..errors import ChannelUnreachable, Invalid, NotFound, Unsatisfiable
from ..gpu.advice import Advice
from ..gpu.wheeladvice import with_wheels
from ..gpu.wheels import Wheels, gpu_builds
from ..models import Change, CloneSource, Environment, FileSource, GpuTarget
from ..plans import StoredChange
from ..previews import Previewer
from ..pypi import PypiPlan, PypiRequest, PypiSettings
from ..pypi.brought import Brought
from ..pypi.resolve import resolve
from ..solvedplans import with_gpu
from . import exactly
from .gpuswitch import Switch
from .gpuwheels import asked_as, wheel_builds, wheels_for
from .keeping import about_kernels, exactly_beside, solved
from .likeness import Asked, asked_by, check_alone
from .pinning import check_held, check_pins
from .present import Present, look
from .pythonstate import Future, future_state
from .relaxable import relaxable
from .split import split_of
from .storing import store
from .title import title
from .variables import Variables, of_other

if TYPE_CHECKING:
    from ..engine.change import Installed, Outcome
    from ..engine.channels import Channels
    from ..engine.client import Network

# What the channels offer besides is worth no longer a wait: a lock says what it says.
_ADVICE_SECONDS = 5.0


class ChangePreviewer:
    """Makes the plans of changes.

    Parameters
    ----------
    previewer:
        Has the channels open.
    reader:
        Knows what is installed.
    find:
        Finds environments by id; raises NotFound.
    """

    def __init__(
        self, previewer: Previewer, reader: EnvironmentReader, find: Callable[[str], Awaitable[Environment]]
    ) -> None:
        self._previewer = previewer
        self._reader = reader
        self._find = find

    async def preview(
        self,
        environment: Environment,
        change: Change,
        settings: Settings,
        pypi: PypiSettings,
        targets: Sequence[GpuTarget],
    ) -> StoredChange:
        """Find out what a change comes to.

        Parameters
        ----------
        targets:
            What environments can be made for.

        Raises
        ------
        Invalid, NotFound, NotAllowed, Unsatisfiable, ChannelUnreachable, Overwrites
        """
        check_alone(change)
        present = await look(environment, change, self._reader, targets)
        # It loads the engine in a thread: importing it here would hold up the event loop.
        await self._previewer.channels(settings, present.channels)
        other = await self._find(change.source.environment) if isinstance(change.source, CloneSource) else None
        if other is not None:
            exact = await exactly.read_other(other, present, self._reader, settings, pypi)
        elif isinstance(change.source, FileSource) and sources.format_of_lock(change.source) is not None:
            exact = await asyncio.to_thread(exactly.read_lock, change.source)
        else:
            asked = await asked_by(change, present, settings, pypi)
            return await self._solved(present, change, asked, pypi, targets)
        return await self._exact(present, change, exact, other, settings, pypi, targets)

    async def _solved(
        self, present: Present, change: Change, asked: Asked, pypi: PypiSettings, targets: Sequence[GpuTarget]
    ) -> StoredChange:
        from ..engine.renamed import renamed

        settings, plain = asked.settings, asked.change
        channels = await self._previewer.channels(settings, asked.channels)
        split = split_of(plain, present.packages.packages)
        try:
            specs, renames = await renamed(channels, [spec.strip() for spec in plain.install if spec.strip()])
        except ChannelUnreachable as error:
            raise sources.located(error, asked.places, channels.silent) from error
        switch = self._switch(channels, settings, present, specs, targets, new=change.gpu is not None)
        network = await asyncio.to_thread(self._previewer.network, settings, asked.channels)
        needs_python = split.pypi != PypiRequest(accept=change.accept) or present.has_pypi
        try:
            outcome, kept = await solved(
                lambda only: switch.solve(split.wish(plain, specs, only)), asked.only, asked.kernels
            )
            check_pins(plain, outcome)
            future = await self._future(present, outcome, settings, network if needs_python else None)
            wheels = wheels_for(split.pypi, future, present.target, pypi.torch_index, new=switch.new)
            python = await _resolve(asked_as(split.pypi, wheels), future, pypi)
        except (NotFound, Unsatisfiable) as error:
            if not asked.file_specs:
                raise
            raise await relaxable(error, asked, present, channels, self._previewer, pypi) from error
        except ChannelUnreachable as error:
            raise sources.located(error, asked.places, channels.silent) from error
        newer = await self._held(plain, present, outcome, settings)
        named = msgspec.structs.replace(plain, install=specs)
        forgotten = present.installed.requested.keys() - outcome.requested.keys() if asked.only is not None else set()
        stored = await asyncio.to_thread(
            store,
            present,
            change,
            outcome,
            python,
            settings,
            title=title(named if change.source is None else change, present.target if change.gpu is not None else None),
            update_specs=[*specs, *sorted(split.update)],
            remove_specs=sorted({*split.remove, *forgotten} - set(outcome.kept)),
            newer=newer,
            replaced=future.replaced,
            channels=network.channels,
            variables=asked.variables,
        )
        theirs = wheel_builds(python, future, present.target, wheels, new=switch.new)
        advice = with_wheels(await switch.advice(outcome), theirs, present.target, plain.pypi.install, targets)
        problems = [*channels.outdated, *asked.problems, *about_kernels(kept, "the file"), *renames]
        plan = with_gpu(stored.plan, present.target, advice, change.accept, problems)
        return msgspec.structs.replace(stored, plan=plan)

    async def _exact(
        self,
        present: Present,
        change: Change,
        exact: exactly.Exact,
        other: Environment | None,
        settings: Settings,
        pypi: PypiSettings,
        targets: Sequence[GpuTarget],
    ) -> StoredChange:
        from ..engine.records import from_json

        names = frozenset(str(entry["name"]) for entry in exact.objects)
        own = [] if exact.channels and change.prune else present.channels or settings.channels
        exact = await exactly.differing(exact, present, self._previewer, settings, pypi.allowed_roots)
        link = await asyncio.to_thread(from_json, exact.objects)
        outcome, kept = await asyncio.to_thread(
            exactly_beside, present, link, names, exact.requested, prune=change.prune
        )
        check_held(present.installed.pins, outcome)
        network = await asyncio.to_thread(self._previewer.network, settings, [*own, *exact.channels])
        needs_python = present.has_pypi or bool(exact.dists)
        future = await self._future(present, outcome, settings, network if needs_python else None)
        python = await exactly.python_part(exact, future, pypi, change.accept, prune=change.prune)
        before = present.installed.requested
        variables = await asyncio.to_thread(_variables, present, other, prune=change.prune)
        stored = await asyncio.to_thread(
            store,
            present,
            change,
            outcome,
            python,
            settings,
            title=title(change, other=other),
            update_specs=[spec for name, spec in outcome.requested.items() if before.get(name) != spec],
            remove_specs=sorted(before.keys() - outcome.requested.keys()),
            replaced=future.replaced,
            channels=network.channels,
            variables=variables.values,
        )
        channels = await self._previewer.channels(settings, network.channels)
        specs = list(outcome.requested.values())
        switch = self._switch(channels, settings, present, specs, targets, new=change.gpu is not None)
        theirs = gpu_builds(python.actions if python is not None else [], present.target, Wheels(lines=[]))
        advice = with_wheels(await _in_time(switch.advice(outcome)), theirs, present.target, [], targets)
        kernels = about_kernels(kept, other.name if other is not None else "the file")
        problems = [*exact.problems, *exactly.about_needs(outcome), *kernels, *variables.problems]
        labelled = exactly.labelled(stored.plan, outcome, python)
        plan = with_gpu(labelled, present.target, advice, change.accept, problems)
        return msgspec.structs.replace(stored, plan=plan)

    async def _future(self, present: Present, outcome: Outcome, settings: Settings, network: Network | None) -> Future:
        """What there will be of Python; ``network`` for asking what is in packages that are not in the cache."""
        brought = await asyncio.to_thread(Brought, outcome.link, settings.pkgs_dirs)
        if network is not None:
            await brought.ask(network)
        return await asyncio.to_thread(future_state, present.prefix, outcome, brought.dists, sys.executable)

    def _switch(
        self,
        channels: Channels,
        settings: Settings,
        present: Present,
        specs: Sequence[str],
        targets: Sequence[GpuTarget],
        *,
        new: bool,
    ) -> Switch:
        from ..engine.variants import Aim

        installed: Installed = present.installed
        aim = Aim(
            target=present.target,
            targets=targets,
            specs=[*installed.requested.values(), *specs],
            pins=[*installed.pins.values(), *settings.pinned_packages],
            python_stays=True,
            channels_stay=True,
            strict=settings.channel_priority == "strict",
        )
        return Switch(
            channels=channels,
            settings=settings,
            installed=installed,
            aim=aim,
            new=new,
            virtual=self._previewer.virtual_packages,
        )

    async def _held(self, change: Change, present: Present, outcome: Outcome, settings: Settings) -> dict[str, str]:
        """Newer versions of packages that were to be updated and stay, since a pin or an earlier wish holds them."""
        held = {
            one.name: (one.version, one.channel)
            for one in present.packages.packages
            if one.manager == "conda"
            and (one.pinned or (one.spec and one.spec != one.name))
            and (change.update == "all" or one.name in change.update)
            and outcome.after.get(one.name) is outcome.before.get(one.name)
        }
        if not held:
            return {}
        newer = await (await self._previewer.channels(settings, present.channels)).newest(held)
        return {name: version for name, (version, _) in newer.items()}


def _variables(present: Present, other: Environment | None, *, prune: bool) -> Variables:
    if other is None:
        # Locks have none.
        return Variables()
    return of_other(present.prefix, other, own=exactly.is_own(other), prune=prune)


async def _in_time(advice: Awaitable[Advice]) -> Advice:
    """What the packages mean for the GPU; nothing where the channels do not answer soon."""
    try:
        return await asyncio.wait_for(advice, _ADVICE_SECONDS)
    except (ChannelUnreachable, asyncio.TimeoutError):
        return Advice()


async def _resolve(request: PypiRequest, future: Future, settings: PypiSettings) -> PypiPlan | None:
    """The Python part: what is asked for, and what the conda part makes necessary."""
    if future.replaced:
        removed = [*request.remove, *(name for name in future.replaced if name not in request.remove)]
        request = msgspec.structs.replace(request, remove=removed)
    asked = request.install or request.requirements or request.remove or request.upgrade or request.exchange
    if not asked and not (future.state and future.state.moved and future.state.pypi):
        return None
    if future.state is None:
        raise Invalid(
            "Packages from PyPI need Python, and this environment has none.",
            hint="Add “python” to the changes.",
            field="pypi",
        )
    plan = await resolve(request, future.state, settings)
    # A package that was only needed so far may be asked for now: nothing to install, something to write down.
    return None if plan.empty and set(plan.requested) == set(future.state.requested) else plan
