"""Running the service inside a kernel: whose loop runs already, whose output goes into a cell, whom ■ interrupts."""

from __future__ import annotations

import asyncio
import contextvars
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

from ..cli.session import opened
from ..service import EnvManagerService

T = TypeVar("T")
#: Workers that go on after their cell (a kernel's test start, bytecode): remembered, so that their end is noticed.
workers: list[subprocess.Popen[bytes]] = []
Use = Callable[[EnvManagerService], Awaitable[T]]


def run(use: Use[T]) -> T:
    """Open the service in a thread with a loop of its own, use it, and wait for the end.

    An interrupt cancels what is under way and is raised again, as are all errors.
    """
    call = _Call(use)
    # What is printed belongs to the cell that runs: kernels know that by the context.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(call.run,), name="envmanager", daemon=True)
    thread.start()
    while thread.is_alive():
        try:
            # Not for ever: a wait without an end cannot be interrupted everywhere.
            thread.join(0.1)
        except KeyboardInterrupt:
            call.cancel()
            with suppress(KeyboardInterrupt):
                thread.join(30)
            raise
    return call.result()


def _keep(started: Iterable[subprocess.Popen[bytes]]) -> None:
    workers[:] = [worker for worker in {*workers, *started} if worker.poll() is None]


class _Call(Generic[T]):
    """One use of the service, and what came of it."""

    def __init__(self, use: Use[T]) -> None:
        self._use = use
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[T]] | None = None

    def run(self) -> None:
        """In the thread."""
        try:
            self._results.append(asyncio.run(self._main()))
        except BaseException as error:
            self._error = error

    def cancel(self) -> None:
        """From any other thread."""
        if self._running is not None:
            loop, task = self._running
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)

    def result(self) -> T:
        """After the end."""
        if self._error is not None:
            raise self._error
        return self._results[0]

    async def _main(self) -> T:
        task = asyncio.current_task()
        assert task is not None
        self._running = (asyncio.get_running_loop(), task)
        async with opened(server_prefix=server_prefix(), extra_roots=[sys.prefix]) as service:
            try:
                return await self._use(service)
            finally:
                _keep(service.queue.workers.values())


def server_prefix() -> Path | None:
    """The environment of the server that started this kernel, as far as that can be seen.

    Only that one is nobody's to change; the kernel's own may be, by whoever restarts the kernel. None is said where
    nothing is known, and then the kernel's own counts as the server's.
    """
    try:
        # ipykernel brings it along; without a kernel, nobody is the parent.
        import psutil
    except ImportError:
        return None
    try:
        parent = psutil.Process(int(os.environ["JPY_PARENT_PID"]))
        word = parent.cmdline()[0]
        program = Path(word if os.sep in word else shutil.which(word, path=parent.environ().get("PATH")) or word)
    except (KeyError, ValueError, IndexError, psutil.Error, OSError):
        return None
    if not program.is_absolute() or program.parent.name not in ("bin", "Scripts"):
        return None
    return program.parent.parent
