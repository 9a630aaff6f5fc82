"""Which kernelspecs are there, where do they lead, and how does an environment get one?

Jupyter looks through a path of folders; the first spec of a name wins, and case does not count
(https://jupyter-client.readthedocs.io/en/latest/kernels.html). We write into one folder, the user's, and mark what we
write: ``metadata.jupyter_envmanager``.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import importlib.util
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..errors import Conflict, Invalid, NoSpace, NotAllowed, NotFound
from ..models import Environment, Kernel, KernelCheck
from . import kernelspec, target
from .kernelspec import NewSpec, Spec

log = logging.getLogger(__name__)

_LANGUAGE_OF = {
    "ansible-kernel": "ansible",
    "bash_kernel": "bash",
    "calysto_scheme": "scheme",
    "gnuplot_kernel": "gnuplot",
    "ihaskell": "haskell",
    "ipykernel": "python",
    "octave_kernel": "octave",
    "r-irkernel": "r",
    "sas_kernel": "sas",
    "sos-notebook": "sos",
    "stata_kernel": "stata",
    "xeus-cling": "c++",
    "xeus-cpp": "c++",
    "xeus-lua": "lua",
    "xeus-octave": "octave",
    "xeus-python": "python",
    "xeus-r": "r",
    "xeus-sql": "sql",
    "xeus-sqlite": "sql",
}
KERNEL_PACKAGES = frozenset(_LANGUAGE_OF)

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_NATIVE = "python3"
_RESERVED = {"python", "python2", _NATIVE}


def has_kernel_package(package_names: Iterable[str], languages: Iterable[str] = ()) -> bool:
    """Whether one of these packages is a Jupyter kernel; with ``languages``, a kernel for one of them."""
    wanted = {language.lower() for language in languages}
    found = {_LANGUAGE_OF[name.lower()] for name in package_names if name.lower() in _LANGUAGE_OF}
    return bool(found & wanted) if wanted else bool(found)


class KernelRegistry:
    """The kernelspecs of one user.

    Parameters
    ----------
    user_dir:
        The ``kernels`` folder that new specs go to.
    search_path:
        All ``kernels`` folders in Jupyter's order; ``user_dir`` comes first when it is not one of them.
    """

    def __init__(self, user_dir: Path, search_path: Sequence[Path]) -> None:
        self._user_dir = user_dir
        self._path = list(dict.fromkeys(search_path if user_dir in search_path else [user_dir, *search_path]))
        self._read: dict[str, _Read] = {}

    def list(self, environments: Sequence[Environment], checks: Mapping[str, KernelCheck]) -> builtins.list[Kernel]:
        """Every kernelspec that Jupyter sees, by display name, with the environment of each.

        ``checks`` maps kernel names to the results of their test starts.
        """
        known = target.Known(environments)
        writable: dict[str, bool] = {}
        kernels = []
        for name, read in self._look().items():
            if read.place not in writable:
                writable[read.place] = os.access(read.place, os.W_OK)
            kernels.append(_kernel(read, known, checks.get(name), writable[read.place]))
        return sorted(kernels, key=lambda kernel: (kernel.display_name.lower(), kernel.name))

    def register(self, *, prefix: Path, environment: str, display_name: str, name: str) -> Kernel:
        """Write the kernelspec of an environment, anew if it has been written before.

        It is there in one step: Jupyter never sees half of it.

        Raises
        ------
        Invalid
            The name has characters that Jupyter refuses, or the environment has no kernel.
        Conflict
            A kernel of that name exists that is not this environment's.
        """
        _check_name(name)
        known = self._specs().get(name.lower())
        if known is not None and known.stamp.get("environment") != environment:
            raise _taken(known)
        new = kernelspec.build(prefix, environment=environment, display_name=display_name)
        mine = known is not None and known.folder.parent == self._user_dir
        folder = known.folder if known is not None and mine else self._user_dir / name
        with _translated(self._user_dir):
            self._write(new, folder)
        spec = kernelspec.read(folder, folder.name.lower())
        kernel = _kernel(_Read(spec), target.Known([]), None, writable=True)
        return msgspec.structs.replace(kernel, environment=environment, prefix=str(prefix))

    def remove(self, name: str, *, force: bool = False) -> None:
        """Remove a kernelspec; one that we did not write only with ``force``.

        Raises
        ------
        NotFound
            There is no kernel of that name.
        NotAllowed
            We did not write it, or its folder cannot be written.
        """
        spec = self._specs().get(name.lower())
        if spec is None:
            raise NotFound(f"There is no kernel “{name}”.", hint="Refresh the list.")
        if not _is_writable(spec):
            raise NotAllowed(
                f"The kernel “{spec.display_name or name}” cannot be removed: {spec.folder} is read-only.",
                hint="It was installed for everyone, or comes with JupyterLab. Ask who installed it.",
            )
        if not spec.stamp and not force:
            raise NotAllowed(
                f"The kernel “{spec.display_name or name}” was not made by this environment manager.",
                hint="Confirm that you want to remove it all the same.",
            )
        with _translated(spec.folder.parent):
            if spec.folder.is_symlink():
                spec.folder.unlink()
                return
            with _work_folder(spec.folder.parent) as work:
                spec.folder.rename(work / "old")

    def propose_name(self, environment_name: str) -> str:
        """A free kernel name in ASCII that looks like the environment's."""
        ascii_name = unicodedata.normalize("NFKD", environment_name).encode("ascii", "ignore").decode()
        slug = re.sub(r"[^a-z0-9._-]+", "-", ascii_name.lower()).strip("-._") or "environment"
        taken = {*self._specs(), *_RESERVED}
        number, name = 1, slug
        while name in taken or (self._user_dir / name).exists():
            number += 1
            name = f"{slug}-{number}"
        return name

    def check_new_name(self, name: str) -> None:
        """Whether a kernel may be given this name.

        Raises
        ------
        Invalid
            The name has characters that Jupyter refuses.
        Conflict
            A kernel of that name exists; case does not count.
        """
        _check_name(name)
        known = self._specs().get(name.lower())
        if known is not None:
            raise _taken(known)

    def _specs(self) -> dict[str, Spec]:
        """The specs that count, by lower-case name."""
        return {name: read.spec for name, read in self._look().items()}

    def _look(self) -> dict[str, _Read]:
        """The specs that count; a kernel.json is read again only when it has changed."""
        found: dict[str, _Read] = {}
        for place in self._path:
            try:
                names = sorted(entry.name for entry in os.scandir(place) if entry.name.isprintable())
            except OSError as error:
                log.debug("No kernels read: %s", error)
                continue
            for name in names:
                path = f"{place}{os.sep}{name}"
                if name.lower() not in found and (version := _version(path)) is not None:
                    known = self._read.get(path)
                    if known is None or known.version != version:
                        known = _Read(kernelspec.read(Path(path), name.lower()), version, str(place))
                    found[name.lower()] = known
        if _NATIVE not in found and (native := _native()) is not None:
            found[_NATIVE] = _Read(native)
        self._read = {str(read.spec.folder): read for read in found.values()}
        return found

    def _write(self, new: NewSpec, folder: Path) -> None:
        self._user_dir.mkdir(parents=True, exist_ok=True)
        with _work_folder(self._user_dir) as work:
            stage = work / "new"
            stage.mkdir()
            if new.shipped is not None:
                for file in new.shipped.iterdir():
                    if file.is_file() and file.name != "kernel.json":
                        shutil.copy(file, stage)
            if new.script is not None:
                (stage / "run.sh").write_text(new.script, encoding="utf-8", errors="surrogateescape")
            text = json.dumps(new.content, indent=1) + "\n"
            (stage / "kernel.json").write_text(text, encoding="utf-8")
            _put(stage, folder)


