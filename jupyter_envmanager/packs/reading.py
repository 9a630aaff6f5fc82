"""What is packed in this archive? conda's records, which come in one piece, and what Python says of the rest."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..environments.asked import requested_specs
from ..environments.conda_records import CondaRecord, ListedPath, ListedPaths, RawRecord, describe, plain_files
from ..environments.condameta import is_record
from ..environments.record_files import PackageFile
from ..environments.variables import variables_in
from ..errors import Damaged, Invalid
from .distributions import Distributions, PackedDistribution
from .members import Member, opened

META = "conda-meta/"
# The largest packages have some ten thousand files, each of which takes about 500 bytes of a record.
LARGEST_RECORD = 20_000_000
_LARGEST_SUM, _MOST_RECORDS = 100_000_000, 3_000
# What is not the list of its files, in letters; two thousand in most. So much counts each need besides.
_LARGEST_DESCRIPTION, _LARGEST_DESCRIPTIONS, _NEED = 100_000, 4_000_000, 30
# So many of the size of the largest record are read where others are served, too.
_FEW = 16
# conda-pack puts records behind the files of packages: so much may come first, and take so long.
_BEFORE_FACTOR, _BEFORE_BEGIN, _SECONDS = 20, 256 << 20, 90.0
# It puts what Python says anywhere; for that, nobody waits longer.
_LISTING_SECONDS = 10.0
_NOARCH = "noarch"
_HISTORY = "history"
_VARIABLES = "state"
# They become names of files.
_FILE_NAME = re.compile(r"\w[\w.!+~=-]*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class _Paths(ListedPaths):
    paths: Sequence[PackageFile] = ()


class _Record(RawRecord):
    """A package as a channel has it (https://github.com/conda/ceps/blob/main/cep-0036.md), and its files."""

    build_number: int = 0
    subdir: str = _NOARCH
    url: str | None = None
    constrains: list[str] | None = None
    md5: str | None = None
    sha256: str | None = None
    timestamp: int | float | None = None
    license: str | None = None
    license_family: str | None = None
    noarch: str | bool | None = None
    arch: str | None = None
    platform: str | None = None
    features: str | list[str] | None = None
    track_features: str | list[str] | None = None
    python_site_packages_path: str | None = None
    paths_data: _Paths | None = None


_OF_CHANNEL = (
    *("name", "version", "build", "build_number", "subdir", "depends", "constrains", "md5", "sha256", "size"),
    *("timestamp", "license", "license_family", "noarch", "arch", "platform", "features", "track_features"),
    "python_site_packages_path",
)
_decode = msgspec.json.Decoder(_Record).decode


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """The environment in an archive.

    ``records`` are as a channel has them, ``size`` is what the files of packages come to. ``specs`` is what was asked
    for, ``variables`` what is set when it is active. ``digest`` is that of the records, to the byte. ``distributions``
    are Python's that conda has not brought, and ``listed`` says whether these are all: a large archive is not read to
    its end.
    """

    records: list[dict[str, Any]]
    size: int
    specs: list[str]
    digest: str
    variables: dict[str, str] = {}
    distributions: list[PackedDistribution] = []
    listed: bool = True


class TooLarge(Exception):
    """A record, or all of them, are larger than was to be read here."""


def digest_of(records: Mapping[str, bytes]) -> str:
    """One hash over records by their file name."""
    digest = hashlib.sha256()
    for name, text in sorted(records.items()):
        digest.update(name.encode(errors="surrogateescape") + b"\0" + hashlib.sha256(text).digest())
    return digest.hexdigest()


def read(archive: Path, platform: str, largest: int = LARGEST_RECORD) -> Packed:
    """Look into an archive; blocking.

    Parameters
    ----------
    platform:
        This machine's.
    largest:
        Size of a record in bytes; nobody else is served by this process while one is decoded.

    Raises
    ------
    Invalid, NotFound, NotAllowed, Damaged
        It is none of an environment, or of one for another platform.
    TooLarge
        A record is larger than ``largest``, or there are many such.
    """
    seen = _Seen(archive, largest)
    history = seen.texts.pop(_HISTORY, b"").decode(errors="replace")
    variables = variables_in(seen.texts.pop(_VARIABLES, b"{}"))
    records, said, length = [], [], 0
    for name, text in seen.texts.items():
        record, one, more = _record(name, text)
        records.append(record)
        said.append(one)
        length += more
        if length > _LARGEST_DESCRIPTIONS:
            raise _damaged(f"The records of {archive.name} say more than those of any environment.")
    if not records:
        raise Invalid(
            f"{archive.name} holds no conda environment.",
            hint="Choose an archive that conda-pack, or this panel, has written.",
            field="source",
        )
    _check_unique(one.name for one in said)
    _check_platform(records, platform)
    names = {one.name for one in said}
    return Packed(
        records=records,
        size=sum(one.size or 0 for one in said),
        specs=[spec for name, spec in sorted(requested_specs(said, history).items()) if name in names],
        digest=digest_of(seen.texts),
        variables=variables,
        distributions=seen.distributions.foreign(owned for one in said for owned in one.distributions),
        listed=seen.listed,
    )


class _Seen:
    """What is of interest in an archive: ``texts`` are the records by their file name, the history, the variables."""

    def __init__(self, archive: Path, largest: int) -> None:
        self.texts: dict[str, bytes] = {}
        self.distributions = Distributions()
        self.listed = True
        self._archive = archive
        self._largest = largest
        self._total = 0
        self._begin = self._found = time.monotonic()
        with opened(archive) as members:
            self._look(members)

    def _look(self, members: Iterable[Member]) -> None:
        limit = self._archive.stat().st_size * _BEFORE_FACTOR + _BEFORE_BEGIN
        before, first = 0, True
        for member in members:
            name = member.path[len(META) :] if member.path.startswith(META) else ""
            if member.kind == "file" and (name in (_HISTORY, _VARIABLES) or is_record(name)) and "/" not in name:
                self._keep(name, member)
                continue
            if not self.distributions.take(member) and not name and member.kind != "folder":
                # Where records come first, what Python says comes next: it was this panel that has packed it.
                if self.texts and first:
                    return
                first = False
            before += member.size
            if self.texts and time.monotonic() - self._found > _LISTING_SECONDS:
                self.listed = False
                return
            if not self.texts and (before > limit or time.monotonic() - self._begin > _SECONDS):
                raise self._late()

    def _keep(self, name: str, member: Member) -> None:
        if name in self.texts:
            raise _damaged(f"{self._archive.name} has {member.path} twice.")
        assert member.content is not None
        content = member.content.read(min(self._largest, LARGEST_RECORD) + 1)
        if len(content) > LARGEST_RECORD:
            raise _damaged(f"{member.path} is larger than any record.")
        if len(content) > self._largest or self._total + len(content) > _FEW * self._largest:
            raise TooLarge
        self.texts[name] = content
        self._total += len(content)
        self._found = time.monotonic()
        if self._found - self._begin > _SECONDS:
            raise self._late()
        if self._total > _LARGEST_SUM or len(self.texts) > _MOST_RECORDS:
            raise _damaged(f"{self._archive.name} has more records than any environment.")

    def _late(self) -> Damaged:
        return _damaged(f"In {self._archive.name}, the records of packages do not come within what can be looked at.")


def _record(name: str, text: bytes) -> tuple[dict[str, Any], CondaRecord, int]:
    """A record as a channel has it, what it says of its package and files, and its length without these."""
    try:
        raw = _decode(text)
        paths = raw.paths_data.paths if raw.paths_data is not None else ()
        plain = plain_files(raw)
        stem = f"{raw.name}-{raw.version}-{raw.build}"
        _check_record(name, stem, raw, [*(one.path for one in paths), *plain])
        record = {key: value for key in _OF_CHANNEL if (value := getattr(raw, key)) is not None}
        record["fn"] = raw.fn or f"{stem}.conda"
        record["url"] = raw.url or f"https://conda.anaconda.org/unknown/{stem}.conda"
        record["channel"] = raw.channel or "https://conda.anaconda.org/unknown"
        length = sum(map(_length, record.values()))
        if length > _LARGEST_DESCRIPTION:
            raise ValueError("it says too much")
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _damaged(f"The record {name[:200]} of the archive cannot be read.") from error
    return record, describe(name, raw, paths or [ListedPath(path) for path in plain]), length


def _length(value: object) -> int:
    if isinstance(value, list):
        return sum(len(one) + _NEED for one in value)
    return len(value) if isinstance(value, str) else 0


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
