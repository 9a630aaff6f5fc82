"""The stage of an environment that comes out of an archive."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import msgspec

from ..engine import history, records
from ..engine.failures import translated
from ..engine.progress import Report
from ..engine.workplace import read_marker
from ..errors import Conflict
from ..models import GpuTarget
from ..plans import StoredPlan, origin
from ..pypi.carrying import content, renew
from ..words import first
from .marking import write_first
from .store import CreateAction

_NAMED = 3


def unpack(action: CreateAction, stored: StoredPlan, stage: Path, job: str, report: Report) -> None:
    """Build the environment that is packed in the archive of a plan.

    Raises
    ------
    Conflict
        The archive is not the one that was previewed.
    Invalid, Damaged, NoSpace, NotAllowed
        Nothing is left of it.
    """
    # No other job needs it.
    from ..packs.unpacking import unpack as unpack_files

    archive, prefix = Path(stored.unpacks or ""), Path(action.prefix)
    _check_unchanged(archive, stored.origin)
    report("link", f"Unpacking {archive.name}", 0.0)
    with translated(str(prefix.parent)):
        done = unpack_files(archive, stage, prefix, stored.digest, stored.plan.disk_size, report)
        renew(stage, content(stage)[1], done.rewritten)
    _check_unchanged(archive, stored.origin)
    if done.missing:
        report("verify", f"Not in the archive: {first(done.missing, _NAMED)}", 0.9)
    before = read_marker(stage)
    # The archive's own history goes on: this is a revision in which everything is as it was.
    linked = records.from_json(stored.records)
    history.append(stage, command=action.command, specs=stored.specs, linked=[], before=linked)
    # Not its channels: whoever has made an archive does not choose where later packages come from.
    write_first(stage, job, stored.plan.title, channels=action.channels, specs=stored.specs, gpu=_gpu(before))


def _check_unchanged(archive: Path, before: str) -> None:
    if origin(archive) != before:
        raise Conflict(
            f"{archive.name} has changed since the preview, or is gone.", hint="Preview again.", field="plan"
        )


def _gpu(marker: dict[str, Any]) -> GpuTarget | None:
    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.convert(marker.get("gpu"), GpuTarget)
    return None
