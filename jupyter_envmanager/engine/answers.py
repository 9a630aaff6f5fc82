"""Is there a file at an address? Its first bytes say so: servers refuse HEAD for reasons of their own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rattler import Client
from rattler.package_streaming import download_to_writer

OK, NOT_FOUND = 200, 404
# rattler raises RuntimeError with the status in its text.
_REFUSED = re.compile(r"\berror \((\d{3})\b")
_AT_ONCE = 16


class _FirstBytes(Exception):
    """Enough was seen."""


class _Enough:
    def write(self, data: bytes) -> None:
        raise _FirstBytes


async def status(server: Client, url: str) -> int | None:
    """The HTTP status that an address answers with; None where nothing does."""
    if url.startswith("file:"):
        there = await asyncio.to_thread(Path(unquote(urlsplit(url).path)).is_file)
        return OK if there else NOT_FOUND
    try:
        await download_to_writer(server, url, _Enough())
    except _FirstBytes:
        return OK
    except Exception as error:
        found = _REFUSED.search(str(error))
        return int(found[1]) if found else None
    # Nothing came: a redirect to where rattler does not go, say.
    return None


async def statuses(server: Client, urls: Sequence[str], seconds: float) -> dict[str, int]:
    """The HTTP status of each address, without those that have not answered in time."""
    free = asyncio.Semaphore(_AT_ONCE)
    told: dict[str, int] = {}

    async def ask(url: str) -> None:
        async with free:
            if (answer := await status(server, url)) is not None:
                told[url] = answer

    tasks = [asyncio.ensure_future(ask(url)) for url in urls]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return told
