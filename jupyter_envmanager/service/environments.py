"""The use cases, for REST and the command line alike.

Checks policy, asks the engine, submits jobs. Knows nothing of HTTP; everything that may block runs in a thread.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec

from ..changes import ChangeService
from ..checks import CheckStore
from ..config import Settings, SettingsSource
from ..environments import EnvironmentReader
from ..environments.shownvariables import listed
from ..environments.variables import read_variables
from ..errors import EnvManagerError, NotFound
from ..jobs.queue import JobQueue
from ..kernels import KernelRegistry
from ..models import Environment, Environments, FolderListing, Job, NewEnvironment, Packages, Plan, Status
from ..plans import PlanStore
from ..previews import Previewer
from ..pypisettings import pypi_settings
from ..siteconfig import Site
from ..targets import Targets
from .catalogue import Catalogue
from .comparisons import ComparisonService
from .creator import Creator
from .exports import ExportService
from .files import FileService
from .gpu import GpuService
from .gputargets import RecentTargets
from .kernels import KernelService
from .listing import Listing, named
from .notebooks import NotebookService
from .packs import PackService
from .removal import RemovalService
from .sharing import SharingService
from .sizes import Sizes
from .status import status_of
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
        pypi = partial(pypi_settings, site)
        self.gpus = GpuService(site, find=self.environment, packages=self.packages)
        self._gpu_targets = RecentTargets(self.gpus.report)
        self._listing = Listing(
            site,
            self.reader,
            queue,
            self.registry,
            self.checks,
            settings=self._settings,
            with_checks=self.gpus.with_checks,
        )
        self.sizes = Sizes(self.reader)
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
        self.catalogue = Catalogue(self.previewer, settings=self._settings, prefix=self._prefix, pypi=pypi)
        self.kernels = KernelService(
            site,
            self.registry,
            self.checks,
            listing=self._listing.on_disk,
            find=self.environment,
            packages=self.packages,
        )
        self.removals = RemovalService(site, queue, self.reader, find=self.environment, kernels=self.kernels.list)
        self.notebooks = NotebookService(
            site.server_root,
            kernels=self.kernels,
            find=self.environment,
            packages=self.packages,
            conda=self.catalogue.on_channels,
            pypi=self.catalogue.on_index,
            settings=self._settings,
        )
        self.exports = ExportService(
            site.server_prefix,
            find=self.environment,
            packages=self.packages,
            gpu=self.gpus.environment,
            settings=self._settings,
            pypi=pypi,
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
            pypi=pypi,
        )
        self.files = FileService(site, settings=self._settings, pypi=pypi)
        self.comparisons = ComparisonService(
            find=self.environment,
            packages=self.packages,
            read=self.files.read,
            roots=site.allowed_roots or [site.home],
        )
        self.sharing = SharingService(site, find=self.environment)
        self.packs = PackService(site, queue, find=self.environment, targets=self.targets)
        self._warming: asyncio.Task[None] | None = None

    def _settings(self) -> Settings:
        return self.source.current()

    async def status(self) -> Status:
        """What the panel needs before anything else."""
        settings = await asyncio.to_thread(self._settings)
        # Who opens the panel is likely to search or preview: let the engine be there by then.
        self._warming = asyncio.get_running_loop().create_task(self._warm(settings))
        return await status_of(self.site, settings, self.targets, self.previewer)

    async def _warm(self, settings: Settings) -> None:
        # What is wrong with the channels is said to whoever asks for them.
        with suppress(EnvManagerError):
            await self.previewer.channels(settings, None)

    async def environments(self) -> Environments:
        """All environments, with their kernels and the jobs that work on them."""
        listed = await asyncio.to_thread(self._listing.all)
        self.sizes.measure_soon(
            {
                env.id: env.prefix
                for env in listed.environments
                if env.size is None and env.state == "ready" and not env.job
            }
        )
        return listed

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
        NotFound, Conflict
        """
        return named((await self.environments()).environments, text)

    async def _prefix(self, environment: str) -> Path:
        # A keystroke is no occasion to list all environments: what a listing has found is remembered.
        return self._listing.prefixes.get(environment) or Path((await self.environment(environment)).prefix)

    async def packages(self, environment: str) -> Packages:
        """The installed packages of one environment, and its variables."""
        found = await self.environment(environment)
        return await asyncio.to_thread(self._packages, Path(found.prefix))

    def _packages(self, prefix: Path) -> Packages:
        # conda writes its variables in place, which no memory of packages would notice.
        return msgspec.structs.replace(self.reader.packages(prefix), variables=listed(read_variables(prefix)))

    async def refresh_channels(self) -> None:
        """Forget what was read of the channels, and of the GPUs that environments can be made for."""
        self.previewer.refresh()
        self._gpu_targets.refresh()

    async def folders(self, path: str | None) -> FolderListing:
        """Sub-folders, for the folder picker."""
        settings = await asyncio.to_thread(self._settings)
        return await asyncio.to_thread(self.targets.listing, path, settings)

    async def preview(self, request: NewEnvironment) -> Plan:
        """As `Creator.preview`."""
        return await self.creator.preview(request)

    async def create(self, request: NewEnvironment) -> Job:
        """As `Creator.create`."""
        return await self.creator.create(request)

    async def stop(self) -> None:
        """Stop watching; the workers go on."""
        # First what tells of jobs: each of them may begin something of the rest.
        await self.queue.stop()
        await self.sizes.stop()
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
        self.kernels.stop()
        await self.gpus.stop()

    def job_changed(self, job: Job) -> None:
        """Keep what a job found out about its kernel, and check the GPU where it is of use."""
        self.gpus.job_changed(job)
        if job.kernel is not None and job.check is not None:
            self.checks.put(job.kernel, job.check)
        elif job.kernel is not None and not job.aftercare:
            self.checks.give_up(job.kernel)
        if job.action in ("create", "change") and job.state == "succeeded" and not job.aftercare:
            # Bytecode has come since it was measured.
            self.sizes.measure_soon({job.environment: job.prefix})
