"""How large is an environment? Measured by walking it, then remembered while nothing changes."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from .plainfile import read_plain

log = logging.getLogger(__name__)


def measure(prefix: Path) -> tuple[int, int]:
    """Walk a prefix.

    Returns allocated bytes and the number of files (everything but folders). A file with several names inside the
    prefix counts once; files shared with the package cache count in full. Symbolic links are not followed, folders
    that cannot be read count as empty. Blocks for as long as the walk takes.
    """
    size = files = 0
    seen: set[tuple[int, int]] = set()
    folders = [os.fspath(prefix)]
    while folders:
        for path, status in _content(folders.pop()):
            if stat.S_ISDIR(status.st_mode):
                folders.append(path)
            else:
                identity = (status.st_dev, status.st_ino)
                if status.st_nlink > 1 and identity in seen:
                    continue
                seen.add(identity)
                files += 1
            size += _allocated(status)
    return size, files


def _content(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """What is in a folder now; an installation may be at work, so what vanishes meanwhile is left out."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                yield entry.path, entry.stat(follow_symlinks=False)


def _allocated(status: os.stat_result) -> int:
    # st_blocks counts 512 bytes whatever the filesystem's block size is; Windows does not have it.
    blocks: int | None = getattr(status, "st_blocks", None)
    return status.st_size if blocks is None else blocks * 512


class _Entry(msgspec.Struct, frozen=True):
    version: str
    size: int


class SizeCache:
    """Sizes by prefix, each valid for one version of the prefix, kept in a JSON file.

    Parameters
    ----------
    file:
        Where to keep them; None keeps them in memory. A file that is broken or cannot be written costs a new
        measurement and nothing else.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._entries = self._load()

    def __contains__(self, prefix: str) -> bool:
        return prefix in self._entries

    def get(self, prefix: str, version: str) -> int | None:
        """The size in bytes, if it was measured for this version."""
        entry = self._entries.get(prefix)
        return entry.size if entry is not None and entry.version == version else None

    def remember(self, prefix: str, version: str, size: int) -> None:
        """Keep a size (bytes) for this version of a prefix."""
        with self._lock:
            # Another server of the same user may have measured meanwhile.
            self._entries = {**self._load(), **self._entries, prefix: _Entry(version, size)}
            self._save()

    def _load(self) -> dict[str, _Entry]:
        if self._file is None:
            return {}
        try:
            return msgspec.json.decode(read_plain(self._file), type=dict[str, _Entry])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            log.warning("Sizes are measured anew, as %s cannot be read: %s", self._file, error)
            return {}

    def _save(self) -> None:
        if self._file is None:
            return
        temporary: Path | None = None
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".sizes", dir=self._file.parent)
            temporary = Path(name)
            with os.fdopen(handle, "wb") as stream:
                stream.write(msgspec.json.encode({k: v for k, v in self._entries.items() if Path(k).is_dir()}))
            temporary.replace(self._file)
        except OSError as error:
            log.warning("Sizes could not be kept in %s: %s", self._file, error)
            if temporary is not None:
                with contextlib.suppress(OSError):
                    temporary.unlink()
