"""What is packed in this archive? Read no further than conda's records, which come in one piece."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..environments.asked import requested_specs
from ..environments.conda_records import CondaRecord, ListedPaths, RawRecord, plain_files
from ..environments.condameta import is_record
from ..environments.record_files import PackageFile
from ..errors import Damaged, Invalid
from .members import Member, opened

META = "conda-meta/"
# The largest packages have some ten thousand files. All of this is in the memory of a server, and nobody else is served
# while one record is decoded.
LARGEST_RECORD = 20_000_000
_LARGEST_SUM, _MOST_RECORDS = 100_000_000, 5_000
# What is not the list of its files.
_LARGEST_DESCRIPTION = 1_000_000
# conda-pack puts records behind the files of packages: so much may come first, and take so long.
_BEFORE_FACTOR, _BEFORE_BEGIN, _SECONDS = 20, 256 << 20, 90.0
_NOARCH = "noarch"
_HISTORY = "history"
# Of a record, what is of the files of an installed package and not of the package.
_OF_FILES = ("files", "paths_data", "link", "extracted_package_dir", "package_tarball_full_path")
# They become names of files.
_FILE_NAME = re.compile(r"\w[\w.!+~=-]*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class _Paths(ListedPaths):
    paths: Sequence[PackageFile] = ()


class _Record(RawRecord):
    sha256: str | None = None
    paths_data: _Paths | None = None


_decode = msgspec.json.Decoder(_Record).decode
_decode_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass
class Packed:
    """The environment in an archive.

    ``records`` are as a channel has them, ``size`` is what the files of packages come to. ``specs`` is what was asked
    for. ``digest`` is that of the records, to the byte.
    """

    records: list[dict[str, Any]]
    size: int
    specs: list[str]
    digest: str


def digest_of(records: Mapping[str, bytes]) -> str:
    """One hash over records by their file name."""
    digest = hashlib.sha256()
    for name, text in sorted(records.items()):
        digest.update(name.encode(errors="surrogateescape") + b"\0" + hashlib.sha256(text).digest())
    return digest.hexdigest()


def read(archive: Path, platform: str) -> Packed:
    """Look into an archive; blocking.

    Parameters
    ----------
    platform:
        This machine's.

    Raises
    ------
    Invalid, NotFound, NotAllowed, Damaged
        It is none of an environment, or of one for another platform.
    """
    texts = _meta(archive)
    history = texts.pop(_HISTORY, b"").decode(errors="replace")
    digest = digest_of(texts)
    size, records = 0, []
    for name, text in texts.items():
        record, files = _record(name, text)
        records.append(record)
        size += files
    if not records:
        raise Invalid(
            f"{archive.name} holds no conda environment.",
            hint="Choose an archive that conda-pack, or this panel, has written.",
            field="source",
        )
    _check_unique(one["name"] for one in records)
    _check_platform(records, platform)
    asked = requested_specs(
        [
            CondaRecord("", str(one["name"]), str(one["version"]), str(one["build"]), specs=tuple(_asked(one)))
            for one in records
        ],
        history,
    )
    return Packed(
        records=records,
        size=size,
        specs=[spec for name, spec in sorted(asked.items()) if any(one["name"] == name for one in records)],
        digest=digest,
    )


def _meta(archive: Path) -> dict[str, bytes]:
    """The records by their file name, and the history."""
    texts: dict[str, bytes] = {}
    before, total, begin = 0, 0, time.monotonic()
    with opened(archive) as members:
        limit = archive.stat().st_size * _BEFORE_FACTOR + _BEFORE_BEGIN
        for member in members:
            name = member.path[len(META) :] if member.path.startswith(META) else ""
            if member.kind == "file" and (name == _HISTORY or is_record(name)) and "/" not in name:
                if name in texts:
                    raise _damaged(f"{archive.name} has {member.path} twice.")
                texts[name] = _content(member)
                total += len(texts[name])
                if total > _LARGEST_SUM or len(texts) > _MOST_RECORDS:
                    raise _damaged(f"{archive.name} has more records than any environment.")
            elif texts and not name and member.kind != "folder":
                break
            else:
                before += member.size
            if before > limit or time.monotonic() - begin > _SECONDS:
                raise _damaged(f"In {archive.name}, the records of packages do not come within what can be looked at.")
    return texts


def _content(member: Member) -> bytes:
    assert member.content is not None
    content = member.content.read(LARGEST_RECORD + 1)
    if len(content) > LARGEST_RECORD:
        raise _damaged(f"{member.path} is larger than any record.")
    return content


def _record(name: str, text: bytes) -> tuple[dict[str, Any], int]:
    """A record as a channel has it, and the size of its package's files."""
    try:
        raw = _decode(text)
        parts = {key: part for key, part in _decode_parts(text).items() if key not in _OF_FILES}
        paths = raw.paths_data.paths if raw.paths_data is not None else ()
        stem = f"{raw.name}-{raw.version}-{raw.build}"
        _check_record(name, stem, raw, [*(one.path for one in paths), *plain_files(raw)])
        if sum(len(bytes(part)) for part in parts.values()) > _LARGEST_DESCRIPTION:
            raise ValueError("it says too much")
        record = {key: msgspec.json.decode(part) for key, part in parts.items()}
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _damaged(f"The record {name[:200]} of the archive cannot be read.") from error
    return {
        "build_number": 0,
        "depends": [],
        "subdir": _NOARCH,
        **record,
        "fn": raw.fn or f"{stem}.conda",
        "url": record.get("url") or f"https://conda.anaconda.org/unknown/{stem}.conda",
        "channel": raw.channel or "https://conda.anaconda.org/unknown",
    }, sum(one.size_in_bytes or 0 for one in paths)


def _check_record(name: str, stem: str, raw: _Record, paths: Iterable[str]) -> None:
    """Raises ``ValueError`` where a record would lead elsewhere than into its environment, or is another one's."""
    if name != f"{stem}.json" or not all(map(_FILE_NAME.fullmatch, (stem, raw.fn or stem))):
        raise ValueError("its file name is another one's")
    if raw.sha256 and not _SHA256.fullmatch(raw.sha256):
        raise ValueError("its hash is none")
    if not all(map(stays_within, paths)):
        raise ValueError("a file is outside")


def stays_within(path: str) -> bool:
    """Whether a path can be one of a file in an environment."""
    return bool(path) and not path.startswith("/") and "\0" not in path and ".." not in path.split("/")


def _check_unique(names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise _damaged(f"The archive has several records of {', '.join(twice[:3])[:200]}.")


def _damaged(message: str) -> Damaged:
    return Damaged(message, hint="Nothing was created. Copy it once more, or pack it anew.", field="source")


def _check_platform(records: list[dict[str, Any]], platform: str) -> None:
    others = sorted({str(one["subdir"]) for one in records} - {platform, _NOARCH})
    if others:
        raise Invalid(
            f"This archive is of an environment for {' and '.join(others)}, and this machine is {platform}.",
            hint="Pack it on a machine like this one, or make it from an exported environment.yml.",
            field="source",
        )


def _asked(record: dict[str, Any]) -> list[str]:
    found = [*(record.get("requested_specs") or []), record.get("requested_spec")]
    return [spec for spec in found if isinstance(spec, str) and spec and spec != "None"]
