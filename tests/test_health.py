"""Whether an environment is whole: every file, every record, and what other tools have done to them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_channel import LocalChannel, Synthetic, write_channel
from test_installed import REAL_RECORDS, SITE, dist_info, link, posix, record, uv, wheel

from jupyter_envmanager.environments.health import check
from jupyter_envmanager.errors import NotFound
from jupyter_envmanager.models import Health, Problem

PREFIX = ("/opt/envmanager_" + "placehold_" * 25)[:255]
TOOL = Synthetic(
    "tool",
    files={
        "bin/tool": f"#!{PREFIX}/bin/python\nprint('tool')\n".encode(),
        "lib/tool.bin": b"\x7fELF" + b"x" * 100,
        "share/tool/empty": b"",
        "etc/tool.conf": b"colour = blue\n",
        f"{SITE}/tool/__pycache__/a.cpython-312.pyc": b"bytecode",
    },
    links={"lib/tool.so": "tool.bin", "lib/dangling": "not/there"},
)
OTHER = Synthetic("other", depends=("tool",), files={"share/other/readme": b"read me\n"})

pytestmark = posix


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two invented packages, linked by the engine; to be copied, not to be changed."""
    folder = tmp_path_factory.mktemp("small")
    return link(write_channel(folder / "channel", (TOOL, OTHER)), folder, "other")


@pytest.fixture
def prefix(small: Path, tmp_path: Path) -> Path:
    """An environment of one's own."""
    subprocess.run(["cp", "-a", small, tmp_path / "env"], check=True)
    return tmp_path / "env"


@pytest.fixture(scope="session")
def linked(real_channel: LocalChannel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python and comm, linked by the engine; to be copied, not to be changed."""
    return link(real_channel, tmp_path_factory.mktemp("health"), "python", "comm")


@pytest.fixture
def real(linked: Path, tmp_path: Path) -> Path:
    """An environment with Python of one's own."""
    subprocess.run(["cp", "-a", linked, tmp_path / "real"], check=True)
    return tmp_path / "real"


def codes(health: Health) -> list[str]:
    return [problem.code for problem in health.problems]


def only(health: Health) -> Problem:
    (problem,) = health.problems
    return problem


@pytest.mark.parametrize("full", [False, True])
def test_what_the_engine_has_linked_is_whole(prefix: Path, real: Path, full: bool) -> None:
    health = check(prefix, full=full)
    assert (health.problems, health.damaged, health.files) == ([], [], 7)
    health = check(real, full=full)
    assert (health.problems, health.damaged) == ([], [])
    assert health.files > 1000
    assert health.seconds > 0


@pytest.mark.parametrize(
    ("file", "spoil"),
    [
        ("bin/tool", lambda path: path.write_bytes(b"#!/bin/sh\n")),
        ("bin/tool", lambda path: path.write_bytes(b"")),
        ("lib/tool.bin", lambda path: path.write_bytes(b"\x7fELF")),
        ("lib/tool.bin", lambda path: (path.unlink(), path.mkdir())),
        ("lib/tool.bin", lambda path: (path.unlink(), path.symlink_to("../bin/tool"))),
        ("lib/tool.so", lambda path: (path.unlink(), subprocess.run(["mkfifo", path], check=True))),
    ],
    ids=["text", "emptied", "cut", "folder", "link", "pipe"],
)
def test_changed_files_are_damage(prefix: Path, file: str, spoil: Callable[[Path], Any]) -> None:
    spoil(prefix / file)
    health = check(prefix)
    problem = only(health)
    assert (health.damaged, problem.code) == (["tool"], "files_changed")
    assert problem.message == f"1 file of tool is not as the package brought it: {file}."
    assert problem.details == {"package": "tool", "files": [file], "count": 1}


def test_a_change_that_keeps_the_size_is_seen_by_a_full_check(prefix: Path) -> None:
    (prefix / "lib" / "tool.bin").write_bytes(b"\x7fELF" + b"y" * 100)
    assert codes(check(prefix)) == []
    health = check(prefix, full=True)
    assert (codes(health), health.damaged) == (["files_changed"], ["tool"])


def test_missing_files_are_damage_also_where_a_folder_is_gone(prefix: Path) -> None:
    shutil.rmtree(prefix / "share")
    (prefix / "lib" / "dangling").unlink()
    health = check(prefix)
    assert health.damaged == ["other", "tool"]
    assert [(p.code, p.details["files"]) for p in health.problems] == [
        ("files_missing", ["share/other/readme"]),
        ("files_missing", ["lib/dangling", "share/tool/empty"]),
    ]
    assert health.problems[1].message == "2 files of tool are missing, for example lib/dangling."


def test_a_file_in_the_place_of_a_folder_is_no_crash(prefix: Path) -> None:
    shutil.rmtree(prefix / "share")
    (prefix / "share").touch()
    assert check(prefix, full=True).damaged == ["other", "tool"]


def test_edited_settings_are_a_note_and_missing_ones_are_damage(prefix: Path) -> None:
    (prefix / "etc" / "tool.conf").write_text("colour = green and blue\n")
    health = check(prefix)
    assert (codes(health), health.damaged) == (["files_edited"], [])
    (prefix / "etc" / "tool.conf").unlink()
    assert check(prefix).damaged == ["tool"]


def test_bytecode_may_come_and_go(prefix: Path) -> None:
    shutil.rmtree(prefix / SITE / "tool" / "__pycache__")
    assert check(prefix, full=True).problems == []


def test_a_link_to_the_package_cache_is_a_file(prefix: Path, tmp_path: Path) -> None:
    shutil.move(prefix / "lib" / "tool.bin", tmp_path / "cached.bin")
    (prefix / "lib" / "tool.bin").symlink_to(tmp_path / "cached.bin")
    assert check(prefix, full=True).problems == []
    (tmp_path / "cached.bin").unlink()
    assert codes(check(prefix)) == ["files_missing"]


def test_a_long_list_of_files_is_counted_and_cut(tmp_path: Path) -> None:
    record(tmp_path, "many", files=[f"share/{number:05d}" for number in range(1500)])
    problem = only(check(tmp_path))
    assert problem.message == "1,500 files of many are missing, for example share/00000."
    assert (len(problem.details["files"]), problem.details["count"]) == (20, 1500)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"name": "tool"}'])
