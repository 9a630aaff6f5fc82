"""What became of a job whose worker is gone without a last word, and what is said of it?"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

from ..environments import is_vacant
from ..errors import EnvManagerError
from ..models import Job, Problem
from ..redaction import redact
from .lock import cache_lock_file, clear_stale
from .packing import settle
from .recovery import left_its_mark, recover
from .store import JobFolder, PackAction

_LOG_TAIL = 4000
_logger = logging.getLogger(__name__)


def finish_or_discard(folder: JobFolder, job: Job) -> str:
    """Bring the work of a job to an end; ``finished`` or ``discarded``. Blocking."""
    try:
        action = folder.read_action()
    except (OSError, msgspec.DecodeError):
        return "finished" if left_its_mark(Path(job.prefix), job.environment, job.id) else "discarded"
    packed = isinstance(action, PackAction) and settle(action, folder)
    try:
        for cache in getattr(action, "pkgs_dirs", []):
            clear_stale(cache_lock_file(Path(cache)))
        outcome = recover(
            Path(job.prefix),
            job.environment,
            job=job.id,
            kernels_dir=Path(action.kernels_dir),
            environments_txt=Path(action.environments_txt),
        )
    except (OSError, EnvManagerError):
        _logger.exception("recovery of job %s", job.id)
        return "discarded"
    # Killed between its last step and its last word; there is no marker where nothing is.
    removed = job.action == "remove" and (not os.path.lexists(job.prefix) or is_vacant(Path(job.prefix)))
    return "finished" if packed or removed else outcome


def lost(folder: JobFolder, status: int | None) -> Problem:
    """The problem of a job whose worker has ended with ``status``, where that is known."""
    try:
        printed = folder.log_file.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:]
    except OSError:
        printed = ""
    if status is not None and status > 0:
        message = f"The job's process ended by itself (exit status {status}). Nothing was changed."
        hint = "Start it again. If it happens again, report it with the details."
    else:
        how = f" (signal {-status})" if status is not None else ""
        message = f"The job's process was stopped from outside{how}. Nothing was changed."
        hint = "Start it again. If it happens again, the machine may be short of memory."
    return Problem(code="lost", message=message, hint=hint, details={"log": redact(printed)})
