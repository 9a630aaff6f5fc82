"""The generations of an environment, as the history shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from ..engine import generations
from ..engine.workplace import Workplace, read_marker
from ..environments.condameta import fingerprint, summarise
from ..errors import Busy, NotFound
from ..jobs.lock import prefix_lock, read_holder
from ..models import Generation, History, PlanAction


def history(prefix: Path, environment: str, keep: int) -> History:
    """All states of an environment that there are, newest first. Blocking: a look at every file of the kept ones.

    Parameters
    ----------
    environment:
        Its id.
    keep:
        How many former ones are kept.
    """
    place = Workplace(prefix, environment)
    alone, together = generations.sizes(place)
    found = [_generation(place.generation(number), number, size=alone.get(number, 0)) for number in alone]
    if (prefix / "conda-meta").is_dir():
        found.append(_generation(prefix, generations.current(place)))
    return History(
        generations=sorted(found, key=lambda one: -one.number),
        keep=keep,
        size=together,
    )


def numbers(prefix: Path, environment: str) -> tuple[int, list[int]]:
    """The number of the current generation, and those of the kept ones."""
    place = Workplace(prefix, environment)
    return generations.current(place), generations.kept(place)


def forget(prefix: Path, environment: str, name: str, number: int) -> None:
    """Delete a kept generation of an environment. Blocking.

    Raises
    ------
    NotFound, Busy
    """
    place = Workplace(prefix, environment)
    missing = NotFound(f"{name} has no generation {number}.", hint="Refresh the history.", field="generation")
    if number not in generations.kept(place):
        raise missing
    if (holder := read_holder(place.lock_file)) is not None:
        raise Busy(f"{name} is in use: {holder.words()}.", hint="Try again when that is done.")
    with prefix_lock(place.lock_file, "forget", "", waiting=lambda _: None):
        trash = generations.forget(place, number, "forget")
        if trash is None:
            raise missing
        generations.delete([trash], place)
    place.close()


def _generation(folder: Path, number: int, size: int | None = None) -> Generation:
    marker = read_marker(folder)
    summary = summarise(str(folder / "conda-meta"))
    made = marker.get("fingerprint")
    return Generation(
        number=number,
        title=str(marker.get("title") or "As it was found"),
        current=size is None,
        created=_time(marker, folder),
        parent=marker.get("parent") if isinstance(marker.get("parent"), int) else None,
        actions=_actions(marker.get("actions")),
        pin=_texts(marker.get("pin")),
        unpin=_texts(marker.get("unpin")),
        packages=summary.packages,
        python=summary.python,
        size=size,
        changed_since=isinstance(made, str) and made != fingerprint(folder),
    )


def _time(marker: dict[str, Any], folder: Path) -> float | None:
    for key in ("changed", "created"):
        if isinstance(marker.get(key), (int, float)):
            return float(marker[key])
    try:
        return (folder / "conda-meta" / "history").stat().st_mtime
    except OSError:
        return None


def _actions(value: object) -> list[PlanAction]:
    try:
        return msgspec.convert(value or [], list[PlanAction])
    except msgspec.ValidationError:
        return []


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
