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
from pathlib import Path

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

    def list(self, environments: Sequence[Environment], checks: Mapping[str, KernelCheck]) -> builtins.list[Kernel]:
        """Every kernelspec that Jupyter sees, by display name, with the environment of each.

        ``checks`` maps kernel names to the results of their test starts.
        """
        by_path = {os.path.realpath(environment.prefix): environment for environment in environments}
        kernels = [_kernel(spec, by_path, checks.get(name)) for name, spec in self._specs().items()]
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
        return _kernel(spec, {}, None, environment=environment, prefix=str(prefix))

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
        specs: dict[str, Spec] = {}
        for place in self._path:
            try:
                folders = sorted(path for path in place.iterdir() if path.name.isprintable())
            except OSError as error:
                log.debug("No kernels read: %s", error)
                continue
            for folder in folders:
                name = folder.name.lower()
                if name not in specs and os.access(folder / "kernel.json", os.F_OK):
                    specs[name] = kernelspec.read(folder, name)
        if _NATIVE not in specs and (native := _native()) is not None:
            specs[_NATIVE] = native
        return specs

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


def _is_writable(spec: Spec) -> bool:
    return os.access(spec.folder / "kernel.json", os.F_OK) and os.access(spec.folder.parent, os.W_OK)


def _kernel(
    spec: Spec,
    by_path: Mapping[str, Environment],
    check: KernelCheck | None,
    *,
    environment: str | None = None,
    prefix: str | None = None,
) -> Kernel:
    programs = target.programs(spec)
    found = target.environment(spec, programs, by_path)
    reason = spec.fault or target.orphan_reason(spec, programs)
    return Kernel(
        name=spec.name,
        display_name=spec.display_name or spec.name,
        language=spec.language,
        path=str(spec.folder),
        environment=found.id if found else environment,
        prefix=found.prefix if found else prefix or target.prefix(spec, programs),
        stamped=bool(spec.stamp),
        writable=_is_writable(spec),
        orphan=bool(reason),
        orphan_reason=reason,
        check=check,
    )
