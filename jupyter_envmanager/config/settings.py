"""conda's configuration as one frozen value: what counts here, where each value comes from, and what was wrong.

No conda is run or imported. The meaning of every setting is conda's:
https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/settings.html
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from ..errors import Invalid, NotAllowed
from ..models import Problem, Setting
from ..redaction import redact
from . import condarc
from .channelnames import Channel, ChannelNames
from .condaroot import find_root, usual_folders
from .layers import Layer, Layers
from .values import ChannelPriority, alias, boolean, folder_reader, node_of, priority, ssl_reader

_DEFAULT_CHANNELS = tuple(
    f"https://repo.anaconda.com/pkgs/{name}" for name in ("main", "r", *(["msys2"] if os.name == "nt" else []))
)
_NOT_SETTINGS = ("origins", "problems", "item_origins", "home")


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """The effective configuration.

    Attributes
    ----------
    channels:
        As written; ``defaults`` is not expanded yet, see ``channel_urls``.
    custom_channels, custom_multichannels, channel_alias, default_channels, proxy_servers:
        As written; may hold credentials, so never send them anywhere but through ``public_settings``.
    envs_dirs, pkgs_dirs:
        Absolute folders, best first; they need not exist.
    ssl_verify:
        True, False, ``truststore``, or the path of a CA bundle.
    root_prefix:
        The root of conda or mamba where it is known.
    origins:
        Name of a setting -> path of a file, name of a variable, or ``default``. A list joined from several files has
        the highest of them; ``item_origins`` knows each item's.
    problems:
        Broken files and values, each with file and line.
    home:
        What ``~`` means in a channel that is a folder.
    """

    channels: tuple[str, ...]
    default_channels: tuple[str, ...]
    channel_alias: str
    custom_channels: Mapping[str, str]
    custom_multichannels: Mapping[str, tuple[str, ...]]
    channel_priority: ChannelPriority
    envs_dirs: tuple[Path, ...]
    pkgs_dirs: tuple[Path, ...]
    pinned_packages: tuple[str, ...]
    ssl_verify: bool | str
    proxy_servers: Mapping[str, str]
    offline: bool
    allowlist_channels: tuple[str, ...]
    denylist_channels: tuple[str, ...]
    create_default_packages: tuple[str, ...]
    root_prefix: Path | None
    origins: Mapping[str, str]
    problems: tuple[Problem, ...]
    item_origins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    home: Path = Path("~")

    def __repr__(self) -> str:
        return redact(f"Settings({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in fields(self))})")

    def channel_urls(self, name: str) -> tuple[str, ...]:
        """The base URLs of a channel; they may hold credentials and never end in ``/``.

        Parameters
        ----------
        name:
            A name, URL, folder or multichannel; a platform at its end does not count.

        Raises
        ------
        errors.Invalid
            It is empty or a relative folder.
        """
        return tuple(dict.fromkeys(channel.url() for channel in self._names.resolve(name)))

    def public_settings(self) -> list[Setting]:
        """Every setting with its origin, without credentials."""
        names = [f.name for f in fields(self) if f.name not in _NOT_SETTINGS]
        return [
            Setting(name=name, value=_public(getattr(self, name)), origin=self.origins.get(name, "default"))
            for name in names
        ]

    def check_channel_allowed(self, name: str) -> None:
        """Hold a channel against ``allowlist_channels`` and ``denylist_channels``, by its address, as conda does.

        A denied address is denied over any scheme and however it is spelt. See
        https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/admin-multi-user-install.html

        Raises
        ------
        errors.NotAllowed
            The channel, or a member of the multichannel, may not be used.
        errors.Invalid
            ``name`` is no channel.
        """
        allowed, denied = self._policy
        for channel in self._names.resolve(name):
            if channel.address in denied:
                origin = denied[channel.address]
                reason = f"denylist_channels in {origin} forbids it"
            elif self.allowlist_channels and (channel.scheme, channel.address) not in allowed:
                origin = self.origins.get("allowlist_channels", "default")
                reason = f"allowlist_channels in {origin} does not name it"
            else:
                continue
            raise NotAllowed(
                f"The channel {redact(name)} cannot be used: {reason}.",
                hint="Choose another channel, or ask whoever maintains that file.",
                field="channels",
                channel=redact(name),
                url=f"{channel.scheme}://{channel.address}",
                origin=origin,
            )

    def name_of(self, url: str) -> str:
        """What people call the channel at ``url``, where it has a name; never with credentials."""
        return self._names.name_of(url)

    @cached_property
    def _names(self) -> ChannelNames:
        builds = [self.home / "conda-bld", *([self.root_prefix / "conda-bld"] if self.root_prefix else [])]
        multichannels: dict[str, tuple[str, ...]] = {
            "defaults": self.default_channels,
            **self.custom_multichannels,
            "local": tuple(folder.as_uri() for folder in reversed(builds) if folder.is_dir()),
        }
        return ChannelNames(self.channel_alias, self.custom_channels, multichannels, self.home)

    def allows_channel(self, name: str) -> bool:
        """Whether a channel may be used."""
        try:
            self.check_channel_allowed(name)
        except (NotAllowed, Invalid):
            return False
        return True

    @cached_property
    def _policy(self) -> tuple[set[tuple[str, str]], dict[str, str]]:
        origins = self.item_origins.get("denylist_channels", {})
        file = self.origins.get("denylist_channels", "default")
        allowed = {(channel.scheme, channel.address) for _, channel in self._resolved(self.allowlist_channels)}
        denied = {channel.address: origins.get(name, file) for name, channel in self._resolved(self.denylist_channels)}
        return allowed, denied

    def _resolved(self, names: tuple[str, ...]) -> Iterator[tuple[str, Channel]]:
        for name in names:
            # A list that names no real channel cannot match one.
            with suppress(Invalid):
                for channel in self._names.resolve(name):
                    yield name, channel


def load(
    env: Mapping[str, str],
    home: Path,
    server_prefix: Path,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Read all layers and merge them. Never raises for what a file or a variable says: see ``Settings.problems``.

    Parameters
    ----------
    env:
        The environment variables.
    home:
        The user's home folder.
    server_prefix:
        The prefix this server runs in; a conda root among its parents is found, nothing is run for it.
    overrides:
        Settings by name that replace what conda's configuration says; their origin is ``server configuration``.
    """
    root, root_origin = find_root(env, server_prefix)
    read: list[Layer] = []
    problems: list[Problem] = []
    candidates = condarc.search_path(env, home, root)
    for file in dict.fromkeys(file for path in candidates for file in condarc.files(path)):
        layer, found = condarc.read(file)
        read.append(layer)
        problems += found
    read.append(condarc.environment_layer(env))
    forced = {name: node_of(value) for name, value in (overrides or {}).items()}
    layers = Layers(read, env, Layer(forced))
    named_root = layers.scalar("root_prefix", folder_reader(home), "", aliases=("root_dir",), expand=True)
    if named_root:
        root = Path(named_root)
    else:
        layers.origins["root_prefix"] = root_origin
    layers.problems[:0] = problems
    return _settings(layers, home, root)


