"""How large are the environments whose size nobody knows yet?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from ..environments import EnvironmentReader


class Sizes:
    """Measures one environment after the other, beside everything else: a size costs a walk over all files.

    Parameters
    ----------
    reader:
        Measures, and remembers what it has measured.
    """

    def __init__(self, reader: EnvironmentReader) -> None:
        self._reader = reader
        self._unmeasured: dict[str, str] = {}
        self._measuring: asyncio.Task[None] | None = None
        self._stopped = False
        #: Called with the id of an environment whose size has become known.
        self.measured: Callable[[str], None] = lambda environment: None

    def measure_soon(self, prefixes: Mapping[str, str]) -> None:
        """Measure these prefixes, by the id of their environment, as soon as those before are done."""
        if self._stopped:
            # A listing may have been under way.
            return
        self._unmeasured |= prefixes
        if self._unmeasured and (self._measuring is None or self._measuring.done()):
            self._measuring = asyncio.get_running_loop().create_task(self._measure())

    async def _measure(self) -> None:
        while self._unmeasured:
            environment, prefix = self._unmeasured.popitem()
            size, _ = await asyncio.to_thread(self._reader.measure, Path(prefix))
            await asyncio.to_thread(self._reader.remember_size, Path(prefix), size)
            self.measured(environment)

    async def stop(self) -> None:
        """Measure nothing more, whatever is asked for from now on."""
        self._stopped = True
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.gather(self._measuring, return_exceptions=True)
