"""A copy of an environment that shares its files: where a change is built.

Files of packages are hard-linked: nobody changes them in place, neither the engine nor uv, and they share their inodes
with the package cache anyway. Whatever may be changed in place is copied (as a reflink where the filesystem has them),
so that each kept generation stays as it was, bit by bit: what is in ``conda-meta/``, settings below ``etc/``, and every
file that no package brought.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from ..errors import NotAllowed

# Nobody edits a file of this size by hand, and copying some of them would make each change slow and large.
LARGEST_COPY = 64 * 2**20
_RECORDS, _SETTINGS = "conda-meta/", "etc/"
_BYTECODE = "/__pycache__/"
_NO_LINK = frozenset({errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_FICLONE = 0x40049409


@dataclass
class CloneReport:
    """What a clone is made of: files linked, files copied, and the bytes of those copied because links failed."""

    linked: int = 0
    copied: int = 0
    unlinkable_bytes: int = 0


def clone(source: Path, target: Path, owned: Set[str], records: Set[str] = frozenset()) -> CloneReport:
    """Clone the environment ``source`` to ``target``, which must not exist.

    Parameters
    ----------
    owned:
        Files that packages brought, relative to the prefix with slashes.
    records:
        Names of conda's records that stay exactly as they are, whatever the change is.

    Raises
    ------
    NotAllowed
        A file can neither be linked nor read.
    OSError
        The disk is full, or the like.
    """
    report = CloneReport()
    folders: list[tuple[str, str, str]] = []
    waiting = [(os.fspath(source), os.fspath(target), "")]
    # Tens of thousands of system calls, one after the other: links wait for each other in the kernel's journal, so
    # threads gain nothing, and Path objects would cost more than the calls.
    while waiting:
        old, new, inside = waiting.pop()
        os.mkdir(new, 0o700)  # noqa: PTH102
        folders.append((old, new, inside))
        with os.scandir(old) as entries:
            for entry in entries:
                copy, path = f"{new}{os.sep}{entry.name}", f"{inside}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, copy, f"{path}/"))
                else:
                    _clone_file(entry.path, copy, _is_shared(path, owned, records), report)
    # Modes and times of folders last and from the inside out: packages may leave folders that nobody can write in.
    packaged = _folders_of(owned)
    for old, new, inside in reversed(folders):
        with contextlib.suppress(OSError):
            shutil.copystat(old, new)
            if inside in packaged:
                # Packages come and go in it.
                _let_write(new)
    return report


def _folders_of(paths: Set[str]) -> set[str]:
    """The folders that hold these files, and those above; each ends with a slash, the prefix is ``""``."""
    found = {""}
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and f"{folder}/" not in found:
            found.add(f"{folder}/")
            folder = folder.rpartition("/")[0]
    return found


def _let_write(folder: str) -> None:
    mode = stat.S_IMODE(os.stat(folder).st_mode)  # noqa: PTH116
    if mode & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(folder, mode | stat.S_IRWXU)  # noqa: PTH101


def _is_shared(path: str, owned: Set[str], records: Set[str]) -> bool:
    if path.startswith(_RECORDS):
        return path[len(_RECORDS) :] in records
    return (path in owned or _BYTECODE in path) and not path.startswith(_SETTINGS)


def _clone_file(source: str, target: str, shared: bool, report: CloneReport) -> None:
    if not shared:
        status = os.lstat(source)
        kind = stat.S_IFMT(status.st_mode)
        if kind not in (stat.S_IFREG, stat.S_IFLNK):
            # A socket or a pipe belongs to a process that runs now, not to the environment.
            return
        if kind == stat.S_IFREG and (status.st_size <= LARGEST_COPY or _reflinks(source, target)):
            _copy(source, target)
            report.copied += 1
            return
    try:
        os.link(source, target, follow_symlinks=False)
        report.linked += 1
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        _copy(source, target)
        report.copied += 1
        report.unlinkable_bytes += os.lstat(source).st_size


def _copy(source: str, target: str) -> None:
    if os.path.islink(source):  # noqa: PTH114
        os.symlink(os.readlink(source), target)  # noqa: PTH115, PTH211
        return
    try:
        if not (os.path.exists(target) or _reflinks(source, target)):  # noqa: PTH110
            shutil.copyfile(source, target)
        shutil.copystat(source, target)
    except PermissionError as error:
        raise NotAllowed(
            f"{source} belongs to somebody else and cannot be read.",
            hint="Ask its owner to change the environment, or make one of your own.",
        ) from error


def _reflinks(source: str, target: str) -> bool:
    """Whether ``target`` now is a copy that shares its blocks until one of them is written.

    https://man7.org/linux/man-pages/man2/ioctl_ficlone.2.html
    """
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        with open(source, "rb") as old, open(target, "xb") as new:  # noqa: PTH123
            fcntl.ioctl(new.fileno(), _FICLONE, old.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(target)  # noqa: PTH108
        return False
    return True
