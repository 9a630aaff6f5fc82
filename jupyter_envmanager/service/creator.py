"""New environments: of packages, of a file, of another environment, of an archive."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from .. import archives, copies
from ..config import Settings, SettingsSource
from ..environments import environment_id
from ..errors import Conflict, Invalid
from ..jobs.queue import JobQueue
from ..jobs.store import CreateAction
from ..kernels import KernelRegistry
from ..models import ArchiveSource, CloneSource, Environment, Job, NewEnvironment, Plan
from ..plans import PlanStore, StoredPlan, check_stop
from ..previews import Previewer
from ..pypi import PypiSettings
from ..sharing import SharedPlace, shared_place
from ..siteconfig import Site
from ..targets import Targets
from .gputargets import RecentTargets


class Creator:
    """Previews of new environments, and the jobs that make them.

    Parameters
    ----------
    find:
        An environment by id; raises NotFound.
    targets:
        Where environments may be made.
    pypi:
        How the Python package index is reached.
    """

    def __init__(
        self,
        site: Site,
        source: SettingsSource,
        queue: JobQueue,
        *,
        find: Callable[[str], Awaitable[Environment]],
        targets: Targets,
        gpu_targets: RecentTargets,
        previewer: Previewer,
        plans: PlanStore,
        registry: KernelRegistry,
        pypi: Callable[[Settings], PypiSettings],
    ) -> None:
        self._site = site
        self._source = source
        self._queue = queue
        self._find = find
        self._targets = targets
        self._gpu_targets = gpu_targets
        self._previewer = previewer
        self._plans = plans
        self._registry = registry
        self._pypi = pypi

    async def preview(self, request: NewEnvironment) -> Plan:
        """Find out what a request comes to and keep the plan for an hour; changes nothing.

        Raises
        ------
        Invalid, NotAllowed, NotFound, Conflict, Unsatisfiable, ChannelUnreachable
            With the field at fault.
        """
        settings = await asyncio.to_thread(self._source.current)
        prefix = await asyncio.to_thread(self._targets.resolve, request, settings)
        await self._queue.prepare()
        stored = await self._plan(request, prefix, settings)
        await asyncio.to_thread(self._plans.put, stored)
        return stored.plan

    async def _plan(self, request: NewEnvironment, prefix: Path, settings: Settings) -> StoredPlan:
        if isinstance(request.source, CloneSource):
            return await copies.preview(request, prefix, await self._find(request.source.environment))
        if isinstance(request.source, ArchiveSource):
            virtual = await self._previewer.virtual_packages(await self._gpu_targets.find(None))
            return await archives.preview(request, prefix, self._targets.file(request.source.path), virtual)
        target = await self._gpu_targets.find(request.gpu)
        targets = await self._gpu_targets.all()
        return await self._previewer.preview(request, prefix, settings, self._pypi(settings), target, targets)

    async def create(self, request: NewEnvironment) -> Job:
        """Submit the job that applies a plan; without one, a preview is made first.

        Raises
        ------
        Conflict
            The prefix is taken, the kernel's name is taken, or the request is not the one that was previewed.
        CpuBuild
            The plan brings a CPU build where a GPU was wanted, and that was not accepted.
        """
        plan_id = request.plan or (await self.preview(request)).id
        stored = await asyncio.to_thread(self._plans.get, plan_id, StoredPlan)
        settings = await asyncio.to_thread(self._source.current)
        prefix = await asyncio.to_thread(self._targets.resolve, request, settings)
        if str(prefix) != stored.plan.prefix or not _same_request(request, stored.request):
            raise Conflict("The request has changed since the preview.", hint="Preview again.", field="plan")
        check_stop(stored.plan)
        kernel, display_name = await asyncio.to_thread(self._kernel, request, prefix, stored.records)
        network = self._previewer.network(settings, stored.channels)
        shared = await asyncio.to_thread(shared_place, prefix, self._site.shared_locations)
        action = CreateAction(
            prefix=str(prefix),
            environment=environment_id(prefix),
            plan=stored,
            pypi=self._pypi(settings) if stored.pypi is not None else None,
            kernel=kernel,
            display_name=display_name,
            command=f"jupyter envmanager create {prefix} {' '.join(stored.specs)}",
            channels=list(network.channels),
            network=msgspec.json.encode(network),
            pkgs_dirs=[str(folder) for folder in settings.pkgs_dirs],
            kernels_dir=str(self._kernels_dir(shared)),
            environments_txt=str(self._site.environments_txt),
            run_link_scripts=self._site.run_link_scripts,
            shared=shared,
        )
        return await self._queue.submit(action, kind="create", title=await self._title(request, prefix.name))

    async def _title(self, request: NewEnvironment, name: str) -> str:
        if isinstance(request.source, CloneSource):
            return f"Clone {(await self._find(request.source.environment)).name} to {name}"
        if isinstance(request.source, ArchiveSource):
            return f"Create {name} from {Path(request.source.path).name}"
        return f"Create {name}"

    def _kernels_dir(self, shared: SharedPlace | None) -> Path:
        """A group's environment has its kernel where the group has its kernels, if we may write there."""
        group = self._site.group_kernels_dir
        return group if shared is not None and group and os.access(group, os.W_OK) else self._site.kernels_dir

    def _kernel(
        self, request: NewEnvironment, prefix: Path, records: Sequence[dict[str, object]]
    ) -> tuple[str | None, str | None]:
        if request.kernel is None or not self._previewer.has_kernel([str(record["name"]) for record in records]):
            return None, None
        wanted = request.kernel.name
        if wanted is None:
            return self._registry.propose_name(prefix.name), request.kernel.display_name or prefix.name
        try:
            self._registry.check_new_name(wanted)
        except (Conflict, Invalid) as error:
            raise type(error)(error.message, hint=error.hint, field="kernel") from error
        return wanted, request.kernel.display_name or prefix.name


def _same_request(request: NewEnvironment, previewed: NewEnvironment) -> bool:
    """Whether a request asks for what was previewed; the kernel's name does not change the plan, its absence does."""

    def core(one: NewEnvironment) -> NewEnvironment:
        return msgspec.structs.replace(one, plan=None, kernel=None, name=None, prefix=None, location=None)

    return core(request) == core(previewed) and (request.kernel is None) == (previewed.kernel is None)
