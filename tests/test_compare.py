"""How environments differ: from each other, from locks, and from files that ask for less than everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import Home
from pypi_index import IndexServer
from test_change import apply

from jupyter_envmanager.changes import comparing
from jupyter_envmanager.cli import comparing as command
from jupyter_envmanager.cli.main import parser_of
from jupyter_envmanager.engine.variables import write as write_variables
from jupyter_envmanager.errors import EnvManagerError, Invalid, NotFound
from jupyter_envmanager.models import (
    Change,
    CompareRequest,
    Comparison,
    Difference,
    FileText,
    Package,
    PypiChange,
)
from jupyter_envmanager.pypi.requirements import read as read_requirements


def conda(name: str, version: str = "1.0", build: str = "0", channel: str = "lab", **more: Any) -> Package:
    return Package(name=name, version=version, build=build, channel=channel, **more)


def pypi(name: str, version: str = "1.0", **more: Any) -> Package:
    return Package(name=name, version=version, manager="pypi", **more)


def short(one: Difference) -> tuple[str, str, str | None, str | None, str, str]:
    return one.name, one.kind, one.here, one.there, one.here_detail, one.there_detail


# Packages with packages


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        (conda("a"), conda("a"), None),
        (conda("a"), conda("a", "2.0"), ("a", "version", "1.0", "2.0", "", "")),
        (conda("a"), conda("a", build="1"), ("a", "build", "1.0", "1.0", "0", "1")),
        (conda("a"), conda("a", channel="forge"), ("a", "channel", "1.0", "1.0", "lab", "forge")),
        (conda("a"), conda("a", channel=""), None),
        (conda("a"), None, ("a", "only_here", "1.0", None, "0", "")),
        (None, conda("a"), ("a", "only_there", None, "1.0", "", "0")),
        (pypi("A_b"), pypi("a.B"), None),
        (pypi("a"), pypi("a", "1.1"), ("a", "version", "1.0", "1.1", "", "")),
        (pypi("a"), pypi("a", spec="a @ https://x.org/a.whl"), None),
        (
            pypi("a", spec="a @ https://x.org/a.whl"),
            pypi("a", spec="a @ git+https://x.org/a@1"),
            ("a", "channel", "1.0", "1.0", "https://x.org/a.whl", "git+https://x.org/a@1"),
        ),
    ],
)
def test_two_packages(here: Package | None, there: Package | None, expected: object) -> None:
    found = comparing.exactly(filter(None, [here]), filter(None, [there]), ("conda", "pypi"))
    assert [short(one) for one in found.differences] == ([] if expected is None else [expected])
    assert found.same == (1 if expected is None else 0)


def test_a_name_of_both_managers_is_two_packages_and_all_are_sorted() -> None:
    found = comparing.exactly([conda("b"), conda("a")], [pypi("b"), conda("C")], ("conda", "pypi"))
    assert [(one.name, one.manager) for one in found.differences] == [
        ("a", "conda"),
        ("b", "conda"),
        ("b", "pypi"),
        ("C", "conda"),
    ]


# Packages of the index with what is asked for


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("My.Pkg>=1", None),
        ("my-pkg>=2,<3", ("My_Pkg", "version", "1.5", "<3,>=2", "", "")),
        ("other", ("other", "only_there", None, "any", "", "")),
        ("other; python_version < '3'", None),
        ("brought-by-conda==2.0", None),
        ("brought-by-conda<2", ("brought-by-conda", "version", "2.0", "<2", "", "")),
        ("my-pkg[extra]==1.5", None),
        ("placed @ git+https://x.org/placed@main", None),
        (
            "my-pkg @ https://x.org/p.whl",
            ("My_Pkg", "channel", "1.5", "any", "index", "https://x.org/p.whl"),
        ),
        ("git+https://x.org/placed", None),
        (
            "git+https://x.org/unknown",
            ("git+https://x.org/unknown", "only_there", None, "any", "", "git+https://x.org/unknown"),
        ),
    ],
)
def test_a_requirement(line: str, expected: object) -> None:
    packages = [pypi("My_Pkg", "1.5"), pypi("placed", spec="placed @ git+https://x.org/placed@main123")]
    here = comparing.Here(packages=packages, distributions={"brought-by-conda": "2.0"}, python="3.11.4")
    wanted = read_requirements([line], [], []).requirements
    found = comparing.asked_for(here, [], wanted)
    shown = [short(one) for one in found.differences if one.kind != "only_here"]
    assert shown == ([] if expected is None else [expected])


def test_only_what_was_asked_for_is_only_here() -> None:
    packages = [
        conda("asked", requested=True),
        conda("needed", needed_by=["asked"]),
        conda("ipykernel", requested=True),
        pypi("alpha", requested=True),
        pypi("beta", needed_by=["alpha"]),
    ]
    here = comparing.Here(packages=packages)
    found = comparing.asked_for(here, [], [], leave=["ipykernel"])
    assert [one.name for one in found.differences] == ["alpha", "asked"]
    assert [one.name for one in comparing.asked_for(here, [], [], conda=False).differences] == ["alpha"]


def test_variables_are_compared_by_value_and_secrets_of_addresses_are_not_shown() -> None:
    here = {"SAME": "1", "MINE": "1", "OTHER": "a", "INDEX": "https://me:secret@x.org/simple", "LONG": "x" * 99}
    there = {"SAME": "1", "OTHER": "b", "THEIRS": "2", "INDEX": "https://x.org/simple"}
    found = comparing.variables(here, there)
    assert all(one.variable for one in found)
    assert [short(one)[:4] for one in found if one.name not in ("INDEX", "LONG")] == [
        ("MINE", "only_here", "1", None),
        ("OTHER", "value", "a", "b"),
        ("THEIRS", "only_there", None, "2"),
    ]
    assert "secret" not in str(found)
    assert max(len(one.here or "") for one in found) == 60


@pytest.mark.parametrize(
    ("name", "here", "there", "shown"),
    [
        ("API_TOKEN", "hunter2", "hunter3", ("***", "***")),
        ("DB_PASSWORD", "pw", None, ("***", None)),
        ("ESC", "\x1b[2Jü", "a\n+ FAKE 1.0", ("\\x1b[2Jü", "a\\n+ FAKE 1.0")),
        ("LONG", "/a" * 40 + "/one", "/a" * 40 + "/two", ("…" + "/a" * 7 + "/one", "…" + "/a" * 7 + "/two")),
        ("BEGINS", "/a" * 40 + "/one", "/a" * 40, ("…" + "a/" * 7 + "a/one", "…" + "a/" * 7 + "a")),
        ("EARLY", "a" + "x" * 99, "b" + "x" * 99, ("a" + "x" * 58 + "…", "b" + "x" * 58 + "…")),
        ("LATE", "x" * 58 + "a" * 9, "x" * 58 + "b" * 9, ("…" + "x" * 15 + "a" * 9, "…" + "x" * 15 + "b" * 9)),
    ],
)
def test_what_is_shown_of_two_values(name: str, here: str, there: str | None, shown: object) -> None:
    found = comparing.variables({name: here}, {} if there is None else {name: there})
    assert [(one.here, one.there) for one in found] == [shown]


# Real environments


async def compare(home: Home, name: str, content: str = "", filename: str = "", other: str | None = None) -> Comparison:
    request = CompareRequest(
        environment=(await home.service.find(other)).id if other else None,
        file=None if other else FileText(content=content, filename=filename),
    )
    return await home.service.comparisons.compare((await home.service.find(name)).id, request)


async def test_environments_locks_and_files(tiny_home: Home) -> None:
    await tiny_home.create("one", "tinier", "some-files")
    await tiny_home.create("two", "tiny=2", "some-files")
    between = await compare(tiny_home, "one", other="two")
    assert (between.title, between.exact, between.same) == ("two", True, 2)
    assert [short(one)[:4] for one in between.differences] == [
        ("tinier", "only_here", "1.0", None),
        ("tiny", "version", "1.0", "2.0"),
    ]
    identifier = (await tiny_home.service.find("two")).id
    for format in ("explicit", "conda-lock", "pixi.lock"):
        lock = await tiny_home.service.exports.export(identifier, format)
        found = await compare(tiny_home, "one", lock.content, lock.filename)
        assert (found.title, found.exact, found.same) == (lock.filename, True, 2)
        assert found.differences == between.differences
        assert (await compare(tiny_home, "two", lock.content, lock.filename)).differences == []
    text = "dependencies:\n  - tiny >=2\n  - some-files=1.0=0\n  - files\n"
    asked = await compare(tiny_home, "one", text, "folder/environment.yml")
    assert (asked.title, asked.exact, asked.same) == ("environment.yml", False, 1)
    assert [short(one)[:4] for one in asked.differences] == [
        ("files", "only_there", None, "any"),
        ("tinier", "only_here", "1.0", None),
        ("tiny", "version", "1.0", ">=2"),
    ]
    build = await compare(tiny_home, "one", "dependencies: [tinier=1.0=7, 'other::some-files']\n", "environment.yml")
    assert [short(one) for one in build.differences] == [
        ("some-files", "channel", "1.0", "any", build.differences[0].here_detail, "other"),
        ("tinier", "build", "1.0", "=1.0=7", "0", "7"),
    ]
    requirements = await compare(tiny_home, "one", "alpha>=1\n", "requirements.txt")
    assert [short(one)[:4] for one in requirements.differences] == [
        ("alpha", "only_there", None, ">=1"),
        ("python", "only_there", None, "any"),
    ]
    project = '[project]\nname = "x"\ndependencies = ["alpha"]\n'
    assert ("alpha", "only_there") in [
        short(one)[:2] for one in (await compare(tiny_home, "one", project, "pyproject.toml")).differences
    ]
    for name, value in (("one", str(tiny_home.envs / "one/share")), ("two", str(tiny_home.envs / "two/share"))):
        # The same thing, as each has its own folder.
        write_variables(tiny_home.envs / name, {"DATA": value, "ONLY": name} if name == "two" else {"DATA": value})
    told = [one for one in (await compare(tiny_home, "one", other="two")).differences if one.variable]
    assert [short(one)[:4] for one in told] == [("ONLY", "only_there", None, "two")]
    text = "dependencies: [some-files]\nvariables: {NEW: '1'}\n"
    file = await compare(tiny_home, "two", text, "environment.yml")
    assert [one.name for one in file.differences if one.variable] == ["NEW"]
    await refusals(tiny_home)


async def refusals(home: Home) -> None:
    """What cannot be compared says why."""
    with pytest.raises(Invalid) as caught:
        await compare(home, "one", "dependencies:\n  - tiny\n  - 1.0\n", "environment.yml")
    assert (caught.value.field, caught.value.details["line"]) == ("source", 3)
    with pytest.raises(EnvManagerError) as broken:
        await compare(home, "one", "@EXPLICIT\nnonsense\n", "list.txt")
    assert broken.value.details["problems"]
    one = (await home.service.find("one")).id
    with pytest.raises(Invalid, match="what to compare with"):
        await home.service.comparisons.compare(one, CompareRequest())
    with pytest.raises(NotFound):
        await home.service.comparisons.compare(one, CompareRequest(environment="0" * 16))


async def test_packages_of_the_index_and_what_conda_brings(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("alpha", "1.0", requires=["beta"])
    index.wheel("beta", "1.0")
    await pypi_home.create("one", "python", "idna", kernel=None)
    await apply(pypi_home, "one", Change(pypi=PypiChange(install=["alpha"])))
    text = "dependencies:\n  - python\n  - idna\n  - pip:\n    - Alpha==1.0\n"
    assert (await compare(pypi_home, "one", text, "environment.yml")).differences == []
    found = await compare(pypi_home, "one", "idna<2\nbeta\n", "requirements.txt")
    assert [short(one)[:3] for one in found.differences] == [
        ("alpha", "only_here", "1.0"),
        ("idna", "version", found.differences[1].here),
    ]
    lock = await pypi_home.service.exports.export((await pypi_home.service.find("one")).id, "explicit")
    exact = await compare(pypi_home, "one", lock.content, lock.filename)
    assert exact.differences == []
    assert [problem.details["names"] for problem in exact.problems] == [["alpha", "beta"]]


async def test_the_command_line(tiny_home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await tiny_home.create("one", "tiny=1")
    await tiny_home.create("two", "tiny=2")
    options = parser_of().parse_args(["compare", "one", "two"])
    assert await command.compare(tiny_home.service, options) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["≠", "tiny", "1.0", "2.0"]
    assert lines[-1] == "one and two: 1 difference, 0 packages are the same."
    file = tmp_path / "environment.yml"
    file.write_text("dependencies: [tiny]\n")
    options = parser_of().parse_args(["compare", "one", "-f", str(file), "--json"])
    assert await command.compare(tiny_home.service, options) == 0
    found = msgspec.json.decode(capsys.readouterr().out.encode(), type=Comparison)
    assert (found.title, found.same, found.differences) == ("environment.yml", 1, [])
    with pytest.raises(Invalid):
        await command.compare(tiny_home.service, parser_of().parse_args(["compare", "one"]))
