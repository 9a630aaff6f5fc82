"""What can go wrong with a change: what is said then, and that the environment is what it was."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Home, until
from killing import workers_kill_themselves
from local_channel import ChannelServer, Fault
from pypi_index import IndexServer, sdist
from test_change import apply, apply_rollback, files, history, installed, preview
from test_change_pypi import pypi, without_bytecode

from jupyter_envmanager.changes import RunningSession
from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.errors import Conflict, EnvManagerError, NotFound
from jupyter_envmanager.jobs.lock import prefix_lock
from jupyter_envmanager.models import Change, Health, Job
from jupyter_envmanager.service import EnvManagerService

__all__ = ["workers_kill_themselves"]

PAUSE = """
import os, sys, time

phase = os.environ.get("ENVMANAGER_TEST_PAUSE_AT")
if phase and "jupyter_envmanager.jobs.worker" in " ".join(sys.orig_argv):
    from jupyter_envmanager.jobs import store

    write = store.JobFolder.write_job

    def write_and_pause(self, job):
        result = write(self, job)
        if job.phase == phase and job.action == "change":
            time.sleep(60)
        return result

    store.JobFolder.write_job = write_and_pause
"""


async def started(home: Home, name: str, change: Change) -> Job:
    environment = await home.service.find(name)
    plan = await home.service.changes.preview(environment.id, change)
    return await home.service.changes.change(environment.id, Change(plan=plan.id))


async def changed(home: Home, name: str, change: Change) -> Job:
    """Preview and apply a change; its end, without what follows at leisure."""
    return await home.service.queue.wait((await started(home, name, change)).id)


async def health(home: Home, name: str) -> Health:
    environment = await home.service.find(name)
    return await home.service.changes.health(environment.id, full=True)


def generations(home: Home, name: str) -> Path:
    prefix = home.envs / name
    return prefix.parent / ".envmanager" / environment_id(prefix) / "generations"


async def test_a_package_that_is_not_what_the_channel_s_index_says_is_refused(
    tiny_home: Home, tiny: ChannelServer
) -> None:
    await tiny_home.create("one", "tiny=1")
    before = files(tiny_home.envs / "one")
    archive = next(tiny.directory.glob("noarch/tinier-*.conda")).read_bytes()
    tiny.fault("*/fewer-files-*.conda", Fault(body=archive))
    job = await changed(tiny_home, "one", Change(install=["fewer-files"]))
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "damaged"
    assert "fewer-files" in job.error.message
    assert "checksum" in job.error.message
    assert files(tiny_home.envs / "one") == before
    assert tiny_home.leftovers() == []
    tiny.heal()
    assert (await changed(tiny_home, "one", Change(install=["fewer-files"]))).state == "succeeded"


@pytest.mark.parametrize("fault", [Fault(status=404), Fault(body=b"<html>login")])
async def test_a_download_that_fails_names_the_package(tiny_home: Home, tiny: ChannelServer, fault: Fault) -> None:
    await tiny_home.create("one", "tiny=1")
    before = files(tiny_home.envs / "one")
    tiny.fault("*/tinier-*.conda", fault)
    job = await changed(tiny_home, "one", Change(install=["tinier"]))
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code in ("damaged", "channel_unreachable")
    assert job.error.hint
    assert "tinier" in job.error.message
    assert files(tiny_home.envs / "one") == before
    assert tiny_home.leftovers() == []


@pytest.mark.parametrize("phase", ["download", "link", "verify", "swap"])
@pytest.mark.usefixtures("workers_kill_themselves")
async def test_a_change_cancelled_in_any_phase_leaves_the_old_state(
    tiny_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    await tiny_home.create("one", "tiny=1")
    before = files(tiny_home.envs / "one")
    await cancelled_at(phase, tiny_home, Change(install=["files"], update=["tiny"]), tmp_path, monkeypatch)
    assert files(tiny_home.envs / "one") == before
    assert tiny_home.leftovers() == []
    assert (await changed(tiny_home, "one", Change(install=["files"]))).state == "succeeded"


@pytest.mark.usefixtures("workers_kill_themselves")
async def test_a_pypi_change_can_be_cancelled(
    pypi_home: Home, index: IndexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.wheel("alpha", "1.0")
    await pypi_home.create("one", "python", kernel=None)
    before = without_bytecode(files(pypi_home.envs / "one"))
    await cancelled_at("pypi", pypi_home, pypi("alpha"), tmp_path, monkeypatch)
    assert without_bytecode(files(pypi_home.envs / "one")) == before
    assert pypi_home.leftovers() == []
    assert (await changed(pypi_home, "one", pypi("alpha"))).state == "succeeded"


async def cancelled_at(phase: str, home: Home, change: Change, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker pause in a phase, and cancel it there."""
    (tmp_path / "hook" / "sitecustomize.py").write_text(PAUSE)
    with monkeypatch.context() as patch:
        patch.setenv("ENVMANAGER_TEST_PAUSE_AT", phase)
        # One that waits already does not know where to pause.
        await home.service.queue.stop()
        job = await started(home, "one", change)
        await until(lambda: home.service.queue.job(job.id).phase == phase)
        assert (await home.service.queue.cancel(job.id)).state == "cancelled"


