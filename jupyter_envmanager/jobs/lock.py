"""One writer at a time: a lock file that works on NFS and Lustre, for a prefix and for a package cache.

Made by hard-linking a file of our own to the lock's name, which is atomic on every shared filesystem, where ``O_EXCL``
on old NFS and ``fcntl`` on Lustre are not; a filesystem without hard links is no shared one, and there ``O_EXCL`` will
do. The holder touches it every few seconds. A lock is stale when its process is gone on the same host, or when nobody
touched it for a minute: by the file server's clock, as the hosts' own clocks may disagree.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ..engine.progress import Report
from ..engine.workplace import FOLDER
from ..environments.plainfile import read_plain
from ..errors import Conflict, NotAllowed
from .process import ProcessId, this_process

HEARTBEAT_SECONDS = 5.0
STALE_SECONDS = 60.0
_LOOK_SECONDS = 0.2
# Without hard links, a lock is there for an instant before it says whose it is.
_WRITING_SECONDS = 5.0
_LARGEST = 10_000


class LockHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a lock, and for which job; ``token`` tells two holds of one process apart."""

    process: ProcessId
    job: str
    user: str
    token: str = ""

    def words(self) -> str:
        """Whom to wait for, as a person reads it."""
        where = "" if self.process.here() else f" on {self.process.host}"
        return f"job {self.job} of {self.user}{where}"


Waiting = Callable[[LockHolder], None]


class Lock:
    """A lock that is held.

    Parameters
    ----------
    path:
        The lock file.
    content:
        What is in it while it is ours; its inode may be another file's one day.
    """

    def __init__(self, path: Path, content: bytes) -> None:
        self._path = path
        self._content = content

    def is_held(self) -> bool:
        """Whether it still is ours: a machine that slept for long may find that somebody has taken it over."""
        try:
            return _content(self._path) == self._content
        except OSError:
            return False

    def check(self) -> None:
        """Raise Conflict when the lock is not ours any more."""
        if not self.is_held():
            raise Conflict(
                "Another job has taken over this environment while this one was held up.",
                hint="Nothing was changed. Refresh, then preview again.",
            )

    def touch(self) -> None:
        """Tell the others that the holder lives; by the file server's clock."""
        if self.is_held():
            with contextlib.suppress(OSError):
                os.utime(self._path)

    def release(self) -> None:
        """Give it back, unless it is somebody else's by now."""
        if self.is_held():
            self._path.unlink(missing_ok=True)


def read_holder(path: Path, *, now: float | None = None) -> LockHolder | None:
    """Who holds the lock at ``path`` now; None when nobody does (no file, a stale one, or an unreadable one).

    Parameters
    ----------
    now:
        The time by the clock of the filesystem, in seconds since the epoch; this host's by default.
    """
    holder, modified = _read(path), _modified(path)
    if holder is None or modified is None:
        return None
    if holder.process.here() and holder.process.start:
        # A process that sleeps with its machine, or whose clock was set, still holds its lock.
        return holder if holder.process.alive() else None
    return holder if (time.time() if now is None else now) - modified <= STALE_SECONDS else None


def _read(path: Path) -> LockHolder | None:
    try:
        return msgspec.json.decode(_content(path), type=LockHolder)
    except (OSError, msgspec.DecodeError, RecursionError):
        return None


def _content(path: Path) -> bytes:
    """Of a plain file alone: where several may write, a pipe or a link may lie there."""
    return read_plain(path, _LARGEST, follow=False)


@contextmanager
def prefix_lock(path: Path, job: str, user: str, waiting: Waiting) -> Iterator[Lock]:
    """Hold the lock at ``path``; wait for it as long as somebody else does.

    Parameters
    ----------
    waiting:
        Called once for each holder that has to be waited for.
    """
    mine = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    holder = LockHolder(process=this_process(), job=job, user=user, token=uuid.uuid4().hex)
    lock = _acquire(path, mine, holder, waiting)
    stop = threading.Event()
    beat = threading.Thread(target=_heartbeat, args=(lock, stop), daemon=True)
    beat.start()
    try:
        yield lock
    finally:
        stop.set()
        beat.join()
        lock.release()


