"""A request -> a plan, and the channels that are open for it.

Imports the engine on first use, so that a Jupyter server that nobody asks for environments does not pay for it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec

from . import sources
from .config import Settings
from .environments.shownvariables import changes
from .errors import ChannelUnreachable, EnvManagerError, Invalid, NotFound, Unsatisfiable
from .gpu.names import FORGE
from .gpu.wheeladvice import with_wheels
from .gpu.wheels import Wheels, for_target, gpu_builds
from .kernels import KERNEL_PACKAGES, has_kernel_package
from .models import GpuTarget, NewEnvironment, SpecsSource
from .plans import StoredPlan
from .pypi import PypiPlan, PypiRequest, PypiSettings, PypiState
from .pypi.brought import Brought
from .pypi.resolve import resolve
from .solvedplans import plan_of, with_gpu
from .specfiles.filespecs import FileSpec

if TYPE_CHECKING:
    from .engine.channels import Channels
    from .engine.client import Network
    from .engine.solve import Solution
    from .engine.variants import Aim

_VIRTUAL_SECONDS = 60.0
_KEPT = 8


class Previewer:
    """Keeps gateways open between previews, so that a channel's index is read once."""

    def __init__(self) -> None:
        self._channels: dict[object, Channels] = {}
        self._virtual: dict[GpuTarget, tuple[float, list[Any]]] = {}

    def engine(self) -> tuple[str, str]:
        """The engine's name and version, and this machine's platform as conda calls it."""
        from .engine.solve import platform

        return f"rattler {version('py-rattler')}", platform()

    def network(self, settings: Settings, channels: Sequence[str] | None) -> Network:
        """How to reach ``channels``; raises NotAllowed for one that the site forbids."""
        from .engine.client import network

        return network(settings, channels)

    async def channels(self, settings: Settings, names: Sequence[str] | None) -> Channels:
        """The open gateway for these channels."""
        return await asyncio.to_thread(self._open, settings, names)

    def _open(self, settings: Settings, names: Sequence[str] | None) -> Channels:
        from .engine import records, solve  # noqa: F401
        from .engine.channels import Channels
        from .engine.transaction import writable_cache

        reach = self.network(settings, names)
        key = (reach.channels, tuple(sorted(reach.mirrors.items())), str(reach), settings.pkgs_dirs)
        if key not in self._channels:
            while len(self._channels) >= _KEPT:
                self._channels.pop(next(iter(self._channels)))
            self._channels[key] = Channels(
                reach, writable_cache(settings.pkgs_dirs) / "cache" / "envmanager", settings.pkgs_dirs
            )
        return self._channels[key]

    def refresh(self) -> None:
        """Ask the channels again next time."""
        for channels in self._channels.values():
            channels.refresh()
        self._virtual.clear()

    def has_kernel(self, names: Iterable[str]) -> bool:
        """Whether one of these packages is a Jupyter kernel."""
        return has_kernel_package(names)

    async def preview(
        self,
        request: NewEnvironment,
        prefix: Path,
        settings: Settings,
        pypi: PypiSettings,
        target: GpuTarget,
        targets: Sequence[GpuTarget] = (),
    ) -> StoredPlan:
        """Solve ``request`` for ``prefix``; nothing is written.

        Parameters
        ----------
        pypi:
            How the Python package index is reached, where the request has packages from there.
        target, targets:
            The GPU that it is for, and what others there are.

        Raises
        ------
        Invalid, NotFound, Unsatisfiable, ChannelUnreachable, NotAllowed, Overwrites, BuildFailed
        """
        if sources.format_of_lock(request.source) is not None:
            locked = await asyncio.to_thread(_lockedplans)
            stored: StoredPlan = await locked.preview(self, request, prefix, settings, pypi, target, targets)
            return stored
        begun = await sources.start(request, settings, pypi)
        asked, request = request, begun.request
        specs = list(dict.fromkeys([*_specs(request), *settings.create_default_packages]))
        channels = await self.channels(settings, request.channels)
        # Loaded in a thread by now: importing it here would hold up the event loop.
        from .engine import records, variants
        from .engine.renamed import renamed

        try:
            specs, renames = await renamed(channels, specs)
        except ChannelUnreachable as error:
            raise sources.located(error, begun.places, channels.silent) from error
        aim = variants.Aim(
            target=target,
            targets=targets,
            specs=specs,
            pins=settings.pinned_packages,
            offers=[FORGE] if settings.allows_channel(FORGE) else [],
            strict=settings.channel_priority == "strict",
        )
        wheels = for_target(_requirements(request), target, pypi.torch_index)
        try:
            solution = await self._solve(request, channels, aim, settings)
            python = await self._python(request, wheels, solution, settings, pypi)
        except (NotFound, Unsatisfiable) as error:
            raise await self._relaxable(error, begun.file_specs, channels, aim, settings, pypi) from error
        except ChannelUnreachable as error:
            raise sources.located(error, begun.places, channels.silent) from error
        objects = records.to_json(solution.records)
        advice = await variants.advice(channels, aim, await asyncio.to_thread(variants.as_builds, solution.records))
        plan = await asyncio.to_thread(plan_of, prefix, solution, objects, settings, request, python)
        theirs = gpu_builds(python.actions if python is not None else [], target, wheels)
        advice = with_wheels(advice, theirs, target, _requirements(request), targets)
        plan = with_gpu(plan, target, advice, request.accept, [*channels.outdated, *begun.problems, *renames])
        plan = msgspec.structs.replace(plan, variables=changes({}, begun.variables))
        return StoredPlan(
            plan=plan,
            request=asked,
            records=objects,
            specs=solution.specs,
            pypi=python,
            channels=request.channels,
            variables=begun.variables,
            created=time.time(),
        )

    async def _solve(self, request: NewEnvironment, channels: Channels, aim: Aim, settings: Settings) -> Solution:
        from .engine import solve, variants

        async def answer(target: GpuTarget) -> Solution:
            return await solve.solve_new(
                channels,
                aim.specs,
                priority=settings.channel_priority,
                pinned=settings.pinned_packages,
                with_kernel=request.kernel is not None,
                virtual=await self.virtual_packages(target),
                kernel_packages=KERNEL_PACKAGES,
            )

        async def for_any() -> list[Any]:
            return (await answer(variants.ANY_GPU)).records

        try:
            return await answer(aim.target)
        except Unsatisfiable as error:
            raise await variants.explained(channels, aim, error, for_any) from error

    async def _relaxable(
        self,
        error: EnvManagerError,
        specs: Sequence[FileSpec],
        channels: Channels,
        aim: Aim,
        settings: Settings,
        pypi: PypiSettings,
    ) -> EnvManagerError:
        """The error with what could stand for the specs of a file that are to blame."""
        from .engine import relaxing, solve

        virtual = await self.virtual_packages(aim.target)

        async def answer(texts: list[str], preferred: Sequence[Any]) -> Sequence[Any]:
            return await solve.find_records(
                channels,
                await asyncio.to_thread(solve.parse_specs, [*texts, *settings.create_default_packages]),
                priority=settings.channel_priority,
                constraints=settings.pinned_packages,
                virtual=virtual,
                locked=preferred,
                explain=False,
            )

        strict = settings.channel_priority == "strict"
        return await relaxing.explained(error, specs, channels, answer, pypi, strict=strict) if specs else error

    async def _python(
        self, request: NewEnvironment, wheels: Wheels, solution: Solution, settings: Settings, pypi: PypiSettings
    ) -> PypiPlan | None:
        """What comes from PyPI, around what the conda packages bring; None for nothing.

        uv is driven by this server's Python, told the version that the environment will have: there is no other yet.
        Where only a build tells what a source needs, this Python runs it, apart from all that is installed; the
        environment's own Python builds it for good.
        """
        if not wheels.lines:
            return None
        version = next((str(r.version) for r in solution.records if r.name.normalized == "python"), None)
        if version is None:
            raise Invalid(
                "Packages from PyPI need Python, and this environment has none.",
                hint="Add “python” to the packages.",
                field="pypi",
            )
        brought = await asyncio.to_thread(Brought, solution.records, settings.pkgs_dirs)
        await brought.ask(await asyncio.to_thread(self.network, settings, request.channels))
        state = PypiState(python=sys.executable, python_version=version, conda=brought.dists)
        plan = await resolve(PypiRequest(install=wheels.lines, accept=request.accept, own=wheels.own), state, pypi)
        return None if plan.empty else plan

    async def virtual_packages(self, target: GpuTarget) -> list[Any]:
        """What this machine and a GPU offer to packages."""
        from .engine import solve

        when, found = self._virtual.get(target, (float("-inf"), []))
        if time.monotonic() - when > _VIRTUAL_SECONDS:
            found = await asyncio.to_thread(solve.virtual_packages, target)
            while len(self._virtual) >= _KEPT:
                self._virtual.pop(next(iter(self._virtual)))
            self._virtual[target] = (time.monotonic(), found)
        return found


def _lockedplans() -> ModuleType:
    # It stands on this module, and loads the engine.
    from . import lockedplans

    return lockedplans


def _specs(request: NewEnvironment) -> list[str]:
    """The specs of a request; what cannot be started from yet is refused, never ignored."""
    source = request.source
    if not isinstance(source, SpecsSource):
        raise Invalid("An environment cannot be made from another one yet.", hint="Give packages.", field="source")
    return [spec.strip() for spec in source.specs if spec.strip()]


def _requirements(request: NewEnvironment) -> list[str]:
    source = request.source
    return [line.strip() for line in source.pypi if line.strip()] if isinstance(source, SpecsSource) else []
