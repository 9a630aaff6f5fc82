"""Are the files of a package the ones that it brought? Compared with ``paths_data`` of its record.

The format: https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html#info-paths-json, with
``sha256_in_prefix`` of what the installation made of a file.
"""

# Fifty thousand files an environment: Path objects would cost three times the system calls.
# ruff: noqa: PTH116

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from .conda_records import (
    CondaRecord,
    ListedPath,
    ListedPaths,
    RawRecord,
    describe,
    plain_files,
    read_record,
    unreadable,
)

Fault = Literal["missing", "changed", "unreadable"]

_CHUNK = 1 << 20
# Whether signing changes the size of programs after their prefix was set.
_SIGNED = sys.platform == "darwin"


class PackageFile(ListedPath):
    """A file that a package has put into the prefix; its size in bytes is that of the archive if conda wrote it."""

    path_type: str = "hardlink"
    sha256: str | None = None
    sha256_in_prefix: str | None = None
    prefix_placeholder: str | None = None
    file_mode: str | None = None


class _PackageFiles(ListedPaths):
    paths: Sequence[PackageFile] = ()


class _Record(RawRecord):
    paths_data: _PackageFiles | None = None


@dataclass(frozen=True)
class Difference:
    """A file that is not as its package brought it."""

    path: str
    fault: Fault


_decode = msgspec.json.Decoder(_Record).decode


def read(folder: Path, file: str) -> tuple[CondaRecord, list[PackageFile]]:
    """A record of a ``conda-meta`` folder and its files; none where the record cannot be read."""
    try:
        raw = _decode(read_record(folder, file))
        listed = raw.paths_data.paths if raw.paths_data else ()
        paths = list(listed) or [PackageFile(path) for path in plain_files(raw)]
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        return unreadable(file, error), []
    return describe(file, raw, paths), paths


def compare(prefix: str, files: Sequence[PackageFile], *, full: bool) -> list[Difference]:
    """What differs on disk.

    Presence, kind and size of every file, and the content of texts that hold the prefix, as their size on record may
    be that of the archive. ``full`` compares the content of every file. Bytecode is left out: Python writes it anew.
    """
    found: list[Difference] = []
    to_hash: list[PackageFile] = []
    base = f"{prefix}{os.sep}"
    for file in files:
        if file.path.endswith(".pyc"):
            continue
        fault = _look(base + file.path, file)
        if fault is not None:
            found.append(Difference(file.path, fault))
        elif (full or file.file_mode == "text") and file.path_type != "softlink" and _expected(file):
            to_hash.append(file)
    found += _compare_content(base, to_hash)
    return found


def _look(path: str, file: PackageFile) -> Fault | None:
    try:
        status = os.lstat(path)
        # Some installations link everything to the package cache.
        if stat.S_ISLNK(status.st_mode) and file.path_type != "softlink":
            status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        # ValueError: no file can have such a name.
        return "missing"
    except OSError:
        return "unreadable"
    mode = status.st_mode
    if file.path_type == "softlink":
        # Where links are not possible, it is a copy.
        return None if stat.S_ISLNK(mode) or stat.S_ISREG(mode) or stat.S_ISDIR(mode) else "changed"
    if file.path_type == "directory":
        return None if stat.S_ISDIR(mode) else "changed"
    return None if stat.S_ISREG(mode) and _fits(status.st_size, file) else "changed"


def _fits(size: int, file: PackageFile) -> bool:
    brought = file.size_in_bytes
    if not brought or size == brought:
        return True
    # The prefix has another length than the placeholder; programs are filled up.
    return size > 0 and file.prefix_placeholder is not None and (file.file_mode == "text" or _SIGNED)


def _expected(file: PackageFile) -> str | None:
    return file.sha256_in_prefix or (None if file.prefix_placeholder is not None else file.sha256)


def _compare_content(base: str, files: Sequence[PackageFile]) -> Iterator[Difference]:
    # One after the other: threads make fifty thousand small files slower, and large ones wait for the disk.
    for file in files:
        digest = _digest(base + file.path)
        if digest is None:
            yield Difference(file.path, "unreadable")
        elif digest != _expected(file):
            yield Difference(file.path, "changed")


def _digest(path: str) -> str | None:
    digest = hashlib.sha256()
    try:
        with Path(path).open("rb", buffering=0) as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()
