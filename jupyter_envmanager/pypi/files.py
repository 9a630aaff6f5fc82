"""Files of a stage: taken in and removed so that no other link to them ever changes, and nothing outside is touched."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import Conflict, Damaged, NoSpace


class Stage:
    """The stage as a place for files.

    Parameters
    ----------
    root:
        Its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._true_root = os.path.realpath(root)
        # Thousands of files are in few folders.
        self._inside: dict[str, bool] = {}
        self._made: set[str] = set()

    def take(self, site: Path, target: Path, paths: Sequence[str], source: Path) -> list[str]:
        """Move files in; those that were there before are replaced, not written to.

        Parameters
        ----------
        site, target:
            The site-packages folder that ``paths`` are relative to: where they are, and where they go.
        source:
            The folder that the files must come from.

        Returns
        -------
        The paths, relative to the stage, of the files that were replaced.
        """
        replaced = []
        for path in paths:
            old, new = _joined(site, path), _joined(target, path)
            if not old.startswith(f"{source}{os.sep}") or not self._is_inside(new):
                raise Damaged(
                    f"A PyPI package wants to write outside of its environment: {path}.",
                    hint="Do not install it, and tell its maintainers.",
                    field="pypi",
                )
            if not os.path.lexists(old):
                # Another package of the same plan brings the same file, and it has been moved.
                continue
            if os.path.lexists(new):
                replaced.append(os.path.relpath(new, self.root))
            self._put(old, new)
        return replaced

    def remove(self, site: Path, paths: Iterable[str]) -> None:
        """Remove files with their bytecode, and the folders that are empty then."""
        folders: set[Path] = set()
        for path in paths:
            if not self._is_inside(_joined(site, path)):
                continue
            file = Path(_joined(site, path))
            compiled = file.parent.glob(f"__pycache__/{glob.escape(file.stem)}.*.pyc") if file.suffix == ".py" else ()
            for victim in (file, *compiled):
                with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                    victim.unlink()
                    folders.add(victim.parent)
        for folder in folders:
            self._prune(folder, site)

    def remove_tree(self, folder: Path) -> None:
        """Remove what a distribution's own metadata folder still holds."""
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
        else:
            folder.unlink(missing_ok=True)

    def _put(self, old: str, new: str) -> None:
        try:
            self._make(_folder(new))
            os.replace(old, new)  # noqa: PTH105  there are thousands
        except (IsADirectoryError, NotADirectoryError, FileExistsError) as error:
            raise Conflict(
                f"{os.path.relpath(new, self.root)} cannot be installed: a folder and a file want the same name.",
                hint="Remove the package that it belongs to, then try again.",
                field="pypi",
            ) from error

    def _make(self, folder: str) -> None:
        if folder not in self._made:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)

    def _is_inside(self, path: str) -> bool:
        """Whether a path is in the stage, also when links on its way are followed."""
        folder = _folder(path)
        if folder not in self._inside:
            true = os.path.realpath(folder)
            lies = folder == str(self.root) or folder.startswith(f"{self.root}{os.sep}")
            self._inside[folder] = lies and (true == self._true_root or true.startswith(self._true_root + os.sep))
        return self._inside[folder]

    def _prune(self, folder: Path, site: Path) -> None:
        """Remove empty folders upwards; never one that every environment has."""
        while folder.is_relative_to(self.root) and folder not in (self.root, site) and folder.parent != self.root:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent


def replace(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put a new file in a file's place: other links to the old one keep what they have."""
    handle, partial = tempfile.mkstemp(prefix=".envmanager-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    umask = os.umask(0)
    os.umask(umask)
    Path(partial).chmod(mode & ~umask)
    Path(partial).replace(path)


@contextmanager
def no_space() -> Iterator[None]:
    """Say in plain words that the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(
                "No space is left for the PyPI packages. Nothing was changed.", hint="Free some space, then try again."
            ) from error
        raise


def _joined(folder: Path, path: str) -> str:
    """A path of RECORD without its ``..``, as it stands: links are not followed."""
    return os.path.normpath(os.path.join(folder, path))  # noqa: PTH118  there are thousands


def _folder(path: str) -> str:
    return path.rpartition(os.sep)[0]
