"""One file from an address that a site allows, without blocking the event loop."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request

from ..errors import ChannelUnreachable, EnvManagerError, Invalid, NotAllowed, NotFound
from ..models import FileText
from ..pypi import PypiSettings
from ..pypi.download import opener
from ..specfiles import decode
from .addresses import check_address
from .hangup import Hangup

LARGEST = 10_000_000
# Seconds: between two bytes, and for all of it.
_SILENCE = 10.0
_TIME_LIMIT = 30.0
_CHUNK = 65_536
_MOST_REDIRECTS = 5
_RAW = "Take the address of the file itself; on GitHub it is behind “Raw”."


class _NoRedirects(HTTPRedirectHandler):
    """Where a server leads to is looked at before anybody goes there."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


async def fetch(url: str, allowed: Sequence[str], settings: PypiSettings) -> FileText:
    """The file at ``url``.

    Parameters
    ----------
    allowed:
        Beginnings of the addresses that it, and all that it leads to, may have; see `check_address`.
    settings:
        Proxies, certificates, and whether anything may be fetched at all.

    Raises
    ------
    Invalid
        It is no address, or what is there is no file that can be read.
    NotAllowed, NotFound, ChannelUnreachable
    """
    address = check_address(url, allowed)
    host = urlsplit(address).hostname or ""
    if settings.offline:
        raise _unreachable(host, "conda's configuration says offline")
    lines = Hangup(settings, time.monotonic() + _TIME_LIMIT)
    try:
        content, found = await asyncio.wait_for(
            asyncio.to_thread(_follow, address, lambda to: check_address(to, allowed), settings, lines), _TIME_LIMIT
        )
    except asyncio.TimeoutError as error:
        raise _unreachable(host, "it did not answer in time") from error
    finally:
        lines.cut()
    return FileText(content=decode(content), filename=unquote(urlsplit(found).path.rpartition("/")[2]))


def _follow(url: str, check: Callable[[str], str], settings: PypiSettings, lines: Hangup) -> tuple[bytes, str]:
    """Content and address of the file, redirects followed."""
    opening = opener(settings, _NoRedirects(), lines)
    for _ in range(_MOST_REDIRECTS + 1):
        content, target = _get(opening, url)
        if target is None:
            return content, url
        url = check(urljoin(url, target))
    raise _unreachable(urlsplit(url).hostname or "", "it leads from one address to the next without end")


def _get(opening: OpenerDirector, url: str) -> tuple[bytes, str | None]:
    """The content, or where it has gone to."""
    host = urlsplit(url).hostname or ""
    try:
        with opening.open(Request(url, headers={"Accept": "text/plain, */*;q=0.5"}), timeout=_SILENCE) as answer:
            content = _read(answer, host)
            _check_text(content, answer.headers.get_content_type())
            return content, None
    except HTTPError as error:
        error.close()
        target = error.headers.get("Location")
        if error.code in (301, 302, 303, 307, 308) and target:
            return b"", target
        raise _refused(host, error.code) from error
    except URLError as error:
        raise _unreachable(host, _reason(str(error.reason))) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(host, _reason(str(error))) from error


def _read(answer: http.client.HTTPResponse, host: str) -> bytes:
    content = bytearray()
    while piece := answer.read1(_CHUNK):
        content += piece
        if len(content) > LARGEST:
            raise Invalid(
                f"The file is larger than {LARGEST // 1_000_000} MB.",
                hint="Check that it is the right one.",
                field="url",
            )
    announced = answer.headers.get("Content-Length", "")
    if announced.isdigit() and len(content) < int(announced):
        raise _unreachable(host, "the download broke off")
    return bytes(content)


def _check_text(content: bytes, kind: str) -> None:
    begin = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if kind in ("text/html", "application/xhtml+xml") or begin.startswith((b"<!doctype html", b"<html")):
        raise Invalid("At this address there is a web page, not a file.", hint=_RAW, field="url")


def _refused(host: str, status: int) -> EnvManagerError:
    if status in (404, 410):
        return NotFound(f"{host} has no file at this address.", hint="Check the address.", field="url")
    if status in (401, 403, 407):
        hint = "Download it yourself, and upload it here."
        return NotAllowed(f"{host} does not give this file to everybody.", hint=hint, field="url")
    return _unreachable(host, f"it answered HTTP {status}")


def _reason(said: str) -> str:
    lowered = said.lower()
    if "certificate" in lowered:
        return "its certificate is not trusted here (conda's ssl_verify setting can name the right authority)"
    if "not known" in lowered or "name resolution" in lowered or "nodename" in lowered:
        return "its host name is not known here"
    if "refused" in lowered:
        return "nothing answers there"
    return "it did not answer in time" if "timed out" in lowered else "its answer could not be read"


def _unreachable(host: str, reason: str) -> ChannelUnreachable:
    return ChannelUnreachable(
        f"The file could not be fetched from {host}: {reason}.",
        hint="Try again later, or download it yourself and upload it here.",
        field="url",
    )
