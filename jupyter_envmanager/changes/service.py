"""The use cases of an environment that is there: change it, look at its history, go back, check its files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from ..config import SettingsSource
from ..environments import EnvironmentReader
from ..environments.health import check
from ..environments.state import state
from ..errors import Busy, Conflict, Invalid, NotAllowed, NotFound
from ..jobs.queue import JobQueue
from ..jobs.store import ChangeAction, RollbackAction
from ..models import (
    Change,
    Environment,
    GpuTarget,
    Health,
    History,
    Job,
    PackageUpdates,
    Plan,
)
from ..plans import PlanStore, StoredChange, check_stop
from ..previews import Previewer
from ..pypisettings import pypi_settings
from ..sharing import shared_place
from ..siteconfig import Site
from .history import forget, history, numbers
from .present import environment_channels
from .preview import ChangePreviewer
from .sessions import RunningSession, with_sessions
from .title import title_in
from .updates import updates


class Environments(Protocol):
    """Finds an environment by id; raises NotFound."""

    def __call__(self, environment: str) -> Awaitable[Environment]: ...


class Targets(Protocol):
    """What environments can be made for, with respect to GPUs."""

    def __call__(self) -> Awaitable[Sequence[GpuTarget]]: ...


class ChangeService:
    """Everything a user can do with one environment.

    Parameters
    ----------
    site:
        The site's settings.
    source:
        conda's configuration.
    queue:
        Runs the jobs.
    find:
        Finds environments.
    targets:
        Finds GPU targets.
    """

    def __init__(
        self,
        site: Site,
        source: SettingsSource,
        queue: JobQueue,
        *,
        find: Environments,
        reader: EnvironmentReader,
        previewer: Previewer,
        plans: PlanStore,
        targets: Targets,
    ) -> None:
        self._site = site
        self._source = source
        self._queue = queue
        self._find = find
        self._reader = reader
        self._previewer = previewer
        self._plans = plans
        self._targets = targets
        self._changes = ChangePreviewer(previewer, reader, find)
        #: The kernels that run now; set by whoever runs them.
        self.running: Callable[[], Awaitable[Sequence[RunningSession]]] = _nothing_runs

    async def preview(self, environment: str, change: Change) -> Plan:
        """Find out what a change comes to and keep the plan for an hour; changes nothing.

        Raises
        ------
        NotFound, NotAllowed, Busy, Invalid, Unsatisfiable, ChannelUnreachable, Overwrites
        """
        found = await self._changeable(environment)
        if change == Change(accept=change.accept, plan=change.plan):
            raise Invalid("Nothing is asked for.", hint="Choose packages to install, update or remove.")
        await self._queue.prepare()
        settings = await asyncio.to_thread(self._source.current)
        targets = await self._targets()
        pypi = pypi_settings(self._site, settings)
        stored = await self._changes.preview(found, change, settings, pypi, targets)
        stored = with_sessions(stored, [one for one in await self.running() if one.kernel in found.kernels])
        await asyncio.to_thread(self._plans.put, stored)
        return stored.plan

    async def change(self, environment: str, change: Change) -> Job:
        """Submit the job that applies a plan; without one, a preview is made first.

        Raises
        ------
        Conflict
            The environment has changed since the preview.
        CpuBuild
            It brings a CPU build where a GPU was wanted, and that was not accepted.
        """
        found = await self._changeable(environment)
        plan_id = change.plan or (await self.preview(environment, change)).id
        stored = await asyncio.to_thread(self._plans.get, plan_id, StoredChange)
        bare = msgspec.structs.replace(change, plan=None)
        if stored.plan.environment != found.id or bare not in (Change(), stored.request):
            raise Conflict("The request has changed since the preview.", hint="Preview again.", field="plan")
        if await asyncio.to_thread(state, Path(found.prefix)) != stored.plan.fingerprint:
            raise Conflict(
                f"{found.name} has changed since the preview.",
                hint="Preview again to see what is left to do.",
                field="plan",
            )
        check_stop(stored.plan)
        settings = await asyncio.to_thread(self._source.current)
        names = await asyncio.to_thread(environment_channels, Path(found.prefix))
        # A file, or another environment, may bring channels of its own.
        network = self._previewer.network(settings, names if stored.request.source is None else stored.channels)
        title = stored.plan.title
        action = ChangeAction(
            prefix=found.prefix,
            environment=found.id,
            plan=stored,
            command=f"jupyter envmanager: {title}",
            network=msgspec.json.encode(network),
            pypi=pypi_settings(self._site, settings),
            pkgs_dirs=[str(folder) for folder in settings.pkgs_dirs],
            kernels_dir=str(self._site.kernels_dir),
            environments_txt=str(self._site.environments_txt),
            run_link_scripts=self._site.run_link_scripts,
            keep=self._site.keep_generations,
            shared=await asyncio.to_thread(shared_place, Path(found.prefix), self._site.shared_locations),
        )
        return await self._queue.submit(action, kind="change", title=title_in(title, found.name))

    async def _changeable(self, environment: str) -> Environment:
        found = await self._find(environment)
        if found.job is not None:
            raise Busy(
                f"A job works on {found.name}.", hint="Wait for it, or cancel it under “Activity”.", job=found.job
            )
        if found.unchangeable:
            raise NotAllowed(found.unchangeable)
        return found

    # History

    async def history(self, environment: str) -> History:
        """The states of an environment that are kept, newest first."""
        found = await self._find(environment)
        # Who looks at the history is likely to go back.
        await self._queue.prepare()
        return await asyncio.to_thread(history, Path(found.prefix), found.id, self._site.keep_generations)

    async def rollback(self, environment: str, generation: int) -> Job:
        """Submit the job that makes another generation the current one.

        Raises
        ------
        NotFound
            It is not kept.
        """
        found = await self._changeable(environment)
        current, kept = await asyncio.to_thread(numbers, Path(found.prefix), found.id)
        if generation not in kept:
            raise NotFound(
                f"{found.name} has no generation {generation} to go to.",
                hint="Refresh the history.",
                field="generation",
            )
        action = RollbackAction(
            prefix=found.prefix,
            environment=found.id,
            generation=generation,
            kernels_dir=str(self._site.kernels_dir),
            environments_txt=str(self._site.environments_txt),
            shared=await asyncio.to_thread(shared_place, Path(found.prefix), self._site.shared_locations),
        )
        way = "back" if generation < current else "forward"
        title = f"Go {way} to generation {generation} of {found.name}"
        return await self._queue.submit(action, kind="rollback", title=title)

    async def forget_generation(self, environment: str, number: int) -> History:
        """Delete a kept generation to free its disk space; returns the history without it.

        Raises
        ------
        NotFound, Busy
        """
        found = await self._changeable(environment)
        await asyncio.to_thread(forget, Path(found.prefix), found.id, found.name, number)
        return await self.history(environment)

    # Looking

    async def health(self, environment: str, *, full: bool) -> Health:
        """Compare the files of an environment with what its packages brought; ``full`` reads every file."""
        found = await self._find(environment)
        return await asyncio.to_thread(check, Path(found.prefix), full=full)

    async def updates(self, environment: str) -> PackageUpdates:
        """Newer versions of what is installed; what does not answer becomes a problem, not an error."""
        found = await self._find(environment)
        settings = await asyncio.to_thread(self._source.current)
        packages = await asyncio.to_thread(self._reader.packages, Path(found.prefix))
        pypi = pypi_settings(self._site, settings)
        return await updates(Path(found.prefix), packages.packages, settings, self._previewer, pypi)


async def _nothing_runs() -> Sequence[Any]:
    return ()
