"""The stage of a copy: another environment, with its own prefix in all that named the other's."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from typing import Any

from ..engine.copying import Copied
from ..engine.copying import copy as copy_files
from ..engine.failures import translated
from ..engine.progress import Report
from ..engine.workplace import read_marker
from ..environments.state import state
from ..errors import Conflict
from ..plans import StoredPlan
from ..pypi.carrying import content, renew
from ..words import amount, some
from .marking import write_first


def copy(stored: StoredPlan, stage: Path, prefix: Path, job: str, report: Report) -> Set[tuple[int, int]]:
    """Build a copy of the environment that a plan names.

    Returns
    -------
    The private files in it, by device and inode, that others may have linked to.

    Raises
    ------
    Conflict
        It has changed since the preview, or while it was copied.
    Invalid, NotAllowed, NoSpace
    """
    source = Path(stored.copies or "")
    _check_unchanged(source, stored.origin)
    report("link", f"Copying {source}", 0.05)
    with translated(str(prefix.parent)):
        found, dists = content(source)
        copied = copy_files(source, stage, prefix, found)
        renew(stage, dists, copied.rewritten)
    for line in _told(copied):
        report("link", line, 0.9)
    # What another job did meanwhile would be here by half.
    _check_unchanged(source, stored.origin)
    before = read_marker(source)
    channels, specs = _texts(before, "channels"), _texts(before, "specs") or stored.specs
    write_first(stage, job, stored.plan.title, channels=channels, specs=specs, gpu=before.get("gpu"))
    return copied.clone.suspects


def _texts(marker: dict[str, Any], name: str) -> list[str]:
    """A list of a marker; none where another tool has made the environment, which then has no marker."""
    found = marker.get(name)
    return found if isinstance(found, list) and all(isinstance(one, str) for one in found) else []


def _check_unchanged(source: Path, origin: str) -> None:
    if state(source) != origin:
        raise Conflict(
            f"{source} has changed since the preview, or is gone.",
            hint="Preview the clone again.",
            field="plan",
        )


def _told(copied: Copied) -> list[str]:
    made = copied.clone
    told = [f"{made.linked} files shared, {made.copied} copied, {len(copied.rewritten)} of them with the new folder"]
    if made.unlinkable_bytes:
        told.append(f"{amount(made.unlinkable_bytes)} could not be shared and were copied")
    if made.private:
        told.append(f"Private files with several names stay private, and as they are: {some(list(made.private))}")
    if copied.left:
        told.append(f"The new folder's path is too long for {some(copied.left)}, which still name the old one")
    return told
