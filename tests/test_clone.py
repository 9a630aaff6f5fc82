"""A copy of an environment: works where it is, names its own prefix everywhere, and leaves its source as it was."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from conftest import Home, MakeHome
from killing import workers_kill_themselves
from local_channel import PLACEHOLDER, ChannelServer, Synthetic, serve, write_channel
from members import made_lab
from pypi_index import IndexServer, project

from jupyter_envmanager.engine.clone import LARGEST_COPY
from jupyter_envmanager.engine.copying import copy, look
from jupyter_envmanager.engine.workplace import read_marker, write_marker
from jupyter_envmanager.errors import Busy, Conflict, Invalid
from jupyter_envmanager.models import Environment, Job, NewEnvironment, Plan, SpecsSource
from jupyter_envmanager.pypi.carrying import content
from jupyter_envmanager.pypi.installed import distributions, site_folders
from jupyter_envmanager.pypi.relocate import digest

__all__ = ["workers_kill_themselves"]

BAKED = Synthetic(
    "baked",
    files={
        "bin/program": b"\x7fELF\0" + f"{PLACEHOLDER}/lib:{PLACEHOLDER}/share".encode() + b"\0after\0",
        "etc/baked.conf": f"home = {PLACEHOLDER}/share\n".encode(),
        "share/baked/plain.txt": b"nothing of interest\n",
    },
)


def wanted(source: Environment, name: str | None = "two", **more: object) -> NewEnvironment:
    return msgspec.convert(
        {"name": name, "source": {"type": "clone", "environment": source.id}, "kernel": None, **more}, NewEnvironment
    )


async def clone(home: Home, source: str, name: str | None = "two", **more: object) -> tuple[Plan, Job]:
    """Preview a copy, make it, and wait for its end."""
    request = wanted(await home.service.find(source), name, **more)
    plan = await home.service.preview(request)
    job = await home.service.create(msgspec.structs.replace(request, plan=plan.id))
    ended = await home.service.queue.wait(job.id)
    assert ended.state == "succeeded", ended.error
    return plan, ended


def everything(root: Path) -> dict[str, tuple[str, int, int, int]]:
    """Every file below a folder: its content, mode, time and inode, which it may share with the package cache."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""  # noqa: PTH115
        hashed = hashlib.sha256(content).hexdigest()
        found[str(path.relative_to(root))] = (hashed, status.st_mode, status.st_mtime_ns, status.st_ino)
    return found


def naming(prefix: Path, old: Path) -> list[str]:
    """Files that hold another prefix; bytecode and the history may."""
    return [
        str(path.relative_to(prefix))
        for path in prefix.rglob("*")
        if path.is_file()
        and path.suffix != ".pyc"
        and path.name != "history"
        and str(old).encode() in (os.readlink(path).encode() if path.is_symlink() else path.read_bytes())  # noqa: PTH115
    ]


def run(*command: object) -> str:
    answer = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@dataclass
class Place:
    """What the tests with a real Python share, as making it is what takes time."""

    path: Path
    before: dict[str, tuple[str, int, int, int]] = field(default_factory=dict)
    job: str = ""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("clone") / "home")


@pytest.fixture
def home(
    place: Place,
    make_home: MakeHome,
    channel: ChannelServer,
    shared_pkgs: Path,
    index: IndexServer,
    jp_asyncio_loop: asyncio.AbstractEventLoop,
) -> Home:
    """Its environment ``one`` has packages of both kinds, an editable project and the user's own files; ``two`` is a
    copy of it.
    """
    made = make_home(channel.url, pkgs=shared_pkgs, path=place.path, index=index.url)
    if not place.job:
        jp_asyncio_loop.run_until_complete(_furnish(made, index))
        place.before = everything(made.envs / "one")
        _, job = jp_asyncio_loop.run_until_complete(clone(made, "one", kernel={"name": "two"}))
        # The worker ends with the test that happens to be the first.
        jp_asyncio_loop.run_until_complete(made.service.queue.wait_for_aftercare(job.id))
        place.job = job.id
    return made


