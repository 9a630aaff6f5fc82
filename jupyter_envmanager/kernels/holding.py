"""How do two processes change one kernelspec without losing what the other did? One after the other.

Each reads, changes and writes: a server of each window, a command line, a member of the group. The folder itself is
locked, so that nothing is left behind (https://man7.org/linux/man-pages/man2/flock.2.html).
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import Conflict

_WAIT_SECONDS = 3.0


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other processes of ours from changing a kernelspec folder meanwhile.

    Where folders cannot be locked (Windows, some network filesystems), the version that an edit names has to do.

    Raises
    ------
    Conflict
        Another process holds it, and does not let go.
    """
    if sys.platform == "win32":
        yield
        return
    handle = -1
    try:
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        if handle >= 0:
            _lock(handle, folder)
        yield
    finally:
        if handle >= 0:
            os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    import fcntl

    until = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            # Whoever may read the folder may lock it: nobody is waited for without end.
            if time.monotonic() > until:
                raise Conflict(
                    f"Another process is changing the kernel in {folder}.", hint="Try again in a moment."
                ) from error
            time.sleep(0.02)
        except OSError:
            return
        else:
            return
