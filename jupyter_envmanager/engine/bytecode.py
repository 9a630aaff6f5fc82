"""Bytecode, compiled once per package and Python minor version and hard-linked into each environment.

A ``.pyc`` stays valid as long as its source's mtime and size are the ones it carries (PEP 3147 and
https://docs.python.org/3/reference/import.html#pyc-invalidation); packages are hard-linked from the package cache, so
both are the same in every environment. The interpreter corrects the file name inside when it loads one.

Other environments run what is in this cache, so nothing of an environment gets into it: sources and
interpreter are those of the package cache. An environment may be an archive's, or one that others write into.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..environments.plainfile import read_plain
from ..sharing import is_private
from ..sharing.handles import FILE, inner, opened
from . import metarecords
from .clone import NO_LINK
from .metarecords import MetaRecord

FOLDER = Path(".envmanager", "bytecode")
_MANIFEST = "manifest.json"
# What is linked into other environments may be written by nobody else, whatever the umask of this job is.
_UMASK = 0o022
# What a path is made from; records of archives can say anything.
_FILE_NAME = re.compile(r"(\w[\w.!+~=-]*)\.(?:conda|tar\.bz2)", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"3\.\d+(?:\.\w+)*", re.ASCII)
# Compiles pairs of source and target, given as JSON; isolated and without site, so that nothing of the user's is
# imported.
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
    copies:
        Whether environments get copies: where others write, too, they share no file with the cache.
    """

    def __init__(self, cache: Path, *, copies: bool = False) -> None:
        self.folder = cache / FOLDER
        self._copies = copies

    def link(self, record: MetaRecord, tag: str, prefix: Path) -> int:
        """Hard-link the valid bytecode of one package into ``prefix``; returns the number of files linked.

        Parameters
        ----------
        tag:
            As `cache_tag` gives it.
        """
        entry = self._entry(record, tag)
        if entry is None:
            return 0
        manifest = _read_manifest(entry)
        made: set[str] = set()
        linked = 0
        for source in manifest:
            if _state(prefix, source) == manifest[source]:
                linked += _put(entry, prefix, target(source, tag), made, copies=self._copies)
        return linked

    def compile(self, prefix: Path, pkgs_dirs: Sequence[Path], timeout: float = 600.0) -> int:
        """Complete the bytecode of ``prefix`` and of the cache; returns the number of files that ``prefix`` gained.

        Packages whose files are in none of the package caches are left to the environment's interpreter, and so is a
        source that is not as it was packed. One that does not compile is left alone.
        """
        installed = metarecords.read_all(prefix)
        python = _python(installed, pkgs_dirs)
        if python is None:
            return 0
        tag, interpreter = python
        work: list[tuple[Path, _Manifest]] = []
        pairs: list[tuple[str, str]] = []
        for record in installed:
            entry, package = self._entry(record, tag), _unpacked(record, pkgs_dirs)
            if entry is None or package is None:
                continue
            kept = _read_manifest(entry)
            todo: _Manifest = {}
            for source in _sources(record):
                state = _state(prefix, source)
                packed = _packed(package, source, state) if state and state != kept.get(source) else None
                if state and packed:
                    todo[source] = state
                    pairs.append((packed, str(entry / target(source, tag))))
            if todo:
                work.append((entry, todo))
        if pairs:
            _compile(interpreter, pairs, timeout, umask=_UMASK)
        return sum(_finish(prefix, entry, todo, tag, copies=self._copies) for entry, todo in work)

    def _entry(self, record: MetaRecord, tag: str) -> Path | None:
        stem = _stem(record)
        return self.folder / tag / f"{stem}-{record.sha256[:12]}" if stem and _SHA256.fullmatch(record.sha256) else None


def cache_tag(version: str) -> str:
    """The tag of a CPython version's bytecode, e.g. ``cpython-312`` for ``3.12.4``."""
    major, minor = version.split(".")[:2]
    return f"cpython-{major}{minor}"


def installed_tag(prefix: Path) -> str | None:
    """The tag of an environment's bytecode; None where there is no Python."""
    for record in (prefix / "conda-meta").glob("python-[0-9]*.json"):
        return cache_tag(record.name.split("-")[1])
    return None


