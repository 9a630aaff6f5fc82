"""What a change starts from: the environment as it is now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..environments import EnvironmentReader
from ..environments.closed import check_open
from ..environments.state import state
from ..gpu.target import find_target
from ..models import Change, Environment, GpuTarget, Package, Packages
from .gputarget import environment_target, stored_target
from .pinning import pins_after

if TYPE_CHECKING:
    from ..engine.change import Installed


@dataclass(frozen=True, kw_only=True)
class Present:
    """An environment that is about to be changed.

    ``fingerprint`` is its state, ``channels`` those that it was made from, None for the configured ones; ``target`` the
    GPU that it will be for.
    """

    environment: Environment
    prefix: Path
    fingerprint: str
    packages: Packages
    installed: Installed
    channels: list[str] | None
    target: GpuTarget

    @property
    def has_pypi(self) -> bool:
        """Whether there are packages from the Python package index."""
        return any(not _conda(one) for one in self.packages.packages)


async def look(
    environment: Environment, change: Change, reader: EnvironmentReader, targets: Sequence[GpuTarget]
) -> Present:
    """Read an environment.

    Parameters
    ----------
    targets:
        What environments can be made for.

    Raises
    ------
    Invalid, NotAllowed
    """
    prefix = Path(environment.prefix)
    fingerprint = await asyncio.to_thread(state, prefix)
    packages = await asyncio.to_thread(reader.packages, prefix)
    return Present(
        environment=environment,
        prefix=prefix,
        fingerprint=fingerprint,
        packages=packages,
        installed=await asyncio.to_thread(_installed, prefix, packages, change),
        channels=await asyncio.to_thread(environment_channels, prefix),
        target=await asyncio.to_thread(_target, prefix, change, packages, targets),
    )


def environment_channels(prefix: Path) -> list[str] | None:
    """The channels that an environment was made from, where that was us; None for the configured ones."""
    from ..engine.workplace import read_marker

    channels = read_marker(prefix).get("channels")
    if isinstance(channels, list) and channels and all(isinstance(one, str) for one in channels):
        return channels
    return None


def _target(prefix: Path, change: Change, packages: Packages, targets: Sequence[GpuTarget]) -> GpuTarget:
    if change.gpu is not None:
        return find_target(change.gpu, targets)
    return environment_target(stored_target(prefix), targets, packages.packages)


def _installed(prefix: Path, packages: Packages, change: Change) -> Installed:
    from ..engine.base import read_installed
    from ..engine.change import Installed

    check_open(packages)
    records, unreadable = read_installed(prefix)
    lost = []
    for file in unreadable:
        name, version, build = file.removesuffix(".json").rsplit("-", 2)
        lost.append((name, version, build))
    return Installed(
        records=records,
        requested=requested_specs(packages),
        # A pin that is taken away or set in this very change counts as it will be.
        pins=pins_after(prefix, change),
        lost=lost,
    )


def requested_specs(packages: Packages) -> dict[str, str]:
    """What was asked for of conda's packages: names with specs that the engine can read."""
    from ..engine.change import readable

    return {
        one.name: readable(one.name, one.spec or one.name) for one in packages.packages if one.requested and _conda(one)
    }


def _conda(package: Package) -> bool:
    return package.manager == "conda"
