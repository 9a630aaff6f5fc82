"""requirements.txt and pyproject.toml: what is read of them, and what is wrong, with its line."""

from __future__ import annotations

import pytest
from test_specfiles import read, told

from jupyter_envmanager.models import FileContent

REQUIREMENTS = """\
# the course
numpy>=1.26 ; python_version < "3.13"
requests[socks] \\
    >=2    # continued
--pre
-i https://user:secret@example.org/simple
torch @ https://example.org/torch-2.0-py3-none-any.whl
"""
EXPORTED = """\
# This file may be used to create an environment using:
# $ conda create --name <env> --file <this file>
# platform: linux-64
_libgcc_mutex=0.1=main
python=3.9.7=h12debd9_1
requests=2.26.0=pypi_0
"""
PROJECT = """\
[project]
name = "course"
requires-python = ">=3.10,<3.13"
dependencies = [
  "numpy>=1.26",
  "requests[socks]; python_version > '3'",
]
[project.optional-dependencies]
dev = ["pytest"]
"""
PIXI = """\
[tool.pixi.workspace]
name = "simulation"
channels = ["conda-forge", {channel = "bioconda", priority = 1}]
platforms = ["linux-64"]

[tool.pixi.dependencies]
python = "3.12.*"
numpy = "*"
samtools = { version = ">=1.2", channel = "bioconda" }
pytorch = { version = "2.5.*", build = "cuda*" }

[tool.pixi.pypi-dependencies]
requests = { version = ">=2", extras = ["socks"] }
simulation = { path = ".", editable = true }

[tool.pixi.feature.test.dependencies]
pytest = "*"
"""


def test_requirements() -> None:
    content = read(REQUIREMENTS, filename="requirements.txt")
    assert (content.format, content.usable, content.specs) == ("requirements.txt", True, ["python"])
    assert content.pypi == [
        'numpy>=1.26 ; python_version < "3.13"',
        "requests[socks]     >=2",
        "--pre",
        "torch @ https://example.org/torch-2.0-py3-none-any.whl",
    ]
    assert [line for line, _ in told(content, "file_warning")] == [6]


def test_what_conda_list_exports_is_read_as_packages_of_conda() -> None:
    content = read(EXPORTED, filename="requirements.txt")
    assert content.specs == ["_libgcc_mutex=0.1=main", "python=3.9.7=h12debd9_1"]
    assert content.pypi == ["requests==2.26.0"]
    assert content.platforms == ["linux-64"]
    assert [line for line, _ in told(content, "file_warning")] == [4]
    elsewhere = read(EXPORTED, "osx-arm64", "requirements.txt")
    assert (3, "The list is from linux-64; this is osx-arm64.") in told(elsewhere, "file_warning")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "names no packages"),
        ("numpy\n-r more.txt\n", 2, "names another file"),
        ("numpy\nx\0\n", 2, "no text"),
        ("numpy=1.0[x\n", 1, "a bracket without its other half"),
        ("x" * 20_000, 1, "longer than 10000 characters"),
    ],
)
def test_requirements_that_cannot_be_used(text: str, line: int | None, words: str) -> None:
    content = read(text, filename="requirements.txt")
    ((found, message),) = told(content)
    assert found == line
    assert words in message


def test_a_project_gives_what_it_needs_and_its_python() -> None:
    content = read(PROJECT, filename="pyproject.toml")
    assert content.specs == ["python >=3.10,<3.13"]
    assert content.pypi == ["numpy>=1.26", "requests[socks]; python_version > '3'"]
    assert (content.name, content.usable, content.channels) == ("course", True, None)
    assert told(content, "file_warning") == [
        (1, "The project itself is not installed, only what it needs."),
        (8, "The optional dependencies are passed over: dev."),
    ]


def test_pixis_table_gives_packages_of_conda() -> None:
    content = read(PIXI, filename="pyproject.toml")
    assert content.specs == ["python 3.12.*", "numpy", "bioconda::samtools >=1.2", "pytorch 2.5.* cuda*"]
    assert content.pypi == ["requests[socks]>=2"]
    assert (content.name, content.channels) == ("simulation", ["conda-forge", "bioconda"])
    assert [line for line, _ in told(content, "file_warning")] == [14, 16]
    assert told(read(PIXI, "win-64", "pyproject.toml"), "file_warning")[0][0] == 4


@pytest.mark.parametrize(
    ("wanted", "spec"),
    [
        ("", "python"),
        ("~=3.10", "python ~=3.10"),
        ("==3.11.*", "python ==3.11.*"),
        (" >= 3.9 , != 3.9.1", "python >=3.9,!=3.9.1"),
    ],
)
def test_the_python_of_a_project_is_a_match_spec(wanted: str, spec: str) -> None:
    (found,) = read(f'[project]\nrequires-python = "{wanted}"\n', filename="pyproject.toml").specs
    assert found == spec


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[project\n", 1, "cannot be read as TOML"),
        ('[project]\nname = "a\n', 2, "cannot be read as TOML"),
        ("x = " + "\n[" * 100_000, None, ""),
        ("[project]\n" + "a." * 400_000 + "b = 1\n", 2, "longer than 2,000 characters"),
        ("project = 1\n", 1, "“project” must be a table"),
        ("[build-system]\nrequires = []\n", None, "no “[project]” table"),
        ('[tool.poetry]\nname = "a"\n', None, "no “[project]” table"),
        ('[project]\nrequires-python = "new"\n', 2, "“requires-python” is no version"),
        ("[project]\nrequires-python = 3.10\n", 2, "“requires-python” is no version"),
        ('[project]\ndependencies = "numpy"\n', 2, "must be a list of texts"),
        ("[project]\ndependencies = [1]\n", 2, "must be a list of texts"),
        ('[project]\ndynamic = ["dependencies"]\n', 2, "only known when it is built"),
        ('[project]\ndependencies = ["-r more.txt"]\n', 2, "names another file"),
        ('[tool.pixi.dependencies]\na = {git = "https://e.org"}\n', 2, "in a way that only pixi knows"),
        ("[tool.pixi.dependencies]\na = 1\n", 2, "in a way that only pixi knows"),
        ('[tool.pixi.pypi-dependencies]\na = {git = "https://e.org"}\n', 2, "in a way that only pixi knows"),
    ],
)
def test_projects_that_cannot_be_used(text: str, line: int | None, words: str) -> None:
    content: FileContent = read(text, filename="pyproject.toml")
    found, message = told(content)[0]
    assert not content.usable
    assert found == line or not words
    assert words in message
