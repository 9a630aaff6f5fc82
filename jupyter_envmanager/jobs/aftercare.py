"""After *ready*: test-start the new kernel, compile bytecode. Nobody waits for it, nothing fails by it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Protocol

from ..engine.bytecode import BytecodeCache
from ..engine.progress import Report
from ..engine.transaction import writable_cache
from ..kernels import check_kernel
from ..models import KernelCheck
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
    time.sleep(_GRACE_SECONDS)
    log.update(check=KernelCheck(state="running", time=time.time()))
    log("kernel", "test start", 1.0)
    spec = Path(action.kernels_dir) / kernel / "kernel.json"
    result = check_kernel(spec, Path(action.prefix), KERNEL_SECONDS)
    log.update(check=result)
    if result.problem is not None:
        log("kernel", result.problem.message, 1.0)
    elif result.seconds is not None:
        log("kernel", f"answered after {result.seconds:.1f} s", 1.0)


def compile_bytecode(action: CreateAction | ChangeAction, log: Report) -> None:
    """Compile what came without bytecode, for this environment and for the next ones."""
    cache = BytecodeCache(writable_cache([Path(folder) for folder in action.pkgs_dirs]))
    try:
        count = cache.compile(Path(action.prefix))
    except (OSError, subprocess.TimeoutExpired):
        return
    if count:
        log("bytecode", f"{count} files", 1.0)
