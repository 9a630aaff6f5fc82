"""An event loop for the engine, in a thread of its own.

rattler turns records into Python objects some thousands at a time, and thirty thousand names are ranked at each
keystroke: on the server's loop either would be a stall, beside it neither is.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_STOP_SECONDS = 2.0
_starting = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


async def aside(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` on the engine's loop; whoever cancels the caller cancels it."""
    loop = _running_loop()
    if loop is asyncio.get_running_loop():
        return await work
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop
    with _starting:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            thread = threading.Thread(target=_loop.run_forever, name="engine", daemon=True)
            thread.start()
            atexit.register(_stop, _loop, thread)
        return _loop


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    """End what is under way, helper processes included, before the interpreter takes itself apart."""

    async def end() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_STOP_SECONDS / 2) if tasks else None
        loop.stop()

    asyncio.run_coroutine_threadsafe(end(), loop)
    thread.join(_STOP_SECONDS)
    if not thread.is_alive():
        loop.close()
