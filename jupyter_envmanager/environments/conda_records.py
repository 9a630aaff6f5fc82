"""What does a conda record say? Of each ``conda-meta/<name>-<version>-<build>.json`` what a package table needs.

The format: https://docs.conda.io/projects/conda/en/stable/dev-guide/api/conda/models/records/index.html (PrefixRecord).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from .plainfile import read_plain

_SUBDIR = re.compile(r"^(noarch|(linux|osx|win|freebsd|emscripten|wasi|zos)-[a-z0-9_]+)$")
_ARCHIVES = (".conda", ".tar.bz2", "")
_EGG_TAIL = re.compile(r"-py\d[\d.]*(-.*)?$")
_SEPARATORS = re.compile(r"[-_.]+")


@dataclass(frozen=True)
class OwnedDistribution:
    """A Python distribution that a conda package brings.

    ``name`` is in its canonical form, ``folder`` and ``metadata`` are relative to the prefix, with slashes.
    ``installer_size`` (bytes) is that of its ``INSTALLER`` file as the package brought it, where that is on record.
    """

    name: str
    version: str
    folder: str
    metadata: str
    installer_size: int | None = None


@dataclass(frozen=True)
class CondaRecord:
    """A conda package in a prefix; ``damage`` says what is wrong with its record (a predicate), ``size`` is in bytes.

    One that is ``closed`` has a record that this user may not read; nothing is known to be wrong with it.
    ``specs`` is what the record itself says was asked for; ``needs`` are the names of the packages that it depends on.
    """

    file: str
    name: str
    version: str
    build: str
    channel: str = ""
    needs: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()
    size: int | None = None
    distributions: tuple[OwnedDistribution, ...] = ()
    damage: str = ""
    closed: bool = False


class ListedPath(msgspec.Struct):
    """A file that a package has put into the prefix, as listings need it."""

    path: str = msgspec.field(name="_path", default="")
    size_in_bytes: int | None = None


class ListedPaths(msgspec.Struct):
    """``paths_data`` of a record."""

    paths: Sequence[ListedPath] = ()


class RawRecord(msgspec.Struct):
    """The fields that are read; unknown ones are skipped without being built."""

    name: str
    version: str
    build: str = ""
    channel: str | None = None
    fn: str | None = None
    depends: list[str] = []
    size: int | None = None
    requested_spec: str | None = None
    requested_specs: list[str] | None = None
    # Repeats the paths; only records of old tools have nothing else.
    files: msgspec.Raw = msgspec.Raw(b"[]")
    paths_data: ListedPaths | None = None


_decode = msgspec.json.Decoder(RawRecord).decode
_decode_files = msgspec.json.Decoder(list[str]).decode


def read(folder: Path, file: str) -> CondaRecord:
    """The record of this file name in a ``conda-meta`` folder.

    One that cannot be read is known by its file name, and ``damage`` or ``closed`` says why.
    """
    try:
        raw = _decode(read_record(folder, file))
        listed = raw.paths_data.paths if raw.paths_data else ()
        paths = listed or [ListedPath(path) for path in plain_files(raw)]
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        return unreadable(file, error)
    return describe(file, raw, paths)


def read_record(folder: Path, file: str) -> bytes:
    """The content of a record; raises ``OSError``."""
    if _text(file) != file:
        raise OSError(errno.EILSEQ, "its file name is no valid UTF-8", file)
    return read_plain(folder / file)


def plain_files(raw: RawRecord) -> list[str]:
    """The bare list of files; raises ``msgspec.DecodeError``."""
    return _decode_files(raw.files)


def describe(file: str, raw: RawRecord, paths: Sequence[ListedPath]) -> CondaRecord:
    """What a record says that was found under this file name."""
    specs = [*(raw.requested_specs or []), raw.requested_spec]
    return CondaRecord(
        file=_text(file),
        name=raw.name,
        version=raw.version,
        build=raw.build,
        channel=channel_name(raw.channel),
        needs=tuple(dict.fromkeys(name for spec in raw.depends if (name := dependency_name(spec)))),
        # Old conda versions wrote the word "None", and micromamba an empty one.
        specs=tuple(spec for spec in specs if spec and spec != "None"),
        size=sum([path.size_in_bytes or 0 for path in paths]) or raw.size,
        distributions=_distributions(paths),
        damage=_misnamed(file, raw),
    )


def unreadable(file: str, error: Exception) -> CondaRecord:
    """What the file name alone says of a record that cannot be read."""
    name, version, build = _text(file).removesuffix(".json").rsplit("-", 2)
    if isinstance(error, PermissionError):
        return CondaRecord(file=_text(file), name=name, version=version, build=build, closed=True)
    if isinstance(error, UnicodeError):
        reason = "it is no valid UTF-8"
    else:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return CondaRecord(file=_text(file), name=name, version=version, build=build, damage=f"cannot be read: {reason}")


def _text(file: str) -> str:
    """A file name as JSON can carry it."""
    return file.encode(errors="replace").decode()


def dependency_name(spec: str) -> str:
    """The package that a ``depends`` entry names; ``""`` for virtual packages, which are a property of the machine."""
    name = spec.rpartition("::")[2].split(maxsplit=1)[0] if spec.strip() else ""
    name = re.split(r"[<>=!~\[]", name, maxsplit=1)[0].lower()
    return "" if name.startswith("__") else name


def canonical(name: str) -> str:
    """A distribution's name as all its spellings share it
    (https://packaging.python.org/en/latest/specifications/name-normalization/).
    """
    return _SEPARATORS.sub("-", name).lower()


def channel_name(channel: str | None) -> str:
    """A record's channel as people write it: ``conda-forge``, ``pkgs/main``; never with credentials.

    Records have a URL or a name, with user and password or a ``/t/<token>/`` part where a channel is private
    (https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/settings.html).
    """
    if not channel:
        return ""
    path = urlsplit(channel).path if "://" in channel else channel.partition("?")[0]
    parts = [unquote(part) for part in path.split("/") if part]
    if "t" in parts[:-1]:
        del parts[parts.index("t") : parts.index("t") + 2]
    if parts and _SUBDIR.match(parts[-1]):
        parts.pop()
    if "label" in parts[1:]:
        return "/".join(parts[parts.index("label", 1) - 1 :])
    keep = 2 if parts[-2:-1] == ["pkgs"] else 1
    return "/".join(parts[-keep:])


def named_by_folder(folder: str) -> tuple[str, str]:
    """Canonical name and version that a ``.dist-info`` or ``.egg-info`` is called by; the version may be ``""``."""
    stem = _EGG_TAIL.sub("", folder.rpartition("/")[2].rpartition(".")[0])
    name, dash, version = stem.rpartition("-")
    return (canonical(name), version) if dash else (canonical(stem), "")


def _misnamed(file: str, raw: RawRecord) -> str:
    # conda takes the name of the archive, which may be any.
    stem = file.removesuffix(".json")
    if stem == f"{raw.name}-{raw.version}-{raw.build}" or raw.fn in [f"{stem}{suffix}" for suffix in _ARCHIVES]:
        return ""
    return f"does not fit its name: it is of {raw.name} {raw.version} {raw.build}"


def _distributions(paths: Sequence[ListedPath]) -> tuple[OwnedDistribution, ...]:
    # Ten thousands of paths, few of which matter: the cheap question first.
    metadata = [e.path.replace("\\", "/") for e in paths if e.path.endswith(("METADATA", "PKG-INFO", ".egg-info"))]
    folders = {path: folder for path in metadata if (folder := _distribution_folder(path))}
    if not folders:
        return ()
    sizes = {e.path.replace("\\", "/"): e.size_in_bytes for e in paths if e.path.endswith("INSTALLER")}
    return tuple(
        OwnedDistribution(*named_by_folder(folder), folder, path, sizes.get(f"{folder}/INSTALLER"))
        for path, folder in folders.items()
    )


def _distribution_folder(metadata: str) -> str:
    """The folder (or old egg-info file) of a distribution. ``""`` for a copy that Python does not see, as in
    ``setuptools/_vendor``.
    """
    folder = metadata if metadata.endswith(".egg-info") else metadata.rpartition("/")[0]
    ours = folder.endswith(("-info", ".egg-info")) and folder.rpartition("/")[0].endswith("site-packages")
    return folder if ours else ""