class SettingsSource:
    """The settings, read again when a file they came from, or could come from, has changed.

    Parameters
    ----------
    env, home, server_prefix, overrides:
        As for ``load``.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        home: Path,
        server_prefix: Path,
        overrides: Mapping[str, object] | None = None,
    ) -> None:
        self._env = dict(env)
        self._home = home
        self._server_prefix = server_prefix
        self._overrides = dict(overrides or {})
        root, _ = find_root(self._env, server_prefix)
        self._watched = (
            *condarc.search_path(self._env, home, root),
            *([root / "conda-meta" / "history"] if root else []),
        )
        self._read: tuple[tuple[condarc.Stamp, ...], Settings] | None = None
        self._lock = threading.Lock()

    def current(self) -> Settings:
        """The settings as of now; costs some thirty ``stat`` calls when nothing has changed."""
        with self._lock:
            # Taken before reading: what changes meanwhile is seen the next time.
            stamps = condarc.stamps(self._watched)
            if self._read is None or self._read[0] != stamps:
                settings = load(self._env, self._home, self._server_prefix, self._overrides)
                self._read = (stamps, settings)
            return self._read[1]


def _settings(layers: Layers, home: Path, root: Path | None) -> Settings:
    channels = layers.sequence("channels", aliases=("channel",))
    default_channels = layers.sequence("default_channels", default=_DEFAULT_CHANNELS)
    if not channels:
        # A site that says what `defaults` are, for its mirror, means them to be used.
        origin = layers.origins["channels"] = layers.origins["default_channels"]
        channels = ("conda-forge",) if origin == "default" else ("defaults",)
    folder = folder_reader(home)
    envs = layers.sequence("envs_dirs", aliases=("envs_path",), read=folder, separators=os.pathsep)
    pkgs = layers.sequence("pkgs_dirs", read=folder, separators=f",{os.pathsep}")
    usual = usual_folders(home, root)
    if not layers.forces("envs_dirs"):
        # conda keeps its own folders behind those that are configured.
        envs = (*envs, *(str(parent / "envs") for parent in usual))
    return Settings(
        channels=channels,
        default_channels=default_channels,
        channel_alias=layers.scalar("channel_alias", alias, "https://conda.anaconda.org", expand=True),
        custom_channels=layers.mapping("custom_channels", {"pkgs/pro": "https://repo.anaconda.com"}),
        custom_multichannels=layers.multimapping("custom_multichannels"),
        channel_priority=layers.scalar("channel_priority", priority, "strict"),
        envs_dirs=tuple(dict.fromkeys(map(Path, envs))),
        pkgs_dirs=tuple(map(Path, pkgs)) or tuple(parent / "pkgs" for parent in usual),
        pinned_packages=layers.sequence("pinned_packages", separators="&", expand=False),
        ssl_verify=layers.scalar(
            "ssl_verify", ssl_reader(home), cast("bool | str", True), aliases=("verify_ssl",), expand=True
        ),
        proxy_servers=layers.mapping("proxy_servers"),
        offline=layers.scalar("offline", boolean, False),
        allowlist_channels=layers.sequence("allowlist_channels", aliases=("whitelist_channels",)),
        denylist_channels=layers.sequence("denylist_channels"),
        create_default_packages=layers.sequence("create_default_packages", expand=False),
        root_prefix=root,
        origins=layers.origins,
        item_origins=layers.item_origins,
        problems=tuple(layers.problems),
        home=home,
    )


def _public(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {redact(str(key)): _public(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_public(item) for item in value]
    if isinstance(value, str | Path):
        return redact(str(value))
    return value
