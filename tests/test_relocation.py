"""The prefix in texts and programs: replaced where it is meant, and nothing behind it moves."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from jupyter_envmanager.engine.relocation import Baked, relocate, relocated
from jupyter_envmanager.errors import Invalid

OLD, NEW = "/home/ada/envs/one", "/data/ada/two"
LONG = "/data/" + "x" * 130


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prefix=/home/ada/envs/one\n", "prefix=/data/ada/two\n"),
        ("-L/home/ada/envs/one/lib", "-L/data/ada/two/lib"),
        ("/home/ada/envs/one:/home/ada/envs/one/bin", "/data/ada/two:/data/ada/two/bin"),
        ("It is in /home/ada/envs/one.", "It is in /data/ada/two."),
        ("/home/ada/envs/one-more /home/ada/envs/one.bak /home/ada/envs/onetwo", None),
        ("/home/ada/envs/oné", None),
        ("file:///home/ada/envs/one/src", "file:///data/ada/two/src"),
        ("/mnt/backup/home/ada/envs/one/x", None),
        (r"first\n/home/ada/envs/one/x", r"first\n/data/ada/two/x"),
        *((f"/home/ada/envs/one{more}/x", None) for more in ("+b", "@1", "=2", "%20", "!", "++", "-b", ".b", "b")),
        ("-fdebug-prefix-map=/home/ada/envs/one=/usr/local", "-fdebug-prefix-map=/data/ada/two=/usr/local"),
        ("It is in /home/ada/envs/one!", "It is in /data/ada/two!"),
    ],
)
def test_a_text_names_the_new_prefix_and_keeps_what_only_looks_like_the_old(
    tmp_path: Path, text: str, expected: str | None
) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    digests = relocate(tmp_path, OLD, NEW, [Baked("file", text=True)])
    assert file.read_text() == (text if expected is None else expected)
    assert set(digests) == ({"file"} if expected is not None else set())


@pytest.mark.parametrize(
    ("first", "new", "expected"),
    [
        (f"#!{OLD}/bin/python -I\n", NEW, f"#!{NEW}/bin/python -I\n"),
        (f"#!{OLD}/bin/python3.11\n", LONG, f"#!/bin/sh\n'''exec' '{LONG}/bin/python3.11' \"$0\" \"$@\"\n' '''\n"),
        (f"#!/bin/sh\n'''exec' '{OLD}/bin/python' \"$0\" \"$@\"\n' '''\n", NEW, f"#!{NEW}/bin/python\n"),
        (f"#!/bin/sh\n'''exec' {OLD}/bin/python \"$0\" \"$@\"\n' '''\n", NEW, f"#!{NEW}/bin/python\n"),
        (f"#!{OLD}/bin/perl -w\n", LONG, "#!/usr/bin/env perl\n"),
        ("#!/usr/bin/env bash\n", NEW, "#!/usr/bin/env bash\n"),
    ],
)
def test_a_script_finds_its_interpreter_at_the_new_place(first: str, new: str, expected: str) -> None:
    assert relocated(f"{first}print(1)\n".encode(), [OLD], new) == f"{expected}print(1)\n".encode()


def test_a_new_prefix_that_ends_like_the_old_one_is_written_once() -> None:
    text = b"#!/envs/one/bin/python\n/envs/one file:///envs/one"
    assert relocated(text, ["/envs/one"], "/more/envs/one") == (
        b"#!/more/envs/one/bin/python\n/more/envs/one file:///more/envs/one"
    )


def test_both_names_of_a_prefix_are_replaced_also_where_one_ends_like_the_other() -> None:
    text = b"/home/one /real/home/one"
    assert relocated(text, ["/home/one", "/real/home/one"], "/x") == b"/x /x"


def test_addresses_are_quoted() -> None:
    text = b"file:///home/my%20env/src /home/my env/src"
    assert relocated(text, ["/home/my env"], "/home/o ther") == b"file:///home/o%20ther/src /home/o ther/src"


@pytest.mark.parametrize("new", ["/a", OLD[:-1] + "2", "/data/" + "x" * 60])
def test_a_program_keeps_its_size_and_what_follows(tmp_path: Path, new: str) -> None:
    placeholder = 100
    text = f"{OLD}/lib:{OLD}/share".encode()
    content = b"\x7fELF\0" + text + b"\0" * (2 * (placeholder - len(OLD)) + 1) + b"after\0\0\0"
    file = tmp_path / "program"
    file.write_bytes(content)
    relocate(tmp_path, OLD, new, [Baked("program", text=False, room=placeholder)])
    made = file.read_bytes()
    assert len(made) == len(content)
    assert made.startswith(b"\x7fELF\0" + f"{new}/lib:{new}/share".encode() + b"\0")
    assert made.index(b"after") == content.index(b"after")


@pytest.mark.parametrize("room", [0, 100])
def test_a_program_without_room_is_refused_and_left_alone(tmp_path: Path, room: int) -> None:
    """NULs that the placeholder has not left are another string's."""
    file = tmp_path / "program"
    content = b"\x7fELF\0" + OLD.encode() + b"\0" * 300
    file.write_bytes(content)
    with pytest.raises(Invalid, match="too long") as caught:
        relocate(tmp_path, OLD, LONG, [Baked("program", text=False, room=room)])
    assert caught.value.field == "prefix"
    assert file.read_bytes() == content


def test_other_links_keep_what_they_have(tmp_path: Path) -> None:
    (tmp_path / "stage" / "__pycache__").mkdir(parents=True)
    compiled = tmp_path / "stage" / "__pycache__" / "file.cpython-312.pyc"
    compiled.write_bytes(b"of the old source")
    for name in ("file.py", "script"):
        file = tmp_path / "stage" / name
        file.write_text(f"{OLD}\n")
        file.chmod(0o751)
        os.utime(file, (1_600_000_000, 1_600_000_000))
        os.link(file, tmp_path / name)
    digests = relocate(tmp_path / "stage", OLD, NEW, [Baked("file.py", text=True), Baked("script", text=True)])
    for name in ("file.py", "script"):
        assert (tmp_path / name).read_text() == f"{OLD}\n"
        assert (tmp_path / "stage" / name).stat().st_mode & 0o777 == 0o751
        assert digests[name] == hashlib.sha256(f"{NEW}\n".encode()).hexdigest()
    assert (tmp_path / "stage" / "script").stat().st_mtime == 1_600_000_000
    # Bytecode of the old source has its time, and perhaps its size.
    assert (tmp_path / "stage" / "file.py").stat().st_mtime != 1_600_000_000
    assert not compiled.exists()


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text(f"{OLD}\n")
    stage = tmp_path / "stage"
    stage.mkdir()
    (stage / "link").symlink_to(outside)
    (stage / "file").symlink_to(outside / "file")
    files = [Baked(path, text=True) for path in ("link/file", "file", "missing", "link")]
    assert relocate(stage, OLD, NEW, files) == {}
    assert (outside / "file").read_text() == f"{OLD}\n"
