"""What a hostile package, journal, spec or kernel must not be able to do."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import Home, MakeHome, until
from local_channel import ChannelServer, Fault, Synthetic, serve, write_channel

from jupyter_envmanager.engine import bytecode
from jupyter_envmanager.engine import channels as channels_module
from jupyter_envmanager.engine.bytecode import BytecodeCache, cache_tag, compile_rest
from jupyter_envmanager.engine.metarecords import read as read_record
from jupyter_envmanager.engine.workplace import Journal, Workplace
from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.errors import ChannelUnreachable, Conflict, Invalid, NotAllowed
from jupyter_envmanager.jobs.lock import prefix_lock, read_holder
from jupyter_envmanager.models import KernelRequest
from jupyter_envmanager.targets.free import check_free


def command(*words: str) -> int:
    """Run a command of the system; its exit status."""
    return subprocess.run(words, capture_output=True, check=False).returncode


async def test_two_creates_that_want_one_kernel_name_both_succeed(real_home: Home) -> None:
    wanted = KernelRequest(name="same")
    requests = [real_home.request(name, "python", kernel=wanted) for name in ("one", "two")]
    jobs = [await real_home.service.create(request) for request in requests]
    ended = [await real_home.service.queue.wait(job.id) for job in jobs]
    assert [job.state for job in ended] == ["succeeded", "succeeded"]
    kernels = {job.kernel for job in ended}
    assert len(kernels) == 2
    assert "same" in kernels
    assert real_home.leftovers() == []
    for name in ("one", "two"):
        removal = await real_home.service.removals.remove((await real_home.service.find(name)).id)
        assert (await real_home.service.queue.wait(removal.id)).state == "succeeded"
    assert list(real_home.kernels.iterdir()) == []


async def test_a_kernel_that_cannot_be_written_does_not_spoil_the_environment(real_home: Home) -> None:
    real_home.kernels.parent.mkdir(parents=True)
    real_home.kernels.write_text("a file where the folder should be")
    job = await real_home.create("one", "python")
    assert job.state == "succeeded"
    assert job.kernel is None
    assert job.check is not None
    assert job.check.problem is not None
    assert real_home.leftovers() == []


def forge(home: Home, journal: Journal) -> Workplace:
    """A journal in the place where the environment “one” would be built."""
    prefix = home.envs / "one"
    place = Workplace(prefix, environment_id(prefix))
    place.open()
    place.write_journal(journal)
    return place


async def test_a_forged_journal_deletes_nothing_elsewhere(tiny_home: Home) -> None:
    work = tiny_home.path / "work"
    work.mkdir()
    (work / "thesis.tex").touch()
    prefix = str(tiny_home.envs / "one")
    place = forge(tiny_home, Journal(action="remove", job="x/../../../../../work", prefix=prefix))
    (place.folder / "trash-x").mkdir()
    assert (await tiny_home.create("one", "tiny")).state == "succeeded"
    assert (work / "thesis.tex").exists()


async def test_a_forged_journal_plants_no_kernel(tiny_home: Home) -> None:
    evil = tiny_home.path / "evil"
    (evil / "conda-meta").mkdir(parents=True)
    (evil / "conda-meta" / "jupyter_envmanager").write_text('{"job": "abc"}')
    forge(tiny_home, Journal(action="create", job="abc", prefix=str(evil), kernels=["planted"]))
    assert (await tiny_home.create("one", "tiny")).state == "succeeded"
    assert not tiny_home.kernels.exists() or list(tiny_home.kernels.iterdir()) == []


async def test_recovery_removes_only_kernels_that_we_wrote(tiny_home: Home) -> None:
    mine = tiny_home.kernels / "mine"
    mine.mkdir(parents=True)
    (mine / "kernel.json").write_text(json.dumps({"argv": ["/bin/true"], "display_name": "Mine", "language": "x"}))
    prefix = str(tiny_home.envs / "one")
    place = forge(tiny_home, Journal(action="remove", job="abc", prefix=prefix, kernels=["mine"]))
    place.trash("abc").mkdir()
    assert (await tiny_home.create("one", "tiny")).state == "succeeded"
    assert (mine / "kernel.json").exists()


async def test_a_link_in_place_of_our_folder_is_refused(tiny_home: Home) -> None:
    docs = tiny_home.path / "docs"
    docs.mkdir()
    (docs / "letter").touch()
    root = tiny_home.envs / ".envmanager"
    root.mkdir(parents=True)
    (root / environment_id(tiny_home.envs / "one")).symlink_to(docs)
    job = await tiny_home.create("one", "tiny")
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "not_allowed"
    assert [path.name for path in docs.iterdir()] == ["letter"]


async def test_packages_cannot_lead_our_own_files_astray(make_home: MakeHome, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    linked = Synthetic(
        "linked", links={"conda-meta/history": str(victim), "conda-meta/jupyter_envmanager": str(victim)}
    )
    plain = Synthetic("plain", files={"conda-meta/history": b"theirs", "conda-meta/jupyter_envmanager": b"theirs"})
    with serve(write_channel(tmp_path / "hostile", [linked, plain]).directory) as server:
        home = make_home(server.url)
        for name in ("linked", "plain"):
            job = await home.create(name, name)
            history = home.envs / name / "conda-meta" / "history"
            assert job.state == "succeeded", job.error
            assert not history.is_symlink()
            assert f"::{name}-1.0" in history.read_text()
            assert "theirs" not in history.read_text()
        cached = next((home.path / ".conda" / "pkgs").glob("plain-*/conda-meta/history"))
    assert victim.read_text() == "precious"
    assert cached.read_bytes() == b"theirs"


SITE = "lib/python3.12/site-packages"
DIGEST = "ab" * 32


def put(file: Path, content: str, modified: int = 1_700_000_000) -> None:
    """A file with a time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    os.utime(file, (modified, modified))


