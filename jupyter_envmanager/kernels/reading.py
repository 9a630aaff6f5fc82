"""How is a file read that somebody else may have put there? Never a pipe or a device, never without end.

Kernelspecs of a group, of a site and of an environment are written by others: a link there may lead to a file that is
nobody's business but the reader's, and a pipe would be waited for without end.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


def read(file: Path, limit: int, *, within: Path | None = None, cut: bool = False) -> bytes:
    """The bytes of an ordinary file.

    Parameters
    ----------
    limit:
        How many bytes there may be.
    within:
        A folder that no link may lead out of; without, links are followed.
    cut:
        Whether a larger file is cut, and not refused.

    Raises
    ------
    OSError
        It is not there, cannot be read, leads out of the folder, is no ordinary file, or is too large.
    """
    try:
        handle = os.open(file, _FLAGS) if within is None else os.open(resolved(file, within), _FLAGS | _NO_LINKS)
    except ValueError as error:
        raise OSError(errno.EINVAL, "It is no name of a file", str(file)) from error
    with open(handle, "rb") as stream:  # noqa: PTH123
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "It is no ordinary file", str(file))
        if status.st_size > limit and not cut:
            raise OSError(errno.EFBIG, f"It is larger than {limit // 1000} kB", str(file))
        return stream.read(min(status.st_size, limit))


def resolved(file: Path, within: Path) -> Path:
    """Where a file really is; raises OSError where that is outside a folder."""
    real = Path(os.path.realpath(file))
    if not real.is_relative_to(os.path.realpath(within)):
        raise OSError(errno.EPERM, "It is a link that leads out of its folder", str(file))
    return real
