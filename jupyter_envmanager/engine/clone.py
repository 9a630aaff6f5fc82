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
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
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
    """What a clone is made of: files linked, files copied, and the bytes of those copied because links failed.

    ``folder_links`` are the symbolic links to folders in the clone. ``seen`` are the files that are not packages', with
    the time (ns) and size they had.
    """

    linked: int = 0
    copied: int = 0
    unlinkable_bytes: int = 0
    folder_links: list[str] = field(default_factory=list)
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)


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
                elif entry.is_symlink():
                    _clone_link(entry.path, copy, os.fspath(source), report)
                else:
                    shared = _is_shared(path, owned, records)
                    if not shared:
                        status = entry.stat(follow_symlinks=False)
                        report.seen[path] = (status.st_mtime_ns, status.st_size)
                    _clone_file(entry.path, copy, shared, report)
    # Modes and times of folders last and from the inside out: packages may leave folders that nobody can write in.
    packaged = _folders_of(owned)
    for old, new, inside in reversed(folders):
        with contextlib.suppress(OSError):
            shutil.copystat(old, new)
            if inside in packaged:
                # Packages come and go in it.
                _let_write(new)
    return report


def carry_over(source: Path, target: Path, owned: Set[str], seen: Mapping[str, tuple[int, int]]) -> list[str]:
    """Bring to a clone what was put into its source, or changed there, since it was made; returns the paths.

    A change may take minutes, and a user's program may write into the environment meanwhile. What a package has put at
    the same place stays; what was deleted comes back.
    """
    brought = []
    waiting = [(os.fspath(source), "")]
    while waiting:
        folder, inside = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                path = f"{inside}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, f"{path}/"))
                elif (
                    not path.startswith(_RECORDS)
                    and not _is_shared(path, owned, frozenset())
                    and _is_new(entry, seen, path)
                ):
                    copy = target / path
                    if path in seen or not os.path.lexists(copy):
                        copy.parent.mkdir(parents=True, exist_ok=True)
                        partial = copy.with_name(f".envmanager-{copy.name}"[:255])
                        _copy(entry.path, os.fspath(partial))
                        partial.replace(copy)
                        brought.append(path)
    return brought


def _is_new(entry: os.DirEntry[str], seen: Mapping[str, tuple[int, int]], path: str) -> bool:
    status = entry.stat(follow_symlinks=False)
    return stat.S_ISREG(status.st_mode) and seen.get(path) != (status.st_mtime_ns, status.st_size)


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
        if kind != stat.S_IFREG:
            # A socket or a pipe belongs to a process that runs now, not to the environment.
            return
        if status.st_size <= LARGEST_COPY or _reflinks(source, target):
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


def _clone_link(source: str, target: str, prefix: str, report: CloneReport) -> None:
    """A link of the same meaning: one that names the prefix in full would lead from the stage to what is in use."""
    leads = os.readlink(source)  # noqa: PTH115
    if leads == prefix or leads.startswith(prefix + os.sep):
        leads = os.path.relpath(leads, os.path.dirname(source))  # noqa: PTH120
    os.symlink(leads, target)  # noqa: PTH211
    report.copied += 1
    if os.path.isdir(source):  # noqa: PTH112
        report.folder_links.append(target)


def _copy(source: str, target: str) -> None:
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
