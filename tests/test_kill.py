"""SIGKILL at every stage and at instants between: afterwards the environment is whole or not there, never half."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from conftest import Home, MakeHome, until
from killing import instants, kill_worker, workers_kill_themselves
from local_channel import ChannelServer

from jupyter_envmanager.engine import metarecords
from jupyter_envmanager.models import Job, KernelRequest

pytestmark = pytest.mark.usefixtures("workers_kill_themselves")
__all__ = ["workers_kill_themselves"]
STAGES = ("download", "link", "verify", "swap", "kernel")


def assert_whole(prefix: Path, names: list[str]) -> None:
    """Every package has its record, and every record its files."""
    records = metarecords.read_all(prefix)
    assert sorted(record.name for record in records) == sorted(names)
    assert all(record.files() and record.is_whole(prefix) for record in records)


def assert_whole_or_absent(home: Home, prefix: Path, names: list[str], job: Job) -> None:
    """The one promise: what is at the prefix is all there, with its kernel; or nothing is."""
    assert home.leftovers() == []
    if prefix.exists():
        assert_whole(prefix, names)
        assert (prefix / "conda-meta" / "history").is_file()
        assert job.state == "succeeded"
        assert str(prefix) in home.service.site.environments_txt.read_text().splitlines()
    else:
        assert job.state == "lost"
        assert job.error is not None


@pytest.mark.parametrize("stage", STAGES)
async def test_killed_in_a_stage_of_create(tiny_home: Home, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker stops itself dead the moment it reports the stage: no luck is needed to hit it."""
    monkeypatch.setenv("ENVMANAGER_TEST_KILL_AT", stage)
    job = await tiny_home.create("one", "more-files")
    prefix = tiny_home.envs / "one"
    assert prefix.exists() == (stage == "kernel")
    assert_whole_or_absent(tiny_home, prefix, ["files", "more-files"], job)
    monkeypatch.delenv("ENVMANAGER_TEST_KILL_AT")
    if not prefix.exists():
        assert (await tiny_home.create("one", "more-files")).state == "succeeded"


async def test_killed_at_random_instants_of_create(tiny_home: Home) -> None:
    whole = 0
    for number, instant in enumerate(instants(1.2)):
        job = await tiny_home.service.create(tiny_home.request(f"env{number}", "more-files"))
        await asyncio.sleep(instant)
        kill_worker(tiny_home, job)
        ended = await tiny_home.service.queue.wait(job.id)
        prefix = tiny_home.envs / f"env{number}"
        whole += prefix.exists()
        assert_whole_or_absent(tiny_home, prefix, ["files", "more-files"], ended)
    listed = (await tiny_home.service.environments()).environments
    assert sum(env.name.startswith("env") and env.state == "ready" for env in listed) == whole
    assert all(env.state == "ready" for env in listed if env.name.startswith("env"))


async def test_killed_at_random_instants_of_remove(tiny_home: Home) -> None:
    for number, instant in enumerate(instants(0.8)):
        name = f"env{number}"
        prefix = tiny_home.envs / name
        assert (await tiny_home.create(name, "files")).state == "succeeded"
        environment = await tiny_home.service.find(name)
        job = await tiny_home.service.removals.remove(environment.id)
        await asyncio.sleep(instant)
        kill_worker(tiny_home, job)
        ended = await tiny_home.service.queue.wait(job.id)
        assert tiny_home.leftovers() == []
        if prefix.exists():
            assert_whole(prefix, ["files"])
            assert ended.state == "lost"
        else:
            assert ended.state == "succeeded"
            assert str(prefix) not in tiny_home.service.site.environments_txt.read_text().splitlines()


async def test_a_removal_killed_after_the_rename_is_finished_with_its_kernel(
    real_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    await real_home.create("one", "python", kernel=KernelRequest(name="one"))
    environment = await real_home.service.find("one")
    monkeypatch.setenv("ENVMANAGER_TEST_KILL_AT", "remove")
    job = await real_home.service.removals.remove(environment.id)
    ended = await real_home.service.queue.wait(job.id)
    assert ended.state == "succeeded"
    assert not (real_home.envs / "one").exists()
    assert not (real_home.kernels / "one").exists()
    assert real_home.leftovers() == []


async def test_killed_before_the_kernel_the_next_server_registers_it(
    real_home: Home, channel: ChannelServer, make_home: MakeHome, shared_pkgs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Server and worker die together; the next server finds the journal."""
    from jupyter_envmanager.jobs.queue import JobQueue

    monkeypatch.setenv("ENVMANAGER_TEST_KILL_AT", "kernel")
    job = await real_home.service.create(real_home.request("one", "python"))
    await until(lambda: job.id in real_home.service.queue.workers)
    await real_home.service.queue.stop()
    real_home.service.queue.workers[job.id].wait()
    assert (real_home.envs / "one").exists()
    assert not (real_home.kernels / "one").exists()
    monkeypatch.setattr(JobQueue, "_orphaned", staticmethod(lambda folder: True))
    again = make_home(channel.url, pkgs=shared_pkgs, path=real_home.path)
    await again.service.queue.start()
    ended = await again.service.queue.wait(job.id)
    assert ended.state == "succeeded"
    assert (again.kernels / "one" / "kernel.json").is_file()
    assert again.leftovers() == []
