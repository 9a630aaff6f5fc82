"""Lay out what is in an archive in a stage, and make its files name the new prefix.

Which files name the old one is said by the list in ``bin/conda-unpack``, which is read and never run, and by conda's
records (https://conda.github.io/conda-pack/spec.html).
"""

# Tens of thousands of files: Path objects would cost more than the system calls.
# ruff: noqa: PTH101, PTH102, PTH108, PTH112, PTH113, PTH114, PTH116, PTH120, PTH123, PTH211

from __future__ import annotations

import ast
import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..engine.copying import KEEPERS
from ..engine.progress import Report
from ..engine.relocation import Baked, relocate
from ..engine.workplace import MARKER, put
from ..environments.condameta import is_record
from ..environments.plainfile import read_plain
from ..errors import Damaged, Invalid, NoSpace
from ..words import amount
from .contents import BROUGHT
from .members import Member, opened
from .reading import LARGEST_RECORD, digest_of, stays_within

SCRIPT = "bin/conda-unpack"
_CHUNK = 1 << 20
_INTERVAL = 0.1
# Real environments come to three to five times their archive; zeros to a thousand.
_LARGEST_FACTOR, _LARGEST_BEGIN = 100, 1 << 30
_MOST_MEMBERS = 5_000_000
# So much is left to others.
_MARGIN = 64 << 20
# A time that every filesystem can keep.
_LATEST = 1 << 32
_LAID_SHARE = 0.8
# Of the largest environments it has some megabytes; each package has a placeholder of its own.
_LARGEST_SCRIPT, _MOST_PREFIXES = 20_000_000, 3_000
# What is here of an environment's keeper is gone in one that is unpacked, as in a copy.
_KEEPERS = frozenset(f"conda-meta/{name}" for name in KEEPERS)
# What is written or removed at the end.
_FILES = BROUGHT | _KEEPERS | {"conda-meta/history", MARKER.as_posix()}


@dataclass(frozen=True)
class _Limits:
    bytes: int
    free: int
    files: int


@dataclass(frozen=True)
class Unpacked:
    """The files that now name another prefix, with their sha256, and files of packages that were not in the archive."""

    rewritten: dict[str, str]
    missing: list[str]


def unpack(archive: Path, stage: Path, prefix: Path, digest: str, size: int, report: Report) -> Unpacked:
    """Unpack an archive into ``stage``, for ``prefix``.

    Parameters
    ----------
    digest:
        That of the records that a preview has found in it, as `reading.digest_of` gives it.
    size:
        What it comes to, about.

    Raises
    ------
    Invalid
        A member is not one that an environment may have, or there is no room for the new prefix in a program.
    Damaged
        It is cut or broken.
    NoSpace
        It does not fit.
    """
    stage.mkdir(parents=True)
    _lay_out(archive, stage, size, report)
    listed = _listed(stage / SCRIPT, archive)
    report("verify", f"{len(listed)} files name the folder they were packed in", _LAID_SHARE)
    records = _records(stage, digest, archive)
    baked, olds = _baked(listed, records.values())
    rewritten = relocate(stage, sorted(olds, key=len, reverse=True), str(prefix), baked)
    owned = {path for record in records.values() for path in _files(record)}
    for brought in (BROUGHT - owned) | _KEEPERS:
        (stage / brought).unlink(missing_ok=True)
    for file, record in records.items():
        put(file, msgspec.json.format(msgspec.json.encode(_here(record, stage))))
    base = f"{stage}{os.sep}"
    missing = [path for path in owned if not path.endswith(".pyc") and not os.path.lexists(base + path)]
    return Unpacked(rewritten, sorted(missing))


