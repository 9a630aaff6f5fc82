"""The sub-folders of a folder, for the folder picker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..environments import is_environment
from ..errors import Invalid, NotAllowed, NotFound
from ..models import Folder, FolderListing
from .space import free_space


def listing(path: Path, roots: Sequence[Path]) -> FolderListing:
    """What is in ``path``, which is below one of ``roots``.

    Raises
    ------
    NotFound, NotAllowed, Invalid
    """
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name.lower())
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist.", hint="Refresh the list.", field="prefix") from error
    except PermissionError as error:
        raise NotAllowed(f"You may not read {path}.", hint="Choose another folder.", field="prefix") from error
    except OSError as error:
        raise Invalid(
            f"{path} cannot be listed: {error.strerror}.", hint="Choose another folder.", field="prefix"
        ) from error
    folders = [
        Folder(
            name=entry.name,
            path=entry.path,
            writable=os.access(entry.path, os.W_OK | os.X_OK),
            environment=is_environment(Path(entry.path)),
        )
        for entry in entries
        if entry.is_dir() and not entry.name.startswith(".")
    ]
    at_root = os.path.realpath(path) in map(os.path.realpath, roots)
    free, files = free_space(path)
    return FolderListing(
        path=str(path),
        parent=None if at_root else str(path.parent),
        roots=[str(root) for root in roots],
        writable=os.access(path, os.W_OK | os.X_OK),
        free=free,
        free_files=files,
        folders=folders,
    )
