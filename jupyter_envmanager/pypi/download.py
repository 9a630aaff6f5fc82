"""One small document from an index, without blocking the event loop."""

from __future__ import annotations

import asyncio
import base64
import http.client
import netrc
import ssl
import zlib
from collections.abc import Collection
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import BaseHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener, getproxies

from ..errors import EnvManagerError
from .failures import unreachable
from .state import PypiSettings

# Seconds: between two bytes, and for all of it.
_SILENCE = 10.0
_TIME_LIMIT = 25.0
# The largest pages of pypi.org have 10 MB.
_MOST_BYTES = 100_000_000


async def fetch(
    url: str, settings: PypiSettings, *, accept: str, absent: Collection[int] = (404, 410)
) -> tuple[bytes, str, str] | None:
    """Body, media type and final URL of a document; None where there is none.

    Parameters
    ----------
    url:
        May hold credentials, which go to no other host.
    absent:
        The answers of HTTP that mean: there is none.

    Raises
    ------
    ChannelUnreachable
        Names the host.
    """
    if settings.offline:
        raise unreachable(f"{url} network was disabled")
    try:
        return await asyncio.wait_for(asyncio.to_thread(_get, url, settings, accept, absent), _TIME_LIMIT)
    except asyncio.TimeoutError as error:
        raise unreachable(f"{url} timed out") from error


def _get(url: str, settings: PypiSettings, accept: str, absent: Collection[int]) -> tuple[bytes, str, str] | None:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    request = Request(parts._replace(netloc=host).geturl(), headers={"Accept": accept, "Accept-Encoding": "gzip"})
    if login := _login(url):
        told = base64.b64encode(":".join(login).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {told}")
    try:
        with opener(settings).open(request, timeout=_SILENCE) as answer:
            body = answer.read(_MOST_BYTES + 1)
            announced = answer.headers.get("Content-Length", "")
            # Told a number of bytes, http.client takes less for the end.
            if announced.isdigit() and len(body) < int(announced):
                raise _failed(request.full_url, "end of file")
            if answer.headers.get("Content-Encoding") == "gzip":
                body = zlib.decompressobj(wbits=31).decompress(body, _MOST_BYTES + 1)
            if len(body) > _MOST_BYTES:
                raise unreachable(f"{request.full_url} is too large")
            return body, answer.headers.get_content_type(), answer.geturl()
    except HTTPError as error:
        error.close()
        if error.code in absent:
            return None
        raise _failed(request.full_url, f"HTTP status server error ({error.code})") from error
    except URLError as error:
        raise _failed(request.full_url, str(error.reason)) from error
    except (OSError, http.client.HTTPException, EOFError, zlib.error, ValueError) as error:
        raise _failed(request.full_url, f"{type(error).__name__} {error}") from error


def _failed(url: str, reason: str) -> EnvManagerError:
    return unreachable(f"{url} {reason}")


def opener(settings: PypiSettings, *more: BaseHandler) -> OpenerDirector:
    """Opens addresses with the proxies and certificates of these settings."""
    proxies = ProxyHandler({**getproxies(), **settings.proxies})
    return build_opener(proxies, HTTPSHandler(context=trust(settings.verify)), *more)


def trust(verify: bool | str) -> ssl.SSLContext:
    """Which certificates are believed."""
    if isinstance(verify, str) and verify != "truststore":
        return ssl.create_default_context(cafile=verify)
    context = ssl.create_default_context()
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _login(url: str) -> tuple[str, str] | None:
    """User and password in the URL, or in ~/.netrc, as uv finds them."""
    parts = urlsplit(url)
    if parts.username is not None:
        return unquote(parts.username), unquote(parts.password or "")
    try:
        known = netrc.netrc().authenticators(parts.hostname or "")
    except (OSError, netrc.NetrcParseError):
        return None
    return (known[0], known[2] or "") if known else None
