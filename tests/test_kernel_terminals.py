"""Terminals in which an environment is active: nothing in its name is run, and nothing waits for it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest
from test_kernels import make_prefix

from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.models import Environment
from jupyter_envmanager.service import terminals
from jupyter_envmanager.service.terminals import TerminalService

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX shells")
NAMES = ["$(touch pwned)", "`touch pwned`", "%n%d", "it's \\w \\$(touch pwned)", "!!", "${x:=`touch pwned`}"]


def service_of(prefix: Path, folder: Path) -> TerminalService:
    environment = Environment(
        id=environment_id(prefix),
        name=prefix.name,
        prefix=str(prefix),
        kind="path",
        location=str(prefix.parent),
    )

    async def find(_id: str) -> Environment:
        return environment

    return TerminalService(folder, find=find)


async def command_of(service: TerminalService) -> list[str]:
    """What is started in a terminal."""
    commands: list[list[str]] = []

    async def start(command: list[str]) -> str:
        commands.append(command)
        return "1"

    service.start = start
    await service.open("x")
    return commands[0]


@pytest.mark.skipif(not os.access("/bin/bash", os.X_OK), reason="needs bash")
@pytest.mark.parametrize("name", NAMES)
async def test_bash_shows_a_name_and_does_not_run_it(tmp_path: Path, name: str) -> None:
    service = service_of(make_prefix(tmp_path / "envs" / name), tmp_path / "terminals")
    service.shell = "/bin/bash"
    command = await command_of(service)
    work = tmp_path / "work"
    work.mkdir()
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        input=b'shopt -s promptvars; printf "<%s>\\n" "${PS1@P}"; false; echo "alive $CONDA_DEFAULT_ENV"\n',
        capture_output=True,
        cwd=work,
        env={"PATH": "/usr/bin:/bin", "HOME": str(work), "LC_ALL": "C.UTF-8"},
        check=True,
    )
    said = done.stdout.decode()
    assert f"<({name}) " in said
    assert f"alive {name}\n" in said
    assert not (work / "pwned").exists()


@pytest.mark.parametrize("name", NAMES)
async def test_the_prompt_of_zsh_holds_no_name(tmp_path: Path, name: str) -> None:
    service = service_of(make_prefix(tmp_path / "envs" / name), tmp_path / "terminals")
    service.shell = "/bin/zsh"
    _, variable, *_ = await command_of(service)
    lines = Path(variable.partition("=")[2], ".zshrc").read_text().splitlines()
    # The value of %v is shown as it is, with prompt_subst as well.
    assert lines[-2:] == ['psvar+=("$ENVMANAGER_NAME")', 'PROMPT="(%${#psvar}v) $PROMPT"']
    assert not any("PROMPT" in line for line in lines[:-1])


async def test_the_server_works_on_while_variables_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = service_of(make_prefix(tmp_path / "lab"), tmp_path / "terminals")
    running = asyncio.get_running_loop()
    reached: list[bool] = []

    def slow(_prefix: Path, _modules: object) -> tuple[str, str]:
        # Only a loop that is not held up can do it.
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), running).result(timeout=30)
        reached.append(True)
        return ":", ":"

    monkeypatch.setattr(terminals, "activation_lines", slow)
    assert (await service.activation("x")).shell == ":"
    await command_of(service)
    assert reached == [True, True]
