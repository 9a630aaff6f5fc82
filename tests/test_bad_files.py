"""Whatever may be wrong with a file is said with its line and a way out, before anything runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jupyter_envmanager import sources
from jupyter_envmanager.config import Settings, SettingsSource
from jupyter_envmanager.engine.solve import platform
from jupyter_envmanager.models import FileContent, FileText
from jupyter_envmanager.pypi import PypiSettings
from jupyter_envmanager.specfiles import decode

HEAD = "dependencies:\n  - tiny\n"
OTHER = "osx-arm64" if platform() != "osx-arm64" else "linux-64"
ADDRESS = "https://conda.example.org/lab"
CONDA_LOCK = f"""\
version: 1
metadata:
  content_hash: {{{OTHER}: aa}}
  channels: []
  platforms: [{OTHER}]
  sources: []
package:
- name: a
  version: "1"
  manager: conda
  platform: {OTHER}
  dependencies: {{}}
  url: {ADDRESS}/{OTHER}/a-1-0.conda
  hash: {{md5: "00000000000000000000000000000000"}}
  category: main
  optional: false
"""
BOMB = "a: &a [x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\ndependencies: *b\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / ".condarc").write_text(
        "channels: [conda-forge]\ndenylist_channels: ['https://denied.example.org/lab']\n"
    )
    (tmp_path / "a.txt").write_text("-r b.txt\n")
    (tmp_path / "b.txt").write_text("requests\n-r a.txt\n")
    return SettingsSource(env={}, home=tmp_path, server_prefix=Path(sys.prefix)).current()


@pytest.mark.parametrize(
    ("filename", "content", "line", "words", "way_out"),
    [
        ("environment.yml", "- tiny\n", 1, "holds no settings", "Begin with “dependencies:”"),
        ("environment.yml", "name: a\nname: b\n" + HEAD, 2, "is there twice, first in line 1", "Keep one of them"),
        ("environment.yml", HEAD + HEAD, 3, "is there twice, first in line 1", "Join the two"),
        ("environment.yml", BOMB, 1, "a list within the list", "Take one dash out"),
        ("environment.yml", "#" * 10_000_001, None, "too large: 10 MB", "up to 1 MB"),
        ("environment.yml", "dependencies:\n\t- tiny\n", 2, "indented with a tab", "Use blanks"),
        ("environment.yml", "name: café\n" + HEAD, 1, "not UTF-8", "encoding UTF-8"),
        ("environment.yml", "name: a\n", 1, "no “dependencies:”", "Add “dependencies:”"),
        ("environment.yml", HEAD + f"  - lab/{OTHER}::tiny\n", 3, f"a package for {OTHER}", "Write “lab::tiny”"),
        ("environment.yml", HEAD + f"  - tiny[subdir={OTHER}]\n", 3, f"a package for {OTHER}", "Write “tiny”"),
        (
            "environment.yml",
            HEAD + "channels:\n  - https://denied.example.org/lab\n",
            4,
            "denylist_channels in",
            "Choose another channel",
        ),
        (
            "environment.yml",
            HEAD + "  - pip:\n    - -r {home}/a.txt\n",
            4,
            "name each other in a circle",
            "into one file",
        ),
        ("requirements.txt", "-r {home}/a.txt\n", 1, "name each other in a circle", "into one file"),
        ("requirements.txt", "requests\n-r more.txt\n", 2, "names another file", "into this one file"),
        ("requirements.txt", "requests\n-r ../more.txt\n", 2, "names another file", "into this one file"),
        ("pyproject.toml", "[project\n", 1, "cannot be read as TOML", "Correct"),
        (
            "list.txt",
            f"@EXPLICIT\n{ADDRESS}/noarch/b-1-0.conda\n{ADDRESS}/{OTHER}/a-1-0.conda\n",
            3,
            f"for {OTHER}",
            "Export an environment.yml",
        ),
        ("list.txt", f"@EXPLICIT\n{ADDRESS}/noarch/a-1-0.conda#12\n", 2, "The hash of", "32 (MD5) or 64"),
        ("list.txt", f"@EXPLICIT\n{ADDRESS}/noarch/a-1-0.conda\nfoo\n", 3, "not the address of a package", "Write it"),
        (
            "list.txt",
            "@EXPLICIT\nhttps://denied.example.org/lab/noarch/a-1-0.conda\n",
            2,
            "denylist_channels in",
            "Choose another channel",
        ),
        ("conda-lock.yml", CONDA_LOCK, 5, f"for {OTHER}", "to the platforms of its project"),
        ("conda-lock.yml", "version: 1\nmetadata: [\n", None, "cannot be read", "whole"),
    ],
)
async def test_what_is_wrong_has_a_line_and_a_way_out(
    settings: Settings, tmp_path: Path, filename: str, content: str, line: int | None, words: str, way_out: str
) -> None:
    found = await read(settings, tmp_path, filename, content.replace("{home}", str(tmp_path)).encode("latin-1"))
    assert not found.usable
    first = next(one for one in found.problems if one.code == "file_error")
    assert words in first.message
    assert way_out in first.hint
    if line is not None:
        assert first.details["line"] == line


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (HEAD + "prefix: /home/somebody-else/envs/lab\n", 3, "is a folder of the machine that the file was written on"),
        (HEAD + "colour: red\n", 3, "is not known here"),
        # pip itself is not needed: uv installs what is below it.
        (HEAD + "  - pip:\n    - requests\n", None, ""),
        ("\ufeff" + HEAD.replace("\n", "\r\n"), None, ""),
    ],
)
async def test_what_does_no_harm_stops_nobody(
    settings: Settings, tmp_path: Path, content: str, line: int | None, words: str
) -> None:
    found = await read(settings, tmp_path, "environment.yml", content.encode())
    assert found.usable
    assert "tiny" in found.specs
    assert [(one.details["line"], words in one.message) for one in found.problems] == ([(line, True)] if line else [])


async def test_a_lock_is_counted_before_anything_runs(settings: Settings, tmp_path: Path) -> None:
    text = f"# platform: {platform()}\n@EXPLICIT\n{ADDRESS}/noarch/a-1-0.conda\n{ADDRESS}/{platform()}/b-1-0.conda\n"
    found = await read(settings, tmp_path, "list.txt", text.encode())
    assert (found.format, found.usable, found.locked, found.platforms) == ("explicit", True, 2, [platform()])


async def read(settings: Settings, home: Path, filename: str, content: bytes) -> FileContent:
    text = FileText(content=decode(content), filename=filename)
    return await sources.read(text, settings, PypiSettings(cache="/nonexistent", allowed_roots=[str(home)]))