def compile_rest(prefix: Path, pkgs_dirs: Sequence[Path], timeout: float = 600.0, *, own: bool = False) -> int:
    """Compile what has no bytecode yet, whoever brought it, within ``prefix``; returns the number of files.

    Parameters
    ----------
    own:
        Whether the environment's own interpreter may be run where there is no other one of its version.
    """
    python = _python_for(prefix, pkgs_dirs, own=own)
    if python is None:
        return 0
    tag, interpreter = python
    # Members may put other files and links there while this runs: neither is read, compiled or written by its path.
    with tempfile.TemporaryDirectory(prefix="envmanager-") as folder:
        made: dict[str, str] = {}
        for source in _taken_aside(prefix, tag, folder):
            made[target(source, tag)] = f"{folder}{os.sep}{len(made)}"
        if made:
            _compile(interpreter, [(f"{aside}.py", f"{aside}.pyc") for aside in made.values()], timeout)
        return sum(_copy_into(f"{aside}.pyc", prefix, path, anew=True) for path, aside in made.items())


def _taken_aside(prefix: Path, tag: str, folder: str) -> Iterator[str]:
    """Sources that have no bytecode yet, each copied into a folder of this user's, as ``0.py`` and so on."""
    count = 0
    for library in prefix.glob("lib/python3.[0-9]*"):
        path = f"lib/{library.name}"
        with contextlib.suppress(OSError), inner(os.fspath(prefix), path) as top:
            for below, _, names, handle in os.fwalk(".", dir_fd=top):
                inside = os.path.normpath(os.path.join(path, below))  # noqa: PTH118
                for name in (name for name in names if name.endswith(".py") and name.isprintable()):
                    source = f"{inside}/{name}"
                    state = _state(prefix, source)
                    done = state is None or _is_of(prefix / target(source, tag), state)
                    if not done and _take(name, handle, f"{folder}{os.sep}{count}.py"):
                        yield source
                        count += 1


def _take(name: str, folder: int, copy: str) -> bool:
    """Copy a source out of an open folder, with its time; no link, and nothing that its owner keeps private."""
    try:
        with opened(name, FILE, folder) as handle:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or is_private(status):
                return False
            with open(handle, "rb", closefd=False) as old, open(copy, "wb") as new:  # noqa: PTH123
                shutil.copyfileobj(old, new)
            os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
    except OSError:
        return False
    return True


def _python_for(prefix: Path, pkgs_dirs: Sequence[Path], *, own: bool) -> tuple[str, Path] | None:
    """The tag of an environment's bytecode, and an interpreter that makes it: the package cache's, else the one that
    runs this, else the environment's own.

    An archive may come to where no cache has its Python.
    """
    installed = metarecords.read_all(prefix)
    version = next((one.version for one in installed if one.name == "python" and _VERSION.fullmatch(one.version)), None)
    if version is None or (python := _python(installed, pkgs_dirs)) is not None:
        return python if version else None
    tag = cache_tag(version)
    if tag == sys.implementation.cache_tag:
        return tag, Path(sys.executable)
    theirs = prefix / ("python.exe" if os.name == "nt" else "bin/python")
    return (tag, theirs) if own and theirs.is_file() else None


def _compile(interpreter: Path, pairs: list[tuple[str, str]], timeout: float, umask: int = -1) -> None:
    subprocess.run(
        [str(interpreter), "-I", "-S", "-B", "-W", "ignore", "-c", _COMPILER],
        input=json.dumps(pairs),
        text=True,
        encoding="utf-8",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=timeout,
        umask=umask,
        check=False,
    )


def _stem(record: MetaRecord) -> str | None:
    """What a package's folder in a package cache is called; None where the record does not say."""
    found = _FILE_NAME.fullmatch(record.fn)
    return found.group(1) if found else None


def _unpacked(record: MetaRecord, pkgs_dirs: Sequence[Path]) -> Path | None:
    stem = _stem(record)
    return next((folder / stem for folder in pkgs_dirs if stem and (folder / stem).is_dir()), None)


def _python(installed: Iterable[MetaRecord], pkgs_dirs: Sequence[Path]) -> tuple[str, Path] | None:
    """The tag of an environment's bytecode, and the same interpreter in a package cache.

    The environment's own may be anybody's, and would run without anybody having asked for it.
    """
    for record in installed:
        package = _unpacked(record, pkgs_dirs) if record.name == "python" else None
        if package is not None and package.name.startswith(f"python-{record.version}-"):
            interpreter = package / ("python.exe" if os.name == "nt" else "bin/python")
            return (cache_tag(record.version), interpreter) if interpreter.is_file() else None
    return None


