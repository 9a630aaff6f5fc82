"""Where does a kernelspec lead? To a program, and by it to an environment, if they are still there."""

from __future__ import annotations

import os
import re
import site
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template

from ..environments import environment_id
from ..models import Environment
from . import reading, shelltext
from .kernelspec import PLACEHOLDER, Spec

_PYTHON = re.compile(r"python[0-9.]*(\.exe)?")
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh"}
_SCRIPT_SIZE = 64_000
# No system has longer paths, and nobody deeper ones.
_LONGEST = 4096
_DEEPEST = 100
# jupyter_client starts the server's own interpreter for these.
_SERVERS_PYTHON = {"python", f"python{sys.version_info[0]}", f"python{sys.version_info[0]}.{sys.version_info[1]}"}
# Where an environment has programs. Not "envs": what is gone from base's envs folder was never base's.
_INSIDE = {"bin", "lib", "lib64", "libexec", "opt", "share", "Library", "Lib", "Scripts"}


def programs(spec: Spec) -> list[str]:
    """Absolute paths of what a spec starts, from the first word of its ``argv`` to what a launch script executes."""
    argv = _argv(spec)
    if not argv:
        # A kernel.json that was broken by hand; the script beside it still tells where it led.
        return list(_executed(spec.folder / "run.sh")) if spec.fault else []
    if argv[0] in _SERVERS_PYTHON:
        return [sys.executable]
    script = _script(argv)
    found = [word for word in (argv[0], script) if _is_path(word)]
    return list(dict.fromkeys([*found, *(_executed(Path(script)) if script in found else [])]))


def script(spec: Spec) -> str | None:
    """The launch script of a spec, which may change while the spec does not; None where it has none."""
    argv = _argv(spec)
    if not argv:
        return f"{spec.folder}{os.sep}run.sh" if spec.fault else None
    found = _script(argv)
    return found if runs_script(spec) and _is_path(found) else None


def _argv(spec: Spec) -> list[str]:
    """The command with the values that jupyter_client puts in; ``~`` is no shell's here, but people write it."""
    values = {"prefix": sys.prefix, "resource_dir": str(spec.folder)}

    def filled(word: str) -> str:
        word = PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), word) if "{" in word else word
        return os.path.expanduser(word) if word.startswith("~") else word  # noqa: PTH111

    return [filled(word) for word in spec.argv]


def _script(argv: Sequence[str]) -> str:
    return argv[1] if argv[0].rpartition(os.sep)[2] in _SHELLS and len(argv) > 1 else argv[0]


def _executed(script: Path) -> Iterator[str]:
    """Best effort: the programs that ``exec`` lines of a shell script name by absolute path."""
    try:
        content = reading.read(script, _SCRIPT_SIZE, cut=True)
    except OSError:
        return
    if not content.startswith(b"#!") and script.suffix != ".sh":
        return
    for found in shelltext.executed(content.decode("utf-8", "surrogateescape")):
        # A word with "$" in single quotes is literal, and a variable otherwise: is it there as it stands?
        if _is_path(found.program) and ("$" not in found.program or not _is_gone(found.program)):
            yield found.program


def runs_script(spec: Spec) -> bool:
    """Whether a spec starts a script of its own, which may change while the spec does not."""
    first = spec.argv[0] if spec.argv else ""
    return first.rpartition(os.sep)[2] in _SHELLS or first.endswith(".sh") or "{resource_dir}" in first or "~" in first


