"""What did killed tools leave behind? conda renames what it replaces to ``….c~``, pip to ``~…``; both delete it later.

See https://github.com/conda/conda/blob/main/conda/gateways/disk/delete.py and
https://github.com/pypa/pip/blob/main/src/pip/_internal/req/req_uninstall.py.
"""

# ruff: noqa: PTH118

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

_CONDA = (".c~", ".conda_trash")
_USUAL = ("conda-meta", "bin", "lib", "share", "Scripts", "Library/bin")


def leftovers(prefix: str, places: Iterable[str], *, everywhere: bool) -> list[str]:
    """Files and folders that nobody needs, relative to the prefix, with slashes.

    Parameters
    ----------
    places:
        Its site-packages, relative to the prefix.
    everywhere:
        Look into every folder, not only where such things usually are.
    """
    ours = set(places)
    folders = _all_folders(prefix) if everywhere else ["", *_USUAL, *ours]
    return sorted(
        f"{folder}/{name}".lstrip("/").encode(errors="replace").decode()
        for folder in folders
        for name in _names(os.path.join(prefix, folder))
        if name.endswith(_CONDA) or (name.startswith("~") and folder in ours)
    )


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []


def _all_folders(prefix: str) -> Iterator[str]:
    for folder, _, _ in os.walk(prefix):
        relative = os.path.relpath(folder, prefix).replace(os.sep, "/")
        yield "" if relative == "." else relative
