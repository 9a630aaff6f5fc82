"""How does a kernel get from one folder of kernels to the other, also when an earlier move was cut short?"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..errors import Conflict
from . import carrying, writing
from .kernelspec import Spec


def there(place: Path, name: str) -> Path | None:
    """What is in a folder of kernels under a name, case apart; what is a kernel comes first."""
    try:
        found = [entry for entry in place.iterdir() if entry.name.lower() == name.lower()]
    except OSError:
        return None
    return min(found, key=lambda entry: (not os.path.lexists(entry / "kernel.json"), entry.name), default=None)


def move(spec: Spec, place: Path, *, shared: bool) -> None:
    """Move a kernel into a folder of kernels.

    Raises
    ------
    Conflict
        There is another one of its name.
    Invalid, NotAllowed, NoSpace
    """
    taken = there(place, spec.name)
    if taken is None:
        writing.move(spec.folder, place / spec.folder.name, shared=shared)
    elif carrying.same(spec.folder, taken):
        writing.take_away(spec.folder)
    else:
        raise Conflict(
            f"There is a kernel of the name “{spec.name}” already in {place}.",
            hint="Make a copy with another name, and move that one.",
            field="name",
            path=str(taken),
        )


def finish(spec: Spec, places: Iterable[Path | None]) -> None:
    """Take away what a move that was cut short has left where the kernel came from."""
    for place in places:
        left = there(place, spec.name) if place and place != spec.folder.parent else None
        if left is not None and carrying.same(spec.folder, left):
            writing.take_away(left)
