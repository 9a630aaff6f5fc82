"""What may a running interpreter leave where an environment was?

Python makes the folders of a ``__pycache__`` anew when it stores the bytecode of a module that it was importing while
the environment was removed (``SourceFileLoader.set_data`` of
https://github.com/python/cpython/blob/3.12/Lib/importlib/_bootstrap_external.py).
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

_CACHE = "__pycache__"
# While it is written, it has a number at its end.
_BYTECODE = re.compile(r".+\.pyc(\.\d+)?")


def is_vacant(folder: Path) -> bool:
    """Whether a folder is empty, or holds nothing but bytecode without its sources. A link to a folder is not."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    try:
        return not any(folder.iterdir()) or _only_bytecode(folder)
    except OSError:
        # It may hold anything.
        return False


def clear_vacant(folder: Path) -> bool:
    """Empty a folder that is vacant; whether there was anything in it.

    What has come since it was looked at stays, be it more bytecode.
    """
    found = False
    for path, _, files in os.walk(folder, topdown=False):
        for name in files:
            if Path(path).name == _CACHE and _BYTECODE.fullmatch(name):
                with suppress(OSError):
                    Path(path, name).unlink()
        if path != os.fspath(folder):
            found = True
            with suppress(OSError):
                Path(path).rmdir()
    return found


def _only_bytecode(folder: str | os.PathLike[str]) -> bool:
    with os.scandir(folder) as entries:
        found = list(entries)
    if Path(folder).name == _CACHE:
        return all(entry.is_file(follow_symlinks=False) and _BYTECODE.fullmatch(entry.name) for entry in found)
    # A folder that somebody has made for something else is kept, empty as it may be.
    return bool(found) and all(entry.is_dir(follow_symlinks=False) and _only_bytecode(entry) for entry in found)
