"""Environments as archives: what is packed comes out whole somewhere else, and nothing bad comes out of any."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import io
import json
import os
import stat
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from channel_builder.archive import PLACEHOLDER
from conftest import Home, MakeHome
from killing import workers_kill_themselves  # noqa: F401
from local_channel import LocalChannel, Synthetic, serve, write_channel
from rattler import GenericVirtualPackage, PackageName, Version
from rattler.package.build_string import BuildString

from jupyter_envmanager import archives
from jupyter_envmanager.cli.main import parser_of
from jupyter_envmanager.engine.bytecode import compile_rest
from jupyter_envmanager.engine.solve import platform
from jupyter_envmanager.engine.workplace import read_marker
from jupyter_envmanager.errors import (
    Conflict,
    Damaged,
    EnvManagerError,
    Internal,
    Invalid,
    NoSpace,
    NotAllowed,
    NotFound,
    Unsatisfiable,
)
from jupyter_envmanager.jobs import packing
from jupyter_envmanager.jobs.store import JobFolder, PackAction
from jupyter_envmanager.models import ArchiveSource, Change, Job, NewEnvironment, PackRequest, Plan
from jupyter_envmanager.packs import apart, reading, unpacking
from jupyter_envmanager.packs.apart import read_apart
from jupyter_envmanager.packs.contents import contents
from jupyter_envmanager.packs.reading import read

TEXT = f"#!/bin/sh\nhome={PLACEHOLDER}\n".encode()
BAKED = (
    Synthetic(
        "baked",
        depends=("plain",),
        files={"bin/baked": TEXT, "lib/baked/program": b"\x7fELF\0" + PLACEHOLDER.encode() + b"/lib\0\0after\0"},
        links={"bin/again": "baked", "lib/baked/up": "../../bin/baked"},
    ),
    Synthetic("plain", file_count=20),
)


@pytest.fixture(scope="session")
def baked_channel(tmp_path_factory: pytest.TempPathFactory) -> LocalChannel:
    """Packages with the prefix in a script and in a program."""
    return write_channel(tmp_path_factory.mktemp("channel") / "baked", BAKED)


@pytest.fixture
def home(make_home: MakeHome, baked_channel: LocalChannel, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Home:
    """A home with the environment “one”, some files of its user included; its channel is gone."""
    with serve(baked_channel.directory) as server:
        home = make_home(server.url)
        job = jp_asyncio_loop.run_until_complete(home.create("one", "baked"))
    assert job.state == "succeeded", job.error
    prefix = home.envs / "one"
    (prefix / "share" / "mine.txt").write_text(f"I am in {prefix}.\n")
    (prefix / "share" / "absolute").symlink_to(prefix / "share" / "mine.txt")
    (prefix / "share" / "empty").mkdir()
    (prefix / "share" / "tagged").write_bytes(b"\xff\0" + os.fsencode(prefix))
    return home


async def pack(home: Home, **more: Any) -> Job:
    """Pack “one” and wait for the end."""
    environment = await home.service.find("one")
    job = await home.service.packs.pack(environment.id, PackRequest(**more))
    return await home.service.queue.wait(job.id)


async def unpack(home: Home, archive: str | Path, name: str = "two") -> Job:
    """Make an environment from an archive and wait for the end."""
    source = ArchiveSource(path=str(archive))
    job = await home.service.create(NewEnvironment(name=name, source=source, kernel=None))
    return await home.service.queue.wait(job.id)


def tree(prefix: Path) -> dict[str, bytes | str]:
    """Content and link targets of an environment, without conda's records."""
    found: dict[str, bytes | str] = {}
    for path in prefix.rglob("*"):
        inside = path.relative_to(prefix).as_posix()
        if path.is_symlink():
            found[inside] = str(path.readlink())
        elif path.is_file() and not inside.startswith("conda-meta/"):
            found[inside] = path.read_bytes()
    return found


def expected(home: Home, other: Path) -> dict[str, bytes | str]:
    """What “one” is at another place, to the byte; programs keep their size."""
    one = home.envs / "one"
    found = tree(one)
    for path, content in found.items():
        if isinstance(content, bytes) and path not in ("lib/baked/program", "share/tagged"):
            found[path] = content.replace(os.fsencode(one), os.fsencode(other))
    program = BAKED[0].files["lib/baked/program"]
    baked = os.fsencode(other) + b"/lib"
    found["lib/baked/program"] = program.replace(
        PLACEHOLDER.encode() + b"/lib", baked + b"\0" * (len(PLACEHOLDER) + 4 - len(baked))
    )
    found["share/absolute"] = "mine.txt"
    return found


@pytest.mark.parametrize("format", ["tar.gz", "tar.zst", "zip"])
async def test_an_environment_comes_out_whole_at_another_place(home: Home, format: str) -> None:
    job = packed = await pack(home, format=format)
    assert job.state == "succeeded", job.error
    assert job.file == str(home.path / f"one-{time.strftime('%Y-%m-%d')}.{format}")
    events = home.service.queue.events(job.id, 0)
    assert {event.phase for event in events} == {"pack"}
    job = await unpack(home, job.file, name="a-much-longer-name-than-that-of-the-first-one")
    assert job.state == "succeeded", job.error
    other = Path(job.prefix)
    assert job.title == f"Create {other.name} from {Path(packed.file or '').name}"
    assert tree(other) == expected(home, other)
    assert os.access(other / "bin" / "baked", os.X_OK)
    assert (other / "share" / "empty").is_dir()
    assert home.leftovers() == []
    health = await home.service.changes.health(job.environment, full=True)
    assert health.problems == []
    marker = read_marker(other)
    assert marker["specs"] == ["baked"]
    assert marker["title"].startswith("Unpacked from one-")
    packages = (await home.service.packages(job.environment)).packages
    assert [(one.name, one.requested) for one in packages] == [("baked", True), ("plain", False)]


