"""The service for one command: opened, used, closed."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from jupyter_core.application import JupyterApp
from traitlets.config import Configurable

from ..config import SettingsSource
from ..errors import Invalid
from ..jobs.queue import JobQueue
from ..jobs.store import JobStore
from ..models import Job
from ..service import EnvManagerService
from ..siteconfig import SiteTraits


class _Server(JupyterApp):
    """Finds the files that a server would read."""

    name = "jupyter-server"
    config_file_name = "jupyter_server_config"
    raise_config_file_errors = True


def configured() -> SiteTraits:
    """The settings that a server started here would have.

    Raises
    ------
    Invalid
        A configuration file cannot be read; a server would not start with it, either.
    """

    # Sections of a configuration are found by the names of classes.
    class EnvManagerApp(SiteTraits, Configurable):
        pass

    server = _Server()
    try:
        server.load_config_file(suppress_errors=False)
        return EnvManagerApp(config=server.config)
    except Exception as error:  # a configuration file is a program, and may raise anything
        raise Invalid(
            f"Jupyter's configuration cannot be read: {str(error).rstrip('.')}.",
            hint="Correct jupyter_server_config.py.",
        ) from error


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
    site = configured().site(home=home, server_root=Path.cwd())
    site = replace(
        site,
        server_prefix=server_prefix or site.server_prefix,
        extra_roots=[*site.extra_roots, *map(Path, extra_roots or [])],
    )
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
