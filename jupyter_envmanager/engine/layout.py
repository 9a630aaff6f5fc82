"""How a channel is read: through rattler's gateway, or, where that would map all of a large index, from our own.

The gateway is right for sharded channels (https://github.com/conda/ceps/blob/main/cep-0016.md) and for small ones.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import msgspec
from rattler import Channel, Client

from ..ownmodules import command
from .answers import status
from .client import Network
from .index import IndexedChannel
from .indexing import DEEP, LARGE_BYTES, Task, index_path, stored_repodata
from .nesting import any_deep, refused

# Whoever is slower than that is asked by the gateway, which has more patience.
_PROBE_SECONDS = 2.0


class Layout:
    """Which way to read one channel.

    Parameters
    ----------
    reach, client:
        How to reach it.
    channel:
        It.
    subdirs:
        Those that are read, the platform's first.
    cache:
        rattler's folder for repodata, and that of our index.
    """

    def __init__(self, reach: Network, client: Client, channel: Channel, subdirs: list[str], cache: Path) -> None:
        self._reach = reach
        self._client = client
        self._channel = channel
        self._url = channel.base_url.rstrip("/")
        self._subdirs = subdirs
        self._cache = cache

    def known(self) -> IndexedChannel | None:
        """The index that is there, without a look at the channel; None where there is none."""
        with suppress(OSError, sqlite3.Error):
            return IndexedChannel(self._channel, index_path(self._cache, self._url))
        return None

    @property
    def age(self) -> float:
        """Seconds since the index was last found to be as new as the channel."""
        with suppress(OSError):
            return time.time() - index_path(self._cache, self._url).stat().st_mtime
        return float("inf")

    async def find(self) -> IndexedChannel | None:
        """The channel's index, made if it needs one and as new as the channel; None where the gateway does as well.

        What is wrong with a channel is not said here: the gateway will say it.
        """
        if await self._is_large() and await self._make_index():
            return self.known()
        return None

    async def check(self) -> None:
        """Look at what the gateway has read of a channel that is not sharded.

        Raises
        ------
        ChannelUnreachable
            Nobody should solve with it.
        """
        stored = await asyncio.to_thread(stored_repodata, self._cache, self._url, self._subdirs)
        if await asyncio.to_thread(any_deep, [one.path for one in stored]):
            raise refused(self._url)

    async def _is_large(self) -> bool:
        """Whether it is, or may be, an unsharded channel with a large index."""
        stored = stored_repodata(self._cache, self._url, self._subdirs)
        large = sum(one.size for one in stored) >= LARGE_BYTES
        if self._reach.offline or self._url.startswith("file:") or (stored and not large):
            return large
        return not await self._is_sharded()

    async def _is_sharded(self) -> bool:
        """Whether it has an index of shards; a channel that does not say is treated as if it had."""
        with suppress(asyncio.TimeoutError):
            answers = [self._has_shards(subdir) for subdir in self._subdirs]
            return any(await asyncio.wait_for(asyncio.gather(*answers), _PROBE_SECONDS))
        return True

    async def _has_shards(self, subdir: str) -> bool:
        answer = await status(self._client, f"{self._url}/{subdir}/repodata_shards.msgpack.zst")
        return answer is None or not 400 <= answer < 500

    async def _make_index(self) -> bool:
        """Let a process of its own look at the channel; False when it could not, ChannelUnreachable as in `check`."""
        task = Task(reach=self._reach, channel=self._url, subdirs=self._subdirs, cache=str(self._cache))
        process = await asyncio.create_subprocess_exec(
            *command("engine.indexing"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            # By this way and not as an argument: it has credentials in it.
            await process.communicate(msgspec.json.encode(task))
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == DEEP:
            raise refused(self._url)
        return process.returncode == 0
