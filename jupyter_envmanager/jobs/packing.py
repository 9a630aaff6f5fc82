"""What a worker does to pack an environment, as prose. The environment itself is only read.

The archive is written beside its place, under a name of the job's own, and linked to its place when it is whole: there
never is half of one, and none is ever replaced.
"""

from __future__ import annotations

import errno
import getpass
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..engine.progress import Report
from ..engine.workplace import Workplace
from ..environments.state import state
from ..errors import Conflict, NoSpace, NotAllowed, NotFound
from ..words import amount, first
from .lock import Waiting, prefix_lock
from .store import JobFolder, PackAction, file_version

# What compression makes of an environment at best.
_SMALLEST_SHARE = 0.2
_NAMED = 3
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK})


@contextmanager
def held_still(place: Workplace, job: str, waiting: Waiting) -> Iterator[None]:
    """Let no job change the environment meanwhile, as far as we may write beside it."""
    if not may_hold(place):
        yield
        return
    place.open()
    try:
        with prefix_lock(place.lock_file, job, getpass.getuser(), waiting):
            yield
    finally:
        place.close()


def may_hold(place: Workplace) -> bool:
    """Whether we may write where the lock is; whoever only uses an environment of a group may not."""
    folder = next(one for one in (place.folder, place.root, place.prefix.parent) if one.exists())
    return os.access(folder, os.W_OK | os.X_OK)


def pack(action: PackAction, folder: JobFolder, report: Report) -> None:
    """Write the archive.

    Parameters
    ----------
    folder:
        The job's.

    Raises
    ------
    Conflict
        There is such a file by now, or the environment was changed meanwhile.
    NotFound
        The environment is gone.
    NoSpace, NotAllowed
        Nothing is left of the archive.
    """
    # conda-pack takes a moment to load, and no other job needs it.
    from ..packs.contents import contents
    from ..packs.packing import write

    prefix, archive, partial = Path(action.prefix), Path(action.archive), partial_of(action, folder.id)
    before = state(prefix)
    if not before:
        raise NotFound(f"{prefix} is gone.", hint="Refresh the list.")
    try:
        found = contents(prefix, text_names=action.format == "zip")
        for what, paths in (
            ("lead out of it", found.outward),
            ("are missing", found.missing),
            ("are no part of it", found.beyond),
            ("have names that a zip cannot hold", found.unnameable),
        ):
            _tell(paths, what, report)
        _check_space(archive.parent, found.size)
        with open(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), "w+b") as file:  # noqa: PTH123
            gone = write(prefix, found, file, action.format, report)
            file.flush()
            os.fsync(file.fileno())
        if state(prefix) != before:
            raise Conflict("The environment was changed while it was packed.", hint="Pack it again.")
        _tell(gone, "came and went meanwhile", report)
        folder.note_file(partial)
        _publish(partial, archive)
    except OSError as error:
        raise _problem(error, archive) from error
    finally:
        partial.unlink(missing_ok=True)


def settle(action: PackAction, folder: JobFolder) -> bool:
    """Bring to an end what a worker left that died; whether its archive is there, whole."""
    with suppress(OSError):
        partial_of(action, folder.id).unlink(missing_ok=True)
        return folder.noted_file() == file_version(Path(action.archive))
    return False


def partial_of(action: PackAction, job: str) -> Path:
    """Where the archive is while it is being written."""
    archive = Path(action.archive)
    return archive.with_name(f".{archive.name[:200]}.{job}.partial")


def _publish(partial: Path, archive: Path) -> None:
    """Give the archive its name, if nothing has it."""
    try:
        os.link(partial, archive)
    except FileExistsError as error:
        raise Conflict(f"{archive} came to be meanwhile; it was left alone.", hint="Choose another name.") from error
    except OSError as error:
        if error.errno not in _NO_LINKS or archive.exists():
            raise
        partial.rename(archive)


def _check_space(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size * _SMALLEST_SHARE:
        raise NoSpace(
            f"{amount(size)} are to be packed, and {folder} has {amount(free)} left.",
            hint="Free some space, or choose another folder.",
            field="folder",
        )


def _problem(error: OSError, archive: Path) -> NoSpace | NotAllowed | Conflict:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpace(
            f"{archive.parent} has no space left for the archive.",
            hint="Free some space, or choose another folder.",
            field="folder",
        )
    if isinstance(error, FileNotFoundError):
        return Conflict("A file vanished while the environment was packed.", hint="Pack it again.")
    what = error.filename or str(archive)
    return NotAllowed(f"{what} cannot be used: {error.strerror}.", hint="Choose another folder, or ask its owner.")


def _tell(left_out: list[str], why: str, report: Report) -> None:
    if left_out:
        named = first(left_out, _NAMED).encode(errors="replace").decode()
        report("pack", f"Left out, as they {why}: {named}", 0.0)
