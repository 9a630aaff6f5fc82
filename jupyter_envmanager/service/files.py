"""Files that say what an environment is to be made of: what they ask for, and where they are fetched from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .. import sources
from ..config import Settings
from ..errors import NotAllowed
from ..models import FileAddress, FileContent, FileText
from ..pypi import PypiSettings
from ..siteconfig import Site
from .fetching import fetch


class FileService:
    """Reads files for previews.

    Parameters
    ----------
    settings:
        conda's configuration, as it is now; blocks.
    pypi:
        How the Python package index is reached.
    """

    def __init__(
        self, site: Site, *, settings: Callable[[], Settings], pypi: Callable[[Settings], PypiSettings]
    ) -> None:
        self._site = site
        self._settings = settings
        self._pypi = pypi

    async def read(self, text: FileText) -> FileContent:
        """What a file asks for, with every problem and its line; nothing is solved."""
        settings = await asyncio.to_thread(self._settings)
        return await sources.read(text, settings, self._pypi(settings))

    async def fetch(self, address: FileAddress) -> FileText:
        """The file at an address that the site allows.

        Raises
        ------
        NotAllowed, NotFound, Invalid, ChannelUnreachable
        """
        if not self._site.file_urls:
            raise NotAllowed("Files cannot be fetched from addresses here.", hint="Upload the file.", field="url")
        settings = await asyncio.to_thread(self._settings)
        return await fetch(address.url, self._site.file_urls, self._pypi(settings))
