"""An index that only some packages come from, in the form that uv's commands know: a folder that has these alone.

uv can pin packages to an index in a project's ``pyproject.toml`` only, and there not those that others need
(https://docs.astral.sh/uv/concepts/indexes/). So what the index says of them is laid into a folder, which is asked
before all other indexes; the files themselves stay where they are.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import os
import threading
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from ..errors import ChannelUnreachable
from ..redaction import redact
from .failures import host
from .index import page_of
from .simplepage import Page
from .state import OwnIndex, PypiSettings

# Storage services say 403 for what they do not have.
_ABSENT = (403, 404, 410)


async def folders(own: OwnIndex, settings: PypiSettings) -> AsyncIterator[tuple[str, str]]:
    """Addresses that have any of the packages, each with the URL of its folder.

    A package that an address does not have is empty there: from elsewhere it would not fit to the others.

    Raises
    ------
    ChannelUnreachable
        An address does not answer, or none has any of the packages.
    """
    found = False
    for address in own.addresses:
        pages = await asyncio.gather(*(page_of(address, name, settings, absent=_ABSENT) for name in own.only))
        if any(pages):
            found = True
            # The same folder for the same address: uv keeps what it reads of an index by its URL.
            name = hashlib.sha256(redact(address).encode()).hexdigest()[:16]
            folder = Path(settings.cache) / "own" / name
            await asyncio.to_thread(_write, folder, zip(own.only, pages, strict=True))
            yield address, folder.as_uri()
    if not found:
        raise ChannelUnreachable(
            f"The package index {host(own.addresses[0])} has none of {', '.join(own.only)}.",
            hint="Check the address of PyTorch's index in the site's settings.",
            field="pypi",
        )


def _write(folder: Path, pages: Iterable[tuple[str, Page | None]]) -> None:
    for name, page in pages:
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        # Another preview may read there.
        partial = place / f".{os.getpid()}-{threading.get_ident()}"
        partial.write_text(_text(page), encoding="utf-8")
        partial.replace(place / "index.html")


def _text(page: Page | None) -> str:
    """The page as HTML with full addresses (https://packaging.python.org/en/latest/specifications/simple-repository-api/)."""
    rows = []
    for file in page.files if page else []:
        url = html.escape(file.url) + (f"#sha256={file.sha256}" if file.sha256 else "")
        more = ' data-core-metadata="true"' if file.metadata else ""
        more += f' data-requires-python="{html.escape(file.python)}"' if file.python else ""
        rows.append(f'<a href="{url}"{more}>{html.escape(file.filename)}</a>')
    return "\n".join(["<!DOCTYPE html>", "<html><body>", *rows, "</body></html>", ""])
