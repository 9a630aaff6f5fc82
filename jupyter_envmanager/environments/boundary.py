"""Where does an environment end? Others, a package cache, and what we build may lie within its folder."""

# Asked of every folder in it: Path objects would cost more than the system calls.
# ruff: noqa: PTH112, PTH113, PTH118

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_WORK_FOLDER = ".envmanager"
_META = "conda-meta"
# Of a root prefix, what is not the environment itself.
_ROOT_FOLDERS = frozenset({"envs", "pkgs", "conda-bld"})


class Boundary:
    """Tells which folders in that of an environment are no part of it.

    Parameters
    ----------
    owned:
        Files that packages brought, relative to the prefix with slashes: a folder that one of them fills with what
        looks like an environment is the package's.
    """

    def __init__(self, prefix: Path, owned: Iterable[str] = ()) -> None:
        self._aside = _ROOT_FOLDERS if is_root(prefix) else frozenset[str]()
        self._packages = {path.partition(f"/{_META}/")[0] for path in owned if f"/{_META}/" in path}

    def is_beyond(self, folder: str, path: str) -> bool:
        """Whether a folder, ``path`` from the prefix, is another environment, or what serves several."""
        if path in self._aside or path.rpartition("/")[2] == _WORK_FOLDER:
            return True
        return path not in self._packages and os.path.isdir(os.path.join(folder, _META))


def is_root(prefix: Path) -> bool:
    """Whether other environments live on a prefix: it has conda, its package cache, or them.

    ``urls.txt`` is what conda and mamba know a package cache by
    (https://github.com/conda/conda/blob/main/conda/base/constants.py, ``PACKAGE_CACHE_MAGIC_FILE``).
    """
    packages, others = prefix / "pkgs", prefix / "envs"
    return (
        os.path.isfile(packages / "urls.txt")
        or os.path.isdir(others / _WORK_FOLDER)
        or any((prefix / _META).glob("conda-[0-9]*.json"))
        or any(others.glob(f"*/{_META}"))
        or any(packages.glob("*/info/index.json"))
    )
