"""Which kernelspecs does Jupyter see? Read once, and again only when a file has changed.

Jupyter looks through a path of folders; the first spec of a name wins, and case does not count
(https://jupyter-client.readthedocs.io/en/latest/kernels.html).
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..models import Kernel
from . import kernelspec, target
from .kernelspec import Spec

log = logging.getLogger(__name__)

NATIVE = "python3"
_Version = tuple[int, int, int]


@dataclass
class Read:
    """A spec and the version of the kernel.json it was read from; what it starts, where that cannot change alone.

    ``answer`` is what was said of it the last time, for ``asked``.
    """

    spec: Spec
    version: _Version | None = None
    place: str = ""
    programs: Sequence[str] | None = None
    script: tuple[str, _Version | None] | None = None
    answer: Kernel | None = None
    asked: tuple[object, ...] = ()

    def starts(self) -> Sequence[str]:
        """What the spec starts."""
        if self.programs is not None and (self.script is None or file_version(self.script[0]) == self.script[1]):
            return self.programs
        self.programs, self.answer = None, None
        script = target.script(self.spec)
        before = file_version(script) if script else None
        programs = target.programs(self.spec)
        sure = script is not None or (len(programs) == 1 and not target.runs_script(self.spec))
        if self.version is not None and sure and not any("$" in program for program in programs):
            self.programs, self.script = programs, (script, before) if script else None
        return programs


class Looker:
    """Looks through folders of kernelspecs, and remembers what it has read.

    Parameters
    ----------
    path:
        All ``kernels`` folders in Jupyter's order.
    """

    def __init__(self, path: Sequence[Path]) -> None:
        self.path = path
        self._read: dict[str, Read] = {}

    def look(self) -> dict[str, Read]:
        """The specs that count, by lower-case name."""
        found: dict[str, Read] = {}
        for place in self.path:
            try:
                names = sorted(entry.name for entry in os.scandir(place) if entry.name.isprintable())
            except OSError as error:
                log.debug("No kernels read: %s", error)
                continue
            for name in names:
                path = f"{place}{os.sep}{name}"
                if name.lower() in found or (version := file_version(f"{path}{os.sep}kernel.json")) is None:
                    continue
                known = self._read.get(path)
                if known is None or known.version != version:
                    known = Read(kernelspec.read(Path(path), name.lower()), version, str(place))
                found[name.lower()] = known
        if NATIVE not in found and (native := _native()) is not None:
            found[NATIVE] = Read(native)
        self._read = {str(read.spec.folder): read for read in found.values()}
        return found

    def read(self, folder: Path) -> Read:
        """The spec in one folder, whether or not it is the one that counts."""
        spec = kernelspec.read(folder, folder.name.lower())
        return Read(spec, file_version(f"{folder}{os.sep}kernel.json"), str(folder.parent))

    def specs(self) -> dict[str, Spec]:
        """The specs that count, by lower-case name."""
        return {name: read.spec for name, read in self.look().items()}


def _native() -> Spec | None:
    """The kernel of the server's own Python, which jupyter_client offers without a spec on the path."""
    found = importlib.util.find_spec("ipykernel")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "resources"
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    return Spec(name=NATIVE, folder=folder, argv=argv, display_name="Python 3 (ipykernel)", language="python")


def file_version(path: str) -> _Version | None:
    """Changes with a file; None when there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return (status.st_mtime_ns, status.st_ino, status.st_size)


def is_writable(spec: Spec) -> bool:
    """Whether a spec can be changed and removed: the server's own has no kernel.json where Jupyter would look."""
    return os.access(spec.folder / "kernel.json", os.F_OK) and all(
        os.access(folder, os.W_OK) for folder in (spec.folder, spec.folder.parent)
    )


def version_of(folder: Path) -> str:
    """Changes with the kernel.json of a kernelspec folder; empty when there is none."""
    return "-".join(map(str, file_version(f"{folder}{os.sep}kernel.json") or ()))
