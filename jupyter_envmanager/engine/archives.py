"""Which files a package will bring, before it has been downloaded: its list of files, read from inside the archive."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rattler import Client, RepoDataRecord
from rattler.package_streaming import PackageArchive

from .client import Network, client

# A preview waits no longer than this for all of them.
SECONDS = 4.0
_AT_ONCE = 16
# For servers that cannot send a part of a file: only what is small is fetched as a whole.
_MOST_BYTES = 500_000


async def listed_files(records: Sequence[RepoDataRecord], reach: Network) -> dict[str, list[str]]:
    """The paths in each of these packages, by the name of the package.

    A package whose server does not tell it soon, or not without sending all of a large file, is left out: whoever asks
    can guess, and will see when it is there.
    """
    if not records:
        return {}
    told: dict[str, list[str]] = {}
    server = await asyncio.to_thread(client, reach)
    free = asyncio.Semaphore(_AT_ONCE)

    async def read(record: RepoDataRecord) -> None:
        async with free:
            told[record.name.normalized] = await _paths(server, record.url)

    tasks = [asyncio.ensure_future(read(record)) for record in records]
    _, late = await asyncio.wait(tasks, timeout=SECONDS)
    for task in late:
        task.cancel()
    # What became of each is in ``told``; an installation would say why one could not be read.
    await asyncio.gather(*tasks, return_exceptions=True)
    return told


async def _paths(server: Client, url: str) -> list[str]:
    archive = await PackageArchive.from_url(server, url, max_spool_size=_MOST_BYTES)
    listed = await archive.paths_json()
    return [str(entry.relative_path) for entry in listed.paths]