async def test_a_wheel_that_does_not_build_shows_its_log(pypi_home: Home, index: IndexServer) -> None:
    index.add(sdist("alpha", "1.0", fail="error: no Fortran compiler here"))
    await pypi_home.create("one", "python", kernel=None)
    before = without_bytecode(files(pypi_home.envs / "one"))
    job = await changed(pypi_home, "one", pypi("alpha"))
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "build_failed"
    assert "alpha" in job.error.message
    assert "no Fortran compiler here" in job.error.details["log"]
    assert job.error.hint
    assert without_bytecode(files(pypi_home.envs / "one")) == before
    assert pypi_home.leftovers() == []


async def test_a_plan_for_an_environment_that_is_gone_is_refused(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    environment = await tiny_home.service.find("one")
    plan = await tiny_home.service.changes.preview(environment.id, Change(install=["tinier"]))
    shutil.rmtree(environment.prefix)
    with pytest.raises(EnvManagerError) as caught:
        await tiny_home.service.changes.change(environment.id, Change(plan=plan.id))
    assert isinstance(caught.value, NotFound)
    assert not Path(environment.prefix).exists()


async def test_an_environment_that_goes_while_its_change_waits_is_not_made_anew(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    prefix = tiny_home.envs / "one"
    with held(tiny_home, "one"):
        job = await started(tiny_home, "one", Change(install=["tinier"]))
        await until(lambda: tiny_home.service.queue.job(job.id).state == "waiting")
        shutil.rmtree(prefix)
    ended = await tiny_home.service.queue.wait(job.id)
    assert ended.error is not None
    assert (ended.state, ended.error.code) == ("failed", "not_found")
    assert not prefix.exists()
    assert tiny_home.leftovers() == []


@contextmanager
def held(home: Home, name: str) -> Iterator[None]:
    """Hold an environment's lock."""
    with prefix_lock(generations(home, name).parent / "lock", "other", "bob", waiting=lambda _: None):
        yield


async def test_a_plan_is_not_for_another_environment_in_the_same_place(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    environment = await tiny_home.service.find("one")
    plan = await tiny_home.service.changes.preview(environment.id, Change(install=["tinier"]))
    shutil.rmtree(environment.prefix)
    await tiny_home.create("one", "tiny=1")
    before = files(tiny_home.envs / "one")
    with pytest.raises(Conflict, match="changed since the preview"):
        await tiny_home.service.changes.change(environment.id, Change(plan=plan.id))
    assert files(tiny_home.envs / "one") == before


def cut_record(prefix: Path) -> None:
    record = prefix / "conda-meta" / "tiny-1.0-0.json"
    record.write_bytes(record.read_bytes()[:40])


def empty_record(prefix: Path) -> None:
    (prefix / "conda-meta" / "tiny-1.0-0.json").write_bytes(b"")


def remove_file(prefix: Path) -> None:
    (prefix / "share" / "tiny" / "version").unlink()


def change_file(prefix: Path) -> None:
    # A new file: the old one is the package cache's, too.
    (prefix / "share" / "tiny" / "version").unlink()
    (prefix / "share" / "tiny" / "version").write_bytes(b"9.9\n")


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "downloaded"])
@pytest.mark.parametrize("damage", [cut_record, empty_record, remove_file, change_file])
async def test_damage_is_named_and_repaired(
    tiny_home: Home, tiny: ChannelServer, damage: Callable[[Path], None], cached: bool
) -> None:
    await tiny_home.create("one", "tinier", "tiny=1")
    prefix = tiny_home.envs / "one"
    whole = files(prefix)
    damage(prefix)
    (prefix / "mine.txt").write_text("mine\n")
    if not cached:
        shutil.rmtree(tiny_home.service.source.current().pkgs_dirs[0])
    found = await health(tiny_home, "one")
    assert found.damaged == ["tiny"]
    listed = await tiny_home.service.packages(environment_id(prefix))
    if "record" in damage.__name__:
        assert any("tiny-1.0-0.json" in problem.message for problem in listed.problems)
        assert [one.name for one in listed.packages if one.damaged] == ["tiny"]
    tiny.forget()
    job = await changed(tiny_home, "one", Change(repair=["tiny"]))
    assert job.state == "succeeded", job.error
    assert (await health(tiny_home, "one")).problems == []
    assert await installed(tiny_home, "one") == {"tiny": "1.0", "tinier": "1.0"}
    assert (prefix / "share" / "tiny" / "version").read_text() == "1.0\n"
    assert (prefix / "mine.txt").read_text() == "mine\n"
    assert set(files(prefix)) == {*whole, "mine.txt"}
    assert any("tiny-1.0" in path for path in tiny.counts) == (not cached)


async def test_an_environment_without_its_python_can_be_changed_and_repaired(real_home: Home) -> None:
    await real_home.create("one", "python", kernel=None)
    prefix = real_home.envs / "one"
    for file in (prefix / "bin").glob("python*"):
        file.unlink()
    job = await changed(real_home, "one", Change(install=["idna"]))
    assert job.state == "succeeded", job.error
    assert "python" in (await health(real_home, "one")).damaged
    job = await changed(real_home, "one", Change(repair=["python"]))
    assert job.state == "succeeded", job.error
    assert (await health(real_home, "one")).damaged == []
    python = await asyncio.create_subprocess_exec(prefix / "bin" / "python", "-c", "import idna")
    assert await python.wait() == 0


async def test_what_is_hard_to_copy_does_not_stop_a_change(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    prefix = tiny_home.envs / "one"
    mine = prefix / "share" / "tiny" / "Größe 大小\n\t'\"\\$(rm)"
    mine.mkdir()
    (mine / "🧪.txt").write_text("mine\n")
    (mine / ("x" * 255)).write_text("long\n")
    Path(os.fsdecode(os.fsencode(mine) + b"/\xff\xfe")).write_text("no text\n")
    (mine / "loop").symlink_to("loop")
    (mine / "round").symlink_to(".")
    (mine / "up").symlink_to("../..")
    (mine / "nowhere").symlink_to("/nowhere/at/all")
    os.mkfifo(mine / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        folder = os.open(mine, os.O_RDONLY)
        try:
            server.bind(f"/proc/self/fd/{folder}/socket")
        finally:
            os.close(folder)
        before = files(mine)
        job = await changed(tiny_home, "one", Change(update=["tiny"]))
    assert job.state == "succeeded", job.error
    after = files(mine)
    # Those belong to a process, not to the environment.
    assert set(before) - set(after) == {"pipe", "socket"}
    assert {name: after[name].split()[0] for name in after} == {name: before[name].split()[0] for name in after}
    assert (await apply_rollback(tiny_home, "one", 1)).state == "succeeded"
    assert files(mine) == before


async def test_a_large_file_of_the_user_is_not_copied_for_each_change(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    large = tiny_home.envs / "one" / "data.bin"
    with large.open("wb") as file:
        file.truncate(70 * 2**20)
    small = tiny_home.envs / "one" / "notes.txt"
    small.write_text("mine\n")
    assert (await changed(tiny_home, "one", Change(update=["tiny"]))).state == "succeeded"
    former = generations(tiny_home, "one") / "1"
    assert large.stat().st_size == 70 * 2**20
    assert not small.samefile(former / "notes.txt")
    assert large.samefile(former / "data.bin") or large.stat().st_blocks == (former / "data.bin").stat().st_blocks


async def test_folders_that_nobody_may_write_in_stay_so(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    prefix = tiny_home.envs / "one"
    shut = prefix / "share" / "mine" / "inner"
    shut.mkdir(parents=True)
    (shut / "file").write_text("mine\n")
    (shut / "file").chmod(0o444)
    shut.chmod(0o555)
    shut.parent.chmod(0o555)
    (prefix / "share" / "tiny").chmod(0o555)
    job = await changed(tiny_home, "one", Change(update=["tiny"]))
    assert job.state == "succeeded", job.error
    assert (prefix / "share" / "tiny" / "version").read_text() == "2.0\n"
    assert (shut / "file").read_text() == "mine\n"
    assert [f"{path.stat().st_mode & 0o777:o}" for path in (shut.parent, shut, shut / "file")] == ["555", "555", "444"]
    environment = await tiny_home.service.find("one")
    left = await tiny_home.service.changes.forget_generation(environment.id, 1)
    assert [one.number for one in left.generations] == [2]
    assert tiny_home.leftovers() == []


async def test_removing_python_under_a_running_kernel_warns(real_home: Home) -> None:
    job = await real_home.create("one", "python")
    assert job.kernel is not None
    session = RunningSession(kernel=job.kernel, path="work/today.ipynb")
    other = RunningSession(kernel="another", path="other.ipynb")

    async def running() -> list[RunningSession]:
        return [session, other]

    real_home.service.changes.running = running
    plan = await preview(real_home, "one", Change(remove=["python"]))
    warnings = {warning.code: warning for warning in plan.warnings}
    assert {"kernels_running", "kernel_removed", "removes_more"} <= set(warnings)
    assert [one["path"] for one in warnings["kernels_running"].details["sessions"]] == ["work/today.ipynb"]
    assert {"python", "ipykernel"} <= set(warnings["kernel_removed"].details["packages"])
    quiet = await preview(real_home, "one", Change(pin=["python 3.*"]))
    assert "kernels_running" not in [warning.code for warning in quiet.warnings]


async def test_a_site_may_keep_no_generation(tiny_home: Home) -> None:
    site = dataclasses.replace(tiny_home.service.site, keep_generations=0)
    tiny_home.service = EnvManagerService(site, tiny_home.service.source, tiny_home.service.queue)
    await tiny_home.create("one", "tiny=1")
    for change in (Change(install=["tinier"]), Change(remove=["tinier"])):
        assert (await apply(tiny_home, "one", change)).state == "succeeded"
    states = await history(tiny_home, "one")
    assert [(one.number, one.current) for one in states.generations] == [(3, True)]
    assert (states.keep, states.size) == (0, 0)
    with pytest.raises(NotFound):
        await apply_rollback(tiny_home, "one", 1)
    assert tiny_home.leftovers() == []
