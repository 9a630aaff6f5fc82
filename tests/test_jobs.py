"""Jobs: watched, cancelled, queued, and found again after a restart."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Home, MakeHome, until
from local_channel import ChannelServer, Fault

from jupyter_envmanager.errors import NotFound
from jupyter_envmanager.jobs.queue import JobQueue
from jupyter_envmanager.models import Job
from jupyter_envmanager.ownmodules import command

SLOW = Fault(bytes_per_second=2000)


async def slow_job(home: Home, server: ChannelServer, name: str = "slow") -> Job:
    """A job in the middle of a download."""
    server.fault("*/files-*.conda", SLOW)
    job = await home.service.create(home.request(name, "files"))
    await until(lambda: home.service.queue.job(job.id).phase == "download")
    return job


def restart(make_home: MakeHome, home: Home, server: ChannelServer) -> Home:
    """A second server over the same home."""
    return make_home(server.url, path=home.path)


async def test_progress_never_goes_back_and_ends_at_one(tiny_home: Home) -> None:
    job = await tiny_home.create("one", "more-files")
    events = tiny_home.service.queue.events(job.id, 0)
    assert [event.seq for event in events] == list(range(len(events)))
    progress = [event.progress for event in events]
    assert progress == sorted(progress)
    assert job.progress == 1.0
    phases = list(dict.fromkeys(event.phase for event in events))
    assert phases == [phase for phase in ("download", "link", "verify", "swap", "kernel") if phase in phases]
    assert {"link", "verify", "swap"} <= set(phases)
    assert tiny_home.service.queue.events(job.id, 2) == events[2:]


@pytest.mark.parametrize("module", ["jobs.worker", "engine.indexing", "packs.apart"])
def test_no_process_of_ours_imports_what_lies_in_the_folder_of_the_server(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("random", "msgspec", "runpy", "select"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('yours')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    ended = subprocess.run([*command(module), "--none"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    assert ended.returncode != 0
    assert b"jupyter_envmanager" in ended.stderr
    assert b"yours" not in ended.stderr


async def test_a_download_tells_its_bytes(tiny_home: Home, tiny: ChannelServer) -> None:
    job = await slow_job(tiny_home, tiny)
    await until(lambda: (tiny_home.service.queue.job(job.id).bytes_done or 0) > 0)
    now = tiny_home.service.queue.job(job.id)
    assert now.bytes_total is not None
    assert 0 < (now.bytes_done or 0) <= now.bytes_total
    await tiny_home.service.queue.cancel(job.id)


async def test_cancel_leaves_nothing(tiny_home: Home, tiny: ChannelServer) -> None:
    job = await slow_job(tiny_home, tiny)
    cancelled = await tiny_home.service.queue.cancel(job.id)
    assert cancelled.state == "cancelled"
    assert not (tiny_home.envs / "slow").exists()
    assert tiny_home.leftovers() == []
    worker = tiny_home.service.queue.store.get(job.id).read_process("worker")
    assert worker is not None
    assert not worker.alive()
    tiny.heal()
    assert (await tiny_home.create("slow", "files")).state == "succeeded"


async def test_a_waiting_job_says_for_whom_and_can_be_cancelled(make_home: MakeHome, tiny: ChannelServer) -> None:
    home = make_home(tiny.url, parallel=1)
    first = await slow_job(home, tiny)
    second = await home.service.create(home.request("second", "tiny"))
    assert home.service.queue.job(second.id).state == "queued"
    assert (await home.service.queue.cancel(second.id)).state == "cancelled"
    assert home.service.queue.job(first.id).state == "running"
    assert (await home.service.queue.cancel(first.id)).state == "cancelled"
    assert home.leftovers() == []


async def test_no_more_jobs_run_at_once_than_allowed(make_home: MakeHome, tiny: ChannelServer) -> None:
    home = make_home(tiny.url, parallel=2)
    jobs = [await home.service.create(home.request(f"env{number}", "tiny", "files")) for number in range(5)]
    most = 0
    ended: list[Job] = []
    waiters = asyncio.gather(*(home.service.queue.wait(job.id) for job in jobs))
    while not waiters.done():
        most = max(most, sum(job.state == "running" for job in home.service.queue.jobs()))
        await asyncio.sleep(0.01)
    ended = list(waiters.result())
    assert [job.state for job in ended] == ["succeeded"] * 5
    assert 1 <= most <= 2


async def test_a_restarted_server_finds_the_running_job(
    make_home: MakeHome, tiny_home: Home, tiny: ChannelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await slow_job(tiny_home, tiny)
    await tiny_home.service.queue.stop()
    # The owner is this very process: say that it is gone.
    monkeypatch.setattr(JobQueue, "_orphaned", staticmethod(lambda folder: True))
    again = restart(make_home, tiny_home, tiny)
    await again.service.queue.start()
    assert again.service.queue.job(job.id).state == "running"
    building = await again.service.environment(job.environment)
    assert (building.state, building.job) == ("building", job.id)
    tiny.heal()
    assert (await again.service.queue.cancel(job.id)).state == "cancelled"
    assert again.leftovers() == []


async def test_a_restarted_server_starts_what_never_began(
    make_home: MakeHome, tiny: ChannelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home(tiny.url, parallel=1)
    first = await slow_job(home, tiny)
    second = await home.service.create(home.request("second", "tiny"))
    await home.service.queue.stop()
    monkeypatch.setattr(JobQueue, "_orphaned", staticmethod(lambda folder: True))
    again = restart(make_home, home, tiny)
    await again.service.queue.start()
    await again.service.queue.cancel(first.id)
    assert (await again.service.queue.wait(second.id)).state == "succeeded"
    assert (again.envs / "second" / "conda-meta" / "history").is_file()


async def test_a_killed_worker_is_noticed_and_cleaned_up(tiny_home: Home, tiny: ChannelServer) -> None:
    job = await slow_job(tiny_home, tiny)
    worker = tiny_home.service.queue.store.get(job.id).read_process("worker")
    assert worker is not None
    os.kill(worker.pid, signal.SIGKILL)
    ended = await tiny_home.service.queue.wait(job.id)
    assert ended.state == "lost"
    assert ended.error is not None
    assert "Nothing was changed" in ended.error.message
    assert not (tiny_home.envs / "slow").exists()
    assert tiny_home.leftovers() == []


async def test_one_prefix_has_one_writer(tiny_home: Home, tiny: ChannelServer, make_home: MakeHome) -> None:
    """Two servers of one user: the second waits for the first, as the lock file tells it to."""
    from jupyter_envmanager.environments import environment_id
    from jupyter_envmanager.jobs.lock import prefix_lock, read_holder

    prefix = tiny_home.envs / "one"
    lock = prefix.parent / ".envmanager" / environment_id(prefix) / "lock"
    with prefix_lock(lock, "0" * 16, "ann", waiting=lambda holder: None):
        holder = read_holder(lock)
        assert holder is not None
        assert holder.user == "ann"
        job = await tiny_home.service.create(tiny_home.request("one", "tiny"))
        await until(lambda: tiny_home.service.queue.job(job.id).state == "waiting")
        assert "ann" in (tiny_home.service.queue.job(job.id).waiting_for or "")
        assert not prefix.exists()
    assert (await tiny_home.service.queue.wait(job.id)).state == "succeeded"
    assert tiny_home.leftovers() == []


async def test_a_stale_lock_is_taken_over(tiny_home: Home) -> None:
    from jupyter_envmanager.environments import environment_id

    prefix = tiny_home.envs / "one"
    lock = prefix.parent / ".envmanager" / environment_id(prefix) / "lock"
    lock.parent.mkdir(parents=True)
    import socket

    lock.write_text(
        f'{{"process": {{"host": "{socket.gethostname()}", "pid": 1, "start": "nonsense"}}, "job": "x", "user": "bob"}}'
    )
    assert (await tiny_home.create("one", "tiny")).state == "succeeded"
    assert tiny_home.leftovers() == []


async def test_jobs_that_are_none_are_not_found(tiny_home: Home) -> None:
    for job in ("nosuch", "../state", "", "..", "."):
        with pytest.raises(NotFound):
            tiny_home.service.queue.job(job)
        with pytest.raises(NotFound):
            await tiny_home.service.queue.cancel(job)


async def test_cancelling_what_is_over_changes_nothing(tiny_home: Home) -> None:
    job = await tiny_home.create("one", "tiny")
    assert (await tiny_home.service.queue.cancel(job.id)).state == "succeeded"
    assert (tiny_home.envs / "one" / "conda-meta" / "history").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_workers_are_no_children_that_die_with_the_server(tiny_home: Home, tiny: ChannelServer) -> None:
    job = await slow_job(tiny_home, tiny)
    worker = tiny_home.service.queue.store.get(job.id).read_process("worker")
    assert worker is not None
    assert os.getpgid(worker.pid) == worker.pid != os.getpgid(0)
    await tiny_home.service.queue.cancel(job.id)


async def test_a_test_start_that_was_cut_off_is_not_shown_for_ever(real_home: Home) -> None:
    job = await real_home.create("one", "python")
    assert job.aftercare
    worker = real_home.service.queue.workers[job.id]
    os.killpg(worker.pid, signal.SIGKILL)
    await real_home.service.queue.wait_for_aftercare(job.id)
    ended = real_home.service.queue.job(job.id)
    assert (ended.state, ended.aftercare, ended.check) == ("succeeded", False, None)
    one = next(kernel for kernel in (await real_home.service.kernels.list()).kernels if kernel.name == "one")
    assert one.check is None


async def test_a_job_that_cannot_be_started_says_so(
    tiny_home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nosuch"))
    job = await tiny_home.create("one", "tiny")
    assert job.state == "failed"
    assert job.error is not None
    assert "could not be run" in job.error.message
    assert not (tiny_home.envs / "one").exists()


async def test_nothing_is_measured_once_the_server_stops(tiny_home: Home) -> None:
    await tiny_home.service.stop()
    # As a listing that was under way does.
    tiny_home.service.sizes.measure_soon({"one": str(tiny_home.path)})
    assert asyncio.all_tasks() == {asyncio.current_task()}
