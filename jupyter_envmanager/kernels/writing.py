"""How does a kernelspec folder get there, change and go, so that Jupyter never sees half of it?"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import Conflict, NoSpace, NotAllowed
from .building import SCRIPT, Files


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


def put(files: Files, folder: Path, *, shared: bool = False) -> None:
    """Write a kernelspec folder, or change one file by file, kernel.json last: at no time is there none.

    Parameters
    ----------
    folder:
        The kernelspec folder; its parent is made where it is missing.
    shared:
        Others read it, too: its files get the rights of the folder that it is in.

    Raises
    ------
    Conflict
        There is a folder of this name that is no kernelspec.
    NotAllowed, NoSpace
    """
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
                _share(stage, folder.parent)
            if (folder / "kernel.json").exists():
                _change(stage, folder, files)
            else:
                _refuse_others(folder)
                stage.rename(folder)


def _refuse_others(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        raise Conflict(f"{folder} is there already, and is no kernel.", hint="Choose another name.", field="name")


def _change(stage: Path, folder: Path, files: Files) -> None:
    for file in sorted(stage.iterdir(), key=lambda file: file.name == "kernel.json"):
        if (folder / file.name).exists():
            with contextlib.suppress(OSError):
                file.chmod(stat.S_IMODE((folder / file.name).stat().st_mode) | (file.stat().st_mode & 0o111))
        file.replace(folder / file.name)
    for left in folder.iterdir():
        gone = left.name in files.drop if files.keep else left.is_file() or left.is_symlink()
        if gone and left.name not in files.content:
            left.unlink()


def transfer(source: Path, folder: Path, *, shared: bool = False, files: Files | None = None) -> None:
    """Copy a kernelspec folder as it is to a place that is free; ``files`` replace those of the same name.

    Raises
    ------
    Conflict, NotAllowed, NoSpace
    """
    with translated(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(folder):
            raise Conflict(f"{folder} is there already.", hint="Choose another name.", field="name", path=str(folder))
        with _work_folder(folder.parent) as work:
            stage = work / "new"
            _copy(source, stage)
            for name, data in (files.content if files else {}).items():
                (stage / name).write_bytes(data)
            if shared:
                _share(stage, folder.parent)
            stage.rename(folder)


def move(source: Path, folder: Path, *, shared: bool = False) -> None:
    """Move a kernelspec folder to a place that is free; it is in one of them at any time, and in the end in only one.

    Raises
    ------
    Conflict, NotAllowed, NoSpace
    """
    transfer(source, folder, shared=shared)
    try:
        take_away(source)
    except NotAllowed:
        take_away(folder)
        raise


def _copy(source: Path, stage: Path) -> None:
    try:
        shutil.copytree(source, stage, symlinks=False, ignore_dangling_symlinks=True)
    except shutil.Error as error:
        # Its first argument lists (source, target, reason).
        reason = error.args[0][0][2] if error.args and error.args[0] else error
        raise OSError(errno.EIO, str(reason)) from error


def _share(stage: Path, parent: Path) -> None:
    """Give files the rights of the folder that they go to: who may look in there may start the kernel."""
    rights = stat.S_IMODE(parent.stat().st_mode)
    stage.chmod(rights | 0o700)
    for path in stage.rglob("*"):
        if path.is_dir():
            path.chmod(rights | 0o700)
        else:
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


@contextlib.contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    # Jupyter takes a folder with a kernel.json for a kernel; one level deeper it does not look.
    with tempfile.TemporaryDirectory(prefix=".envmanager-", dir=parent, ignore_cleanup_errors=True) as work:
        yield Path(work)