async def _furnish(home: Home, index: IndexServer) -> None:
    index.wheel(
        "app", "1.0", scripts={"app": "app:main"}, files={"app.py": "import sys\ndef main(): print(sys.prefix)"}
    )
    folder = home.path / "work" / "mine"
    for path, text in project("mine", "0.1").items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    source = SpecsSource(specs=["python", "ipykernel"], pypi=["app", f"-e {folder}"])
    job = await home.service.create(NewEnvironment(name="one", source=source, kernel=None))
    ended = await home.service.queue.wait(job.id)
    assert ended.state == "succeeded", ended.error
    await home.service.queue.wait_for_aftercare(job.id)
    prefix = home.envs / "one"
    site = next(prefix.glob("lib/python3*/site-packages"))
    (prefix / "own").mkdir()
    for file, text in {
        prefix / "own" / "settings.ini": f"data = {prefix}/own\n",
        prefix / "bin" / "own": f"#!{prefix}/bin/python\nimport sys\nprint(sys.prefix)\n",
        prefix / "etc" / "conda" / "activate.d" / "own.sh": f"export OWN={prefix}/own\n",
        prefix / "src" / "inside" / "inside.py": f"PLACE = {str(prefix)!r}\n",
        site / "inside.pth": f"{prefix}/src/inside\n",
    }.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (prefix / "bin" / "own").chmod(0o755)
    (prefix / "own" / "absolute").symlink_to(prefix / "own" / "settings.ini")
    (prefix / "own" / "outward").symlink_to("../../../../work/mine/pyproject.toml")
    (prefix / "conda-meta" / "pinned").write_text("python 3.*\n")
    state = {"version": 1, "env_vars": {"OWN_DATA": f"{prefix}/own"}}
    (prefix / "conda-meta" / "state").write_text(json.dumps(state))
    marker = {**read_marker(prefix), "gpu": {"name": "cpu", "title": "No GPU", "origin": "cpu"}}
    write_marker(prefix, marker)
    # Bytecode of what will be rewritten, as if it had been imported.
    run(prefix / "bin" / "python", "-c", "import inside, sysconfig; sysconfig.get_config_vars()")


async def test_a_copy_names_its_own_prefix_and_leaves_its_source_alone(home: Home, place: Place) -> None:
    one, two = home.envs / "one", home.envs / "two"
    assert everything(one) == place.before
    assert naming(two, one) == []
    assert (two / "own" / "absolute").read_text() == f"data = {two}/own\n"
    assert (two / "own" / "outward").resolve() == home.path / "work" / "mine" / "pyproject.toml"
    assert (two / "conda-meta" / "pinned").read_text() == "python 3.*\n"
    assert json.loads((two / "conda-meta" / "state").read_text())["env_vars"] == {"OWN_DATA": f"{two}/own"}
    assert (two / "conda-meta" / "history").read_bytes() == (one / "conda-meta" / "history").read_bytes()
    assert home.leftovers() == []


async def test_its_python_its_scripts_and_its_modules_are_its_own(home: Home) -> None:
    two = home.envs / "two"
    python = two / "bin" / "python"
    assert run(two / "bin" / "app") == run(two / "bin" / "own") == str(two)
    told = run(
        python,
        "-c",
        "import inside, mine, sys, sysconfig\n"
        "print(sys.prefix, inside.PLACE, sysconfig.get_config_var('prefix'), mine.__file__, sep='\\n')",
    ).split("\n")
    assert told[:3] == [str(two)] * 3
    assert Path(told[3]).is_relative_to(home.path / "work")


async def test_its_kernel_starts_there(home: Home, place: Place) -> None:
    job = home.service.queue.job(place.job)
    assert job.kernel == "two"
    assert job.check is not None
    assert (job.check.state, job.check.prefix) == ("passed", str(home.envs / "two"))


