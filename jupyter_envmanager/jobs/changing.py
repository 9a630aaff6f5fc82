"""What a worker does to an environment that is there, as prose: change it, and go back."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from .. import __version__
from ..engine import generations, history, metarecords, records, transaction, variables
from ..engine.base import Base
from ..engine.client import Network
from ..engine.clone import CloneReport
from ..engine.progress import Report
from ..engine.workplace import Journal, Workplace, read_marker, write_marker
from ..environments import fingerprint
from ..environments.pins import write_pins
from ..environments.state import state
from ..errors import Conflict, NotAllowed, NotFound
from ..pypi import PypiPlan
from ..pypi.installed import distributions, site_folders
from ..sharing import SharedPlace, give_new, umask
from ..words import amount
from .actions import apply_pypi, finish_older
from .lock import Lock, cache_lock
from .recovery import finish
from .store import ChangeAction, RollbackAction

if TYPE_CHECKING:
    # The worker solves nothing, and need not load what does.
    from ..engine.change import Record


@dataclass
class Done:
    """What a change or a rollback came to: the state in place now, and folders that may be deleted at leisure."""

    generation: int
    surplus: list[Path] = field(default_factory=list)


async def change(action: ChangeAction, place: Workplace, job: str, lock: Lock, report: Report) -> Done:
    """Do what the plan says to a clone of the environment, and put the clone in its place.

    Raises
    ------
    Conflict
        The environment is not the one that the plan was made for.
    NotFound
        It is gone.
    Damaged, ChannelUnreachable, NoSpace, NotAllowed
        Nothing was changed.
    """
    finish_older(action, place)
    _check_unchanged(action, place)
    slot, number = generations.current(place), generations.following(place)
    journal = Journal(action="change", job=job, prefix=str(place.prefix), slot=slot)
    place.open()
    place.write_journal(journal)
    try:
        base = await _build(action, place, job, number, report)
        metarecords.open_up(place.stage(job))
        if brought := base.catch_up(place.stage(job)):
            report("verify", f"{len(brought)} files came or changed meanwhile: {', '.join(brought[:3])}", 0.98)
        if action.plan.variables is not None:
            # Last: those that were set meanwhile stay.
            variables.change(place.stage(job), action.plan.variables)
        if action.shared is not None:
            os.umask(umask(action.shared))
            give_new(place.stage(job), action.shared, base.suspects)
        report("swap", f"{place.prefix}", 0.99)
        # What another tool did meanwhile must not be lost: a moment is all that is left to it.
        _check_unchanged(action, place)
        lock.check()
        generations.swap(place, journal, place.stage(job), base.inode)
    except BaseException:
        place.discard(job)
        raise
    finish(journal, kernels_dir=Path(action.kernels_dir), environments_txt=Path(action.environments_txt))
    place.discard(job)
    if not action.plan.plan.actions and len(generations.kept(place)) > action.keep:
        # A pin alone must not push out a state that has other packages.
        gone = generations.forget(place, slot, job)
        return Done(number, [gone] if gone else [])
    return Done(number, generations.discard_surplus(place, action.keep, slot, job))


def _check_unchanged(action: ChangeAction, place: Workplace) -> None:
    if not place.prefix.is_dir():
        raise NotFound(f"{place.prefix} is gone.", hint="Refresh the list.")
    if state(place.prefix) != action.plan.plan.fingerprint:
        raise Conflict(
            "The environment has changed since the preview.",
            hint="Preview again to see what is left to do.",
            field="plan",
        )


async def _build(action: ChangeAction, place: Workplace, job: str, number: int, report: Report) -> Base:
    """Build the new state in the stage; returns what it was made from."""
    stored, stage, prefix = action.plan, place.stage(job), place.prefix

    def told(made: CloneReport) -> None:
        if made.unlinkable_bytes:
            size = amount(made.unlinkable_bytes)
            report("link", f"{size} copied, as this filesystem has no hard links", 0.0)

    def make_room(laid: Path) -> None:
        # conda's files come where PyPI's are: those must have gone by then, or they would take conda's with them.
        if stored.replaced:
            leaving = PypiPlan(remove=stored.replaced)
            apply_pypi(leaving, laid, prefix, action.pypi, report)

    new = records.from_json(stored.records)
    owned = _pypi_files(prefix)
    if stored.records or stored.remove or stored.relink:
        base = Base(prefix, set(stored.remove), set(stored.relink), owned, stored.specs, told, make_room)
        await _link(action, new, stage, base, job, report)
    else:
        base = Base(prefix, owned=owned, cloned=told)
        base.lay(stage)
    if stored.pypi is not None:
        rest = [name for name in stored.pypi.remove if name not in stored.replaced]
        plan = msgspec.structs.replace(stored.pypi, remove=rest)
        apply_pypi(plan, stage, prefix, action.pypi, report)
    base.show_links()
    if stored.pins is not None:
        write_pins(stage, stored.pins)
    names = {record.name.normalized for record in new}
    history.append(
        stage,
        command=action.command,
        specs=stored.update_specs,
        removed_specs=stored.remove_specs,
        linked=new,
        unlinked=[r for r in base.installed if r.name.normalized in names or r.name.normalized in stored.remove],
        before=base.installed,
    )
    marker = _marker(action, job, number, read_marker(prefix))
    write_marker(stage, {**marker, "fingerprint": fingerprint(stage)})
    return base


def _pypi_files(prefix: Path) -> list[str]:
    """Files of Python distributions, relative to the prefix: nobody changes them in place."""
    found = []
    for site in site_folders(prefix):
        inside = site.relative_to(prefix)
        for dist in distributions(site):
            found += [os.path.normpath(f"{inside}/{row.path}").replace(os.sep, "/") for row in dist.record]
    return found


async def _link(action: ChangeAction, new: Sequence[Record], stage: Path, base: Base, job: str, report: Report) -> None:
    stored = action.plan
    pkgs_dirs = [Path(folder) for folder in action.pkgs_dirs]
    cache = transaction.writable_cache(pkgs_dirs)
    # Whoever only reads the cache need not wait for those who write it.
    with cache_lock(cache, job, report) if stored.plan.download_size else nullcontext():
        await transaction.link(
            new,
            stage=stage,
            prefix=Path(action.prefix),
            specs=stored.specs,
            reach=msgspec.json.decode(action.network, type=Network),
            pkgs_dirs=pkgs_dirs,
            run_link_scripts=action.run_link_scripts,
            download_size=stored.plan.download_size,
            report=report,
            base=base,
            shared=action.shared is not None,
        )


def _marker(action: ChangeAction, job: str, number: int, before: dict[str, object]) -> dict[str, object]:
    plan = action.plan.plan
    target = plan.gpu.target if plan.gpu is not None else None
    # One that was inferred from the packages is no decision of anybody's: it is inferred again next time.
    decided = target is not None and (target.origin != "custom" or action.plan.request.gpu is not None)
    return {
        **before,
        "job": job,
        "generation": number,
        "parent": before.get("generation", generations.FIRST),
        "title": plan.title,
        "actions": plan.actions,
        "pin": plan.pin,
        "unpin": plan.unpin,
        "version": __version__,
        "changed": time.time(),
        "channels": action.plan.channels,
        "specs": action.plan.specs,
        "gpu": target if decided else before.get("gpu"),
    }


def _is_the_groups(state: Path, shared: SharedPlace | None) -> bool:
    """Whether members of a group have made a state of their environment, which each of them may change anyway."""
    return (
        shared is not None and shared.access == "write" and not state.is_symlink() and state.stat().st_gid == shared.gid
    )


def rollback(action: RollbackAction, place: Workplace, job: str, lock: Lock, report: Report) -> Done:
    """Put another generation in the environment's place; the state that was there becomes a generation itself.

    Raises
    ------
    NotFound
        There is no such generation any more.
    """
    finish_older(action, place)
    incoming = place.generation(action.generation)
    if not place.prefix.is_dir() or not (incoming / "conda-meta").is_dir():
        raise NotFound(f"Generation {action.generation} is not kept any more.", hint="Refresh the history.")
    if not place.owns(incoming) and not _is_the_groups(incoming, action.shared):
        raise NotAllowed(
            f"Generation {action.generation} belongs to somebody else than the environment, and is not trusted.",
            hint="Ask the owner of the environment to go back.",
        )
    journal = Journal(
        action="rollback",
        job=job,
        prefix=str(place.prefix),
        slot=generations.current(place),
        target=action.generation,
    )
    place.write_journal(journal)
    report("swap", f"{place.prefix}", 0.5)
    try:
        lock.check()
        generations.swap(place, journal, incoming)
    except BaseException:
        place.discard(job)
        raise
    finish(journal, kernels_dir=Path(action.kernels_dir), environments_txt=Path(action.environments_txt))
    place.discard(job)
    return Done(action.generation)
