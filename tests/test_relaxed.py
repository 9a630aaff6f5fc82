"""Pins of a file that cannot be met: all of them are said at once, with what to ask for instead, which then works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from conftest import Home, MakeHome
from local_channel import ChannelServer, LocalChannel, Synthetic, serve, write_channel
from pypi_index import IndexServer

from jupyter_envmanager.cli import relaxing
from jupyter_envmanager.cli.main import parser_of
from jupyter_envmanager.engine.solve import platform
from jupyter_envmanager.errors import EnvManagerError, Invalid, NotFound, Unsatisfiable
from jupyter_envmanager.models import FileSource, NewEnvironment, Plan, Relaxation

MANY = 60
PACKAGES = (
    *(
        Synthetic("numbers", version, build=build, build_number=number)
        for version in ("1.26.3", "1.26.4", "2.0.1")
        for number, build in enumerate(("py311_0", "py312_1"))
    ),
    Synthetic("frames", "2.1.0", build="a_0", depends=("numbers >=1.26,<2",)),
    Synthetic("frames", "2.2.0", build="b_0", depends=("numbers >=2",)),
    Synthetic("plots", "3.8.1", build="x_0", depends=("numbers >=2",)),
    Synthetic("plots", "3.8.2", build="x_0", depends=("numbers >=1.26,<2",)),
    Synthetic("lettered", "9f"),
    Synthetic("pytorch", "2.4.0", build="cpu_0"),
    *(Synthetic(f"part{number}", "1.0.1", build="new_0") for number in range(MANY)),
)


@pytest.fixture(scope="module")
def relaxing_channel(tmp_path_factory: pytest.TempPathFactory) -> LocalChannel:
    return write_channel(tmp_path_factory.mktemp("channel") / "lab", PACKAGES)


@pytest.fixture
def lab(relaxing_channel: LocalChannel) -> Iterator[ChannelServer]:
    with serve(relaxing_channel.directory) as server:
        yield server


@pytest.fixture
def home(make_home: MakeHome, lab: ChannelServer) -> Home:
    return make_home(lab.url)


def request(*specs: str, relaxed: dict[str, str] | None = None, **more: Any) -> NewEnvironment:
    text = "dependencies:\n" + "".join(f"  - {spec}\n" for spec in specs)
    source = FileSource(format="environment.yml", content=text, relaxed=relaxed or {})
    return NewEnvironment(name="one", source=source, kernel=None, **more)


async def refused(home: Home, *specs: str, **more: Any) -> tuple[EnvManagerError, list[Relaxation]]:
    with pytest.raises((NotFound, Unsatisfiable)) as caught:
        await home.service.preview(request(*specs, **more))
    error = caught.value
    assert error.field == "source"
    assert not home.envs.exists()
    return error, msgspec.convert(error.details["relaxations"], list[Relaxation])


def offered(found: list[Relaxation]) -> list[tuple[str, int | None, list[tuple[str, str, str]]]]:
    return [(one.spec, one.line, [(c.spec, c.drops, c.found) for c in one.choices]) for one in found]


def mildest(found: list[Relaxation]) -> dict[str, str]:
    return {one.spec: one.choices[0].spec for one in found if one.choices}


def versions(plan: Plan) -> dict[str, str | None]:
    return {action.name: action.to for action in plan.actions}


Choices = list[tuple[str, str, str]]
# What nothing meets, the first choices in its stead, and words of the message.
UNMET: list[tuple[str, Choices, str]] = [
    (
        "numbers=1.26.4=py39_0",
        [("numbers=1.26.4", "build", "1.26.4"), ("numbers=1.26", "patch", "1.26.4"), ("numbers", "version", "2.0.1")],
        "numbers 1.26.4 in the build “py39_0”",
    ),
    (
        "numbers=1.26.9=py311_0",
        [("numbers=1.26", "patch", "1.26.4"), ("numbers", "version", "2.0.1")],
        "No channel has numbers 1.26.9",
    ),
    ("numbers=1.9.9", [("numbers", "version", "2.0.1")], "the newest is 2.0.1"),
    ("numbers>=3", [("numbers", "version", "2.0.1")], "numbers >=3"),
    ("lettered=9e", [("lettered", "version", "9f")], "No channel has lettered 9e"),
    ("numbers[build=py39_0]", [("numbers", "build", "2.0.1")], "in the build “py39_0”"),
    (
        "numbers=1.26.*=py39*",
        [("numbers=1.26", "build", "1.26.4"), ("numbers", "version", "2.0.1")],
        "in the build “py39*”",
    ),
    ("numbers[license=a]", [("numbers", "build", "2.0.1")], 'numbers with “license="a"”'),
    ("number=1.0", [], "Did you mean numbers"),
    ("torch=2.4.0=cuda_0", [("torch=2.4.0", "build", "2.4.0"), ("torch=2.4", "patch", "2.4.0")], "pytorch 2.4.0"),
]


async def test_a_spec_that_nothing_meets_has_its_choices_and_each_works(home: Home) -> None:
    for spec, choices, words in UNMET:
        error, found = await refused(home, "lettered", spec)
        ((said, line, shown),) = offered(found)
        assert (said, line) == (spec, 3)
        assert shown[: len(choices)] == choices
        assert bool(shown) == bool(choices)
        assert words in found[0].message
        assert error.message.startswith("Line 3: ")
        for choice, _, version in choices:
            plan = await home.service.preview(request("lettered", spec, relaxed={spec: choice}))
            assert version in versions(plan).values()
            assert [(one.message, one.details["line"]) for one in plan.warnings if one.code == "relaxed"] == [
                (f"“{spec}” is relaxed to “{choice}”.", 3)
            ]


async def test_everything_that_is_missing_is_said_in_one_answer(home: Home) -> None:
    specs = ["numbers=1.26.4=py39_0", "lettered=9e", "nowhere=1.0", "frames=2.1.0=a_0"]
    error, found = await refused(home, *specs)
    assert isinstance(error, NotFound)
    assert [(one.spec, one.line) for one in found] == [(spec, number + 2) for number, spec in enumerate(specs[:3])]
    assert "3 packages cannot be had" in error.message
    assert "There is no choice for “nowhere=1.0”" in error.hint
    plan = await home.service.preview(request(*specs[:2], specs[3], relaxed=mildest(found)))
    assert versions(plan) == {"numbers": "1.26.4", "lettered": "9f", "frames": "2.1.0"}


# Of what does not fit together, only what stands in the way is relaxed.
CONFLICTS: list[tuple[list[str], dict[str, str]]] = [
    (["numbers=1.26.4=py311_0", "frames=2.2.0=b_0", "lettered=9f=0"], {"frames=2.2.0=b_0": "frames"}),
    (["numbers=1.26.4=py311_0", "plots=3.8.1=x_0"], {"plots=3.8.1=x_0": "plots=3.8"}),
    # What is missing and what does not fit, at once.
    (
        ["numbers=1.26.4=py39_0", "plots=3.8.1=x_0", "lettered=9f=0"],
        {"numbers=1.26.4=py39_0": "numbers=1.26.4", "plots=3.8.1=x_0": "plots=3.8"},
    ),
]


async def test_what_does_not_fit_together_has_choices_that_do(home: Home) -> None:
    for specs, relaxed in CONFLICTS:
        _, found = await refused(home, *specs)
        assert mildest(found) == relaxed
        plan = await home.service.preview(request(*specs, relaxed=relaxed))
        assert len(plan.actions) == len(specs)


async def test_a_spec_that_is_relaxed_already_is_still_known_by_what_the_file_has(home: Home) -> None:
    spec = "numbers=1.26.9=py39_0"
    _, found = await refused(home, spec, relaxed={spec: "numbers=1.26.9"})
    assert offered(found)[0][:2] == (spec, 2)
    assert mildest(found) == {spec: "numbers=1.26"}


async def test_only_a_spec_of_the_file_is_relaxed_and_only_to_the_same_package(home: Home) -> None:
    for relaxed, words in (
        ({"numbers=1": "numbers"}, "does not ask for “numbers=1”"),
        ({"numbers=1.26": "frames"}, "“frames” cannot stand for “numbers=1.26”"),
        ({"numbers=1.26": ""}, "cannot stand for"),
        ({"numbers=1.26": "numbers=>1"}, "“numbers=>1” is not a package"),
        ({"numbers=1.26": "https://example.org/x::numbers"}, "names its channel by address"),
        ({"numbers=1.26": "numbers[url=https://example.org/numbers.conda]"}, "is an address"),
        ({"numbers=1.26": "numbers[subdir=win-64]"}, "is a package for win-64"),
        ({"numbers=1.26": "numbers[build=x, channel='forge']"}, "names its channel in brackets"),
        ({"numbers=1.26": "numbers[when='x']"}, "has a condition"),
        ({"numbers=1.26": "numbers" + " " * 100_000 + "x"}, "more than 2,000 letters"),
    ):
        with pytest.raises(Invalid, match=words) as caught:
            await home.service.preview(request("numbers=1.26", relaxed=relaxed))
        assert caught.value.field == "source"


async def test_every_build_of_an_export_from_another_platform_is_named_at_once(home: Home) -> None:
    specs = [f"part{number}=1.0.0=old_0" for number in range(MANY)]
    _, found = await refused(home, *specs)
    assert [one.line for one in found] == list(range(2, MANY + 2))
    assert all([choice.drops for choice in one.choices] == ["patch", "version"] for one in found)
    plan = await home.service.preview(request(*specs, relaxed=mildest(found)))
    assert len(plan.actions) == MANY


async def test_requirements_that_the_index_does_not_have_are_said_along_with_specs(
    make_home: MakeHome, lab: ChannelServer, index: IndexServer
) -> None:
    for version in ("1.2.0", "1.2.5", "1.3.0", "2.0.0"):
        index.wheel("alpha", version)
    home = make_home(lab.url, index=index.url)
    lines = [
        "alpha==1.2.3",
        "alpha[extra]==9.9.9; python_version > '3'",
        "alpha==0.1",
        "beta==1.0",
        "alpha==1.2.5",
        "beta; python_version < '3'",
    ]
    text = "dependencies:\n  - numbers=9\n  - pip:\n" + "".join(f'    - "{line}"\n' for line in lines)
    source = FileSource(format="environment.yml", content=text)
    with pytest.raises(NotFound) as caught:
        await home.service.preview(NewEnvironment(name="one", source=source, kernel=None))
    found = msgspec.convert(caught.value.details["relaxations"], list[Relaxation])
    assert [(one.line, one.manager) for one in found] == [(2, "conda"), *((line, "pypi") for line in (4, 5, 6, 7))]
    assert [[(c.spec, c.found) for c in one.choices] for one in found[1:]] == [
        [("alpha==1.2.*", "1.2.5"), ("alpha", "2.0.0")],
        [('alpha[extra]; python_version > "3"', "2.0.0")],
        [("alpha", "2.0.0")],
        [],
    ]
    assert "has no alpha==1.2.3; the newest version is 2.0.0" in found[1].message
    for other, words in (("beta", "another package"), ("alpha @ https://example.org/alpha.whl", "another place")):
        relaxed = {"numbers=9": "numbers", "alpha==1.2.3": other}
        with pytest.raises(Invalid, match=words):
            await home.service.preview(
                NewEnvironment(name="one", source=msgspec.structs.replace(source, relaxed=relaxed), kernel=None)
            )


async def test_the_command_line_relaxes_only_what_has_to_be(home: Home) -> None:
    text = "dependencies:\n  - numbers=1.26.9=py39_0\n  - lettered=9f=0\n"
    source = FileSource(format="environment.yml", content=text)
    asked = NewEnvironment(name="one", source=source, kernel=None)
    options = parser_of().parse_args(["create", "-f", "environment.yml", "--relax", "build"])
    with pytest.raises(NotFound) as caught:
        await relaxing.preview(home.service.preview, asked, options)
    assert relaxing.lines(caught.value.details) == [
        "- line 2: numbers=1.26.9=py39_0: No channel has numbers 1.26.9 for "
        f"{platform()}; the newest is 2.0.1. Possible: numbers=1.26 (1.26.4), numbers (2.0.1).",
        "Add --relax patch to ask for less where it has to be.",
    ]
    options.relax = "version"
    request, plan = await relaxing.preview(home.service.preview, asked, options)
    assert isinstance(request.source, FileSource)
    assert request.source.relaxed == {"numbers=1.26.9=py39_0": "numbers=1.26"}
    assert versions(plan) == {"numbers": "1.26.4", "lettered": "9f"}


async def test_a_channel_and_subdir_are_kept_to(make_home: MakeHome, relaxing_channel: LocalChannel) -> None:
    with serve(relaxing_channel.directory.parent) as server:
        home = make_home(f"{server.url}/lab")
        (home.path / ".condarc").write_text(f"channels: [lab]\ncustom_channels:\n  lab: {server.url}\n")
        _, found = await refused(home, "lab/noarch::numbers=1.26.4=py39_0", f"lab/{platform()}::lettered")
    assert [[choice.spec for choice in one.choices][:1] for one in found] == [["lab/noarch::numbers=1.26.4"], []]
    assert found[1].message.endswith(f"among those for {platform()}.")
