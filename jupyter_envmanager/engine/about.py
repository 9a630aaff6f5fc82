"""What a package says of itself: summary and home page, read from inside its archive."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import msgspec
from rattler import Client, RepoDataRecord
from rattler.package_streaming import PackageArchive

# Nobody waits longer for a sentence.
SECONDS = 1.5
# For servers that cannot send a part of a file: only what is small is fetched as a whole.
_MOST_BYTES = 2_000_000
_KEPT = 500


class About(msgspec.Struct, frozen=True):
    """Summary and home page of a package, as far as they are known."""

    summary: str | None = None
    home: str | None = None


class Abouts:
    """Reads them, and remembers the last few hundred.

    Parameters
    ----------
    client:
        How to reach the channels.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: OrderedDict[str, About] = OrderedDict()

    def known(self, name: str) -> About:
        """What was read before, of any version."""
        return self._known.get(name, About())

    async def read(self, record: RepoDataRecord) -> About:
        """What the archive of this build says; nothing when it does not answer soon."""
        name = record.name.normalized
        if name not in self._known:
            try:
                self._known[name] = await asyncio.wait_for(self._from_archive(record.url), SECONDS)
            except Exception:  # a sentence less; whatever it was, an installation would say it
                return About()
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return self._known[name]

    async def _from_archive(self, url: str) -> About:
        archive = await PackageArchive.from_url(self._client, url, max_spool_size=_MOST_BYTES)
        about = await archive.about_json()
        return About(summary=about.summary or None, home=next((str(home) for home in about.home), None))
