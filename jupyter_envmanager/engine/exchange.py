"""Put one folder in the place of another, as one step where the system can, and in two under a journal where not.

``renameat2(RENAME_EXCHANGE)`` (https://man7.org/linux/man-pages/man2/rename.2.html) on Linux and
``renamex_np(RENAME_SWAP)`` on macOS swap two folders in microseconds; some filesystems refuse, and Windows has neither.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_RENAME_SWAP = 2
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM})


def exchange(one: Path, other: Path) -> bool:
    """Swap two folders of one filesystem atomically; False where system or filesystem cannot, and nothing happened.

    Raises
    ------
    OSError
        One of them is gone, or may not be moved.
    """
    swap = _system_call()
    if swap is None:
        return False
    number = swap(os.fsencode(one), os.fsencode(other))
    if number == 0:
        return True
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), os.fspath(other))


@cache
def _system_call() -> Callable[[bytes, bytes], int] | None:
    """The system's way to swap two paths, as a function that returns an ``errno`` or 0."""
    name = {"linux": "renameat2", "darwin": "renamex_np"}.get(sys.platform)
    if name is None:
        return None
    try:
        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (OSError, AttributeError):
        return None
    # A C library without the call (glibc before 2.28) has no such symbol.
    function.restype = ctypes.c_int

    def swap(one: bytes, other: bytes) -> int:
        if sys.platform == "darwin":
            failed = function(one, other, ctypes.c_uint(_RENAME_SWAP))
        else:
            failed = function(_AT_FDCWD, one, _AT_FDCWD, other, ctypes.c_uint(_RENAME_EXCHANGE))
        return ctypes.get_errno() if failed else 0

    return swap
