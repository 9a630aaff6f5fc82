"""A request for a change of an environment -> a plan; nothing is written."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..config import Settings
from ..environments import EnvironmentReader, environment_id
from ..environments.pins import read_pins
from ..environments.state import state
from ..errors import Invalid
from ..gpu.target import find_target
from ..gpu.wheeladvice import with_wheels
from ..models import Change, Environment, GpuTarget, Package, Packages, Plan
from ..plans import PlanStore, StoredChange
from ..previews import UNPACKED_FACTOR, Previewer, with_gpu
from ..pypi import Brought, PypiPlan, PypiRequest, PypiSettings, resolve
from .gpuswitch import Switch
from .gputarget import environment_target, stored_target
from .gpuwheels import asked_as, wheel_builds, wheels_for
from .pythonstate import Future, future_state
from .split import Split, split_of
from .title import title
from .warnings import warnings

if TYPE_CHECKING:
    from ..engine.change import Installed, Outcome
    from ..engine.channels import Channels


class ChangePreviewer:
    """Makes the plans of changes.

    Parameters
    ----------
    previewer:
        Has the channels open.
    reader:
        Knows what is installed.
    """

    def __init__(self, previewer: Previewer, reader: EnvironmentReader) -> None:
        self._previewer = previewer
        self._reader = reader

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
        prefix = Path(environment.prefix)
        fingerprint = await asyncio.to_thread(state, prefix)
        packages = await asyncio.to_thread(self._reader.packages, prefix)
        split = split_of(change, packages.packages)
        installed = await asyncio.to_thread(_installed, prefix, packages, change)
        names = await asyncio.to_thread(environment_channels, prefix)
        target = await asyncio.to_thread(_target, prefix, change, packages, targets)
        channels = await self._previewer.channels(settings, names)
        # Loaded in a thread by now: importing it here would hold up the event loop.
        from ..engine.renamed import renamed

        specs, renames = await renamed(channels, [spec.strip() for spec in change.install if spec.strip()])
        switch = self._switch(channels, settings, installed, specs, target, targets, new=change.gpu is not None)
        outcome = await switch.solve(split.wish(change, specs))
        _check_pins(change, outcome)
        newer = await self._held(change, packages, outcome, settings, names)
        network = await asyncio.to_thread(self._previewer.network, settings, names)
        brought = await asyncio.to_thread(Brought, outcome.link, settings.pkgs_dirs)
        if split.pypi != PypiRequest(accept=change.accept) or any(not _conda(one) for one in packages.packages):
            await brought.ask(network)
        future = await asyncio.to_thread(future_state, prefix, outcome, brought.dists, sys.executable)
        wheels = wheels_for(split.pypi, future, target, pypi.torch_index, new=switch.new)
        python = await _resolve(asked_as(split.pypi, wheels), future, pypi)
        asked = msgspec.structs.replace(change, install=specs)
        stored = await asyncio.to_thread(
            _stored, environment, asked, packages, outcome, python, settings, fingerprint, split, newer, target
        )
        theirs = wheel_builds(python, future, target, wheels, new=switch.new)
        advice = with_wheels(await switch.advice(outcome), theirs, target, change.pypi.install, targets)
        plan = with_gpu(stored.plan, target, advice, change.accept, renames)
        return msgspec.structs.replace(
            stored, plan=plan, request=change, channels=list(network.channels), replaced=future.replaced
        )

    def _switch(
        self,
        channels: Channels,
        settings: Settings,
        installed: Installed,
        specs: Sequence[str],
        target: GpuTarget,
        targets: Sequence[GpuTarget],
        *,
        new: bool,
    ) -> Switch:
        from ..engine.variants import Aim

        aim = Aim(
            target=target,
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

    async def _held(
        self,
        change: Change,
        packages: Packages,
        outcome: Outcome,
        settings: Settings,
        names: Sequence[str] | None,
    ) -> dict[str, str]:
        """Newer versions of packages that were to be updated and stay, since a pin or an earlier wish holds them."""
        held = {
            one.name: (one.version, one.channel)
            for one in packages.packages
            if one.manager == "conda"
            and (one.pinned or (one.spec and one.spec != one.name))
            and (change.update == "all" or one.name in change.update)
            and outcome.after.get(one.name) is outcome.before.get(one.name)
        }
        if not held:
            return {}
        newer = await (await self._previewer.channels(settings, names)).newest(held)
        return {name: version for name, (version, _) in newer.items()}


def _target(prefix: Path, change: Change, packages: Packages, targets: Sequence[GpuTarget]) -> GpuTarget:
    if change.gpu is not None:
        return find_target(change.gpu, targets)
    return environment_target(stored_target(prefix), targets, packages.packages)


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


def environment_channels(prefix: Path) -> list[str] | None:
    """The channels that an environment was made from, where that was us; None for the configured ones."""
    from ..engine.workplace import read_marker

    channels = read_marker(prefix).get("channels")
    if isinstance(channels, list) and channels and all(isinstance(one, str) for one in channels):
        return channels
    return None


def _installed(prefix: Path, packages: Packages, change: Change) -> Installed:
    from ..engine.base import read_installed
    from ..engine.change import Installed, readable

    records, unreadable = read_installed(prefix)
    lost = []
    for file in unreadable:
        name, version, build = file.removesuffix(".json").rsplit("-", 2)
        lost.append((name, version, build))
    return Installed(
        records=records,
        requested={
            one.name: readable(one.name, one.spec or one.name)
            for one in packages.packages
            if one.requested and _conda(one)
        },
        # A pin that is taken away or set in this very change counts as it will be.
        pins=_pins(prefix, change),
        lost=lost,
    )


def _conda(package: Package) -> bool:
    return package.manager == "conda"


def _stored(
    environment: Environment,
    change: Change,
    packages: Packages,
    outcome: Outcome,
    python: PypiPlan | None,
    settings: Settings,
    fingerprint: str,
    split: Split,
    newer: Mapping[str, str],
    target: GpuTarget,
) -> StoredChange:
    from ..engine.planned import actions
    from ..engine.records import to_json
    from ..engine.transaction import is_cached

    prefix = Path(environment.prefix)
    objects = to_json(outcome.link)
    sizes = [int(entry.get("size") or 0) for entry in objects]
    cached = [is_cached(entry, settings.pkgs_dirs) for entry in objects]
    download = sum(size for size, here in zip(sizes, cached, strict=True) if not here)
    theirs = list(python.actions) if python is not None else []
    pypi_size = sum(action.size or 0 for action in theirs)
    disk = (sum(sizes) + pypi_size) * UNPACKED_FACTOR
    before, after = read_pins(prefix), _pins(prefix, change)
    plan = Plan(
        id=PlanStore.new_id(),
        prefix=environment.prefix,
        environment=environment_id(prefix),
        fingerprint=fingerprint,
        title=title(change, target if change.gpu is not None else None),
        actions=[*actions(outcome), *theirs],
        pin=[spec for name, spec in after.items() if before.get(name) != spec],
        unpin=[name for name in before if name not in after],
        download_size=download + pypi_size,
        cached_size=sum(sizes) - download,
        disk_size=disk,
        solve_time=outcome.seconds + (python.seconds if python is not None else 0.0),
        warnings=[
            *warnings(outcome, packages, prefix, disk, newer),
            *(python.warnings if python is not None else []),
        ],
    )
    return StoredChange(
        plan=plan,
        request=change,
        records=objects,
        remove=sorted(outcome.remove),
        relink=sorted(outcome.relink),
        specs=list(outcome.requested.values()),
        update_specs=[*change.install, *sorted(split.update)],
        remove_specs=sorted(split.remove - set(outcome.kept)),
        pins=after if after != before else None,
        pypi=python,
        replaced=[],
        channels=[],
        created=time.time(),
    )


def _pins(prefix: Path, change: Change) -> dict[str, str]:
    from ..engine.solve import parse_specs, spec_name

    for text in change.pin:
        if "#" in text or not text.isprintable():
            raise Invalid(f"“{text}” cannot be a pin.", hint="Write it like “numpy 1.26.*”.", field="pin")
    pins = {name: spec for name, spec in read_pins(prefix).items() if name not in change.unpin}
    names = [spec_name(spec) for spec in parse_specs(change.pin)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Invalid(f"{', '.join(sorted(twice))}: one pin for each package.", field="pin")
    return {**pins, **{name: text.strip() for name, text in zip(names, change.pin, strict=True)}}


def _check_pins(change: Change, outcome: Outcome) -> None:
    """A pin that what is installed does not fit would stand in the way of every later change."""
    from ..engine.solve import parse_specs, spec_name

    for text, spec in zip(change.pin, parse_specs(change.pin), strict=True):
        record = outcome.after.get(spec_name(spec))
        if record is not None and not spec.matches(record):
            raise Invalid(
                f"“{text}” does not fit {spec_name(spec)} {record.version}, which is installed.",
                hint=f"Install that version of {spec_name(spec)} in the same change, or pin the one that is there.",
                field="pin",
            )