def bytecode_home(folder: Path, *paths: str, **fields: str) -> tuple[Path, Path]:
    """A package cache with Python and “mod”, and an environment with these paths of its record, and these fields."""
    pkgs, prefix = folder / "pkgs", folder / "env"
    ran = f"#!/bin/sh\ntouch {folder / 'ran'}\n"
    for python, script in ((pkgs / "python-3.12.0-0", f'#!/bin/sh\nexec {sys.executable} "$@"\n'), (prefix, ran)):
        put(python / "bin" / "python", script)
        (python / "bin" / "python").chmod(0o755)
    put(pkgs / "mod-1-0" / "site-packages" / "mod.py", "x = 'good'\n")
    record = {"name": "mod", "version": "1", "fn": "mod-1-0.conda", "sha256": DIGEST, **fields}
    record["paths_data"] = {"paths": [{"_path": path} for path in paths]}  # type: ignore[assignment]
    python_record = {"name": "python", "version": "3.12.0", "fn": "python-3.12.0-0.conda", "sha256": DIGEST}
    put(prefix / "conda-meta" / "python-3.12.0-0.json", json.dumps(python_record))
    put(prefix / "conda-meta" / "mod-1-0.json", json.dumps(record))
    for path in paths:
        put(prefix / path, "x = 'good'\n")
    return pkgs, prefix


