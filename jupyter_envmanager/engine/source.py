"""One channel: its names, its records, and what is known of it without asking.

Everything here runs on the engine's loop (see `aside`), so nothing needs a lock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from rattler import Channel, Gateway, MatchSpec, RepoDataRecord, Subdir
from rattler.exceptions import GatewayError

from ..errors import EnvManagerError
from .failures import translated, unreachable
from .index import IndexedChannel
from .layout import Layout
from .offers import Offer, newest_record, offer
from .withoutnetwork import StoredChannel

# conda's own default for how long an index is believed without asking again.
# https://docs.conda.io/projects/conda/en/latest/user-guide/configuration/settings.html#local-repodata-ttl
BELIEVE_SECONDS = 1200.0
# Enough for a large index over a slow line; rattler itself waits for ever.
ANSWER_SECONDS = 180.0
# How long a channel that failed is left alone while others answer.
_RETRY_SECONDS = 15.0
# So many names at a time: their shards are small, and a channel has other clients.
_CHUNK = 20


class Source:
    """A channel, read in whichever way fits it.

    Parameters
    ----------
    channel:
        It.
    gateway:
        Reads it unless it is large and unsharded.
    layout:
        Knows which.
    subdirs:
        Those that are read, the platform's first.
    stored:
        A gateway that reads what is on disk alone, for a channel that does not answer.
    """

    def __init__(
        self, channel: Channel, gateway: Gateway, layout: Layout, subdirs: list[Subdir], stored: Gateway | None = None
    ) -> None:
        self.channel = channel
        self.url = channel.base_url.rstrip("/")
        self.names: frozenset[str] | None = None
        self.error: EnvManagerError | None = None
        self._gateway = gateway
        self._stored = stored
        self._layout = layout
        self._subdirs = subdirs
        self._index: IndexedChannel | None = None
        # Whether it is read from disk, as it does not answer.
        self.stale = False
        # Whether an index of an earlier server may be used before the channel was asked.
        self._trusting = True
        self._tried = float("-inf")
        self._loading: asyncio.Task[None] | None = None
        self._offers: dict[str, Offer | None] = {}

    @property
    def for_rattler(self) -> Any:
        """What rattler's solver and gateway take for it."""
        return StoredChannel(self) if self.stale else self._index or self.channel

    @property
    def loading(self) -> asyncio.Task[None] | None:
        """The load that is under way, if one is; a task that never raises."""
        return self._loading

    def want(self, *, again: bool = False) -> None:
        """See to it that the names are there and not too old; ``again`` also right after a failure."""
        again = again and self.names is None
        believed = BELIEVE_SECONDS if self.error is None else 0.0 if again else _RETRY_SECONDS
        if self._loading is None and time.monotonic() - self._tried >= believed:
            self._loading = asyncio.get_running_loop().create_task(self._load())

    async def _load(self) -> None:
        self._tried = time.monotonic()
        try:
            with translated(channels=[self.url]):
                self.names = frozenset(await asyncio.wait_for(self._read_names(), ANSWER_SECONDS))
            self.error, self.stale = None, False
            self._trusting = True
        except asyncio.TimeoutError:
            self.error = unreachable("timed out", [self.url])
        except EnvManagerError as error:
            self.error = error
            if error.details.get("hostile"):
                self.names, self._index = None, None
        finally:
            if self.error is not None and self.names is None and not self.error.details.get("hostile"):
                await self._read_stored()
            self._loading = None

    async def _read_stored(self) -> None:
        """The network is gone, perhaps: what an earlier server has left on disk is better than nothing."""
        # rattler fails in its own way where there is nothing.
        with suppress(Exception):
            if self._stored is not None:
                found = await self._stored.names([self.channel], self._subdirs)
                # It may have been refused: rattler keeps what it has fetched all the same.
                await self._layout.check()
                self.names, self.stale = frozenset(name.normalized for name in found), True

    async def _read_names(self) -> Iterable[str]:
        self._gateway.clear_repodata_cache(self.channel)
        if self.names is None and self._trusting and (known := self._layout.known()) is not None:
            self._index = known
            if self._layout.age > BELIEVE_SECONDS:
                # As it was some time ago will do for a search; the next one who comes has it looked at.
                self._tried = float("-inf")
            return known.names()
        found = await self._layout.find()
        names = found.names() if found is not None else await self._read_gateway()
        self._index = found
        self._offers.clear()
        return names

    async def _read_gateway(self) -> list[str]:
        try:
            return await self._gateway_names()
        except GatewayError as error:
            # Python's http.server, for one, does not say what has not changed; rattler takes that for no answer
            # (https://www.rfc-editor.org/rfc/rfc9110.html#section-15.4.5).
            if "304 Not Modified" not in str(error):
                raise
            self._gateway.clear_repodata_cache(self.channel, clear_disk=True)
            return await self._gateway_names()

    async def _gateway_names(self) -> list[str]:
        names = [name.normalized for name in await self._gateway.names([self.channel], self._subdirs)]
        # What was read stays in memory from here on, so it is what a solver gets.
        await self._layout.check()
        return names

    def forget(self) -> None:
        """Ask the channel again before anything else is believed."""
        self._gateway.clear_repodata_cache(self.channel)
        self.names, self.error, self._index, self._trusting = None, None, None, False
        self.stale = False
        self._offers.clear()
        self._tried = float("-inf")

    def slim(self) -> None:
        """Keep only on disk what can be read from there again."""
        self._gateway.clear_repodata_cache(self.channel)
        if self._index is None:
            # The gateway will fetch what is new by then, which nobody has looked at.
            self._tried = float("-inf")

    async def records(self, names: Iterable[str]) -> list[RepoDataRecord]:
        """Every record with one of these names."""
        if self._index is not None:
            return self._index.records(names, [str(subdir) for subdir in self._subdirs])
        return await self._query([MatchSpec(name) for name in names])

    async def _query(self, specs: list[MatchSpec]) -> list[RepoDataRecord]:
        if not specs:
            return []
        if not self.stale or self._stored is None:
            found = await self._gateway.query([self.channel], self._subdirs, specs, recursive=False)
        else:
            try:
                found = await self._stored.query([self.channel], self._subdirs, specs, recursive=False)
            except GatewayError:
                # The true reason is that it does not answer.
                if self.error is not None:
                    raise self.error from None
                raise
        return [record for subdir in found for record in subdir]

    def offer(self, name: str) -> Offer | None:
        """The newest version of a name, if that is known without asking the channel."""
        if self._index is not None and name not in self._offers:
            found = self._index.offers(name)
            if len(found) == 1:
                return found[0]
        return self._offers.get(name)

    def knows(self, name: str) -> bool:
        """Whether `learn` could find out no more."""
        return name in self._offers or self.offer(name) is not None

    async def learn(self, name: str) -> None:
        """Find out the newest version of a name, so that `offer` knows it."""
        newest = newest_record(await self.records([name]))
        self._offers[name] = offer(newest) if newest is not None else None

    async def newer(self, installed: Mapping[str, str]) -> dict[str, str]:
        """The newest version of each name (with its installed version) that has a newer one."""
        found: dict[str, RepoDataRecord] = {}
        names = list(installed)
        for start in range(0, len(names), _CHUNK):
            chunk = names[start : start + _CHUNK]
            for record in await self._newer(chunk, installed):
                name = record.name.normalized
                if name not in found or record.version > found[name].version:
                    found[name] = record
            # Whoever types meanwhile has the right of way.
            await asyncio.sleep(0)
        return {name: str(record.version) for name, record in found.items()}

    async def _newer(self, names: list[str], installed: Mapping[str, str]) -> list[RepoDataRecord]:
        specs = {}
        for name in names:
            # A version that rattler cannot read is not compared.
            with suppress(Exception):
                specs[name] = MatchSpec(f"{name} >{installed[name]}")
        if self._index is None:
            return await self._query(list(specs.values()))
        found = []
        for name, spec in specs.items():
            found += [record for record in await self.records([name]) if spec.matches(record)]
            await asyncio.sleep(0)
        return found
