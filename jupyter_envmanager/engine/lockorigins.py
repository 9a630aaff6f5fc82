"""May packages be taken from where a lock says?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..config import Settings
from ..errors import EnvManagerError, Invalid, NotAllowed
from ..redaction import redact
from .client import clean_url
from .locked import at, refuse

# A preview asks every channel of a lock; people who have chosen so many are unheard of.
MOST_CHANNELS = 20


def check(
    objects: Sequence[Mapping[str, Any]],
    lines: Mapping[str, int],
    settings: Settings,
    channels: Sequence[str],
    roots: Sequence[str],
) -> None:
    """Hold the address of every package against the site's rules.

    Parameters
    ----------
    objects:
        Records as `records.to_json` has them.
    lines:
        Where the lock names each package.
    channels:
        Names of those that were configured or asked for: an unencrypted address must be one of theirs.
    roots:
        Folders that packages may be read from.

    Raises
    ------
    NotAllowed, Invalid
        Names the first package of each channel that may not be used; ``problems`` has them all. Or there are more than
        `MOST_CHANNELS` channels.
    """
    first: dict[str, Mapping[str, Any]] = {}
    for entry in objects:
        first.setdefault(str(entry["url"]).rsplit("/", 2)[0], entry)
    if len(first) > MOST_CHANNELS:
        raise Invalid(
            f"The lock takes its packages from {len(first):,} channels; {MOST_CHANNELS} are the most.",
            hint="Check that it is the right file, or write it again with fewer channels.",
            field="source",
        )
    known = _Known(settings, channels)
    refuse(
        type(error)(
            f"{_where(lines, entry)}{entry['name']}: {error.message}",
            hint=error.hint,
            field="source",
            **{**error.details, **at(lines, str(entry["name"])), "package": str(entry["name"])},
        )
        for channel, entry in first.items()
        for error in _errors(channel, settings, known, roots)
    )


def _where(lines: Mapping[str, int], entry: Mapping[str, Any]) -> str:
    line = lines.get(str(entry["name"]))
    return f"Line {line}: " if line else ""


class _Known:
    """The addresses of channels that somebody has chosen, by scheme and host."""

    def __init__(self, settings: Settings, channels: Sequence[str]) -> None:
        self.urls: list[str] = []
        for name in [*settings.channels, *channels]:
            with suppress(EnvManagerError):
                self.urls += [clean_url(url) for url in settings.channel_urls(name)]
        self.hosts = {(urlsplit(url).scheme, urlsplit(url).netloc) for url in self.urls}


def _errors(channel: str, settings: Settings, known: _Known, roots: Sequence[str]) -> Iterator[EnvManagerError]:
    parts = urlsplit(channel)
    shown = redact(channel)
    try:
        settings.check_channel_allowed(channel)
    except EnvManagerError as error:
        yield error
        return
    if parts.scheme == "file":
        # Somebody who writes a lock could have any folder of this machine read.
        true = Path(os.path.realpath(unquote(parts.path)))
        if channel not in known.urls and not any(true.is_relative_to(os.path.realpath(root)) for root in roots):
            yield NotAllowed(
                f"the folder {shown} is outside the folders that packages may be installed from.",
                hint="Add it to the channels, if you trust it.",
            )
    elif parts.scheme == "http":
        if (parts.scheme, parts.netloc) not in known.hosts:
            yield NotAllowed(
                f"the address {shown} is not encrypted, and belongs to none of your channels.",
                hint="Use https, or add the channel, if you trust it.",
            )
    elif parts.scheme != "https":
        yield Invalid(f"packages cannot be downloaded from {shown}.", hint="Use https.")
