"""Environments that a group shares: the site's settings, and two Unix users who use and change them."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Home
from local_channel import ChannelServer
from members import Lab, made_lab
from test_attacks import SITE, bytecode_home
from test_installed import record

from jupyter_envmanager.config import SettingsSource
from jupyter_envmanager.engine import metarecords
from jupyter_envmanager.engine.bytecode import BytecodeCache, cache_tag
from jupyter_envmanager.engine.clone import carry_over, clone
from jupyter_envmanager.engine.copying import Content, copy
from jupyter_envmanager.engine.variables import write as write_variables
from jupyter_envmanager.engine.workplace import Journal, Workplace
from jupyter_envmanager.environments import EnvironmentReader, Places, environment_id
from jupyter_envmanager.environments.record_files import PackageFile
from jupyter_envmanager.environments.variables import read_variables
from jupyter_envmanager.errors import Invalid, NotAllowed
from jupyter_envmanager.jobs.aftercare import compile_bytecode
from jupyter_envmanager.jobs.lock import prefix_lock
from jupyter_envmanager.models import Environment, NewEnvironment, SpecsSource
from jupyter_envmanager.service.sharing import SharingService
from jupyter_envmanager.sharing import SharedPlace, give, give_new, rights, shared_place, shared_places
from jupyter_envmanager.sharing.check import check, repair
from jupyter_envmanager.sharing.members import Members
from jupyter_envmanager.targets import Targets, locations

posix = pytest.mark.skipif(os.name == "nt", reason="groups are Unix's")


# What a site says


@posix
def test_a_shared_folder_has_its_own_group_unless_another_is_named(tmp_path: Path) -> None:
    places, problems = shared_places([{"path": str(tmp_path)}])
    assert problems == []
    assert (places[0].gid, places[0].access, places[0].label) == (tmp_path.stat().st_gid, "read", tmp_path.name)
    named, doubts = shared_places([{"path": str(tmp_path), "group": "0", "access": "write", "label": "Lab"}])
    assert (named[0].gid, named[0].access, named[0].label) == (0, "write", "Lab")
    assert f"chmod g+rwxs {tmp_path}" in doubts[0].hint


@posix
@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "path"),
        ({"path": "lab"}, "“lab” is not a full path"),
        ({"path": "/nowhere/at/all"}, "No such file"),
        ({"path": "/etc/passwd"}, "not a folder"),
        ({"path": "/tmp", "group": "no such group"}, "there is no group “no such group”"),
        ({"path": "/tmp", "access": "admin"}, "admin"),
        ({"path": "/tmp", "grop": "lab"}, "grop"),
        ({"path": "/tmp", "group": ["lab"]}, "group"),
    ],
)
def test_an_entry_that_cannot_be_used_is_said_and_left_out(entry: dict[str, Any], said: str) -> None:
    places, problems = shared_places([entry])
    assert places == []
    assert "Entry 1 of EnvManagerApp.shared_locations is not used" in problems[0].message
    assert said in problems[0].message


@posix
def test_the_innermost_place_holds_a_prefix_and_a_likeness_of_names_does_not(tmp_path: Path) -> None:
    for folder in ("lab/course", "lab2"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link").symlink_to("lab")
    entries = [{"path": str(tmp_path / name)} for name in ("lab", "lab/course")]
    found = {name: shared_place(tmp_path / name, entries) for name in ("lab/a", "link/course/b", "lab2/c", "lab")}
    labels = {name: place.label if place else None for name, place in found.items()}
    assert labels == {"lab/a": "lab", "link/course/b": "course", "lab2/c": None, "lab": None}
    assert shared_place(tmp_path, []) is None


@posix
def test_a_shared_folder_is_a_location_and_a_place_of_group_environments(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    record(folder / "theirs", "numpy")
    entry = {"path": str(folder), "label": "The lab"}
    place = shared_places([entry])[0][0]
    settings = SettingsSource(env={}, home=tmp_path, server_prefix=Path(sys.prefix)).current()
    request = NewEnvironment(name="mine", location=str(folder), source=SpecsSource(specs=[]))
    targets = Targets([], tmp_path, [entry])
    assert targets.resolve(request, settings) == folder / "mine"
    with pytest.raises(Invalid, match="not a location"):
        Targets([], tmp_path).resolve(request, settings)
    found = {location.path: location for location in locations(settings, tmp_path, [place])}[str(folder)]
    assert (found.label, found.group, found.access) == ("The lab", place.group, "read")

    nowhere = tmp_path / "nowhere"
    places = Places(
        envs_dirs=(), extra_roots=(), root_prefix=None, server_prefix=nowhere, environments_txt=nowhere, shared=(place,)
    )
    (environment,) = EnvironmentReader().list(places)[0]
    owner = (folder / "theirs").owner()
    assert (environment.kind, environment.group, environment.owner) == ("group", place.group, owner)


# What a file needs


def place(folder: Path, access: str = "read") -> SharedPlace:
    return SharedPlace(path=str(folder), label="", group="lab", gid=os.getgid(), access=access)  # type: ignore[arg-type]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix
@pytest.mark.parametrize(
    ("access", "before", "after"),
    [
        ("read", 0o600, 0o640),
        ("read", 0o700, 0o750),
        ("read", 0o664, 0o644),
        ("read", 0o644, 0o644),
        ("write", 0o600, 0o640),
        ("write", 0o400, 0o440),
        ("write", 0o755, 0o755),
        ("write", 0o664, 0o664),
    ],
)
def test_a_file_of_its_own_gets_what_the_group_needs(tmp_path: Path, access: str, before: int, after: int) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(before)
    give(tmp_path, place(tmp_path, access))
    assert mode(file) == after
    assert mode(tmp_path) & 0o2070 == (0o2070 if access == "write" else 0o2050)


@posix
@pytest.mark.parametrize("access", ["read", "write"])
def test_a_file_with_other_names_is_copied_or_left_alone_and_links_are_not_followed(
    tmp_path: Path, access: str
) -> None:
    cache, prefix = tmp_path / "cache", tmp_path / "env"
    cache.mkdir()
    prefix.mkdir()
    for name, bits in (("closed", 0o600), ("open", 0o644), ("too-open", 0o664)):
        (cache / name).write_text(name)
        (cache / name).chmod(bits)
        os.utime(cache / name, ns=(1, 12345))
        (prefix / name).hardlink_to(cache / name)
    secret = tmp_path / "secret"
    secret.touch(0o600)
    (prefix / "link").symlink_to(secret)
    given = give(prefix, place(tmp_path, access))
    # Where members may write, they may have linked to what is none of their business.
    left = [str(prefix / "closed")] if access == "write" else []
    assert (given.copied, given.left) == (2 - len(left), left)
    assert {name: mode(prefix / name) for name in ("closed", "open", "too-open")} == {
        "closed": 0o600 if left else 0o640,
        "open": 0o644,
        "too-open": 0o644,
    }
    assert {name: mode(cache / name) for name in ("closed", "too-open")} == {"closed": 0o600, "too-open": 0o664}
    assert (prefix / "open").samefile(cache / "open")
    assert (prefix / "closed").read_text() == "closed"
    assert (prefix / "closed").stat().st_mtime_ns == 12345
    assert mode(secret) == 0o600
    assert sorted(path.name for path in prefix.iterdir()) == ["closed", "link", "open", "too-open"]


@posix
@pytest.mark.parametrize(("bits", "foreign"), [(0o2770, False), (0o777, False), (0o770, True)])
def test_a_private_file_that_a_member_has_linked_into_an_environment_stays_private(
    tmp_path: Path, bits: int, foreign: bool
) -> None:
    secret, prefix, stage = tmp_path / "secret", tmp_path / "env", tmp_path / "stage"
    secret.touch(0o600)
    prefix.mkdir()
    if foreign and os.geteuid() != 0:
        pytest.skip("giving a folder to a group that one is not in needs root")
    os.chown(prefix, -1, os.getgid() + foreign)
    prefix.chmod(bits)
    for name in ("mine", "package.py"):
        (prefix / name).hardlink_to(secret)
    report = clone(prefix, stage, {"package.py"})
    (prefix / "late").hardlink_to(secret)
    assert carry_over(prefix, stage, {"package.py"}, {}) == []
    give_new(stage, place(tmp_path, "write"), report.suspects)
    assert {mode(stage / name) for name in ("mine", "package.py")} == {0o600}
    assert (mode(secret), secret.stat().st_nlink) == (0o600, 6)
    # In place, anything may be one.
    assert sorted(give(stage, place(tmp_path, "write")).left) == [str(stage / "mine"), str(stage / "package.py")]


@posix
def test_what_the_package_cache_keeps_private_is_copied_for_members(tmp_path: Path) -> None:
    cached, stage = tmp_path / "cached", tmp_path / "stage"
    cached.touch(0o600)
    stage.mkdir(0o700)
    (stage / "package.py").hardlink_to(cached)
    give_new(stage, place(tmp_path, "write"))
    assert (mode(stage / "package.py"), mode(cached), cached.stat().st_nlink) == (0o640, 0o600, 1)


@posix
def test_private_files_with_two_names_of_one_s_own_environment_come_along(tmp_path: Path) -> None:
    notes, prefix, stage = tmp_path / "notes", tmp_path / "env", tmp_path / "stage"
    notes.touch(0o600)
    prefix.mkdir()
    (prefix / "notes").hardlink_to(notes)
    report = clone(prefix, stage, set())
    (prefix / "late").hardlink_to(notes)
    assert carry_over(prefix, stage, set(), report.seen) == ["late"]
    assert (stage / "notes").is_file()
    assert not (stage / "notes").samefile(notes)


@posix
def test_a_private_file_is_not_written_anew_for_the_new_folder(tmp_path: Path) -> None:
    """Then it would have one name, and be given to the group."""
    one, stage = tmp_path / "one", tmp_path / "stage"
    (one / "conda-meta").mkdir(parents=True)
    one.chmod(0o2770)
    paths = ("own.txt", "package.py", "conda.txt")
    for path in paths:
        (one / path).write_text(f"password for {one}")
        (one / path).chmod(0o600)
        (tmp_path / path).hardlink_to(one / path)
    baked = PackageFile("conda.txt", prefix_placeholder=str(one), file_mode="text")
    made = copy(one, stage, tmp_path / "two", Content({"none.json": [baked]}, ["package.py"]))
    assert made.rewritten == {}
    give_new(stage, place(tmp_path, "write"), made.clone.suspects)
    assert {mode(stage / path) for path in paths} == {0o600}


def test_variables_that_are_set_during_a_change_stay(tmp_path: Path) -> None:
    prefix, stage = tmp_path / "env", tmp_path / "stage"
    prefix.mkdir()
    write_variables(prefix, {"A": "1"})
    report = clone(prefix, stage, set())
    assert carry_over(prefix, stage, set(), report.seen) == []
    write_variables(prefix, {"A": "1", "DURING": "x"})
    assert carry_over(prefix, stage, set(), report.seen) == ["conda-meta/state"]
    assert read_variables(stage) == {"A": "1", "DURING": "x"}


@posix
def test_what_could_not_be_given_to_the_group_is_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "one" / "conda-meta").mkdir(parents=True)
    (tmp_path / "one" / "mine").touch(0o600)
    (tmp_path / "mine").hardlink_to(tmp_path / "one" / "mine")
    action = SimpleNamespace(
        prefix=str(tmp_path / "one"), pkgs_dirs=[str(tmp_path / "pkgs")], shared=place(tmp_path, "write"), plan=None
    )
    said: list[str] = []
    compile_bytecode(action, lambda phase, message, *rest, **more: said.append(message))  # type: ignore[arg-type]
    assert said == ["A file or folder could not be given to lab: mine"]


@posix
def test_conda_of_another_member_may_write_into_records_that_are_the_environment_s_own(tmp_path: Path) -> None:
    prefix, kept = tmp_path / "env", tmp_path / "kept.json"
    record(prefix, "numpy")
    kept.touch(0o664)
    kept.chmod(0o664)
    (prefix / "conda-meta" / "kept.json").hardlink_to(kept)
    give(prefix, place(tmp_path, "write"))
    assert {mode(path) for path in (prefix / "conda-meta").iterdir()} == {0o664}
    assert kept.stat().st_nlink == 1


@posix
def test_a_link_that_comes_into_a_folder_s_place_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix, private = tmp_path / "lab" / "env", tmp_path / "private"
    (prefix / "share" / "deep").mkdir(parents=True)
    private.mkdir(0o700)
    (private / "key").touch(0o600)
    scandir = os.scandir

    @contextmanager
    def and_swap(folder: int) -> Iterator[list[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            listed = list(entries)
            if any(entry.name == "share" and entry.stat(follow_symlinks=False) for entry in listed):
                (prefix / "share").rename(prefix / "away")
                (prefix / "share").symlink_to(private)
            yield listed

    lab = place(tmp_path / "lab", "write")
    with monkeypatch.context() as racing:
        racing.setattr(os, "scandir", and_swap)
        assert give(prefix, lab).left == [str(prefix / "share")]
    # Nor where it comes into the place of the environment.
    (tmp_path / "lab" / "other").symlink_to(private)
    assert give(tmp_path / "lab" / "other", lab).left == [str(tmp_path / "lab" / "other")]
    assert (mode(private), mode(private / "key")) == (0o700, 0o600)


@posix
def test_bytecode_is_copied_into_the_folder_that_was_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pkgs, prefix = bytecode_home(tmp_path, f"{SITE}/mod.py")
    BytecodeCache(pkgs).compile(prefix, [pkgs])
    for compiled in (prefix / SITE).rglob("*.pyc"):
        compiled.unlink()
    (prefix / SITE / "__pycache__").rmdir()
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "__pycache__").mkdir(parents=True)
    mkdir = os.mkdir

    def and_swap(path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        mkdir(path, mode, dir_fd=dir_fd)
        (prefix / SITE).rename(prefix / "moved")
        (prefix / SITE).symlink_to(elsewhere)

    record = metarecords.read_all(prefix)[0]
    with monkeypatch.context() as racing:
        racing.setattr(os, "mkdir", and_swap)
        BytecodeCache(pkgs, copies=True).link(record, cache_tag("3.12.0"), prefix)
    assert list(elsewhere.rglob("*.pyc")) == []
    assert [path.parent.parent.name for path in prefix.rglob("*.pyc")] == ["moved"]


@posix
def test_another_environment_inside_is_left_alone(tmp_path: Path) -> None:
    record(tmp_path / "env", "numpy")
    record(tmp_path / "env" / "sub" / "other", "numpy")
    (tmp_path / "env" / "sub" / "other").chmod(0o700)
    give(tmp_path / "env", place(tmp_path))
    assert mode(tmp_path / "env" / "sub" / "other") == 0o700
    assert {problem.code for problem in check(tmp_path / "env", place(tmp_path)).problems} <= {"closed_folder"}


@posix
@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("pkgs", "it holds “pkgs”, which other environments depend on"),
        ("course", "another shared location lies in it"),
        ("conda-meta/frozen", "It is frozen"),
    ],
)
async def test_what_others_need_is_not_put_right(tiny_home: Home, kept: str, said: str) -> None:
    lab = tiny_home.path / "lab"
    record(lab / "base", "numpy")
    (lab / "base" / kept).mkdir(0o700)
    places = [{"path": str(lab)}, {"path": str(lab / "base" / "course")}]
    frozen = "It is frozen." if "frozen" in kept else ""

    async def find(environment: str) -> Environment:
        return Environment(
            id=environment,
            name="base",
            prefix=str(lab / "base"),
            kind="group",
            location=str(lab),
            frozen=bool(frozen),
            unchangeable=frozen,
        )

    site = dataclasses.replace(tiny_home.service.site, shared_locations=places)
    with pytest.raises(NotAllowed, match=said):
        await SharingService(site, find=find).repair("1")
    assert mode(lab / "base" / kept) == 0o700


@posix
def test_lines_and_links_that_lead_out_are_judged_and_others_cost_nothing(tmp_path: Path) -> None:
    prefix = tmp_path / "env"
    record(prefix, "numpy")
    site = prefix / "lib" / "python3.12" / "site-packages"
    site.mkdir(parents=True)
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    (prefix / "up").symlink_to("../closed")
    (prefix / "round").symlink_to(f"{prefix}/lib/../../closed")
    (prefix / "back").symlink_to("../env/lib")
    (prefix / "gone").symlink_to("../nowhere")
    (site / "led.pth").write_text(f"{closed}\n")
    os.mkfifo(site / "pipe.pth")
    os.truncate(site / "led.pth", 2**40)
    (prefix / "data.pth").write_text(f"{closed}\n")
    found = check(prefix, place(tmp_path))
    outside = {problem.details["path"] for problem in found.problems if problem.code == "outside"}
    assert outside == {str(prefix / "up"), str(prefix / "round"), str(site / "led.pth")}


@pytest.mark.parametrize(
    ("bits", "gid", "members", "may"),
    [
        (0o640, 1, {"ann": {1}}, True),
        (0o604, 2, {"ann": {1}}, True),
        (0o604, 2, {"ann": {1, 2}}, False),
        (0o640, 2, {"ann": {1, 2}}, True),
        (0o640, 2, {"ann": {1, 2}, "bob": {1}}, False),
        (0o604, 2, {}, True),
    ],
)
def test_all_groups_of_each_member_count(bits: int, gid: int, members: dict[str, set[int]], may: bool) -> None:
    groups = {name: frozenset(numbers) for name, numbers in members.items()}
    known = Members(gid=1, groups=groups, uids=dict.fromkeys(members, 1000))
    assert known.may(os.stat_result((bits, 0, 0, 1, 0, gid, 0, 0, 0, 0)), rights.READ) == may


@posix
@pytest.mark.parametrize(
    ("bits", "same_group", "allowed"), [(0o640, True, 4), (0o604, True, 0), (0o604, False, 4), (0o640, False, 0)]
)
def test_the_bits_of_the_group_count_for_its_members(bits: int, same_group: bool, allowed: int) -> None:
    status = os.stat_result((bits, 0, 0, 1, 1, 77, 0, 0, 0, 0))
    assert rights.allows(status, 77 if same_group else 78) == allowed


@posix
def test_who_waits_can_read_the_lock_whatever_the_mask_of_its_holder(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with prefix_lock(tmp_path / "lock", "job", "eva", waiting=print):
            assert mode(tmp_path / "lock") == 0o644
    finally:
        os.umask(before)


@posix
@pytest.mark.parametrize(
    ("action", "bits", "obeyed"),
    [("change", 0o2775, True), ("remove", 0o2775, False), ("change", 0o3775, False), ("change", 0o2777, False)],
)
def test_another_member_s_journal_counts_where_members_may_swap(
    tmp_path: Path, action: Any, bits: int, obeyed: bool
) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a file to another user needs root")
    location = tmp_path / "lab"
    location.mkdir()
    location.chmod(bits)
    workplace = Workplace(location / "one", environment_id(location / "one"))
    workplace.open()
    workplace.write_journal(Journal(action=action, job="evas", prefix=str(location / "one")))
    for path in (workplace.root, workplace.folder, workplace.journal_file):
        os.chown(path, 12345, location.stat().st_gid)
    assert (workplace.read_journal() is not None) == obeyed


@posix
def test_a_pipe_in_place_of_a_journal_is_none(tmp_path: Path) -> None:
    workplace = Workplace(tmp_path / "one", "1")
    workplace.open()
    for name in ("journal.json", "rolled-back"):
        os.mkfifo(workplace.folder / name)
    assert (workplace.read_journal(), workplace.rolled_back()) == (None, None)


@posix
def test_of_an_environment_that_is_not_shared_it_is_said_who_reads_it(tmp_path: Path) -> None:
    prefix = tmp_path / "env"
    record(prefix, "numpy")
    prefix.chmod(0o700)
    found = check(prefix, None)
    assert (found.group, found.owner, found.repairable) == (None, prefix.owner(), False)
    assert f"Only {prefix.owner()} can read it." in found.problems[0].message
    assert "clone it into" in found.problems[0].hint
    # What is no environment of conda cannot be cloned.
    shutil.rmtree(prefix / "conda-meta")
    assert "export it" in check(prefix, None).problems[0].hint


@posix
def test_the_check_says_which_private_files_a_repair_leaves_alone_and_what_to_do(tmp_path: Path) -> None:
    prefix, secret = tmp_path / "env", tmp_path / "secret"
    record(prefix, "numpy")
    secret.touch(0o600)
    (prefix / "my notes").hardlink_to(secret)
    for looked in (check(prefix, place(tmp_path, "write")), repair(prefix, place(tmp_path, "write"))):
        (problem,) = (problem for problem in looked.problems if problem.code == "private_names")
        assert "a private file that has another name elsewhere: my notes." in problem.message
        assert "“Repair” leaves them as they are" in problem.hint
        assert problem.details["repairable"] is False
    subprocess.run(problem.details["command"], shell=True, check=True)
    left = {problem.code for problem in repair(prefix, place(tmp_path, "write")).problems}
    assert (mode(prefix / "my notes"), mode(secret)) == (0o640, 0o600)
    assert not left & {"private_names", "unreadable"}


# Two users


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with made_lab() as made:
        yield made


def share(lab: Lab, name: str, access: str, channel: str, **more: Any) -> Path:
    """A shared folder of the lab, as the site has set it for both."""
    folder = lab.folder / name
    folder.mkdir(parents=True)
    os.chown(folder, 0, lab.gid)
    folder.chmod(0o2775)
    for member in (lab.eva, lab.ann):
        member.condarc(channel)
        member.configure(shared_locations=[{"path": str(folder), "access": access}], **more)
    return folder


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_a_reader_sees_whose_it_is_and_the_cache_stays_as_it_was(lab: Lab, tiny: ChannelServer) -> None:
    eva, ann = lab.eva, lab.ann
    one = share(lab, "read", "read", tiny.url) / "one"
    eva.manage("create", "-n", "mine", "tiny=1.0", "--no-kernel", "--yes")
    cached = next((eva.home / ".conda" / "pkgs").glob("tiny-1.0-*/bin/tiny"))
    cached.chmod(0o700)
    before = cached.stat()
    eva.manage("create", "-p", str(one), "tiny=1.0", "--yes")
    assert (cached.stat().st_mode, cached.stat().st_nlink) == (before.st_mode, before.st_nlink)
    assert (one / "share/tiny/version").samefile(cached.parent.parent / "share/tiny/version")
    assert mode(one) == 0o2755
    assert ann.run(str(one / "bin" / "tiny")).stdout == "tiny 1.0\n"

    seen = ann.environment("one")
    assert (seen["kind"], seen["owner"], seen["group"], seen["packages"]) == ("group", eva.name, lab.group, 1)
    said = f"It belongs to {eva.name}, who can change it; the group “{lab.group}” can use it."
    assert seen["unchangeable"] == f"{said} Make a clone of your own to change it."
    refused = ann.manage("install", "one", "tinier", "--yes", status=1)
    assert said in refused.stderr


def test_the_check_finds_what_keeps_others_out_and_repairs_what_it_may(lab: Lab, tiny: ChannelServer) -> None:
    eva, ann = lab.eva, lab.ann
    one = share(lab, "own/check", "read", tiny.url) / "one"
    above = lab.folder / "own"
    shutil.chown(above, eva.name, eva.name)
    above.chmod(0o700)
    eva.manage("create", "-p", str(one), "tiny=1.0", "--yes")
    (one / "bin/tiny").chmod(0o700)
    found = answer(eva.manage("sharing", str(one), "--json", status=1))
    assert (found["owner"], found["group"], found["repairable"]) == (eva.name, lab.group, True)
    assert {eva.name, ann.name} == set(found["members"])
    assert [problem["code"] for problem in found["problems"]] == ["closed_folder", "unreadable"]
    assert found["problems"][1]["message"] == f"Other members of {lab.group} cannot read a file or folder: bin/tiny."
    left = answer(eva.manage("sharing", str(one), "--repair", "--json", status=1))
    assert left["repairable"] is False
    (problem,) = left["problems"]
    assert problem["details"]["command"] == f"chmod o+x {above}"
    eva.run(*shlex.split(problem["details"]["command"]))
    assert f"Members of {lab.group} can use all" in ann.manage("sharing", str(one)).stdout
    assert ann.run(str(one / "bin" / "tiny")).stdout == "tiny 1.0\n"


CLONE = """
import sys
from pathlib import Path
from jupyter_envmanager.engine.clone import clone
try:
    clone(Path(sys.argv[1]), Path(sys.argv[2]), frozenset())