async def test_an_archive_of_conda_pack_itself_comes_out_whole(home: Home) -> None:
    archive = home.path / "theirs.tar.gz"
    pack_it = "from conda_pack.cli import main; main()"
    command = [sys.executable, "-c", pack_it, "-q", "-p", str(home.envs / "one"), "-o", str(archive)]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    # It packs a link as it is, so one to the whole path leads out.
    with pytest.raises(Invalid, match="share/absolute"):
        await unpack(home, archive, "refused")
    assert not (home.envs / "refused").exists()
    archive.unlink()
    (home.envs / "one" / "share" / "absolute").unlink()
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    job = await unpack(home, archive)
    assert job.state == "succeeded", job.error
    assert tree(home.envs / "two") == {
        path: content for path, content in expected(home, home.envs / "two").items() if path != "share/absolute"
    }


async def test_what_we_pack_is_unpacked_by_hand_with_conda_unpack(home: Home) -> None:
    job = await pack(home, folder=".", filename="mine")
    assert job.file == str(home.path / "mine.tar.gz")
    other = home.path / "by-hand"
    other.mkdir()
    for command in (["tar", "-xf", job.file, "-C", str(other)], [sys.executable, str(other / "bin" / "conda-unpack")]):
        await asyncio.to_thread(subprocess.run, command, check=True)
    found = tree(other)
    assert {path: found.get(path) for path in expected(home, other)} == expected(home, other)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_whoever_may_only_read_an_environment_packs_it_without_its_lock(home: Home) -> None:
    (home.path / "mine").mkdir()
    home.envs.chmod(0o555)
    try:
        job = await pack(home, folder="mine")
    finally:
        home.envs.chmod(0o755)
    assert job.state == "succeeded", job.error
    assert Path(job.file or "").is_file()


async def test_packing_says_what_it_leaves_out(home: Home) -> None:
    prefix = home.envs / "one"
    (prefix / "share" / "out").symlink_to("/etc/hostname")
    (prefix / "share" / "up").symlink_to("../../elsewhere")
    missing = next(path for path in sorted((prefix / "share" / "plain").rglob("*")) if path.is_file())
    missing.unlink()
    os.mkfifo(prefix / "share" / "pipe")
    job = await pack(home)
    assert job.state == "succeeded", job.error
    told = " ".join(event.message for event in home.service.queue.events(job.id, 0))
    for path in ("share/out", "share/up", missing.relative_to(prefix).as_posix()):
        assert path in told
    job = await unpack(home, job.file or "")
    assert job.state == "succeeded", job.error
    assert not os.path.lexists(home.envs / "two" / "share" / "out")
    assert not (home.envs / "two" / "share" / "pipe").exists()


async def test_no_name_and_no_content_of_the_users_files_is_in_the_way(home: Home) -> None:
    share = home.envs / "one" / "share"
    content = b"LEN\0\0\0\x20" + os.fsencode(home.envs / "one") + b"/x\0TAIL"
    names = [b"a b", b"new\nline", b"nonutf\xff", b"back\\slash", b"q'uote\"", b"C:evil", b"binary"]
    for name in names:
        (share / os.fsdecode(name)).write_bytes(content)
    (home.envs / "one" / "conda-meta" / "own-notes.json").write_text("{ not json")
    for format, left_out in (("tar.gz", ""), ("zip", b"nonutf\xff")):
        job = await pack(home, format=format)
        assert job.state == "succeeded", job.error
        made = home.path / f"by-hand-{format}"
        with archive_of(job.file or "") as archive:
            archive.extractall(made)
        for name in names:
            assert (made / "share" / os.fsdecode(name)).exists() == (name != left_out), name
        assert (made / "share" / "binary").read_bytes() == content
        # What conda-unpack would rewrite.
        assert "share/binary" not in (made / "bin" / "conda-unpack").read_text()
        told = " ".join(event.message for event in home.service.queue.events(job.id, 0))
        assert ("names that a zip cannot hold: share/nonutf" in told) == bool(left_out)
        unpacked = await unpack(home, job.file or "", name=f"from-{format}")
        assert unpacked.state == "succeeded", unpacked.error
        assert (Path(unpacked.prefix) / "share" / "binary").read_bytes() == content


def archive_of(file: str) -> tarfile.TarFile | zipfile.ZipFile:
    """An archive, open for reading."""
    return zipfile.ZipFile(file) if file.endswith(".zip") else tarfile.open(file)


