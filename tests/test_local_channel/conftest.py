"""A channel of the running Python, built once and kept, and environments made from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from local_channel import ChannelServer, LocalChannel, build_channel, serve
from rattler import Gateway, RepoDataRecord, Subdir, VirtualPackage, install, solve

Solve = Callable[..., list[RepoDataRecord]]
MakeEnvironment = Callable[..., Path]


@pytest.fixture(scope="session")
def local_channel() -> LocalChannel:
    """The channel of the running Python, from the cache when an earlier session built it."""
    return build_channel(packages=["ipykernel", "pandas", "flask==3.0.*", "flask==3.1.*"])


@pytest.fixture(scope="session")
def served(local_channel: LocalChannel) -> Iterator[ChannelServer]:
    """That channel over HTTP."""
    with serve(local_channel.directory) as server:
        yield server


@pytest.fixture
def solve_from(tmp_path: Path) -> Solve:
    """Solve specs against one channel, with a cold cache."""

    def run(url: str, specs: Sequence[str], **options: Any) -> list[RepoDataRecord]:
        gateway = Gateway(cache_dir=tmp_path / "repodata")
        platforms = options.pop("platforms", [Subdir.current(), Subdir("noarch")])
        virtual = options.pop("virtual_packages", VirtualPackage.detect())
        return asyncio.run(
            solve([url], specs, gateway=gateway, platforms=platforms, virtual_packages=virtual, **options)
        )

    return run


@pytest.fixture
def make_environment(tmp_path: Path, solve_from: Solve) -> MakeEnvironment:
    """Solve and install, with a cold package cache; return the prefix."""

    def run(url: str, *specs: str) -> Path:
        prefix = tmp_path / "environment"
        records = solve_from(url, specs)
        asyncio.run(install(records, prefix, cache_dir=tmp_path / "packages", show_progress=False))
        return prefix

    return run