def test_bytecode_is_of_the_package_cache_and_of_nothing_in_an_environment(tmp_path: Path) -> None:
    pkgs, prefix = bytecode_home(tmp_path, f"{SITE}/mod.py", f"{SITE}/extra.py")
    planted = prefix / SITE / "__pycache__" / "mod.cpython-312.pyc"
    head = struct.pack("<4sLLL", importlib.util.MAGIC_NUMBER, 0, 1_700_000_000, len("x = 'good'\n"))
    planted.parent.mkdir()
    planted.write_bytes(head + b"payload")
    (prefix / SITE / "mod.py").write_text("x = 'EVIL'\n")
    os.utime(prefix / SITE / "mod.py", (1_700_000_000, 1_700_000_000))
    umask = os.umask(0o002)
    try:
        assert BytecodeCache(pkgs).compile(prefix, [pkgs]) == 0
    finally:
        os.umask(umask)
    (cached,) = pkgs.rglob("*.pyc")
    assert b"payload" not in cached.read_bytes()
    assert b"EVIL" not in cached.read_bytes()
    assert cached.stat().st_mode & 0o022 == 0
    assert cached.stat().st_nlink == 1
    assert not (tmp_path / "ran").exists()
    planted.unlink()
    assert (
        BytecodeCache(pkgs, copies=True).link(
            read_record(prefix / "conda-meta" / "mod-1-0.json"), cache_tag("3.12.0"), prefix
        )
        == 1
    )
    assert planted.stat().st_ino != cached.stat().st_ino
    assert planted.read_bytes() == cached.read_bytes()
    planted.unlink()
    planted.parent.rmdir()
    planted.parent.symlink_to(tmp_path)
    record = read_record(prefix / "conda-meta" / "mod-1-0.json")
    assert BytecodeCache(pkgs, copies=True).link(record, cache_tag("3.12.0"), prefix) == 0
    assert list(tmp_path.glob("*.pyc")) == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (f"{SITE}/x.py\tq\n{__file__}\ty.py", {}),
        (f"{SITE}/../x.py", {}),
        (f"{SITE}/mod.py", {"fn": "../../victim/mod-1-0.conda"}),
        (f"{SITE}/mod.py", {"fn": "/victim.conda"}),
        (f"{SITE}/mod.py", {"fn": ".."}),
        (f"{SITE}/mod.py", {"sha256": "/.."}),
        (f"{SITE}/mod.py", {"sha256": "../../../../v"}),
        (f"{SITE}/mod.py", {"sha256": ""}),
    ],
)
def test_a_record_leads_the_bytecode_nowhere(tmp_path: Path, path: str, fields: dict[str, str]) -> None:
    pkgs, prefix = bytecode_home(tmp_path, path, **fields)
    before = sorted(tmp_path.rglob("*"))
    assert BytecodeCache(pkgs).compile(prefix, [pkgs]) == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_bytecode_for_readers_follows_no_link(tmp_path: Path) -> None:
    pkgs, prefix = bytecode_home(tmp_path, f"{SITE}/good.py")
    victim = tmp_path / "victim"
    put(victim / "secret.py", "key = 1\n")
    (prefix / SITE / "leak.py").symlink_to(victim / "secret.py")
    put(prefix / SITE / "sub" / "secret.py", "key = 2\n")
    (prefix / SITE / "sub" / "__pycache__").symlink_to(victim)
    (victim / "secret.py").chmod(0o600)
    (prefix / SITE / "hard.py").hardlink_to(victim / "secret.py")
    os.mkfifo(prefix / SITE / "pipe.py")
    assert compile_rest(prefix, [pkgs]) == 1
    assert [path.name for path in prefix.rglob("*.pyc")] == ["good.cpython-312.pyc"]
    assert [path.name for path in victim.iterdir()] == ["secret.py"]
    assert not (tmp_path / "ran").exists()