@pytest.mark.parametrize("root", [False, True])
def test_only_of_a_root_prefix_its_other_environments_and_packages_are_left_out(tmp_path: Path, root: bool) -> None:
    own = ["pkgs/mine", "envs/mine", "conda-bld/mine", "share/pkgs/mine"]
    others = ["share/.envmanager/1/x", "share/other/conda-meta/history", *(["pkgs/urls.txt"] if root else [])]
    for path in [*own, *others, "conda-meta/history"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    found = contents(tmp_path)
    packed = {entry.path for entry in found.entries} - {"conda-meta/history"}
    assert packed == ({"share/pkgs/mine"} if root else set(own))
    aside = ["conda-bld", "envs", "pkgs"] if root else []
    assert sorted(found.beyond) == [*aside, "share/.envmanager", "share/other"]


async def test_what_comes_and_goes_is_left_out_and_a_record_without_sense_is_named(home: Home) -> None:
    own, told = home.envs / "one" / "share" / "mine.txt", []

    def report(phase: str, message: str, progress: float, *_: object, **__: object) -> None:
        told.append(message)
        own.unlink(missing_ok=True)

    packing.pack(action_for(home), JobFolder(home.path), report)
    assert "Left out, as they came and went meanwhile: share/mine.txt" in told
    (home.path / "one.tar.gz").unlink()
    (home.envs / "one" / "conda-meta" / "my-own-notes.json").write_text("{ not json")
    with pytest.raises(Damaged, match="my-own-notes"):
        packing.pack(action_for(home), JobFolder(home.path), silent)


async def test_packing_is_refused_before_it_begins(home: Home, tmp_path: Path) -> None:
    (home.path / "there.tar.gz").touch()
    (home.path / "link").symlink_to(tmp_path)
    refusals: list[tuple[dict[str, str], type[EnvManagerError]]] = [
        ({"filename": "there"}, Conflict),
        ({"filename": "../there"}, Invalid),
        ({"filename": ".hidden"}, Invalid),
        ({"filename": "a\0b"}, Invalid),
        ({"filename": "a.zip"}, Invalid),
        ({"folder": "nowhere"}, NotFound),
        ({"folder": "../x"}, Invalid),
        ({"folder": "/etc"}, NotAllowed),
        ({"folder": "link"}, NotAllowed),
        ({"folder": str(home.envs / "one" / "share")}, Invalid),
        ({"folder": str(home.envs / ".envmanager")}, Invalid),
    ]
    for request, kind in refusals:
        with pytest.raises(kind) as caught:
            await pack(home, **request)
        assert caught.value.hint, request
    assert home.service.queue.jobs()[0].action == "create"


async def test_an_editable_project_is_named(home: Home) -> None:
    info = home.envs / "one" / "lib" / "python3.12" / "site-packages" / "mine-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: mine\nVersion: 1.0\n")
    (info / "direct_url.json").write_text('{"url": "file:///work/mine", "dir_info": {"editable": true}}')
    with pytest.raises(Invalid, match="mine is installed from a folder") as caught:
        await pack(home)
    assert "without -e" in caught.value.hint


def action_for(home: Home) -> PackAction:
    """What a worker gets."""
    return PackAction(
        prefix=str(home.envs / "one"),
        environment="e",
        archive=str(home.path / "one.tar.gz"),
        format="tar.gz",
        kernels_dir="",
        environments_txt="",
    )


def silent(*_: object, **__: object) -> None:
    """A report that nobody reads."""


async def test_an_environment_that_changes_meanwhile_is_not_packed(home: Home) -> None:
    def change(*_: object, **__: object) -> None:
        (home.envs / "one" / "conda-meta" / "new-1-0.json").write_text("{}")

    with pytest.raises(Conflict, match="was changed while it was packed"):
        packing.pack(action_for(home), JobFolder(home.path), change)
    assert list(home.path.glob("*one.tar.gz*")) == []


