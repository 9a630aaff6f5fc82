"""One writer a prefix: a lock file that works on NFS and Lustre.

Made by hard-linking a file of our own to the lock's name, which is atomic on every shared filesystem, where ``O_EXCL``
on old NFS and ``fcntl`` on Lustre are not. The holder touches it every few seconds; a lock is stale when its process is
gone on the same host, or when nobody touched it for a minute.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from .process import ProcessId, this_process

HEARTBEAT_SECONDS = 5.0
STALE_SECONDS = 60.0
_LOOK_SECONDS = 0.2


class LockHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a lock, and for which job."""

    process: ProcessId
    job: str
    user: str


def read_holder(path: Path) -> LockHolder | None:
    """Who holds the lock at ``path`` now; None when nobody does (no file, a stale one, or an unreadable one)."""
    try:
        holder = msgspec.json.decode(path.read_bytes(), type=LockHolder)
        age = time.time() - path.stat().st_mtime
    except (OSError, msgspec.DecodeError):
        return None
    if holder.process.here() and holder.process.start:
        # A process that sleeps with its machine, or whose clock was set, still holds its lock.
        return holder if holder.process.alive() else None
    return holder if age <= STALE_SECONDS else None


@contextmanager
def prefix_lock(path: Path, job: str, user: str, waiting: Callable[[LockHolder], None]) -> Iterator[None]:
    """Hold the lock at ``path``; wait for it as long as somebody else does.

    Parameters
    ----------
    waiting:
        Called once for each holder that has to be waited for.
    """
    mine = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    _acquire(path, mine, LockHolder(process=this_process(), job=job, user=user), waiting)
    stop = threading.Event()
    beat = threading.Thread(target=_heartbeat, args=(path, stop), daemon=True)
    beat.start()
    try:
        yield
    finally:
        stop.set()
        beat.join()
        path.unlink(missing_ok=True)


def _acquire(path: Path, mine: Path, holder: LockHolder, waiting: Callable[[LockHolder], None]) -> None:
    told: LockHolder | None = None
    while True:
        # Another job's end removes the folder when it is empty.
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            mine.write_bytes(msgspec.json.encode(holder))
            os.link(mine, path)
            return
        except FileExistsError:
            other = read_holder(path)
            if other is None:
                _break_stale(path)
                continue
            if other != told:
                waiting(other)
                told = other
            time.sleep(_LOOK_SECONDS)
        except FileNotFoundError:
            continue
        finally:
            mine.unlink(missing_ok=True)


def _break_stale(path: Path) -> None:
    """Take a stale lock away: of several who find it, one renames it, and looks again before it is gone for good."""
    aside = path.with_name(f"{path.name}.stale-{uuid.uuid4().hex}")
    try:
        path.rename(aside)
    except OSError:
        return
    if read_holder(aside) is not None:
        # A new holder came between our look and our rename: give it back.
        with contextlib.suppress(OSError):
            os.link(aside, path)
    aside.unlink(missing_ok=True)


def _heartbeat(path: Path, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_SECONDS):
        with contextlib.suppress(OSError):
            os.utime(path)
