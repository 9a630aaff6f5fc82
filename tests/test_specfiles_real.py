"""Environment files of public projects: each is read with the right content, or refused with the right words."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from jupyter_envmanager.models import FileContent, FileText
from jupyter_envmanager.specfiles import decode
from jupyter_envmanager.specfiles.reading import read_file

DATA = Path(__file__).parents[2] / "shared" / "data"
FOLDERS = ("environment-files", "environment-files-derived")
FOUND = [folder for folder in FOLDERS if (DATA / folder / "index.tsv").is_file()]
# Files that are refused where the index says how a lenient reader takes them; with the line, and what is said.
REFUSED = {
    "001-cookiecutter-pytemplate.yml": (1, "is a template"),
    "002-bdtools-unet.yml": (13, "has an extra, as pip knows them"),
    "019-fmriprep.yml": (40, "names another file, “requirements.txt”"),
    "030-not-conda-r10k.yml": (2, "a file for something else"),
    "034-fastbook.yml": (14, "names another file, “requirements.txt”"),
    "037-barril-devenv.yml": (13, "is a template"),
    "001-nul-byte.yml": (6, "U+0000"),
    "003-two-documents.yml": (11, "A second document"),
    "004-pip-as-string.yml": (9, "“pip” must be a list"),
    "005-latin1-name.yml": (1, "not UTF-8"),
    "006-null-and-number-items.yml": (9, "nothing behind the dash"),
    "009-empty-dependencies.yml": (4, "names no packages"),
    "011-missing-colon.yml": (6, "A colon is missing after “dependencies”"),
    "012-duplicate-dependencies.yml": (29, "“dependencies” is there twice, first in line 7"),
    "013-channels-as-string.yml": (2, "“channels” must be a list"),
    "014-merge-conflict.yml": (29, "left of a merge in Git"),
    "015-bad-indent.yml": (9, "not indented like its neighbours"),
}
# Selectors are applied, and what an index of plain YAML cannot count.
SPECS = {"018-mamba-sel.yml": 4, "028-mamba-micromamba-static.yml": 30}
NOT_CHANNELS = {"<unknown>"}

pytestmark = pytest.mark.skipif(not FOUND, reason="the collection of real files is not here")


def files() -> list[Any]:
    cases = []
    for folder in FOUND:
        with (DATA / folder / "index.tsv").open(encoding="utf-8", newline="") as index:
            cases += [
                pytest.param(DATA / folder / row["file"], row["expected"], id=row["file"])
                for row in csv.DictReader(index, delimiter="\t")
            ]
    return cases


def read(path: Path) -> FileContent:
    return read_file(FileText(content=decode(path.read_bytes()), filename=path.name), "linux-64")


def errors(content: FileContent) -> list[tuple[int | None, str]]:
    return [(one.details.get("line"), one.message) for one in content.problems if one.code == "file_error"]


@pytest.mark.parametrize(("path", "expected"), files())
def test_a_real_file(path: Path, expected: str) -> None:
    content = read(path)
    if (refused := REFUSED.get(path.name)) is not None:
        line, words = refused
        found, message = errors(content)[0]
        assert (found, words in message) == (line, True), message
        return
    assert errors(content) == []
    assert content.usable
    specs, pypi, channels, name = _expected(expected)
    assert len(content.specs) == SPECS.get(path.name, specs)
    assert len(content.pypi) == pypi - _passed_over(content)
    assert (content.channels or []) == [channel for channel in channels if channel not in NOT_CHANNELS]
    assert (content.name or "none") == name
    if ", prefix " in expected:
        assert any("“prefix” is passed over" in one.message for one in content.problems)
    if variables := re.search(r"(\d+) variables", expected):
        assert len(content.variables) == int(variables[1])
    if platforms := re.search(r"platforms ([\w -]+)", expected):
        assert content.platforms == platforms[1].split()


def _expected(text: str) -> tuple[int, int, list[str], str]:
    found = re.match(r"ok: (\d+) conda deps, (\d+) pip deps.*?, channels (.*?), name ([^,;]+)", text)
    assert found is not None, text
    specs, pypi, channels, name = found.groups()
    return int(specs), int(pypi), [] if channels == "none" else channels.split(), name


def _passed_over(content: FileContent) -> int:
    """Option lines, which the index counts as well."""
    return sum("packages come from the index" in one.message for one in content.problems)
