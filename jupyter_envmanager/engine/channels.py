"""What the channels offer, all together: names, search, versions, and the way to them for the solver.

Reading goes through rattler's gateway, which keeps indexes on disk, fetches shards where a channel has them
(https://github.com/conda/ceps/blob/main/cep-0016.md) and coalesces concurrent requests; `layout` says where not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from rattler import Gateway, RepoDataRecord, SourceConfig, Subdir

from ..errors import EnvManagerError, NotFound
from ..models import PackageBuild, PackageHit, PackageHits, PackageInfo, Problem
from .about import Abouts
from .answers import statuses
from .aside import aside
from .client import Network, client, rattler_channels
from .failures import translated, unreachable
from .layout import Layout
from .lookups import Lookups
from .memory import give_back, let_go, resident_bytes
from .names import Names
from .offers import age, channel_label
from .source import ANSWER_SECONDS, Source
from .withoutnetwork import StoredChannel, needs_no_download

# A channel that hangs does not keep the others' names from whoever types.
_PATIENCE_SECONDS = 2.0
# Hits whose versions are looked up; a person sees about so many at once.
_LEARNED = 12
# How long the answer that had to wait for the names anyway waits for versions, too.
_FIRST_SECONDS = 1.0
# What shards in memory may add before they are dropped; they stay on disk.
_KEPT_BYTES = 100_000_000

T = TypeVar("T")


class Channels:
    """The channels of one `Network`.

    Parameters
    ----------
    reach:
        How to reach them.
    cache:
        Folder for repodata.
    pkgs_dirs:
        The package caches: without network, packages come from there alone.
    """

    def __init__(self, reach: Network, cache: Path, pkgs_dirs: Sequence[Path] = ()) -> None:
        self.reach = reach
        self._pkgs_dirs = pkgs_dirs
        self.platforms = [Subdir.current(), Subdir("noarch")]
        cache.mkdir(parents=True, exist_ok=True)
        action: Any = "force-cache-only" if reach.offline else "cache-or-fetch"
        self._client = client(reach)
        self.gateway = Gateway(cache_dir=cache, default_config=SourceConfig(cache_action=action), client=self._client)
        subdirs = [str(subdir) for subdir in self.platforms]
        disk: Any = SourceConfig(cache_action="force-cache-only")
        stored = None if reach.offline else Gateway(cache_dir=cache, default_config=disk, client=self._client)
        self._sources = [
            Source(channel, self.gateway, Layout(reach, self._client, channel, subdirs, cache), self.platforms, stored)
            for channel in rattler_channels(reach)
        ]
        self._abouts = Abouts(self._client)
        self._names: tuple[tuple[frozenset[str] | None, ...], Names] = ((), Names(()))
        self._lookups = Lookups()
        self._resident = resident_bytes()

    @property
    def channels(self) -> list[Any]:
        """What rattler takes for the channels, in order of priority; right inside of `in_time`."""
        return [source.for_rattler for source in self._sources]

    def stored(
        self, wanted: Callable[[RepoDataRecord], bool] = lambda record: True, *, cached: bool = False
    ) -> list[StoredChannel]:
        """The same, with only the records that are ``wanted``; with ``cached``, only what needs no download."""

        def chosen(record: RepoDataRecord) -> bool:
            return wanted(record) and (not cached or needs_no_download(record, self._pkgs_dirs))

        return [StoredChannel(source, chosen) for source in self._sources]

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the channels that were asked."""
        return [source.error.problem() for source in self._sources if source.error is not None]

    @property
    def outdated(self) -> list[Problem]:
        """The channels that do not answer, and are taken as they were."""
        return [
            msgspec.structs.replace(
                source.error.problem(),
                message=f"{source.error.message} It is taken as it was when it was last read.",
                hint="What is in the package cache can be installed; the rest cannot be downloaded now.",
            )
            for source in self._sources
            if source.stale and source.error is not None
        ]

    @property
    def silent(self) -> dict[str, EnvManagerError]:
        """Why channels that were asked cannot be read, by their address."""
        return {source.url: source.error for source in self._sources if source.error and source.names is None}

    def refresh(self) -> None:
        """Believe nothing that was read before."""
        for source in self._sources:
            source.forget()

    async def in_time(self, answer: Coroutine[Any, Any, T]) -> T:
        """The engine's answer, with its errors as ours; a channel that says nothing for long is unreachable.

        It runs beside the server's event loop, after all channels have been looked at.
        """
        return await aside(self._in_time(answer))

    async def _in_time(self, answer: Coroutine[Any, Any, T]) -> T:
        try:
            await self._look()
            for source in self._sources:
                if source.names is None and source.error is not None:
                    raise source.error
            with translated(channels=self.reach.channels):
                return await asyncio.wait_for(answer, ANSWER_SECONDS)
        except asyncio.TimeoutError as error:
            raise unreachable("timed out", self.reach.channels) from error
        finally:
            answer.close()
            give_back()
            self._slim()

    async def _look(self, patience: float | None = None) -> bool:
        """Have the names of all channels read; whether that had to be waited for.

        With ``patience`` (in seconds), wait only for what was never read, and no longer than that once there is
        something to show.
        """
        shown = any(source.names is not None for source in self._sources)
        for source in self._sources:
            source.want(again=patience is None or not shown)
        loads = {
            source.loading: source
            for source in self._sources
            if source.loading is not None and (patience is None or source.names is None)
        }
        waiting = set(loads)
        while waiting:
            seen = any(source.names is not None for source in self._sources)
            done, waiting = await asyncio.wait(
                waiting,
                timeout=patience if patience is not None and seen else None,
                return_when=asyncio.FIRST_COMPLETED if patience is not None else asyncio.ALL_COMPLETED,
            )
            if not done:
                break
        return bool(loads)

    def _slim(self) -> None:
        """Drop shards from memory once they are many: a long session of typing reads a good part of a channel."""
        if resident_bytes() - self._resident > _KEPT_BYTES:
            for source in self._sources:
                source.slim()
            give_back()
            self._resident = resident_bytes()

    # Names

    async def names(self) -> list[str]:
        """All package names, sorted.

        Raises
        ------
        ChannelUnreachable
            No channel answers.
        """
        return await aside(self._all_names())

    async def _all_names(self) -> list[str]:
        await self._look(_PATIENCE_SECONDS)
        return sorted(self._read_names().all)

    async def having(self, names: Collection[str]) -> frozenset[str]:
        """Those of these names that a channel has.

        Raises
        ------
        ChannelUnreachable
            No channel answers.
        """
        return await aside(self._having(names))

    async def _having(self, names: Collection[str]) -> frozenset[str]:
        await self._look(_PATIENCE_SECONDS)
        return self._read_names().all.intersection(names)

    def _read_names(self) -> Names:
        """The names of the channels that answered; raises when none did."""
        sets = tuple(source.names for source in self._sources)
        errors = [source.error for source in self._sources if source.error is not None]
        if all(names is None for names in sets) and self._sources:
            raise errors[0] if errors else unreachable("timed out", self.reach.channels)
        if self._names[0] != sets:
            self._names = sets, Names(frozenset().union(*(names for names in sets if names is not None)))
        return self._names[1]

    def _owner(self, name: str) -> Source | None:
        """The channel a name comes from: the first one that has it."""
        return next((source for source in self._sources if source.names and name in source.names), None)

    async def suggestion(self, name: str) -> str:
        """A hint with the names nearest to one that does not exist."""
        await aside(self._look(_PATIENCE_SECONDS))
        if near := await asyncio.to_thread(self._read_names().near, name):
            return f"Did you mean {', '.join(near)}?"
        return "Check the spelling, or add the channel that has it."

    # Search

    async def search(self, query: str, limit: int) -> PackageHits:
        """Names with ``query`` in them, best first; of each what is known without asking its channel.

        What is not known of the first ones is looked up for the next answer. ``problems`` names the channels that
        did not answer.

        Raises
        ------
        ChannelUnreachable
            No channel answers.
        """
        return await aside(self._search(query, limit))

    async def _search(self, query: str, limit: int) -> PackageHits:
        self._slim()
        waited = await self._look(_PATIENCE_SECONDS)
        matches = self._read_names().matching(query)
        shown = matches[: max(0, limit)]
        self._learn(shown[:_LEARNED])
        if waited:
            await self._lookups.wait(_FIRST_SECONDS)
        return PackageHits(
            packages=[self._hit(name) for name in shown], total=len(matches), problems=self._problems_of_search()
        )

    def _problems_of_search(self) -> list[Problem]:
        silent = [source for source in self._sources if source.names is None and source.error is None]
        return self.problems + [unreachable("timed out", [source.url]).problem() for source in silent]

    def _hit(self, name: str) -> PackageHit:
        source = self._owner(name)
        known = source.offer(name) if source is not None else None
        return PackageHit(
            name=name,
            channel=channel_label(source.url) if source is not None else "",
            version=known.version if known is not None else None,
            size=known.size if known is not None else None,
            license=known.license if known is not None else None,
            summary=self._abouts.known(name).summary,
        )

    def _learn(self, names: Sequence[str]) -> None:
        unknown = [(source, name) for name in names if (source := self._owner(name)) and not source.knows(name)]
        self._lookups.want(unknown)

    # Packages

    async def records(self, names: Sequence[str]) -> list[RepoDataRecord]:
        """Every record with one of these names, over all channels."""
        return await self.in_time(self._records(names))

    async def about(self, names: Sequence[str], read: Callable[[list[RepoDataRecord]], T]) -> T:
        """What ``read`` makes of every record with one of these names; it runs in a thread, and may not keep them all.

        Popular packages have thousands: they never come to the server's event loop, which would stand still while they
        are let go of.
        """
        return await self.in_time(self._about(names, read))

    async def _about(self, names: Sequence[str], read: Callable[[list[RepoDataRecord]], T]) -> T:
        return await asyncio.to_thread(_consumed, await self._records(names), read)

    async def _records(self, names: Sequence[str]) -> list[RepoDataRecord]:
        # An answer becomes Python objects in one go, for which all threads wait: each name for itself.
        answers = (source.records([name]) for source in self._sources for name in names)
        found = await asyncio.gather(*answers)
        return [record for records in found for record in records]

    async def statuses(self, urls: Sequence[str], seconds: float) -> dict[str, int]:
        """What the channels' servers answer for these files; see `answers.statuses`."""
        return await aside(statuses(self._client, urls, seconds))

    async def info(self, name: str) -> PackageInfo:
        """Versions and builds of one package, newest first.

        Raises
        ------
        NotFound
            No channel has it; the hint names the nearest ones.
        ChannelUnreachable
            It may be on a channel that does not answer.
        """
        return await aside(self._info(name))

    async def _info(self, name: str) -> PackageInfo:
        await self._look(_PATIENCE_SECONDS)
        self._read_names()
        if self._owner(name) is None:
            missing = [source.error for source in self._sources if source.names is None and source.error is not None]
            if missing:
                raise missing[0]
            raise NotFound(f"No channel has a package “{name}”.", hint=await self.suggestion(name), field="specs")
        with translated(channels=self.reach.channels):
            having = [source for source in self._sources if source.names and name in source.names]
            found = await asyncio.gather(*(source.records([name]) for source in having))
        records = sorted((record for records in found for record in records), key=age, reverse=True)
        about = await self._abouts.read(records[0])
        builds = [_build(record) for record in records]
        return PackageInfo(
            name=name,
            versions=list(dict.fromkeys(build.version for build in builds)),
            builds=builds,
            license=next((record.license for record in records if record.license), None),
            summary=about.summary,
            home=about.home,
        )

    async def newest(self, installed: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
        """What is newer than what is installed: version and channel by name.

        Each name is looked for on the first channel that has it, and on no other; channels that do not answer are
        left out and named by `problems`.

        Parameters
        ----------
        installed:
            The version, and the channel or build, by name.
        """
        return await aside(self._newest({name: version for name, (version, _) in installed.items()}))

    async def _newest(self, installed: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        await self._look(_PATIENCE_SECONDS)
        found: dict[str, tuple[str, str]] = {}
        for source in self._sources:
            mine = {name: version for name, version in installed.items() if self._owner(name) is source}
            try:
                with translated(channels=[source.url]):
                    newer = await source.newer(mine)
            except EnvManagerError as error:
                source.error = error
                continue
            found |= {name: (version, channel_label(source.url)) for name, version in newer.items()}
        self._slim()
        return found


def _consumed(records: list[RepoDataRecord], read: Callable[[list[RepoDataRecord]], T]) -> T:
    try:
        return read(records)
    finally:
        let_go(records)


def channel_name(record: RepoDataRecord) -> str:
    """A record's channel as people write it: the last part of its URL."""
    return channel_label(record.channel)


def _build(record: RepoDataRecord) -> PackageBuild:
    return PackageBuild(
        version=str(record.version),
        build=str(record.build),
        channel=channel_name(record),
        size=record.size,
        timestamp=record.timestamp.timestamp() if record.timestamp else None,
        depends=list(record.depends),
    )
