"""The server extension: traits -> settings, one service, routes, the event schema. The one composition root."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, ClassVar

from jupyter_core.utils import ensure_async
from jupyter_events import EventLogger
from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Int, List, Unicode

from .changes import RunningSession
from .config import SettingsSource
from .errors import NotAllowed
from .handlers import ROUTES, SERVICE
from .jobs.queue import JobQueue
from .jobs.store import JobStore
from .kernels.provisioner import explain_failures
from .models import Job
from .service import EnvManagerService
from .siteconfig import site_from

SCHEMA_ID = "https://events.jupyter.org/jupyter_envmanager/job/v1"
SCHEMA_FILE = Path(__file__).parent / "jobs" / "events.yaml"


class EnvManagerApp(ExtensionApp):
    """The environment manager's server extension."""

    name = "jupyter_envmanager"
    extension_url = "/envmanager"
    load_other_extensions = True
    handlers: ClassVar[list[Any]] = ROUTES  # type: ignore[misc]

    allowed_roots = List(
        Unicode(),
        config=True,
        help="Folders below which path environments may be made. Default: the home folder and the server's root.",
    )
    extra_roots = List(
        Unicode(), config=True, help="More folders to look for environments in: each is one, or holds some."
    )
    parallel_jobs = Int(2, min=1, config=True, help="How many jobs run at once; the others wait.")
    run_link_scripts = Bool(
        False, config=True, help="Run the link scripts of packages. They are code of the packages' authors."
    )
    keep_generations = Int(3, min=0, config=True, help="How many former states of an environment are kept.")
    pypi_index = Unicode(
        config=True,
        help="URL of the Python package index (a simple index). Default: uv's, which is UV_DEFAULT_INDEX or PyPI.",
    )
    pypi_extra_indexes = List(
        Unicode(), config=True, help="URLs of more Python package indexes; what they have goes before the first."
    )
    state_dir = Unicode(
        config=True, help="Folder for jobs, previews and results. Default: “envmanager” in Jupyter's data folder."
    )
    kernels_dir = Unicode(
        config=True, help="Folder that new kernelspecs go to. Default: “kernels” in Jupyter's data folder."
    )
    group_kernels_dir = Unicode(
        config=True,
        help="Folder of kernelspecs that a group shares, on Jupyter's path. Default: the first one on JUPYTER_PATH.",
    )
    kernel_templates = List(
        Unicode(), config=True, help="Folders that kernels can be made from: each is a template, or holds some."
    )

    def initialize_settings(self) -> None:
        """Build the service."""
        home = Path.home()
        assert self.serverapp is not None
        source = SettingsSource(env=dict(os.environ), home=home, server_prefix=Path(sys.prefix))
        site = site_from(
            home=home,
            server_root=Path(os.path.expanduser(self.serverapp.root_dir)),  # noqa: PTH111
            state_dir=self.state_dir,
            kernels_dir=self.kernels_dir,
            group_kernels_dir=self.group_kernels_dir,
            kernel_templates=self.kernel_templates,
            allowed_roots=self.allowed_roots,
            extra_roots=self.extra_roots,
            run_link_scripts=self.run_link_scripts,
            keep_generations=self.keep_generations,
            parallel_jobs=self.parallel_jobs,
            pypi_index=self.pypi_index,
            pypi_extra_indexes=self.pypi_extra_indexes,
        )
        self._events.register_event_schema(SCHEMA_FILE)
        queue = JobQueue(JobStore(site.state_dir / "jobs"), parallel=site.parallel_jobs, changed=self._job_changed)
        self.service = EnvManagerService(site, source, queue)
        self.service.measured = self._measured
        self.service.changes.running = self._running
        self.service.terminals.start = self._start_terminal
        self.settings[SERVICE] = self.service
        # A kernel that cannot start says why in the notebook.
        explain_failures(self.serverapp)

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Adopt the jobs of earlier servers once the event loop runs."""
        await self.service.queue.start()

    async def stop_extension(self) -> None:
        """Stop watching; running jobs go on and are found again by the next server."""
        await self.service.stop()

    async def _running(self) -> list[RunningSession]:
        assert self.serverapp is not None
        sessions = await ensure_async(self.serverapp.session_manager.list_sessions())
        return [
            RunningSession(kernel=str((session.get("kernel") or {}).get("name", "")), path=str(session.get("path", "")))
            for session in sessions
        ]

    async def _start_terminal(self, command: list[str]) -> str:
        assert self.serverapp is not None
        settings = self.serverapp.web_app.settings
        if not settings.get("terminals_available"):
            raise NotAllowed(
                "Terminals are switched off on this server.",
                hint="Copy the activation line and use it in a terminal of your own.",
            )
        terminal = await ensure_async(settings["terminal_manager"].create(shell_command=command))
        return str(terminal["name"])

    @property
    def _events(self) -> EventLogger:
        assert self.serverapp is not None
        logger = self.serverapp.event_logger
        assert isinstance(logger, EventLogger)
        return logger

    def _job_changed(self, job: Job) -> None:
        self.service.job_changed(job)
        data: dict[str, Any] = {
            "job": job.id,
            "environment": job.environment,
            "action": job.action,
            "state": job.state,
            "message": job.message,
            "progress": job.progress,
            "aftercare": job.aftercare,
        }
        optional = {"phase": job.phase, "bytes_done": job.bytes_done, "bytes_total": job.bytes_total}
        data |= {key: value for key, value in optional.items() if value is not None}
        self._events.emit(schema_id=SCHEMA_ID, data=data)

    def _measured(self, environment: str) -> None:
        data = {"job": "", "environment": environment, "state": "succeeded"}
        self._events.emit(schema_id=SCHEMA_ID, data=data)
