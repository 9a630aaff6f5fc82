"""Which packages do the channels and the Python package index offer?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from pathlib import Path

import msgspec

from ..changes import environment_channels
from ..config import Settings
from ..errors import EnvManagerError
from ..models import PackageHit, PackageHits, PackageInfo
from ..previews import Previewer
from ..pypi import PypiSettings
from ..pypi.index import info, lookup


class Catalogue:
    """Asks the channels of an environment, or the configured ones where none is named.

    Parameters
    ----------
    settings:
        conda's configuration, as it is now; blocks.
    prefix:
        Where an environment is, by id; raises NotFound.
    pypi:
        How the Python package index is reached.
    """

    def __init__(
        self,
        previewer: Previewer,
        *,
        settings: Callable[[], Settings],
        prefix: Callable[[str], Awaitable[Path]],
        pypi: Callable[[Settings], PypiSettings],
    ) -> None:
        self._previewer = previewer
        self._settings = settings
        self._prefix = prefix
        self._pypi = pypi

    async def search(
        self, query: str, limit: int, *, environment: str | None = None, pypi: bool = False
    ) -> PackageHits:
        """Packages of the channels whose name contains ``query``, best first.

        Parameters
        ----------
        environment:
            The environment whose channels are searched; the configured ones for None.
        pypi:
            Look the name up in the Python package index, too: it can be asked for whole names only.
        """
        settings, names = await self._channels_of(environment)
        channels = await self._previewer.channels(settings, names)
        if not pypi:
            return await channels.search(query, limit)
        found, hit = await asyncio.gather(channels.search(query, limit), self._lookup(query, settings))
        return found if hit is None else msgspec.structs.replace(found, packages=[*found.packages, hit])

    async def info(self, name: str, *, environment: str | None = None, manager: str = "conda") -> PackageInfo:
        """Versions and builds of one package, of conda's channels or of the Python package index."""
        settings, names = await self._channels_of(environment)
        if manager == "pypi":
            return await info(name, self._pypi(settings))
        return await (await self._previewer.channels(settings, names)).info(name)

    async def on_channels(self, names: Collection[str], environment: str | None) -> frozenset[str]:
        """Those of some names that a channel has."""
        settings, channels = await self._channels_of(environment)
        return await (await self._previewer.channels(settings, channels)).having(names)

    async def on_index(self, name: str, environment: str | None) -> bool:
        """Whether the Python package index has a package of this name."""
        settings, _ = await self._channels_of(environment)
        return await lookup(name, self._pypi(settings)) is not None

    async def _lookup(self, query: str, settings: Settings) -> PackageHit | None:
        # The channels' answer counts without the index, which a cluster's node may not reach at all.
        with suppress(EnvManagerError):
            return await lookup(query, self._pypi(settings))
        return None

    async def _channels_of(self, environment: str | None) -> tuple[Settings, list[str] | None]:
        settings = await asyncio.to_thread(self._settings)
        if environment is None:
            return settings, None
        return settings, await asyncio.to_thread(environment_channels, await self._prefix(environment))