class Known:
    """The environments that a listing knows, and which of them a spec leads to.

    Parameters
    ----------
    environments:
        All of them, by any order.
    """

    def __init__(self, environments: Sequence[Environment]) -> None:
        self._by_id = {environment.id: environment for environment in environments}
        self._by_prefix = {environment.prefix: environment for environment in environments}

    def direct(self, programs: Sequence[str]) -> Environment | None:
        """The environment whose folder a spec's program names; nothing is resolved."""
        # The last one: of "/bin/bash run.sh" it is what the script executes.
        folder = program = programs[-1] if programs else ""
        while folder := folder.rpartition(os.sep)[0]:
            if found := self._by_prefix.get(folder):
                inside = program[len(folder) + 1 :].partition(os.sep)[0]
                return found if inside in _INSIDE else None
        return None

    def environment(self, spec: Spec, programs: Sequence[str]) -> Environment | None:
        """Where a spec leads: by what it starts, then by our mark, then by what it says to activate."""
        # The innermost program tells most: of "/bin/sh run.sh" it is what the script executes. A venv's python is a
        # link out of the venv, so its folder is resolved and the link is not.
        places = [os.path.dirname(program) for program in reversed(programs)]  # noqa: PTH120
        found = map(self._around, [*places, *_claims(spec)])
        return next((environment for environment in found if environment is not None), None)

    def claimed(self, spec: Spec, programs: Sequence[str]) -> Environment | None:
        """The environment that a spec says it belongs to while the Python that it starts is another one's."""
        if not programs or not _PYTHON.fullmatch(programs[-1].rpartition(os.sep)[2]):
            return None
        for claim in _claims(spec):
            if programs[-1].startswith(f"{claim}{os.sep}bin{os.sep}"):
                return None
            found = self._around(claim)
            if found is not None:
                place = os.path.realpath(programs[-1].rpartition(os.sep)[0])
                inner = self._around(place)
                inside = Path(place).is_relative_to(os.path.realpath(found.prefix))
                return None if inner is found or (inner is None and inside) else found
        return None

    def _around(self, place: str) -> Environment | None:
        """The innermost environment that a folder is in."""
        if place.count(os.sep) > _DEEPEST:
            return None
        real = Path(os.path.realpath(place))
        for folder in (real, *real.parents):
            found = self._by_id.get(environment_id(folder))
            if found is not None and (folder == real or real.relative_to(folder).parts[0] in _INSIDE):
                return found
        return None


def _claims(spec: Spec) -> list[str]:
    """Prefixes that a spec says it belongs to."""
    conda = Template(spec.env.get("CONDA_PREFIX", "")).safe_substitute()
    return [claim for claim in (spec.stamp.get("prefix"), conda) if isinstance(claim, str) and _is_path(claim)]


def _is_path(word: str) -> bool:
    """Whether the operating system can be asked about a word: it is absolute, not endless, and holds no NUL."""
    return len(word) <= _LONGEST and Path(word).is_absolute() and "\0" not in word


def _is_gone(path: str) -> bool:
    """Gone, and not merely behind a folder that we may not enter."""
    try:
        os.stat(path)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return True
    except OSError:
        return False
    return False


def prefix(spec: Spec, programs: Sequence[str]) -> str | None:
    """The prefix of a spec whose environment is not listed, or gone."""
    claims = _claims(spec)
    if claims:
        return claims[0]
    for program in reversed(programs):
        folder = Path(program).parent
        if folder.name in ("bin", "Scripts"):
            return str(folder.parent)
    return None


def orphan_reason(spec: Spec, programs: Sequence[str]) -> str:
    """What is gone, in words; empty while everything is there."""
    for program in programs:
        if _is_gone(program):
            return f"It starts {program}, which is not there any more."
    stamped = spec.stamp.get("prefix")
    if isinstance(stamped, str) and _is_gone(stamped):
        return f"Its environment {stamped} is not there any more."
    return ""


def missing_launcher(spec: Spec, environment: Environment) -> str:
    """Why a kernel that starts a conda environment's Python cannot run there: ipykernel is gone; else empty."""
    launches = any(pair == ("-m", "ipykernel_launcher") for pair in zip(spec.argv, spec.argv[1:], strict=False))
    if not launches or os.name == "nt" or environment.kind == "venv" or environment.python is None:
        return ""
    version = ".".join(environment.python.split(".")[:2])
    place = f"{environment.prefix}/lib/python{version}/site-packages"
    if not _is_gone(f"{place}/ipykernel_launcher.py") or _has_ipykernel_elsewhere(spec, environment, version):
        return ""
    return "ipykernel is not installed in its environment any more. Install it there, or remove the kernel."


def _has_ipykernel_elsewhere(spec: Spec, environment: Environment, version: str) -> bool:
    """Whether Python may find it all the same: an editable one, that of a build without the GIL, or the user's own."""
    if "PYTHONPATH" in os.environ or "PYTHONPATH" in spec.env:
        return True
    library = Path(environment.prefix, "lib")
    places = [*library.glob(f"python{version}*/site-packages")]
    # Nothing is known of a library that cannot be seen.
    if not places:
        return True
    places.append(Path(site.getuserbase(), "lib", f"python{version}", "site-packages"))
    patterns = ("ipykernel_launcher.py", "ipykernel-*.dist-info")
    return any(next(place.glob(pattern), None) for place in places for pattern in patterns)