@contextlib.contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    # Jupyter takes a folder with a kernel.json for a kernel; one level deeper it does not look.
    with tempfile.TemporaryDirectory(prefix=".envmanager-", dir=parent, ignore_cleanup_errors=True) as work:
        yield Path(work)


@contextlib.contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(f"There is no space left for a kernelspec in {folder}.", hint="Free some space.") from error
        raise NotAllowed(
            f"The kernelspecs in {folder} cannot be changed: {error.strerror or error}.",
            hint="Check that the folder is yours and can be written.",
        ) from error


def _put(stage: Path, folder: Path) -> None:
    """Move a finished spec into place. Over an older one file by file, kernel.json last: at no time is there none."""
    if not (folder / "kernel.json").exists():
        if folder.is_dir() and any(folder.iterdir()):
            raise Conflict(f"{folder} is there already, and is no kernel.", hint="Choose another name.", field="name")
        stage.rename(folder)
        return
    files = sorted(stage.iterdir(), key=lambda file: file.name == "kernel.json")
    for file in files:
        file.replace(folder / file.name)
    for left in folder.iterdir():
        if left.name not in {file.name for file in files} and left.is_file():
            left.unlink()


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or set(name) == {"."}:
        raise Invalid(
            f"“{name}” cannot be a kernel's name.",
            hint="Use letters, digits, and the signs . _ - only; the display name may have any character.",
            field="name",
        )


