"""What the package cache notes of its packages: the hash of the archive that each was extracted from.

rattler keeps it in ``<package>.lock``: a revision of eight bytes, then the SHA-256
(https://github.com/conda/rattler/blob/main/crates/rattler_cache/src/package_cache/cache_lock.rs).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from rattler import RepoDataRecord

from ..errors import Damaged
from .extracted import folder_of

_REVISION, _SIZE = 8, 40


def noted_hash(file: Path) -> str | None:
    """The hash in a note, in hexadecimal digits; None for none."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    return content[_REVISION:_SIZE].hex() if len(content) >= _SIZE else None


@contextmanager
def kept_honest(records: Iterable[RepoDataRecord], pkgs_dirs: Sequence[Path]) -> Iterator[None]:
    """Put a package's note back where its download failed.

    rattler notes the hash that it wanted before it has seen the one that comes. When they differ, the package that was
    in the cache would be taken for the wanted one the next time, wrong hash and all.
    """
    notes = {
        record.url: [folder / f"{folder_of(record.file_name)}.lock" for folder in pkgs_dirs]
        for record in records
        if record.sha256 is not None
    }
    before = {file: content for files in notes.values() for file in files if (content := _read(file)) is not None}
    try:
        yield
    except Damaged as error:
        told = str(error.details.get("engine", error.message))
        for url, files in notes.items():
            if url in told:
                _put_back(before, files)
        raise


def _put_back(before: dict[Path, bytes], files: Iterable[Path]) -> None:
    for file in files:
        # Another user's cache has not been written to.
        with suppress(OSError):
            if file in before and file.read_bytes() != before[file]:
                file.write_bytes(before[file])


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
