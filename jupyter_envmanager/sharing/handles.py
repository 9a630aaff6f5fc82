"""Folders and files themselves: where members may write, a link may come into a folder's place at any moment.

So nothing is named by a path here, but by its folder's open handle and its name in there
(https://man7.org/linux/man-pages/man2/openat.2.html), and a link is refused rather than followed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from .places import SharedPlace

FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
FOLDER = FILE | getattr(os, "O_DIRECTORY", 0)
# A folder that may be passed, and not listed, is on the way, too; macOS has no handles for those.
_PASSED = FOLDER | getattr(os, "O_PATH", 0)


@contextlib.contextmanager
def opened(name: str, flags: int, folder: int | None = None) -> Iterator[int]:
    """A file or folder of this name in an open folder; raises OSError for a link."""
    handle = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def inner(root: str, path: str) -> Iterator[int]:
    """The open folder at ``path``, with slashes, in ``root``; the last one is made where it is not there.

    Raises
    ------
    OSError
        There is a link on the way, or no folder.
    """
    above, name = os.path.split(root)
    parts = path.split("/")
    with contextlib.ExitStack() as stack:
        handle = stack.enter_context(opened(os.path.join(os.path.realpath(above), name), FOLDER))  # noqa: PTH118
        for number, part in enumerate(parts, 1):
            if number == len(parts):
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=handle)
            handle = stack.enter_context(opened(part, FOLDER, handle))
        yield handle


@contextlib.contextmanager
def way(root: str, place: SharedPlace) -> Iterator[list[int]]:
    """The folders from a place down to one in it, or to the place itself.

    Raises
    ------
    OSError
        It does not lie there, or there is a link on the way.
    """
    above, name = os.path.split(root)
    # Not of the last one: a link that has come into its place meanwhile is refused as well.
    real = os.path.join(os.path.realpath(above), name)  # noqa: PTH118
    if real != place.path and not place.holds(real):
        raise PermissionError(f"{root} is not in {place.path}")
    with contextlib.ExitStack() as stack:
        handles = [stack.enter_context(opened(place.path, _PASSED))]
        for name in Path(real).relative_to(place.path).parts:
            handles.append(stack.enter_context(opened(name, _PASSED, handles[-1])))
        yield handles