async def test_its_plan_names_every_package_and_downloads_nothing(home: Home) -> None:
    source = await home.service.find("one")
    plan = await home.service.preview(wanted(source, "three"))
    packages = (await home.service.packages(source.id)).packages
    assert sorted((one.name, one.manager, one.to) for one in plan.actions) == sorted(
        (one.name, one.manager, one.version) for one in packages
    )
    assert {one.op for one in plan.actions} == {"install"}
    assert (plan.title, plan.download_size, plan.warnings) == ("Clone of one", 0, [])
    assert 0 < plan.disk_size < sum(one.size or 0 for one in packages) / 2


async def test_its_packages_and_what_is_known_of_it_are_those_of_the_source(home: Home) -> None:
    one, two = [await home.service.find(name) for name in ("one", "two")]
    assert (await home.service.packages(two.id)).packages == (await home.service.packages(one.id)).packages
    health = await home.service.changes.health(two.id, full=True)
    assert (health.problems, health.damaged) == ([], [])
    before, marker = read_marker(Path(one.prefix)), read_marker(Path(two.prefix))
    assert (marker["generation"], marker["title"]) == (1, "Clone of one")
    assert [marker[key] for key in ("channels", "specs", "gpu")] == [
        before[key] for key in ("channels", "specs", "gpu")
    ]


async def test_lists_of_python_packages_know_the_rewritten_files(home: Home) -> None:
    seen = []
    for site in site_folders(home.envs / "two"):
        for dist in distributions(site):
            for row in dist.record if dist.installer == "uv" else ():
                content = (site / row.path).read_bytes()
                assert not row.digest or (row.digest, row.size) == (digest([content]), str(len(content))), row.path
                seen.append(row.path)
    assert "../../../bin/app" in seen


async def test_a_copy_lives_on_without_its_source(home: Home) -> None:
    two, gone = home.envs / "two", home.envs / "gone"
    (home.envs / "one").rename(gone)
    try:
        assert run(two / "bin" / "app") == str(two)
        assert run(two / "bin" / "python", "-c", "import inside; print(inside.PLACE)") == str(two)
        assert (two / "own" / "absolute").is_file()
    finally:
        gone.rename(home.envs / "one")


async def test_a_copy_with_a_path_too_long_for_a_shebang_runs(home: Home) -> None:
    name = "n" * 95
    await clone(home, "one", name)
    assert run(home.envs / name / "bin" / "app") == str(home.envs / name)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another filesystem."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs /dev/shm on a filesystem of its own")
    folder = Path(tempfile.mkdtemp(prefix="envmanager-", dir=memory))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def baked_home(make_home: MakeHome, tmp_path: Path) -> Iterator[Home]:
    """A home whose channel has a package with the prefix in a program."""
    with serve(write_channel(tmp_path / "channel", [BAKED]).directory) as server:
        yield make_home(server.url)


async def test_on_another_filesystem_everything_is_copied_and_said_so(baked_home: Home, elsewhere: Path) -> None:
    await baked_home.create("one", "baked")
    baked_home.service.targets.roots.append(elsewhere)
    # Here others may have given a file of this user its second name, to have it copied for them.
    opened = baked_home.envs / "one" / "opened"
    opened.mkdir()
    opened.chmod(0o2770)
    (opened / "key").touch(0o600)
    (baked_home.path / "key").hardlink_to(opened / "key")
    plan, _ = await clone(baked_home, "one", None, prefix=str(elsewhere / "two"))
    assert [one.code for one in plan.warnings] == ["copied_whole"]
    assert naming(elsewhere / "two", baked_home.envs / "one") == []
    assert list((elsewhere / "two" / "opened").iterdir()) == []
    copied = (elsewhere / "two" / "share" / "baked" / "plain.txt").stat()
    assert copied.st_nlink == 1
    assert copied.st_mtime_ns == (baked_home.envs / "one" / "share" / "baked" / "plain.txt").stat().st_mtime_ns


