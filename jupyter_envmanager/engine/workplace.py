"""Where a change to a prefix is built, and the journal that lets anyone finish or discard it.

Everything lies in ``<location>/.envmanager/<environment id>/``: hidden from conda (no ``conda-meta`` there) and on the
prefix's filesystem, so that the swap is one rename.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

FOLDER = ".envmanager"
# No .json: conda takes every conda-meta/*.json for a package record.
MARKER = Path("conda-meta", "jupyter_envmanager")


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is about to do to a prefix, written before it does it.

    ``kernels`` are those to register (create) or to remove (remove). ``emptied`` says that the prefix was an empty
    folder before.
    """

    action: Literal["create", "remove"]
    job: str
    prefix: str
    kernels: list[str] = []
    display_name: str | None = None
    emptied: bool = False


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

    def stage(self, job: str) -> Path:
        """Where the job builds the new environment."""
        return self.folder / f"stage-{job}"

    def trash(self, job: str) -> Path:
        """Where the job puts the environment it removes."""
        return self.folder / f"trash-{job}"

    def open(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def write_journal(self, journal: Journal) -> None:
        """Write the journal; on disk before this returns."""
        partial = self.journal_file.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(msgspec.json.encode(journal))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.journal_file)

    def read_journal(self) -> Journal | None:
        """The journal, if a job is or was under way; an unreadable one counts as none (it was never completed)."""
        try:
            return msgspec.json.decode(self.journal_file.read_bytes(), type=Journal)
        except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
            return None

    def clear(self) -> None:
        """Remove everything but a lock that somebody holds, and the folders if they are empty then."""
        self.journal_file.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            for entry in list(self.folder.iterdir()):
                if entry != self.lock_file:
                    remove_tree(entry)
        self.close()

    def close(self) -> None:
        """Remove the folders if they are empty."""
        for folder in (self.folder, self.root):
            with contextlib.suppress(OSError):
                folder.rmdir()


def write_marker(prefix: Path, marker: dict[str, Any]) -> None:
    """Write what we know of an environment into it."""
    path = prefix / MARKER
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(marker)))


def read_marker(prefix: Path) -> dict[str, Any]:
    """What we wrote into an environment; empty for one that is not ours or not there."""
    try:
        return msgspec.json.decode((prefix / MARKER).read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError):
        return {}


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
