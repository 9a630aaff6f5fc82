"""A full disk, a real one: a small tmpfs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Home, MakeHome
from local_channel import ChannelServer


def can_mount() -> bool:
    """Whether this process may mount a tmpfs."""
    return sys.platform == "linux" and os.geteuid() == 0 and subprocess.run(["mount", "--version"]).returncode == 0


@pytest.fixture
def small_home(tmp_path: Path, make_home: MakeHome, tiny: ChannelServer) -> Iterator[Home]:
    """A home on a filesystem with room for the package cache, not for the environment."""
    if not can_mount():
        pytest.skip("mounting a small filesystem needs root on Linux")
    home = tmp_path / "home"
    home.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(home)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"this machine does not allow mounts: {mounted.stderr.decode().strip()}")
    pkgs = tmp_path / "pkgs"
    try:
        yield make_home(tiny.url, pkgs=pkgs, path=home)
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


async def test_a_full_disk_is_said_and_nothing_is_left(small_home: Home) -> None:
    before = sorted(path.name for path in small_home.path.iterdir())
    job = await small_home.create("big", "more-files")
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "no_space", job.error
    assert not (small_home.envs / "big").exists()
    assert small_home.leftovers() == []
    assert sorted(path.name for path in small_home.path.iterdir()) == sorted({*before, ".conda", "state"})
    small = await small_home.create("small", "tiny")
    assert small.state == "succeeded", small.error
