"""Which variables does conda set when this environment is active?

``conda env config vars set`` keeps them in ``conda-meta/state``
(https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#setting-environment-variables).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from .plainfile import read_plain

# What conda writes for a variable that the environment takes away.
_UNSET = "***unset***"


class _State(msgspec.Struct):
    env_vars: dict[str, Any] = {}


def read_variables(prefix: Path) -> dict[str, str]:
    """The variables of an environment, by name; those that make no sense are left out, as conda does."""
    try:
        found = msgspec.json.decode(read_plain(prefix / "conda-meta" / "state"), type=_State).env_vars
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return {name: value for name, value in sorted(found.items()) if isinstance(value, str) and value != _UNSET}
