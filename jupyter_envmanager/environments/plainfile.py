"""What is in this file, if it is a plain one? Anybody may put a pipe there, which would let us wait for ever."""

from __future__ import annotations

import errno
import os
import stat

# A pipe with no writer opens at once like this, a terminal does not become ours; Windows knows neither.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_LIMIT = 50_000_000


def read_plain(path: str | os.PathLike[str], limit: int = _LIMIT, *, cut: bool = False, follow: bool = True) -> bytes:
    """The content of a regular file.

    Parameters
    ----------
    limit:
        So many bytes at most.
    cut:
        Whether a larger file is cut there, and not refused.
    follow:
        Whether the file may be a link.

    Raises
    ------
    OSError
        It cannot be read, is no regular file (``EINVAL``), or is larger (``EFBIG``).
    """
    handle = os.open(path, _FLAGS if follow else _FLAGS | _NO_LINK)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", os.fspath(path))
        parts: list[bytes] = []
        left = limit
        while part := os.read(handle, min(status.st_size, limit) + 1):
            left -= len(part)
            if left < 0 and cut:
                return b"".join([*parts, part])[:limit]
            if left < 0:
                raise OSError(errno.EFBIG, f"it is larger than {limit:,} bytes", os.fspath(path))
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(handle)
