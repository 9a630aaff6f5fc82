"""Starts workers, watches them, cancels them, and finds those that died.

One queue a process (a server, or a command). Jobs are shared through the store: a queue lists everybody's, adopts those
whose owner is gone, and leaves the others alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ..errors import Conflict, Internal, NotFound
from ..models import Job, JobAction, JobEvent
from ..redaction import redact
from .claim import claimed
from .ending import TERMINATE_SECONDS, terminate
from .leftbehind import finish_or_discard, lost
from .process import ProcessId, this_process
from .recovery import tidy
from .standby import Standby
from .store import ACTIVE, Action, JobFolder, JobStore, file_version

# A tail costs two stat calls; it runs only while a job does.
_TAIL_SECONDS = 0.02
_AFTERCARE_SECONDS = 0.5
_logger = logging.getLogger(__name__)

Listener = Callable[[Job], None]
Result = TypeVar("Result")


class JobQueue:
    """The jobs as one process sees them.

    Parameters
    ----------
    store:
        Where they are kept.
    parallel:
        How many workers this queue runs at once.
    changed:
        Called in the event loop with each job that has changed.
    """

    def __init__(self, store: JobStore, *, parallel: int = 2, changed: Listener = lambda job: None) -> None:
        self.store = store
        self._changed = changed
        self._slots = asyncio.Semaphore(parallel)
        self._prefixes: dict[str, asyncio.Lock] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        #: Children of this process, kept until they have ended, so that they are reaped.
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self._standby = Standby()
        # What is at work on a prefix in a thread: no cancelled task may leave it behind.
        self._at_work: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Adopt what earlier servers left: watch workers that live, start what never began, end what died."""
        for folder in await asyncio.to_thread(self.store.folders):
            with contextlib.suppress(NotFound):
                job = folder.read_job()
                if (job.state in ACTIVE or job.aftercare) and self._orphaned(folder):
                    folder.write_process("owner", this_process())
                    self._watch(job)

    @staticmethod
    def _orphaned(folder: JobFolder) -> bool:
        owner = folder.read_process("owner")
        return owner is None or not owner.alive()

    async def prepare(self) -> None:
        """A job is likely to come soon."""
        await asyncio.to_thread(self._standby.prepare)

    async def stop(self) -> None:
        """Stop watching; the workers go on, and what this process does at a prefix itself has ended."""
        await asyncio.to_thread(self._standby.dismiss)
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await asyncio.gather(*self._at_work, return_exceptions=True)

    async def _in_thread(self, work: Callable[..., Result], *args: Any) -> Result:
        """Work on a prefix that goes on to its end when whoever waits for it is cancelled."""
        task = asyncio.get_running_loop().create_task(asyncio.to_thread(work, *args))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return await asyncio.shield(task)

    async def submit(self, action: Action, *, kind: JobAction, title: str) -> Job:
        """Store a job and start it as soon as a slot and its prefix are free.

        Raises
        ------
        Conflict
            Another unfinished job is creating the same prefix.
        """
        job = await asyncio.to_thread(self._claim_and_add, action, kind, title)
        self._watch(job)
        return job

    def _claim_and_add(self, action: Action, kind: JobAction, title: str) -> Job:
        claim = self.store.folder / f".claim-{action.environment}"
        self.store.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with claimed(claim):
            for other in self.store.jobs():
                if other.environment == action.environment and other.state in ACTIVE:
                    raise Conflict(
                        f"“{other.title}” is under way for {action.prefix}.",
                        hint="Wait for it, or cancel it under “Activity”.",
                        field="name",
                        job=other.id,
                    )
            return self.store.add(action, kind=kind, title=title, owner=this_process())

    def _watch(self, job: Job) -> None:
        self.workers = {key: worker for key, worker in self.workers.items() if worker.poll() is None}
        task = asyncio.get_running_loop().create_task(self._run(job.id))
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job.id, None))
        self._changed(job)

    async def _run(self, job_id: str) -> None:
        folder = self.store.get(job_id)
        try:
            await self._run_worker(folder)
        except Exception as error:
            # A task's exception would be seen by nobody: the job must say it.
            _logger.exception("job %s", job_id)
            problem = Internal(
                f"The job could not be run: {redact(str(error))}.",
                hint="Nothing was changed. The server's log has more.",
            )
            self._write(folder, state="failed", finished=time.time(), error=problem.problem())

    async def _run_worker(self, folder: JobFolder) -> None:
        job = folder.read_job()
        worker = folder.read_process("worker")
        if worker is not None:
            await self._follow(folder, worker.alive)
            return
        prefix = self._prefixes.setdefault(job.environment, asyncio.Lock())
        if prefix.locked():
            self._write(folder, state="waiting", waiting_for="another job on this environment")
        async with prefix, self._slots:
            if folder.cancel_file.exists():
                await self._end(folder, None)
                return
            process = await asyncio.to_thread(self._start_worker, folder)

            def alive() -> bool:
                # Ours ends at once when a server that died had started one, which goes on.
                return process.poll() is None or _lives(folder.read_process("worker"))

            await self._follow(folder, alive, lambda: process.returncode)

    def _start_worker(self, folder: JobFolder) -> subprocess.Popen[bytes]:
        # In the thread, so that a cancel that comes now does not lose the child.
        process = self.workers[folder.id] = self._standby.start(folder)
        return process

    async def _follow(
        self, folder: JobFolder, alive: Callable[[], bool], status: Callable[[], int | None] = lambda: None
    ) -> None:
        """Pass on what the worker writes until the job is over; its aftercare does not hold the slot."""
        seen = (0, 0)
        while True:
            running = alive()
            changed = file_version(folder.folder / "status.json")
            if changed != seen:
                seen = changed
                job = folder.read_job()
                self._changed(job)
                if job.state not in ACTIVE:
                    self._follow_aftercare(folder, alive)
                    return
            if not running:
                await self._end(folder, status())
                return
            await asyncio.sleep(_TAIL_SECONDS)

    def _follow_aftercare(self, folder: JobFolder, alive: Callable[[], bool]) -> None:
        async def follow() -> None:
            seen = file_version(folder.folder / "status.json")
            while alive():
                await asyncio.sleep(_AFTERCARE_SECONDS)
                if (changed := file_version(folder.folder / "status.json")) != seen:
                    seen = changed
                    self._changed(folder.read_job())
            job = folder.read_job()
            if job.aftercare:
                await self._in_thread(tidy, Path(job.prefix), job.environment)
                unfinished = job.check is not None and job.check.state in ("pending", "running")
                self._write(folder, aftercare=False, check=None if unfinished else job.check)

        task = asyncio.get_running_loop().create_task(follow())
        key = f"{folder.id}-aftercare"
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    async def _end(self, folder: JobFolder, status: int | None) -> None:
        """The worker is gone without a last word: bring its work to an end and say how it ended."""
        job = folder.read_job()
        if job.state not in ACTIVE:
            return
        outcome = await self._in_thread(finish_or_discard, folder, job)
        cancelled = folder.cancel_file.exists()
        folder.forget_action()
        if outcome == "finished":
            self._write(folder, state="succeeded", progress=1.0, finished=time.time(), aftercare=False)
        elif cancelled:
            self._write(folder, state="cancelled", finished=time.time(), message="Cancelled; nothing was changed.")
        else:
            self._write(folder, state="lost", finished=time.time(), error=lost(folder, status))

    def _write(self, folder: JobFolder, **changes: object) -> None:
        self._changed(folder.write_job(msgspec.structs.replace(folder.read_job(), **changes)))

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job that is not over; one that is over stays as it is.

        What is swapped already is finished, so a late cancel may end in *succeeded*.
        """
        folder = self.store.get(job_id)
        job = folder.read_job()
        if job.state not in ACTIVE:
            return job
        folder.cancel_file.touch()
        worker = folder.read_process("worker")
        if worker is not None and worker.here():
            await terminate(worker)
        if job_id in self._tasks and worker is None:
            # Still queued here: its task may wait for another job for a long time.
            self._tasks[job_id].cancel()
            await asyncio.gather(self._tasks[job_id], return_exceptions=True)
        await self._settle(folder, worker)
        return folder.read_job()

    async def _settle(self, folder: JobFolder, worker: ProcessId | None) -> None:
        """Wait until whoever watches the job has written its end; write it here when nobody does."""
        if folder.id in self._tasks:
            await asyncio.wait([self._tasks[folder.id]], timeout=TERMINATE_SECONDS * 2)
        worker = folder.read_process("worker") or worker
        if worker is None or (worker.here() and not worker.alive()):
            await self._end(folder, None)

    async def wait(self, job_id: str) -> Job:
        """Wait for the end of a job of this queue, without its aftercare."""
        if task := self._tasks.get(job_id):
            await asyncio.wait([task])
        return self.store.get(job_id).read_job()

    async def wait_for_aftercare(self, job_id: str) -> None:
        """Wait for what follows a succeeded job of this queue."""
        if task := self._tasks.get(f"{job_id}-aftercare"):
            await asyncio.wait([task])

    def jobs(self) -> list[Job]:
        """All jobs, newest first."""
        return self.store.jobs()

    def job(self, job_id: str) -> Job:
        """One job; raises NotFound."""
        return self.store.get(job_id).read_job()

    def events(self, job_id: str, since: int) -> list[JobEvent]:
        """A job's log from a sequence number on; raises NotFound."""
        return self.store.get(job_id).events(since)


def _lives(worker: ProcessId | None) -> bool:
    return worker is not None and worker.alive()
