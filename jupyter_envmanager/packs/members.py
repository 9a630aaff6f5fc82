"""An archive of any kind, one member after the other. What it says of itself is not believed."""

from __future__ import annotations

import bz2
import calendar
import gzip
import lzma
import os
import posixpath
import stat
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from ..errors import Damaged, Invalid, NotAllowed, NotFound

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Kind = Literal["file", "folder", "link", "twin"]
_LONGEST_PATH, _DEEPEST = 4096, 200
_SHOWN = 200
# Names and links of a member at most; a header of gigabytes would fill the memory before anybody could look.
_LARGEST_HEADER = 1 << 20
_HEADERS = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)
# What may follow the last member of a tar: zeros that fill up a block.
_LARGEST_TAIL = 64
_MAGIC = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open), (b"\x28\xb5\x2f\xfd", zstd.open))
_CUT = (
    *(EOFError, tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zstd.ZstdError),
    # What zipfile does not know to unpack, and numbers that no header may have.
    *(NotImplementedError, struct.error),
)


@dataclass(frozen=True)
class Member:
    """A file, a folder, a symbolic ``link`` to ``target``, or a ``twin`` of the file ``target`` (a hard link).

    ``path`` is relative and stays within the archive, as do links. ``content`` is to be read before the next member.
    """

    path: str
    kind: Kind
    size: int = 0
    executable: bool = False
    modified: float = 0.0
    target: str = ""
    content: IO[bytes] | None = None


@contextmanager
def opened(archive: Path) -> Iterator[Iterator[Member]]:
    """The members of an archive.

    Raises
    ------
    NotFound, NotAllowed
        It cannot be read.
    Invalid
        It is no archive, or a member is not one that an environment may have.
    Damaged
        It is cut or broken.
    """
    file = _open(archive)
    try:
        with ExitStack() as stack:
            stack.enter_context(file)
            yield _zip_members(stack, file) if zipfile.is_zipfile(file) else _tar_members(stack, file)
    except _CUT as error:
        raise Damaged(
            f"{archive.name} is cut or damaged.",
            hint="Copy it once more, and compare its size with that of the original. Nothing was created.",
            field="source",
            reason=str(error),
        ) from error


def _open(archive: Path) -> IO[bytes]:
    try:
        if archive.exists() and not archive.is_file():
            raise Invalid(f"{archive} is no file.", hint="Choose an archive.", field="source")
        return archive.open("rb")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {archive}.", hint="Check its path.", field="source") from error
    except PermissionError as error:
        raise NotAllowed(f"You may not read {archive}.", hint="Ask its owner.", field="source") from error
    except OSError as error:
        # It lies below a file, links lead in a circle, or no file can have such a name.
        raise Invalid(
            f"{str(archive)[:_SHOWN]} cannot be opened: {error.strerror}.", hint="Check its path.", field="source"
        ) from error


class _Header(tarfile.TarInfo):
    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        if self.type in _HEADERS and self.size > _LARGEST_HEADER:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        return super()._proc_member(archive)  # type: ignore[misc]


def _tar_members(stack: ExitStack, file: IO[bytes]) -> Iterator[Member]:
    file.seek(0)
    start = file.read(6)
    file.seek(0)
    unpack = next((opener for magic, opener in _MAGIC if start.startswith(magic)), None)
    stream: Any = stack.enter_context(unpack(file, "rb")) if unpack is not None else file
    try:
        archive = stack.enter_context(tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header))  # noqa: SIM115
    except tarfile.ReadError as error:
        if unpack is not None and "empty" not in str(error) and "not a" not in str(error):
            raise
        raise Invalid(
            "This is no archive of an environment.", hint="Choose a .tar.gz, .tar.zst or .zip.", field="source"
        ) from error
    while (info := archive.next()) is not None:
        # It remembers each one else.
        archive.members = []  # type: ignore[attr-defined]
        path = inside(info.name)
        if info.isdir():
            yield Member(path, "folder")
        elif info.issym():
            yield Member(path, "link", target=_target(path, info.linkname))
        elif info.islnk():
            yield Member(path, "twin", target=inside(info.linkname))
        elif info.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not info.issparse():
            content = archive.extractfile(info)
            yield Member(path, "file", info.size, bool(info.mode & 0o111), info.mtime, content=content)
        else:
            raise _refused(info.name, "is a device, a pipe or something else that no environment has")
    # The checksum comes last.
    for _ in range(_LARGEST_TAIL):
        if not stream.read(1 << 20):
            break


def _zip_members(stack: ExitStack, file: IO[bytes]) -> Iterator[Member]:
    file.seek(0)
    archive = stack.enter_context(zipfile.ZipFile(file))
    for info in archive.infolist():
        path, mode = inside(info.filename), info.external_attr >> 16
        if info.flag_bits & 1:
            raise _refused(info.filename, "is locked by a password")
        if info.is_dir():
            yield Member(path, "folder")
        elif stat.S_ISLNK(mode):
            with archive.open(info) as content:
                target = content.read(_LONGEST_PATH)
            yield Member(path, "link", target=_target(path, target.decode("utf-8", "surrogateescape")))
        elif stat.S_IFMT(mode) in (0, stat.S_IFREG):
            with archive.open(info) as content:
                yield Member(path, "file", info.file_size, bool(mode & 0o111), _zip_time(info), content=content)
        else:
            raise _refused(info.filename, "is a device, a pipe or something else that no environment has")


def _zip_time(info: zipfile.ZipInfo) -> float:
    return float(calendar.timegm((*info.date_time, 0, 0, 0)))


def inside(name: str) -> str:
    """A member's path, if it stays within the archive.

    Raises
    ------
    Invalid
        It leads out, or is no path.
    """
    path = posixpath.normpath(name)
    parts = name.split("/")
    # On Windows alone these lead elsewhere; units of systemd have such names.
    leads_out = os.name == "nt" and ("\\" in name or name[1:2] == ":")
    if not name or name.startswith("/") or ".." in parts or "\0" in name or leads_out:
        raise _refused(name, "would be written outside of the environment")
    if len(parts) > _DEEPEST or len(name) > _LONGEST_PATH:
        raise _refused(name, "is deeper than any folder of an environment")
    return "" if path == "." else path


def _target(path: str, target: str) -> str:
    """Where a link leads, without detours: through another link, “d/..” would not be what it looks like."""
    folder = posixpath.dirname(path)
    leads = posixpath.normpath(posixpath.join(folder, target))
    if not target or target.startswith("/") or "\0" in target or leads == ".." or leads.startswith("../"):
        raise _refused(path, f"is a link to {target[:200] or 'nothing'}, outside of the environment")
    return posixpath.relpath(leads, folder or ".")


def _refused(name: str, what: str) -> Invalid:
    return Invalid(
        f"The archive is not safe: {name[:200]!r} {what}.",
        hint="Nothing was created. Ask who made it for one that conda-pack, or this panel, has written.",
        field="source",
        member=name[:1000],
    )
