"""How does a kernelspec folder get there, change and go, so that Jupyter never sees half of it?"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import Conflict, NoSpace, NotAllowed, NotFound
from . import carrying
from .building import SCRIPT, Files

_WORK = ".envmanager-"
_LEFT_SECONDS = 3600.0


@contextlib.contextmanager
def translated(folder: Path) -> Iterator[None]:
    """What the operating system refuses, in words: NoSpace or NotAllowed."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(f"There is no space left for a kernelspec in {folder}.", hint="Free some space.") from error
        raise NotAllowed(
            f"The kernelspecs in {folder} cannot be changed: {error.strerror or error}.",
            hint="Check that the folder is yours and can be written.",
        ) from error


def put(files: Files, folder: Path, *, new: bool, shared: bool = False) -> None:
    """Write a kernelspec folder, or change one file by file, kernel.json last: at no time is there none.

    Parameters
    ----------
    folder:
        The kernelspec folder; its parent is made where it is missing.
    new:
        Whether it must not be there yet; else it must be, so that one that was removed meanwhile stays away.
    shared:
        Others read it, too: its files get the rights of the folder that it is in.

    Raises
    ------
    Conflict
        There is a folder of this name already.
    NotFound
        The kernel is gone.
    NotAllowed, NoSpace
    """
    refuse_link(folder)
    with translated(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _work_folder(folder.parent) as work:
            stage = work / "new"
            stage.mkdir()
            for name, data in files.content.items():
                (stage / name).write_bytes(data)
            if SCRIPT in files.content:
                (stage / SCRIPT).chmod(stage.stat().st_mode & 0o777)
            if shared:
                _share(stage, folder.parent, everything=True)
            if new:
                _settle(stage, folder)
                return
            try:
                _change(stage, folder, files)
            except FileNotFoundError as error:
                raise NotFound(f"The kernel in {folder} is not there any more.", hint="Refresh the list.") from error


def refuse_link(folder: Path) -> None:
    """Raises NotAllowed for a kernelspec folder that is a link: what it leads to is somebody else's."""
    if folder.is_symlink():
        raise NotAllowed(
            f"The kernel in {folder} is a link to {os.path.realpath(folder)}: nothing is written there.",
            hint="Make a copy: that one can be changed. Removing it takes the link away.",
            path=str(folder),
        )


def _settle(stage: Path, folder: Path) -> None:
    """A finished folder to its place, in one step; of two that do it at once, one fails."""
    try:
        stage.rename(folder)
    except OSError as error:
        if not os.path.lexists(folder):
            raise
        raise Conflict(
            f"{folder} is there already.", hint="Choose another name.", field="name", path=str(folder)
        ) from error


def _change(stage: Path, folder: Path, files: Files) -> None:
    os.lstat(folder / "kernel.json")
    for file in sorted(stage.iterdir(), key=lambda file: file.name == "kernel.json"):
        there = folder / file.name
        with contextlib.suppress(FileNotFoundError):
            status = os.lstat(there)
            # The mode of what a link leads to is nothing to us.
            if stat.S_ISREG(status.st_mode):
                file.chmod(status.st_mode & 0o775 | file.stat().st_mode & 0o111)
        file.replace(there)
    for name in carrying.names(folder):
        gone = name in files.drop if files.keep else carrying.is_ours(name)
        if gone and name not in files.content and not _is_folder(folder / name):
            (folder / name).unlink()


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(os.lstat(path).st_mode)


def transfer(source: Path, folder: Path, *, shared: bool = False, files: Files | None = None) -> None:
    """Copy a kernelspec folder as it is to a place that is free; ``files`` replace those of the same name.

    Raises
    ------
    Conflict, Invalid, NotAllowed, NoSpace
    """
    with translated(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(folder):
            raise Conflict(f"{folder} is there already.", hint="Choose another name.", field="name", path=str(folder))
        with _work_folder(folder.parent) as work:
            stage = work / "new"
            carrying.copy(source, stage)
            for name, data in (files.content if files else {}).items():
                (stage / name).write_bytes(data)
            if shared:
                _share(stage, folder.parent)
            _settle(stage, folder)


def move(source: Path, folder: Path, *, shared: bool = False) -> None:
    """Move a kernelspec folder to a place that is free; it is in one of them at any time, and in the end in only one.

    Raises
    ------
    Conflict, Invalid, NotAllowed, NoSpace
    """
    refuse_link(source)
    transfer(source, folder, shared=shared)
    try:
        take_away(source)
    except NotAllowed:
        take_away(folder)
        raise


def _share(stage: Path, parent: Path, *, everything: bool = False) -> None:
    """Give files the rights of the folder that they go to: who may look in there may start the kernel.

    What lies beside our own files keeps its rights unless ``everything`` is ours: it may be private.
    """
    mode = parent.stat().st_mode
    # A sticky folder is one in which nobody changes what another one has put there.
    rights = mode & (0o2755 if mode & stat.S_ISVTX else 0o2775)
    stage.chmod(rights | 0o700)
    for path in stage.iterdir():
        if path.is_file() and (everything or carrying.is_ours(path.name)):
            runnable = 0o777 if path.stat().st_mode & 0o100 else 0o666
            path.chmod((rights & runnable & 0o777) | 0o600)


def take_away(folder: Path) -> None:
    """Remove a kernelspec folder in one step; of a link, the link. Raises NotAllowed."""
    with translated(folder.parent):
        if folder.is_symlink():
            folder.unlink()
            return
        with _work_folder(folder.parent) as work:
            folder.rename(work / "old")


def sweep(parent: Path) -> None:
    """Take away what a process of ours that was killed has left in a folder of kernels."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if not entry.name.startswith(_WORK) or not entry.is_dir(follow_symlinks=False):
                continue
            with contextlib.suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if status.st_uid == os.geteuid() and time.time() - status.st_mtime > _LEFT_SECONDS:
                    shutil.rmtree(entry.path, ignore_errors=True)


@contextlib.contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    sweep(parent)
    # Jupyter takes a folder with a kernel.json for a kernel; one level deeper it does not look.
    with tempfile.TemporaryDirectory(prefix=_WORK, dir=parent, ignore_cleanup_errors=True) as work:
        yield Path(work)
