"""Which variables does conda set when this environment is active?

``conda env config vars set`` keeps them in ``conda-meta/state``
(https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#setting-environment-variables).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..errors import Invalid
from .plainfile import read_plain

# What conda writes for a variable that the environment takes away.
_UNSET = "***unset***"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _State(msgspec.Struct):
    env_vars: dict[str, Any] = {}


def state_file(prefix: Path) -> Path:
    """Where conda keeps them."""
    return prefix / "conda-meta" / "state"


def read_state(prefix: Path) -> dict[str, Any]:
    """All that conda keeps there, also what only conda understands; nothing where there is no such file.

    Raises
    ------
    Invalid
        It cannot be read, so nobody knows what would be lost if it were written anew.
    """
    file = state_file(prefix)
    try:
        content = read_plain(file)
        msgspec.json.decode(content, type=_State)
        return dict(msgspec.json.decode(content))
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(
            f"The variables of {prefix.name} cannot be read: {file} is damaged.",
            hint="Repair or delete that file, then try again.",
        ) from error


def variables_in(content: bytes) -> dict[str, str]:
    """The variables in the content of such a file; none where it cannot be read."""
    try:
        return _settable(msgspec.json.decode(content, type=_State).env_vars)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def variables_of(prefix: Path) -> dict[str, str]:
    """The variables of an environment, by name; those that no shell can set are left out, as at a kernel's start.

    Raises
    ------
    Invalid
        They cannot be read.
    """
    return _settable(read_state(prefix).get("env_vars", {}))


def read_variables(prefix: Path) -> dict[str, str]:
    """The variables of an environment, by name; none where they cannot be read."""
    try:
        return variables_of(prefix)
    except Invalid:
        return {}


def _settable(found: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in sorted(found.items()) if _can_be_set(name, value)}


def _can_be_set(name: str, value: object) -> bool:
    text = isinstance(value, str) and "\0" not in value and value != _UNSET
    return text and _NAME.fullmatch(name) is not None
