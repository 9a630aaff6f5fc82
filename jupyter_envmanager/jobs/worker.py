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

from .. import sharing
from ..engine import generations
from ..engine.workplace import Workplace
from ..errors import EnvManagerError, Internal, NotFound
from ..models import Job, JobEvent, KernelCheck, Phase
from ..redaction import redact
from .actions import create, remove
from .aftercare import check, compile_bytecode
from .changing import change, rollback
from .lock import Lock, LockHolder, prefix_lock
from .packing import held_still, pack
from .process import this_process
from .recovery import Registered
from .standby import WAIT, wait_for_job
from .store import Action, ChangeAction, CreateAction, JobFolder, PackAction, RemoveAction, RollbackAction

_LOOK_FOR_CANCEL_SECONDS = 0.5
Writing = CreateAction | ChangeAction | RollbackAction | RemoveAction


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
    if not folder.claim(this_process()) or folder.cancel_file.exists():
        return 0
    _obey_cancel(folder)
    action = folder.read_action()
    shared = getattr(action, "shared", None)
    if shared is not None:
        os.umask(sharing.umask(shared, building=isinstance(action, (CreateAction, ChangeAction))))
    log = Log(folder)
    try:
        surplus = _run(folder, log, action)
    except Exception as error:
        problem = _problem(error)
        logging.error("job %s failed\n%s", folder.id, redact(traceback.format_exc()))
        log.update(state="failed", error=problem, finished=time.time())
        return 0
    finally:
        # Not before the last word: whoever finds this process dead needs it.
        folder.forget_action()
    if isinstance(action, (CreateAction, ChangeAction)):
        _aftercare(action, log, surplus)
    return 0


def _run(folder: JobFolder, log: Log, action: Action) -> list[Path]:
    """Do the job; returns folders to delete at leisure."""
    place = Workplace(Path(action.prefix), action.environment)

    def waiting(holder: LockHolder) -> None:
        log.update(state="waiting", waiting_for=holder.words())

    if isinstance(action, PackAction):
        with held_still(place, folder.id, waiting):
            log.update(state="running", started=time.time(), waiting_for=None, file=action.archive)
            pack(action, folder, log)
        log.update(state="succeeded", progress=1.0, finished=time.time())
        return []
    place.open()
    try:
        with prefix_lock(place.lock_file, folder.id, getpass.getuser(), waiting) as lock:
            log.update(state="running", started=time.time(), waiting_for=None)
            if place.read_journal() is None:
                # What jobs left that are over; a journal is brought to its end first.
                place.clear()
                place.open()
            done, surplus = _do(action, place, folder.id, lock, log)
    finally:
        place.close()
    log.update(state="succeeded", progress=1.0, finished=time.time(), **done)
    return surplus


def _do(action: Writing, place: Workplace, job: str, lock: Lock, log: Log) -> tuple[dict[str, Any], list[Path]]:
    """Do what is to be done under the lock; what the job then says of itself, and folders that may go at leisure."""
    if isinstance(action, CreateAction):
        registered = asyncio.run(create(action, place, job, lock, log))
        return {"kernel": registered.kernel, "check": _check(registered), "aftercare": True}, []
    if isinstance(action, RemoveAction):
        remove(action, place, job, lock, log)
        return {}, []
    if isinstance(action, RollbackAction):
        return {"generation": rollback(action, place, job, lock, log).generation}, []
    changed = asyncio.run(change(action, place, job, lock, log))
    return {"generation": changed.generation, "aftercare": True}, changed.surplus


def _check(registered: Registered) -> KernelCheck | None:
    if registered.problem is not None:
        return KernelCheck(state="failed", time=time.time(), problem=registered.problem)
    return KernelCheck(state="pending") if registered.kernel else None


def _aftercare(action: CreateAction | ChangeAction, log: Log, surplus: list[Path]) -> None:
    """Nobody waits for this, and it must not slow down the cell that the user runs now."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)
    try:
        if isinstance(action, CreateAction) and log.job.kernel is not None:
            check(action, log.job.kernel, log)
        compile_bytecode(action, log)
        generations.delete(surplus, Workplace(Path(action.prefix), action.environment))
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
