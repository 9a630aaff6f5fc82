"""Write the archive of an environment, with conda-pack's own code.

conda-pack looks for the files as packages brought them, in the package cache, and knows less of what it does not find
there. We have the files as they are now, and make of a program that names the prefix what its package brought: then it
may be unpacked at a longer path, too.
"""

# Tens of thousands of files: Path objects would cost more than the system calls.
# ruff: noqa: PTH114, PTH115, PTH118, PTH123

from __future__ import annotations

import gzip
import os
import re
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from conda_pack.core import File as Packed
from conda_pack.core import Packer
from conda_pack.formats import TarArchive, ZipArchive

from ..engine.progress import Report
from ..errors import Damaged
from ..models import ArchiveFormat
from .contents import Contents, Entry

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_INTERVAL = 0.1
# conda-pack's own choice: a higher one takes much longer and saves little.
_GZIP_LEVEL = 4
_ZSTD_LEVEL = 6


def write(prefix: Path, found: Contents, file: IO[bytes], format: ArchiveFormat, report: Report) -> list[str]:
    """Write an environment into an open file.

    Returns
    -------
    The files that came and went meanwhile.

    Raises
    ------
    Damaged
        A record cannot be read.
    OSError
        The disk is full, or a file cannot be read.
    """
    total, done, told = found.size, 0, 0.0
    gone = []
    with tempfile.TemporaryDirectory() as scratch, _archive(file, format) as archive:
        packer = _Packer(prefix, archive, Path(scratch))
        for entry in found.entries:
            if not packer.pack(entry):
                gone.append(entry.path)
            done += entry.size
            if time.monotonic() - told > _INTERVAL:
                told = time.monotonic()
                shown = entry.path.encode(errors="replace").decode()
                report("pack", shown, done / max(1, total), done, total, passing=True)
        packer.finish()
    report("pack", f"{len(found.entries) - len(gone)} files", 1.0, total, total)
    return gone


class _Packer(Packer):  # type: ignore[misc]
    """conda-pack's, which is told of each file where the prefix is.

    Parameters
    ----------
    scratch:
        A folder for links that are to be packed with another target than they have.
    """

    def __init__(self, prefix: Path, archive: Any, scratch: Path) -> None:
        super().__init__(str(prefix), archive)
        self._scratch = scratch

    def pack(self, entry: Entry) -> bool:
        """Put one entry into the archive, if it is still there, and note the prefix in it for ``conda-unpack``."""
        source = os.path.join(self.prefix, entry.path)
        noted = len(self.prefixes)
        try:
            self._pack(source, entry)
        except FileNotFoundError:
            if entry.mode == "record" or os.path.lexists(source):
                raise
            del self.prefixes[noted:]
            return False
        return True

    def _pack(self, source: str, entry: Entry) -> None:
        if entry.link is not None:
            self._pack_link(source, entry)
        elif entry.mode == "record":
            self._pack_record(source, entry)
        elif entry.mode == "raw":
            self.archive.add(source, entry.path)
        else:
            content = Path(source).read_bytes()
            self.archive.add_bytes(source, self._noted(entry, content), entry.path)

    def _pack_link(self, source: str, entry: Entry) -> None:
        if os.readlink(source) == entry.link:
            self.archive.add(source, entry.path)
            return
        relative = self._scratch / "link"
        relative.unlink(missing_ok=True)
        relative.symlink_to(str(entry.link))
        self.archive.add(str(relative), entry.path)

    def _pack_record(self, source: str, entry: Entry) -> None:
        try:
            self.add(Packed(source, entry.path))
            self.packages[-1]["name"]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Damaged(
                f"The record {entry.path} cannot be read.", hint="Repair the environment first, or go back."
            ) from error

    def _noted(self, entry: Entry, content: bytes) -> bytes:
        prefix = os.fsencode(self.prefix)
        if prefix not in content:
            return content
        if entry.mode == "binary":
            as_built = _as_built(content, prefix, entry)
            self.prefixes.append((entry.path, entry.placeholder if as_built else self.prefix, "binary"))
            return as_built or content
        if entry.mode == "text" or _is_text(content):
            self.prefixes.append((entry.path, self.prefix, "text"))
        return content


def _as_built(content: bytes, prefix: bytes, entry: Entry) -> bytes | None:
    """A program with the placeholder where the prefix is; None where that is not what its package brought."""
    placeholder = os.fsencode(entry.placeholder)

    def emptied(found: re.Match[bytes]) -> bytes:
        text = found.group(1).replace(prefix, placeholder)
        return text + b"\0" * (len(found.group(0)) - len(text))

    made = re.sub(rb"(" + re.escape(prefix) + rb"[^\0]*)\0+", emptied, content)
    return made if sha256(made).hexdigest() == entry.sha256 else None


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        # It may say elsewhere how long its texts are.
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


class _Tar(TarArchive):  # type: ignore[misc]
    """A file with two names is packed twice: conda-pack rewrites either of them apart."""

    def _add(self, source: str, target: str) -> None:
        self._forget()
        self.archive.add(source, target, recursive=False)

    def _add_bytes(self, source: str, sourcebytes: bytes, target: str) -> None:
        self._forget()
        super()._add_bytes(source, sourcebytes, target)

    def _forget(self) -> None:
        self.archive.inodes = {}
        self.archive.members = []


class _Zip(ZipArchive):  # type: ignore[misc]
    """Packages have files that are older than what a zip can say."""

    def _add(self, source: str, target: str) -> None:
        if os.path.islink(source):
            super()._add(source, target)
            return
        info = zipfile.ZipInfo.from_file(source, target, strict_timestamps=False)
        info.compress_type = zipfile.ZIP_DEFLATED
        if info.is_dir():
            self.archive.writestr(info, b"")
            return
        with open(source, "rb") as file, self.archive.open(info, "w") as member:
            while chunk := file.read(1 << 20):
                member.write(chunk)

    def _add_bytes(self, source: str, sourcebytes: bytes, target: str) -> None:
        info = zipfile.ZipInfo.from_file(source, target, strict_timestamps=False)
        info.compress_type = zipfile.ZIP_DEFLATED
        self.archive.writestr(info, sourcebytes)


@contextmanager
def _archive(file: IO[bytes], format: ArchiveFormat) -> Iterator[Any]:
    with ExitStack() as stack:
        if format == "zip":
            # Links as links: copies of them would make an environment of libraries twice as large.
            yield stack.enter_context(_Zip(file, "", compresslevel=_GZIP_LEVEL, zip_symlinks=True))
            return
        stream: Any
        if format == "tar.zst":
            options: dict[int, int] = {
                zstd.CompressionParameter.compression_level: _ZSTD_LEVEL,
                zstd.CompressionParameter.nb_workers: os.cpu_count() or 1,
            }
            stream = stack.enter_context(zstd.ZstdFile(file, "wb", options=options))
        else:
            stream = stack.enter_context(gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0))
        yield stack.enter_context(_Tar(stream, ""))
