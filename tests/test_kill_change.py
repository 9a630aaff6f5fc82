"""SIGKILL of worker, server or both, at every stage and at instants all over each kind of change.

Afterwards the environment is exactly the old or exactly the new one, file by file, and the next command works.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import itertools
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from conftest import Home, MakeHome, until
from killing import instants, kill_worker, worker_of, workers_kill_themselves
from pypi_index import IndexServer

from jupyter_envmanager.jobs.queue import JobQueue
from jupyter_envmanager.models import Change, Job, PypiChange

__all__ = ["workers_kill_themselves"]
pytestmark = [pytest.mark.usefixtures("workers_kill_themselves"), pytest.mark.timeout(900)]

# A removal links nothing, and a rollback only swaps.
STAGES = {"install": ("link", "verify", "swap"), "update": ("link", "verify", "swap"), "remove": ("verify", "swap")}
# What is different in two runs of one change: when and by which job it was made, and where conda says so.
VARYING = ("conda-meta/history", "conda-meta/jupyter_envmanager")

Start = Callable[[Home, str], Awaitable[Job]]
Restart = Callable[[Home], Awaitable[Home]]


def exact(root: Path) -> dict[str, tuple[object, ...]]:
    """Every file as it is: the very same inodes, untouched since."""
    found = {}
    for path in _walk(root):
        status = path.lstat()
        times = (status.st_ino, status.st_mtime_ns, status.st_size) if not path.is_dir() else ()
        found[str(path.relative_to(root))] = (status.st_mode, *times)
    return found


def content(root: Path) -> dict[str, str]:
    """Every file by its content; of files that vary from run to run, that they are there."""
    found = {}
    for path in _walk(root):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = "" if name in VARYING else hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _walk(root: Path) -> Iterator[Path]:
    # Bytecode comes in the background, and whenever an interpreter likes.
    return (path for path in sorted(root.rglob("*")) if "__pycache__" not in path.parts)


async def changing(home: Home, name: str, change: Change) -> Job:
    environment = await home.service.find(name)
    plan = await home.service.changes.preview(environment.id, change)
    return await home.service.changes.change(environment.id, Change(plan=plan.id))


def change_to(change: Change) -> Start:
    async def start(home: Home, name: str) -> Job:
        return await changing(home, name, change)

    return start


async def go_back(home: Home, name: str) -> Job:
    environment = await home.service.find(name)
    states = (await home.service.changes.history(environment.id)).generations
    return await home.service.changes.rollback(environment.id, min(one.number for one in states if not one.current))


async def finished(home: Home, job: Job) -> Job:
    ended = await home.service.queue.wait(job.id)
    await home.service.queue.wait_for_aftercare(job.id)
    return ended


INSTALL = Change(install=["some-files"])
UPDATE = Change(update=["tiny"])
REMOVE = Change(remove=["some-files"])
KINDS: dict[str, tuple[list[str], Change | None, Start]] = {
    "install": (["tiny=1"], None, change_to(INSTALL)),
    "update": (["tiny=1", "some-files"], None, change_to(UPDATE)),
    "remove": (["tiny=1", "some-files"], None, change_to(REMOVE)),
    "rollback": (["tiny=1"], INSTALL, go_back),
}


@pytest.fixture
def restart(make_home: MakeHome, monkeypatch: pytest.MonkeyPatch) -> Restart:
    """The server dies and another one starts in the same home. (Ours is this process, which lives on.)"""

    async def again(home: Home) -> Home:
        await home.service.queue.stop()
        second = make_home(path=home.path, index=home.service.site.pypi_index)
        with monkeypatch.context() as patch:
            patch.setattr(JobQueue, "_orphaned", staticmethod(lambda folder: True))
            await second.service.queue.start()
        return second

    return again


@pytest.mark.parametrize(
    ("kind", "stage"), [*((kind, stage) for kind, stages in STAGES.items() for stage in stages), ("rollback", "swap")]
)
async def test_killed_in_a_stage(tiny_home: Home, kind: str, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    specs, first, start = KINDS[kind]
    await tiny_home.create("one", *specs)
    if first is not None:
        await finished(tiny_home, await changing(tiny_home, "one", first))
    prefix = tiny_home.envs / "one"
    before = exact(prefix)
    monkeypatch.setenv("ENVMANAGER_TEST_KILL_AT", stage)
    ended = await finished(tiny_home, await start(tiny_home, "one"))
    monkeypatch.delenv("ENVMANAGER_TEST_KILL_AT")
    assert ended.state == "lost"
    assert exact(prefix) == before
    assert tiny_home.leftovers() == []
    assert (await finished(tiny_home, await start(tiny_home, "one"))).state == "succeeded"


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_at_random_instants(tiny_home: Home, kind: str, restart: Restart) -> None:
    specs, first, start = KINDS[kind]
    await tiny_home.create("one", *specs)
    if first is not None:
        await finished(tiny_home, await changing(tiny_home, "one", first))
    await killed_at_random(tiny_home, start, restart)


async def killed_at_random(home: Home, start: Start, restart: Restart) -> None:
    prefix = home.envs / "one"
    old = exact(prefix)
    usual = math.inf
    # The first one also fills the package cache, which takes longer than all the later ones do.
    for _ in range(2):
        job = await start(home, "one")
        await until(functools.partial(worker_of, home, job))
        begin = time.monotonic()
        assert (await home.service.queue.wait(job.id)).state == "succeeded"
        usual = min(usual, time.monotonic() - begin)
        await finished(home, job)
        new = content(prefix)
        await _as_before(home, prefix, old)
    outcomes = {"old": 0, "new": 0}
    # The first worker dies young, and a server maybe before there is one; the last of them when the job is done.
    for instant, victim in zip(instants(1.3 * usual), itertools.cycle(("worker", "both", "server")), strict=False):
        job = await start(home, "one")
        if victim == "worker":
            await until(functools.partial(worker_of, home, job))
        await asyncio.sleep(instant)
        if victim in ("worker", "both"):
            kill_worker(home, job)
        if victim in ("server", "both"):
            home = await restart(home)
        ended = await finished(home, job)
        assert home.leftovers() == [], victim
        if exact(prefix) == old:
            assert ended.state == "lost", (victim, ended)
            outcomes["old"] += 1
            continue
        assert content(prefix) == new, victim
        assert ended.state == "succeeded", (victim, ended)
        outcomes["new"] += 1
        await _as_before(home, prefix, old)
    # A rollback is over within milliseconds: being killed before its swap is what the test of the stages sees to.
    assert outcomes["old"] > 0 or start is go_back, outcomes
    assert outcomes["new"] > 0, outcomes


async def _as_before(home: Home, prefix: Path, old: dict[str, tuple[object, ...]]) -> None:
    """Go to the generation that is the old state: the next command after a kill, and it works."""
    environment = await home.service.find("one")
    states = (await home.service.changes.history(environment.id)).generations
    folder = home.envs / ".envmanager" / environment.id / "generations"
    number = next(one.number for one in states if not one.current and exact(folder / str(one.number)) == old)
    job = await home.service.changes.rollback(environment.id, number)
    assert (await home.service.queue.wait(job.id)).state == "succeeded"
    assert exact(prefix) == old


async def test_a_pypi_change_killed_at_random_instants(pypi_home: Home, index: IndexServer, restart: Restart) -> None:
    for name, version in (("alpha", "1"), ("alpha", "2"), ("beta", "1")):
        index.wheel(name, version)
    await pypi_home.create("one", "python", kernel=None)
    await finished(pypi_home, await changing(pypi_home, "one", Change(pypi=PypiChange(install=["alpha==1"]))))
    await killed_at_random(pypi_home, change_to(Change(pypi=PypiChange(install=["alpha==2", "beta"]))), restart)


async def test_a_pypi_change_killed_while_uv_works(
    pypi_home: Home, index: IndexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.wheel("alpha", "1")
    await pypi_home.create("one", "python", kernel=None)
    prefix = pypi_home.envs / "one"
    before = exact(prefix)
    monkeypatch.setenv("ENVMANAGER_TEST_KILL_AT", "pypi")
    start = change_to(Change(pypi=PypiChange(install=["alpha"])))
    assert (await finished(pypi_home, await start(pypi_home, "one"))).state == "lost"
    monkeypatch.delenv("ENVMANAGER_TEST_KILL_AT")
    assert exact(prefix) == before
    assert pypi_home.leftovers() == []
    assert (await finished(pypi_home, await start(pypi_home, "one"))).state == "succeeded"
