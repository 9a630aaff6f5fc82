"""Make what uv has installed say the place where it will be, and check that it is whole.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ..engine.progress import Report
from ..engine.relocation import relocated
from ..errors import Damaged
from .files import replace
from .installed import InstalledDist, Row, write_record
from .names import normal

# Larger ones are libraries and data, which no installer writes paths into.
_LARGEST_TEXT = 2_000_000
_CHUNK = 1 << 20


def finish(
    fresh: Sequence[tuple[Path, InstalledDist]],
    *,
    root: Path,
    stage: Path,
    prefix: Path,
    requested: Sequence[str],
    report: Report,
) -> None:
    """Check every file against its RECORD, then write the final place into those that name the stage.

    Parameters
    ----------
    fresh:
        Site-packages folder and distribution.
    root:
        The folder that all of it is in.
    requested:
        Normalised names that are marked as asked for.

    Raises
    ------
    Damaged
        A file is missing or is not the one that its package brought.
    """
    owners = Counter(os.path.normpath(site / row.path) for site, dist in fresh for row in dist.record)
    places = {str(stage), os.path.realpath(stage)}
    for site, dist in fresh:
        rows = []
        for row in dist.record:
            path = Path(os.path.normpath(site / row.path))
            if not path.is_relative_to(root):
                raise _outside(dist, row)
            # Two packages may bring the same file; the later one has won, as with every installer.
            _check(path, row, dist, shared=owners[str(path)] > 1)
            rows.append(_relocated(path, row, places, str(prefix)))
        renewed = msgspec.structs.replace(dist, record=tuple(rows))
        mark_requested(site, renewed, normal(dist.name) in requested)
    report("pypi", f"Checked {sum(len(dist.record) for _, dist in fresh)} files", 0.88)


def mark_requested(site: Path, dist: InstalledDist, requested: bool) -> None:
    """Write RECORD anew, with or without the marker that the distribution was asked for."""
    marker = f"{dist.info}/REQUESTED"
    rows = [row for row in dist.record if row.path != marker]
    if requested:
        replace(site / marker, b"")
        rows.append(Row(path=marker, digest=digest([b""]), size="0"))
    else:
        (site / marker).unlink(missing_ok=True)
    replace(site / dist.info / "RECORD", write_record(rows).encode())


def digest(chunks: Iterator[bytes] | Sequence[bytes], kind: str = "sha256") -> str:
    """A hash as RECORD writes it."""
    hashed = hashlib.new(kind)
    for chunk in chunks:
        hashed.update(chunk)
    return f"{kind}={base64.urlsafe_b64encode(hashed.digest()).rstrip(b'=').decode()}"


def _relocated(path: Path, row: Row, places: set[str], prefix: str) -> Row:
    status = path.stat()
    if status.st_size > _LARGEST_TEXT:
        return row
    content = path.read_bytes()
    if b"\0" in content or not any(os.fsencode(place) in content for place in places):
        return row
    content = relocated(content, list(places), prefix)
    replace(path, content, status.st_mode & 0o777)
    return Row(path=row.path, digest=digest([content]), size=str(len(content))) if row.digest else row


def _check(path: Path, row: Row, dist: InstalledDist, *, shared: bool) -> None:
    if not path.is_file():
        raise _damaged(dist, row, "is missing")
    kind, _, told = row.digest.partition("=")
    if not told or shared or kind not in hashlib.algorithms_available:
        return
    if digest(_chunks(path), kind).partition("=")[2] != told.rstrip("="):
        raise _damaged(dist, row, "is not the file that the package's own list says")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _damaged(dist: InstalledDist, row: Row, what: str) -> Damaged:
    return Damaged(
        f"{dist.name} {dist.version} is damaged: {row.path} {what}.",
        hint="Try again; if it stays, choose another version.",
        field="pypi",
        package=dist.name,
        file=row.path,
    )


def _outside(dist: InstalledDist, row: Row) -> Damaged:
    return Damaged(
        f"{dist.name} {dist.version} wants to write outside of its environment: {row.path}.",
        hint="Do not install it, and tell its maintainers.",
        field="pypi",
        package=dist.name,
    )
