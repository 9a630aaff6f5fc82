"""One writer at a time: whoever comes second waits and says for whom, and what a dead holder left is taken over."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from conftest import Home, MakeHome, until
from local_channel import ChannelServer, Fault
from test_change import files, installed
from test_filesystems import refusing

import jupyter_envmanager
from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.errors import Conflict, NotAllowed
from jupyter_envmanager.jobs.lock import STALE_SECONDS, LockHolder, clear_stale, prefix_lock, read_holder
from jupyter_envmanager.jobs.process import ProcessId, this_process
from jupyter_envmanager.models import Change, Job

__all__ = ["refusing"]


def written(path: Path, process: ProcessId, *, age: float = 0.0) -> Path:
    """A lock as another process has left it, last touched so many seconds ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(LockHolder(process=process, job="j1", user="bob")))
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def elsewhere() -> ProcessId:
    """A process of another host, with the number of one that lives here."""
    return ProcessId(host="node17", pid=os.getpid(), start="1", space=this_process().space)


def dead() -> ProcessId:
    """A process of this host that is gone."""
    return msgspec.structs.replace(this_process(), start="0")


@contextmanager
def waits(path: Path) -> Iterator[list[LockHolder]]:
    """Somebody who wants the lock, and does not get it until the block's end."""
    told: list[LockHolder] = []
    got = threading.Event()

    def take() -> None:
        with prefix_lock(path, "mine", "ann", waiting=told.append):
            got.set()

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not told and not got.is_set() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not got.is_set()
    yield told
    assert not got.is_set()
    path.unlink()
    thread.join(20)
    assert got.is_set()


def takes_over(path: Path) -> None:
    told: list[LockHolder] = []
    with prefix_lock(path, "mine", "ann", waiting=told.append) as lock:
        assert lock.is_held()
        assert told == []
    assert list(path.parent.iterdir()) == []


def test_a_holder_on_another_host_is_waited_for_while_its_heart_beats(tmp_path: Path) -> None:
    with waits(written(tmp_path / "lock", elsewhere())) as told:
        assert [holder.words() for holder in told] == ["job j1 of bob on node17"]


def test_a_holder_on_another_host_that_is_silent_is_taken_over(tmp_path: Path) -> None:
    takes_over(written(tmp_path / "lock", elsewhere(), age=STALE_SECONDS + 5))


def test_another_process_with_the_holder_s_number_is_no_holder(tmp_path: Path) -> None:
    takes_over(written(tmp_path / "lock", dead()))


def test_a_living_holder_of_this_host_keeps_its_lock_however_long_it_slept(tmp_path: Path) -> None:
    with waits(written(tmp_path / "lock", this_process(), age=3600)) as told:
        assert [holder.words() for holder in told] == ["job j1 of bob"]


def test_a_container_of_this_host_is_known_by_its_heartbeat_alone(tmp_path: Path) -> None:
    inside = msgspec.structs.replace(dead(), space="pid:[1]")
    with waits(written(tmp_path / "lock", inside)):
        pass
    takes_over(written(tmp_path / "lock", inside, age=STALE_SECONDS + 5))


@pytest.mark.parametrize("ahead", [-600.0, 600.0], ids=["behind", "ahead"])
def test_the_file_server_s_clock_counts_and_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    fresh = written(tmp_path / "a" / "lock", elsewhere())
    silent = written(tmp_path / "b" / "lock", elsewhere(), age=STALE_SECONDS + 5)
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + ahead)
    clear_stale(fresh)
    assert fresh.exists()
    with waits(fresh):
        pass
    takes_over(silent)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"process": 1}', b"\xff\xfe"])
def test_a_lock_that_says_nothing_is_left_to_whoever_writes_it_just_now(tmp_path: Path, content: bytes) -> None:
    lock = tmp_path / "lock"
    lock.write_bytes(content)
    assert read_holder(lock) is None
    then = time.time() - STALE_SECONDS - 5
    os.utime(lock, (then, then))
    takes_over(lock)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes in folders")
@pytest.mark.parametrize("ahead", [-STALE_SECONDS - 5, 1e9])
def test_a_pipe_or_a_link_in_place_of_a_lock_holds_nobody(tmp_path: Path, ahead: float) -> None:
    then = time.time() + ahead
    for number, leads in enumerate((None, "/dev/zero", "gone")):
        lock = tmp_path / f"lock{number}"
        if leads is None:
            os.mkfifo(lock)
        else:
            lock.symlink_to(leads)
        os.utime(lock, (then, then), follow_symlinks=False)
        assert read_holder(lock) is None
        takes_over(lock)


