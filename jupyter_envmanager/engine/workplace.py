"""Where a change to a prefix is built, and the journal that lets anyone finish or discard it.

Everything lies in ``<location>/.envmanager/<environment id>/``: hidden from conda (no ``conda-meta`` there) and on the
prefix's filesystem, so that the swap is one rename.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..environments.plainfile import read_plain
from ..errors import NotAllowed

FOLDER = ".envmanager"
# No .json: conda takes every conda-meta/*.json for a package record.
MARKER = Path("conda-meta", "jupyter_envmanager")
# It names every package of a change: hundreds of kilobytes at most.
_LARGEST_MARKER = 10_000_000
# It names an environment and its kernels.
_LARGEST_JOURNAL = 1_000_000


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is about to do to a prefix, written before it does it.

    ``kernels`` are those to register (create) or to remove (remove), the latter also from ``shared_kernels_dir``.
    The rest is of changes and rollbacks: ``slot`` is the number of the generation that the current state becomes,
    ``incoming`` the inode of the folder that takes its place, once that folder is complete, and ``target`` the number
    of the generation that a rollback goes to.
    """

    action: Literal["create", "change", "rollback", "remove"]
    job: str
    prefix: str
    kernels: list[str] = []
    shared_kernels_dir: str | None = None
    display_name: str | None = None
    slot: int | None = None
    incoming: int | None = None
    target: int | None = None


class Workplace:
    """The hidden folder beside one prefix.

    Parameters
    ----------
    prefix:
        The environment's final place.
    environment:
        Its id.
    """

    def __init__(self, prefix: Path, environment: str) -> None:
        self.prefix = prefix
        self.root = prefix.parent / FOLDER
        self.folder = self.root / environment
        self.journal_file = self.folder / "journal.json"
        self.lock_file = self.folder / "lock"
        self.generations = self.folder / "generations"
        # On the way out, for an instant, where two folders cannot be swapped in one step.
        self.outgoing = self.folder / "outgoing"
        self._rollback_file = self.folder / "rolled-back"

    def generation(self, number: int) -> Path:
        """Where a kept state of the environment lies."""
        return self.generations / str(number)

    def stage(self, job: str) -> Path:
        """Where the job builds the new environment."""
        return self.folder / f"stage-{job}"

    def trash(self, job: str) -> Path:
        """Where the job puts the environment it removes."""
        return self.folder / f"trash-{job}"

    def open(self) -> None:
        """Make the folder, as open to others as the location is.

        Raises
        ------
        NotAllowed
            It is a link, or belongs to somebody who could replace what we build there: whoever made it could send our
            deletions elsewhere, or put a folder of theirs into the environment's place.
        """
        try:
            for folder in (self.root, self.folder):
                if not folder.exists() and not folder.is_symlink():
                    folder.mkdir(parents=True, exist_ok=True)
                    with contextlib.suppress(OSError):
                        self._open_like_location(folder)
        except PermissionError as error:
            raise NotAllowed(
                f"You may not write in {self.root}, where environments of this location are changed.",
                hint=f"Ask the owner of {self.root} to let others write there, or choose another location.",
            ) from error
        for folder in (self.root, self.folder, self.generations):
            if folder.is_symlink():
                raise NotAllowed(
                    f"{folder} is a link, where a plain folder of ours should be.",
                    hint="Remove the link, then try again.",
                )
            if folder.exists() and not self._is_safe(folder):
                raise NotAllowed(
                    f"{folder} belongs to another user, who could replace what is built there.",
                    hint="Ask its owner or an admin to remove it, or choose a location of your own.",
                )

    def _open_like_location(self, folder: Path) -> None:
        location = self.root.parent.stat()
        if hasattr(os, "chown") and folder.stat().st_gid != location.st_gid:
            os.chown(folder, -1, location.st_gid)
        folder.chmod(stat.S_IMODE(location.st_mode))

    def _is_safe(self, folder: Path) -> bool:
        """In a sticky location others cannot touch what is ours; so they must not own the folder that we build in."""
        location = self.root.parent.stat()
        if os.name == "nt" or not location.st_mode & stat.S_ISVTX:
            return True
        return folder.lstat().st_uid in (os.geteuid(), location.st_uid, 0)

    def write_journal(self, journal: Journal) -> None:
        """Write the journal; on disk before this returns."""
        partial = self.journal_file.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(msgspec.json.encode(journal))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.journal_file)

    def read_journal(self) -> Journal | None:
        """The journal, if a job of this user is or was under way here.

        None for one that was never completed, that another user may have written (others may write in a shared
        location), or that speaks of another prefix: what it says would be done with our rights. Of members of the group
        that changes this location, the journal of a swap counts: it names folders of this workplace, and nothing else.
        """
        try:
            safe = all(_is_mine(path) or self._is_the_groups(path) for path in (self.root, self.folder))
            content = read_plain(self.journal_file, _LARGEST_JOURNAL, follow=False)
            journal = msgspec.json.decode(content, type=Journal) if safe else None
            if not _is_mine(self.journal_file):
                swaps = journal is not None and journal.action in ("change", "rollback")
                journal = journal if swaps and self._is_the_groups(self.journal_file) else None
        except (OSError, msgspec.DecodeError, RecursionError):
            return None
        if journal is None or not journal.job.isalnum() or journal.prefix != str(self.prefix):
            return None
        return journal

    def owns(self, folder: Path) -> bool:
        """Whether a folder is ours, or of the one whose environment this is: others may write in a shared location."""
        owner = self.prefix.lstat().st_uid
        return not folder.is_symlink() and (_is_mine(folder) or folder.lstat().st_uid == owner)

    def _is_the_groups(self, path: Path) -> bool:
        """Whether it is of the group whose members may replace the environment itself, so that nothing is gained by it.

        In a sticky location they may not; and where everybody may write, a group says nothing.
        """
        location, status = self.root.parent.stat(), path.lstat()
        return (
            os.name != "nt"
            and not stat.S_ISLNK(status.st_mode)
            and location.st_mode & (stat.S_ISVTX | stat.S_IWGRP | stat.S_IWOTH) == stat.S_IWGRP
            and status.st_gid == location.st_gid
        )

    def note_rollback(self, job: str) -> None:
        """Write down that a rollback is done: nothing in the state that it brought back could tell."""
        put(self._rollback_file, job.encode())

    def rolled_back(self) -> str | None:
        """The last job that rolled back here; None when there was none."""
        try:
            return read_plain(self._rollback_file, _LARGEST_JOURNAL, follow=False).decode("ascii", errors="replace")
        except OSError:
            return None

    def discard(self, job: str) -> None:
        """Remove what this one job has left here, and nothing that another one builds."""
        if self.root.is_symlink() or self.folder.is_symlink():
            return
        journal = self.read_journal()
        if journal is None or journal.job == job:
            self.journal_file.unlink(missing_ok=True)
        stage = self.stage(job)
        for path in (stage, stage.with_name(f"{stage.name}-pypi"), self.trash(job)):
            with contextlib.suppress(OSError):
                remove_tree(path)
        self.close()

    def clear(self) -> None:
        """Remove everything but the generations and a lock that somebody holds, and the folders if they are empty then.

        What cannot be removed (a mount, another user's file) stays until the next job here tries again.
        """
        if self.root.is_symlink() or self.folder.is_symlink():
            return
        self.journal_file.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            for entry in list(self.folder.iterdir()):
                if entry not in (self.lock_file, self.generations, self._rollback_file):
                    with contextlib.suppress(OSError):
                        remove_tree(entry)
        self.close()

    def close(self) -> None:
        """Remove the folders if they are empty."""
        with contextlib.suppress(OSError):
            self.generations.rmdir()
        if not self.generations.exists():
            self._rollback_file.unlink(missing_ok=True)
        for folder in (self.folder, self.root):
            with contextlib.suppress(OSError):
                folder.rmdir()


