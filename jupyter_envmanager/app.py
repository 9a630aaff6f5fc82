"""The server extension: traits -> settings, one service, routes, the event schema. The one composition root."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, ClassVar

from jupyter_core.utils import ensure_async
from jupyter_events import EventLogger
from jupyter_server.extension.application import ExtensionApp

from .changes import RunningSession
from .config import SettingsSource
from .errors import NotAllowed
from .handlers import ROUTES, SERVICE
from .jobs.queue import JobQueue
from .jobs.store import JobStore
from .kernels.provisioner import explain_failures
from .models import Job
from .service import EnvManagerService
from .siteconfig import SiteTraits

SCHEMA_ID = "https://events.jupyter.org/jupyter_envmanager/job/v1"
SCHEMA_FILE = Path(__file__).parent / "jobs" / "events.yaml"


class EnvManagerApp(SiteTraits, ExtensionApp):
    """The environment manager's server extension."""

    name = "jupyter_envmanager"
    extension_url = "/envmanager"
    load_other_extensions = True
    handlers: ClassVar[list[Any]] = ROUTES  # type: ignore[misc]

    def initialize_settings(self) -> None:
        """Build the service."""
        home = Path.home()
        assert self.serverapp is not None
        source = SettingsSource(env=dict(os.environ), home=home, server_prefix=Path(sys.prefix))
        root = Path(os.path.expanduser(self.serverapp.root_dir))  # noqa: PTH111
        site = self.site(home=home, server_root=root)
        self._events.register_event_schema(SCHEMA_FILE)
        queue = JobQueue(JobStore(site.state_dir / "jobs"), parallel=site.parallel_jobs, changed=self._job_changed)
        self.service = EnvManagerService(site, source, queue)
        self.service.sizes.measured = self._measured
        self.service.gpus.checked = self._measured
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
