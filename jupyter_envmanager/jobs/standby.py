"""A worker that has started and imported everything before it is needed.

Starting the interpreter and importing the engine take longer than many a job. A preview says that a job is likely, so
one worker is started then; it waits for the name of a job's folder, and ends by itself when none comes.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
from pathlib import Path

from ..ownmodules import command
from .store import JobFolder

MODULE = "jobs.worker"
WAIT = "--wait"
IDLE_SECONDS = 120.0


class Standby:
    """At most one waiting worker. Safe from any thread; its calls block for milliseconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Have a worker waiting."""
        with self._lock:
            if self._waiting is not None and self._waiting.poll() is None:
                return
            self._dismiss()
            # It is a head start, not a need: the job tries again, and tells why it cannot.
            with contextlib.suppress(OSError):
                self._waiting = subprocess.Popen(
                    [*command(MODULE), WAIT],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )

    def start(self, folder: JobFolder) -> subprocess.Popen[bytes]:
        """Start a job, by the waiting worker if there is one; raises OSError when no process can be started."""
        with self._lock:
            process, self._waiting = self._waiting, None
        if process is not None and process.stdin is not None:
            try:
                with process.stdin as pipe:
                    pipe.write(os.fsencode(folder.folder) + b"\n")
            except OSError:
                process.wait()
            else:
                return process
        return _spawn(folder)

    def dismiss(self) -> None:
        """End the waiting worker."""
        with self._lock:
            self._dismiss()

    def _dismiss(self) -> None:
        process, self._waiting = self._waiting, None
        if process is not None and process.stdin is not None:
            # It has done nothing yet, and may well be in the middle of its imports: nobody need wait for them.
            process.kill()
            process.wait()
            process.stdin.close()


def _spawn(folder: JobFolder) -> subprocess.Popen[bytes]:
    """A worker in a session of its own, so that it survives this process and is killed as a group."""
    with folder.log_file.open("ab") as log:
        return subprocess.Popen(
            [*command(MODULE), str(folder.folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_for_job() -> Path | None:
    """In the waiting worker: the job's folder, once it is known; None when nobody needs this process any more."""
    # Windows can only wait for sockets; there the pipe's end, when the server goes, must do.
    if os.name != "nt" and not select.select([0], [], [], IDLE_SECONDS)[0]:
        return None
    line = sys.stdin.buffer.readline().rstrip(b"\n")
    if not line:
        return None
    folder = Path(os.fsdecode(line))
    with JobFolder(folder).log_file.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    return folder
