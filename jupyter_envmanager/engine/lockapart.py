"""Read a lock in a process of its own: one that is large, or made for it, would hold up or take down a whole server.

rattler reads in one go, and nothing else runs meanwhile. It descends into brackets until there is no stack left, and a
dozen conditions for a package from PyPI can take it for ever.
"""

from __future__ import annotations

import re
import sys
from functools import partial

import msgspec

from ..apart import Ended, ask_blocking, tell
from ..errors import Invalid

# Somebody waits; the largest of real projects takes two.
_SECONDS = 20.0
_MOST_BYTES = 1_000_000_000
_SMALL, _FEW = 500_000, 1_000
# Conditions come after a semicolon, and a backslash could stand for one, or for a bracket.
_CONDITION = re.compile(r"[;\\]")
_BRACKET = re.compile(r"[(\[{]")


def is_plain(text: str) -> bool:
    """Whether a lock may be read by the server's process."""
    return len(text) <= _SMALL and _CONDITION.search(text) is None and len(_BRACKET.findall(text)) <= _FEW


def read_apart(text: str, platform: str) -> memoryview:
    """What `locked.parse` finds, as JSON. Blocking, though not for others.

    Raises
    ------
    Invalid
        As there, or it takes too long or too much.
    """
    given = text.encode(errors="surrogatepass")
    try:
        return ask_blocking("engine.lockapart", platform, given=given, seconds=_SECONDS)
    except Ended as ended:
        raise Invalid(
            "The lock cannot be read: that takes too long, or too much memory.",
            hint="Write the lock again where it was made, or use an environment.yml.",
            field="source",
        ) from ended


def _told(platform: str) -> bytes:
    from .locked import parse

    return msgspec.json.encode(parse(sys.stdin.buffer.read().decode(errors="surrogatepass"), platform))


if __name__ == "__main__":
    tell(partial(_told, sys.argv[1]), memory=_MOST_BYTES)