def _records(stage: Path, digest: str, archive: Path) -> dict[Path, dict[str, Any]]:
    """conda's records, which must be the ones that the preview has shown."""
    folder = stage / "conda-meta"
    try:
        names = [entry.name for entry in os.scandir(folder) if is_record(entry.name)]
        texts = {name: read_plain(folder / name, LARGEST_RECORD, follow=False) for name in names}
    except OSError as error:
        raise Damaged(f"A record of {archive.name} cannot be read.", hint="Pack it anew.", field="source") from error
    if digest_of(texts) != digest:
        raise Damaged(
            f"The records of {archive.name} are scattered over the archive.",
            hint="Nothing was created. Pack it anew with conda-pack, or with this panel.",
            field="source",
        )
    return {folder / name: msgspec.json.decode(text, type=dict[str, Any]) for name, text in texts.items()}


def _lay_out(archive: Path, stage: Path, size: int, report: Report) -> None:
    packed = archive.stat().st_size
    counts = os.statvfs(stage) if hasattr(os, "statvfs") else None
    limits = _Limits(
        bytes=packed * _LARGEST_FACTOR + _LARGEST_BEGIN,
        free=shutil.disk_usage(stage).free - _MARGIN,
        files=counts.f_favail if counts is not None and counts.f_files else _MOST_MEMBERS,
    )
    layer = _Layer(stage, limits)
    told = 0.0
    with opened(archive) as members, _named():
        for member in members:
            layer.lay(member)
            if time.monotonic() - told > _INTERVAL:
                told = time.monotonic()
                share = min(1.0, layer.bytes / max(1, size))
                report("link", member.path, _LAID_SHARE * share, layer.bytes, max(size, layer.bytes), passing=True)
    report("link", f"{layer.count} files", _LAID_SHARE, layer.bytes, layer.bytes)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL):
            raise Invalid("The archive has a file name that cannot be used here.", field="source") from error
        raise


class _Layer:
    """Puts members into a folder, and nowhere else.

    No member is written through a link: neither a folder on its way nor what it replaces is one.
    """

    def __init__(self, stage: Path, limits: _Limits) -> None:
        self.bytes = self.count = 0
        self._stage = os.fspath(stage)
        self._limits = limits
        self._folders = {""}

    def lay(self, member: Member) -> None:
        """Put one member in its place; a later one of the same name wins."""
        self.count += 1
        if self.count > min(self._limits.files, _MOST_MEMBERS):
            raise NoSpace("The archive has more files than there is room for.", hint="Choose another location.")
        if member.kind == "folder":
            self._make(member.path)
            return
        if not member.path:
            raise Invalid("The archive has a file without a name.", field="source")
        self._make(os.path.dirname(member.path))
        path = f"{self._stage}{os.sep}{member.path}"
        self._clear(path, member.path)
        if member.kind == "link":
            os.symlink(member.target, path)
        elif member.kind == "twin":
            self._twin(member, path)
        else:
            self._write(member, path)

    def _make(self, folder: str) -> None:
        if folder in self._folders:
            return
        if folder in _FILES:
            raise Invalid(f"In the archive, {folder!r} is no file.", field="source")
        above = os.path.dirname(folder)
        self._make(above)
        path = f"{self._stage}{os.sep}{folder}"
        if os.path.islink(path) or not os.path.isdir(path):
            # Also where a file or a link is: what leads elsewhere is no folder of the archive.
            try:
                os.mkdir(path)
            except FileExistsError as error:
                raise Invalid(
                    f"The archive is not safe: {folder[:200]!r} is a folder and something else, too.",
                    hint="Nothing was created. Ask who made it for another one.",
                    field="source",
                ) from error
        self._folders.add(folder)

    def _clear(self, path: str, name: str) -> None:
        if name in self._folders:
            raise Invalid(f"In the archive, {name[:200]!r} is a folder and a file.", field="source")
        if os.path.lexists(path):
            os.unlink(path)

    def _twin(self, member: Member, path: str) -> None:
        first = f"{self._stage}{os.sep}{member.target}"
        if os.path.dirname(member.target) not in self._folders or os.path.islink(first) or not os.path.isfile(first):
            raise Damaged(
                f"In the archive, {member.path[:200]!r} is a second name of a file that is not there.",
                hint="Copy it once more.",
                field="source",
            )
        os.link(first, path)

    def _write(self, member: Member, path: str) -> None:
        assert member.content is not None
        with open(path, "xb") as file:
            while chunk := member.content.read(_CHUNK):
                self.bytes += len(chunk)
                if self.bytes > self._limits.bytes:
                    raise Invalid(
                        f"The archive unpacks to more than {amount(self._limits.bytes)}, which no environment does.",
                        hint="Nothing was created. Ask who made it.",
                        field="source",
                    )
                if self.bytes > self._limits.free:
                    raise NoSpace(
                        f"The archive does not fit: only {amount(self._limits.free)} are free there.",
                        hint="Free some space or choose another location.",
                    )
                file.write(chunk)
        # Neither setuid bits nor rights for others are taken over: the user's umask has decided.
        if member.executable:
            mode = os.stat(path).st_mode & 0o666
            os.chmod(path, mode | (mode & 0o444) >> 2)
        if 0 <= member.modified < _LATEST:
            os.utime(path, (member.modified, member.modified))


