"""The service for one command: opened, used, closed."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from ..config import SettingsSource
from ..jobs.queue import JobQueue
from ..jobs.store import JobStore
from ..models import Job
from ..service import EnvManagerService
from ..siteconfig import site_from


@asynccontextmanager
async def opened(
    *, server_prefix: Path | None = None, extra_roots: list[str] | None = None
) -> AsyncIterator[EnvManagerService]:
    """The service, as this user has it.

    Parameters
    ----------
    server_prefix:
        The environment that nothing may change, since it runs us; the one of this process by default.
    extra_roots:
        More environments, or folders of them.
    """
    home = Path.home()
    site = site_from(home=home, server_root=Path.cwd(), extra_roots=extra_roots)
    site = replace(site, server_prefix=server_prefix or site.server_prefix)
    source = SettingsSource(env=dict(os.environ), home=home, server_prefix=Path(sys.prefix))
    service: EnvManagerService

    def changed(job: Job) -> None:
        service.job_changed(job)

    queue = JobQueue(JobStore(site.state_dir / "jobs"), parallel=site.parallel_jobs, changed=changed)
    service = EnvManagerService(site, source, queue)
    await queue.start()
    try:
        yield service
    finally:
        await service.stop()
