"""Which files a linked package has: the part of its ``conda-meta`` record that says so.

The format: https://docs.conda.io/projects/conda/en/stable/dev-guide/api/conda/models/records/index.html (PrefixRecord).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from .workplace import usual_mode


class _Path(msgspec.Struct, frozen=True):
    path: str = msgspec.field(name="_path")


class _Paths(msgspec.Struct, frozen=True):
    paths: list[_Path] = []


class MetaRecord(msgspec.Struct, frozen=True):
    """One ``conda-meta/<name>-<version>-<build>.json``."""

    name: str
    fn: str = ""
    version: str = ""
    sha256: str = ""
    paths_data: _Paths = _Paths()

    def files(self) -> list[str]:
        """Its files, relative to the prefix, with slashes."""
        return [entry.path for entry in self.paths_data.paths]

    def is_whole(self, prefix: Path) -> bool:
        """Whether each of its files is there (what links point to does not matter)."""
        # Ten thousand files an environment: Path objects would cost three times the system calls.
        base = f"{prefix}{os.sep}"
        return all(os.path.lexists(base + entry.path) for entry in self.paths_data.paths)


_decode = msgspec.json.Decoder(MetaRecord).decode


def read(file: Path) -> MetaRecord:
    """Read one record; raises OSError or ``msgspec.DecodeError``."""
    return _decode(file.read_bytes())


def read_all(prefix: Path) -> list[MetaRecord]:
    """The records of a prefix, by file name; one that cannot be read is left out."""
    found = []
    for file in sorted((prefix / "conda-meta").glob("*.json")):
        if not file.is_file():
            continue
        try:
            found.append(read(file))
        except (OSError, msgspec.DecodeError):
            continue
    return found


def open_up(prefix: Path) -> None:
    """Let everybody read the records whom the umask lets: rattler writes them for their owner alone, conda does not.

    One that has other names is another environment's, too, and stays as it is.
    """
    mode = usual_mode()
    with os.scandir(prefix / "conda-meta") as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            if _is_closed(status, mode) and entry.name.endswith(".json") and status.st_nlink == 1:
                Path(entry.path).chmod(stat.S_IMODE(status.st_mode) | mode)


def is_closed(file: Path) -> bool:
    """Whether a record is for fewer than the umask lets read it."""
    try:
        return _is_closed(file.lstat(), usual_mode())
    except OSError:
        return False


def _is_closed(status: os.stat_result, mode: int) -> bool:
    return stat.S_ISREG(status.st_mode) and bool(mode & ~status.st_mode & 0o444)
