"""Install lines that would miss the environment of the kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envmanager.models import InstallHint, Kernel, KernelCheck
from jupyter_envmanager.notebooks import hint


def program(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)


class Machine:
    """An environment with pip, the server's with pip and conda, and a kernel in the first."""

    def __init__(self, folder: Path) -> None:
        self.prefix = folder / "envs" / "stats"
        self.server = folder / "server"
        for name in ("python", "pip"):
            program(self.prefix / "bin" / name)
            program(self.server / "bin" / name)
        program(self.server / "bin" / "conda")
        program(self.server / "bin" / "uv")
        self.pip = self.prefix / "lib" / "python3.12" / "site-packages" / "pip" / "__init__.py"
        self.pip.parent.mkdir(parents=True)
        self.pip.write_text("")
        self.spec = folder / "kernels" / "stats"
        self.spec.mkdir(parents=True)
        self.env: dict[str, str] = {}
        self.check: KernelCheck | None = None

    def hint(self, source: str, *, active: bool = False) -> InstallHint:
        """What is said of a cell; ``active`` is a kernel that a script of ours starts."""
        if active:
            (self.spec / "run.sh").write_text("#!/bin/sh\n")
        kernel = Kernel(
            name="stats",
            display_name="stats",
            language="python",
            path=str(self.spec),
            environment="0123",
            stamped=True,
            check=self.check,
        )
        return hint(source, kernel, self.env, str(self.server / "bin"), self.prefix)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("!pip install pandas", "is that of"),
        ("!python -m pip install pandas", "is that of"),
        ("!pip install --user pandas", "home folder"),
        ("%pip install --user pandas", "home folder"),
        ("%pip install -t /tmp/x pandas", "/tmp/x"),
        ("!{sys.executable} -m pip install --target=lib pandas", "lib"),
        ("!pip3.9 install pandas", "There is no pip3.9"),
        ("!conda install -y pandas", "base environment"),
        ("!conda install -n other pandas", "into other"),
        ("%conda install -p /elsewhere pandas", "/elsewhere"),
        ("!mamba install pandas", "There is no mamba"),
        ("!uv pip install pandas", "not active"),
        ("!uv pip install --python /usr/bin/python3 pandas", "/usr/bin/python3"),
        ("%%bash\npip install pandas", "is that of"),
        ("import x\nif y:\n    !pip install pandas", "is that of"),
    ],
)
def test_lines_that_miss_the_environment(machine: Machine, source: str, says: str) -> None:
    answer = machine.hint(source)
    assert says in answer.reason
    assert answer.environment == "0123"
    assert [*answer.specs, *answer.pypi] == ["pandas"]


@pytest.mark.parametrize(
    "source",
    [
        "%pip install pandas",
        "!{sys.executable} -m pip install pandas",
        "%conda install pandas",
        "!conda install -p {sys.prefix} pandas",
        "!conda install -n stats pandas",
        "!uv pip install --python {sys.executable} pandas",
        "!pip list",
        "print('!pip install pandas')",
        "!echo pip install",
    ],
)
def test_lines_that_reach_it(machine: Machine, source: str) -> None:
    assert machine.hint(source).reason == ""


@pytest.mark.parametrize("command", ["pip", "python -m pip", "conda", "uv pip"])
def test_an_active_environment_is_reached(machine: Machine, command: str) -> None:
    assert machine.hint(f"!{command} install x", active=True).reason == ""


def test_the_path_that_a_kernel_told_counts(machine: Machine) -> None:
    machine.check = KernelCheck(state="passed", path=[str(machine.prefix / "bin"), str(machine.server / "bin")])
    assert machine.hint("!pip install x").reason == ""


def test_the_path_of_the_spec_counts(machine: Machine) -> None:
    machine.env = {"PATH": f"{machine.prefix}/bin:${{PATH}}"}
    assert machine.hint("!pip install x").reason == ""
    machine.env["PIP_USER"] = "1"
    assert "PIP_USER" in machine.hint("!pip install x").reason


def test_without_pip_nothing_is_installed(machine: Machine) -> None:
    machine.pip.unlink()
    assert "There is no pip in stats" in machine.hint("%pip install x").reason


def test_only_what_can_be_asked_for_is_passed_on(machine: Machine) -> None:
    answer = machine.hint("!pip install a https://me:secret@host/x.whl $B .\n!conda install 'c>=1' a")
    assert (answer.specs, answer.pypi) == (["c>=1", "a"], ["a"])
    assert "secret" not in str(answer)


@pytest.mark.parametrize(
    "source", ["!pip install" + " x" * 90_000, "!pip install '" * 500, "\0!pip install", "!" * 500]
)
def test_hostile_cells_are_answered(machine: Machine, source: str) -> None:
    assert len(machine.hint(source).pypi) <= 1000


@pytest.mark.parametrize(
    "source",
    [
        "!pip install --target " + "t" * 6000 + " x",
        "!/\0/pip install x",
        "!pip\ud800/pip install x",
        "!pip install --prefix=\0 x",
        "!pip install --prefix=" + "/t" * 3000 + " x",
        "!" + "p" * 400 + "/pip install x",
        "!python" + "3" * 400 + " -m pip install x",
        "!" + "p/" * 5000 + "pip install x",
        "!conda install -p " + "t" * 6000 + " x",
        "!conda install -p \0 x",
        "!conda install -n " + "../" * 2000 + " x",
        "!uv pip install --python \0/python x",
    ],
)
def test_names_that_no_file_can_have_are_no_errors(machine: Machine, source: str) -> None:
    assert machine.hint(source).reason
    machine.env = {"PATH": "\0:" + "y" * 5000, "CONDA_PREFIX": "\0", "VIRTUAL_ENV": "z" * 5000}
    assert machine.hint(source).reason
