"""A job whose process died: finish what was swapped, discard what was not.

The rename is the border. Before it, the stage goes and the prefix was never touched; after it, what is left to do is
done now. Whoever finds the dead job calls this: the queue, the next server, or the command line.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..engine import generations
from ..engine.workplace import Journal, Workplace, read_marker, remove_tree
from ..environments import add_to_environments_txt, environment_id, remove_from_environments_txt
from ..errors import Conflict, EnvManagerError, NotAllowed
from ..models import Problem
from .lock import prefix_lock, read_holder

if TYPE_CHECKING:
    from ..kernels import KernelRegistry

Outcome = Literal["finished", "discarded", "busy"]
_log = logging.getLogger(__name__)


def recover(
    prefix: Path, environment: str, *, job: str, kernels_dir: Path, environments_txt: Path, locked: bool = False
) -> Outcome:
    """Bring what job ``job`` left at ``prefix`` to an end.

    Parameters
    ----------
    locked:
        The caller holds the prefix's lock.

    Returns
    -------
    ``finished``: the change is in place, whole. ``discarded``: the prefix is as it was before the job. ``busy``:
    a living job holds the prefix.
    """
    place = Workplace(prefix, environment)
    if not place.folder.is_dir():
        return "finished" if _left_its_mark(place, job) else "discarded"
    if not locked and read_holder(place.lock_file) is not None:
        return "busy"
    lock = nullcontext() if locked else prefix_lock(place.lock_file, job, "recovery", waiting=lambda _: None)
    with lock:
        journal = place.read_journal()
        finished = journal is not None and _swapped(place, journal)
        if journal is not None and finished:
            finish(journal, kernels_dir=kernels_dir, environments_txt=environments_txt)
        place.clear()
    place.close()
    mine = journal is not None and journal.job == job
    return "finished" if (mine and finished) or _left_its_mark(place, job) else "discarded"


def tidy(prefix: Path, environment: str) -> None:
    """Take away what a worker left beside a prefix after its change was done, unless another one works there."""
    place = Workplace(prefix, environment)
    if not place.folder.is_dir() or read_holder(place.lock_file) is not None:
        return
    with prefix_lock(place.lock_file, "tidy", "recovery", waiting=lambda _: None):
        if place.read_journal() is None:
            place.clear()
    place.close()


def left_its_mark(prefix: Path, environment: str, job: str) -> bool:
    """Whether what is at the prefix was put there by this job."""
    return _left_its_mark(Workplace(prefix, environment), job)


def _left_its_mark(place: Workplace, job: str) -> bool:
    return read_marker(place.prefix).get("job") == job or place.rolled_back() == job


def _swapped(place: Workplace, journal: Journal) -> bool:
    if journal.action in ("change", "rollback"):
        return generations.settle(place, journal)
    if journal.action == "create":
        return read_marker(place.prefix).get("job") == journal.job
    return place.trash(journal.job).exists()


@dataclass(frozen=True, kw_only=True)
class Registered:
    """The kernel that a new environment got, or why it got none."""

    kernel: str | None = None
    problem: Problem | None = None


def finish(journal: Journal, *, kernels_dir: Path, environments_txt: Path, confirmed: bool = False) -> Registered:
    """Everything that follows the swap; each step may be repeated, and none of them undoes the change when it fails.

    Parameters
    ----------
    confirmed:
        The user has just agreed to remove the journal's kernels, also those that we did not write.
    """
    prefix = Path(journal.prefix)
    if journal.action == "change":
        add_to_environments_txt(prefix, environments_txt)
        return Registered()
    if journal.action == "rollback":
        Workplace(prefix, environment_id(prefix)).note_rollback(journal.job)
        return Registered()
    if journal.action == "create":
        add_to_environments_txt(prefix, environments_txt)
        return _register(journal, prefix, kernels_dir)
    for kernel in journal.kernels:
        # Gone already, or not ours to remove: the environment's removal does not fail over it.
        try:
            _registry(journal, kernels_dir).remove(kernel, force=confirmed)
        except (EnvManagerError, OSError) as error:
            _log.warning("kernel %s stays: %s", kernel, error)
    remove_from_environments_txt(prefix, environments_txt)
    place = Workplace(prefix, environment_id(prefix))
    try:
        remove_tree(place.trash(journal.job))
        remove_tree(place.generations)
    except OSError as error:
        _log.warning("part of %s is left beside it: %s", prefix, error)
    return Registered()


def _registry(journal: Journal, kernels_dir: Path) -> KernelRegistry:
    # Most jobs touch no kernel, and every worker would load it before it begins.
    from ..kernels import KernelRegistry

    shared = [Path(journal.shared_kernels_dir)] if journal.shared_kernels_dir else []
    return KernelRegistry(kernels_dir, [kernels_dir, *shared])


def _register(journal: Journal, prefix: Path, kernels_dir: Path) -> Registered:
    """Register the kernel that was asked for; under another name when that one has been taken meanwhile."""
    if not journal.kernels:
        return Registered()
    name, display_name = journal.kernels[0], journal.display_name or prefix.name
    environment, registry = environment_id(prefix), _registry(journal, kernels_dir)
    try:
        try:
            registry.register(prefix=prefix, environment=environment, display_name=display_name, name=name)
        except Conflict:
            name = registry.propose_name(name)
            registry.register(prefix=prefix, environment=environment, display_name=display_name, name=name)
    except EnvManagerError as error:
        return Registered(problem=error.problem())
    except OSError as error:
        return Registered(problem=NotAllowed(f"The kernel could not be registered: {error}.").problem())
    return Registered(kernel=name)
