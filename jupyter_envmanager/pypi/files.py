"""Files of a stage: taken in and removed so that no other link to them ever changes, and nothing outside is touched."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import glob
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
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
        self._true: dict[str, str] = {}
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
            if self._is_record(new):
                raise Damaged(
                    f"A PyPI package wants to write into conda's records: {self.true_path(new)}.",
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

    def owners(
        self, site: Path, target: Path, paths: Iterable[str], owner: Callable[[str], str | None]
    ) -> dict[str, str]:
        """Whose files would be changed if these were taken in: path relative to the stage -> what ``owner`` says.

        The same content twice is nobody's loss, such as an empty ``__init__.py`` of a shared folder.
        """
        found = {}
        for path in paths:
            old, new = _joined(site, path), _joined(target, path)
            known = self._is_inside(new) and os.path.lexists(old) and self._owner(new, owner)
            if known and not _same(old, new):
                found[self.true_path(new)] = known
        return found

    def remove(self, site: Path, paths: Iterable[str], owner: Callable[[str], str | None] = lambda _: None) -> None:
        """Remove files with their bytecode, and the folders that are empty then; not what has an owner."""
        folders: set[Path] = set()
        for path in paths:
            if not self._is_inside(_joined(site, path)):
                continue
            file = Path(_joined(site, path))
            compiled = file.parent.glob(f"__pycache__/{glob.escape(file.stem)}.*.pyc") if file.suffix == ".py" else ()
            for victim in (file, *compiled):
                if self._is_record(str(victim)) or self._owner(str(victim), owner):
                    continue
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
        lies = folder == str(self.root) or folder.startswith(f"{self.root}{os.sep}")
        true = self._true_folder(folder)
        return lies and (true == self._true_root or true.startswith(self._true_root + os.sep))

    def _true_folder(self, folder: str) -> str:
        if folder not in self._true:
            self._true[folder] = os.path.realpath(folder)
        return self._true[folder]

    def true_path(self, path: str) -> str:
        """A path relative to the stage, with slashes; links to folders on its way, such as lib64, are followed."""
        true = f"{self._true_folder(_folder(path))}{os.sep}{path.rpartition(os.sep)[2]}"
        return true.removeprefix(self._true_root + os.sep).replace(os.sep, "/")

    def _owner(self, path: str, owner: Callable[[str], str | None]) -> str | None:
        plain = path.removeprefix(f"{self.root}{os.sep}").replace(os.sep, "/")
        return owner(self.true_path(path)) or owner(plain)

    def _is_record(self, path: str) -> bool:
        # Some filesystems take upper and lower case for the same.
        return self.true_path(path).partition("/")[0].casefold() == "conda-meta"

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


def _same(one: str, other: str) -> bool:
    """Whether both are files with the same content."""
    if os.path.islink(one) or os.path.islink(other):  # noqa: PTH114  there are thousands
        return False
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def _folder(path: str) -> str:
    return path.rpartition(os.sep)[0]
