"""What a worker does, as prose: create and remove."""

from __future__ import annotations

import os
from collections.abc import Set
from contextlib import nullcontext, suppress
from pathlib import Path

import msgspec

from ..engine import history, metarecords, records, transaction, variables
from ..engine.client import Network
from ..engine.progress import Report, part
from ..engine.workplace import Journal, Workplace
from ..environments import clear_vacant, is_vacant
from ..errors import Conflict, NotFound
from ..pypi import PypiPlan, PypiSettings
from ..sharing import give_new, umask
from .lock import Lock, cache_lock
from .marking import write_first
from .recovery import Registered, finish, recover
from .store import Action, CreateAction, RemoveAction

# A share of the bar each, where an environment has packages from PyPI.
_PYPI_BEGINS, _PYPI_ENDS = 0.6, 0.98
# Each takes less than a millisecond.
_TRIES = 20


async def create(action: CreateAction, place: Workplace, job: str, lock: Lock, report: Report) -> Registered:
    """Build the planned environment aside and put it in its place; returns the kernel it got.

    Raises
    ------
    Conflict
        Something is at the prefix by now.
    Damaged, ChannelUnreachable, NoSpace, NotAllowed, BuildFailed, Overwrites
        Nothing was changed.
    """
    prefix = place.prefix
    finish_older(action, place)
    if os.path.lexists(prefix) and not is_vacant(prefix):
        raise Conflict(f"{prefix} is there already.", hint="Choose another name.", field="name")
    journal = Journal(
        action="create",
        job=job,
        prefix=str(prefix),
        kernels=[action.kernel] if action.kernel else [],
        display_name=action.display_name,
    )
    place.open()
    place.write_journal(journal)
    try:
        suspects = await _build(action, place.stage(job), job, report)
        metarecords.open_up(place.stage(job))
        if action.shared is not None:
            os.umask(umask(action.shared))
            give_new(place.stage(job), action.shared, suspects)
        report("swap", f"{prefix}", 0.99)
        lock.check()
        _swap_in(place.stage(job), prefix)
    except BaseException:
        place.discard(job)
        raise
    kernel = f"kernel {action.display_name}" if action.kernel else "no kernel"
    report("kernel", kernel, 1.0)
    registered = finish(journal, kernels_dir=Path(action.kernels_dir), environments_txt=Path(action.environments_txt))
    place.discard(job)
    return registered


def _swap_in(stage: Path, prefix: Path) -> None:
    """Put the stage in its place, where nothing but bytecode may be, which a running kernel writes again and again."""
    for _ in range(_TRIES):
        if is_vacant(prefix):
            clear_vacant(prefix)
        with suppress(Conflict):
            transaction.swap_in(stage, prefix)
            return
    transaction.swap_in(stage, prefix)


async def _build(action: CreateAction, stage: Path, job: str, report: Report) -> Set[tuple[int, int]]:
    """Build the environment in the stage; returns the private files of a copy that others may have linked to."""
    stored = action.plan
    # Other jobs need not load what copies and unpacks.
    if stored.copies is not None:
        from .copying import copy

        return copy(stored, stage, Path(action.prefix), job, report)
    if stored.unpacks is not None:
        from .unpacking import unpack

        unpack(action, stored, stage, job, report)
        return frozenset()
    pkgs_dirs = [Path(folder) for folder in action.pkgs_dirs]
    to_link = records.from_json(stored.records)
    cache = transaction.writable_cache(pkgs_dirs)
    theirs = stored.pypi.actions if stored.pypi is not None else []
    download_size = stored.plan.download_size - sum(one.size or 0 for one in theirs)
    # Whoever only reads the cache need not wait for those who write it.
    with cache_lock(cache, job, report) if download_size else nullcontext():
        await transaction.link(
            to_link,
            stage=stage,
            prefix=Path(action.prefix),
            specs=stored.specs,
            reach=msgspec.json.decode(action.network, type=Network),
            pkgs_dirs=pkgs_dirs,
            run_link_scripts=action.run_link_scripts,
            download_size=download_size,
            report=report if stored.pypi is None else part(report, 0.0, _PYPI_BEGINS),
            shared=action.shared is not None,
        )
    if stored.pypi is not None and action.pypi is not None:
        rest = part(report, _PYPI_BEGINS, _PYPI_ENDS)
        apply_pypi(stored.pypi, stage, Path(action.prefix), action.pypi, rest)
    history.append(stage, command=action.command, specs=stored.specs, linked=to_link)
    variables.write(stage, stored.variables)
    target = stored.plan.gpu.target if stored.plan.gpu is not None else None
    write_first(stage, job, "Created", channels=action.channels, specs=stored.specs, gpu=target)
    return frozenset()


def apply_pypi(plan: PypiPlan, stage: Path, prefix: Path, settings: PypiSettings, report: Report) -> None:
    """Install and remove what comes from the Python package index (see `pypi.apply`)."""
    # Few jobs need it, and every worker would load it before it begins.
    from ..pypi.apply import apply

    apply(plan, stage=stage, prefix=prefix, settings=settings, report=report)


def finish_older(action: Action, place: Workplace) -> None:
    """Bring to an end what a job that died left here, while we hold the lock anyway."""
    journal = place.read_journal()
    if journal is not None:
        recover(
            place.prefix,
            action.environment,
            job=journal.job,
            kernels_dir=Path(action.kernels_dir),
            environments_txt=Path(action.environments_txt),
            locked=True,
        )


def remove(action: RemoveAction, place: Workplace, job: str, lock: Lock, report: Report) -> None:
    """Take the environment out of its place, then delete it and its kernels.

    Raises
    ------
    NotFound
        It is gone already.
    NotAllowed
        The folder that holds it cannot be written.
    """
    finish_older(action, place)
    if not place.prefix.is_dir():
        raise NotFound(f"{place.prefix} is gone already.", hint="Refresh the list.")
    journal = Journal(
        action="remove",
        job=job,
        prefix=str(place.prefix),
        kernels=action.kernels,
        shared_kernels_dir=action.shared_kernels_dir,
    )
    place.open()
    place.write_journal(journal)
    try:
        lock.check()
        transaction.swap_out(place.prefix, place.trash(job))
    except BaseException:
        place.discard(job)
        raise
    report("remove", str(place.prefix), 0.2)
    finish(
        journal,
        kernels_dir=Path(action.kernels_dir),
        environments_txt=Path(action.environments_txt),
        confirmed=True,
    )
    place.discard(job)
    # Its kernels were importing, and perhaps still are. Not so where it is empty: somebody has made it anew.
    if is_vacant(place.prefix) and clear_vacant(place.prefix):
        with suppress(OSError):
            place.prefix.rmdir()
