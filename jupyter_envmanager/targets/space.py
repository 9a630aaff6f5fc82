"""How much room is there?"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..models import Problem


def nearest_folder(path: Path) -> Path:
    """The nearest thing at or above ``path`` that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def free_space(path: Path) -> tuple[int | None, int | None]:
    """Bytes and files that can still be written at (or above) ``path``; None where the system does not say."""
    folder = nearest_folder(path)
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return None, None
    if not hasattr(os, "statvfs"):
        return free, None
    counts = os.statvfs(folder)
    # Some filesystems make inodes as they need them and say 0.
    return free, counts.f_favail if counts.f_files else None


def too_full(
    path: Path, needed: int, what: str, hint: str = "Free some space or choose another location."
) -> list[Problem]:
    """A warning where there is less room at ``path`` than the bytes that ``what`` may need."""
    free, _ = free_space(path)
    if free is None or free >= needed:
        return []
    return [
        Problem(
            code="no_space",
            message=f"The location may be too full for this {what}.",
            hint=hint,
            details={"free": free, "needed": needed},
        )
    ]
