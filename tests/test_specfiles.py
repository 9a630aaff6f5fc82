"""environment.yml: what is read of it, and each thing that can be wrong, with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_envmanager.models import FileContent, FileText
from jupyter_envmanager.specfiles import decode, format_of
from jupyter_envmanager.specfiles.reading import read_file
from jupyter_envmanager.specfiles.selectors import Unknown, holds


def read(text: str, platform: str = "linux-64", filename: str = "environment.yml") -> FileContent:
    return read_file(FileText(content=text, filename=filename), platform)


def told(content: FileContent, code: str = "file_error") -> list[tuple[int | None, str]]:
    return [(one.details.get("line"), one.message) for one in content.problems if one.code == code]


WHOLE = """\
# what the course needs
name: course
channels:
  - conda-forge
  - nodefaults
platforms: [linux-64, osx-arm64]
dependencies:
  - python =3.12
  - numpy>=1.26,<3      # fast
  - pytorch::pytorch=2.5=*cuda*
  - conda-forge/linux-64::cupy
  - libgomp  # [linux]
  - appnope  # [osx]
  - pywin32  # a comment that ends in a selector [win]
  - sel(unix): [bash, coreutils]
  - sel(win): m2-bash
  - pip
  - pip:
      - requests[socks]>=2
      - "torch @ https://example.org/torch-2.0-py3-none-any.whl"
      - winreg-helper  # [win]
variables:
  DATA: "/data"
  VERSION: 1.10
  EMPTY:
