"""Kernels that somebody else has made in a group's folder, by mistake or on purpose; and what was cut short."""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest
from kernel_folders import group, make, me, prefix, registry, settings
from test_kernels import listed, make_prefix, register, write_spec

from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.errors import Conflict, EnvManagerError, Invalid, NotAllowed, NotFound
from jupyter_envmanager.kernels import KernelRegistry, problems, shelltext, target, writing
from jupyter_envmanager.kernels.building import Files
from jupyter_envmanager.models import Kernel, KernelCopy, KernelEdit

__all__ = ["group", "me", "prefix", "registry"]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="links, pipes and modes of POSIX systems")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "home" / "secret"
    file.parent.mkdir()
    file.write_text("S3CRET")
    return file


def in_group(registry: KernelRegistry, prefix: Path, name: str = "lab") -> Path:
    kernel = registry.register(
        prefix=prefix, environment=environment_id(prefix), display_name="Lab", name=name, to="group"
    )
    return Path(kernel.path)


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


# Links


def test_a_link_gives_nothing_of_ours_to_a_group(registry: KernelRegistry, prefix: Path, secret: Path) -> None:
    folder = in_group(registry, prefix)
    spec = json.loads((folder / "kernel.json").read_text())
    spec["metadata"]["jupyter_envmanager"]["logo"] = "uploaded"
    (folder / "kernel.json").write_text(json.dumps(spec))
    for name in ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg", "run.sh"):
        (folder / name).unlink()
        (folder / name).symlink_to(secret)
    assert "S3CRET" not in settings(registry, "lab", prefix).script
    secret.chmod(0o606)
    registry.edit("lab", KernelEdit(display_name="New"))
    assert b"S3CRET" not in everything(folder)
    assert not any(path.is_symlink() for path in folder.iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) & 0o002 for path in folder.iterdir()} == {0}
    assert secret.read_text() == "S3CRET"


@pytest.mark.parametrize("what", ["link", "folder", "loop", "device", "pipe", "many", "deep", "large"])
def test_only_few_small_ordinary_files_are_copied(
    registry: KernelRegistry, me: Path, group: Path, secret: Path, what: str
) -> None:
    folder = write_spec(group, "odd", ["/bin/sh", "{resource_dir}/run.sh"])
    (folder / "run.sh").write_text("if true; then exec /bin/true; fi\n")
    place = folder / "x"
    if what == "pipe":
        os.mkfifo(place)
    elif what == "many":
        place.mkdir()
        for number in range(600):
            (place / str(number)).touch()
    elif what == "deep":
        place.joinpath(*"abcdefghij").mkdir(parents=True)
    elif what == "large":
        with place.open("wb") as stream:
            stream.truncate(60_000_000)
    else:
        leads = {"link": secret, "folder": secret.parent, "loop": folder, "device": Path("/dev/zero")}
        place.symlink_to(leads[what])
    for verb in (lambda: registry.copy("odd", KernelCopy()), lambda: registry.move("odd", "me", force=True)):
        with pytest.raises(Invalid) as caught:
            verb()
        assert caught.value.hint
    assert not me.exists() or list(me.iterdir()) == []
    assert (folder / "kernel.json").exists()


def test_what_is_private_stays_so_in_a_group(registry: KernelRegistry, prefix: Path, group: Path) -> None:
    folder = Path(make(registry, prefix).path)
    (folder / "token").write_text("private")
    (folder / "token").chmod(0o600)
    registry.move("lab", "group")
    assert stat.S_IMODE((group / "lab" / "token").stat().st_mode) == 0o600
    assert stat.S_IMODE((group / "lab" / "run.sh").stat().st_mode) == 0o775


