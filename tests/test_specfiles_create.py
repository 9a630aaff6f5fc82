"""New environments from files: the service and the command line; nothing is made of a file that is wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import Home, MakeHome
from forking import Forker
from local_channel import ChannelServer, Fault, LocalChannel, Synthetic, serve, write_channel
from pypi_index import IndexServer

from jupyter_envmanager.engine.failures import unreachable
from jupyter_envmanager.engine.solve import platform
from jupyter_envmanager.errors import ChannelUnreachable, Invalid, Unsatisfiable
from jupyter_envmanager.models import FileContent, FileSource, FileText, NewEnvironment, Plan, Problem
from jupyter_envmanager.sources import located

Create = Callable[..., "subprocess.CompletedProcess[str]"]


def request(text: str, filename: str = "environment.yml", **more: Any) -> NewEnvironment:
    source = FileSource(format="", content=text, filename=filename)
    return NewEnvironment(name="one", source=source, kernel=None, **more)


async def read(home: Home, text: str, filename: str = "environment.yml") -> FileContent:
    return await home.service.files.read(FileText(content=text, filename=filename))


def versions(plan: Plan) -> dict[str, str | None]:
    return {action.name: action.to for action in plan.actions}


def errors(problems: list[Problem]) -> list[tuple[int | None, str]]:
    return [(one.details.get("line"), one.message) for one in problems if one.code == "file_error"]


async def test_a_file_becomes_an_environment_with_its_variables(tiny_home: Home) -> None:
    text = "name: other\nprefix: /root/other\ndependencies:\n  - tiny =1.0\nvariables:\n  GREETING: “hé” $HOME\n"
    wanted = request(text)
    plan = await tiny_home.service.preview(wanted)
    assert versions(plan) == {"tiny": "1.0"}
    assert [one.details.get("line") for one in plan.warnings if one.code == "file_warning"] == [2]
    job = await tiny_home.service.create(msgspec.structs.replace(wanted, plan=plan.id))
    job = await tiny_home.service.queue.wait(job.id)
    assert job.state == "succeeded", job.error
    prefix = tiny_home.envs / "one"
    state = json.loads((prefix / "conda-meta" / "state").read_text(encoding="utf-8"))
    assert state["env_vars"] == {"GREETING": "“hé” $HOME"}
    assert "tiny =1.0" in (prefix / "conda-meta" / "history").read_text()


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> LocalChannel:
    """A channel of its own with another ``tiny``, and a package that nobody else has."""
    packages = (Synthetic("tiny", "3.0"), Synthetic("alone", "1.0"))
    return write_channel(tmp_path_factory.mktemp("channel") / "lab", packages)


async def test_the_channels_of_a_file_come_before_the_configured_ones(tiny_home: Home, lab: LocalChannel) -> None:
    with serve(lab.directory) as server:
        both = f"channels: ['{server.url}']\ndependencies: [tiny, tinier]\n"
        assert versions(await tiny_home.service.preview(request(both.replace(", tinier", "")))) == {"tiny": "3.0"}
        alone = both.replace("channels: [", "channels: [nodefaults, ")
        with pytest.raises(Exception, match="tinier"):
            await tiny_home.service.preview(request(alone))
        elsewhere = request("channels: [/nowhere]\ndependencies: [alone]\n", channels=[server.url])
        assert versions(await tiny_home.service.preview(elsewhere)) == {"alone": "1.0"}


async def test_a_spec_may_name_its_channel_and_subdir(
    make_home: MakeHome, tiny: ChannelServer, lab: LocalChannel
) -> None:
    with serve(lab.directory.parent) as server:
        home = make_home(tiny.url)
        (home.path / ".condarc").write_text(f"channels: ['{tiny.url}']\ncustom_channels:\n  lab: {server.url}\n")
        text = "dependencies:\n  - lab/noarch::tiny\n  - lab::alone\n"
        assert versions(await home.service.preview(request(text))) == {"tiny": "3.0", "alone": "1.0"}


async def test_a_subdir_steers_the_choice(make_home: MakeHome, tmp_path: Path) -> None:
    packages = [
        Synthetic("both", "1.0", noarch="generic"),
        Synthetic("both", "2.0", subdir=platform()),
        Synthetic("user", "1.0", depends=("both",)),
        Synthetic("strict", "1.0", depends=("both >=2",)),
    ]
    with serve(write_channel(tmp_path / "lab", packages).directory.parent) as server:
        home = make_home(f"{server.url}/lab")
        (home.path / ".condarc").write_text(f"channels: [lab]\ncustom_channels:\n  lab: {server.url}\n")

        async def chosen(*specs: str) -> dict[str, str | None]:
            text = "dependencies:\n" + "".join(f"  - {spec}\n" for spec in specs)
            return versions(await home.service.preview(request(text)))

        assert await chosen("user") == {"user": "1.0", "both": "2.0"}
        assert await chosen("user", "lab/noarch::both") == {"user": "1.0", "both": "1.0"}
        assert await chosen("user", '"both[subdir=noarch]"') == {"user": "1.0", "both": "1.0"}
        assert await chosen(f"lab/{platform()}::both") == {"both": "2.0"}
        with pytest.raises(Unsatisfiable, match="both"):
            await chosen("strict", "lab/noarch::both")


async def test_channels_that_cannot_be_read_are_marked_at_the_lines_that_name_them(
    tiny_home: Home, lab: LocalChannel
) -> None:
    with serve(lab.directory) as other:
        condarc = tiny_home.path / ".condarc"
        condarc.write_text(f"{condarc.read_text()}custom_channels:\n  closed: {other.url}\n")
        other.fault("closed/*", Fault(status=403))
        gone = f"{other.url}/nothing"
        text = f"channels:\n  - {other.url}\n  - {gone}\ndependencies:\n  - tiny\n  - closed::alone\n"
        for wanted in (request(text), request(text.replace("tiny", "torch"))):
            with pytest.raises(ChannelUnreachable) as caught:
                await tiny_home.service.preview(wanted)
            error = caught.value
            assert (error.field, error.details["line"]) == ("source", 3)
            assert error.message.startswith(f"Line 3: The channel {gone} cannot be used: ")
            found = msgspec.convert(error.details["problems"], list[Problem])
            assert [line for line, _ in errors(found)] == [3, 6]
            assert all(one.hint for one in found)
    assert not tiny_home.envs.exists()


@pytest.mark.parametrize(("status", "hint"), [("500", "ask whoever runs it"), ("404", "Correct the channel")])
def test_a_channel_in_trouble_is_not_said_to_be_the_wrong_one(status: str, hint: str) -> None:
    reason = unreachable(f"HTTP status server error ({status} Trouble) for url (https://a.org/noarch/repodata.json)")
    told = located(reason, {"https://a.org": 2}, {"https://a.org": reason})
    assert told.message.startswith("Line 2: ")
    assert hint in told.hint
    assert hint in told.details["problems"][0]["hint"]


async def test_every_problem_is_said_with_its_line_and_nothing_is_created(tiny_home: Home) -> None:
    condarc = tiny_home.path / ".condarc"
    condarc.write_text(condarc.read_text() + "denylist_channels:\n  - https://denied.example.org/lab\n")
    text = (
        "channels:\n  - https://denied.example.org/lab\n  - folder/../x\n  - ./here\n"
        "dependencies:\n  - tiny\n  - tiny=>2\n  - 1.0\n  - bad!name\n"
        "  - pip:\n    - requests=>2\n    - -e /elsewhere/project\n    - -e .\n"
    )
    found = errors((await read(tiny_home, text)).problems)
    assert [line for line, _ in found] == [2, 4, 7, 8, 9, 11, 12, 13]
    assert "denylist_channels" in found[0][1]
    with pytest.raises(Invalid) as caught:
        await tiny_home.service.create(request(text))
    error = caught.value
    assert (error.field, error.details["line"]) == ("source", 2)
    assert error.message.startswith("Line 2: ")
    assert errors(msgspec.convert(error.details["problems"], list[Problem])) == found
    assert not tiny_home.envs.exists()
    assert tiny_home.service.queue.jobs() == []


@pytest.mark.parametrize("format", ["nonsense", "environment.yml"])
async def test_the_format_of_a_request_counts(tiny_home: Home, format: str) -> None:
    source = FileSource(format=format, content="tiny\n", filename="requirements.txt")
    with pytest.raises(Invalid) as caught:
        await tiny_home.service.preview(NewEnvironment(name="one", source=source))
    assert caught.value.field == "source"


async def test_packages_from_the_index_come_along(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("alpha", "1.0")
    index.wheel("alpha", "2.0")
    text = "dependencies:\n  - python\n  - pip:\n    - alpha<2\n"
    assert versions(await pypi_home.service.preview(request(text)))["alpha"] == "1.0"
    found = versions(await pypi_home.service.preview(request("alpha\n", "requirements.txt")))
    assert found["alpha"] == "2.0"
    assert found["python"]
    project = '[project]\nname = "x"\nrequires-python = ">=3"\ndependencies = ["alpha==1.*"]\n'
    assert versions(await pypi_home.service.preview(request(project, "pyproject.toml")))["alpha"] == "1.0"


@pytest.fixture
def create(tiny_home: Home, forked: Forker) -> Create:
    """Run ``jupyter envmanager create`` in the home."""
    environment = {"HOME": str(tiny_home.path), "PATH": "/usr/bin:/bin"}
    return lambda *arguments: forked.run("create", *map(str, arguments), env=environment)


def test_the_command_line_takes_a_file_and_its_name(create: Create, tiny_home: Home, tmp_path: Path) -> None:
    file = tmp_path / "environment.yml"
    file.write_text("name: course\ndependencies: [tinier]\n", encoding="utf-16")
    done = create("-f", file, "--yes")
    assert done.returncode == 0, done.stderr
    assert "Create course: succeeded" in done.stdout
    assert (tiny_home.envs / "course" / "conda-meta" / "history").is_file()


def test_the_command_line_says_all_problems_with_their_lines(create: Create, tiny_home: Home, tmp_path: Path) -> None:
    file = tmp_path / "environment.yml"
    file.write_bytes(b"name: a\ndependencies:\n  - 1.0\n  - x[y]\n")
    done = create("-f", file, "--yes")
    assert done.returncode == 1
    first, second, last, _ = done.stderr.splitlines()
    assert first.startswith(f"{file}:3:5: “1.0” is a number")
    assert second.startswith(f"{file}:4:5: “x[y]” has an extra")
    assert last == "Error: environment.yml has 2 problems; nothing was created."
    assert not tiny_home.envs.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-f", "nowhere.yml"], "cannot be read"),
        (["-f", "nowhere.yml", "tiny"], "either packages or a file"),
        (["tiny"], "has no name"),
    ],
)
def test_the_command_line_says_what_is_missing(create: Create, arguments: list[str], words: str) -> None:
    done = create(*arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
