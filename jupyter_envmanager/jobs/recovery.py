"""A job whose process died: finish what was swapped, discard what was not.

The rename is the border. Before it, the stage goes and the prefix was never touched; after it, what is left to do is
done now. Whoever finds the dead job calls this: the queue, the next server, or the command line.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Literal

from ..engine.workplace import Journal, Workplace, read_marker, remove_tree
from ..environments import add_to_environments_txt, environment_id, remove_from_environments_txt
from ..errors import EnvManagerError
from ..kernels import KernelRegistry
from .lock import prefix_lock, read_holder

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
        return "finished" if read_marker(prefix).get("job") == job else "discarded"
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
    return "finished" if (mine and finished) or read_marker(prefix).get("job") == job else "discarded"


def _swapped(place: Workplace, journal: Journal) -> bool:
    if journal.action == "create":
        return read_marker(place.prefix).get("job") == journal.job
    return place.trash(journal.job).exists()


def finish(journal: Journal, *, kernels_dir: Path, environments_txt: Path) -> None:
    """Everything that follows the swap; each step may be repeated."""
    prefix = Path(journal.prefix)
    registry = KernelRegistry(kernels_dir, [kernels_dir])
    if journal.action == "create":
        add_to_environments_txt(prefix, environments_txt)
        for kernel in journal.kernels:
            registry.register(
                prefix=prefix,
                environment=environment_id(prefix),
                display_name=journal.display_name or prefix.name,
                name=kernel,
            )
        return
    for kernel in journal.kernels:
        # Gone already, or not ours to remove: the environment's removal does not fail over it.
        try:
            registry.remove(kernel, force=True)
        except EnvManagerError as error:
            _log.warning("kernel %s stays: %s", kernel, error.message)
    remove_from_environments_txt(prefix, environments_txt)
    place = Workplace(prefix, environment_id(prefix))
    with suppress(FileNotFoundError):
        remove_tree(place.trash(journal.job))
