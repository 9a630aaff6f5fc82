"""What environments can be made for, remembered: a preview need not ask the driver each time."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable

from ..gpu.target import find_target
from ..models import GpuReport, GpuTarget

# A driver does not come and go with a keystroke; a job that gets its GPU is noticed soon.
_SECONDS = 60.0


class RecentTargets:
    """The targets of the last minute.

    Parameters
    ----------
    report:
        Asks the driver.
    """

    def __init__(self, report: Callable[[], Awaitable[GpuReport]]) -> None:
        self._report = report
        self._known: tuple[float, str | None, list[GpuTarget]] = (float("-inf"), None, [])

    async def all(self) -> list[GpuTarget]:
        """What environments can be made for, this machine first."""
        when, override, targets = self._known
        now = os.environ.get("CONDA_OVERRIDE_CUDA")
        if time.monotonic() - when > _SECONDS or override != now:
            targets = (await self._report()).targets
            self._known = (time.monotonic(), now, targets)
        return targets

    async def find(self, name: str | None) -> GpuTarget:
        """The target that a request names; this machine for None; raises Invalid."""
        return find_target(name, await self.all())

    def refresh(self) -> None:
        """Ask the driver again next time."""
        self._known = (float("-inf"), None, [])