def _packed(package: Path, source: str, state: _Source) -> str | None:
    """A package's own file, if an installed one is as it is there; ``noarch`` ones have no version in their path."""
    _, found, rest = source.partition("/site-packages/")
    for inside in (source, f"site-packages/{rest}") if found else (source,):
        if _state(package, inside) == state:
            return str(package / inside)
    return None


def _sources(record: MetaRecord) -> list[str]:
    """Python sources; a path that a reader could take for another one is not worth its bytecode."""
    return [
        path
        for path in record.files()
        if path.endswith(".py")
        and ("/python3" in path or "Lib/" in path)
        and path.isprintable()
        and ".." not in path
        and path[0] != "/"
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


def _finish(prefix: Path, entry: Path, todo: _Manifest, tag: str, *, copies: bool) -> int:
    """Link what was compiled and write down which sources it belongs to; returns the number of files."""
    done = {source: state for source, state in todo.items() if _is_of(entry / target(source, tag), state)}
    made: set[str] = set()
    linked = sum(_put(entry, prefix, target(source, tag), made, copies=copies) for source in done)
    partial = entry / f"{_MANIFEST}.{os.getpid()}"
    with contextlib.suppress(OSError):
        entry.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(msgspec.json.encode({**_read_manifest(entry), **done}))
        partial.replace(entry / _MANIFEST)
    return linked


def _is_of(compiled: Path, state: _Source) -> bool:
    """Whether bytecode belongs to this state of its source.

    A ``.pyc`` begins with a magic number, flags (0: checked by time stamp), the source's mtime in seconds and its size,
    four bytes each: https://peps.python.org/pep-0552/.
    """
    try:
        head = struct.unpack("<4sLLL", read_plain(compiled, 16, cut=True))
    except (OSError, struct.error):
        return False
    return bool(head[1:] == (0, state.mtime // 10**9 & 0xFFFFFFFF, state.size & 0xFFFFFFFF))


def _put(entry: Path, prefix: Path, target: str, made: set[str], *, copies: bool) -> int:
    """Hard-link one file, or copy it, also where links do not reach; ``made`` are folders that are there by now."""
    folder = target.rpartition("/")[0]
    cached, installed = f"{entry}{os.sep}{target}", f"{prefix}{os.sep}{target}"
    if copies:
        return _copy_into(cached, prefix, target)
    try:
        if folder not in made:
            (prefix / folder).mkdir(exist_ok=True)
            made.add(folder)
        os.link(cached, installed)
    except OSError as error:
        # What is there already was compiled by the interpreter.
        return _copy(cached, installed) if error.errno in NO_LINK else 0
    return 1


def _copy_into(source: str, prefix: Path, target: str, *, anew: bool = False) -> int:
    """Copy a file to where others may put a link at any moment; ``anew`` replaces what is there."""
    folder, _, name = target.rpartition("/")
    partial = f"{name}.{os.getpid()}"
    try:
        with open(source, "rb") as file, inner(os.fspath(prefix), folder) as handle:  # noqa: PTH123
            with contextlib.suppress(FileNotFoundError):
                os.lstat(name, dir_fd=handle)
                if not anew:
                    return 0
            with opened(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, handle) as made:
                with open(made, "wb", closefd=False) as copy:
                    shutil.copyfileobj(file, copy)
                # As open as the cache's own: the mask was for what is private at first.
                os.fchmod(made, 0o666 & ~_UMASK)
            os.replace(partial, name, src_dir_fd=handle, dst_dir_fd=handle)
    except OSError:
        # The interpreter compiles for itself.
        return 0
    return 1


def _copy(source: str, copy: str) -> int:
    if os.path.lexists(copy):
        return 0
    partial = f"{copy}.{os.getpid()}"
    try:
        # Never through a link that somebody has put there.
        with open(source, "rb") as file, open(partial, "xb") as made:  # noqa: PTH123
            shutil.copyfileobj(file, made)
        os.replace(partial, copy)  # noqa: PTH105
    except OSError:
        # The interpreter compiles for itself.
        return 0
    return 1
