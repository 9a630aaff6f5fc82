"""How much memory this process has, and giving back what it does not need."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

# A record of a channel takes some microseconds to take apart.
_STEP = 500


def resident_bytes() -> int:
    """Physical memory of this process, mapped files included (proc(5)); 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def let_go(objects: list[Any]) -> None:
    """Empty a list of very many objects in steps: all threads wait for each."""
    while objects:
        del objects[-_STEP:]


def give_back() -> None:
    """Return freed memory to the system.

    A solver frees a hundred megabytes in small pieces; glibc keeps them for the process unless it is told
    (malloc_trim(3)). Other C libraries have no such call and need none.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)
