"""Which packages are in this prefix? conda's records and Python's own metadata, together."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import msgspec

from ..models import Package, Problem

_SUBDIR = re.compile(r"^(noarch|(linux|osx|win|freebsd|emscripten|wasi|zos)-[a-z0-9_]+)$")
_HISTORY_SPECS = re.compile(r"^#\s*(\w+)\s+specs:\s*(.+)$")
_SPEC_NAME = re.compile(r"^(?:.*::)?\s*([A-Za-z0-9_][A-Za-z0-9_.-]*)")


class _PathEntry(msgspec.Struct):
    size_in_bytes: int | None = None


class _PathsData(msgspec.Struct):
    paths: list[_PathEntry] = []


class _Record(msgspec.Struct):
    """The fields we read of a conda-meta record; unknown ones are skipped without being built."""

    name: str
    version: str
    build: str = ""
    channel: str | None = None
    size: int | None = None
    requested_spec: str | None = None
    requested_specs: list[str] | None = None
    files: list[str] = []
    paths_data: _PathsData | None = None


_DECODER = msgspec.json.Decoder(_Record)


def read_packages(prefix: Path) -> tuple[list[Package], list[Problem]]:
    """Everything installed in a prefix, by name, and the records that could not be read.

    ``size`` is in bytes as installed; for conda packages that do not record it, the size of the package archive.
    Works for conda environments and for virtual environments. Blocks; call it in a thread.
    """
    records, problems = _read_records(prefix)
    asked = _requested(prefix / "conda-meta" / "history")
    packages = [_conda_package(record, asked) for record in records]
    owned = {
        name for record in records for name in record.files if name.endswith(("/METADATA", "/PKG-INFO", ".egg-info"))
    }
    packages += _pypi_packages(prefix, owned)
    return sorted(packages, key=lambda package: (package.name.lower(), package.manager)), problems


def site_packages(prefix: Path) -> list[Path]:
    """The folders that hold Python packages in a prefix, each once; usually one."""
    folders = [*sorted(prefix.glob("lib*/python3*/site-packages")), prefix / "Lib" / "site-packages"]
    # conda links lib/python3.1 to lib/python3.11 and venv links lib64 to lib: other names for what is listed anyway.
    return [
        f
        for f in folders
        if os.access(f, os.R_OK | os.X_OK) and not f.parent.is_symlink() and not f.parent.parent.is_symlink()
    ]


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


def _read_records(prefix: Path) -> tuple[list[_Record], list[Problem]]:
    records: list[_Record] = []
    problems: list[Problem] = []
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        if path.name.count("-") < 2 or path.name.startswith("."):
            continue
        try:
            records.append(_DECODER.decode(path.read_bytes()))
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            problems.append(
                Problem(
                    code="record_damaged",
                    message=f"The package record {path.name} cannot be read: {error}.",
                    hint="Install that package again, or create the environment anew.",
                    details={"record": str(path)},
                )
            )
    return records, problems


def _conda_package(record: _Record, asked: set[str]) -> Package:
    known = [path.size_in_bytes or 0 for path in record.paths_data.paths] if record.paths_data else []
    specs = [*(record.requested_specs or []), record.requested_spec]
    return Package(
        name=record.name,
        version=record.version,
        build=record.build,
        channel=channel_name(record.channel),
        # Old conda versions wrote the word "None".
        requested=any(spec and spec != "None" for spec in specs) or record.name in asked,
        size=sum(known) or record.size,
    )


def _requested(history: Path) -> set[str]:
    """Names that the history says were asked for, in conda's own way of reading it
    (https://github.com/conda/conda/blob/main/conda/history.py).
    """
    try:
        text = history.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    names: set[str] = set()
    for line in text.splitlines():
        match = _HISTORY_SPECS.match(line)
        if match is None:
            continue
        action, specs = match.group(1), _names(match.group(2))
        if action in ("update", "install", "create"):
            names |= specs
        elif action in ("remove", "uninstall"):
            names -= specs
    return names


def _names(specs: str) -> set[str]:
    """Package names in a list of match specs: a Python list, or before conda 4.4 comma separated."""
    found: Iterable[object]
    try:
        found = ast.literal_eval(specs) if specs.startswith("[") else specs.split(",")
    except (ValueError, SyntaxError):
        found = []
    matches = (_SPEC_NAME.match(spec.strip()) for spec in found if isinstance(spec, str))
    return {match.group(1).lower() for match in matches if match}


def _pypi_packages(prefix: Path, owned: set[str]) -> Iterator[Package]:
    for folder in site_packages(prefix):
        for entry in _entries(folder):
            # pip renames what it is about to delete to "~…" and may be killed before it does.
            if not entry.name.endswith((".dist-info", ".egg-info")) or entry.name.startswith("~"):
                continue
            metadata = _metadata_file(entry)
            relative = PurePosixPath(metadata.relative_to(prefix).as_posix())
            if str(relative) in owned or _text(entry / "INSTALLER").strip() == "conda":
                continue
            headers = HeaderParser().parsestr(_text(metadata).partition("\n\n")[0])
            if headers["Name"] and headers["Version"]:
                yield Package(
                    name=str(headers["Name"]),
                    version=str(headers["Version"]),
                    manager="pypi",
                    requested=(entry / "REQUESTED").is_file(),
                    size=_recorded_size(_text(entry / "RECORD")),
                )


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.isprintable())
    except OSError:
        return []


def _metadata_file(entry: Path) -> Path:
    if entry.name.endswith(".dist-info"):
        return entry / "METADATA"
    return entry / "PKG-INFO" if entry.is_dir() else entry


def _recorded_size(record: str) -> int | None:
    """Bytes that a RECORD lists (https://packaging.python.org/en/latest/specifications/recording-installed-packages/)."""
    sizes = (line.rpartition(",")[2].strip() for line in record.splitlines())
    return sum(int(size) for size in sizes if size.isdigit()) or None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