async def test_no_file_is_replaced_and_a_full_disk_is_seen_first(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = home.path / "one.tar.gz"
    archive.write_text("mine")
    with pytest.raises(Conflict, match="came to be meanwhile"):
        packing.pack(action_for(home), JobFolder(home.path), silent)
    assert archive.read_text() == "mine"
    monkeypatch.setattr(packing, "_SMALLEST_SHARE", 1e15)
    with pytest.raises(NoSpace):
        packing.pack(action_for(home), JobFolder(home.path), silent)
    assert list(home.path.glob(".one*")) == []


@pytest.mark.usefixtures("workers_kill_themselves")
async def test_a_killed_worker_leaves_nothing_of_the_archive(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVMANAGER_TEST_KILL_AT", "pack")
    before = tree(home.envs / "one")
    job = await pack(home)
    assert job.state == "lost"
    assert [path.name for path in home.path.iterdir() if "one-" in path.name] == []
    assert home.leftovers() == []
    assert tree(home.envs / "one") == before


@pytest.mark.parametrize(
    ("partial", "noted", "published", "done"),
    [
        ("half", False, False, False),
        ("half", False, "of somebody", False),
        ("whole", True, False, False),
        ("whole", True, "of somebody", False),
        ("whole", True, True, True),
        ("", True, True, True),
        # It waited for another job.
        ("", False, "of somebody", False),
    ],
)
def test_whoever_finds_a_dead_worker_knows_whether_its_archive_is_whole(
    tmp_path: Path, partial: str, noted: bool, published: bool | str, done: bool
) -> None:
    place = tmp_path / "one.tar.gz"
    action = PackAction(
        prefix="/p", environment="e", archive=str(place), format="tar.gz", kernels_dir="", environments_txt=""
    )
    folder = JobFolder(tmp_path / "j1")
    folder.folder.mkdir()
    begun = packing.partial_of(action, "j1")
    begun.write_text(partial)
    if noted:
        folder.note_file(begun)
    if published is True:
        place.hardlink_to(begun)
    elif published:
        place.write_text(published)
    if not partial:
        begun.unlink()
    assert packing.settle(action, folder) is done
    assert not begun.exists()
    assert place.exists() == bool(published)


# Archives that are none, or worse

META = {"conda-meta/x-1-0.json": b'{"name": "x", "version": "1", "build": "0"}'}
SCRIPT = {"bin/conda-unpack": b"_prefix_records = []\n"}


def member(name: str, content: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    """A member of a tar, with whatever fields."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    """A link."""
    return member(name, type=kind, linkname=target)


def write_tar(path: Path, *more: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz", script: bool = True) -> Path:
    """An archive of an environment, with more members before its last."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        last = SCRIPT if script else {}
        for info, content in [*(member(*one) for one in META.items()), *more, *(member(*one) for one in last.items())]:
            archive.addfile(info, io.BytesIO(content))
    return path


def unpack_here(archive: Path, folder: Path) -> Path:
    """Preview and unpack, without a job; returns the stage."""
    packed = read(archive, platform())
    stage = folder / "stage"
    unpacking.unpack(archive, stage, folder / "prefix", packed.digest, packed.size, silent)
    return stage


HOSTILE: dict[str, list[tuple[tarfile.TarInfo, bytes]]] = {
    "an absolute path": [member("/tmp/evil", b"x")],
    "a path that leads out": [member("../evil", b"x")],
    "a path that leads out on the way": [member("lib/../../evil", b"x")],
    "a folder that leads out": [member("../evil", type=tarfile.DIRTYPE)],
    "an absolute link": [link("evil", "/etc")],
    "a link that leads out": [link("lib/evil", "../../outside")],
    "a file through a link": [link("evil", "lib"), member("evil/x", b"x")],
    "a folder through a link": [link("evil", "lib"), member("evil/x", type=tarfile.DIRTYPE)],
    "a folder in place of a link": [link("evil", "lib"), member("evil", type=tarfile.DIRTYPE)],
    "a file in place of a folder": [member("a/b", b"x"), member("a", b"x")],
    "a link in place of a folder": [member("a/b", b"x"), link("a", "lib")],
    "a second name of what is outside": [link("evil", "../outside/secret", tarfile.LNKTYPE)],
    "a second name of what is behind a link": [link("a", "b"), link("evil", "a", tarfile.LNKTYPE)],
    "a second name of nothing": [link("evil", "nothing", tarfile.LNKTYPE)],
    "a device": [member("evil", type=tarfile.CHRTYPE, devmajor=1, devminor=3)],
    "a pipe": [member("evil", type=tarfile.FIFOTYPE)],
    "a path without end": [member("a/" * 300 + "b", b"x")],
    "a name that is too long": [member("a" * 300, b"x")],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_archive_writes_nothing_outside_of_its_folder(what: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    archive = write_tar(tmp_path / "evil.tar.gz", *HOSTILE[what])
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises((Invalid, Damaged)) as caught:
        unpack_here(archive, inside)
    assert caught.value.field == "source"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.tar.gz", "inside", "outside"]
    assert (outside / "secret").read_text() == "secret"
    assert (outside / "secret").stat().st_nlink == 1
    assert {path.name for path in inside.iterdir()} <= {"stage"}


def test_a_zip_is_no_safer(tmp_path: Path) -> None:
    for number, (name, mode) in enumerate([("../evil", 0o100644), ("/evil", 0o100644), ("evil", 0o120777)]):
        archive = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("conda-meta/x-1-0.json", META["conda-meta/x-1-0.json"])
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            made.writestr(info, "../../etc")
        with pytest.raises(Invalid, match="not safe"):
            unpack_here(archive, tmp_path / str(number))


def test_rights_are_the_users_and_a_link_takes_no_detour(tmp_path: Path) -> None:
    archive = write_tar(
        tmp_path / "a.tar.gz",
        member("a/b/c/file", b"x", mode=0o6777, mtime=1e12),
        link("a/b/c/up", "../../../lib"),
        link("a/detour", "b/c/up/../x"),
        link("a/twin", "a/b/c/file", tarfile.LNKTYPE),
        member("a/b/c/file", b"later", mode=0o644),
    )
    stage = unpack_here(archive, tmp_path / "here")
    assert (stage / "a/b/c/file").read_text() == "later"
    assert (stage / "a/twin").read_text() == "x"
    umask = os.umask(0)
    os.umask(umask)
    assert (stage / "a/twin").stat().st_mode & 0o7777 == 0o777 & ~umask
    # Taken literally, it would be lib/../x, one folder higher.
    assert str((stage / "a/detour").readlink()) == "b/c/x"


def test_a_bomb_is_noticed_while_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", member("zeros", bytes(2_000_000)))
    with monkeypatch.context() as small:
        small.setattr(unpacking, "_LARGEST_BEGIN", 1000)
        with pytest.raises(Invalid, match="no environment does"):
            unpack_here(archive, tmp_path / "one")
    with monkeypatch.context() as full:
        full.setattr(unpacking, "_MARGIN", 1 << 60)
        with pytest.raises(NoSpace, match="does not fit"):
            unpack_here(archive, tmp_path / "two")
    monkeypatch.setattr(unpacking, "_MOST_MEMBERS", 2)
    with pytest.raises(NoSpace, match="more files"):
        unpack_here(archive, tmp_path / "three")


def test_a_header_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        header = member("x", type=kind)[0]
        header.size = 1 << 40
        archive = tmp_path / "a.tar"
        archive.write_bytes(header.tobuf() + bytes(2048))
        with pytest.raises((Damaged, Invalid)):
            read(archive, platform())


def cut(archive: Path, share: float) -> Path:
    """The beginning of an archive."""
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * share)])
    return archive


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz", "w"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_archive_is_never_unpacked(tmp_path: Path, mode: str, share: float) -> None:
    noise = hashlib.sha512(b"x").digest() * 500
    archive = write_tar(tmp_path / "a", member("lib/noise", noise), member("lib/more", noise), mode=mode)
    whole = write_tar(tmp_path / "b", member("lib/noise", noise), mode=mode)
    assert (unpack_here(whole, tmp_path / "whole") / "lib" / "noise").read_bytes() == noise
    with pytest.raises((Damaged, Invalid)):
        unpack_here(cut(archive, share if mode != "w" else share * 0.9), tmp_path / "cut")


def record(name: str = "mod", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    """A record of a package, whatever it says."""
    return member(
        f"conda-meta/{name}-1-0.json", json.dumps({"name": name, "version": "1", "build": "0", **fields}).encode()
    )


@pytest.mark.parametrize(
    "members",
    [
        [record(fn="../../victim/x")],
        [record(fn="/victim.conda")],
        [record(fn="..")],
        [record(sha256="/..")],
        [member("conda-meta/mod-1-0.json", b'{"name": "../x", "version": "1", "build": "0"}')],
        [record(version="2")],
        [record(files=5)],
        [record(files=["../x"])],
        [record(paths_data={"paths": 5})],
        [record(paths_data={"paths": [{"_path": "/etc/passwd"}]})],
        [record(paths_data={"paths": [{"_path": "a/../../x"}]})],
        [record(paths_data={"paths": [{"_path": "a\0b"}]})],
        [record(paths_data={"paths": [{"_path": "a", "prefix_placeholder": 55555}]})],
        [record(license="x" * 100_100)],
        # Of one that comes twice, one is shown and the other is installed.
        [record(), record()],
        [record(), member("conda-meta/mod-2-0.json", b'{"name": "mod", "version": "2", "build": "0"}')],
    ],
)
def test_a_record_that_no_package_has_is_refused_at_the_preview(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    with pytest.raises(Damaged) as caught:
        read(write_tar(tmp_path / "a.tar.gz", *members), "linux-64")
    assert caught.value.hint
    assert caught.value.field == "source"


@pytest.mark.parametrize(
    "later",
    [
        member("conda-meta/x-1-0.json", META["conda-meta/x-1-0.json"] + b" "),
        link("conda-meta/x-1-0.json", "x-2-0.json"),
        record("late"),
    ],
)
def test_the_records_that_are_unpacked_are_those_that_were_previewed(
    tmp_path: Path, later: tuple[tarfile.TarInfo, bytes]
) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", member("share/x", b"x"), later)
    with pytest.raises(Damaged):
        unpack_here(archive, tmp_path / "here")


def test_what_is_ours_or_a_keepers_is_no_folder_and_does_not_stay(tmp_path: Path) -> None:
    kept = [member("conda-meta/frozen", b"{}"), member("conda-meta/pixi", b"{}"), member("conda-meta/notes.json", b"{")]
    stage = unpack_here(write_tar(tmp_path / "a.tar.gz", *kept), tmp_path / "here")
    assert sorted(path.name for path in (stage / "conda-meta").iterdir()) == ["notes.json", "x-1-0.json"]
    for number, path in enumerate(("conda-meta/jupyter_envmanager", "conda-meta/history", "bin/conda-unpack")):
        archive = write_tar(tmp_path / "b.tar.gz", member(f"{path}/x", b"x"), script=False)
        with pytest.raises(Invalid, match="is no file"):
            unpack_here(archive, tmp_path / str(number))


@pytest.mark.parametrize("part", ["/\\ud800x", "/a\\0b"])
def test_a_list_that_names_no_paths_is_not_taken(tmp_path: Path, part: str) -> None:
    script = f'_prefix_records = [("share/mine", "{part}", "text"), ("{part[1:]}", "/old", "text")]'.encode()
    archive = write_tar(tmp_path / "a", member("share/mine", b"x"), member("bin/conda-unpack", script), script=False)
    assert (unpack_here(archive, tmp_path / "here") / "share" / "mine").read_bytes() == b"x"


def test_more_is_refused_than_any_archive_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefixes = b"_prefix_records = [" + b",".join(b'("x", "/old/%d", "text")' % n for n in range(20)) + b"]"
    many = write_tar(tmp_path / "many", member("bin/conda-unpack", prefixes), script=False)
    monkeypatch.setattr(unpacking, "_MOST_PREFIXES", 10)
    with pytest.raises(Damaged, match="more folders"):
        unpack_here(many, tmp_path / "here")
    archive = write_tar(tmp_path / "a.tar.gz", record())
    limits = (("LARGEST_RECORD", 10), ("_LARGEST_SUM", 50), ("_LARGEST_DESCRIPTIONS", 40))
    for name, limit in (*limits, ("_MOST_RECORDS", 1), ("_SECONDS", -1.0)):
        with monkeypatch.context() as small:
            small.setattr(reading, name, limit)
            with pytest.raises(Damaged):
                read(archive, platform())
    with tarfile.open(tmp_path / "late.tar.gz", "w:gz") as late:
        for info, content in (member("share/zeros", bytes(2_000_000)), *(member(*one) for one in META.items())):
            late.addfile(info, io.BytesIO(content))
    monkeypatch.setattr(reading, "_BEFORE_BEGIN", 1000)
    with pytest.raises(Damaged, match="do not come"):
        read(tmp_path / "late.tar.gz", platform())


SITE = "lib/python3.12/site-packages"


def described(folder: str, metadata: str = "", *more: str) -> list[tuple[tarfile.TarInfo, bytes]]:
    """The description of a distribution."""
    return [member(f"{SITE}/{folder}/METADATA", metadata.encode()), *(member(f"{SITE}/{folder}/{one}") for one in more)]


DISTRIBUTIONS = [
    *described("mod-1.0.dist-info", "Name: mod\nVersion: 1.0\n"),
    *described("Their_Own-2.0.dist-info", "Metadata-Version: 2.1\r\nName: Their.Own\r\nVersion: 2.0\r\n\r\nName: no\n"),
    *described("asked-1.dist-info", "Version: 1\nName: asked\n", "REQUESTED"),
    *described("by_folder-3.1.dist-info", "\xff\0", "INSTALLER"),
    *described("gaps-4.dist-info", f"Name: a{' ' * 16_000}b\n"),
    member(f"{SITE}/old-0.1-py3.12.egg-info", b"Name: old\nVersion: 0.1\n"),
    member(f"{SITE}/again-1.dist-info/METADATA", b"Name: again\nVersion: 1\n"),
    member(f"{SITE}/again-1.dist-info/INSTALLER", b"pip"),
]
NONE = [
    *described("~gone-1.dist-info", "Name: gone\nVersion: 1\n"),
    *described("mod/_vendor/inner-1.dist-info", "Name: inner\nVersion: 1\n"),
    member(f"share/x/{SITE}/other-1.dist-info/METADATA", b"Name: other\nVersion: 1\n"),
]
OWNED = record(
    paths_data={
        "paths": [
            {"_path": f"{SITE}/mod-1.0.dist-info/METADATA"},
            {"_path": f"{SITE}/again-1.dist-info/METADATA"},
            {"_path": f"{SITE}/again-1.dist-info/INSTALLER", "size_in_bytes": 6},
        ]
    }
)


@pytest.mark.parametrize("order", ["ours", "theirs"])
def test_what_conda_has_not_brought_is_listed_whatever_it_says_of_itself(
    tmp_path: Path, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, late = member("bin/x", b"x"), described("late-1.dist-info", "Name: late\nVersion: 1\n")
    members = (
        [OWNED, *DISTRIBUTIONS, *NONE, program, *late] if order == "ours" else [program, OWNED, *NONE, *DISTRIBUTIONS]
    )
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as made:
        for info, content in [*members, *(member(*one) for one in SCRIPT.items())]:
            made.addfile(info, io.BytesIO(content))
    packed = read(archive, platform())
    assert packed.listed
    # Where records come first, nothing is read behind the descriptions.
    assert [(one.name, one.version, one.requested) for one in packed.distributions] == [
        ("again", "1", False),
        ("asked", "1", True),
        ("by-folder", "3.1", False),
        ("gaps", "4", False),
        ("old", "0.1", False),
        ("Their.Own", "2.0", False),
    ]
    monkeypatch.setattr(reading, "_LISTING_SECONDS", -1.0)
    assert not read(archive, platform()).listed


def test_what_python_says_is_packed_right_after_the_records(tmp_path: Path) -> None:
    for path in ("bin/x", f"{SITE}/a.py", f"{SITE}/z-1.dist-info/METADATA", "conda-meta/history"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    packed = [entry.path for entry in contents(tmp_path).entries]
    assert packed == ["conda-meta/history", f"{SITE}/z-1.dist-info/METADATA", "bin/x", f"{SITE}/a.py"]


async def planned(archive: Path) -> Plan:
    """The plan on a machine with some Linux, and no GPU."""
    offers = [("__unix", "0", "0"), ("__linux", "6.1", "0"), ("__glibc", "2.28", "0"), ("__archspec", "1", "zen3")]
    virtual = [GenericVirtualPackage(PackageName(name), Version(v), BuildString(build)) for name, v, build in offers]
    request = NewEnvironment(name="two", source=ArchiveSource(path=str(archive)), kernel=None)
    return (await archives.preview(request, archive.parent / "two", archive, virtual)).plan


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"depends": ["__glibc >=2.17,<3.0.a0", "__unix", "__linux", "__archspec 1.* zen3"]}, ""),
        (
            {"depends": ["__archspec", "__archspec >=1", "__archspec 1=*", "__unheard"], "constrains": ["__osx >=11"]},
            "",
        ),
        ({"depends": ["__glibc >=2.34"]}, "mod needs the C library glibc >=2.34, and this machine has 2.28."),
        ({"depends": ["__glibc>=2.34"]}, "glibc >=2.34"),
        ({"constrains": ["__glibc >=2.34"]}, "glibc >=2.34"),
        ({"depends": ["__osx >=11"]}, "mod needs macOS >=11, and this machine has none."),
        ({"depends": ["__win"]}, "mod needs Windows, and this machine has none."),
    ],
)
async def test_a_package_for_another_system_is_refused(tmp_path: Path, fields: dict[str, Any], words: str) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", record(**fields))
    if not words:
        assert [one for one in (await planned(archive)).warnings if one.code == "processor"] == []
        return
    with pytest.raises(Unsatisfiable, match=words) as caught:
        await planned(archive)
    assert (caught.value.field, "Pack it on a machine like this one" in caught.value.hint) == ("source", True)


async def test_a_package_for_another_gpu_or_processor_can_be_unpacked_with_a_warning(tmp_path: Path) -> None:
    cuda = [f"__cuda >={major}" for major in range(12, 17)]
    needs = [("torch", cuda), ("jax", cuda[:1]), ("level", ["__archspec 1 skylake"])]
    plan = await planned(write_tar(tmp_path / "a.tar.gz", *(record(name, depends=need) for name, need in needs)))
    assert {one.code: one.message for one in plan.warnings} == {
        "cuda_without_driver": "torch, jax are made for a GPU with CUDA >=12, CUDA >=13, CUDA >=14 and 2 more, and this"
        " machine has none.",
        "processor": "level is built for another processor (skylake) than that of this machine (zen3).",
    }


@pytest.mark.parametrize("need", ["__glibc " + "(" * 95_000, "mod " + "(" * 95_000, "__archspec * " + "*a" * 45_000])
async def test_a_need_that_would_cost_the_server_its_life_or_time_is_refused(tmp_path: Path, need: str) -> None:
    with pytest.raises(Invalid, match=f"What mod needs is told in {len(need):,} letters") as caught:
        await planned(write_tar(tmp_path / "a.tar.gz", record(depends=[need])))
    assert caught.value.field == "source"


async def test_a_process_that_fails_is_not_taken_for_one_that_needs_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", record())
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    with pytest.raises(Internal, match=r"a\.tar\.gz could not be read") as caught:
        await read_apart(archive, platform())
    assert "log" in caught.value.hint
    assert "encodings" in caplog.text
    monkeypatch.setattr(apart, "_SECONDS", 0.0)
    with pytest.raises(Damaged, match="too large"):
        await read_apart(archive, platform())


async def test_what_is_large_is_read_by_a_process_of_its_own_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields: dict[str, Any] = {"depends": ["x"], "requested_spec": "mod >=1", "size": 5}
    good = write_tar(tmp_path / "a.tar.gz", record(**fields), *described("p-1.dist-info", "", "REQUESTED"))
    bad = write_tar(tmp_path / "b.tar.gz", record(subdir="osx-arm64"))
    here = await planned(good)
    with pytest.raises(reading.TooLarge):
        read(good, platform(), 10)
    monkeypatch.setattr(archives, "_LARGEST_HERE", 10)
    apart = await planned(good)
    assert apart == msgspec.structs.replace(here, id=apart.id)
    assert [(one.manager, one.reason, one.name) for one in apart.actions] == [
        ("conda", "asked", "mod"),
        ("conda", "needed", "x"),
        ("pypi", "asked", "p"),
    ]
    with pytest.raises(Invalid, match="for osx-arm64") as caught:
        await planned(bad)
    assert caught.value.field == "source"


async def test_an_archive_too_large_to_be_listed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_LISTING_SECONDS", -1.0)
    plan = await planned(write_tar(tmp_path / "a.tar.gz", *described("p-1.dist-info")))
    assert [one.code for one in plan.warnings] == ["not_listed"]


def pythonic(folder: Path, version: str) -> tuple[Path, Path]:
    """An archive with a Python that tells when it is run, and a module; and the file by which it tells."""
    ran = folder / "ran"
    minor = version.rpartition(".")[0]
    fields = {"name": "python", "version": version, "build": "0", "files": []}
    archive = write_tar(
        folder / "a.tar.gz",
        member(f"conda-meta/python-{version}-0.json", json.dumps(fields).encode()),
        member(f"lib/python{minor}/site-packages/mod.py", b"x = 1\n", mtime=1_700_000_000),
        member("bin/python", f"#!/bin/sh\ntouch {ran}\n".encode(), mode=0o755),
    )
    return archive, ran


@pytest.mark.skipif(os.name == "nt", reason="groups are Unix's")
async def test_for_a_group_an_archive_gets_its_bytecode_and_is_not_run_for_it(
    make_home: MakeHome, tmp_path: Path
) -> None:
    lab = tmp_path / "home" / "lab"
    lab.mkdir(parents=True)
    home = make_home("nowhere", shared=[{"path": str(lab)}])
    archive, ran = pythonic(home.path, ".".join(map(str, sys.version_info[:3])))
    source = ArchiveSource(path=str(archive))
    job = await home.service.create(NewEnvironment(name="two", location=str(lab), source=source, kernel=None))
    job = await home.service.queue.wait(job.id)
    assert job.state == "succeeded", job.error
    await home.service.queue.wait_for_aftercare(job.id)
    (made,) = (lab / "two").rglob("*.pyc")
    module = (lab / "two" / "lib").glob("python3*/site-packages/mod.py")
    assert made == Path(importlib.util.cache_from_source(str(next(module))))
    assert made.stat().st_mode & stat.S_IRGRP
    assert not ran.exists()
    assert [file for file in home.path.rglob("*.pyc") if file != made] == []


@pytest.mark.parametrize("own", [False, True])
def test_an_environments_own_python_compiles_only_where_that_is_allowed(tmp_path: Path, own: bool) -> None:
    archive, ran = pythonic(tmp_path, "3.1.4")
    stage = unpack_here(archive, tmp_path / "here")
    assert compile_rest(stage, [], own=own) == 0
    assert ran.exists() == own


@pytest.mark.parametrize("twin", [False, True])
async def test_an_archive_gets_no_bytecode_into_any_cache_and_its_python_is_not_run(
    tiny_home: Home, twin: bool
) -> None:
    path = "lib/python3.12/site-packages/mod.py"
    ran = tiny_home.path / "ran"
    fields: dict[str, Any] = {"fn": "mod-1-0.conda", "sha256": "ab" * 32, "paths_data": {"paths": [{"_path": path}]}}
    python = member(
        "conda-meta/python-3.12.1-0.json", b'{"name": "python", "version": "3.12.1", "build": "0", "files": []}'
    )
    head = struct.pack("<4sLLL", importlib.util.MAGIC_NUMBER, 0, 1_700_000_000, 2)
    archive = write_tar(
        tiny_home.path / "a.tar.gz",
        *(record(**fields), python),
        *([record(**{**fields, "fn": "../../victim/x"})] if twin else []),
        member(path, b"x\n", mtime=1_700_000_000),
        member("lib/python3.12/site-packages/__pycache__/mod.cpython-312.pyc", head + b"payload"),
        member("bin/python", f"#!/bin/sh\ntouch {ran}\n".encode(), mode=0o755),
    )
    try:
        job = await unpack(tiny_home, archive)
    except Damaged:
        assert twin
        return
    assert not twin
    assert job.state == "succeeded", job.error
    await tiny_home.service.queue.wait_for_aftercare(job.id)
    assert not ran.exists()
    assert [file for file in tiny_home.path.rglob("*.pyc") if ".envmanager" in file.parts] == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no archive"),
        (b"just a text\n" * 100, "no archive"),
        (b"\x1f\x8b" + b"x" * 100, "cut or damaged"),
        (b"PK\x05\x06" + bytes(18), "no conda environment"),
    ],
)
def test_what_is_no_archive_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(content)
    with pytest.raises((Invalid, Damaged), match=words) as caught:
        read(archive, platform())
    assert caught.value.hint


