"""Would the index of a channel cost whoever solves with it their life?

rattler descends into the parentheses of a match spec, so that some thousand of them in one that a package needs end the
whole process. Nobody writes more than a few.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import ChannelUnreachable
from .client import clean_url

MOST_PARENTHESES = 200
# How JSON can write a parenthesis, too; who makes an index does not.
_ESCAPED = b"\\u0028"
# So much at a time: a long search would hold up all other threads.
_WINDOW = 1 << 20


def refused(channel: str) -> ChannelUnreachable:
    """The error for such a channel."""
    return ChannelUnreachable(
        f"The channel {clean_url(channel)} cannot be used: a package in it asks for others with more than"
        f" {MOST_PARENTHESES} parentheses, which no solver can read.",
        hint="Choose other channels, and tell who runs it.",
        field="channels",
        hostile=True,
    )


def any_deep(files: Iterable[Path]) -> bool:
    """Whether one of these ``repodata.json`` is `deep`. Blocking."""
    return any(deep(file.read_bytes()) for file in files)


def deep(data: bytes) -> bool:
    """Whether a text of a JSON document has more opening parentheses than a match spec ever needs. Blocking."""
    found, end = 0, 0
    place = _find(data, b"(", 0)
    while place >= 0:
        if place >= end:
            found, end = 0, _end_of_text(data, place)
        found += 1
        if found > MOST_PARENTHESES:
            return True
        place = _find(data, b"(", place + 1)
    return _find(data, _ESCAPED, 0) >= 0


def _end_of_text(data: bytes, inside: int) -> int:
    """Where the text ends that a place is in: at a quotation mark with no odd number of backslashes before it."""
    place = data.find(b'"', inside)
    while place >= 0:
        before = place
        while data[before - 1] == ord("\\"):
            before -= 1
        if (place - before) % 2 == 0:
            return place
        place = data.find(b'"', place + 1)
    return len(data)


def _find(data: bytes, what: bytes, start: int) -> int:
    for begin in range(start, len(data), _WINDOW):
        if (found := data.find(what, begin, begin + _WINDOW + len(what) - 1)) >= 0:
            return found
    return -1
