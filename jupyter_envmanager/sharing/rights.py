"""Give an environment to its group: what the members need to use it, and to change it where they may.

Folders get the group, its rights, and the setgid bit, so that what comes into them later is the group's, too. With
files it is not as simple: most are hard links into the user's own package cache, and a change of mode or group would
reach into that cache, and into every environment made from it. So a file that has other names stays as it is where
the group can read it (as anybody can, as a rule) and cannot write into it, and is replaced by a copy where not: through
a link members would write into the owner's cache, and into the owner's other environments. Only a file that has no
other name is changed. Whoever changes an environment replaces its files; in place, conda writes into its records alone.

What belongs to another environment inside is not touched.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import NotAllowed
from .handles import FILE, FOLDER, opened, way
from .places import SharedPlace

# Others get what is usual: that they do not come in is the location's business. A stricter mask would make the user's
# next downloads unreadable for the group in the package cache, and each environment a copy instead of links.
_UMASK = {"read": 0o022, "write": 0o002}
READ, WRITE, PASS = 0o4, 0o2, 0o1
_BLOCK = 2**20
_META = "conda-meta"
# Nobody needs more; each holds a handle.
_DEEPEST = 100


@dataclass
class Given:
    """What became of the files and folders: how many were changed or copied, and which could not be.

    ``suspects`` are files, by device and inode, that others may have linked to; None where anything may be one.
    """

    suspects: Set[tuple[int, int]] | None = None
    changed: int = 0
    copied: int = 0
    left: list[str] = field(default_factory=list)


def umask(place: SharedPlace, *, building: bool = False) -> int:
    """The mask for every process that writes into an environment of a place.

    ``building`` says that it downloads, too: then members must not get rights in the user's package cache, whose group
    may be the same. What is built is given to them at the end.
    """
    return _UMASK["read" if building else place.access]


def allows(status: os.stat_result, gid: int | None) -> int:
    """What a member of a group may do with a file of somebody else: the sum of 4 (read), 2 (write), 1 (run, pass).

    The group's bits count for its members even where everybody else may do more; a file of another group lets them do
    what anybody may. ``gid`` is None for somebody who is in no group.
    """
    return (status.st_mode >> 3 if status.st_gid == gid else status.st_mode) & 0o7


def is_closed(status: os.stat_result) -> bool:
    """Whether it is a file that its owner alone may read."""
    return stat.S_ISREG(status.st_mode) and not status.st_mode & (stat.S_IRGRP | stat.S_IROTH)


def is_private(status: os.stat_result) -> bool:
    """Whether a file has several names, and its owner alone may read it.

    Where members may write, one of these may have given it the name here, to read what its other name keeps from them;
    only ``protected_hardlinks`` forbids that (https://docs.kernel.org/admin-guide/sysctl/fs.html).
    """
    return is_closed(status) and status.st_nlink > 1


def needed(status: os.stat_result, place: SharedPlace) -> int:
    """What a member must be allowed to do with a file or folder."""
    if stat.S_ISDIR(status.st_mode):
        return READ | PASS | (WRITE if place.access == "write" else 0)
    return READ | (PASS if status.st_mode & stat.S_IXUSR else 0)


def give(root: Path, place: SharedPlace, suspects: Set[tuple[int, int]] | None = None) -> Given:
    """Make everything in ``root`` right for the group of a place; blocks for a look at every file.

    Files and folders that belong to somebody else stay as they are, and are named in the answer; so does what is not
    in the place, and private files that members may have linked to: any, or those that are known as ``suspects`` where
    members could not put anything. Links are not followed, not even those that come meanwhile.
    """
    given, path = Given(suspects), os.fspath(root)
    with _noted(path, given), way(path, place) as handles, opened(".", FOLDER, handles[-1]) as handle:
        _give_folder(handle, path, place, given, 0)
    return given


def give_new(stage: Path, place: SharedPlace, suspects: Set[tuple[int, int]] = frozenset()) -> None:
    """As `give`, for what this user has just built; ``suspects`` came from an environment that others may change.

    Raises
    ------
    NotAllowed
        Nothing can be given to this group: the user is not in it.
    """
    given = give(stage, place, suspects)
    if os.fspath(stage) in given.left:
        raise not_a_member(place)


def not_a_member(place: SharedPlace) -> NotAllowed:
    """The refusal for who cannot give anything to the group of a place."""
    return NotAllowed(
        f"Environments in {place.path} are for the group “{place.group}”, and you are not in it.",
        hint="Choose another location, or ask an admin to add you to the group and log in again.",
        field="location",
    )


def may_give(place: SharedPlace) -> bool:
    """Whether this user can give files to the group of a place."""
    return os.name == "nt" or os.geteuid() == 0 or place.gid in (os.getegid(), *os.getgroups())


def _give_folder(handle: int, path: str, place: SharedPlace, given: Given, depth: int) -> None:
    with os.scandir(handle) as listed:
        entries = list(listed)
    if depth and is_environment(entries):
        return
    with _noted(path, given):
        status = os.fstat(handle)
        _set(handle, status, _mode(status, place, write=True), place, given)
    records = depth == 1 and path.endswith(os.sep + _META)
    for entry in entries:
        inner = f"{path}{os.sep}{entry.name}"
        with _noted(inner, given):
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                _give_file(entry.name, handle, status, place, given, record=records)
            elif stat.S_ISDIR(status.st_mode):
                if depth == _DEEPEST:
                    raise OSError(errno.ELOOP, "too deep", inner)
                with opened(entry.name, FOLDER, handle) as child:
                    _give_folder(child, inner, place, given, depth + 1)


def is_environment(entries: Iterable[os.DirEntry[str]]) -> bool:
    """Whether what is in a folder is an environment, or looks like one."""
    return any(entry.name == _META and entry.is_dir(follow_symlinks=False) for entry in entries)


def _give_file(
    name: str, folder: int, status: os.stat_result, place: SharedPlace, given: Given, *, record: bool
) -> None:
    """A file in an open folder; ``record`` says that conda of another member writes into it in place."""
    allowed, need = allows(status, place.gid), needed(status, place)
    write = record and place.access == "write"
    readable, writable = allowed & need == need, bool(allowed & WRITE)
    if status.st_nlink > 1:
        if _is_suspect(status, place, given):
            raise PermissionError(name)
        if not readable or writable:
            _copy(name, folder, status, place, write=write)
            given.copied += 1
    elif not readable or (write and not writable) or (writable and place.access == "read"):
        with opened(name, FILE, folder) as handle:
            if not os.path.samestat(os.fstat(handle), status):
                raise FileNotFoundError(name)
            write = write or (writable and place.access == "write")
            _set(handle, status, _mode(status, place, write=write), place, given)


def _is_suspect(status: os.stat_result, place: SharedPlace, given: Given) -> bool:
    if given.suspects is None:
        return place.access == "write" and is_private(status)
    return (status.st_dev, status.st_ino) in given.suspects


def _set(handle: int, status: os.stat_result, mode: int, place: SharedPlace, given: Given) -> None:
    if status.st_gid == place.gid and stat.S_IMODE(status.st_mode) == mode:
        return
    # In this order: a new group may take bits away.
    if status.st_gid != place.gid:
        os.fchown(handle, -1, place.gid)
    os.fchmod(handle, mode)
    given.changed += 1


def _mode(status: os.stat_result, place: SharedPlace, *, write: bool) -> int:
    """What a file or folder gets; ``write`` says that members may write into a file that its owner may write into."""
    mode = stat.S_IMODE(status.st_mode)
    bits = needed(status, place)
    if stat.S_ISDIR(status.st_mode):
        return mode & 0o7707 | stat.S_ISGID | bits << 3
    return mode & 0o7705 | (bits | (WRITE if write and mode & stat.S_IWUSR else 0)) << 3


def _copy(name: str, folder: int, status: os.stat_result, place: SharedPlace, *, write: bool) -> None:
    """Replace a file in an open folder by a copy of its own, in one step."""
    partial = f".envmanager-{secrets.token_hex(8)}"
    try:
        with (
            opened(name, FILE, folder) as handle,
            opened(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, folder) as made,
            open(handle, "rb", closefd=False) as old,
            open(made, "wb", closefd=False) as new,
        ):
            if not os.path.samestat(os.fstat(handle), status):
                raise FileNotFoundError(name)
            shutil.copyfileobj(old, new, _BLOCK)
            new.flush()
            os.fchown(made, -1, place.gid)
            os.fchmod(made, _mode(status, place, write=write))
            # A compiled file is valid for one time of its source.
            os.utime(made, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.replace(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(partial, dir_fd=folder)
        raise


@contextlib.contextmanager
def _noted(path: str, given: Given) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        pass
    except OSError:
        given.left.append(path)
