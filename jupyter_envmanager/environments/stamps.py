"""Is this file still the one that was read? A stamp tells, without opening it."""

# One stamp a file, thousands a request; Path objects would cost more than the system calls.
# ruff: noqa: PTH116

from __future__ import annotations

import os

from .condameta import settled

# Size in bytes, time of change in ns, inode, and when its rights or its names changed, in ns.
Stamp = tuple[int, int, int, int]


def of(status: os.stat_result) -> Stamp:
    """The stamp of a file or folder that was just looked at."""
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns


def of_path(path: str) -> Stamp | None:
    """The stamp of what is at a path now; None for nothing that we can see."""
    try:
        return of(os.stat(path))
    except OSError:
        return None


def trusted(stamp: Stamp, now_ns: int) -> bool:
    """Whether the stamp is old enough: what changed just now may change again within one tick of the clock."""
    return settled(stamp[1], now_ns)