def _listed(script: Path, archive: Path) -> list[tuple[str, str, bool]]:
    """Path, the prefix in it, and whether it is a text: what ``conda-unpack`` would rewrite.

    The script comes last in an archive: one that was cut has none.
    """
    try:
        tree = ast.parse(read_plain(script, _LARGEST_SCRIPT))
    except OSError as error:
        raise Invalid(
            f"{archive.name} has no bin/conda-unpack: it is cut, or was not made by conda-pack.",
            hint="An environment that was archived in another way works only in the folder that it came from. "
            "Copy it once more, or pack it anew.",
            field="source",
        ) from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Damaged(f"bin/conda-unpack of {archive.name} cannot be read.", field="source") from error
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == "_prefix_records" for one in node.targets):
            return _rows(node.value)
    return []


def _rows(node: ast.expr) -> list[tuple[str, str, bool]]:
    try:
        rows = ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        rows = []
    return [
        (row[0], row[1], row[2] == "text")
        for row in rows
        if isinstance(row, tuple) and len(row) == 3 and all(isinstance(part, str) and _is_text(part) for part in row)
    ]


def _baked(listed: Iterable[tuple[str, str, bool]], records: Iterable[dict[str, Any]]) -> tuple[list[Baked], set[str]]:
    """The files that may name a prefix, and the prefixes; ``conda-unpack`` leaves out Python itself."""
    found: dict[str, Baked] = {}
    olds: set[str] = set()
    for path, old, text in listed:
        if old.startswith("/") and len(old) > 1 and stays_within(path):
            olds.add(old)
            found[path] = Baked(path, text, 0 if text else len(os.fsencode(old)))
    for record in records:
        for one in _with_prefix(record):
            olds.add(one["prefix_placeholder"])
            room = len(os.fsencode(one["prefix_placeholder"]))
            found.setdefault(one["_path"], Baked(one["_path"], one.get("file_mode") != "binary", room))
    if len(olds) > _MOST_PREFIXES:
        # Each is looked for in each file.
        raise Damaged(
            "The archive names more folders that it comes from than any.", hint="Pack it anew.", field="source"
        )
    return list(found.values()), olds


def _here(record: dict[str, Any], stage: Path) -> dict[str, Any]:
    """A record of the package as it is installed here."""
    for one in _with_prefix(record):
        file = stage / one["_path"]
        if file.is_file() and not file.is_symlink():
            one["sha256_in_prefix"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return record


def _paths(record: dict[str, Any]) -> list[dict[str, Any]]:
    # Their types were checked when it was read.
    return list((record.get("paths_data") or {}).get("paths") or [])


def _files(record: dict[str, Any]) -> list[str]:
    return [one["_path"] for one in _paths(record)] or list(record.get("files") or [])


def _with_prefix(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in _paths(record) if len(str(one.get("prefix_placeholder") or "")) > 1]


def _is_text(part: str) -> bool:
    try:
        return b"\0" not in os.fsencode(part)
    except UnicodeEncodeError:
        return False
