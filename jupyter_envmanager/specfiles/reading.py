"""A file's text -> what it asks for, and every problem with its line."""

from __future__ import annotations

from collections.abc import Callable

from ..models import FileContent, FileText, SpecFormat
from . import environmentyml, pyproject, requirementstxt
from .draft import Draft
from .formats import format_of
from .plaintext import clean

LOCKS: tuple[SpecFormat, ...] = ("explicit", "conda-lock", "pixi.lock")
_READERS: dict[SpecFormat, Callable[[str, Draft], None]] = {
    "environment.yml": environmentyml.read,
    "requirements.txt": requirementstxt.read,
    "pyproject.toml": pyproject.read,
}


def read_file(text: FileText, platform: str) -> FileContent:
    """Read a file in any of the formats of `SpecFormat`; never raises for what the file holds.

    Of a lock, nothing is read but its format: that needs the engine.

    Parameters
    ----------
    platform:
        conda's name of the platform that it is read for, e.g. ``linux-64``.
    """
    return read_draft(text, platform).content()


def read_draft(text: FileText, platform: str) -> Draft:
    """As `read_file`, with the line of each item: others have still to look at them."""
    found = text.format or format_of(text.filename, text.content)
    draft = Draft(format=found or "environment.yml", platform=platform)
    if draft.format in LOCKS:
        return draft
    content = clean(text.content, draft)
    if found is None and draft.usable:
        message = "This is not a file that an environment can be made from."
        if not text.content.strip():
            message = "The file is empty."
        hint = (
            "Choose an environment.yml, requirements.txt, pyproject.toml, pixi.lock, conda-lock.yml or explicit list."
        )
        draft.error(0, message, hint)
    elif content is not None:
        _READERS[draft.format](content, draft)
    return draft