@pytest.mark.parametrize("name", ["t", "a-much-longer-name-than-the-first-one"])
async def test_programs_and_settings_of_packages_name_the_copy(baked_home: Home, name: str) -> None:
    await baked_home.create("one", "baked")
    one, two = baked_home.envs / "one", baked_home.envs / name
    _, job = await clone(baked_home, "one", name)
    program = (two / "bin" / "program").read_bytes()
    assert f"\0{two}/lib:{two}/share\0".encode() in program
    assert len(program) == len((one / "bin" / "program").read_bytes())
    assert program.endswith(b"\0after\0")
    assert (two / "etc" / "baked.conf").read_text() == f"home = {two}/share\n"
    assert (two / "share" / "baked" / "plain.txt").samefile(one / "share" / "baked" / "plain.txt")
    assert (await baked_home.service.changes.health(job.environment, full=True)).damaged == []


async def test_a_copy_of_a_copy_goes_back_to_a_shorter_name(baked_home: Home) -> None:
    await baked_home.create("one", "baked")
    await clone(baked_home, "one", "a-longer-name")
    await clone(baked_home, "a-longer-name", "t")
    three = baked_home.envs / "t"
    assert f"\0{three}/lib:{three}/share\0".encode() in (three / "bin" / "program").read_bytes()


