"""The use cases, for REST and the command line alike.

Checks policy, asks the engine, submits jobs. Knows nothing of HTTP; everything that may block runs in a thread.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from .. import __version__
from ..changes import ChangeService, environment_channels
from ..checks import CheckStore
from ..config import Settings, SettingsSource
from ..environments import EnvironmentReader, Places
from ..errors import Busy, Conflict, EnvManagerError, NotAllowed, NotFound
from ..jobs.queue import JobQueue
from ..jobs.store import ACTIVE, RemoveAction
from ..kernels import KernelRegistry
from ..models import (
    Environment,
    Environments,
    FolderListing,
    Job,
    Kernel,
    NewEnvironment,
    PackageHit,
    PackageHits,
    PackageInfo,
    Packages,
    Plan,
    Policy,
    RemovalPreview,
    Status,
)
from ..plans import PlanStore
from ..previews import Previewer
from ..pypi import info, lookup
from ..redaction import redact
from ..sharing import shared_places
from ..siteconfig import Site
from ..targets import Targets, locations
from .comparisons import ComparisonService
from .creator import Creator
from .exports import ExportService
from .files import FileService
from .gpu import GpuService
from .gputargets import RecentTargets
from .kernels import KernelService
from .notebooks import NotebookService
from .packs import PackService
from .sharing import SharingService
from .terminals import TerminalService

# A person does not see the difference; a listing of two hundred environments does.
TRUST_SECONDS = 3.0


class EnvManagerService:
    """Everything a user can do, with plain arguments and results of `models`.

    Parameters
    ----------
    site:
        The site's settings.
    source:
        conda's configuration.
    queue:
        Runs the jobs.
    """

    def __init__(self, site: Site, source: SettingsSource, queue: JobQueue) -> None:
        self.site = site
        self.source = source
        self.queue = queue
        self.targets = Targets(
            site.allowed_roots or [site.home, site.server_root], site.home, site.shared_locations, site.server_root
        )
        self.registry = KernelRegistry(
            site.kernels_dir,
            site.kernel_path,
            group_dir=site.group_kernels_dir,
            server_prefix=site.server_prefix,
            templates=site.kernel_templates,
            user_templates=site.user_kernel_templates,
        )
        self.reader = EnvironmentReader(site.state_dir / "sizes.json", trust=TRUST_SECONDS)
        self.checks = CheckStore(site.state_dir / "checks.json")
        self.plans = PlanStore(site.state_dir / "plans")
        self.previewer = Previewer()
        self.gpus = GpuService(site, find=self.environment, packages=self.packages)
        self._gpu_targets = RecentTargets(self.gpus.report)
        self.changes = ChangeService(
            site,
            source,
            queue,
            find=self.environment,
            reader=self.reader,
            previewer=self.previewer,
            plans=self.plans,
            targets=self._gpu_targets.all,
        )
        self.kernels = KernelService(
            site, self.registry, self.checks, listing=self.listing, find=self.environment, packages=self.packages
        )
        self.notebooks = NotebookService(
            site.server_root,
            kernels=self.kernels,
            find=self.environment,
            packages=self.packages,
            conda=self._on_channels,
            pypi=self._on_index,
            settings=self._settings,
        )
        self.exports = ExportService(
            site.server_prefix,
            find=self.environment,
            packages=self.packages,
            gpu=self.gpus.environment,
            settings=self._settings,
            pypi=self.changes.pypi_settings,
        )
        self.terminals = TerminalService(site.state_dir / "terminals", find=self.environment)
        self.creator = Creator(
            site,
            source,
            queue,
            find=self.environment,
            targets=self.targets,
            gpu_targets=self._gpu_targets,
            previewer=self.previewer,
            plans=self.plans,
            registry=self.registry,
            pypi=self.changes.pypi_settings,
        )
        self.files = FileService(site, settings=self._settings, pypi=self.changes.pypi_settings)
        self.comparisons = ComparisonService(
            find=self.environment,
            packages=self.packages,
            read=self.files.read,
            roots=site.allowed_roots or [site.home],
        )
        self.sharing = SharingService(site, find=self.environment)
        self.packs = PackService(site, queue, find=self.environment, targets=self.targets)
        self._measuring: asyncio.Task[None] | None = None
        self._unmeasured: dict[str, str] = {}
        self._prefixes: dict[str, Path] = {}
        self._warming: asyncio.Task[None] | None = None
        #: Called when the size of an environment has become known.
        self.measured: Callable[[str], None] = lambda environment: None

    def _settings(self) -> Settings:
        return self.source.current()

    # Looking

    async def status(self) -> Status:
        """What the panel needs before anything else."""
        settings = await asyncio.to_thread(self._settings)
        # Who opens the panel is likely to search or preview: let the engine be there by then.
        self._warming = asyncio.get_running_loop().create_task(self._warm(settings))
        shared, faults = await asyncio.to_thread(shared_places, self.site.shared_locations)
        places = await asyncio.to_thread(locations, settings, self.site.home, shared)
        engine, platform = await asyncio.to_thread(self.previewer.engine)
        return Status(
            version=__version__,
            engine=engine,
            platform=platform,
            channels=[redact(channel) for channel in settings.channels],
            locations=places,
            server_prefix=str(self.site.server_prefix),
            server_root=str(self.site.server_root),
            policy=self._policy(settings),
            settings=settings.public_settings(),
            problems=[*settings.problems, *faults],
            offline=settings.offline,
        )

    async def _warm(self, settings: Settings) -> None:
        # What is wrong with the channels is said to whoever asks for them.
        with suppress(EnvManagerError):
            await self.previewer.channels(settings, None)

    def _policy(self, settings: Settings) -> Policy:
        return Policy(
            allowed_roots=[str(root) for root in self.targets.roots],
            allowlist_channels=list(settings.allowlist_channels),
            denylist_channels=list(settings.denylist_channels),
            keep_generations=self.site.keep_generations,
            run_link_scripts=self.site.run_link_scripts,
            file_urls=list(self.site.file_urls),
        )

    async def environments(self) -> Environments:
        """All environments, with their kernels and the jobs that work on them."""
        listed = await asyncio.to_thread(self._environments)
        self._measure_unknown(listed.environments)
        return listed

    def listing(self) -> list[Environment]:
        """The environments on disk, without what works on them; blocks."""
        return self.reader.list(self._places(self._settings()))[0]

    def _environments(self) -> Environments:
        found, problems = self.reader.list(self._places(self._settings()))
        self._prefixes = {environment.id: Path(environment.prefix) for environment in found}
        active = {job.environment: job for job in self.queue.jobs() if job.state in ACTIVE}
        names: dict[str | None, list[str]] = {}
        for kernel in self.registry.list(found, self.checks.all()):
            if not kernel.orphan:
                names.setdefault(kernel.environment, []).append(kernel.name)
        known = {environment.id for environment in found}
        environments = [
            msgspec.structs.replace(
                environment,
                kernels=names.get(environment.id, []),
                job=active[environment.id].id if environment.id in active else None,
            )
            if environment.id in names or environment.id in active
            else environment
            for environment in self.gpus.with_checks(found)
        ]
        environments += [_building(job) for key, job in active.items() if key not in known and job.action == "create"]
        return Environments(environments=environments, problems=problems)

    def _places(self, settings: Settings) -> Places:
        return Places(
            envs_dirs=settings.envs_dirs,
            extra_roots=tuple(self.site.extra_roots),
            root_prefix=settings.root_prefix,
            server_prefix=self.site.server_prefix,
            environments_txt=self.site.environments_txt,
            shared=tuple(shared_places(self.site.shared_locations)[0]) if self.site.shared_locations else (),
        )

    def _measure_unknown(self, environments: Sequence[Environment]) -> None:
        """Sizes cost a walk over all files: one environment after the other, beside everything else."""
        self._measure_soon(
            {env.id: env.prefix for env in environments if env.size is None and env.state == "ready" and not env.job}
        )

    def _measure_soon(self, prefixes: Mapping[str, str]) -> None:
        self._unmeasured |= prefixes
        if self._unmeasured and (self._measuring is None or self._measuring.done()):
            self._measuring = asyncio.get_running_loop().create_task(self._measure())

    async def _measure(self) -> None:
        while self._unmeasured:
            environment, prefix = self._unmeasured.popitem()
            size, _ = await asyncio.to_thread(self.reader.measure, Path(prefix))
            await asyncio.to_thread(self.reader.remember_size, Path(prefix), size)
            self.measured(environment)

    async def environment(self, environment: str) -> Environment:
        """One environment; raises NotFound for an id that is not listed."""
        for found in (await self.environments()).environments:
            if found.id == environment:
                return found
        raise NotFound("There is no such environment.", hint="It may have been removed: refresh the list.")

    async def find(self, text: str) -> Environment:
        """The environment with this id, name or prefix (the command line's way to name one).

        Raises
        ------
        NotFound
            There is none.
        Conflict
            Several have the name; the hint lists their folders.
        """
        listed = (await self.environments()).environments
        real = os.path.realpath(Path(text).expanduser())
        exact = [env for env in listed if env.id == text or (os.sep in text and os.path.realpath(env.prefix) == real)]
        found = exact or [env for env in listed if env.name == text]
        if not found:
            raise NotFound(f"There is no environment “{text}”.", hint="See “jupyter envmanager list”.")
        if len(found) > 1:
            places = ", ".join(env.prefix for env in found)
            raise Conflict(f"Several environments are called “{text}”.", hint=f"Give the folder: {places}.")
        return found[0]

    async def packages(self, environment: str) -> Packages:
        """The installed packages of one environment."""
        found = await self.environment(environment)
        return await asyncio.to_thread(self.reader.packages, Path(found.prefix))

    async def search(
        self, query: str, limit: int, *, environment: str | None = None, pypi: bool = False
    ) -> PackageHits:
        """Packages of the channels whose name contains ``query``, best first.

        Parameters
        ----------
        environment:
            The environment whose channels are searched; the configured ones for None.
        pypi:
            Look the name up in the Python package index, too: it can be asked for whole names only.
        """
        settings, names = await self._channels_of(environment)
        channels = await self.previewer.channels(settings, names)
        if not pypi:
            return await channels.search(query, limit)
        found, hit = await asyncio.gather(channels.search(query, limit), self._lookup(query, settings))
        return found if hit is None else msgspec.structs.replace(found, packages=[*found.packages, hit])

    async def _on_channels(self, names: Collection[str], environment: str | None) -> frozenset[str]:
        settings, channels = await self._channels_of(environment)
        return await (await self.previewer.channels(settings, channels)).having(names)

    async def _on_index(self, name: str, environment: str | None) -> bool:
        settings, _ = await self._channels_of(environment)
        return await lookup(name, self.changes.pypi_settings(settings)) is not None

    async def _lookup(self, query: str, settings: Settings) -> PackageHit | None:
        # The channels' answer counts without the index, which a cluster's node may not reach at all.
        with suppress(EnvManagerError):
            return await lookup(query, self.changes.pypi_settings(settings))
        return None

    async def _channels_of(self, environment: str | None) -> tuple[Settings, list[str] | None]:
        # A keystroke is no occasion to list all environments: what a listing has found is remembered.
        settings = await asyncio.to_thread(self._settings)
        if environment is None:
            return settings, None
        prefix = self._prefixes.get(environment) or Path((await self.environment(environment)).prefix)
        return settings, await asyncio.to_thread(environment_channels, prefix)

    async def package(self, name: str, *, environment: str | None = None, manager: str = "conda") -> PackageInfo:
        """Versions and builds of one package, of conda's channels or of the Python package index."""
        settings, names = await self._channels_of(environment)
        if manager == "pypi":
            return await info(name, self.changes.pypi_settings(settings))
        return await (await self.previewer.channels(settings, names)).info(name)

    async def refresh_channels(self) -> None:
        """Forget what was read of the channels, and of the GPUs that environments can be made for."""
        self.previewer.refresh()
        self._gpu_targets.refresh()

    async def folders(self, path: str | None) -> FolderListing:
        """Sub-folders, for the folder picker."""
        settings = await asyncio.to_thread(self._settings)
        return await asyncio.to_thread(self.targets.listing, path, settings)

    # Creating

    async def preview(self, request: NewEnvironment) -> Plan:
        """As `Creator.preview`."""
        return await self.creator.preview(request)

    async def create(self, request: NewEnvironment) -> Job:
        """As `Creator.create`."""
        return await self.creator.create(request)

    # Removing

    async def removal(self, environment: str) -> RemovalPreview:
        """What removing an environment takes away.

        Raises
        ------
        NotAllowed
            It is protected, or the folder that holds it cannot be written.
        """
        found = await self.environment(environment)
        _check_removable(found)
        prefix = Path(found.prefix)
        await self.queue.prepare()
        size, files = await asyncio.to_thread(self.reader.measure, prefix)
        kernels = [kernel for kernel in (await self.kernels.list()).kernels if _goes_with(kernel, found)]
        return RemovalPreview(environment=found.id, prefix=found.prefix, kernels=kernels, size=size, files=files)

    async def remove(self, environment: str) -> Job:
        """Submit the job that removes an environment and its kernels.

        Raises
        ------
        NotAllowed, Busy
        """
        found = await self.environment(environment)
        if found.job is not None:
            raise Busy(
                f"A job works on {found.name}.",
                hint="Wait for it, or cancel it under “Activity”.",
                job=found.job,
            )
        _check_removable(found)
        kernels = [kernel.name for kernel in (await self.kernels.list()).kernels if _goes_with(kernel, found)]
        action = RemoveAction(
            prefix=found.prefix,
            environment=found.id,
            kernels=kernels,
            kernels_dir=str(self.site.kernels_dir),
            shared_kernels_dir=str(self.site.group_kernels_dir) if self.site.group_kernels_dir else None,
            environments_txt=str(self.site.environments_txt),
        )
        return await self.queue.submit(action, kind="remove", title=f"Remove {found.name}")

    # Ending

    async def stop(self) -> None:
        """Stop watching; the workers go on."""
        for task in (self._measuring, self._warming):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self.kernels.stop()
        await self.gpus.stop()
        await self.queue.stop()

    def job_changed(self, job: Job) -> None:
        """Keep what a job found out about its kernel, and check the GPU where it is of use."""
        self.gpus.job_changed(job)
        if job.kernel is not None and job.check is not None:
            self.checks.put(job.kernel, job.check)
        elif job.kernel is not None and not job.aftercare:
            self.checks.give_up(job.kernel)
        if job.action in ("create", "change") and job.state == "succeeded" and not job.aftercare:
            # Bytecode has come since it was measured.
            self._measure_soon({job.environment: job.prefix})


def _building(job: Job) -> Environment:
    prefix = Path(job.prefix)
    return Environment(
        id=job.environment,
        name=prefix.name,
        prefix=job.prefix,
        kind="named",
        location=str(prefix.parent),
        state="building",
        job=job.id,
        modified=job.created,
    )


def _check_removable(environment: Environment) -> None:
    if environment.protected:
        raise NotAllowed(
            f"{environment.name} cannot be removed: {environment.protected_reason}", hint="Choose another environment."
        )
    if environment.kind == "venv":
        raise NotAllowed(
            f"{environment.name} is a virtual environment of another tool.",
            hint=f"Remove the folder {environment.prefix} yourself.",
        )
    parent = Path(environment.prefix).parent
    if not os.access(parent, os.W_OK | os.X_OK):
        raise NotAllowed(
            f"You may not write in {parent}, which holds {environment.name}.", hint="Ask the owner of that folder."
        )


def _goes_with(kernel: Kernel, environment: Environment) -> bool:
    """Whether a kernelspec is of no use, and ours to remove, once its environment is gone."""
    return kernel.environment == environment.id and kernel.writable
