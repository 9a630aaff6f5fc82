"""Settings -> a rattler client that knows the proxies, the certificates and the credentials.

Records carry clean URLs everywhere (plans, ``conda-meta``, logs): the credentials of a channel URL live only in this
client, as a mirror from the clean address to the true one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import msgspec
from rattler import Channel, Client, Config

from ..config import Settings

_USERINFO = re.compile(r"^(https?://)[^/@]*@")
_TOKEN = re.compile(r"/t/[^/]+(?=/)")


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach the channels; holds credentials, so it goes into private files only.

    ``channels`` are clean base URLs in order of priority; ``mirrors`` lead from them to the true addresses.
    """

    channels: tuple[str, ...]
    mirrors: dict[str, str]
    proxies: dict[str, str]
    verify: bool | str = True
    offline: bool = False


def clean_url(url: str) -> str:
    """A channel's URL without user, password and ``/t/<token>``."""
    return _TOKEN.sub("", _USERINFO.sub(r"\1", url)).rstrip("/")


def network(settings: Settings, channels: Sequence[str] | None = None) -> Network:
    """How to reach ``channels`` (conda names or URLs; by default the configured ones) under these settings.

    Raises
    ------
    NotAllowed
        The site's allow or deny list forbids one of them.
    """
    names = tuple(channels) if channels else settings.channels
    clean: dict[str, None] = {}
    mirrors: dict[str, str] = {}
    for name in names:
        settings.check_channel_allowed(name)
        for url in settings.channel_urls(name):
            bare = clean_url(url)
            clean[bare] = None
            if bare != url.rstrip("/"):
                mirrors[bare] = url.rstrip("/")
    return Network(
        channels=tuple(clean),
        mirrors=mirrors,
        proxies=dict(settings.proxy_servers),
        verify=settings.ssl_verify,
        offline=settings.offline,
    )


def client(reach: Network) -> Client:
    """A client for these channels: retries, keyring authentication, proxies, certificates, mirrors."""
    return Client.from_config(Config.from_toml(_toml(reach)), user_agent="jupyter_envmanager")


def rattler_channels(reach: Network) -> list[Channel]:
    """The channels as rattler wants them."""
    return [Channel(url) for url in reach.channels]


def _toml(reach: Network) -> str:
    lines = []
    if reach.verify is False:
        lines.append("tls-no-verify = true")
    elif isinstance(reach.verify, str):
        lines.append('tls-root-certs = "system"')
    lines += _table("proxy-config", {k: v for k, v in reach.proxies.items() if k in ("http", "https")})
    lines += _table("mirrors", {clean: [true] for clean, true in reach.mirrors.items()})
    return "\n".join(lines)


def _table(name: str, values: Mapping[str, object]) -> list[str]:
    # A JSON string or list of strings is valid TOML, too.
    return (
        [f"[{name}]", *(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in values.items())] if values else []
    )
