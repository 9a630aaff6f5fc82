"""Which newer versions are there of what is installed?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from ..config import Settings
from ..errors import ChannelUnreachable, NotAllowed
from ..models import Package, PackageUpdate, PackageUpdates, Problem
from ..previews import Previewer
from ..pypi import Dist, PypiSettings
from ..pypi.index import outdated
from .present import environment_channels


async def updates(
    prefix: Path, packages: Sequence[Package], settings: Settings, previewer: Previewer, pypi: PypiSettings
) -> PackageUpdates:
    """Newer versions of ``packages``; what does not answer becomes a problem, not an error.

    Parameters
    ----------
    prefix:
        The environment whose channels are asked.
    pypi:
        How the Python package index is reached.
    """
    names = await asyncio.to_thread(environment_channels, prefix)
    conda = {one.name: (one.version, one.channel) for one in packages if one.manager == "conda"}
    dists = [Dist(name=one.name, version=one.version) for one in packages if one.manager == "pypi"]
    found: list[PackageUpdate] = []
    problems: list[Problem] = []
    try:
        channels = await previewer.channels(settings, names)
        newer = await channels.newest(conda)
        found += [
            PackageUpdate(name=name, version=version, channel=channel) for name, (version, channel) in newer.items()
        ]
        problems += channels.problems
    except (ChannelUnreachable, NotAllowed) as error:
        problems.append(error.problem())
    if dists:
        try:
            found += await outdated(dists, pypi)
        except ChannelUnreachable as error:
            problems.append(error.problem())
    return PackageUpdates(updates=found, problems=problems)
