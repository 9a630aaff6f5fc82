"""The variables that conda sets when an environment is active, kept in ``conda-meta/state``.

As ``conda env config vars set`` writes them
(https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#setting-environment-variables).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from .workplace import put


def write(prefix: Path, variables: Mapping[str, str]) -> None:
    """Write the variables of a new environment; nothing for none."""
    if variables:
        state = {"version": 1, "env_vars": dict(variables)}
        put(prefix / "conda-meta" / "state", json.dumps(state, ensure_ascii=False, indent=2).encode())
