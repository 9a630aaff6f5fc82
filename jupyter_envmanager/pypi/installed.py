"""Which Python distributions are in a site-packages folder, and what each brought along.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from .names import normal
from .state import Dist


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of RECORD: a path relative to site-packages, ``sha256=…`` or empty, and the size in bytes."""

    path: str
    digest: str = ""
    size: str = ""


class InstalledDist(Dist, frozen=True, kw_only=True):
    """A distribution as it is on disk.

    Attributes
    ----------
    info:
        Name of its metadata folder (or file) in site-packages.
    installer:
        What INSTALLER says: ``conda``, ``pip``, ``uv`` …; may be empty.
    requested:
        Whether it carries the marker REQUESTED.
    record:
        The lines of RECORD; empty for one that kept no list of its files.
    direct_url:
        https://packaging.python.org/en/latest/specifications/direct-url/
    """

    info: str
    installer: str = ""
    requested: bool = False
    record: tuple[Row, ...] = ()
    direct_url: dict[str, Any] | None = None


def distributions(site_packages: Path) -> list[InstalledDist]:
    """The distributions in a folder, by name; those whose metadata cannot be read are left out. Only reads."""
    try:
        entries = sorted(site_packages.iterdir())
    except OSError:
        return []
    found = (
        _read(entry)
        for entry in entries
        # pip renames what it is about to delete to "~…" and may be killed before it does.
        if entry.name.endswith((".dist-info", ".egg-info")) and not entry.name.startswith("~")
    )
    return sorted((dist for dist in found if dist is not None), key=lambda dist: normal(dist.name))


def site_folders(prefix: Path) -> list[Path]:
    """The site-packages folders of an environment, each once, whichever Python they belong to."""
    folders = [*sorted(prefix.glob("lib*/python3*/site-packages")), prefix / "Lib" / "site-packages"]
    # conda links lib/python3.1 to lib/python3.11, venv links lib64 to lib: other names of the same folder.
    return [f for f in folders if f.is_dir() and not f.parent.is_symlink() and not f.parent.parent.is_symlink()]


def read_record(text: str) -> list[Row]:
    """The lines of a RECORD file."""
    rows = csv.reader(io.StringIO(text))
    return [Row(path=row[0], digest=_cell(row, 1), size=_cell(row, 2)) for row in rows if row and row[0]]


def write_record(rows: Iterable[Row]) -> str:
    """The text of a RECORD file."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows((row.path, row.digest, row.size) for row in rows)
    return buffer.getvalue()


def _cell(row: list[str], column: int) -> str:
    return row[column] if len(row) > column else ""


def _read(entry: Path) -> InstalledDist | None:
    file = entry / ("METADATA" if entry.name.endswith(".dist-info") else "PKG-INFO") if entry.is_dir() else entry
    headers = HeaderParser().parsestr(_text(file).partition("\n\n")[0])
    name, version = str(headers["Name"] or ""), str(headers["Version"] or "")
    if not name or not version:
        return None
    direct = _direct_url(entry)
    return InstalledDist(
        name=name,
        version=version,
        requires=[str(line) for line in headers.get_all("Requires-Dist") or []],
        source=_source(name, direct) if direct else "",
        info=entry.name,
        installer=_text(entry / "INSTALLER").strip(),
        requested=(entry / "REQUESTED").is_file(),
        record=tuple(read_record(_text(entry / "RECORD")) or _legacy_record(entry)),
        direct_url=direct,
    )


def _legacy_record(entry: Path) -> list[Row]:
    """setuptools' list of files, relative to the metadata folder, before there was RECORD."""
    lines = _text(entry / "installed-files.txt").splitlines()
    return [Row(path=f"{entry.name}/{line}") for line in lines if line]


def _direct_url(entry: Path) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode((entry / "direct_url.json").read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError):
        return None


def _source(name: str, direct: dict[str, Any]) -> str:
    """The requirement line that installs the same again."""
    url = str(direct.get("url", ""))
    if direct.get("dir_info", {}).get("editable"):
        return f"-e {unquote(urlsplit(url).path)}"
    part = f"#subdirectory={direct['subdirectory']}" if direct.get("subdirectory") else ""
    if vcs := direct.get("vcs_info", {}):
        return f"{name} @ {vcs.get('vcs', 'git')}+{url}@{vcs.get('commit_id', 'HEAD')}{part}"
    return f"{name} @ {url}{part}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