async def test_a_path_that_leads_nowhere_is_told(home: Home) -> None:
    (home.path / "circle").symlink_to("circle")
    (home.path / "file").touch()
    for path in ("x" * 300, "x/" * 3000, "file/x", "circle"):
        with pytest.raises((Invalid, NotFound)) as caught:
            await home.service.preview(NewEnvironment(name="two", source=ArchiveSource(path=path)))
        assert caught.value.field == "source", path[:10]
        assert len(caught.value.message) < 400
        with pytest.raises((Invalid, NotFound)):
            await pack(home, folder=path)


def test_an_archive_for_another_platform_says_so(tmp_path: Path) -> None:
    record = json.dumps({"name": "y", "version": "1", "build": "0", "subdir": "osx-arm64"}).encode()
    archive = write_tar(tmp_path / "a.tar.gz", member("conda-meta/y-1-0.json", record))
    with pytest.raises(Invalid, match="for osx-arm64, and this machine is linux-64"):
        read(archive, "linux-64")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([member("conda-meta/y-1-0.json", b"{")], "cannot be read"),
        ([member("conda-meta/y-1-0.json", b'{"name": 1}')], "cannot be read"),
        ([member("lib/x", b"x"), member("conda-meta/y-1-0.json", META["conda-meta/x-1-0.json"])], "scattered"),
        ([member("bin/conda-unpack", b"_prefix_records = [(")], "cannot be read"),
    ],
)
def test_an_archive_that_makes_no_sense_is_damaged(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]], words: str
) -> None:
    if words == "scattered":
        members[1] = member("conda-meta/y-1-0.json", META["conda-meta/x-1-0.json"].replace(b'"x"', b'"y"'))
    archive = write_tar(tmp_path / "a.tar.gz", *members, script=words != "cannot be read")
    with pytest.raises(Damaged, match=words):
        unpack_here(archive, tmp_path / "here")


