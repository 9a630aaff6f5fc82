"""Where conda's or mamba's root is, without running either, and the folders that follow from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def find_root(env: Mapping[str, str], server_prefix: Path) -> tuple[Path | None, str]:
    """The root prefix and the variable that names it (``default`` when it was found around the server).

    Parameters
    ----------
    env:
        The environment variables.
    server_prefix:
        The prefix this server runs in: a root itself, or ``<root>/envs/<name>``.
    """
    candidates = (
        ("CONDA_EXE", Path(env.get("CONDA_EXE", "")).parent.parent),
        ("MAMBA_ROOT_PREFIX", Path(env.get("MAMBA_ROOT_PREFIX", ""))),
        ("CONDA_ROOT", Path(env.get("CONDA_ROOT", ""))),
    )
    for name, path in candidates:
        if env.get(name) and path.is_absolute():
            return path, name
    around = [server_prefix]
    if server_prefix.parent.name == "envs":
        around.append(server_prefix.parent.parent)
    for path in around:
        if (path / "conda-meta").is_dir() and (path / "condabin").is_dir():
            return path, "default"
    return None, "default"


def writable(root: Path) -> bool:
    """Whether this user may change ``root``: conda asks its history file, a mamba root may have none."""
    history = root / "conda-meta" / "history"
    asked = next((path for path in (history, root / "envs", root) if path.exists()), None)
    return asked is not None and os.access(asked, os.W_OK)


def usual_folders(home: Path, root: Path | None) -> tuple[Path, ...]:
    """The parents of the default ``envs`` and ``pkgs`` folders, best first."""
    own = home / ".conda"
    if root is None:
        return (own,)
    return (root, own) if writable(root) else (own, root)
