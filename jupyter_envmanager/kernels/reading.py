"""How is a file read that somebody else may have put there? Never a pipe or a device, never without end.

Kernelspecs of a group, of a site and of an environment are written by others: a link there may lead to a file that is
nobody's business but the reader's, and a pipe would be waited for without end.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from ..environments.plainfile import read_plain


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
        # What was resolved is no link any more, unless somebody has put one there since.
        path = file if within is None else resolved(file, within)
        return read_plain(path, limit, cut=cut, follow=within is None)
    except ValueError as error:
        raise OSError(errno.EINVAL, "it is no name of a file", str(file)) from error


def resolved(file: Path, within: Path) -> Path:
    """Where a file really is; raises OSError where that is outside a folder."""
    real = Path(os.path.realpath(file))
    if not real.is_relative_to(os.path.realpath(within)):
        raise OSError(errno.EPERM, "It is a link that leads out of its folder", str(file))
    return real
