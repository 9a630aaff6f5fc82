"""The locations for environments that are made by name, as the panel shows them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..config import Settings
from ..errors import NotAllowed
from ..models import Location
from ..sharing import SharedPlace
from .space import free_space, nearest_folder


def default_location(settings: Settings) -> Path:
    """The first of the ``envs_dirs`` that can be written, as conda chooses.

    Raises
    ------
    NotAllowed
        None can.
    """
    for folder in settings.envs_dirs:
        if os.access(nearest_folder(folder), os.W_OK | os.X_OK):
            return folder
    tried = ", ".join(str(folder) for folder in settings.envs_dirs)
    raise NotAllowed(
        f"None of the folders for environments can be written: {tried}.",
        hint="Set envs_dirs in ~/.condarc, or choose a folder instead of a name.",
        field="name",
    )


def locations(settings: Settings, home: Path, shared: Sequence[SharedPlace] = ()) -> list[Location]:
    """The ``envs_dirs``, and the folders that groups share, as the panel shows them."""
    places = {place.path: place for place in shared}
    try:
        default = default_location(settings)
    except NotAllowed:
        default = None
    found: list[Location] = []
    for folder in [*settings.envs_dirs, *map(Path, places)]:
        real = os.path.realpath(folder)
        if any(os.path.realpath(known.path) == real for known in found):
            continue
        place = places.get(real)
        free, files = free_space(folder)
        writable = os.access(nearest_folder(folder), os.W_OK | os.X_OK)
        if not writable and not folder.is_dir():
            continue
        found.append(
            Location(
                path=str(folder),
                label=place.label if place is not None else _label(folder, home, folder == default),
                writable=writable,
                exists=folder.is_dir(),
                default=folder == default,
                free=free,
                free_files=files,
                group=place.group if place is not None else None,
                access=place.access if place is not None else None,
            )
        )
    return found


def _label(folder: Path, home: Path, default: bool) -> str:
    if default:
        return "My environments"
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
