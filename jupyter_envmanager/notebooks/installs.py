"""Would the install lines of a cell miss the environment that its kernel runs in?"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from string import Template

from ..models import InstallHint, Kernel
from .cells import read
from .installlines import InstallCommand, commands, of_command

_ELSEWHERE = ("--target", "-t", "--prefix", "--root", "--user")
_SELF = ("{sys.prefix}", "$CONDA_PREFIX", "${CONDA_PREFIX}")
_MOST_COMMANDS = 50
_MOST = 1000


def hint(source: str, kernel: Kernel, kernel_env: Mapping[str, str], path: str, prefix: Path) -> InstallHint:
    """Look at the install lines of a cell; nothing is run. Blocks for a few looks at the disk.

    Parameters
    ----------
    source:
        The cell.
    kernel:
        The kernel that runs it. Where it has been test-started, the PATH that it told counts.
    kernel_env:
        The variables of its kernelspec.
    path:
        The server's PATH, which kernels inherit.
    prefix:
        The kernel's environment.
    """
    place = _Place(prefix, _path(kernel, kernel_env, path, prefix), dict(kernel_env), _activated(kernel))
    found = [command for line in read(source).lines for command in commands(line)][:_MOST_COMMANDS]
    reasons = [reason for command in found if (reason := _reason(command, place))]
    specs: dict[str, None] = {}
    pypi: dict[str, None] = {}
    for requirement in islice((one for command in found for one in of_command(command)), _MOST):
        if requirement.spec:
            (specs if requirement.manager == "conda" else pypi)[requirement.spec] = None
    return InstallHint(
        reason=reasons[0] if reasons else "", environment=kernel.environment, specs=[*specs], pypi=[*pypi]
    )


@dataclass(frozen=True)
class _Place:
    """Where the kernel runs, and what it finds there."""

    prefix: Path
    path: Sequence[str]
    env: Mapping[str, str]
    activated: bool

    @property
    def name(self) -> str:
        """What people call it."""
        return self.prefix.name

    @property
    def has_pip(self) -> bool:
        """Whether its Python has pip."""
        patterns = ("lib/python3*/site-packages/pip/__init__.py", "Lib/site-packages/pip/__init__.py")
        return any(next(self.prefix.glob(pattern), None) for pattern in patterns)

    @property
    def writable(self) -> bool:
        """Whether this user may install anything there."""
        folders = [*self.prefix.glob("lib/python3*/site-packages"), *self.prefix.glob("Lib/site-packages")]
        return all(os.access(folder, os.W_OK) for folder in folders)

    def finds(self, program: str) -> str:
        """The folder in which the kernel finds a program, ``""`` where it finds none."""
        if "/" in program:
            return os.path.dirname(program)  # noqa: PTH120
        return next((folder for folder in self.path if _runs(os.path.join(folder, program))), "")  # noqa: PTH118

    def owns(self, folder: str) -> bool:
        """Whether a folder is where the environment has its programs."""
        inside = [self.prefix / "bin", self.prefix / "Scripts", self.prefix]
        return any(_same(folder, one) for one in inside)

    def is_self(self, text: str) -> bool:
        """Whether a text means this environment."""
        return text in _SELF or _same(text, self.prefix)


def _path(kernel: Kernel, env: Mapping[str, str], path: str, prefix: Path) -> list[str]:
    if kernel.check is not None and kernel.check.path:
        return list(kernel.check.path)
    own = Template(env["PATH"]).safe_substitute({**os.environ, "PATH": path}) if "PATH" in env else path
    folders = [folder for folder in own.split(os.pathsep) if folder]
    return [str(prefix / "bin"), *folders] if _activated(kernel) else folders


def _activated(kernel: Kernel) -> bool:
    """Whether a script of ours starts it, which activates the environment."""
    return kernel.stamped and os.path.isfile(os.path.join(kernel.path, "run.sh"))  # noqa: PTH113, PTH118


def _reason(command: InstallCommand, place: _Place) -> str:
    """Why a command misses the environment; ``""`` where it reaches it."""
    checks: dict[str, Callable[[InstallCommand, _Place], str]] = {"pip": _pip, "uv": _uv, "conda": _conda}
    return checks[command.program](command, place)


def _pip(command: InstallCommand, place: _Place) -> str:
    elsewhere = _elsewhere(command, place)
    if elsewhere:
        return elsewhere
    program = command.interpreter or command.executable
    ours = command.by == "%" or program.endswith("{sys.executable}")
    if not ours:
        folder = place.finds(program)
        if not folder:
            return f"There is no {_name(program)} on the kernel's PATH: nothing would be installed."
        if not place.owns(folder):
            return f"The {_name(program)} that the kernel finds is that of {_home(folder)}, not that of {place.name}."
    if (ours or command.interpreter) and not place.has_pip:
        return f"There is no pip in {place.name}: nothing would be installed."
    return _unwritable(place)


def _uv(command: InstallCommand, place: _Place) -> str:
    elsewhere = _elsewhere(command, place)
    if elsewhere:
        return elsewhere
    target = command.options.get("--python") or command.options.get("-p") or ""
    if target:
        inside = target == "{sys.executable}" or place.is_self(target) or place.owns(os.path.dirname(target))  # noqa: PTH120
        return "" if inside else f"It installs for {target}, and not into {place.name}."
    if not (command.by == "%" or place.finds("uv")):
        return "There is no uv on the kernel's PATH: nothing would be installed."
    named = [Template(place.env.get(name, "")).safe_substitute() for name in ("VIRTUAL_ENV", "CONDA_PREFIX")]
    if command.by == "%" or place.activated or any(one and place.is_self(one) for one in named):
        return _unwritable(place)
    return f"uv does not know that {place.name} is meant: it is not active for the kernel."


def _conda(command: InstallCommand, place: _Place) -> str:
    options = command.options
    tool = _name(command.executable)
    if command.by == "!" or not place.finds(tool):
        folder = place.finds(tool)
        if not folder:
            return f"There is no {tool} on the kernel's PATH: nothing would be installed."
    if target := options.get("-p") or options.get("--prefix"):
        return "" if place.is_self(target) else f"It installs into {target}, and not into {place.name}."
    if name := options.get("-n") or options.get("--name"):
        return "" if name == place.name else f"It installs into {name}, and not into {place.name}."
    if command.by == "%":
        return ""
    active = Template(place.env.get("CONDA_PREFIX", "")).safe_substitute()
    if place.activated or (active and place.is_self(active)):
        return ""
    return f"{tool} does not know that {place.name} is meant: it installs into the base environment."


def _elsewhere(command: InstallCommand, place: _Place) -> str:
    """Why options, or variables that say the same, lead elsewhere."""
    given = next((option for option in _ELSEWHERE if option in command.options), "")
    if given == "--user":
        return f"“--user” installs into your home folder for all environments, and not into {place.name}."
    if given:
        value = command.options[given]
        where = value or "another folder"
        return "" if place.is_self(value) else f"“{given}” installs into {where}, and not into {place.name}."
    for variable in ("PIP_USER", "PIP_TARGET", "PIP_PREFIX"):
        if command.program == "pip" and place.env.get(variable, "0").lower() not in ("0", "", "no", "false"):
            return f"The kernel sets {variable}, so pip does not install into {place.name}."
    return ""


def _unwritable(place: _Place) -> str:
    if place.writable:
        return ""
    return f"You may not write in {place.name}: pip installs into your home folder instead."


def _runs(program: str) -> bool:
    """Whether there is such a program; unlike os.access alone, this says no of a name that no file can have."""
    return os.path.exists(program) and os.access(program, os.X_OK)  # noqa: PTH110


def _same(one: str, other: Path) -> bool:
    """Whether both lead to one folder; what is not there, or cannot be, is no other's."""
    return os.path.exists(one) and os.path.realpath(one) == os.path.realpath(other)  # noqa: PTH110


def _name(program: str) -> str:
    return re.sub(r"^.*/", "", program)


def _home(folder: str) -> str:
    """A folder of programs as people think of it: by what it is in."""
    place = Path(folder)
    return str(place.parent) if place.name in ("bin", "Scripts") else folder
