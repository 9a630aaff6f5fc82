"""Bytecode, compiled once per package and Python minor version and hard-linked into each environment.

A ``.pyc`` stays valid as long as its source's mtime and size are the ones it carries (PEP 3147 and
https://docs.python.org/3/reference/import.html#pyc-invalidation); packages are hard-linked from the package cache, so
both are the same in every environment. The interpreter corrects the file name inside when it loads one.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import struct
import subprocess
from pathlib import Path
from typing import NamedTuple

import msgspec

from . import metarecords
from .metarecords import MetaRecord

FOLDER = Path(".envmanager", "bytecode")
_MANIFEST = "manifest.json"
# Compiles pairs of source and target, given as JSON; run by the environment's own interpreter, isolated and without
# site, so that nothing of the user's is imported.
_COMPILER = """
import json, py_compile, sys
mode = py_compile.PycInvalidationMode.TIMESTAMP
for source, target in json.load(sys.stdin):
    try:
        py_compile.compile(source, cfile=target, dfile=source, doraise=True, invalidation_mode=mode)
    except Exception:
        continue
"""


class _Source(NamedTuple):
    """A source's state when it was compiled: mtime in nanoseconds and size in bytes."""

    mtime: int
    size: int


_Manifest = dict[str, _Source]
_decode_manifest = msgspec.json.Decoder(_Manifest).decode


class BytecodeCache:
    """The bytecode beside a package cache.

    Parameters
    ----------
    cache:
        The package cache (one of conda's ``pkgs_dirs``).
    """

    def __init__(self, cache: Path) -> None:
        self.folder = cache / FOLDER

    def link(self, record: MetaRecord, tag: str, prefix: Path) -> int:
        """Hard-link the valid bytecode of one package into ``prefix``; returns the number of files linked.

        Parameters
        ----------
        tag:
            As `cache_tag` gives it.
        """
        entry = self._entry(record, tag)
        manifest = _read_manifest(entry)
        made: set[str] = set()
        linked = 0
        for source in manifest:
            if _state(prefix, source) == manifest[source]:
                linked += _link(entry, prefix, target(source, tag), made)
        return linked

    def compile(self, prefix: Path, timeout: float = 600.0) -> int:
        """Complete the bytecode of ``prefix`` and of the cache; returns the number of files that ``prefix`` gained.

        What its interpreter has compiled meanwhile goes into the cache as it is; for the rest it is run once more. A
        source that does not compile is left alone.
        """
        tag = installed_tag(prefix)
        if tag is None:
            return 0
        work: list[tuple[Path, _Manifest]] = []
        pairs: list[tuple[str, str]] = []
        for record in metarecords.read_all(prefix):
            entry = self._entry(record, tag)
            kept = _read_manifest(entry)
            states = {source: _state(prefix, source) for source in _sources(record)}
            todo = {source: state for source, state in states.items() if state and state != kept.get(source)}
            if todo:
                work.append((entry, todo))
                missing = [source for source in todo if not _adopt(prefix, entry, target(source, tag), todo[source])]
                pairs += [(str(prefix / source), str(entry / target(source, tag))) for source in missing]
        if pairs:
            _compile(prefix, pairs, timeout)
        return sum(_finish(prefix, entry, todo, tag) for entry, todo in work)

    def _entry(self, record: MetaRecord, tag: str) -> Path:
        stem = re.sub(r"\.(conda|tar\.bz2)$", "", record.fn) or f"{record.name}-{record.version}"
        return self.folder / tag / f"{stem}-{record.sha256[:12]}"


def cache_tag(version: str) -> str:
    """The tag of a CPython version's bytecode, e.g. ``cpython-312`` for ``3.12.4``."""
    major, minor = version.split(".")[:2]
    return f"cpython-{major}{minor}"


def installed_tag(prefix: Path) -> str | None:
    """The tag of an environment's bytecode; None where there is no Python."""
    for record in (prefix / "conda-meta").glob("python-[0-9]*.json"):
        return cache_tag(record.name.split("-")[1])
    return None


def _compile(prefix: Path, pairs: list[tuple[str, str]], timeout: float) -> None:
    interpreter = prefix / ("python.exe" if os.name == "nt" else "bin/python")
    subprocess.run(
        [str(interpreter), "-I", "-S", "-B", "-W", "ignore", "-c", _COMPILER],
        input=json.dumps(pairs),
        text=True,
        encoding="utf-8",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
    )


def _sources(record: MetaRecord) -> list[str]:
    """Python sources; a path that a reader could take for another one is not worth its bytecode."""
    return [
        path
        for path in record.files()
        if path.endswith(".py") and ("/python3" in path or "Lib/" in path) and path.isprintable() and ".." not in path
    ]


def target(source: str, tag: str) -> str:
    """Where the bytecode of a source goes, relative to the prefix like the source."""
    folder, _, name = source.rpartition("/")
    return f"{folder}/__pycache__/{name[:-3]}.{tag}.pyc"


def _state(prefix: Path, source: str) -> _Source | None:
    # Thousands of files a package: no Path objects here.
    try:
        status = os.stat(f"{prefix}{os.sep}{source}")  # noqa: PTH116
    except OSError:
        return None
    return _Source(status.st_mtime_ns, status.st_size)


def _read_manifest(entry: Path) -> _Manifest:
    try:
        return _decode_manifest((entry / _MANIFEST).read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}


def _finish(prefix: Path, entry: Path, todo: _Manifest, tag: str) -> int:
    """Link what was compiled and write down which sources it belongs to; returns the number of files."""
    done = {
        source: state
        for source, state in todo.items()
        if (entry / target(source, tag)).is_file() and _state(prefix, source) == state
    }
    made: set[str] = set()
    linked = sum(_link(entry, prefix, target(source, tag), made) for source in done)
    partial = entry / f"{_MANIFEST}.{os.getpid()}"
    with contextlib.suppress(OSError):
        entry.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(msgspec.json.encode({**_read_manifest(entry), **done}))
        partial.replace(entry / _MANIFEST)
    return linked


def _adopt(prefix: Path, entry: Path, target: str, state: _Source) -> bool:
    """Take into the cache what the environment's interpreter has compiled, if it belongs to this state of its source.

    A ``.pyc`` begins with a magic number, flags (0: checked by time stamp), the source's mtime in seconds and its size,
    four bytes each: https://peps.python.org/pep-0552/.
    """
    compiled = prefix / target
    try:
        with compiled.open("rb") as file:
            _, flags, mtime, size = struct.unpack("<4sLLL", file.read(16))
    except (OSError, struct.error):
        return False
    if flags != 0 or mtime != state.mtime // 10**9 & 0xFFFFFFFF or size != state.size & 0xFFFFFFFF:
        return False
    cached = entry / target
    with contextlib.suppress(OSError):
        cached.parent.mkdir(parents=True, exist_ok=True)
        cached.unlink(missing_ok=True)
        os.link(compiled, cached)
    return cached.is_file()


def _link(entry: Path, prefix: Path, target: str, made: set[str]) -> int:
    """Hard-link one file; ``made`` are the folders that are known to be there."""
    folder = target.rpartition("/")[0]
    try:
        if folder not in made:
            (prefix / folder).mkdir(exist_ok=True)
            made.add(folder)
        os.link(f"{entry}{os.sep}{target}", f"{prefix}{os.sep}{target}")
    except OSError:
        # Another filesystem, no hard links, or already there: the interpreter compiles for itself.
        return 0
    return 1