except Exception as error:
    print(error, error.hint)
"""


def test_what_a_member_closes_is_told_and_bytecode_left_out(lab: Lab) -> None:
    eva, ann = lab.eva, lab.ann
    one = share(lab, "closing", "write", "http://localhost") / "one"
    record(one, "numpy")
    module = one / "lib" / "module.py"
    module.parent.mkdir()
    module.touch()
    for path in (one, *one.rglob("*")):
        os.chown(path, 0, lab.gid)
        path.chmod(0o2775 if path.is_dir() else 0o664)
    # As her Python does, which imports a module first.
    ann.run("sh", "-c", f"cd {module.parent}; mkdir __pycache__ open open/__pycache__; touch open/__pycache__/a.pyc")
    (module.parent / "open").chmod(0o755)
    (module.parent / "open" / "__pycache__").chmod(0o755)
    clone = (eva.python, "-c", CLONE, str(one))
    assert eva.run(*clone, str(eva.home / "first")).stdout == ""
    assert sorted(path.name for path in (eva.home / "first" / "lib").rglob("*") if not path.is_dir()) == ["module.py"]
    ann.run("mkdir", str(one / "hers"))
    told = eva.run(*clone, str(eva.home / "second")).stdout
    hers = one / "hers"
    assert told == f"{hers} belongs to {ann.name} and cannot be read. Ask {ann.name} to run: chmod -R g+rX {hers}\n"


def test_who_cannot_look_is_told_that_it_is_closed(lab: Lab) -> None:
    eva, ann = lab.eva, lab.ann
    one = share(lab, "looking", "read", "http://localhost") / "one"
    record(one, "numpy")
    secret = eva.home / "secret"
    secret.touch()
    (one / "secret").symlink_to(secret)
    (one / "half" / "sub").mkdir(parents=True)
    (one / "half" / "file").touch()
    (one / "half").chmod(0o744)
    told = ann.manage("sharing", str(one), status=1).stdout
    assert f"leads to {secret}, which other members cannot use" in told
    assert "cannot read a file or folder: half" in told


# Holds an environment's lock until its standard input ends.
HOLD = """
import sys
from pathlib import Path
from jupyter_envmanager.engine.workplace import Workplace
from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.jobs.lock import prefix_lock
import os; os.umask(0o002)
prefix = Path(sys.argv[1])
place = Workplace(prefix, environment_id(prefix))
place.open()
with prefix_lock(place.lock_file, "evas-job", sys.argv[2], waiting=print):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_members_who_may_write_change_it_in_turn_and_go_back(lab: Lab, tiny: ChannelServer) -> None:
    eva, ann = lab.eva, lab.ann
    one = share(lab, "write", "write", tiny.url) / "one"
    eva.manage("create", "-p", str(one), "tiny=1.0", "--yes")
    with (
        eva.start(eva.python, "-c", HOLD, str(one), eva.name) as holder,
        ann.start(*ann.command("install", str(one), "tiny=2.0", "--yes")) as waiter,
    ):
        assert holder.stdout is not None
        assert waiter.stdout is not None
        assert holder.stdout.readline() == "held\n"
        told = next((line for line in waiter.stdout if "waiting" in line), "")
        assert f"job evas-job of {eva.name}" in told
        holder.communicate("")
        out, err = waiter.communicate("", timeout=60)
        assert waiter.returncode == 0, out + err
    # Her group may be the one of her package cache, too.
    assert not any(path.stat().st_mode & stat.S_IWGRP for path in (ann.home / ".conda" / "pkgs").rglob("*"))
    assert one.owner() == ann.name
    assert eva.run("cat", str(one / "share/tiny/version")).stdout == "2.0\n"
    # Each of them goes to the state that the other one has made.
    ann.manage("rollback", str(one), "--yes")
    assert (one.owner(), (one / "share/tiny/version").read_text()) == (eva.name, "1.0\n")
    told = eva.manage_each(["rollback", str(one), "2", "--yes"], ["sharing", str(one)]).stdout
    assert (one.owner(), (one / "share/tiny/version").read_text()) == (ann.name, "2.0\n")
    assert f"Members of {lab.group} can use all" in told


