"""Settings -> a rattler client that knows the proxies, the certificates and the credentials.

Records carry clean URLs everywhere (plans, ``conda-meta``, logs): the credentials of a channel URL live only in this
client; tokens as a mirror from the clean address to the true one, user and password as a login of the host.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec
from rattler import Channel, Client, Config

from ..errors import EnvManagerError, Invalid
from ..redaction import redact

if TYPE_CHECKING:
    from ..config import Settings

_USERINFO = re.compile(r"^(https?://)[^/@]*@")
USER_AGENT = "jupyter_envmanager"
_CERTIFICATES = threading.Lock()
_TOKEN = re.compile(r"/t/[^/]+(?=/|$)")


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach the channels; holds credentials, so it goes into private files only.

    ``channels`` are clean base URLs in order of priority; ``mirrors`` lead from them to the addresses with a token;
    ``logins`` are user and password by host.
    """

    channels: tuple[str, ...]
    mirrors: dict[str, str]
    proxies: dict[str, str]
    logins: dict[str, tuple[str, str]] = {}
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
    # Browsers see configured channels without credentials, and send them back like that.
    configured = {redact(name): name for name in settings.channels}
    names = [configured.get(name, name) for name in channels or settings.channels]
    guarded = _guarded(settings)
    clean: dict[str, None] = {}
    mirrors: dict[str, str] = {}
    logins: dict[str, tuple[str, str]] = {}
    for name in names:
        settings.check_channel_allowed(name)
        for url in settings.channel_urls(name):
            # Locks and records name channels by their clean addresses.
            url = guarded.get(url, url)
            bare, without_login = clean_url(url), _USERINFO.sub(r"\1", url).rstrip("/")
            clean[bare] = None
            try:
                parts = urlsplit(url)
            except ValueError as error:
                raise Invalid(f"“{redact(name)}” is no channel: {error}.", field="channels") from error
            if parts.username is not None and parts.hostname is not None:
                logins[parts.hostname] = (unquote(parts.username), unquote(parts.password or ""))
            if bare != without_login:
                mirrors[bare] = without_login
    return Network(
        channels=tuple(clean),
        mirrors=mirrors,
        proxies=dict(settings.proxy_servers),
        logins=logins,
        verify=settings.ssl_verify,
        offline=settings.offline,
    )


def _guarded(settings: Settings) -> dict[str, str]:
    """The configured channels that have credentials, by their clean addresses; the first counts."""
    found: dict[str, str] = {}
    for name in settings.channels:
        with suppress(EnvManagerError):
            for url in settings.channel_urls(name):
                if url != clean_url(url):
                    found.setdefault(clean_url(url), url)
    return found


def client(reach: Network) -> Client:
    """A client for these channels: retries, keyring authentication, proxies, certificates, mirrors."""
    toml = _toml(reach)
    if not reach.logins:
        return _build(toml, reach.verify)
    with tempfile.TemporaryDirectory() as folder:
        # Read while the client is built, and gone before anybody uses it. The folder is the user's alone.
        file = Path(folder) / "logins.json"
        file.write_text(json.dumps({**_stored_logins(), **_rattler_logins(reach)}), encoding="utf-8")
        toml = f"authentication-override-file = {json.dumps(str(file))}\n{toml}"
        return _build(toml, reach.verify)


def _build(toml: str, verify: bool | str) -> Client:
    """Certificates are read while the client is built, from where OpenSSL's variables point to: there is no option."""
    config = Config.from_toml(toml)
    if isinstance(verify, bool) or verify == "truststore":
        return Client.from_config(config, user_agent=USER_AGENT)
    variable = "SSL_CERT_DIR" if Path(verify).is_dir() else "SSL_CERT_FILE"
    with _CERTIFICATES:
        before = os.environ.get(variable)
        os.environ[variable] = verify
        try:
            return Client.from_config(config, user_agent=USER_AGENT)
        finally:
            os.environ.pop(variable, None)
            if before is not None:
                os.environ[variable] = before


def _rattler_logins(reach: Network) -> dict[str, Any]:
    return {
        host: {"BasicHTTP": {"username": user, "password": password}} for host, (user, password) in reach.logins.items()
    }


def _stored_logins() -> dict[str, Any]:
    """The logins that the user keeps for rattler-based tools: an override file would hide them."""
    path = Path(os.environ.get("RATTLER_AUTH_FILE") or "~/.rattler/credentials.json").expanduser()
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}


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