def _taken(spec: Spec) -> Conflict:
    return Conflict(
        f"There is a kernel of the name “{spec.name}” already: {spec.display_name or spec.folder}.",
        hint="Choose another name, or remove that kernel first.",
        field="name",
        path=str(spec.folder),
    )


def _native() -> Spec | None:
    """The kernel of the server's own Python, which jupyter_client offers without a spec on the path."""
    found = importlib.util.find_spec("ipykernel")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "resources"
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    return Spec(name=_NATIVE, folder=folder, argv=argv, display_name="Python 3 (ipykernel)", language="python")


_INTERPRETER = f"{os.sep}python.exe" if os.name == "nt" else "/bin/python"


@dataclass
class _Read:
    """A spec and the version of the kernel.json it was read from; what it starts, where that cannot change alone."""

    spec: Spec
    version: tuple[int, int, int] | None = None
    place: str = ""
    programs: Sequence[str] | None = None
    answer: Kernel | None = None
    asked: tuple[object, ...] = (None, None, None)

    def starts(self) -> Sequence[str]:
        """What the spec starts."""
        if self.programs is not None:
            return self.programs
        programs = target.programs(self.spec)
        if self.version is not None and len(programs) == 1 and not target.runs_script(self.spec):
            self.programs = programs
        return programs


def _version(folder: str) -> tuple[int, int, int] | None:
    """Changes with the kernel.json in a folder; None when there is none."""
    try:
        status = os.stat(f"{folder}{os.sep}kernel.json")  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return (status.st_mtime_ns, status.st_ino, status.st_size)


def _is_writable(spec: Spec) -> bool:
    return os.access(spec.folder / "kernel.json", os.F_OK) and os.access(spec.folder.parent, os.W_OK)


def _kernel(read: _Read, known: target.Known, check: KernelCheck | None, writable: bool) -> Kernel:
    programs = read.starts()
    found = known.direct(programs)
    seen = found is not None and found.state == "ready" and found.python is not None
    if found is None or not seen or programs[0] != f"{found.prefix}{_INTERPRETER}":
        found = found or known.environment(read.spec, programs)
        reason = read.spec.fault or target.orphan_reason(read.spec, programs)
        return _described(read, found, check, writable, reason or _launcher(read.spec, found, programs))
    # The listing has just seen this environment with its interpreter: neither need be looked for again.
    asked = (found, check, writable)
    if read.answer is None or any(now is not then for now, then in zip(asked, read.asked, strict=True)):
        reason = read.spec.fault or _launcher(read.spec, found, programs)
        read.answer, read.asked = _described(read, found, check, writable, reason), asked
    return read.answer


def _launcher(spec: Spec, found: Environment | None, programs: Sequence[str]) -> str:
    ours = found is not None and bool(programs) and programs[-1].startswith(f"{found.prefix}{_INTERPRETER}")
    return target.missing_launcher(spec, found) if found is not None and ours else ""


def _described(
    read: _Read, found: Environment | None, check: KernelCheck | None, writable: bool, reason: str
) -> Kernel:
    spec = read.spec
    return Kernel(
        name=spec.name,
        display_name=spec.display_name or spec.name,
        language=spec.language,
        path=str(spec.folder),
        environment=found.id if found else None,
        prefix=found.prefix if found else target.prefix(spec, read.starts()),
        stamped=bool(spec.stamp),
        # The server's own kernel has no kernel.json where Jupyter would look for one.
        writable=writable and (read.version is not None or _is_writable(spec)),
        orphan=bool(reason),
        orphan_reason=reason,
        check=check,
    )
