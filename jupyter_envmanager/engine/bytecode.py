"""Bytecode, compiled once per package and Python minor version and hard-linked into each environment.

A ``.pyc`` stays valid as long as its source's mtime and size are the ones it carries (PEP 3147 and
https://docs.python.org/3/reference/import.html#pyc-invalidation); packages are hard-linked from the package cache, so
both are the same in every environment. The interpreter corrects the file name inside when it loads one.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

FOLDER = Path(".envmanager", "bytecode")
_MANIFEST = "manifest.json"
# Compiles what it reads as lines of "source<TAB>target"; run by the environment's own interpreter, isolated and
# without site, so that nothing of the user's is imported.
_COMPILER = """
import os, py_compile, sys
mode = py_compile.PycInvalidationMode.TIMESTAMP
for line in sys.stdin:
    source, target = line.rstrip("\\n").split("\\t")
    try:
        py_compile.compile(source, cfile=target, dfile=source, doraise=True, invalidation_mode=mode)
    except Exception:
        continue
"""


class _Path(msgspec.Struct, frozen=True):
    path: str = msgspec.field(name="_path")


class _Paths(msgspec.Struct, frozen=True):
    paths: list[_Path] = []


class _Record(msgspec.Struct, frozen=True):
    fn: str = ""
    name: str = ""
    version: str = ""
    sha256: str = ""
    paths_data: _Paths = _Paths()


class _Source(NamedTuple):
    """A source's state when it was compiled: mtime in nanoseconds and size in bytes."""

    mtime: int
    size: int


class BytecodeCache:
    """The bytecode beside a package cache.

    Parameters
    ----------
    cache:
        The package cache (one of conda's ``pkgs_dirs``).
    """

    def __init__(self, cache: Path) -> None:
        self.folder = cache / FOLDER

    def link_into(self, prefix: Path) -> int:
        """Hard-link all valid bytecode into ``prefix``; returns the number of files linked."""
        linked = 0
        for record, tag, sources in _packages(prefix):
            entry = self._entry(record, tag)
            manifest = _read_manifest(entry)
            for source in sources:
                if source in manifest and _state(prefix / source) == manifest[source]:
                    linked += _link(entry / _target(source, tag), prefix / _target(source, tag))
        return linked

    def compile(self, prefix: Path, timeout: float = 600.0) -> int:
        """Compile what ``prefix`` has no valid bytecode for, into the cache and into it; returns the number of files.

        Runs the environment's own interpreter; a source that does not compile is left alone.
        """
        work: list[tuple[Path, dict[str, _Source], str]] = []
        lines: list[str] = []
        for record, tag, sources in _packages(prefix):
            todo = {
                source: state
                for source in sources
                if not (prefix / _target(source, tag)).exists() and (state := _state(prefix / source)) is not None
            }
            if todo:
                entry = self._entry(record, tag)
                work.append((entry, todo, tag))
                lines += [f"{prefix / source}\t{entry / _target(source, tag)}" for source in todo]
        if not lines:
            return 0
        self._run(prefix, lines, timeout)
        return sum(_finish(prefix, entry, todo, tag) for entry, todo, tag in work)

    def _entry(self, record: _Record, tag: str) -> Path:
        stem = re.sub(r"\.(conda|tar\.bz2)$", "", record.fn) or f"{record.name}-{record.version}"
        return self.folder / tag / f"{stem}-{record.sha256[:12]}"

    def _run(self, prefix: Path, lines: list[str], timeout: float) -> None:
        interpreter = prefix / ("python.exe" if os.name == "nt" else "bin/python")
        subprocess.run(
            [str(interpreter), "-I", "-S", "-B", "-W", "ignore", "-c", _COMPILER],
            input="\n".join(lines),
            text=True,
            encoding="utf-8",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )


def _packages(prefix: Path) -> Iterator[tuple[_Record, str, list[str]]]:
    """Each package's record, cache tag and Python sources, relative to the prefix."""
    tag = cache_tag(prefix)
    if tag is None:
        return
    decode = msgspec.json.Decoder(_Record).decode
    for file in sorted((prefix / "conda-meta").glob("*.json")):
        with contextlib.suppress(msgspec.DecodeError, OSError):
            record = decode(file.read_bytes())
            sources = [
                entry.path
                for entry in record.paths_data.paths
                if entry.path.endswith(".py") and ("/python3" in entry.path or "Lib/" in entry.path)
            ]
            if sources:
                yield record, tag, sources


def cache_tag(prefix: Path) -> str | None:
    """The tag of an environment's bytecode, e.g. ``cpython-312``; None where there is no Python."""
    for record in (prefix / "conda-meta").glob("python-[0-9]*.json"):
        major, minor = record.name.split("-")[1].split(".")[:2]
        return f"cpython-{major}{minor}"
    return None


def _target(source: str, tag: str) -> str:
    folder, _, name = source.rpartition("/")
    return f"{folder}/__pycache__/{name[:-3]}.{tag}.pyc"


def _state(source: Path) -> _Source | None:
    try:
        status = source.stat()
    except OSError:
        return None
    return _Source(status.st_mtime_ns, status.st_size)


def _read_manifest(entry: Path) -> dict[str, _Source]:
    try:
        return msgspec.json.decode((entry / _MANIFEST).read_bytes(), type=dict[str, _Source])
    except (OSError, msgspec.DecodeError):
        return {}


def _finish(prefix: Path, entry: Path, todo: dict[str, _Source], tag: str) -> int:
    """Link what was compiled and write down which sources it belongs to; returns the number of files."""
    done = {
        source: state
        for source, state in todo.items()
        if (entry / _target(source, tag)).is_file() and _state(prefix / source) == state
    }
    linked = sum(_link(entry / _target(source, tag), prefix / _target(source, tag)) for source in done)
    partial = entry / f"{_MANIFEST}.{os.getpid()}"
    with contextlib.suppress(OSError):
        entry.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(msgspec.json.encode({**_read_manifest(entry), **done}))
        partial.replace(entry / _MANIFEST)
    return linked


def _link(source: Path, target: Path) -> int:
    try:
        os.link(source, target)
    except FileNotFoundError:
        try:
            target.parent.mkdir(exist_ok=True)
            os.link(source, target)
        except OSError:
            return 0
    except OSError:
        # Another filesystem, no hard links, or already there: the interpreter compiles for itself.
        return 0
    return 1