def test_a_record_that_cannot_be_read_is_named_by_its_file(prefix: Path, content: bytes) -> None:
    (prefix / "conda-meta" / "tool-1.0-0.json").write_bytes(content)
    health = check(prefix)
    assert (health.damaged, only(health).code) == (["tool"], "record_damaged")


def test_records_that_contradict_are_named(prefix: Path) -> None:
    meta = prefix / "conda-meta"
    (meta / "other-1.0-0.json").rename(meta / "other-2.0-0.json")
    shutil.copy(meta / "tool-1.0-0.json", meta / "tool-1.0-1.json")
    health = check(prefix)
    assert health.damaged == ["other", "tool"]
    assert sorted(codes(health)) == ["record_damaged", "record_damaged", "record_duplicate"]


def test_a_file_of_two_packages_may_be_as_either_brought_it(tmp_path: Path) -> None:
    for name, size in (("first", 3), ("second", 5)):
        record(
            tmp_path, name, paths_data={"paths": [{"_path": "both", "path_type": "hardlink", "size_in_bytes": size}]}
        )
    (tmp_path / "both").write_text("12345")
    assert check(tmp_path).problems == []
    (tmp_path / "both").write_text("1234")
    assert check(tmp_path).damaged == ["first", "second"]


def test_sizes_of_an_archive_are_not_those_of_texts_that_hold_the_prefix(tmp_path: Path) -> None:
    """As conda writes them: the size is that in the archive, and old versions have no checksum of what they made."""
    text = {
        "_path": "bin/x",
        "size_in_bytes": 300,
        "prefix_placeholder": "/p" * 100,
        "file_mode": "text",
        "sha256": "0",
    }
    program = {"_path": "lib/x", "size_in_bytes": 9, "prefix_placeholder": "/p" * 100, "file_mode": "binary"}
    record(tmp_path, "x", paths_data={"paths": [text, program]})
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib").mkdir()
    (tmp_path / "bin" / "x").write_text("short")
    (tmp_path / "lib" / "x").write_text("123456789")
    assert check(tmp_path, full=True).problems == []
    (tmp_path / "bin" / "x").write_text("")
    (tmp_path / "lib" / "x").write_text("1234")
    assert only(check(tmp_path)).details["files"] == ["bin/x", "lib/x"]


