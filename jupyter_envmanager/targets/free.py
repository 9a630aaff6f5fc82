"""Can an environment be made there?"""

from __future__ import annotations

import os
from pathlib import Path

from ..environments import is_environment, is_vacant
from ..errors import Conflict, Invalid, NotAllowed
from .space import nearest_folder

# Packages are built with a placeholder of 255 bytes where the prefix goes:
# https://docs.conda.io/projects/conda-build/en/stable/resources/make-relocatable.html
PREFIX_BYTES = 240


def check_free(prefix: Path, field: str) -> None:
    """Check that an environment can be made at ``prefix``.

    Raises
    ------
    Conflict
        There is something already.
    NotAllowed
        The folder cannot be written.
    Invalid
        The path is too long to be baked into packages.
    """
    if len(os.fsencode(prefix)) > PREFIX_BYTES:
        raise Invalid(
            f"The folder's path has {len(os.fsencode(prefix))} bytes, {PREFIX_BYTES} are the limit of conda packages.",
            hint="Choose a shorter name or a folder nearer to the root.",
            field=field,
        )
    if os.path.lexists(prefix):
        if is_environment(prefix):
            raise Conflict(f"There is already an environment at {prefix}.", hint="Choose another name.", field=field)
        if not is_vacant(prefix):
            raise Conflict(f"{prefix} is there already and not empty.", hint="Choose another folder.", field=field)
        if os.path.ismount(prefix):
            # What is built takes the place of the folder itself, as nothing can of a mount.
            raise Conflict(f"Something is mounted at {prefix}.", hint="Choose a folder in it.", field=field)
    parent = nearest_folder(prefix.parent)
    if not parent.is_dir():
        raise Conflict(f"{parent} is a file, not a folder.", hint="Choose another folder.", field=field)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise NotAllowed(
            f"You may not write in {parent}.", hint="Choose a location that is yours, or ask its owner.", field=field
        )