async def test_a_source_that_changes_after_the_preview_is_not_copied(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    source = await tiny_home.service.find("one")
    plan = await tiny_home.service.preview(wanted(source))
    (tiny_home.envs / "one" / "conda-meta" / "pinned").write_text("tiny 1.*\n")
    job = await tiny_home.service.create(wanted(source, plan=plan.id))
    ended = await tiny_home.service.queue.wait(job.id)
    assert ended.error is not None
    assert (ended.error.code, ended.error.field) == (Conflict.code, "plan")
    assert not (tiny_home.envs / "two").exists()
    assert tiny_home.leftovers() == []


async def test_what_keeps_an_environment_does_not_keep_its_copy(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    (tiny_home.envs / "one" / "conda-meta" / "frozen").write_text("{}")
    _, job = await clone(tiny_home, "one")
    assert job.title == "Clone one to two"
    assert not (tiny_home.envs / "two" / "conda-meta" / "frozen").exists()
    assert (await tiny_home.service.find("two")).unchangeable == ""


async def test_no_file_of_the_user_is_one_with_that_of_the_copy(tiny_home: Home) -> None:
    """Also not a large one, nor through a link that leaves the environment on its way."""
    await tiny_home.create("one", "tiny=1")
    one, two, alias = tiny_home.envs / "one", tiny_home.envs / "two", tiny_home.path / "alias"
    alias.symlink_to(one)
    (one / "own").mkdir()
    with (one / "own" / "data").open("wb") as file:
        file.truncate(LARGEST_COPY + 1)
    ways = ("../../one/own/data", f"{alias}/own/data", "../../../../alias/own", f"{one}/own", "data", str(alias))
    for number, leads in enumerate(ways):
        (one / "own" / f"link{number}").symlink_to(leads)
    private = ("own/secret", "etc/secret", "conda-meta/history")
    for number, path in enumerate(private):
        (one / path).parent.mkdir(exist_ok=True)
        (one / path).touch()
        (one / path).chmod(0o600)
        (tiny_home.path / f"backup{number}").hardlink_to(one / path)
    # What a second name would make look like a trap in a group's location.
    compiled = one / "lib" / "__pycache__" / "own.cpython-312.pyc"
    compiled.parent.mkdir(parents=True)
    compiled.touch(0o600)
    await clone(tiny_home, "one")
    for path in ("own/data", *private):
        assert not (two / path).samefile(one / path), path
    assert compiled.stat().st_nlink == 1
    for number in range(len(ways)):
        assert (two / "own" / f"link{number}").resolve().is_relative_to(two), ways[number]


async def test_of_a_root_prefix_nothing_else_is_copied(tiny_home: Home, tmp_path: Path) -> None:
    """The copy may even lie within it, as environments of micromamba do."""
    await tiny_home.create("one", "tiny=1")
    root = tiny_home.path / "root"
    shutil.move(tiny_home.envs / "one", root)
    others = ["pkgs/urls.txt", "envs/other/conda-meta/history", "envs/.envmanager/1/x", "own/more/conda-meta/history"]
    for path in (*others, "own/pkgs/mine"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(bytes(1_000_000))
    found, _ = content(root)
    assert look(root, root / "envs" / "two", found, together=True).unshared < 1_100_000
    copy(root, root / "envs" / ".envmanager" / "2", root / "envs" / "two", found)
    made = {path.name for path in (root / "envs" / ".envmanager" / "2").iterdir()}
    assert made == {path.name for path in root.iterdir()} - {"envs", "pkgs"}
    assert [path.name for path in (root / "envs" / ".envmanager" / "2" / "own").rglob("*")] == ["pkgs", "mine"]


async def test_what_is_left_out_and_what_has_no_room_is_said_before(tiny_home: Home) -> None:
    one = Path((await tiny_home.create("one", "tiny=1")).prefix)
    (one / "work" / "inner" / "conda-meta").mkdir(parents=True)
    (one / "own.so").write_bytes(b"\x7fELF\0" + f"{one}/lib".encode() + b"\0after\0")
    (one / "other.so").write_bytes(b"\x7fELF\0/usr/lib\0")
    (one / "own.txt").write_text(str(one))
    (one / "into").symlink_to("work/inner/conda-meta")
    (one / "beside").symlink_to("work")
    for name, start in (("large.txt", b"#"), ("large.so", b"\x7fELF\0"), ("large.data", b"PK\0")):
        (one / name).write_bytes(start * (1 if b"\0" in start else 4096))
        os.truncate(one / name, LARGEST_COPY + 1)
    source = await tiny_home.service.find("one")
    for name, expected in (
        ("two", {"inner_environments", "dangling_links", "not_searched"}),
        ("a-longer-name", {"inner_environments", "dangling_links", "not_searched", "old_prefix_stays"}),
    ):
        plan = await tiny_home.service.preview(wanted(source, name))
        told = {problem.code: problem for problem in plan.warnings}
        assert told.keys() == expected
        assert told["inner_environments"].details == {"folders": ["work/inner"]}
        assert told["dangling_links"].details == {"files": ["into"]}
        assert told["not_searched"].details == {"files": ["large.so", "large.txt"]}
    assert told["old_prefix_stays"].details == {"files": ["own.so"]}
    assert "shorter name or folder" in told["old_prefix_stays"].hint
    # What was said is what happens.
    job = (await clone(tiny_home, "one", "a-longer-name"))[1]
    assert str(one).encode() in (Path(job.prefix) / "own.so").read_bytes()
    assert not (Path(job.prefix) / "work" / "inner").exists()


async def test_variables_name_the_copy_however_they_are_written(tiny_home: Home) -> None:
    one = Path((await tiny_home.create("one", "tiny=1")).prefix)
    values = {"DATA": f"{one}/share", "MORE": f"\u00fc{one}/x", "OTHER": f"/mnt{one}", "GONE": "***unset***"}
    text = json.dumps({"version": 1, "env_vars": values, "more": [1]}).replace("/", "\\/")
    (one / "conda-meta" / "state").write_text(text)
    await clone(tiny_home, "one")
    made = json.loads((tiny_home.envs / "two" / "conda-meta" / "state").read_text())
    assert made == {
        "version": 1,
        "env_vars": {**values, "DATA": str(tiny_home.envs / "two" / "share")},
        "more": [1],
    }


async def test_an_old_record_that_lists_names_alone_is_no_hindrance(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    one, two = tiny_home.envs / "one", tiny_home.envs / "two"
    record = {"name": "old", "version": "1", "build": "0", "files": ["etc/old.conf"]}
    (one / "conda-meta" / "old-1-0.json").write_text(json.dumps(record))
    (one / "etc").mkdir(exist_ok=True)
    (one / "etc" / "old.conf").write_text(f"{one}/x\n")
    found, _ = content(one)
    copy(one, tiny_home.path / "stage", two, found)
    assert (tiny_home.path / "stage" / "etc" / "old.conf").read_text() == f"{two}/x\n"


async def test_files_of_the_user_may_come_and_go_meanwhile(tiny_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    await tiny_home.create("one", "tiny=1")
    one = tiny_home.envs / "one"
    for name in ("stays", "goes"):
        (one / name).write_text(name)
    # As if it was there when its folder was read, and then no more.
    scandir = os.scandir

    @contextmanager
    def and_delete(folder: str) -> Iterator[list[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            listed = list(entries)
            (one / "goes").unlink(missing_ok=True)
            yield listed

    found, _ = content(one)
    for step in (
        lambda: look(one, tiny_home.envs / "two", found, together=True),
        lambda: copy(one, tiny_home.path / "stage", tiny_home.envs / "two", found),
    ):
        (one / "goes").write_text("goes")
        with monkeypatch.context() as racing:
            racing.setattr(os, "scandir", and_delete)
            step()
    assert (tiny_home.path / "stage" / "stays").read_text() == "stays"
    assert not (tiny_home.path / "stage" / "goes").exists()


@pytest.mark.usefixtures("workers_kill_themselves")
@pytest.mark.parametrize("phase", ["link", "swap"])
async def test_killed_on_the_way_it_leaves_nothing(
    tiny_home: Home, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tiny_home.create("one", "tiny=1")
    before = everything(tiny_home.envs / "one")
    monkeypatch.setenv("ENVMANAGER_TEST_KILL_AT", phase)
    job = await tiny_home.service.create(wanted(await tiny_home.service.find("one")))
    assert (await tiny_home.service.queue.wait(job.id)).state == "lost"
    assert not (tiny_home.envs / "two").exists()
    assert tiny_home.leftovers() == []
    assert everything(tiny_home.envs / "one") == before


async def test_what_cannot_be_copied_is_said_before(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    source = await tiny_home.service.find("one")
    (tiny_home.envs / "one" / "conda-meta" / "tiny-1.0-0.json").write_bytes(b"")
    with pytest.raises(Invalid, match="cannot be copied as it is"):
        await tiny_home.service.preview(wanted(source))
    from jupyter_envmanager import copies

    for changes, error in (({"kind": "venv"}, Invalid), ({"job": "1"}, Busy)):
        with pytest.raises(error) as caught:
            await copies.preview(wanted(source), tiny_home.envs / "two", msgspec.structs.replace(source, **changes))
        assert caught.value.field == "source"


async def test_a_copy_has_the_channels_and_the_gpu_of_its_source(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    source = await tiny_home.service.find("one")
    for name, value in (("channels", ["other"]), ("gpu", "cpu")):
        with pytest.raises(Invalid) as caught:
            await tiny_home.service.preview(wanted(source, "two", **{name: value}))
        assert caught.value.field == name


def test_a_reader_makes_a_copy_that_nobody_else_can_change(tiny: ChannelServer) -> None:
    with made_lab() as lab:
        one = lab.folder / "one"
        for member in (lab.eva, lab.ann):
            member.condarc(tiny.url)
            member.configure(shared_locations=[{"path": str(lab.folder), "access": "write"}])
        lab.eva.manage("create", "-p", str(one), "tiny=1", "--no-kernel", "--yes")
        before = everything(one)
        told = lab.ann.manage("clone", str(one), "two", "--no-kernel", "--yes")
        assert "belongs to somebody else" in told.stderr + told.stdout
        assert everything(one) == before
        two = lab.ann.home / ".conda" / "envs" / "two"
        assert naming(two, one) == []
        owner = pwd.getpwnam(lab.ann.name).pw_uid
        for path in (two, *two.rglob("*")):
            status = path.lstat()
            assert status.st_uid == owner, path
            assert path.is_symlink() or not status.st_mode & 0o6022, path