def test_what_comes_into_an_environment_meanwhile_is_not_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is a link followed to what is read, nor one to where bytecode is written."""
    pkgs, prefix = bytecode_home(tmp_path, f"{SITE}/top.py")
    put(prefix / SITE / "sub" / "secret.py", "key = 1\n")
    victim, compiling = tmp_path / "victim", bytecode._compile
    put(victim / "secret.py", "key = 'hidden'\n")

    def and_swap(*arguments: Any, **options: Any) -> None:
        (prefix / SITE / "sub").rename(tmp_path / "moved")
        (prefix / SITE / "sub").mkdir()
        (prefix / SITE / "sub" / "secret.py").symlink_to(victim / "secret.py")
        (prefix / SITE / "__pycache__").symlink_to(victim)
        compiling(*arguments, **options)

    monkeypatch.setattr(bytecode, "_compile", and_swap)
    assert compile_rest(prefix, [pkgs]) == 1
    assert [path.name for path in victim.iterdir()] == ["secret.py"]
    (made,) = prefix.rglob("*.pyc")
    assert b"hidden" not in made.read_bytes()


@pytest.mark.parametrize(
    "spec",
    [
        "http://127.0.0.1:9/noarch/tiny-9.0-0.conda",
        'tiny[url="http://127.0.0.1:9/noarch/tiny-9.0-0.conda"]',
        "tiny[ url = 'file:///etc/passwd']",
        "file:///etc/passwd",
        # rattler would descend into them until the server is gone.
        "tiny " + "(" * 95_000,
    ],
)
async def test_a_spec_is_no_address_and_no_abyss(tiny_home: Home, spec: str) -> None:
    with pytest.raises(Invalid) as caught:
        await tiny_home.service.preview(tiny_home.request("one", spec))
    assert caught.value.field == "specs"


async def test_a_channel_that_never_answers_ends_and_holds_up_nobody(
    tiny_home: Home, tiny: ChannelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels_module, "ANSWER_SECONDS", 1.0)
    tiny.fault("*", Fault(delay=30.0))
    pending = asyncio.ensure_future(tiny_home.service.preview(tiny_home.request("one", "tiny")))
    assert (await tiny_home.service.environments()).environments
    with pytest.raises(ChannelUnreachable, match="did not answer in time"):
        await pending


async def test_kernels_that_hang_hold_up_nobody(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny")
    prefix = tiny_home.envs / "one"
    for number in range(8):
        folder = tiny_home.kernels / f"hang{number}"
        folder.mkdir(parents=True)
        spec = {"argv": ["/bin/sleep", "600"], "display_name": "Hang", "language": "x"}
        stamp = {"metadata": {"jupyter_envmanager": {"environment": environment_id(prefix), "prefix": str(prefix)}}}
        (folder / "kernel.json").write_text(json.dumps({**spec, **stamp}))
    checks = [asyncio.ensure_future(tiny_home.service.kernels.check(f"hang{number % 8}")) for number in range(20)]
    await until(lambda: len(tiny_home.service.checks.all()) > 0)
    listed = await asyncio.wait_for(tiny_home.service.environments(), 10)
    assert any(environment.name == "one" for environment in listed.environments)
    for check in checks:
        check.cancel()
    await asyncio.gather(*checks, return_exceptions=True)
    command("pkill", "-P", str(os.getpid()), "-f", "sleep 600")


async def test_the_server_s_own_kernel_cannot_be_removed(real_home: Home) -> None:
    kernels = (await real_home.service.kernels.list()).kernels
    own = next(kernel for kernel in kernels if kernel.path.startswith(sys.prefix))
    with pytest.raises(NotAllowed, match="JupyterLab runs from"):
        await real_home.service.kernels.remove(own.name, force=True)
    assert Path(own.path).is_dir()


def test_the_lock_of_a_living_process_does_not_age(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with prefix_lock(lock, "abc", "ann", waiting=lambda holder: None):
        os.utime(lock, (time.time() - 1000,) * 2)
        assert read_holder(lock) is not None
        holder = msgspec.json.decode(lock.read_bytes())
    holder["process"]["host"] = "elsewhere"
    lock.write_bytes(msgspec.json.encode(holder))
    assert read_holder(lock) is not None
    os.utime(lock, (time.time() - 1000,) * 2)
    assert read_holder(lock) is None


async def test_an_environment_with_a_mount_inside_is_left_alone(tiny_home: Home) -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a filesystem needs root on Linux")
    await tiny_home.create("one", "tiny")
    data = tiny_home.envs / "one" / "my data"
    data.mkdir()
    if command("mount", "-t", "tmpfs", "tmpfs", str(data)):
        pytest.skip("this machine does not allow mounts")
    try:
        with pytest.raises(Conflict, match="mounted at"):
            check_free(data, "prefix")
        (data / "results").touch()
        job = await tiny_home.service.removals.remove((await tiny_home.service.find("one")).id)
        ended = await tiny_home.service.queue.wait(job.id)
        assert ended.state == "failed"
        assert ended.error is not None
        assert str(data) in ended.error.message
        assert (data / "results").exists()
        assert tiny_home.leftovers() == []
    finally:
        assert command("umount", str(data)) == 0


@pytest.mark.parametrize("name", ["a\u202eb", "a\u200bb", "a\u0007b"])
async def test_names_with_invisible_characters_are_refused(tiny_home: Home, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        await tiny_home.service.preview(tiny_home.request(name, "tiny"))
    assert caught.value.field == "name"


async def test_odd_locations_channels_and_folders_are_refused_at_their_field(tiny_home: Home) -> None:
    for more, field in (({"location": "a\0b"}, "location"), ({"channels": ["http://[::1"]}, "channels")):
        with pytest.raises(Invalid) as caught:
            await tiny_home.service.preview(tiny_home.request("one", "tiny", **more))
        assert caught.value.field == field
    for path in (tiny_home.path / ".condarc", tiny_home.path / ("x" * 300)):
        with pytest.raises(Invalid):
            await tiny_home.service.folders(str(path))