def test_nobody_else_may_write_what_lies_in_a_folder_for_all(
    registry: KernelRegistry, prefix: Path, group: Path
) -> None:
    group.chmod(0o1777)
    folder = in_group(registry, prefix)
    make(registry, prefix, "two")
    registry.move("two", "group")
    for path in (folder, *folder.iterdir(), group / "two", *(group / "two").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o022 == 0, path
    group.chmod(0o777)
    assert stat.S_IMODE(in_group(registry, prefix, "three").stat().st_mode) & 0o022 == 0o020


def test_a_kernel_that_is_a_link_is_not_written_through(
    registry: KernelRegistry, prefix: Path, group: Path, tmp_path: Path
) -> None:
    real = Path(make(registry, prefix, "lab").path).rename(tmp_path / "project")
    (real / "thesis.tex").write_text("…")
    (group / "evil").symlink_to(real)
    before = everything(real)
    verbs: list[Callable[[], object]] = [
        lambda: registry.edit("evil", KernelEdit(display_name="Z")),
        lambda: registry.move("evil", "me"),
        lambda: in_group(registry, prefix, "evil"),
    ]
    for verb in verbs:
        with pytest.raises(NotAllowed):
            verb()
    assert settings(registry, "evil", prefix).editable == []
    assert everything(real) == before
    registry.remove("evil")
    assert (list(group.iterdir()), everything(real)) == ([], before)


# What others have put there


def test_a_kernel_of_others_behind_one_of_ours_is_not_overwritten(
    tmp_path: Path, me: Path, group: Path, prefix: Path
) -> None:
    registry = KernelRegistry(me, [group, me], group_dir=group)
    in_group(registry, prefix, "foo")
    folder = write_spec(me, "Foo", ["/my/own"])
    before = everything(folder)
    with pytest.raises(Conflict):
        register(registry, prefix, "foo")
    assert everything(folder) == before


def test_other_files_beside_a_kernel_of_ours_stay(registry: KernelRegistry, prefix: Path) -> None:
    folder = Path(make(registry, prefix).path)
    (folder / "notes.txt").write_text("mine")
    (folder / "logo-old.png").write_bytes(b"old")
    register(registry, prefix, display_name="Again")
    assert (folder / "notes.txt").read_text() == "mine"
    assert not (folder / "logo-old.png").exists()


@pytest.mark.parametrize("name", ["-x", ".hidden", "a" * 300])
def test_a_name_that_hides_or_looks_like_an_option_is_refused(
    registry: KernelRegistry, prefix: Path, name: str
) -> None:
    with pytest.raises(Invalid):
        make(registry, prefix, name)


# Broken ones


def test_one_broken_kernel_hides_no_other(registry: KernelRegistry, me: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for name, extra in {
        "number": '"argv": ["/bin/true"], "n": ' + "1" * 5000,
        "nul": '"argv": ["~a\\u0000b"]',
        "large": f'"argv": ["/bin/true"], "x": "{"x" * 2_000_000}"',
    }.items():
        (me / name).mkdir(parents=True)
        (me / name / "kernel.json").write_text(f"{{{extra}}}")
    (me / "pipe").mkdir()
    os.mkfifo(me / "pipe" / "kernel.json")
    write_spec(me, "script", ["/bin/bash", str(pipe)])
    write_spec(me, "endless", ["/bin/bash", "/" + "a/" * 100_000 + "run.sh"])
    odd = write_spec(me, "bytes", ["/bin/sh", "{resource_dir}/run.sh"])
    (odd / "run.sh").write_bytes(b"#!/bin/sh\nexec /gone/\xff\n")
    write_spec(me, "fine", ["/bin/true"])
    kernels = listed(registry)
    assert set(kernels) == {"number", "nul", "large", "pipe", "script", "endless", "bytes", "fine"}
    for name in ("number", "nul", "large", "pipe", "bytes"):
        assert [problem.code for problem in kernels[name].problems] == ["broken"], name
        assert kernels[name].orphan_reason
    assert kernels["fine"].problems == []
    msgspec.json.encode(list(kernels.values()))
    for name in kernels:
        settings(registry, name)


def test_the_work_for_a_hostile_script_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len([*shelltext.executed("exec /$'a'\n" * 5800)]) == 50
    quoted = "x='\nexec /no\n'\nexec /yes \"$@\"\n# it's\nexec /two\n"
    assert [found.program for found in shelltext.executed(quoted)] == ["/yes", "/two"]
    asked: list[Path] = []

    def counted(folder: Path) -> str:
        asked.append(folder)
        return ""

    monkeypatch.setattr(target, "environment_id", counted)
    target.Known([])._around("/" + "a/" * 2000)
    assert len(asked) <= 101


def test_equal_names_are_compared_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    original = problems._python

    def counted(*args: object) -> str:
        nonlocal asked
        asked += 1
        return original(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(problems, "_python", counted)
    kernels = [
        Kernel(name=f"k{number}", display_name="Same", language="python", path="/x", writable=True)
        for number in range(500)
    ]
    found = problems.with_duplicates(kernels, {})
    assert len({kernel.problems[0].proposal for kernel in found}) == 500
    assert asked <= 1000


def test_an_environment_that_no_system_has_is_refused(registry: KernelRegistry, me: Path) -> None:
    stamped = {"jupyter_envmanager": {"prefix": "/" + "a" * 5000, "environment": "x"}}
    write_spec(me, "long", ["/bin/true"], metadata=stamped)
    for verb in (
        lambda: registry.edit("long", KernelEdit(display_name="x")),
        lambda: registry.copy("long", KernelCopy()),
    ):
        with pytest.raises(Invalid):
            verb()


# At the same time, and cut short


def at_once(*verbs: Callable[[], object]) -> list[object]:
    """What several verbs answer or raise that begin at the same time."""
    barrier = threading.Barrier(len(verbs))
    answers: list[object] = [None for _ in verbs]

    def run(number: int) -> None:
        barrier.wait()
        try:
            answers[number] = verbs[number]() or "ok"
        except EnvManagerError as error:
            answers[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(verbs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_edits_at_once_are_all_kept_and_what_is_removed_stays_away(
    registry: KernelRegistry, prefix: Path, me: Path
) -> None:
    for number in range(8):
        name = f"k{number}"
        make(registry, prefix, name)
        assert at_once(
            partial(registry.edit, name, KernelEdit(variables={"A": "1"})),
            partial(registry.edit, name, KernelEdit(arguments=["--x"])),
        ) == ["ok", "ok"]
        found = settings(registry, name, prefix)
        assert (found.variables, found.arguments) == ({"A": "1"}, ["--x"])
        answers = at_once(
            partial(registry.edit, name, KernelEdit(display_name="new")),
            partial(registry.remove, name),
        )
        assert answers[1] == "ok"
        assert not (me / name).exists()


def test_one_name_is_registered_for_one_environment(registry: KernelRegistry, tmp_path: Path) -> None:
    prefixes = [make_prefix(tmp_path / "envs" / name) for name in ("one", "two")]
    for number in range(8):
        answers = at_once(*(partial(register, registry, prefix, f"k{number}") for prefix in prefixes))
        assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Kernel"]


def test_writing_holds_to_what_was_seen(tmp_path: Path) -> None:
    files = Files(content={"kernel.json": b"{}"})
    with pytest.raises(NotFound):
        writing.put(files, tmp_path / "k", new=False)
    writing.put(files, tmp_path / "k", new=True)
    with pytest.raises(Conflict):
        writing.put(files, tmp_path / "k", new=True)
    assert [path.name for path in tmp_path.iterdir()] == ["k"]


def test_what_a_killed_process_left_is_swept(registry: KernelRegistry, me: Path, group: Path) -> None:
    for place in (me, group):
        for name, age in ((".envmanager-old", 7200), (".envmanager-new", 60), ("other", 7200)):
            (place / name / "new").mkdir(parents=True)
            os.utime(place / name, (time.time() - age,) * 2)
    listed(registry)
    for place in (me, group):
        assert {path.name for path in place.iterdir()} == {".envmanager-new", "other"}


@pytest.mark.parametrize("to", ["me", "group"])
def test_a_move_that_was_cut_short_is_finished(
    registry: KernelRegistry, prefix: Path, me: Path, group: Path, to: str
) -> None:
    folder = Path(make(registry, prefix).path)
    writing.transfer(folder, group / "lab", shared=True)
    registry.move("lab", to)  # type: ignore[arg-type]
    assert ((me / "lab").exists(), (group / "lab").exists()) == (to == "me", to == "group")
    assert listed(registry, prefix)["lab"].scope == to