"""


def test_everything_in_one_file() -> None:
    assert read(WHOLE) == FileContent(
        format="environment.yml",
        name="course",
        channels=["conda-forge", "nodefaults"],
        platforms=["linux-64", "osx-arm64"],
        specs=[
            "python =3.12",
            "numpy>=1.26,<3",
            "pytorch::pytorch=2.5=*cuda*",
            "conda-forge/linux-64::cupy",
            "libgomp",
            "bash",
            "coreutils",
            "pip",
        ],
        pypi=["requests[socks]>=2", "torch @ https://example.org/torch-2.0-py3-none-any.whl"],
        variables={"DATA": "/data", "VERSION": "1.10", "EMPTY": ""},
    )


def test_another_platform_gets_its_own_lines() -> None:
    content = read(WHOLE.replace("conda-forge/linux-64::cupy", "cupy"), "win-64")
    assert content.specs[4:] == ["pywin32", "m2-bash", "pip"]
    assert content.pypi[-1] == "winreg-helper"
    assert told(content, "file_warning") == [(6, "The file is for linux-64, osx-arm64; this is win-64.")]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "empty"),
        ("  \n# nothing\n", None, "empty"),
        ("- numpy\n", 1, "holds no settings"),
        ("just words\n", None, "not a file that an environment can be made from"),
        ("name: a\nchannels: [x]\n", 1, "no “dependencies:”"),
        ("':cachedir': /x\n':sources':\n  a: b\n", 1, "a file for something else: it has “:cachedir”, “:sources”"),
        ("name: a\ndependencies:\n", 2, "names no packages"),
        ("name: {a: b}\ndependencies: [x]\n", 1, "“name” must be a text"),
        ("channels: defaults\ndependencies: [x]\n", 1, "“channels” must be a list, and is text"),
        ("channels: {a: b}\ndependencies: [x]\n", 1, "“channels” must be a list, and is a map"),
        ("dependencies: numpy\n", 1, "“dependencies” must be a list"),
        ("dependencies:\n  - x\n  - pip: requests\n", 3, "“pip” must be a list, and is text"),
        ("dependencies:\n  - x\npip:\n  - requests\n", 3, "“pip:” stands beside"),
        ("dependencies:\n  - x\n  -\n", 3, "nothing behind the dash"),
        ("dependencies:\n  - x\n  - ''\n", 3, "nothing behind the dash"),
        ("dependencies:\n  - 3.10\n", 2, "“3.10” is a number"),
        ("dependencies:\n  - yes\n", 2, "“yes” is a yes or no"),
        ("dependencies:\n  - 2024-01-01\n", 2, "is a date"),
        ("dependencies:\n  - !!binary aGk=\n", 2, "something else than text"),
        ("dependencies:\n  - - x\n", 2, "a list within the list"),
        ("dependencies:\n  - python: 3.9\n", 2, "“python:” is no package"),
        ("dependencies:\n  - npm:\n    - left-pad\n", 2, "no other list than “pip:”"),
        ("channels:\n  - a: b\ndependencies: [x]\n", 2, "stands where a text is due in “channels”"),
        ("dependencies: [x]\ndependencies: [y]\n", 2, "“dependencies” is there twice, first in line 1"),
        ("dependencies: [x]\nvariables: [A=b]\n", 2, "“variables” must hold names and values"),
        ("dependencies: [x]\nvariables:\n  A B: c\n", 3, "“A B” is no name of a variable"),
        ("dependencies: [x]\nvariables:\n  PATH: /x\n", 3, "PATH cannot be set"),
        ("dependencies: [x]\nvariables:\n  A: [b]\n", 3, "The value of A must be a text"),
        ("dependencies: [x]\nvariables:\n  CONDA_PREFIX: /x\n", 3, "CONDA_PREFIX cannot be set"),
        ('dependencies: [x]\nvariables:\n  A: "b\\0c"\n', 3, "A cannot have the value"),
        ("dependencies: [x]\nvariables:\n  A: '***unset***'\n", 3, "A cannot have the value"),
        ("dependencies: [x]\nvariables:\n  A: &a " + "x" * 60_000 + "\n  B: *a\n", 3, "more than 100 KB"),
        ("a: &a [x]\ndependencies: *b\n", 2, "“*b” names nothing above it"),
        ("dependencies: &a [*a]\n", 1, "“*a” stands inside of what it names"),
        ("dependencies: [x]\n<<: {a: b}\n", 2, "“<<” is not read here"),
        ("dependencies: [x]\n? [a]\n: b\n", 2, "A text is due before the colon"),
        ("dependencies:\n\t- x\n", 2, "indented with a tab"),
        ("dependencies:\n  - x\n - y\n", 3, "not indented like its neighbours"),
        ("name: a\ndependencies\n  - x\n", 2, "A colon is missing after “dependencies"),
        ("name: a: b\ndependencies: [x]\n", 1, "a colon too many"),
        ("name: 'a\ndependencies: [x]\n", 1, "A quotation mark is not closed"),
        ("dependencies: [x\nname: a\n", 1, "A bracket is not closed"),
        ("dependencies:\n  - x\n  - @y\n", 3, "cannot be read"),
        ("dependencies: [x]\n---\ndependencies: [y]\n", 2, "A second document begins here"),
        ("name: {{ name }}\ndependencies: [x]\n", 1, "is a template"),
        ("dependencies:\n  {% if linux %}\n  - x\n", 2, "is a template"),
        ("name: a\n<<<<<<< HEAD\ndependencies: [x]\n", 2, "left of a merge in Git"),
        ("name: a\ndependencies:\n  - x\0\n", 3, "no text (U+0000)"),
        ("name: a\ndependencies:\n  - x\u2028\n", 3, "no text (U+2028)"),
        ("name: caf\ufffd\ndependencies: [x]\n", 1, "not UTF-8"),
        ("\ufffd\ufffdn\0a\0m\0e\0:\0", 1, "UTF-16"),
        ("dependencies:\n  - win-64::x\n  - c/win-64::x\n", 3, "is a package for win-64; this is linux-64"),
        ("dependencies:\n  - napari[pyqt5]\n", 2, "has an extra, as pip knows them"),
        ("dependencies:\n  - git+https://example.org/x\n", 2, "is for pip, not for conda"),
        ("dependencies:\n  - x @ https://example.org/x\n", 2, "is for pip, not for conda"),
        ("dependencies:\n  - '=1.0'\n", 2, "is no package"),
        ("dependencies:\n  - -e .\n", 2, "“-e .” is no package"),
        ("dependencies:\n  - '::x'\n", 2, "names no channel"),
        ("dependencies:\n  - 'x[build=a'\n", 2, "a bracket without its other half"),
        ('dependencies:\n  - "x\\ny"\n', 2, "several lines"),
        ("dependencies:\n  - x\n  - pip:\n    - -r more.txt\n", 4, "names another file, “more.txt”"),
        ("dependencies:\n  - x\n  - pip:\n    - -chttps://example.org/c.txt\n", 4, "names another address"),
        ("dependencies:\n  - x\n  - pip:\n    - 1.0\n", 4, "is a number"),
        ("dependencies:\n  - x\n  - pip:\n    - python: 3\n", 4, "stands where a text is due in “pip”"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_line(text: str, line: int | None, words: str) -> None:
    content = read(text, filename="" if "just words" in text else "environment.yml")
    assert not content.usable
    first = told(content)[0]
    assert first[0] == line
    assert words in first[1]
    assert all(one.hint for one in content.problems if one.code == "file_error")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("prefix: /home/other/envs/x\n", 4, "“prefix” is passed over"),
        ("category: dev\n", 4, "“category” is passed over"),
        ("channels: [<unknown>, a]\n", 4, "“<unknown>” is passed over"),
        ("channels: [default]\n", 4, "a channel of that very name"),
        ("  - y  # [py>=36]\n", 4, "“[py>=36]” is not understood"),
        (
            "  - pip\n  - pip:\n    - --extra-index-url https://user:secret@example.org\n",
            6,
            "--extra-index-url is passed",
        ),
        ("  - pip\n  - pip:\n    - -i https://example.org\n", 6, "-i is passed over"),
        ("  - pip\n  - pip:\n    - -e git+https://example.org/z@main#egg=z\n", 6, "is installed as it is"),
        ("  - pip\n  - pip:\n    - --use-feature=fast\n", 6, "the option is not understood"),
    ],
)
def test_what_is_passed_over_is_said_and_does_not_stop(text: str, line: int, words: str) -> None:
    content = read(f"name: a\ndependencies:\n  - x\n{text}")
    assert content.usable
    ((found, message),) = told(content, "file_warning")
    assert found == line
    assert words in message
    assert "secret" not in str(content.problems)
    assert content.specs[0] == "x"


def test_lines_of_pip_that_mean_something_stay() -> None:
    lines = ["--pre", "--no-binary=:all:", "-e /work/project", "-r /work/requirements.txt", "z; python_version > '3'"]
    text = "dependencies:\n  - pip\n  - pip:\n" + "".join(f'    - "{line}"\n' for line in lines)
    assert read(text).pypi == lines
    assert read("dependencies:\n- pip\n- pip:\n  - -e git+https://e.org/z#egg=z\n").pypi == [
        "git+https://e.org/z#egg=z"
    ]


def test_all_problems_are_said_at_once() -> None:
    text = "name: [a]\nchannels: b\ndependencies:\n  - 1.0\n  - x[y]\n  - pip:\n    - -r z.txt\nvariables:\n  1A: b\n"
    assert [line for line, _ in told(read(text))] == [1, 2, 4, 5, 7, 9]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_do_not_matter(end: str, mark: str) -> None:
    text = mark + WHOLE.replace("\n", end)
    assert read(text) == read(WHOLE)
    wrong = text.replace("libgomp", "1.0")
    assert told(read(wrong)) == [(12, "“1.0” is a number, not a text.")]


def test_bytes_are_read_as_utf_8_or_utf_16() -> None:
    text = "name: Ä\n"
    assert decode(text.encode()) == decode(text.encode("utf-8-sig")) == decode(text.encode("utf-16")) == text
    assert decode(text.encode("latin-1")) == "name: \ufffd\n"


@pytest.mark.parametrize(
    "text",
    [
        "dependencies: " + "[" * 500,
        "dependencies: " + "[" * 100_000,
        "- " * 50_000,
        "{a: " * 50_000,
        "dependencies:\n" + "".join(f"{'   ' * number}- a:\n" for number in range(1, 500)),
    ],
)
def test_deep_nesting_is_refused(text: str) -> None:
    assert [message for _, message in told(read(text))] == ["This is nested too deeply."]


def test_bombs_and_giants_are_refused() -> None:
    bomb = "a: &a [x]\n" + "".join(f"b{number}: *a\n" for number in range(30)) + "dependencies: [x]\n"
    assert "more than 20 references" in told(read(bomb))[0][1]
    many = "a: &a\n" + "  - x\n" * 6_000 + "dependencies:\n  - sel(unix): *a\n  - sel(linux): *a\n"
    assert "more than 10,000 packages" in told(read(many))[0][1]
    assert told(read("# " + "x" * 10_000_000)) == [(None, "The file is too large: 10 MB.")]
    wrong = read("dependencies:\n" + "  - 1.0\n" * 9_000)
    assert len(wrong.problems) == 100


def test_what_an_alias_repeats_is_said_once_and_packages_of_pip_need_no_pip() -> None:
    nested = "dependencies: &a\n  - - x\nchannels: *a\n"
    assert [line for line, _ in told(read(nested))] == [2]
    assert read("dependencies:\n  - x\n  - pip: [z]\n").problems == []


def test_a_list_that_an_alias_repeats_is_read() -> None:
    assert read("dependencies:\n  - &a numpy\n  - *a\n").specs == ["numpy", "numpy"]


@pytest.mark.parametrize(
    ("expression", "platforms"),
    [
        ("linux", "linux-64 linux-aarch64"),
        ("unix", "linux-64 linux-aarch64 osx-64 osx-arm64"),
        ("not win", "linux-64 linux-aarch64 osx-64 osx-arm64"),
        ("linux and aarch64", "linux-aarch64"),
        ("osx or win64", "osx-64 osx-arm64 win-64"),
        ("linux64", "linux-64"),
        ("osx-arm64", "osx-arm64"),
        ("arm64", "linux-aarch64 osx-arm64"),
        ("x86_64 and not (osx or win)", "linux-64"),
        ("win or linux and aarch64", "linux-aarch64 win-64"),
    ],
)
def test_selectors(expression: str, platforms: str) -> None:
    every = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")
    assert [platform for platform in every if holds(expression, platform)] == platforms.split()


@pytest.mark.parametrize("expression", ["py>=36", "cuda", "linux linux", "(linux", "not", "linux)", "(" * 300, ""])
def test_selectors_that_are_not_understood(expression: str) -> None:
    with pytest.raises(Unknown):
        holds(expression, "linux-64")


@pytest.mark.parametrize(
    ("filename", "text", "format"),
    [
        ("environment.yml", "name: a\n", "environment.yml"),
        ("course/env.YAML", "", "environment.yml"),
        ("", "channels:\n  - a\n", "environment.yml"),
        ("notes.txt", "dependencies:\n  - a\n", "environment.yml"),
        ("environment.yml", "# platform: linux-64\n@EXPLICIT\n", "explicit"),
        ("list.txt", "https://e.org/linux-64/a-1-0.conda#00\n# x\n", "explicit"),
        ("pixi.lock", "", "pixi.lock"),
        ("lock.yml", "version: 6\nenvironments:\n  default:\n", "pixi.lock"),
        ("conda-lock.prod.yml", "", "conda-lock"),
        ("lock.yml", "version: 1\nmetadata:\n  channels: []\npackage:\n", "conda-lock"),
        ("pyproject.toml", "", "pyproject.toml"),
        ("", '[project]\nname = "a"\n', "pyproject.toml"),
        ("requirements-dev.txt", "", "requirements.txt"),
        ("", "numpy>=1\nrequests[socks] ; python_version > '3'\n-r more.txt\n", "requirements.txt"),
        ("C:\\x\\requirements.txt", "", "requirements.txt"),
        ("letter.txt", "Dear colleague, please find enclosed.\n", None),
        ("", "", None),
    ],
)
def test_the_format_is_found_out(filename: str, text: str, format: str | None) -> None:
    assert format_of(filename, text) == format


@given(st.text(alphabet=st.sampled_from("ab-: \n\t[]{}&*#'\"!|>%@0.,?<=\0\ufffd"), max_size=60))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    for filename in ("environment.yml", "requirements.txt", "pyproject.toml", ""):
        content = read(text, filename=filename)
        lines = text.count("\n") + 1
        assert content.usable == all(one.code != "file_error" for one in content.problems)
        assert all(0 <= one.details.get("line", 0) <= lines + 1 for one in content.problems)
