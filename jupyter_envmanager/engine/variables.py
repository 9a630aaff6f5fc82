"""The variables that conda sets when an environment is active, kept in ``conda-meta/state``.

As ``conda env config vars set`` writes them
(https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#setting-environment-variables).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..environments.variables import read_state, state_file
from .workplace import put


def write(prefix: Path, variables: Mapping[str, str]) -> None:
    """Write the variables of an environment in place of those that it had; for none, no file."""
    if variables:
        _write(prefix, {"version": 1, "env_vars": dict(variables)})
    else:
        state_file(prefix).unlink(missing_ok=True)


def change(prefix: Path, values: Mapping[str, str | None]) -> None:
    """Set variables, or take them away where the value is None; whatever else is kept there stays.

    Raises
    ------
    Invalid
        What is there cannot be read.
    """
    state = read_state(prefix)
    variables = {**state.get("env_vars", {}), **values}
    set_ = {name: value for name, value in variables.items() if name not in values or value is not None}
    _write(prefix, {"version": 1, **state, "env_vars": set_})


def _write(prefix: Path, state: Mapping[str, Any]) -> None:
    put(state_file(prefix), json.dumps(state, ensure_ascii=False, indent=2).encode())
