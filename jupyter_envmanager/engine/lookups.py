"""Finding out the versions of search results, in the background and a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from .source import Source

# Enough to hide a channel's delay, few enough to leave its connections to others.
_AT_ONCE = 4


class Lookups:
    """Looks up what the latest search showed: nobody looks at earlier ones.

    What is under way is not given up, however fast somebody types.
    """

    def __init__(self) -> None:
        self._wanted: list[tuple[Source, str]] = []
        self._under_way: set[tuple[Source, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def want(self, names: Sequence[tuple[Source, str]]) -> None:
        """Look these up, and nothing else that has not begun."""
        self._wanted = [one for one in names if one not in self._under_way]
        while len(self._tasks) < min(_AT_ONCE, len(self._wanted) + len(self._under_way)):
            task = asyncio.get_running_loop().create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def wait(self, seconds: float) -> None:
        """Wait until there is nothing left to do, but no longer than this."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    async def _work(self) -> None:
        while self._wanted:
            one = self._wanted.pop(0)
            self._under_way.add(one)
            try:
                source, name = one
                await source.learn(name)
            except Exception:  # a version less in a list; whoever asks for the package hears why
                continue
            finally:
                self._under_way.discard(one)
