"""The GPU checks that run in this process, and what the last ones found."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from ..errors import Busy, NotFound
from ..gpu.check import check_gpu, no_framework
from ..gpu.figures import shortened
from ..gpu.results import GpuResults
from ..kernels.kernelspec import interpreter
from ..kernels.launch import script, shell
from ..models import Environment, GpuCheck, Problem

# They load gigabytes of libraries.
_PARALLEL = 2
_logger = logging.getLogger(__name__)


class GpuChecks:
    """Begins checks, cancels them, remembers what they found.

    Parameters
    ----------
    folder:
        Where results are kept.
    changed:
        Called in the event loop with the id of an environment whose check has begun or ended.
    """

    def __init__(self, folder: Path, changed: Callable[[str], None]) -> None:
        self._results = GpuResults(folder)
        self._changed = changed
        self._slots = asyncio.Semaphore(_PARALLEL)
        self._tasks: dict[str, asyncio.Task[GpuCheck]] = {}
        self._running: dict[str, GpuCheck] = {}

    def all(self) -> dict[str, GpuCheck]:
        """The check of each environment, one that runs before one that has ended. Blocks."""
        return {**self._results.all(), **self._running}

    def begin(self, environment: Environment) -> GpuCheck:
        """Begin one; raises Busy where one runs."""
        if environment.id in self._tasks:
            raise Busy(
                f"The GPU is being checked in {environment.name} already.", hint="Wait for the result, or cancel it."
            )
        check = GpuCheck(state="running", time=time.time(), host=socket.gethostname())
        self._running[environment.id] = check
        task = self._tasks[environment.id] = asyncio.get_running_loop().create_task(self._run(environment))
        # A task that is cancelled before its first step has no “finally”.
        task.add_done_callback(lambda _: self._ended(environment.id))
        self._changed(environment.id)
        return check

    async def _run(self, environment: Environment) -> GpuCheck:
        before = await asyncio.to_thread(_folder, environment.prefix)
        async with self._slots:
            check = await _check(environment)
        if before is None or await asyncio.to_thread(_folder, environment.prefix) != before:
            return _failed(
                f"{environment.name} was removed or replaced while its GPU was checked.",
                "Check again, where the environment is still there.",
            )
        await asyncio.to_thread(self._results.put, environment.id, environment.prefix, check)
        return check

    def _ended(self, environment: str) -> None:
        del self._running[environment], self._tasks[environment]
        self._changed(environment)

    async def wait(self, environment: str) -> GpuCheck | None:
        """What a check finds; None where nobody has asked, or it was cancelled the first time."""
        if task := self._tasks.get(environment):
            await asyncio.wait([task])
            if not task.cancelled():
                return task.result()
        return (await asyncio.to_thread(self.all)).get(environment)

    async def cancel(self, environment: str) -> None:
        """End one; the former result stays. Raises NotFound where none runs."""
        task = self._tasks.get(environment)
        if task is None:
            raise NotFound("No GPU check runs in this environment.", hint="It may have ended: refresh the page.")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def forget(self, environment: str, before: float) -> None:
        """Forget what was found before a time: it was another environment."""
        self._results.forget(environment, before)

    async def stop(self) -> None:
        """End all of them."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _check(environment: Environment) -> GpuCheck:
    if environment.python is None and environment.kind != "venv":
        return no_framework()
    try:
        return await check_gpu(await asyncio.to_thread(_start, Path(environment.prefix)))
    except Exception as error:
        # A task's exception would be seen by nobody: the result must say it.
        _logger.exception("GPU check of %s", environment.prefix)
        return _failed(
            f"The check could not be made: {shortened(error, 300)}.", "Check again; the server's log has more."
        )


def _failed(message: str, hint: str) -> GpuCheck:
    problem = Problem(code="gpu_check_failed", message=message, hint=hint)
    return GpuCheck(state="failed", time=time.time(), host=socket.gethostname(), message=message, problem=problem)


def _folder(prefix: str) -> tuple[int, int] | None:
    """Which folder an environment is: another one of its name is another environment."""
    try:
        status = Path(prefix).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _start(prefix: Path) -> list[str]:
    """The words that start an environment's Python as its kernels are."""
    return [shell(), "-c", script(prefix, str(interpreter(prefix))), "check-gpu"]


def with_check(environment: Environment, check: GpuCheck) -> Environment:
    """An environment with what its check has found."""
    outdated = environment.modified is not None and environment.modified > check.time
    return msgspec.structs.replace(
        environment,
        gpu=check.state,
        gpu_checked=None if check.state == "running" else check.time,
        gpu_outdated=outdated and check.state != "running",
    )
