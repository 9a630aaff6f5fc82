"""What the channels offer: names, search, versions.

One gateway for each set of channels; it keeps the index in rattler's memory and on disk, fetches shards where a channel
has them (https://github.com/conda/ceps/blob/main/cep-0016.md), and coalesces concurrent requests.
"""

from __future__ import annotations

import asyncio
import difflib
import time
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import TypeVar

from rattler import Channel, Gateway, MatchSpec, RepoDataRecord, SourceConfig, Subdir

from ..errors import NotFound
from ..models import PackageBuild, PackageHit, PackageHits, PackageInfo
from .client import Network, client, rattler_channels
from .failures import translated, unreachable

# conda's own default for how long an index is believed without asking again.
# https://docs.conda.io/projects/conda/en/latest/user-guide/configuration/settings.html#local-repodata-ttl
BELIEVE_SECONDS = 1200.0
# Enough for a large index over a slow line; rattler itself waits for ever.
ANSWER_SECONDS = 180.0

T = TypeVar("T")


class Channels:
    """The channels of one `Network`.

    Parameters
    ----------
    reach:
        How to reach them.
    cache:
        Folder for repodata.
    """

    def __init__(self, reach: Network, cache: Path) -> None:
        self.reach = reach
        self.channels: list[Channel] = rattler_channels(reach)
        self.platforms = [Subdir.current(), Subdir("noarch")]
        cache.mkdir(parents=True, exist_ok=True)
        action: str = "force-cache-only" if reach.offline else "cache-or-fetch"
        self.gateway = Gateway(
            cache_dir=cache,
            default_config=SourceConfig(cache_action=action),  # type: ignore[arg-type]
            client=client(reach),
        )
        self._names: list[str] | None = None
        self._asked = 0.0
        self._asking = asyncio.Lock()

    async def names(self) -> list[str]:
        """All package names, sorted.

        Raises
        ------
        ChannelUnreachable
            A channel does not answer.
        """
        async with self._asking:
            if self._names is None or time.monotonic() - self._asked > BELIEVE_SECONDS:
                self._forget()
                found = await self.in_time(self.gateway.names(self.channels, self.platforms))
                self._names = sorted({name.normalized for name in found})
                self._asked = time.monotonic()
            return self._names

    async def in_time(self, answer: Awaitable[T]) -> T:
        """The engine's answer, with its errors as ours; a channel that says nothing for long is unreachable."""
        with translated(channels=self.reach.channels):
            try:
                return await asyncio.wait_for(answer, ANSWER_SECONDS)
            except asyncio.TimeoutError as error:
                raise unreachable("timed out", self.reach.channels) from error

    def _forget(self) -> None:
        for channel in self.channels:
            self.gateway.clear_repodata_cache(channel)

    def refresh(self) -> None:
        """Believe nothing that was read before."""
        self._forget()
        self._names = None

    async def search(self, query: str, limit: int) -> PackageHits:
        """Names that contain ``query``: exact first, then those that start with it, then the rest.

        Versions are looked up for the first five, as that costs a shard each.
        """
        wanted = query.strip().lower()
        matches = [name for name in await self.names() if wanted in name]
        matches.sort(key=lambda name: (name != wanted, not name.startswith(wanted), len(name), name))
        shown = matches[: max(0, limit)]
        newest = await self._newest(shown[:5])
        hits = [
            PackageHit(name=name, version=newest[name][0], channel=newest[name][1])
            if name in newest
            else PackageHit(name=name)
            for name in shown
        ]
        return PackageHits(packages=hits, total=len(matches))

    async def _newest(self, names: Sequence[str]) -> dict[str, tuple[str, str]]:
        if not names:
            return {}
        best: dict[str, RepoDataRecord] = {}
        for record in await self.records(names):
            name = record.name.normalized
            if name not in best or record.version > best[name].version:
                best[name] = record
        return {name: (str(record.version), channel_name(record)) for name, record in best.items()}

    async def records(self, names: Sequence[str]) -> list[RepoDataRecord]:
        """Every record with one of these names, over all channels."""
        found = await self.in_time(
            self.gateway.query(self.channels, self.platforms, [MatchSpec(name) for name in names], recursive=False)
        )
        return [record for channel in found for record in channel]

    async def info(self, name: str) -> PackageInfo:
        """Versions and builds of one package, newest first.

        Raises
        ------
        NotFound
            No channel has it; the hint names the nearest ones.
        """
        known = await self.names()
        if name not in known:
            raise NotFound(f"No channel has a package “{name}”.", hint=await self.suggestion(name), field="specs")
        records = sorted(
            await self.records([name]), key=lambda r: (r.version, r.build_number, r.timestamp), reverse=True
        )
        builds = [
            PackageBuild(
                version=str(record.version),
                build=str(record.build),
                channel=channel_name(record),
                size=record.size,
                timestamp=record.timestamp.timestamp() if record.timestamp else None,
                depends=list(record.depends),
            )
            for record in records
        ]
        versions = list(dict.fromkeys(build.version for build in builds))
        license_ = next((record.license for record in records if record.license), None)
        return PackageInfo(name=name, versions=versions, builds=builds, license=license_)

    async def suggestion(self, name: str) -> str:
        """A hint with the names nearest to one that does not exist."""
        names = await self.names()
        wanted = name.lower()
        longer = sorted((known for known in names if wanted and known.startswith(wanted)), key=len)
        alike = await asyncio.to_thread(difflib.get_close_matches, wanted, names, 3, 0.7)
        if near := list(dict.fromkeys([*alike, *longer]))[:3]:
            return f"Did you mean {', '.join(near)}?"
        return "Check the spelling, or add the channel that has it."


def channel_name(record: RepoDataRecord) -> str:
    """A record's channel as people write it: the last part of its URL."""
    return (record.channel or "").rstrip("/").rsplit("/", 1)[-1]
