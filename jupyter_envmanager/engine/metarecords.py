"""Which files a linked package has: the part of its ``conda-meta`` record that says so.

The format: https://docs.conda.io/projects/conda/en/stable/dev-guide/api/conda/models/records/index.html (PrefixRecord).
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


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
