"""The folder picker."""

from __future__ import annotations

from .wire import Wire


class Folder(Wire, frozen=True, kw_only=True):
    """A folder in the folder picker."""

    name: str
    path: str
    writable: bool
    environment: bool


class FolderListing(Wire, frozen=True, kw_only=True):
    """A folder's sub-folders, for the picker; ``parent`` is null at an allowed root."""

    path: str
    parent: str | None
    roots: list[str]
    writable: bool
    free: int | None
    free_files: int | None
    folders: list[Folder]
