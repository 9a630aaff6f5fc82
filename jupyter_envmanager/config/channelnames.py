"""A channel as it is written (name, URL, folder, multichannel) -> the URLs it stands for.

See https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/settings.html#config-channels
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from ..errors import Invalid
from ..redaction import redact

_URL = re.compile(r"(?i)([a-z][a-z0-9+.-]*)://(?:([^/?#]*)@)?([^/?#]*)([^?#]*)")
_TOKEN = re.compile(r"/t/([^/]+)")
_PATH = re.compile(r"\.{1,2}(?:[/\\]|$)|[/~\\]|[a-zA-Z]:[/\\]")
_SUBDIR = re.compile(
    r"(?i)/(?:noarch|(?:linux|osx|win|freebsd|zos|emscripten|wasi)"
    r"-(?:32|64|aarch64|arm64|armv6l|armv7l|ppc64|ppc64le|riscv64|s390x|wasm32|z))(?=/|$)"
)
_DEFAULT_PORTS = {"http": ":80", "https": ":443", "ftp": ":21"}
_NOTHING = ("<unknown>", "None", "None:///<unknown>", "nodefaults")


@dataclass(frozen=True)
class Channel:
    """One place that serves packages. ``location`` is host and path without credentials, ``name`` the rest."""

    scheme: str
    location: str
    name: str = ""
    auth: str = ""
    token: str = ""

    @property
    def place(self) -> str:
        """Host and path, as written."""
        return "/".join(filter(None, (self.location, self.name)))

    @property
    def address(self) -> str:
        """Host and path: the same for all ways to write the same place, whatever the credentials."""
        host, _, path = self.place.partition("/")
        host = host.lower().removesuffix(_DEFAULT_PORTS.get(self.scheme, ":")).rstrip(".")
        path = posixpath.normpath("/" + unquote(path)).lstrip("/")
        return f"{host}/{path}"

    def url(self) -> str:
        """The base URL, credentials included; never ends in ``/``."""
        parts = [self.location.rstrip("/")]
        if self.token:
            parts += ["t", self.token]
        parts += [self.name] if self.name else []
        auth = f"{self.auth}@" if self.auth else ""
        return f"{self.scheme}://{auth}{'/'.join(parts)}"


def split_url(url: str) -> Channel | None:
    """``url`` in its parts; None when it has no scheme.

    Host and path are in ``location``; with a token, what follows it is in ``name``, to keep it in its place.
    """
    match = _URL.match(url.strip())
    if match is None:
        return None
    scheme, auth, host, path = match.groups(default="")
    path = path.rstrip("/")
    found = _TOKEN.search(path) if scheme.lower() != "file" else None
    if found is None:
        return Channel(scheme.lower(), host.lower() + path, auth=auth)
    location, name = host.lower() + path[: found.start()], path[found.end() :].strip("/")
    return Channel(scheme.lower(), location, name, auth, found[1])


class ChannelNames:
    """Resolves channels against the configuration.

    Parameters
    ----------
    alias:
        ``channel_alias``: where plain names live.
    custom:
        ``custom_channels``: name -> where it lives instead.
    multichannels:
        Name -> several channels; ``defaults`` and ``local`` among them.
    home:
        What ``~`` means in a folder.
    """

    def __init__(
        self,
        alias: str,
        custom: Mapping[str, str],
        multichannels: Mapping[str, Sequence[str]],
        home: Path,
    ) -> None:
        self._alias = _whole(split_url(alias) or Channel("https", alias.strip("/")))
        self._home = home
        self._multichannels = {name: tuple(self._member(url) for url in urls) for name, urls in multichannels.items()}
        self._custom = {channel.name: channel for channels in self._multichannels.values() for channel in channels}
        for name, url in custom.items():
            self._custom[name.strip("/")] = self._place(url, name.strip("/"))

    def resolve(self, name: str) -> tuple[Channel, ...]:
        """The channels that ``name`` stands for.

        Raises
        ------
        Invalid
            It is empty, an address without a server, or a folder relative to nothing in particular.
        """
        text = name.strip()
        if text in _NOTHING:
            return ()
        if (url := split_url(text)) is not None:
            if url.scheme != "file" and not url.location.partition("/")[0]:
                raise Invalid(f"The channel {redact(text)} names no server.", field="channels")
            return (self._with_credentials(url),)
        if _PATH.match(text):
            return (self._folder(text),)
        plain = _SUBDIR.sub("", text, count=1).strip("/")
        if not plain:
            raise Invalid("A channel needs a name.", field="channels")
        if plain in self._multichannels:
            return self._multichannels[plain]
        return (self._named(plain),)

    def name_of(self, url: str) -> str:
        """What people call the channel at ``url``: ``conda-forge`` also for a site's mirror of it.

        The answer is ``url`` itself, without credentials, where no name leads there.
        """
        found = split_url(url)
        if found is None:
            return url
        for name, channel in sorted(self._custom.items(), key=lambda item: -len(item[0])):
            rest = _below(found.address, channel.address)
            if rest is not None and channel.scheme == found.scheme:
                return "/".join(filter(None, (name, rest)))
        rest = _below(found.address, replace(self._alias, name="").address.rstrip("/"))
        return rest or f"{found.scheme}://{found.place}"

    def _named(self, name: str) -> Channel:
        parts = name.split("/")
        for length in range(len(parts), 0, -1):
            known = self._custom.get("/".join(parts[:length]))
            if known is not None:
                return replace(known, name=name)
        return replace(self._alias, name=name)

    def _member(self, text: str) -> Channel:
        url = self._absolute(text)
        if url is None:
            return replace(self._alias, name=text.strip("/"))
        if (rest := _below(url.location, self._alias.location)) is not None:
            return replace(url, location=self._alias.location, name=rest)
        host, _, path = url.location.partition("/")
        return replace(url, location=host, name=path)

    def _place(self, text: str, name: str) -> Channel:
        url = self._absolute(text)
        return replace(self._alias if url is None else url, name=name)

    def _absolute(self, text: str) -> Channel | None:
        # conda would ask the public alias for the name of a channel in a folder here.
        if text.startswith(("/", "~/")):
            return self._folder(text)
        url = split_url(text)
        return url and _whole(url)

    def _folder(self, text: str) -> Channel:
        path = self._home / text[2:] if text.startswith("~/") else Path(text)
        if not path.is_absolute():
            raise Invalid(
                f"The channel {redact(text)} is a relative folder.",
                hint="Write the whole path of a local channel.",
                field="channels",
            )
        return Channel("file", _SUBDIR.sub("", Path(posixpath.normpath(path)).as_uri()[7:], count=1))

    def _with_credentials(self, url: Channel) -> Channel:
        if url.token:
            return replace(url, name=_SUBDIR.sub("", f"/{url.name}", count=1).lstrip("/"))
        url = replace(url, location=_SUBDIR.sub("", url.location, count=1))
        known = sorted(self._custom.values(), key=lambda channel: -len(channel.name))
        for channel in (*known, self._alias):
            if channel.scheme != url.scheme or url.auth or not (channel.auth or channel.token):
                continue
            if _below(url.location, channel.place) is not None:
                rest = _below(url.location, channel.location) or ""
                return replace(channel, name=rest)
        return url


def _whole(channel: Channel) -> Channel:
    return replace(channel, location=channel.place, name="")


def _below(location: str, parent: str) -> str | None:
    """The part of ``location`` under ``parent``, or None when it is elsewhere."""
    if location == parent:
        return ""
    folder = parent.rstrip("/") + "/"
    return location[len(folder) :] if parent and location.startswith(folder) else None
