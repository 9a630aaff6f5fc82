"""What was found out of a change -> a plan with all that its worker needs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..config import Settings
from ..environments import environment_id
from ..environments.pins import read_pins
from ..environments.shownvariables import changes as variable_changes
from ..environments.variables import read_variables
from ..models import Change, Plan
from ..plans import PlanStore, StoredChange
from ..pypi import PypiPlan
from ..solvedplans import UNPACKED_FACTOR
from .pinning import pins_after
from .present import Present
from .warnings import warnings

if TYPE_CHECKING:
    from ..engine.change import Outcome


def store(
    present: Present,
    change: Change,
    outcome: Outcome,
    python: PypiPlan | None,
    settings: Settings,
    *,
    title: str,
    update_specs: Sequence[str] = (),
    remove_specs: Sequence[str] = (),
    newer: Mapping[str, str] | None = None,
    replaced: Sequence[str] = (),
    channels: Sequence[str],
    variables: Mapping[str, str | None] | None = None,
) -> StoredChange:
    """The plan, without what it means for the GPU. Blocking.

    Parameters
    ----------
    update_specs, remove_specs:
        What conda's history is told.
    newer:
        Newer versions of what was to be updated and is held, by name.
    replaced, channels, variables:
        As in `StoredChange`.
    """
    from ..engine.planned import actions
    from ..engine.records import to_json
    from ..engine.transaction import is_cached
    from ..engine.withoutnetwork import check_cached

    objects = to_json(outcome.link)
    if settings.offline:
        check_cached(objects, settings.pkgs_dirs)
    sizes = [int(entry.get("size") or 0) for entry in objects]
    cached = [is_cached(entry, settings.pkgs_dirs) for entry in objects]
    download = sum(size for size, here in zip(sizes, cached, strict=True) if not here)
    theirs = list(python.actions) if python is not None else []
    pypi_size = sum(action.size or 0 for action in theirs)
    disk = (sum(sizes) + pypi_size) * UNPACKED_FACTOR
    before, after = read_pins(present.prefix), pins_after(present.prefix, change)
    plan = Plan(
        id=PlanStore.new_id(),
        prefix=present.environment.prefix,
        environment=environment_id(present.prefix),
        fingerprint=present.fingerprint,
        title=title,
        actions=[*actions(outcome), *theirs],
        pin=[spec for name, spec in after.items() if before.get(name) != spec],
        unpin=[name for name in before if name not in after],
        variables=variable_changes(read_variables(present.prefix), variables or {}),
        download_size=download + pypi_size,
        cached_size=sum(sizes) - download,
        disk_size=disk,
        solve_time=outcome.seconds + (python.seconds if python is not None else 0.0),
        warnings=[
            *warnings(outcome, present.packages, present.prefix, disk, newer or {}),
            *(python.warnings if python is not None else []),
        ],
    )
    return StoredChange(
        plan=plan,
        request=change,
        records=objects,
        remove=sorted(outcome.remove),
        relink=sorted(outcome.relink),
        specs=list(outcome.requested.values()),
        update_specs=list(update_specs),
        remove_specs=list(remove_specs),
        pins=after if after != before else None,
        pypi=python,
        replaced=list(replaced),
        channels=list(channels),
        variables=dict(variables) if variables is not None else None,
        created=time.time(),
    )
