"""A server extension that measures how late the event loop is; it runs beside ours in a benchmark's server.

``GET loop-probe`` answers with the longest delays since the last time it was asked, and starts anew::

    {"late": s, "own": s, "loop": s, "ticks": n, "stacks": [["file:line function", …], …]}

``late`` is how much later than asked for a timer fired: it contains the time in which other processes had the cores.
``own`` leaves that out: no more of each delay than the processor time that the whole server used in it, so that the
interpreter lock held by another thread counts. ``loop`` is the most processor time of the loop's own thread between two
ticks.
``stacks`` tell what the loop's thread did when it was late, as seen by a second thread.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

_TICK_SECONDS = 0.002
_SUSPICIOUS_SECONDS = 0.02
_STACK_DEPTH = 14
_MOST_STACKS = 20


class LoopProbe:
    """Ticks on the loop it is started on."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._ticked = time.perf_counter()
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._late = 0.0
        self._own = 0.0
        self._loop = 0.0
        self._ticks = 0
        self._stacks: list[list[str]] = []

    def result(self) -> dict[str, Any]:
        """What was seen since the last reset."""
        return {"late": self._late, "own": self._own, "loop": self._loop, "ticks": self._ticks, "stacks": self._stacks}

    async def tick(self) -> None:
        """Sleep and see how late it is, for ever."""
        while True:
            begin, process, thread = time.perf_counter(), time.process_time(), time.thread_time()
            await asyncio.sleep(_TICK_SECONDS)
            self._ticked = now = time.perf_counter()
            late = now - begin - _TICK_SECONDS
            self._late = max(self._late, late)
            self._own = max(self._own, min(late, time.process_time() - process))
            self._loop = max(self._loop, time.thread_time() - thread)
            self._ticks += 1

    def watch(self) -> None:
        """Look at the loop's thread whenever it is overdue, for ever."""
        seen = 0.0
        while True:
            time.sleep(_SUSPICIOUS_SECONDS / 4)
            overdue = time.perf_counter() - self._ticked > _SUSPICIOUS_SECONDS
            if overdue and seen != self._ticked and len(self._stacks) < _MOST_STACKS:
                seen = self._ticked
                frame = sys._current_frames().get(self._thread)
                lines = traceback.extract_stack(frame)[-_STACK_DEPTH:]
                self._stacks.append([f"{line.filename}:{line.lineno} {line.name}" for line in lines])


class ProbeHandler(APIHandler):
    """``GET loop-probe``."""

    @web.authenticated
    async def get(self) -> None:
        probe: LoopProbe = self.settings["loop_probe"]
        self.finish(probe.result())
        probe.reset()


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "benchmarks.loop_probe"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    settings = serverapp.web_app.settings
    serverapp.web_app.add_handlers(".*$", [(url_path_join(settings["base_url"], "loop-probe"), ProbeHandler)])

    async def start() -> None:
        probe = settings["loop_probe"] = LoopProbe()
        settings["loop_probe_task"] = asyncio.get_running_loop().create_task(probe.tick())
        threading.Thread(target=probe.watch, daemon=True).start()

    serverapp.io_loop.add_callback(start)