def write_marker(prefix: Path, marker: dict[str, Any]) -> None:
    """Write what we know of an environment into it."""
    put(prefix / MARKER, msgspec.json.format(msgspec.json.encode(marker)))


def read_marker(prefix: Path) -> dict[str, Any]:
    """What we wrote into an environment; empty for one that is not ours or not there."""
    try:
        return msgspec.json.decode(read_plain(prefix / MARKER, _LARGEST_MARKER), type=dict[str, Any])
    except (OSError, msgspec.DecodeError, RecursionError):
        return {}


def put(path: Path, content: bytes) -> None:
    """Write a file of ours into a prefix, in place of whatever a package has put there.

    Never through a link: the file behind it is the package cache's, or somebody else's.
    """
    # One level only: a stage that has gone meanwhile must not come back as a stump.
    path.parent.mkdir(exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=".envmanager-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(partial).chmod(usual_mode())
    Path(partial).replace(path)


def usual_mode() -> int:
    """The rights that a new file gets, as the umask says."""
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _is_mine(path: Path) -> bool:
    status = path.lstat()
    return not stat.S_ISLNK(status.st_mode) and (os.name == "nt" or status.st_uid == os.geteuid())


def remove_tree(path: Path) -> None:
    """Remove a file or a folder whole, also where packages left folders without write permission.

    A symbolic link is removed, not followed. What vanishes meanwhile is no error.
    """
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    elif path.is_dir():
        shutil.rmtree(path, onerror=_force)


def _force(function: Callable[..., Any], name: str, failure: Any) -> None:
    error = failure[1]
    if isinstance(error, FileNotFoundError):
        return
    if not isinstance(error, PermissionError):
        raise error
    for folder in (Path(name).parent, Path(name)):
        if not folder.is_symlink() and folder.is_dir():
            folder.chmod(folder.stat().st_mode | stat.S_IRWXU)
    if function in (os.scandir, os.listdir, os.open):
        shutil.rmtree(name, onerror=_force)
    else:
        function(name)