def test_what_uv_has_overwritten_is_not_called_damaged(real: Path, tmp_path: Path) -> None:
    uv(real, "install", wheel(tmp_path, "comm", "99.0"))
    health = check(real, full=True)
    problem = only(health)
    assert (health.damaged, problem.code) == ([], "files_overwritten")
    assert problem.message.startswith("The PyPI package comm 99.0 has overwritten the conda package comm: ")
    python = next((real / "lib").glob("python3.*")) / "this.py"
    python.unlink()
    assert check(real).damaged == ["python"]


def test_what_uv_has_uninstalled_is_damage(real: Path) -> None:
    uv(real, "uninstall", "comm")
    health = check(real)
    assert (health.damaged, codes(health)) == (["comm"], ["files_missing"])


def test_one_package_s_files_under_another_s_name_are_told_apart(real: Path, tmp_path: Path) -> None:
    """A wheel of another name that brings the same module, as opencv-python and opencv-python-headless do."""
    path = wheel(tmp_path, "comm", "99.0")
    subprocess.run(["unzip", "-q", path, "-d", tmp_path / "wheel"], check=True)
    site = next((real / "lib").glob("python3.*")) / "site-packages"
    (site / "comm" / "__init__.py").unlink()
    shutil.copy(tmp_path / "wheel" / "comm" / "__init__.py", site / "comm" / "__init__.py")
    assert check(real).damaged == ["comm"]
    info = site / "comm_headless-99.0.dist-info"
    shutil.copytree(tmp_path / "wheel" / "comm-99.0.dist-info", info)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: comm-headless\nVersion: 99.0\n")
    health = check(real)
    assert (health.damaged, only(health).details["pypi"]) == ([], "comm-headless")


def test_distributions_that_were_cut_off_are_named(tmp_path: Path) -> None:
    record(tmp_path, "tool")
    (dist_info(tmp_path, "cut-off") / "RECORD").unlink()
    (dist_info(tmp_path, "nameless") / "METADATA").write_text("")
    dist_info(tmp_path, "lost", installer="conda")
    dist_info(tmp_path, "whole")
    found = {problem.code: problem.message for problem in check(tmp_path).problems}
    assert found["record_missing"] == "conda has installed lost 1.0, but its record is gone."
    incomplete = [p.details["package"] for p in check(tmp_path).problems if p.code == "distribution_incomplete"]
    assert incomplete == ["cut-off", "nameless"]


def test_leftovers_of_killed_tools_are_named(prefix: Path) -> None:
    (prefix / SITE / "~umpy-1.0.dist-info").mkdir(parents=True)
    (prefix / "lib" / "libz.so.c~").touch()
    (prefix / "conda-meta" / "zlib-1.0-0.json.c~").touch()
    deep = prefix / "opt" / "deep" / "file.c~"
    deep.parent.mkdir(parents=True)
    deep.touch()
    problem = only(check(prefix))
    usual = ["conda-meta/zlib-1.0-0.json.c~", "lib/libz.so.c~", f"{SITE}/~umpy-1.0.dist-info"]
    assert (problem.code, problem.details["files"]) == ("leftovers", usual)
    assert only(check(prefix, full=True)).details["files"] == sorted([*usual, "opt/deep/file.c~"])


@pytest.mark.skipif(not REAL_RECORDS.is_dir(), reason="real records are not on this machine")
def test_records_of_other_tools_and_systems_can_be_compared(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").symlink_to(REAL_RECORDS)
    health = check(tmp_path, full=True)
    assert (set(codes(health)), health.damaged) == ({"files_missing"}, ["libsqlite", "menuinst", "requests", "xz"])


def test_strange_values_in_a_record_are_no_crash(tmp_path: Path) -> None:
    paths = [{"_path": ""}, {"_path": "../outside"}, {"_path": "a" * 5000}, {"_path": "x\0y"}, {"size_in_bytes": -1}]
    record(tmp_path, "odd", paths_data={"paths": paths})
    assert check(tmp_path, full=True).damaged == ["odd"]
    (tmp_path / "conda-meta" / "odd-1.0-0.json").write_text(json.dumps({"name": "odd", "paths_data": {"paths": [3]}}))
    assert codes(check(tmp_path)) == ["record_damaged"]


def test_an_unfinished_environment_and_none_at_all_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    assert codes(check(tmp_path)) == ["environment_incomplete"]
    with pytest.raises(NotFound):
        check(tmp_path / "gone")


def test_a_venv_has_no_conda_files_to_compare(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").write_text("version = 3.12.4\n")
    (dist_info(tmp_path, "cut-off") / "RECORD").unlink()
    assert codes(check(tmp_path)) == ["distribution_incomplete"]