# Reads every file, and names the sources that have no bytecode although they could have.
READ = """
import os, sys
from importlib.util import cache_from_source
bare, count = [], 0
def fail(error): raise error
for folder, _, names in os.walk(sys.argv[1], onerror=fail):
    for name in names:
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            source = file.read()
        count += 1
        if "/lib/python3" in path and name.endswith(".py") and not os.path.exists(cache_from_source(path)):
            try:
                compile(source, path, "exec")
            except (SyntaxError, ValueError):
                continue
            bare.append(path)
import asyncio, json, sqlite3, ssl
print(count, bare)
"""


def test_a_reader_has_all_of_python_compiled_and_its_kernel(lab: Lab, channel: ChannelServer) -> None:
    eva, ann = lab.eva, lab.ann
    kernels = lab.folder / "jupyter" / "kernels"
    kernels.mkdir(parents=True)
    os.chown(kernels, 0, lab.gid)
    kernels.chmod(0o2775)
    one = share(lab, "real", "read", channel.url, group_kernels_dir=str(kernels)) / "one"
    eva.manage("create", "-p", str(one), "python", "ipykernel", "--kernel", "lab-one", "--yes")
    status = max((eva.home / ".local/share/jupyter/envmanager/jobs").glob("*/status.json"))
    deadline = time.monotonic() + 60
    while json.loads(status.read_bytes())["aftercare"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    count, bare = ann.run(str(one / "bin/python"), "-I", "-B", "-c", READ, str(one)).stdout.split(" ", 1)
    assert int(count) > 1000
    assert bare == "[]\n"
    ann.variables["JUPYTER_PATH"] = str(kernels.parent)
    told = ann.manage_each(["kernels"], ["kernel", "test", "lab-one"]).stdout
    assert "lab-one" in told
    assert f"It runs in {one}." in told
