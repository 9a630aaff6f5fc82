"""Create, as a user meets it: what is there afterwards, and what is not when it goes wrong."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import msgspec
import pytest
from conftest import Home, MakeHome, until
from local_channel import ChannelServer, Fault

from jupyter_envmanager.environments import clear_vacant
from jupyter_envmanager.errors import Conflict, EnvManagerError, Invalid, NotAllowed, NotFound
from jupyter_envmanager.models import FileSource, KernelRequest, NewEnvironment, SpecsSource


async def run_python(prefix: Path, code: str, *options: str) -> tuple[str, str]:
    """Run code in an environment; what it printed and what the interpreter told."""
    process = await asyncio.create_subprocess_exec(
        prefix / "bin" / "python",
        *options,
        "-c",
        code,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode(), err.decode()


async def test_a_created_environment_is_what_the_preview_said(tiny_home: Home) -> None:
    request = tiny_home.request("one", "tinier")
    plan = await tiny_home.service.preview(request)
    job = await tiny_home.service.create(msgspec.structs.replace(request, plan=plan.id))
    job = await tiny_home.service.queue.wait(job.id)
    assert job.state == "succeeded", job.error
    installed = await tiny_home.service.packages(job.environment)
    assert {(p.name, p.version, p.build) for p in installed.packages} == {
        (action.name, action.to, action.build) for action in plan.actions
    }
    assert [p.name for p in installed.packages if p.requested] == ["tinier"]


async def test_create_applies_the_previewed_plan_even_when_the_channel_has_moved_on(
    tiny_home: Home, tiny: ChannelServer
) -> None:
    request = tiny_home.request("one", "tiny")
    plan = await tiny_home.service.preview(request)
    asked = len([path for path in tiny.counts.elements() if "repodata" in path])
    job = await tiny_home.service.create(msgspec.structs.replace(request, plan=plan.id))
    await tiny_home.service.queue.wait(job.id)
    assert len([path for path in tiny.counts.elements() if "repodata" in path]) == asked


async def test_create_leaves_nothing_but_the_environment(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny")
    assert tiny_home.leftovers() == []
    assert sorted(path.name for path in tiny_home.envs.iterdir()) == ["one"]


async def test_the_history_is_one_that_conda_reads(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    history = (tiny_home.envs / "one" / "conda-meta" / "history").read_text()
    assert history.startswith("==> 20")
    assert "# update specs: ['tiny=1']" in history
    assert "::tiny-1.0-0" in history
    txt = (tiny_home.path / ".conda" / "environments.txt").read_text().splitlines()
    assert str(tiny_home.envs / "one") in txt


async def test_files_carry_the_final_prefix(real_home: Home) -> None:
    job = await real_home.create("real", "python")
    assert job.state == "succeeded", job.error
    prefix = real_home.envs / "real"
    answer, _ = await run_python(prefix, "import sys, sysconfig; print(sys.prefix, sysconfig.get_path('purelib'))")
    assert answer.split()[0] == str(prefix)
    assert answer.split()[1].startswith(str(prefix))
    stage = b".envmanager"
    assert not any(stage in path.read_bytes() for path in (prefix / "bin").iterdir() if path.is_file())


async def test_the_kernel_is_registered_at_once_and_runs_a_cell(real_home: Home) -> None:
    job = await real_home.create("real", "python", kernel=KernelRequest(display_name="My “real” kernel"))
    assert job.state == "succeeded", job.error
    assert job.kernel == "real"
    spec = json.loads((real_home.kernels / "real" / "kernel.json").read_text())
    assert spec["display_name"] == "My “real” kernel"
    await real_home.service.queue.wait_for_aftercare(job.id)
    ended = real_home.service.queue.job(job.id)
    assert ended.check is not None
    assert ended.check.state == "passed", ended.check.problem
    assert ended.aftercare is False
    kernels = (await real_home.service.kernels.list()).kernels
    mine = next(kernel for kernel in kernels if kernel.name == "real")
    assert (mine.environment, mine.orphan, mine.stamped) == (job.environment, False, True)
    assert mine.check == ended.check


async def test_ipykernel_is_added_only_when_there_is_python_and_a_kernel_is_wanted(real_home: Home) -> None:
    service = real_home.service
    with_kernel = await service.preview(real_home.request("one", "python"))
    assert [(a.name, a.reason) for a in with_kernel.actions[:2]] == [("python", "asked"), ("ipykernel", "kernel")]
    without = await service.preview(real_home.request("one", "python", kernel=None))
    assert [a.name for a in without.actions] == ["python"]
    no_python = await service.preview(real_home.request("one"))
    assert no_python.actions == []
    assert [warning.code for warning in no_python.warnings] == ["no_kernel"]


async def test_bytecode_comes_with_the_second_environment(
    make_home: MakeHome, channel: ChannelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    real_home = make_home(channel.url)
    first = await real_home.create("first", "python", "idna", kernel=None)
    # What an environment's interpreter has compiled is its own: the cache has only what comes of the package cache.
    own = next((real_home.envs / "first").glob("lib/python3*/site-packages/idna"))
    await run_python(real_home.envs / "first", "import idna.core")
    await real_home.service.queue.wait_for_aftercare(first.id)
    await real_home.create("second", "python", "idna", kernel=None)
    source = next((real_home.envs / "second").glob("lib/python3*/site-packages/idna/core.py"))
    bytecode = next(source.parent.glob("__pycache__/core.*.pyc"))
    cache = real_home.path / ".conda" / "pkgs" / ".envmanager" / "bytecode"
    twin = next(cache.glob(f"*/*/lib/python3*/site-packages/idna/__pycache__/{bytecode.name}"))
    assert bytecode.stat().st_ino == twin.stat().st_ino
    assert not twin.stat().st_mode & 0o022
    assert all(one.stat().st_ino != twin.stat().st_ino for one in own.glob("__pycache__/core.*"))
    # -v tells where each module came from: the interpreter itself says that it believes the linked file.
    where, told = await run_python(real_home.envs / "second", "import idna.core as k; print(k.__file__)", "-B", "-v")
    assert f"{bytecode} matches {source}" in told
    assert where.strip() == str(source)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a/b",
        "..",
        ".hidden",
        "-n",
        "two words",
        "a:b",
        "a#b",
        "x" * 300,
        "ü" * 101,
        "base",
        "root",
        "a\nb",
        "\x00",
    ],
)
async def test_names_that_cannot_be_are_refused_at_the_field(tiny_home: Home, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        await tiny_home.service.preview(tiny_home.request(name, "tiny"))
    assert caught.value.field == "name"
    assert not tiny_home.envs.exists() or list(tiny_home.envs.iterdir()) == []


@pytest.mark.parametrize("name", ["hfrl", "Übung-1", "torch_2.7", "数据", "a'b", "$(touch)"])
async def test_unusual_names_work(tiny_home: Home, name: str) -> None:
    job = await tiny_home.create(name, "tiny")
    assert job.state == "succeeded", job.error
    assert [env.name for env in (await tiny_home.service.environments()).environments if env.kind == "named"] == [name]


async def test_an_existing_name_is_a_conflict(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny")
    before = sorted(str(path) for path in tiny_home.envs.rglob("*"))
    with pytest.raises(Conflict) as caught:
        await tiny_home.service.preview(tiny_home.request("one", "tiny"))
    assert caught.value.field == "name"
    assert sorted(str(path) for path in tiny_home.envs.rglob("*")) == before


async def test_a_path_environment_goes_into_an_empty_folder(tiny_home: Home) -> None:
    folder = tiny_home.path / "project" / "env"
    folder.mkdir(parents=True)
    request = NewEnvironment(prefix=str(folder), source=SpecsSource(specs=["tiny"]))
    job = await tiny_home.service.queue.wait((await tiny_home.service.create(request)).id)
    assert job.state == "succeeded", job.error
    found = await tiny_home.service.environment(job.environment)
    assert (found.kind, found.prefix) == ("path", str(folder))
    assert sorted(path.name for path in folder.parent.iterdir()) == ["env"]


async def test_two_environments_of_the_same_name_are_told_apart(tiny_home: Home) -> None:
    await tiny_home.create("same", "tiny=1")
    other = tiny_home.path / "project" / "same"
    request = NewEnvironment(prefix=str(other), source=SpecsSource(specs=["tiny=2"]))
    await tiny_home.service.queue.wait((await tiny_home.service.create(request)).id)
    found = [env for env in (await tiny_home.service.environments()).environments if env.name == "same"]
    assert {env.prefix for env in found} == {str(other), str(tiny_home.envs / "same")}
    assert len({env.id for env in found}) == 2
    with pytest.raises(Conflict, match="Several"):
        await tiny_home.service.find("same")
    assert (await tiny_home.service.find(str(other))).prefix == str(other)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/nowhere/env", NotAllowed),
        ("relative/env", Invalid),
        ("~/../../etc/env", Invalid),
        ("/etc/passwd", NotAllowed),
        ("~/a\x00b", Invalid),
        ("~/" + "d/" * 130 + "env", Invalid),
    ],
)
async def test_folders_out_of_bounds_are_refused_at_the_field(
    tiny_home: Home, folder: str, kind: type[EnvManagerError]
) -> None:
    request = NewEnvironment(prefix=folder, source=SpecsSource(specs=["tiny"]))
    with pytest.raises(kind) as caught:
        await tiny_home.service.preview(request)
    assert caught.value.field == "prefix"


async def test_a_symlink_does_not_lead_out_of_bounds(tiny_home: Home, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tiny_home.path / "link").symlink_to(outside)
    request = NewEnvironment(prefix=str(tiny_home.path / "link" / "env"), source=SpecsSource(specs=["tiny"]))
    with pytest.raises(NotAllowed):
        await tiny_home.service.preview(request)


async def test_a_folder_with_files_is_left_alone(tiny_home: Home) -> None:
    folder = tiny_home.path / "thesis"
    folder.mkdir()
    (folder / "chapter1.tex").write_text("years of work")
    with pytest.raises(Conflict, match="not empty"):
        await tiny_home.service.preview(NewEnvironment(prefix=str(folder), source=SpecsSource(specs=["tiny"])))
    assert (folder / "chapter1.tex").read_text() == "years of work"


async def test_bytecode_of_an_environment_that_is_gone_is_in_nobodys_way(tiny_home: Home) -> None:
    """Python makes the folders anew for a module that it was importing when its environment was removed."""
    rubbish = tiny_home.envs / "one" / "lib" / "python3.12" / "IPython" / "__pycache__"
    rubbish.mkdir(parents=True)
    (rubbish / "display.cpython-312.pyc").touch()
    (rubbish / "core.cpython-312.pyc.139846").touch()
    empty = rubbish.parent / "mine"
    for path in (rubbish / "kept.txt", rubbish.parent / "source.py", empty / "folder"):
        path.parent.mkdir(exist_ok=True)
        path.mkdir() if path.name == "folder" else path.touch()
        with pytest.raises(Conflict, match="not empty"):
            await tiny_home.service.preview(tiny_home.request("one", "tiny"))
        path.rmdir() if path.name == "folder" else path.unlink()
    empty.rmdir()
    job = await tiny_home.create("one", "tiny")
    assert job.state == "succeeded", job.error
    assert not (tiny_home.envs / "one" / "lib" / "python3.12").exists()


def test_only_bytecode_is_cleared_away_whatever_comes_meanwhile(tmp_path: Path) -> None:
    cache = tmp_path / "one" / "lib" / "__pycache__"
    cache.mkdir(parents=True)
    (cache / "display.cpython-312.pyc").touch()
    (cache / "notes.txt").touch()
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "__pycache__").symlink_to(cache)
    assert clear_vacant(tmp_path / "one")
    clear_vacant(tmp_path / "link")
    assert [path.name for path in cache.iterdir()] == ["notes.txt"]
    (cache / "notes.txt").unlink()
    assert clear_vacant(tmp_path / "one")
    assert not any((tmp_path / "one").iterdir())
    assert not clear_vacant(tmp_path / "one")


async def test_removing_while_the_kernel_is_tested_leaves_nothing(real_home: Home) -> None:
    job = await real_home.create("one", "python")
    check = real_home.service.queue.job

    def importing() -> bool:
        found = check(job.id).check
        return found is not None and found.state == "running"

    await until(importing)
    await asyncio.sleep(0.4)
    removal = await real_home.service.removals.remove(job.environment)
    assert (await real_home.service.queue.wait(removal.id)).state == "succeeded"
    await real_home.service.queue.wait_for_aftercare(job.id)
    assert not (real_home.envs / "one").exists()
    assert check(job.id).check is None


async def test_a_folder_inside_an_environment_is_refused(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny")
    inside = tiny_home.envs / "one" / "share" / "env"
    with pytest.raises(Invalid, match="inside the environment"):
        await tiny_home.service.preview(NewEnvironment(prefix=str(inside), source=SpecsSource(specs=["tiny"])))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_cannot_be_written_is_refused(tiny_home: Home) -> None:
    closed = tiny_home.path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(NotAllowed, match="may not write"):
        await tiny_home.service.preview(NewEnvironment(prefix=str(closed / "env"), source=SpecsSource(specs=["tiny"])))


async def test_what_cannot_be_started_from_is_refused_not_ignored(tiny_home: Home) -> None:
    for request in (
        NewEnvironment(name="one", source=FileSource(format="environment.yml", content="name: x")),
        NewEnvironment(name="one", source=SpecsSource(specs=["tiny"], pypi=["requests"])),
        tiny_home.request("one", "tiny", gpu="h100"),
        NewEnvironment(source=SpecsSource(specs=["tiny"])),
        NewEnvironment(name="one", prefix="/tmp/x", source=SpecsSource(specs=["tiny"])),
    ):
        with pytest.raises(Invalid):
            await tiny_home.service.preview(request)


async def test_a_plan_belongs_to_its_request(tiny_home: Home) -> None:
    plan = await tiny_home.service.preview(tiny_home.request("one", "tiny"))
    with pytest.raises(Conflict, match="changed since the preview"):
        await tiny_home.service.create(tiny_home.request("one", "tiny=1", plan=plan.id))
    with pytest.raises(Conflict, match="changed since the preview"):
        await tiny_home.service.create(tiny_home.request("two", "tiny", plan=plan.id))
    for unknown in ("nosuch", "../../state/plans/x", ""):
        with pytest.raises(NotFound):
            await tiny_home.service.create(tiny_home.request("one", "tiny", plan=unknown or "x" * 16))


async def test_two_creates_of_one_name_give_one_environment(tiny_home: Home) -> None:
    request = tiny_home.request("one", "tiny")
    answers = await asyncio.gather(*(tiny_home.service.create(request) for _ in range(5)), return_exceptions=True)
    jobs = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(jobs) == 1
    assert all(isinstance(answer, Conflict) for answer in answers if isinstance(answer, BaseException))
    assert (await tiny_home.service.queue.wait(jobs[0].id)).state == "succeeded"


async def test_what_appears_meanwhile_is_left_alone(tiny_home: Home, tiny: ChannelServer) -> None:
    tiny.fault("*.conda", Fault(delay=1.0))
    job = await tiny_home.service.create(tiny_home.request("one", "tiny"))
    await until(lambda: tiny_home.service.queue.job(job.id).state == "running")
    (tiny_home.envs / "one").mkdir(parents=True)
    (tiny_home.envs / "one" / "mine").write_text("somebody else's")
    ended = await tiny_home.service.queue.wait(job.id)
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error.code == "conflict"
    assert [path.name for path in (tiny_home.envs / "one").iterdir()] == ["mine"]
    assert tiny_home.leftovers() == []


async def test_a_kernel_name_that_is_taken_is_a_conflict(real_home: Home) -> None:
    await real_home.create("one", "python", kernel=KernelRequest(name="mine"))
    with pytest.raises(Conflict) as caught:
        await real_home.create("two", "python", kernel=KernelRequest(name="mine"))
    assert caught.value.field == "kernel"
    second = await real_home.create("two", "python", kernel=KernelRequest(display_name="Mine"))
    assert second.kernel == "two"


async def test_two_homes_share_nothing(make_home: MakeHome, tiny: ChannelServer, tmp_path: Path) -> None:
    one, two = make_home(tiny.url, path=tmp_path / "one"), make_home(tiny.url, path=tmp_path / "two")
    await one.create("env", "tiny")
    assert [env.name for env in (await two.service.environments()).environments if env.kind == "named"] == []
