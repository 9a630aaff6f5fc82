"""After *ready*: test-start a kernel that was asked for, compile bytecode. Nobody waits for it, nothing fails by it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path
from typing import Protocol

from ..engine.bytecode import BytecodeCache, compile_rest
from ..engine.progress import Report
from ..engine.transaction import writable_cache
from ..models import KernelCheck
from ..plans import StoredPlan
from ..sharing import give
from ..words import some
from .store import ChangeAction, CreateAction

KERNEL_SECONDS = 60.0
# The user's own kernel starts at the same moment; let it go first.
_GRACE_SECONDS = 2.0


class Log(Report, Protocol):
    """What the aftercare needs of the worker's log."""

    def update(self, **changes: object) -> None:
        """Change fields of the job."""


def check(action: CreateAction, kernel: str, log: Log) -> None:
    """Start the kernel once and write down what it answered."""
    # Loaded when it is wanted: most jobs end without.
    from ..kernels import check_kernel

    time.sleep(_GRACE_SECONDS)
    log.update(check=KernelCheck(state="running", time=time.time()))
    log("kernel", "test start", 1.0)
    spec = Path(action.kernels_dir) / kernel / "kernel.json"
    result = check_kernel(spec, Path(action.prefix), KERNEL_SECONDS)
    if not Path(action.prefix).is_dir():
        # Removed meanwhile: what the kernel answered is about nothing.
        log.update(check=None)
        return
    log.update(check=result)
    if result.problem is not None:
        log("kernel", result.problem.message, 1.0)
    elif result.seconds is not None:
        log("kernel", f"answered after {result.seconds:.1f} s", 1.0)


def compile_bytecode(action: CreateAction | ChangeAction, log: Report) -> None:
    """Compile what came without bytecode, for this environment and for the next ones.

    What came out of an archive gets none but for a group, stays out of the cache, and is not run for it that nobody
    has asked for: its Python only where a kernel was wanted, whose test start runs it anyway.
    """
    pkgs_dirs, prefix = [Path(folder) for folder in action.pkgs_dirs], Path(action.prefix)
    shared = action.shared is not None
    unpacked = isinstance(action.plan, StoredPlan) and action.plan.unpacks is not None
    count = 0
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        if not unpacked:
            count = BytecodeCache(writable_cache(pkgs_dirs), copies=shared).compile(prefix, pkgs_dirs)
        if shared:
            # Who only reads it would compile at every start, for ever.
            own = unpacked and isinstance(action, CreateAction) and action.kernel is not None
            count += compile_rest(prefix, pkgs_dirs, own=own)
    if action.shared is not None and (left := give(prefix, action.shared).left):
        paths = some([os.path.relpath(path, prefix) for path in left])
        what = "A file or folder" if len(left) == 1 else f"{len(left)} files and folders"
        log("bytecode", f"{what} could not be given to {action.shared.group}: {paths}", 1.0)
    if count:
        log("bytecode", f"{count} files", 1.0)
