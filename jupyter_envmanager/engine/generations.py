"""Former states of an environment: kept beside it as hard links, swapped back in one step.

A state's number is its folder's name in ``<workplace>/generations/``; the current one carries it in its marker. A
change takes these steps, each of which may be the last before the machine goes down:

1. the new state is complete in the stage; the journal then says which folder (by inode) is to come in, and that the
   current one becomes generation *n*;
2. the stage is renamed to ``generations/n``;
3. ``generations/n`` and the prefix change places, in one system call.

Before step 3 the prefix is the old state, after it the new one, and nothing is left to do. A rollback is the same with
an older generation in place of the stage. Where a filesystem cannot swap, step 3 is three renames, and the journal is
enough to complete them (`settle`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ..errors import Conflict, EnvManagerError, NoSpace, NotAllowed
from .exchange import exchange
from .workplace import Journal, Workplace, read_marker, remove_tree

FIRST = 1
_MOST = 10**9
_NUMBER = re.compile(r"^[1-9][0-9]{0,8}$")


def kept(place: Workplace) -> list[int]:
    """The numbers of the kept generations, ascending."""
    if place.generations.is_symlink():
        return []
    try:
        with os.scandir(place.generations) as entries:
            return sorted(
                int(one.name) for one in entries if _NUMBER.match(one.name) and one.is_dir(follow_symlinks=False)
            )
    except OSError:
        return []


def current(place: Workplace) -> int:
    """The number of the state that is in place. One that we have not made is the first."""
    number = read_marker(place.prefix).get("generation", FIRST)
    others = kept(place)
    if type(number) is not int or not FIRST <= number < _MOST or number in others:
        # Made anew at the same place by another tool, beside what is kept of the old one.
        return max([FIRST - 1, *others]) + 1
    return number


def following(place: Workplace) -> int:
    """The number of the state that is to be made."""
    return max(current(place), *kept(place), FIRST) + 1


def swap(place: Workplace, journal: Journal, incoming: Path, inode: int | None = None) -> None:
    """Put ``incoming`` in the prefix's place; what was there becomes generation ``journal.slot``.

    Parameters
    ----------
    journal:
        Written here anew with the inode of ``incoming``, before anything moves.
    inode:
        The inode that ``incoming`` was made with: another folder of its name is not ours.

    Raises
    ------
    NotAllowed
        The prefix may not be moved.
    Conflict
        The prefix is gone.
    """
    assert journal.slot is not None
    made = _inode(incoming)
    if made is None or (inode is not None and made != inode):
        raise Conflict(
            "What was built was replaced or removed while it was built.", hint="Nothing was changed. Preview again."
        )
    slot = place.generation(journal.slot)
    place.generations.mkdir(exist_ok=True)
    place.write_journal(msgspec.structs.replace(journal, incoming=made))
    written = place.read_journal()
    try:
        with _said(place.prefix):
            incoming.rename(slot)
            if not exchange(slot, place.prefix):
                place.prefix.rename(place.outgoing)
                slot.rename(place.prefix)
                place.outgoing.rename(slot)
    except EnvManagerError:
        if written is None or not settle(place, written):
            raise
    if _inode(place.prefix) != made:
        # Somebody has put another folder there between two of our calls: back with what was there.
        exchange(slot, place.prefix)
        raise Conflict("What was built was replaced at the last moment.", hint="Nothing was changed. Preview again.")


def settle(place: Workplace, journal: Journal) -> bool:
    """Bring a swap that was cut off to an end; whether the new state is in place then. May be repeated.

    What has not been swapped goes back to where it came from (a generation) or away (a stage).
    """
    if journal.slot is None or journal.incoming is None:
        return False
    slot = place.generation(journal.slot)
    if _inode(place.outgoing) is not None:
        # Three renames, cut off: the old state is out, and the new one is complete.
        if _inode(place.prefix) is None and _inode(slot) == journal.incoming:
            slot.rename(place.prefix)
        if _inode(place.prefix) is None:
            place.outgoing.rename(place.prefix)
            return False
        place.outgoing.rename(slot)
    if _inode(place.prefix) == journal.incoming:
        return True
    if _inode(slot) == journal.incoming:
        if journal.target is not None:
            slot.rename(place.generation(journal.target))
        else:
            slot.rename(place.stage(journal.job))
    return False


def discard_surplus(place: Workplace, keep: int, latest: int, job: str) -> list[Path]:
    """Take the oldest generations out of the list until ``keep`` are left; returns the folders to delete at leisure.

    Parameters
    ----------
    latest:
        The state that has just been replaced: it goes last, whatever its number.
    """
    numbers = [number for number in kept(place) if number != latest]
    surplus = max(0, len(numbers) + (latest in kept(place)) - keep)
    doomed = [*numbers, latest][:surplus]
    return [moved for number in doomed if (moved := forget(place, number, job)) is not None]


def forget(place: Workplace, number: int, job: str) -> Path | None:
    """Take one generation out of the list; returns the folder to delete at leisure, None when there is no such one."""
    trash = place.folder / f"trash-{job}-{number}"
    try:
        place.generation(number).rename(trash)
    except OSError:
        return None
    return trash


def delete(folders: list[Path], place: Workplace) -> None:
    """Delete what `discard_surplus` took out; what cannot be deleted now goes with the next job here."""
    for folder in folders:
        with contextlib.suppress(OSError):
            remove_tree(folder)
    place.close()


def sizes(place: Workplace) -> tuple[dict[int, int], int]:
    """Bytes that each kept generation holds alone, and that all of them together hold and nothing else shares.

    A file counts where all its names are: in one generation, or within the kept ones. Blocking: a look at every file.
    """
    names: dict[tuple[int, int], dict[int, int]] = {}
    known: dict[tuple[int, int], tuple[int, int]] = {}
    for number in kept(place):
        for status in _files(os.fspath(place.generation(number))):
            key = (status.st_dev, status.st_ino)
            inside = names.setdefault(key, {})
            inside[number] = inside.get(number, 0) + 1
            known[key] = (status.st_nlink, status.st_blocks * 512 if hasattr(status, "st_blocks") else status.st_size)
    alone = dict.fromkeys(kept(place), 0)
    together = 0
    for key, inside in names.items():
        links, size = known[key]
        if sum(inside.values()) >= links:
            together += size
            if len(inside) == 1:
                alone[next(iter(inside))] += size
    return alone, together


def _files(root: str) -> list[os.stat_result]:
    found = []
    waiting = [root]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        found.append(entry.stat(follow_symlinks=False))
        except OSError:
            continue
    return found


def _inode(path: Path) -> int | None:
    try:
        return path.lstat().st_ino
    except OSError:
        return None


@contextlib.contextmanager
def _said(prefix: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Conflict(f"{prefix} was removed while it was changed.", hint="Refresh the list.") from error
    except OSError as error:
        if isinstance(error, PermissionError):
            raise NotAllowed(
                f"{prefix} cannot be replaced: {error.strerror}.",
                hint=f"You need write access to {prefix.parent}; ask its owner.",
            ) from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(f"No space is left in {prefix.parent}.", hint="Free some space, then try again.") from error
        raise NotAllowed(
            f"{prefix} cannot be replaced: {error.strerror}.",
            hint="Nothing was changed; report the details.",
            **_of(error),
        ) from error


def _of(error: OSError) -> dict[str, str]:
    return {"file": str(error.filename), "other": str(error.filename2)}