@contextmanager
def cache_lock(cache: Path, job: str, report: Report) -> Iterator[None]:
    """Be the one that downloads into a package cache; says in the job's log whom it waits for."""

    def waiting(holder: LockHolder) -> None:
        report("download", f"waiting for the package cache: {holder.words()} downloads", 0.0)

    with prefix_lock(cache_lock_file(cache), job, getpass.getuser(), waiting):
        yield


def cache_lock_file(cache: Path) -> Path:
    """Where the lock of a package cache is."""
    return cache / FOLDER / "lock"


def _acquire(path: Path, mine: Path, holder: LockHolder, waiting: Waiting) -> Lock:
    told: LockHolder | None = None
    content = msgspec.json.encode(holder)
    while True:
        # Another job's end removes the folder when it is empty.
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            mine.write_bytes(content)
            # Who cannot read it would take it for one that nobody holds.
            mine.chmod(0o644)
            _link(mine, path)
            return Lock(path, content)
        except FileExistsError:
            # What we have just written carries the file server's time.
            now = _modified(mine)
            if now is None or _break_stale(path, mine, now):
                continue
            other = read_holder(path, now=now)
            if other is not None and other != told:
                waiting(other)
                told = other
        except FileNotFoundError:
            continue
        finally:
            mine.unlink(missing_ok=True)
        time.sleep(_LOOK_SECONDS)


def _link(mine: Path, path: Path) -> None:
    """Give our file the lock's name, if nobody has it; raises FileExistsError."""
    try:
        os.link(mine, path)
    except OSError as error:
        if mine.stat().st_nlink == 2:
            # An NFS server that answers twice says first that it is done, then that it is there already.
            return
        if isinstance(error, FileExistsError):
            raise
        # No hard links here.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:  # noqa: PTH123
            file.write(mine.read_bytes())


def _modified(path: Path) -> float | None:
    try:
        return path.lstat().st_mtime
    except OSError:
        return None


def clear_stale(path: Path) -> None:
    """Take away what a process left that is gone: the lock, and files by which it tried for it; living ones' stay."""
    for attempt in path.parent.glob(f"{path.name}.*"):
        holder = _read(attempt)
        if holder is not None and holder.process.here() and not holder.process.alive():
            attempt.unlink(missing_ok=True)
    if not os.path.lexists(path):
        return
    mine = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        mine.touch()
        _break_stale(path, mine, mine.stat().st_mtime)
    except FileNotFoundError:
        return
    finally:
        mine.unlink(missing_ok=True)


def _break_stale(path: Path, mine: Path, now: float) -> bool:
    """Take a stale lock away; whether the lock may be free now.

    Only one at a time does so, who looks again then: else a slow one would take away the lock that the next holder has
    got meanwhile.
    """
    if not os.path.lexists(path):
        return True
    if not _is_stale(path, now):
        return False
    breaking = path.with_name(f"{path.name}.breaking")
    try:
        _link(mine, breaking)
    except FileExistsError:
        began = _modified(breaking)
        if began is not None and now - began > STALE_SECONDS:
            breaking.unlink(missing_ok=True)
        return False
    try:
        if _is_stale(path, now):
            path.unlink(missing_ok=True)
        return True
    except OSError as error:
        raise NotAllowed(
            f"{path} is in the way, where the lock of this environment should be.",
            hint="Ask whoever has put it there to remove it.",
        ) from error
    finally:
        breaking.unlink(missing_ok=True)


def _is_stale(path: Path, now: float) -> bool:
    modified = _modified(path)
    if modified is None:
        return False
    return read_holder(path, now=now) is None and (_read(path) is not None or abs(now - modified) > _WRITING_SECONDS)


def _heartbeat(lock: Lock, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_SECONDS):
        lock.touch()
