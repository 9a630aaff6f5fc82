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
import shlex
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..errors import NotAllowed
from ..sharing import group_name, is_closed, is_private, user_name

# Nobody edits a file of this size by hand, and copying some of them would make each change slow and large.
LARGEST_COPY = 64 * 2**20
_RECORDS, _SETTINGS = "conda-meta/", "etc/"
# The environment's variables: the one thing there that a user sets, and no package.
STATE = "conda-meta/state"
_BYTECODE = "/__pycache__/"
NO_LINK = frozenset({errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_FICLONE = 0x40049409
_GROUPS = stat.S_IWGRP | stat.S_ISGID


@dataclass
class CloneReport:
    """What a clone is made of: files linked, files copied, and the bytes of those copied because links failed.

    ``folder_links`` are the symbolic links to folders in the clone. ``seen`` are the files that are not packages', with
    the time (ns) and size they had. ``private`` are private files, with their device and inode, that somebody else may
    have linked to: they stay what they are.
    """

    linked: int = 0
    copied: int = 0
    unlinkable_bytes: int = 0
    folder_links: list[str] = field(default_factory=list)
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    private: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def suspects(self) -> set[tuple[int, int]]:
        """The private files by device and inode: in the clone, each has one more name of theirs."""
        return set(self.private.values())


class Owner:
    """The user who makes a copy: which files are theirs, and how open new ones are."""

    def __init__(self) -> None:
        self._user, self._group = (os.geteuid(), os.getegid()) if os.name != "nt" else (0, 0)
        # A user's own group has the user's name; else it may be that of a lab.
        self._private = os.name != "nt" and group_name(self._group) == user_name(self._user)

    @cached_property
    def _umask(self) -> int:
        # Asked by setting it, which must not be where other threads make files.
        umask = os.umask(0)
        os.umask(umask)
        return umask

    def owns(self, entry: os.DirEntry[str] | Path) -> bool:
        """Whether nobody else may change the file."""
        status = entry.stat(follow_symlinks=False)
        return status.st_uid == self._user and not self._shares_rights(status)

    def _shares_rights(self, status: os.stat_result) -> bool:
        others = stat.S_IWOTH if self._private and status.st_gid == self._group else stat.S_IWOTH | stat.S_IWGRP
        return bool(status.st_mode & others)

    def exposes(self, folder: str) -> bool:
        """Whether others may put files there: everybody, or a group; surely one that gets all that comes into it."""
        status = os.stat(folder)  # noqa: PTH116
        return self._shares_rights(status) or status.st_mode & _GROUPS == _GROUPS

    def shares(self, entry: os.DirEntry[str]) -> bool:
        """Whether a copy may be one with the file; with a second name, a private one would pass for a trap."""
        status = entry.stat(follow_symlinks=False)
        return self.owns(entry) and (status.st_nlink > 1 or not is_closed(status))

    def close(self, path: str) -> None:
        """Make a file or a folder no more open than this user's are; what it shares with a group, it does not here."""
        mode = stat.S_IMODE(os.stat(path).st_mode)  # noqa: PTH116
        closed = mode & ~self._umask & ~(stat.S_ISGID | stat.S_ISUID)
        if closed != mode:
            os.chmod(path, closed)  # noqa: PTH101


def clone(
    source: Path,
    target: Path,
    owned: Set[str],
    records: Set[str] = frozenset(),
    *,
    away: bool = False,
    skip: Callable[[str, str], bool] | None = None,
) -> CloneReport:
    """Clone the environment ``source`` to ``target``, which must not exist.

    Parameters
    ----------
    owned:
        Files that packages brought, relative to the prefix with slashes.
    records:
        Names of conda's records that stay exactly as they are, whatever the change is.
    away:
        Whether it becomes an environment of its own at another place: then links that lead out of it lead to the same
        place from there, files of others are not shared, and it is no more open than this user's files are.
    skip:
        Asked with each folder, and its path from the prefix, whether it is left out; only where it goes away.

    Raises
    ------
    NotAllowed
        A file can neither be linked nor read.
    OSError
        The disk is full, or the like.
    """
    report = CloneReport()
    owner = Owner()
    mine = owner if away else None
    prefixes = tuple(dict.fromkeys((os.fspath(source), os.path.realpath(source))))
    folders: list[tuple[str, str, str]] = []
    waiting = [(os.fspath(source), os.fspath(target), "")]
    # Tens of thousands of system calls, one after the other: links wait for each other in the kernel's journal, so
    # threads gain nothing, and Path objects would cost more than the calls.
    while waiting:
        old, new, inside = waiting.pop()
        os.mkdir(new, 0o700)  # noqa: PTH102
        folders.append((old, new, inside))
        exposed = owner.exposes(old)
        with listed(old, inside) as entries:
            for entry in entries:
                copy, path = f"{new}{os.sep}{entry.name}", f"{inside}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if skip is None or not skip(entry.path, path):
                        waiting.append((entry.path, copy, f"{path}/"))
                    continue
                try:
                    if entry.is_symlink():
                        _clone_link(entry.path, copy, prefixes, report, away=away)
                        continue
                    if exposed and is_private(status := entry.stat(follow_symlinks=False)):
                        if _keep_private(entry.path, copy, status):
                            report.private[path] = status.st_dev, status.st_ino
                        continue
                    shared = is_shared(path, owned, records)
                    if not shared:
                        status = entry.stat(follow_symlinks=False)
                        report.seen[path] = (status.st_mtime_ns, status.st_size)
                    _clone_file(entry, copy, shared, report, mine)
                except FileNotFoundError:
                    # What is nobody's package may come and go meanwhile.
                    if path in owned or os.path.lexists(entry.path):
                        raise
                    report.seen.pop(path, None)
    # Modes and times of folders last and from the inside out: packages may leave folders that nobody can write in.
    packaged = _folders_of(owned)
    for old, new, inside in reversed(folders):
        with contextlib.suppress(OSError):
            shutil.copystat(old, new)
            if mine is not None:
                mine.close(new)
            if inside in packaged:
                # Packages come and go in it.
                _let_write(new)
    return report


def carry_over(source: Path, target: Path, owned: Set[str], seen: Mapping[str, tuple[int, int]]) -> list[str]:
    """Bring to a clone what was put into its source, or changed there, since it was made; returns the paths.

    A change may take minutes, and a user's program may write into the environment meanwhile. What a package has put at
    the same place stays; what was deleted comes back.
    """
    brought, owner = [], Owner()
    waiting = [(os.fspath(source), "")]
    while waiting:
        folder, inside = waiting.pop()
        with listed(folder, inside) as entries:
            for entry in entries:
                path = f"{inside}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, f"{path}/"))
                elif _is_users(path, owned) and _is_new(entry, seen, path, owner):
                    copy = target / path
                    if path in seen or not os.path.lexists(copy):
                        copy.parent.mkdir(parents=True, exist_ok=True)
                        partial = copy.with_name(f".envmanager-{copy.name}"[:255])
                        _copy(entry.path, os.fspath(partial))
                        partial.replace(copy)
                        brought.append(path)
    return brought


def listed(folder: str, inside: str) -> contextlib.AbstractContextManager[Iterable[os.DirEntry[str]]]:
    """What is in a folder; nothing for bytecode that this user cannot read, as it is made anew.

    The first member whose Python imports a module makes the folder for it, and may let in nobody else.
    """
    try:
        return os.scandir(folder)
    except PermissionError as error:
        if f"/{inside}".endswith(_BYTECODE):
            return contextlib.nullcontext(())
        raise _unreadable(folder) from error


def _unreadable(path: str) -> NotAllowed:
    owner = user_name(os.lstat(path).st_uid)
    return NotAllowed(
        f"{path} belongs to {owner} and cannot be read.",
        hint=f"Ask {owner} to run: chmod -R g+rX {shlex.quote(path)}",
    )


def _is_users(path: str, owned: Set[str]) -> bool:
    return path == STATE or not (path.startswith(_RECORDS) or is_shared(path, owned))


def _is_new(entry: os.DirEntry[str], seen: Mapping[str, tuple[int, int]], path: str, owner: Owner) -> bool:
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode) or seen.get(path) == (status.st_mtime_ns, status.st_size):
        return False
    return not (is_private(status) and owner.exposes(os.path.dirname(entry.path)))  # noqa: PTH120


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


def is_shared(path: str, owned: Set[str], records: Set[str] = frozenset()) -> bool:
    """Whether a file is shared, if it can be: nobody changes it in place."""
    if path.startswith(_RECORDS):
        return path[len(_RECORDS) :] in records
    return (path in owned or _BYTECODE in path) and not path.startswith(_SETTINGS)


def _clone_file(entry: os.DirEntry[str], target: str, shared: bool, report: CloneReport, mine: Owner | None) -> None:
    source = entry.path
    if not shared:
        status = entry.stat(follow_symlinks=False)
        kind = stat.S_IFMT(status.st_mode)
        if kind != stat.S_IFREG:
            # A socket or a pipe belongs to a process that runs now, not to the environment.
            return
        if mine is not None or status.st_size <= LARGEST_COPY or _reflinks(source, target):
            _copy(source, target, mine)
            report.copied += 1
            return
    try:
        if mine is not None and not mine.shares(entry):
            raise OSError(errno.EPERM, "it cannot be shared")
        os.link(source, target, follow_symlinks=False)
        report.linked += 1
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
        if _BYTECODE in source and not os.access(source, os.R_OK):
            return
        _copy(source, target, mine)
        report.copied += 1
        report.unlinkable_bytes += os.lstat(source).st_size


def _keep_private(source: str, target: str, status: os.stat_result) -> bool:
    """One more name for a private file: the group may be let into a copy. Where there are no links, it stays out.

    So does bytecode that somebody else keeps private, as it is made anew.
    """
    if status.st_uid != os.geteuid():
        if _BYTECODE in source:
            return False
        raise _unreadable(source)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
    return True


def _clone_link(source: str, target: str, prefixes: Sequence[str], report: CloneReport, *, away: bool) -> None:
    """A link of the same meaning: one that names the prefix in full would lead from the stage to what is in use."""
    leads = os.readlink(source)  # noqa: PTH115
    folder = os.path.dirname(source)  # noqa: PTH120
    for prefix in prefixes:
        if leads == prefix or leads.startswith(prefix + os.sep):
            leads = os.path.relpath(prefixes[0] + leads[len(prefix) :], folder)
    if away and _goes_out(leads, os.path.relpath(folder, prefixes[0])):
        leads = _from_elsewhere(leads, os.path.realpath(folder), prefixes[-1])
    os.symlink(leads, target)  # noqa: PTH211
    report.copied += 1
    if os.path.isdir(source):  # noqa: PTH112
        report.folder_links.append(target)


def _goes_out(leads: str, inside: str) -> bool:
    """Whether a link in the folder ``inside`` of a prefix passes what is outside, even if it comes back."""
    depth = 0 if inside == os.curdir else inside.count(os.sep) + 1
    for part in Path(leads).parts:
        depth += -1 if part == os.pardir else 1
        if depth < 0:
            return True
    return os.path.isabs(leads)  # noqa: PTH117


def _from_elsewhere(leads: str, folder: str, prefix: str) -> str:
    """Where a link leads to, in full; what lies in the prefix itself (real paths) is in its copy, too."""
    leads = os.path.normpath(os.path.join(folder, leads))  # noqa: PTH118
    true = os.path.realpath(leads)
    if true == prefix or true.startswith(prefix + os.sep):
        return os.path.relpath(true, folder)
    return leads


def _copy(source: str, target: str, mine: Owner | None = None) -> None:
    try:
        if not (os.path.exists(target) or _reflinks(source, target)):  # noqa: PTH110
            shutil.copyfile(source, target)
        shutil.copystat(source, target)
        if mine is not None:
            mine.close(target)
    except PermissionError as error:
        raise _unreadable(source) from error


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
