"""Where has each conda package of a prefix come from?"""

from __future__ import annotations

from pathlib import Path

import msgspec

from .condameta import is_record
from .plainfile import read_plain


class Origin(msgspec.Struct, frozen=True):
    """The part of a record that says it; ``channel`` and ``url`` may hold credentials, and may be empty."""

    name: str
    channel: str | None = None
    url: str | None = None
    subdir: str | None = None

    @property
    def base(self) -> str:
        """The channel: an address where that is known, else a name; empty where nothing is."""
        if self.url and "://" in self.url:
            return self.url.rsplit("/", 2)[0]
        known = (self.channel or "").rstrip("/")
        return known.removesuffix(f"/{self.subdir}") if known != "<unknown>" else ""


_decode = msgspec.json.Decoder(Origin).decode


def origins(prefix: Path) -> dict[str, Origin]:
    """The origins of the packages of a prefix, by name; records that cannot be read are left out. Blocks."""
    found = {}
    for file in sorted((prefix / "conda-meta").glob("*.json")):
        if is_record(file.name):
            try:
                origin = _decode(read_plain(file))
            except (OSError, msgspec.DecodeError, UnicodeDecodeError):
                continue
            found[origin.name] = origin
    return found
