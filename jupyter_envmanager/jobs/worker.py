"""The process that does one job: ``python -m jupyter_envmanager.jobs.worker JOB_DIR``.

It alone writes the job's log; it outlives the server and may be killed at any instant: what it leaves behind is
brought to an end by `recovery`.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import logging
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import msgspec

from ..engine.workplace import Workplace
from ..errors import EnvManagerError, Internal, NotFound
from ..models import Job, JobEvent, KernelCheck, Phase
from ..redaction import redact
from .actions import create, remove
from .aftercare import check, compile_bytecode
from .lock import LockHolder, prefix_lock
from .process import this_process
from .recovery import Registered
from .standby import WAIT, wait_for_job
from .store import CreateAction, JobFolder

_LOOK_FOR_CANCEL_SECONDS = 0.5


class Log:
    """The job's log and status, as the worker writes them. Safe from any thread."""

    def __init__(self, folder: JobFolder) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seq = len(folder.events())
        self.job: Job = folder.read_job()

    def update(self, **changes: Any) -> None:
        """Change fields of the job."""
        with self._lock:
            self._write(**changes)

    def __call__(
        self,
        phase: Phase,
        message: str,
        progress: float,
        bytes_done: int | None = None,
        bytes_total: int | None = None,
        *,
        passing: bool = False,
    ) -> None:
        """Show progress as the job's status, and append it to the log if it is not a passing number."""
        message = redact(message)
        with self._lock:
            # Threads report out of order; a bar never goes back.
            progress = max(progress, self.job.progress)
            if not passing:
                self._append(
                    JobEvent(
                        job=self.job.id,
                        seq=self._seq,
                        time=time.time(),
                        phase=phase,
                        message=message,
                        progress=progress,
                        bytes=bytes_done,
                        bytes_total=bytes_total,
                    )
                )
            self._write(phase=phase, message=message, progress=progress, bytes_done=bytes_done, bytes_total=bytes_total)

    def _append(self, event: JobEvent) -> None:
        with self._folder.events_file.open("ab") as file:
            file.write(msgspec.json.encode(event) + b"\n")
        self._seq += 1

    def _write(self, **changes: Any) -> None:
        self.job = self._folder.write_job(msgspec.structs.replace(self.job, **changes))


def main(arguments: list[str]) -> int:
    """Do the job in the folder named by the one argument, or wait for one to be named on standard input.

    The exit status says nothing, the job's status all.
    """
    path = wait_for_job() if arguments[0] == WAIT else Path(arguments[0])
    if path is None:
        return 0
    folder = JobFolder(path)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    folder.write_process("worker", this_process())
    if folder.cancel_file.exists():
        return 0
    _obey_cancel(folder)
    action = folder.read_action()
    if isinstance(action, CreateAction) and action.umask is not None:
        os.umask(action.umask)
    log = Log(folder)
    try:
        _run(folder, log, action)
    except Exception as error:
        problem = _problem(error)
        logging.error("job %s failed\n%s", folder.id, redact(traceback.format_exc()))
        log.update(state="failed", error=problem, finished=time.time())
        return 0
    if isinstance(action, CreateAction):
        _aftercare(action, log)
    return 0


def _run(folder: JobFolder, log: Log, action: Any) -> None:
    place = Workplace(Path(action.prefix), action.environment)
    place.open()

    def waiting(holder: LockHolder) -> None:
        where = "" if holder.process.here() else f" on {holder.process.host}"
        log.update(state="waiting", waiting_for=f"job {holder.job} of {holder.user}{where}")

    try:
        with prefix_lock(place.lock_file, folder.id, getpass.getuser(), waiting):
            log.update(state="running", started=time.time(), waiting_for=None)
            registered = Registered()
            if isinstance(action, CreateAction):
                registered = asyncio.run(create(action, place, folder.id, log))
            else:
                remove(action, place, folder.id, log)
    finally:
        place.close()
        folder.forget_action()
    done: dict[str, Any] = {"state": "succeeded", "progress": 1.0, "finished": time.time()}
    if isinstance(action, CreateAction):
        done |= {"kernel": registered.kernel, "check": _check(registered), "aftercare": True}
    log.update(**done)


def _check(registered: Registered) -> KernelCheck | None:
    if registered.problem is not None:
        return KernelCheck(state="failed", time=time.time(), problem=registered.problem)
    return KernelCheck(state="pending") if registered.kernel else None


def _aftercare(action: CreateAction, log: Log) -> None:
    """Nobody waits for this, and it must not slow down the cell that the user runs now."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)
    try:
        if log.job.kernel is not None:
            check(action, log.job.kernel, log)
        compile_bytecode(action, log)
    except Exception:
        logging.error("aftercare of job %s\n%s", log.job.id, redact(traceback.format_exc()))
    finally:
        log.update(aftercare=False)


def _obey_cancel(folder: JobFolder) -> None:
    """End this process when someone, perhaps on another host, has put a ``cancel`` file into the job's folder."""

    def look() -> None:
        while not folder.cancel_file.exists():
            time.sleep(_LOOK_FOR_CANCEL_SECONDS)
        with contextlib.suppress(NotFound):
            if folder.read_job().state in ("running", "waiting", "queued"):
                os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, daemon=True).start()


def _problem(error: Exception) -> Any:
    if isinstance(error, EnvManagerError):
        return error.problem()
    return Internal(
        f"The job stopped: {redact(str(error)) or type(error).__name__}.",
        hint="Nothing was changed. If it happens again, report it with the job's log.",
        kind=type(error).__name__,
    ).problem()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