def test_a_plain_tar_of_an_environment_is_not_taken_for_a_packed_one(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", script=False)
    with pytest.raises(Invalid, match="no bin/conda-unpack"):
        unpack_here(archive, tmp_path / "here")


def test_nothing_of_an_archive_is_run_and_its_list_stays_inside(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("/old/prefix")
    script = f"""
open({str(tmp_path / "ran")!r}, "w")
_prefix_records = [("../secret", "/old/prefix", "text"), ({str(secret)!r}, "/old/prefix", "text"), (1, 2, 3), "x",
 ("share/mine", "/old/prefix", "text")]
"""
    archive = write_tar(
        tmp_path / "a.tar.gz",
        member("share/mine", b"/old/prefix/x"),
        member("bin/conda-unpack", script.encode()),
        script=False,
    )
    stage = unpack_here(archive, tmp_path / "here")
    assert (stage / "share" / "mine").read_text() == f"{tmp_path / 'here' / 'prefix'}/x"
    assert secret.read_text() == "/old/prefix"
    assert not (tmp_path / "ran").exists()
    assert not (stage / "bin" / "conda-unpack").exists()


async def test_an_archive_that_changed_since_the_preview_is_not_unpacked(home: Home) -> None:
    job = await pack(home)
    source = ArchiveSource(path=Path(job.file or "").name)
    request = NewEnvironment(name="two", source=source, kernel=None)
    plan = await home.service.preview(request)
    assert [(action.name, action.reason) for action in plan.actions] == [("baked", "asked"), ("plain", "needed")]
    assert plan.download_size == 0
    with pytest.raises(Invalid, match="GPU target"):
        await home.service.preview(msgspec.structs.replace(request, gpu="cpu"))
    Path(job.file or "").touch()
    made = await home.service.create(msgspec.structs.replace(request, plan=plan.id))
    ended = await home.service.queue.wait(made.id)
    assert ended.error is not None
    assert ended.error.code == "conflict"
    assert not (home.envs / "two").exists()
    assert home.leftovers() == []


async def test_the_command_line_packs_and_unpacks(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    for line in (
        ["pack", "one", "-o", str(home.path / "x.zip")],
        ["create", "-n", "two", "--archive", str(home.path / "x.zip"), "--no-kernel", "--yes"],
    ):
        options = parser_of().parse_args(line)
        assert await options.run(home.service, options) == 0
    assert f"{home.path / 'x.zip'}\n" in capsys.readouterr().out
    assert (home.envs / "two" / "bin" / "baked").is_file()


async def test_a_packed_python_runs_elsewhere_and_has_its_packages(real_home: Home) -> None:
    job = await real_home.create("real", "python", kernel=None)
    assert job.state == "succeeded", job.error
    packed = await real_home.service.packs.pack(job.environment, PackRequest(filename="real", format="tar.zst"))
    packed = await real_home.service.queue.wait(packed.id)
    assert packed.state == "succeeded", packed.error
    await real_home.service.removals.remove(job.environment)
    job = await unpack(real_home, "real.tar.zst", "moved")
    assert job.state == "succeeded", job.error
    code = "import sys, sysconfig, json; print(sys.prefix, sysconfig.get_path('purelib'))"
    python = [str(real_home.envs / "moved" / "bin" / "python"), "-c", code]
    answer = await asyncio.to_thread(subprocess.run, python, check=True, capture_output=True, text=True)
    assert all(word.startswith(str(real_home.envs / "moved")) for word in answer.stdout.split())
    changed = await real_home.service.changes.preview(job.environment, Change(install=["numpy"]))
    assert "numpy" in [action.name for action in changed.actions]