def test_a_folder_in_place_of_a_lock_is_told(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.mkdir()
    os.utime(lock, (1, 1))
    with pytest.raises(NotAllowed, match="is in the way"), prefix_lock(lock, "new", "ann", waiting=print):
        pass


def test_a_holder_that_lost_its_lock_says_so_and_leaves_the_new_one_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with prefix_lock(path, "old", "ann", waiting=lambda _: None) as lock:
        lock.check()
        path.unlink()
        written(path, elsewhere())
        theirs = path.read_bytes()
        with pytest.raises(Conflict, match="taken over"):
            lock.check()
        before = path.stat().st_mtime_ns
        lock.touch()
        assert path.stat().st_mtime_ns == before
    assert path.read_bytes() == theirs


def test_a_lock_of_the_same_file_number_is_another_lock(tmp_path: Path) -> None:
    """Filesystems give the number of a file that is gone to the next one."""
    path = tmp_path / "lock"
    with prefix_lock(path, "old", "ann", waiting=lambda _: None) as lock:
        path.write_bytes(msgspec.json.encode(LockHolder(process=elsewhere(), job="new", user="bob")))
        with pytest.raises(Conflict):
            lock.check()
    assert path.exists()


COUNT = """
import sys
from pathlib import Path
from jupyter_envmanager.jobs.lock import prefix_lock

lock, counter = Path(sys.argv[1]), Path(sys.argv[2])
sys.stdin.readline()
for _ in range(3):
    with prefix_lock(lock, "count", "ann", waiting=lambda holder: None) as held:
        number = int(counter.read_text())
        held.check()
        counter.write_text(str(number + 1))
"""


@pytest.mark.parametrize("refuse", ["", "link"], ids=["links", "no links"])
def test_twenty_processes_do_not_lose_a_count(tmp_path: Path, refuse: str, refusing: Path) -> None:
    lock = written(tmp_path / "place" / "lock", dead())
    counter = tmp_path / "counter"
    counter.write_text("0")
    package = Path(jupyter_envmanager.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(package)}
    if refuse:
        environment |= {"LD_PRELOAD": str(refusing), "ENVMANAGER_TEST_REFUSE": refuse}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", COUNT, lock, counter], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        for _ in range(20)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert errors == [b""] * 20
    assert counter.read_text() == "60"
    assert list(lock.parent.iterdir()) == []


async def test_a_change_waits_for_a_holder_on_another_host_and_names_it(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    lock = written(place(tiny_home, "one") / "lock", elsewhere())
    job = await started(tiny_home, "one", Change(install=["tinier"]))
    await until(lambda: tiny_home.service.queue.job(job.id).state == "waiting")
    assert tiny_home.service.queue.job(job.id).waiting_for == "job j1 of bob on node17"
    silent = time.time() - STALE_SECONDS - 5
    os.utime(lock, (silent, silent))
    ended = await tiny_home.service.queue.wait(job.id)
    assert (ended.state, ended.waiting_for) == ("succeeded", None)
    assert await installed(tiny_home, "one") == {"tiny": "1.0", "tinier": "1.0"}
    assert tiny_home.leftovers() == []


async def test_a_waiting_change_can_be_cancelled(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    before = files(tiny_home.envs / "one")
    lock = written(place(tiny_home, "one") / "lock", elsewhere())
    job = await started(tiny_home, "one", Change(install=["tinier"]))
    await until(lambda: tiny_home.service.queue.job(job.id).state == "waiting")
    assert (await tiny_home.service.queue.cancel(job.id)).state == "cancelled"
    assert files(tiny_home.envs / "one") == before
    assert read_holder(lock) is not None
    assert [path.name for path in lock.parent.iterdir()] == ["lock"]


async def test_a_worker_that_lost_its_lock_changes_nothing(tiny_home: Home, tiny: ChannelServer) -> None:
    await tiny_home.create("one", "tiny=1")
    before = files(tiny_home.envs / "one")
    tiny.fault("*/files-*.conda", Fault(delay=1.0))
    job = await started(tiny_home, "one", Change(install=["files"]))
    await until(lambda: any("files" in request.path for request in tiny.requests) or in_download(tiny_home, job))
    lock = place(tiny_home, "one") / "lock"
    lock.unlink()
    written(lock, elsewhere())
    theirs = lock.read_bytes()
    ended = await tiny_home.service.queue.wait(job.id)
    assert ended.state == "failed"
    assert ended.error is not None
    assert "taken over" in ended.error.message
    assert files(tiny_home.envs / "one") == before
    assert lock.read_bytes() == theirs


def place(home: Home, name: str) -> Path:
    prefix = home.envs / name
    return prefix.parent / ".envmanager" / environment_id(prefix)


async def started(home: Home, name: str, change: Change) -> Job:
    environment = await home.service.find(name)
    plan = await home.service.changes.preview(environment.id, change)
    return await home.service.changes.change(environment.id, Change(plan=plan.id))


def in_download(home: Home, job: Job) -> bool:
    return home.service.queue.job(job.id).phase == "download"


async def command(home: Home, *arguments: str) -> tuple[int, str, str]:
    """``jupyter envmanager`` of the same user, in a process of its own: status, output, errors."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "XDG"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "jupyter_envmanager.cli", *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**kept, "HOME": str(home.path), "JUPYTER_DATA_DIR": str(home.path / "data")},
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, output.decode(), errors.decode()


async def test_a_command_waits_for_the_server_s_job_and_then_sees_what_it_did(
    tiny_home: Home, tiny: ChannelServer
) -> None:
    """They keep their jobs in different folders, as those of two users: only the lock tells them of each other."""
    await tiny_home.create("one", "tiny=1")
    tiny.fault("*/files-*.conda", Fault(bytes_per_second=20_000))
    job = await started(tiny_home, "one", Change(install=["files"]))
    await until(lambda: in_download(tiny_home, job))
    typed = asyncio.create_task(command(tiny_home, "install", "one", "tinier", "--yes"))
    await asyncio.sleep(0)
    await until(lambda: waiting_command(tiny_home))
    tiny.heal()
    assert (await tiny_home.service.queue.cancel(job.id)).state == "cancelled"
    status, output, errors = await typed
    assert status == 0, errors
    assert f"waiting   for job {job.id} of " in output
    assert await installed(tiny_home, "one") == {"tiny": "1.0", "tinier": "1.0"}
    assert tiny_home.leftovers() == []


def waiting_command(home: Home) -> bool:
    states = [json.loads(file.read_text()) for file in home.path.glob("data/envmanager/jobs/*/status.json")]
    return any(state["state"] == "waiting" for state in states)


async def test_of_server_and_command_one_changes_and_the_other_is_told(tiny_home: Home, tiny: ChannelServer) -> None:
    await tiny_home.create("one", "tiny=1")
    lock = written(place(tiny_home, "one") / "lock", elsewhere())
    job = await started(tiny_home, "one", Change(install=["fewer-files"]))
    typed = asyncio.create_task(command(tiny_home, "install", "one", "tinier", "--yes"))
    await until(lambda: waiting_command(tiny_home) and tiny_home.service.queue.job(job.id).state == "waiting")
    lock.unlink()
    status, _, errors = await typed
    ended = await tiny_home.service.queue.wait(job.id)
    assert sorted([ended.state == "succeeded", status == 0]) == [False, True]
    told = errors if status else ended.error.message if ended.error else ""
    assert "has changed since the preview" in told
    names = set(await installed(tiny_home, "one"))
    assert names == ({"tiny", "tinier"} if status == 0 else {"tiny", "fewer-files"})


async def test_who_downloads_second_says_for_whom_it_waits(make_home: MakeHome, tiny: ChannelServer) -> None:
    home = make_home(tiny.url)
    await home.create("one", "tiny=1")
    await home.create("two", "tiny=1")
    tiny.fault("*/files-*.conda", Fault(bytes_per_second=20_000))
    first = await started(home, "one", Change(install=["files"]))
    await until(lambda: in_download(home, first))
    second = await started(home, "two", Change(install=["fewer-files"]))
    wanted = f"waiting for the package cache: job {first.id} of "
    await until(lambda: any(wanted in event.message for event in home.service.queue.events(second.id, 0)))
    assert (await home.service.queue.cancel(first.id)).state == "cancelled"
    assert (await home.service.queue.wait(second.id)).state == "succeeded"
    assert home.leftovers() == []


@pytest.mark.parametrize("holder", [dead(), elsewhere()], ids=["dead", "silent"])
async def test_the_package_cache_s_lock_of_a_dead_downloader_is_taken_over(
    tiny_home: Home, tiny: ChannelServer, holder: ProcessId
) -> None:
    await tiny_home.create("one", "tiny=1")
    cache = (await asyncio.to_thread(tiny_home.service.source.current)).pkgs_dirs[0]
    lock = written(cache / ".envmanager" / "lock", holder, age=STALE_SECONDS + 5)
    job = await started(tiny_home, "one", Change(install=["fewer-files"]))
    assert (await tiny_home.service.queue.wait(job.id)).state == "succeeded"
    assert not lock.exists()
