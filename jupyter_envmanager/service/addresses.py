"""Which addresses a site lets files be fetched from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from ..errors import Invalid, NotAllowed
from ..redaction import excerpt, redact

_PORTS = {"https": 443, "http": 80}
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
# Enough for whatever was encoded by one tool after the other.
_MOST_ENCODINGS = 5
# Longer ones are no file's, and take their time to look at.
_MOST_LETTERS = 2_000


class _Place(NamedTuple):
    scheme: str
    host: str
    port: int
    parts: tuple[str, ...]


def check_address(url: str, allowed: Sequence[str]) -> str:
    """The address to fetch: as it was given, without what stands behind ``#``.

    Parameters
    ----------
    url:
        What somebody typed, or a server redirects to.
    allowed:
        Beginnings of addresses. Scheme, host and port have to be the same, and the path has to be theirs or below it.
        Without encryption only this machine is reached, where one of these says so.

    Raises
    ------
    Invalid
        It is no address, or one that means another place than it seems to.
    NotAllowed
        It does not begin like one of those.
    """
    if len(url) > _MOST_LETTERS:
        raise Invalid(
            f"The address has more than {_MOST_LETTERS:,} letters.",
            hint="Copy it from the browser; it begins with “https://”.",
            field="url",
        )
    text = url.strip()
    place = _place(text)
    if place is None:
        raise Invalid(
            f"“{excerpt(text)}” is not an address that a file can be fetched from.",
            hint="Copy it from the browser; it begins with “https://” and holds no password.",
            field="url",
        )
    if not any(_below(place, there) for one in allowed if (there := _place(one)) is not None):
        raise NotAllowed(
            f"Files may not be fetched from {place.host}{'/' if place.parts else ''}{'/'.join(place.parts[:-1])}.",
            hint=f"This site allows {', '.join(redact(one) for one in allowed)}. Or upload the file."
            if allowed
            else "Upload the file.",
            field="url",
        )
    return urlsplit(text)._replace(fragment="").geturl()


def _place(url: str) -> _Place | None:
    """What an address means; None for one that is not plain."""
    # A browser takes “\\” for “/”, and Python drops tabs and line breaks.
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if "@" in parts.netloc or not host or not (parts.scheme == "https" or _is_loopback(parts, host)):
        return None
    segments = [_decoded(segment) for segment in parts.path.split("/")]
    if any(segment is None or segment in (".", "..") for segment in segments):
        return None
    return _Place(parts.scheme, host, port or _PORTS[parts.scheme], tuple(segment for segment in segments if segment))


def _is_loopback(parts: SplitResult, host: str) -> bool:
    return parts.scheme == "http" and _LOOPBACK.fullmatch(host) is not None


def _decoded(segment: str) -> str | None:
    """A part of a path; None where more parts, or none that can be written, are hidden in it."""
    text = segment
    for _ in range(_MOST_ENCODINGS):
        if (plain := unquote(text)) == text:
            return None if set("/\\") & set(text) or not text.isprintable() else text
        text = plain
    return None


def _below(place: _Place, allowed: _Place) -> bool:
    return place[:3] == allowed[:3] and place.parts[: len(allowed.parts)] == allowed.parts
