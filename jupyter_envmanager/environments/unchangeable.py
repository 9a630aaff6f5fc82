"""Why can the packages of an environment not be changed? One sentence that a person understands, and what to do.

A change swaps the whole folder, so the folder above it must be ours to write, too, and nothing that others use may lie
or be mounted inside.
"""

# A listing asks this of every environment; Path objects would cost more than the system calls.
# ruff: noqa: PTH112, PTH118, PTH120

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ..sharing import SharedPlace, user_name
from .plainfile import read_plain

_INSTEAD = "Create a new environment instead."
_CLONE = "Make a clone of your own to change it."
# What conda and mamba keep in a root prefix, and what other environments depend on.
_ROOT_FOLDERS = ("envs", "pkgs")
_MESSAGE_LENGTH = 500


class _Marker(msgspec.Struct):
    message: str | None = None


def frozen_message(file: str) -> str:
    """The message in a ``conda-meta/frozen`` file, on one line; ``""`` where there is none.

    The file may be empty, and may be JSON: https://github.com/conda/ceps/blob/main/cep-0022.md.
    """
    try:
        message = msgspec.json.decode(read_plain(file), type=_Marker).message or ""
    except (OSError, ValueError):
        return ""
    return " ".join(message.split())[:_MESSAGE_LENGTH]


def root_folders(prefix: str) -> tuple[str, ...]:
    """Which of ``envs`` and ``pkgs`` a prefix has: then other environments live on it."""
    return tuple(name for name in _ROOT_FOLDERS if os.path.isdir(os.path.join(prefix, name)))


@dataclass
class Surroundings:
    """What the places around environments allow, asked once a listing."""

    _writable: dict[str, bool] = field(default_factory=dict)
    _sticky: dict[str, bool] = field(default_factory=dict)
    _mounts: set[str] | None = None

    def may_write(self, folder: str) -> bool:
        """Whether we may put something into a folder."""
        if folder not in self._writable:
            self._writable[folder] = os.access(folder, os.W_OK | os.X_OK)
        return self._writable[folder]

    def may_take_out(self, folder: str, owner: int | None) -> bool:
        """Whether we may move what a user has put into a folder that we can write: not where it is sticky."""
        if owner is None or os.name == "nt" or os.geteuid() in (0, owner):
            return True
        if folder not in self._sticky:
            status = os.stat(folder)  # noqa: PTH116
            self._sticky[folder] = bool(status.st_mode & stat.S_ISVTX) and status.st_uid != os.geteuid()
        return not self._sticky[folder]

    def is_mounted(self, real: str) -> bool:
        """Whether something is mounted at a folder or in it (real path), as far as the system says."""
        if self._mounts is None:
            self._mounts = _mounts()
        # ismount does not see what is mounted from the same device; Linux has a list, others have not.
        return real in self._mounts if self._mounts else os.path.ismount(real)


def reason(
    real: str,
    *,
    venv: bool,
    protected: str,
    frozen: str | None,
    writable: bool,
    roots: tuple[str, ...],
    owner: int | None = None,
    shared: SharedPlace | None = None,
    around: Surroundings,
) -> str:
    """Why nobody, or not this user, can change the packages at ``real`` (a real path); ``""`` where they can.

    Parameters
    ----------
    protected:
        Why it is protected, ``""`` when it is not.
    frozen:
        The message of its marker, None without one.
    roots:
        As of :func:`root_folders`.
    owner:
        The number of the user it belongs to.
    shared:
        The group's place that it is in.
    """
    if protected:
        return f"{protected} {_INSTEAD}"
    if venv:
        return f"It is a virtual environment: only conda environments can be changed here. {_INSTEAD}"
    if frozen is not None:
        said = f": {frozen.rstrip('.')}" if frozen else ""
        return f"It is frozen by those who care for it{said}. {_INSTEAD}"
    if roots:
        what = " and ".join(f"“{name}”" for name in roots)
        return f"It holds {what}, which other environments depend on. {_INSTEAD}"
    if not writable:
        return _others(owner, shared)
    if around.is_mounted(real):
        return f"Something is mounted at or below it, so it cannot be exchanged as a whole. {_INSTEAD}"
    if not around.may_write(os.path.dirname(real)):
        return f"The folder that holds it, {os.path.dirname(real)}, is read only for you. {_INSTEAD}"
    if not around.may_take_out(os.path.dirname(real), owner):
        return _others(owner, shared)
    return ""


def _others(owner: int | None, shared: SharedPlace | None) -> str:
    """Whose it is that is read only for this user, and what the group may do with it."""
    if owner is None or os.name == "nt" or owner == os.geteuid():
        return f"It is read only for you. {_INSTEAD}"
    who = f"It belongs to {user_name(owner)}, who can change it"
    if shared is None:
        return f"{who}; for you it is read only. {_CLONE}"
    if shared.access == "write":
        return f"{who}; for you it is read only, although the group “{shared.group}” may write here. {_CLONE}"
    return f"{who}; the group “{shared.group}” can use it. {_CLONE}"


def _mounts() -> set[str]:
    """Mount points and all folders above them (proc(5), ``mounts``); empty where the system has no such list."""
    try:
        lines = Path("/proc/self/mounts").read_bytes().splitlines()
    except OSError:
        return set()
    found: set[str] = set()
    for line in lines:
        fields = line.split()
        if len(fields) > 1:
            # Blanks and the like are octal escapes there.
            path = os.fsdecode(fields[1].decode("unicode_escape").encode("latin-1"))
            while path not in found:
                found.add(path)
                path = os.path.dirname(path)
    return found
