"""End a worker: politely, then not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time

from .process import ProcessId

#: What a worker has to end in when it is asked to.
TERMINATE_SECONDS = 3.0


async def terminate(worker: ProcessId) -> None:
    """End a worker of this host and its children."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.pid, signal_number)
        deadline = time.monotonic() + TERMINATE_SECONDS
        while worker.alive() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        if not worker.alive():
            return
