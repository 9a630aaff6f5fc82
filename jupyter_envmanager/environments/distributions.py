"""Which Python distributions are in a prefix? The ``.dist-info`` folders of its site-packages, and old egg-infos.

The format: https://packaging.python.org/en/latest/specifications/recording-installed-packages/.
"""

from __future__ import annotations

import csv
import os
import posixpath
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import msgspec

from ..redaction import redact
from .conda_records import canonical, named_by_folder
from .plainfile import read_plain

_SUFFIXES = (".dist-info", ".egg-info")


@dataclass(frozen=True)
class Distribution:
    """A distribution as its own files describe it.

    ``folder`` is relative to the prefix, with slashes; ``requires`` are its ``Requires-Dist`` lines as they are.
    ``source`` is where it came from when that was no index (PEP 610); ``size`` is in bytes. ``named`` is False when its
    metadata does not say what it is.
    """

    folder: str
    name: str
    version: str
    installer: str
    requested: bool
    recorded: bool
    requires: tuple[str, ...]
    source: str | None
    size: int | None

    @property
    def canonical(self) -> str:
        """Its name as all spellings share it."""
        return canonical(self.name)

    @property
    def named(self) -> bool:
        """Whether its metadata says what it is."""
        return bool(self.name and self.version)


def site_packages(prefix: Path) -> list[Path]:
    """The folders that hold Python packages in a prefix, each once; usually one."""
    folders = [*sorted(prefix.glob("lib*/python3*/site-packages")), prefix / "Lib" / "site-packages"]
    # conda links lib/python3.1 to lib/python3.11 and venv links lib64 to lib: other names for what is listed anyway.
    return [
        f
        for f in folders
        if os.access(f, os.R_OK | os.X_OK) and not f.parent.is_symlink() and not f.parent.parent.is_symlink()
    ]


def is_distribution(name: str) -> bool:
    """Whether an entry of site-packages is one, by its name."""
    # pip renames what it is about to delete to "~…" and may be killed before it does.
    return name.endswith(_SUFFIXES) and not name.startswith("~") and name.isprintable()


def installer(folder: Path) -> str:
    """The tool that installed a distribution, ``""`` when that is not known."""
    return text(folder / "INSTALLER").strip()


def read(prefix: Path, folder: str) -> Distribution:
    """One distribution. What it does not say is empty."""
    path = prefix / folder
    # What it brings along, workers would load before they begin; few of them read a distribution.
    from email.parser import HeaderParser

    headers = HeaderParser().parsestr(text(_metadata_file(path)).partition("\n\n")[0])
    record = path / "RECORD"
    name = str(headers["Name"] or "").strip()
    return Distribution(
        folder=folder,
        name=name,
        version=str(headers["Version"] or "").strip(),
        installer=installer(path),
        requested=(path / "REQUESTED").is_file(),
        recorded=record.is_file() or not folder.endswith(".dist-info"),
        requires=tuple(str(line) for line in headers.get_all("Requires-Dist", [])),
        source=_source(path, name),
        size=_recorded_size(text(record)),
    )


def files(prefix: Path, distribution: Distribution) -> list[str]:
    """The files that a distribution lists as its own, relative to the prefix, with slashes."""
    place = distribution.folder.rpartition("/")[0]
    try:
        rows = list(csv.reader(text(prefix / distribution.folder / "RECORD").splitlines()))
    except csv.Error:
        return []
    return [posixpath.normpath(f"{place}/{row[0]}") for row in rows if row]


def folder_name(distribution: Distribution) -> str:
    """What a distribution is called by its folder, for one whose metadata is lost."""
    return named_by_folder(distribution.folder)[0]


def text(path: Path) -> str:
    """A file's text, ``""`` when it cannot be read."""
    try:
        return read_plain(path).decode(errors="replace").replace("\r\n", "\n")
    except OSError:
        return ""


def _metadata_file(path: Path) -> Path:
    if path.name.endswith(".dist-info"):
        return path / "METADATA"
    return path / "PKG-INFO" if path.is_dir() else path


def _recorded_size(record: str) -> int | None:
    """Bytes that a RECORD lists."""
    sizes = (line.rpartition(",")[2].strip() for line in record.splitlines())
    return sum(int(size) for size in sizes if size.isdecimal()) or None


class _VcsInfo(msgspec.Struct):
    vcs: str
    commit_id: str = ""


class _DirectUrl(msgspec.Struct):
    """https://packaging.python.org/en/latest/specifications/direct-url-data-structure/"""

    url: str
    vcs_info: _VcsInfo | None = None
    subdirectory: str | None = None


def _source(path: Path, name: str) -> str | None:
    """``name @ url``, as it can be asked for again."""
    try:
        direct = msgspec.json.decode(read_plain(path / "direct_url.json"), type=_DirectUrl)
        parts = urlsplit(direct.url)
    except (OSError, ValueError):
        return None
    url = urlunsplit(parts)
    if direct.vcs_info is not None:
        at = f"@{direct.vcs_info.commit_id}" if direct.vcs_info.commit_id else ""
        url = f"{direct.vcs_info.vcs}+{url}{at}"
    if direct.subdirectory:
        url += f"#subdirectory={direct.subdirectory}"
    return f"{name} @ {redact(url)}"
