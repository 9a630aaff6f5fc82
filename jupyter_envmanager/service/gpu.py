"""The use cases of GPUs: what is here, what environments are for, whether it works in them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from ..changes.gputarget import environment_target, stored_target
from ..errors import Busy, EnvManagerError
from ..gpu import probe
from ..gpu.check import can_be_asked
from ..gpu.figures import shortened
from ..gpu.installed import installed_builds
from ..gpu.target import CPU_ONLY, find_target, machine_target, site_targets
from ..models import (
    Environment,
    EnvironmentGpu,
    EnvironmentTemplates,
    GpuCheck,
    GpuReport,
    GpuTarget,
    Job,
    Packages,
)
from ..siteconfig import Site
from ..templates import read_templates
from .gpuchecks import GpuChecks, with_check


class GpuService:
    """Everything about GPUs.

    Parameters
    ----------
    site:
        The site's settings.
    find:
        An environment by id; raises NotFound.
    packages:
        The installed packages of one, by id.
    """

    def __init__(
        self,
        site: Site,
        *,
        find: Callable[[str], Awaitable[Environment]],
        packages: Callable[[str], Awaitable[Packages]],
    ) -> None:
        self._site = site
        self._find = find
        self._packages = packages
        #: Called with the id of an environment when something about its check has changed.
        self.checked: Callable[[str], None] = lambda environment: None
        self._checks = GpuChecks(site.state_dir / "gpu-checks", lambda environment: self.checked(environment))
        self._following: set[asyncio.Task[None]] = set()

    async def report(self) -> GpuReport:
        """The GPUs of this machine, and the targets that environments can be made for."""
        return await asyncio.to_thread(self._report)

    def _report(self) -> GpuReport:
        report = probe()
        override = os.environ.get("CONDA_OVERRIDE_CUDA")
        machine, odd = machine_target(report, override)
        site, wrong = site_targets(self._site.gpu_targets)
        return msgspec.structs.replace(
            report,
            override=None if override is None else shortened(override),
            targets=[machine, *site, CPU_ONLY],
            problems=[*report.problems, *odd, *wrong],
        )

    async def target(self, name: str | None) -> GpuTarget:
        """The target that a request names; raises Invalid."""
        return find_target(name, (await self.report()).targets)

    async def templates(self, target: str | None) -> EnvironmentTemplates:
        """The templates for new environments, as they are for a target; raises Invalid."""
        chosen = await self.target(target)
        folders = [Path(folder) for folder in self._site.environment_templates]
        found, problems = await asyncio.to_thread(read_templates, folders, chosen)
        return EnvironmentTemplates(templates=found, problems=problems)

    async def environment(self, environment: str) -> EnvironmentGpu:
        """What an environment is for, what is installed there, and what its last check found; raises NotFound."""
        found = await self._find(environment)
        packages = (await self._packages(found.id)).packages
        targets = (await self.report()).targets
        stored = await asyncio.to_thread(stored_target, Path(found.prefix))
        target = await asyncio.to_thread(environment_target, stored, targets, packages)
        checks = await asyncio.to_thread(self._checks.all)
        return EnvironmentGpu(
            target=target,
            builds=await asyncio.to_thread(installed_builds, Path(found.prefix), packages, target),
            check=checks.get(found.id),
            outdated=found.gpu_outdated,
        )

    def with_checks(self, environments: list[Environment]) -> list[Environment]:
        """Environments with what their checks have found; blocks."""
        checks = self._checks.all()
        return [with_check(one, checks[one.id]) if one.id in checks else one for one in environments]

    async def check(self, environment: str) -> GpuCheck:
        """Begin to ask the frameworks of an environment for the GPU; the answer is ``running``.

        Raises
        ------
        NotFound, Busy
        """
        found = await self._find(environment)
        if found.job is not None:
            raise Busy(
                f"A job works on {found.name}.", hint="Check the GPU when it has ended: see “Activity”.", job=found.job
            )
        return self._checks.begin(found)

    async def wait(self, environment: str) -> GpuCheck | None:
        """What a check that runs will have found, or the last one has; None where there is neither."""
        return await self._checks.wait(environment)

    async def cancel(self, environment: str) -> None:
        """End a check that runs, the former result stays; raises NotFound where none does."""
        await self._checks.cancel(environment)

    async def stop(self) -> None:
        """End all checks."""
        for task in self._following:
            task.cancel()
        await self.followed()
        await self._checks.stop()

    def job_changed(self, job: Job) -> None:
        """Check the GPU in what a job has made or changed, on a machine that has one."""
        if job.state != "succeeded" or job.aftercare:
            return
        task = asyncio.get_running_loop().create_task(self._follow(job))
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    async def followed(self) -> None:
        """Wait until it is decided whether the environments of ended jobs are checked."""
        await asyncio.gather(*self._following, return_exceptions=True)

    async def _follow(self, job: Job) -> None:
        if job.action in ("create", "remove"):
            await asyncio.to_thread(self._checks.forget, job.environment, job.created)
        if job.action not in ("create", "change") or not (await asyncio.to_thread(probe)).devices:
            return
        known = (await asyncio.to_thread(self._checks.all)).get(job.environment)
        # A job says more than once that it has ended.
        if known is not None and known.time >= (job.finished or job.created):
            return
        with suppress(EnvManagerError):
            packages = (await self._packages(job.environment)).packages
            if can_be_asked(package.name for package in packages):
                await self.check(job.environment)
