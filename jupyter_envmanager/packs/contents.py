"""What of an environment goes into its archive, and which of its files may name the prefix?"""

# Tens of thousands of files: Path objects would cost more than the system calls.
# ruff: noqa: PTH115, PTH117, PTH118, PTH120

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..environments.boundary import Boundary
from ..environments.condameta import is_record
from ..environments.record_files import PackageFile, read
from .distributions import folder_of

_META = "conda-meta/"
# What conda-pack brings itself.
BROUGHT = frozenset(
    {"bin/activate", "bin/activate.fish", "bin/deactivate", "bin/conda-unpack", "bin/conda_unpack_progress.py"}
)
# Nobody writes a path into a file of this size by hand.
_LARGEST_TEXT = 64 * 2**20

Mode = Literal["raw", "record", "text", "binary", "unknown"]


@dataclass(frozen=True)
class Entry:
    """A file, a link or an empty folder; ``path`` is relative to the prefix.

    ``mode`` says where the prefix may be: nowhere (``raw``), in a ``text``, in a ``binary`` that was built with
    ``placeholder`` and had the hash ``sha256`` then, or who knows (``unknown``). A ``record`` is conda's.
    """

    path: str
    mode: Mode = "raw"
    placeholder: str = ""
    sha256: str | None = None
    size: int = 0
    link: str | None = None


@dataclass
class Contents:
    """All of an environment that is packed, records first, then what Python says of its packages: whoever reads the
    archive need not read all of it.

    ``outward`` are links that lead out of the environment, ``missing`` files of packages that are not there,
    ``beyond`` folders that are other environments or serve several, ``unnameable`` files whose names are no text; none
    of these is packed.
    """

    entries: list[Entry] = field(default_factory=list)
    outward: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    unnameable: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes to pack."""
        return sum(entry.size for entry in self.entries)


def contents(prefix: Path, *, text_names: bool = False) -> Contents:
    """Look at all files of an environment; blocking.

    Parameters
    ----------
    text_names:
        Whether the archive can have no names but such that are text.
    """
    packaged = _packaged(prefix)
    found = Contents()
    seen = set()
    for entry, inside in _walk(os.fspath(prefix), Boundary(prefix, packaged), found.beyond):
        # What is nobody's package may come and go meanwhile.
        with suppress(FileNotFoundError):
            made = _looked_at(entry, os.fspath(prefix), inside, packaged.get(inside), found)
            seen.add(inside)
            if made is not None and text_names and not (_is_text(made.path) and _is_text(made.link or "")):
                found.unnameable.append(inside)
            elif made is not None:
                found.entries.append(made)
    found.missing = sorted(path for path in packaged if path not in seen and not path.endswith(".pyc"))
    found.entries.sort(key=lambda one: (not one.path.startswith(_META), not folder_of(one.path), one.path))
    return found


def _looked_at(
    entry: os.DirEntry[str], prefix: str, path: str, file: PackageFile | None, found: Contents
) -> Entry | None:
    status = entry.stat(follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        target = _within(prefix, path, os.readlink(entry.path))
        if target is None:
            found.outward.append(path)
            return None
        return Entry(path, link=target)
    if stat.S_ISDIR(status.st_mode):
        return Entry(path)
    return _entry(path, status.st_size, file) if stat.S_ISREG(status.st_mode) else None


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _packaged(prefix: Path) -> dict[str, PackageFile]:
    meta = prefix / _META
    names = [entry.name for entry in os.scandir(meta) if is_record(entry.name)]
    return {file.path: file for name in names for file in read(meta, name)[1]}


def _entry(path: str, size: int, file: PackageFile | None) -> Entry:
    if path.startswith(_META) and is_record(path[len(_META) :]):
        return Entry(path, "record", size=size)
    if file is None:
        return Entry(path, "raw" if size > _LARGEST_TEXT else "unknown", size=size)
    if not file.prefix_placeholder:
        return Entry(path, size=size)
    mode: Mode = "binary" if file.file_mode == "binary" else "text"
    return Entry(path, mode, file.prefix_placeholder, file.sha256, size)


def _walk(prefix: str, boundary: Boundary, beyond: list[str]) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Files, links and empty folders; without bytecode, which whoever unpacks has compiled again."""
    waiting = [(prefix, "")]
    while waiting:
        folder, inside = waiting.pop()
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                path = f"{inside}{entry.name}"
                if path in BROUGHT or entry.name == "__pycache__":
                    continue
                if not entry.is_dir(follow_symlinks=False):
                    yield entry, path
                elif boundary.is_beyond(entry.path, path):
                    beyond.append(path)
                elif _is_empty(entry.path):
                    yield entry, path
                else:
                    waiting.append((entry.path, f"{path}/"))


def _is_empty(folder: str) -> bool:
    with suppress(FileNotFoundError), os.scandir(folder) as below:
        return next(below, None) is None
    return True


def _within(prefix: str, path: str, leads: str) -> str | None:
    """A link's target as seen from its folder; None where it leads out of the environment."""
    folder = os.path.dirname(path)
    if os.path.isabs(leads):
        if not (leads == prefix or leads.startswith(prefix + os.sep)):
            return None
        leads = os.path.relpath(leads, os.path.join(prefix, folder))
    inside = os.path.normpath(os.path.join(folder, leads))
    return None if inside == ".." or inside.startswith("../") else leads
