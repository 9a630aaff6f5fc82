"""Filesystems that cannot swap folders, have no hard links, or no room: the same promise, or a reason to refuse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Home, MakeHome
from killing import workers_kill_themselves
from local_channel import ChannelServer
from test_change import apply, apply_rollback, files, installed, preview

from jupyter_envmanager.errors import NotAllowed
from jupyter_envmanager.models import Change

__all__ = ["workers_kill_themselves"]


@pytest.fixture(scope="session")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that, preloaded, lets system calls fail as such filesystems do."""
    compiler = shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs gcc on Linux to build the library that refuses system calls")
    target = tmp_path_factory.mktemp("refusing") / "refusing.so"
    source = Path(__file__).with_name("refusing.c")
    subprocess.run(
        [compiler, "-Wall", "-Werror", "-shared", "-fPIC", "-o", target, source, "-ldl"], check=True, timeout=60
    )
    return target


@pytest.fixture(params=["exchange", "link", "exchange,link"])
def unable(request: pytest.FixtureRequest, refusing: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the filesystem of the workers cannot do."""
    monkeypatch.setenv("LD_PRELOAD", str(refusing))
    monkeypatch.setenv("ENVMANAGER_TEST_REFUSE", request.param)
    return str(request.param)


async def test_changes_and_rollbacks_work_all_the_same(tiny_home: Home, unable: str) -> None:
    await tiny_home.create("one", "tiny=1")
    prefix = tiny_home.envs / "one"
    first = files(prefix)
    job = await apply(tiny_home, "one", Change(update=["tiny"], install=["some-files"]))
    assert job.state == "succeeded", job.error
    assert (await installed(tiny_home, "one"))["tiny"] == "2.0"
    shared = any(path.stat().st_nlink > 1 for path in prefix.rglob("*") if path.is_file())
    assert shared == ("link" not in unable)
    assert (await apply_rollback(tiny_home, "one", 1)).state == "succeeded"
    assert files(prefix) == first
    assert tiny_home.leftovers() == []


async def test_a_copy_instead_of_links_is_said(
    tiny_home: Home, refusing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_PRELOAD", str(refusing))
    monkeypatch.setenv("ENVMANAGER_TEST_REFUSE", "link")
    await tiny_home.create("one", "some-files")
    job = await apply(tiny_home, "one", Change(install=["tiny"]))
    events = tiny_home.service.queue.events(job.id, 0)
    assert any("no hard links" in event.message for event in events), events


@pytest.mark.usefixtures("workers_kill_themselves")
@pytest.mark.parametrize("step", [1, 2, 3])
async def test_killed_between_the_renames_that_stand_in_for_the_swap(
    tiny_home: Home, refusing: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Each of the three renames may be the last thing that the worker does."""
    await tiny_home.create("one", "tiny=1")
    prefix = tiny_home.envs / "one"
    before = files(prefix)
    monkeypatch.setenv("LD_PRELOAD", str(refusing))
    monkeypatch.setenv("ENVMANAGER_TEST_REFUSE", "exchange")
    monkeypatch.setenv("ENVMANAGER_TEST_KILL_AT_RENAME", str(step))
    job = await apply(tiny_home, "one", Change(update=["tiny"]))
    monkeypatch.delenv("ENVMANAGER_TEST_KILL_AT_RENAME")
    assert tiny_home.leftovers() == []
    # From the first of them on the new state is complete, and the journal leads there.
    assert job.state == "succeeded"
    assert (await installed(tiny_home, "one")) == {"tiny": "2.0"}
    assert (await apply_rollback(tiny_home, "one", 1)).state == "succeeded"
    assert files(prefix) == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
async def test_a_parent_that_cannot_be_written_is_a_reason_to_refuse(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    tiny_home.envs.chmod(0o555)
    try:
        with pytest.raises(NotAllowed, match="may not"):
            await preview(tiny_home, "one", Change(install=["fewer-files"]))
    finally:
        tiny_home.envs.chmod(0o755)


@pytest.fixture
def small_home(tmp_path: Path, make_home: MakeHome, tiny: ChannelServer) -> Iterator[Home]:
    """A home on a filesystem that is nearly full already."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small filesystem needs root on Linux")
    home = tmp_path / "home"
    home.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(home)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"this machine does not allow mounts: {mounted.stderr.decode().strip()}")
    try:
        yield make_home(tiny.url, pkgs=tmp_path / "pkgs", path=home)
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


async def test_a_disk_that_fills_up_in_the_middle_leaves_the_old_environment(small_home: Home) -> None:
    await small_home.create("one", "tiny=1")
    prefix = small_home.envs / "one"
    before = files(prefix)
    job = await apply(small_home, "one", Change(install=["more-files"]))
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "no_space", job.error
    assert files(prefix) == before
    assert small_home.leftovers() == []
    assert (await apply(small_home, "one", Change(update=["tiny"]))).state == "succeeded"
