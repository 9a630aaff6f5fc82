"""What is in a kernelspec folder that goes along when it is copied? Ordinary files, few and small.

A folder of a group may hold links to anything: to the reader's own secrets, to a device, to itself.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import Invalid
from . import reading
from .building import SCRIPT

MAX_FILES = 500
MAX_BYTES = 50_000_000
MAX_DEPTH = 8


def is_ours(name: str) -> bool:
    """Whether a file of this name is one that we write into every kernelspec."""
    return name in ("kernel.json", SCRIPT) or name.startswith("logo-")


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def copy(source: Path, target: Path) -> None:
    """Copy a kernelspec folder to a place that is free.

    Raises
    ------
    Invalid
        It has something that does not belong into a kernelspec, or too much.
    OSError
    """
    target.mkdir()
    for relative, data, mode in _content(source):
        place = target / relative
        if data is None:
            place.mkdir()
            continue
        place.write_bytes(data)
        # The bits that let others write, or run it as somebody else, are not copied.
        place.chmod(mode & 0o755 | 0o600)


def same(one: Path, other: Path) -> bool:
    """Whether two kernelspec folders hold the same files, to the byte."""
    if one.is_symlink() or other.is_symlink():
        return False
    try:
        first, second = ({relative: data for relative, data, _ in _content(folder)} for folder in (one, other))
    except (OSError, Invalid):
        return False
    return first == second


def _content(source: Path) -> Iterator[tuple[str, bytes | None, int]]:
    """Relative path, bytes and mode of all there is; folders before what is in them, with no bytes."""
    waiting, count, left = [""], 0, MAX_BYTES
    while waiting:
        inside = waiting.pop()
        with os.scandir(source / inside) as entries:
            for entry in entries:
                count += 1
                relative = f"{inside}/{entry.name}" if inside else entry.name
                if count > MAX_FILES or relative.count("/") >= MAX_DEPTH:
                    raise _refused(source, f"it has more than {MAX_FILES} files, or is deeper than {MAX_DEPTH} folders")
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(relative)
                    yield relative, None, 0
                elif not entry.is_symlink() or os.path.exists(entry.path):  # noqa: PTH110
                    data, mode = _file(source, relative, left)
                    left -= len(data)
                    yield relative, data, mode


def _file(source: Path, relative: str, left: int) -> tuple[bytes, int]:
    path = source / relative
    try:
        real = reading.resolved(path, source)
    except OSError as error:
        raise _refused(source, f"“{relative}” is a link that leads out of it") from error
    status = os.lstat(real)
    if not stat.S_ISREG(status.st_mode):
        raise _refused(source, f"“{relative}” is no ordinary file")
    if status.st_size > left:
        raise _refused(source, f"it is larger than {MAX_BYTES // 1_000_000} MB")
    return reading.read(path, left, within=source), stat.S_IMODE(status.st_mode)


def _refused(source: Path, reason: str) -> Invalid:
    return Invalid(
        f"The kernelspec in {source} cannot be copied: {reason}.",
        hint="Take that out of the folder, or register a kernel for its environment.",
        path=str(source),
    )
