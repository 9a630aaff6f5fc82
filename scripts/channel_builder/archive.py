"""Write a `.conda` package: its metadata, its files, and what conda must know of every file."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from conda_package_streaming.create import CondaTarFile, anonymize, conda_builder  # type: ignore[import-untyped]
from rattler import Subdir

PLACEHOLDER = ("/opt/envmanager_" + "placehold_" * 25)[:255]
"""The prefix baked into text files; long, so that conda can shorten it in place whatever the environment's own."""

COMPRESSION_LEVEL = 3


@dataclass(frozen=True, kw_only=True)
class Package:
    """What `info/index.json`, `info/about.json` and `info/link.json` say of one package.

    Fields carry conda's own names:
    <https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html>.
    """

    name: str
    version: str
    build: str = "0"
    build_number: int = 0
    subdir: str = "noarch"
    noarch: Literal["generic", "python"] | None = None
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    track_features: tuple[str, ...] = ()
    license: str | None = None
    timestamp: int | None = None
    entry_points: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def filename(self) -> str:
        """The file's name in its subdir."""
        return f"{self.name}-{self.version}-{self.build}.conda"

    @property
    def fingerprint(self) -> str:
        """A text equal for equal metadata."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of a package: bytes, or a softlink when `target` is given."""

    path: str
    data: bytes = b""
    mode: int = 0o644
    mtime: float | None = None
    target: str | None = None


def write_package(package: Package, entries: Iterable[Entry], directory: Path) -> Path:
    """Write `package` with its files into `directory`, whole or not at all.

    A text that contains `PLACEHOLDER` is declared in `info/paths.json` as one to be rewritten on installation.

    Args:
        package: the metadata.
        entries: the files; read once, so a generator keeps only one file in memory.
        directory: an existing directory; a file of the same name is replaced.

    Returns:
        The path of the `.conda` file.
    """
    final = directory / package.filename
    with tempfile.TemporaryDirectory(dir=directory, prefix=".") as scratch:
        with conda_builder(final.stem, scratch, compression_level=COMPRESSION_LEVEL) as archive:
            paths = []
            for entry in entries:
                _add(archive, entry)
                paths.append(_path_record(entry))
            paths.sort(key=lambda record: str(record["_path"]))
            for info in _info(package, paths):
                _add(archive, info)
        (Path(scratch) / package.filename).replace(final)
    return final


def _add(archive: CondaTarFile, entry: Entry) -> None:
    member = tarfile.TarInfo(entry.path)
    member.mode = entry.mode
    # A fixed time would let an old .pyc pass for the compiled form of a new source of equal size.
    member.mtime = time.time() if entry.mtime is None else entry.mtime
    if entry.target is not None:
        member.type = tarfile.SYMTYPE
        member.linkname = entry.target
    else:
        member.size = len(entry.data)
    archive.addfile(anonymize(member), io.BytesIO(entry.data))


def _path_record(entry: Entry) -> dict[str, Any]:
    record: dict[str, Any] = {
        "_path": entry.path,
        "path_type": "hardlink" if entry.target is None else "softlink",
        "sha256": hashlib.sha256(entry.data).hexdigest(),
        "size_in_bytes": len(entry.data),
    }
    if PLACEHOLDER.encode() in entry.data:
        record["file_mode"] = "binary" if b"\0" in entry.data else "text"
        record["prefix_placeholder"] = PLACEHOLDER
    return record


def _info(package: Package, paths: list[dict[str, Any]]) -> Iterable[Entry]:
    yield _json("index", _index(package))
    yield _json("about", {**package.about, **({"license": package.license} if package.license else {})})
    yield _json("paths", {"paths": paths, "paths_version": 1})
    yield Entry(path="info/files", data="".join(f"{record['_path']}\n" for record in paths).encode())
    prefixed = [record for record in paths if "prefix_placeholder" in record]
    if prefixed:
        lines = [f'"{r["prefix_placeholder"]}" "{r["file_mode"]}" "{r["_path"]}"\n' for r in prefixed]
        yield Entry(path="info/has_prefix", data="".join(lines).encode())
    if package.noarch == "python":
        noarch: dict[str, Any] = {"type": "python"}
        if package.entry_points:
            noarch["entry_points"] = list(package.entry_points)
        yield _json("link", {"noarch": noarch, "package_metadata_version": 1})


def _index(package: Package) -> dict[str, Any]:
    platform = Subdir(package.subdir)
    index: dict[str, Any] = {
        "arch": str(platform.arch) if platform.arch else None,
        "build": package.build,
        "build_number": package.build_number,
        "constrains": list(package.constrains),
        "depends": list(package.depends),
        "license": package.license,
        "name": package.name,
        "noarch": package.noarch,
        "platform": platform.only_platform,
        "subdir": package.subdir,
        "timestamp": package.timestamp if package.timestamp is not None else int(time.time() * 1000),
        "track_features": " ".join(package.track_features),
        "version": package.version,
    }
    optional = ("arch", "license", "noarch", "platform")
    return {key: value for key, value in index.items() if value is not None or key not in optional}


def _json(name: str, value: object) -> Entry:
    return Entry(path=f"info/{name}.json", data=json.dumps(value, indent=2, sort_keys=True).encode())
