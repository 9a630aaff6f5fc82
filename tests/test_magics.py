"""``%envmanager`` and ``kernels.create()``, in a real IPython shell."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Home
from IPython.core.interactiveshell import InteractiveShell
from local_channel import ChannelServer
from traitlets.config import Config

from jupyter_envmanager import load_ipython_extension
from jupyter_envmanager.cell import kernels, running
from jupyter_envmanager.errors import NotAllowed, NotFound

CHECKOUT = Path(__file__).parent.parent


@pytest.fixture
def home(tmp_path: Path, tiny: ChannelServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of the user whose notebook it is."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".condarc").write_text(f"channels:\n  - {tiny.url}\n")
    for name in list(os.environ):
        if name.startswith(("JUPYTER", "XDG", "JPY")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(home / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(home / "ipython"))
    return home


@pytest.fixture
def shell(home: Path) -> Iterator[InteractiveShell]:
    """IPython with the extension."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    load_ipython_extension(shell)
    yield shell
    InteractiveShell.clear_instance()
    # What goes on after a cell ends by itself, soon.
    for worker in running.workers:
        worker.wait(60)
    running.workers.clear()


def test_a_whole_life_in_cells(shell: InteractiveShell, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def say(line: str) -> str:
        shell.run_line_magic("envmanager", line)
        told = capsys.readouterr()
        return told.out + told.err

    assert "Create one: succeeded" in say("create -n one tinier --yes")
    assert (home / ".conda" / "envs" / "one" / "share" / "tinier").is_dir()
    assert "one" in say("list")
    told = say("install -e one fewer-files")
    assert "fewer-files" in told
    assert "Add --yes." in told
    assert "succeeded" in say("install -e one fewer-files --yes")
    assert "Install fewer-files" in say("history -e one")
    assert "succeeded" in say("rollback -e one --yes")
    assert "succeeded" in say("save -e one two --yes --no-kernel")
    assert (home / ".conda" / "envs" / "two" / "share" / "tinier").is_dir()
    # A kernel's loop is running while its cells run.
    assert "two" in asyncio.run(_inside_a_loop(say))


async def _inside_a_loop(say: object) -> str:
    assert callable(say)
    return str(say("list"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "usage: %envmanager"),
        ("nonsense", "invalid choice"),
        ("install 'tiny", "A quote is opened"),
        ("install tiny", "JupyterLab runs from it"),
        ("remove --yes", "cannot remove the environment"),
        ("history -e nosuch", "There is no environment"),
    ],
)
def test_errors_are_told_and_not_raised(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str, says: str
) -> None:
    shell.run_line_magic("envmanager", line)
    told = capsys.readouterr()
    assert says in told.out + told.err
    assert "Traceback" not in told.out + told.err


def test_kernels_of_the_environment_that_runs(home: Path) -> None:
    made = kernels.create(display_name="Mine", name="mine", variables={"A": "b c"})
    assert repr(made).startswith(f"Kernel “Mine” (mine) runs in {sys.prefix}")
    assert json.loads((home / "jupyter" / "kernels" / "mine" / "kernel.json").read_text())["display_name"] == "Mine"
    listed = kernels.list()
    assert "mine" in [one.name for one in listed]
    assert "Mine" in repr(listed)
    kernels.remove("mine")
    assert not (home / "jupyter" / "kernels" / "mine").exists()
    with pytest.raises(NotFound):
        kernels.create("no-such-environment")


def test_kernels_of_others_are_removed_by_force_only(home: Path) -> None:
    folder = home / "jupyter" / "kernels" / "other"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({"argv": [sys.executable], "display_name": "O", "language": "x"}))
    with pytest.raises(NotAllowed, match="not written by"):
        kernels.remove("other")
    kernels.remove("other", force=True)
    assert not folder.exists()


IN_A_KERNEL = """
import json, requests, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "jupyter_envmanager")
for line in sys.argv[1:]:
    shell.run_line_magic("envmanager", line)
"""


async def test_a_kernel_changes_its_own_environment(real_home: Home) -> None:
    await real_home.create("own", "python", "ipykernel", "requests")
    prefix = real_home.envs / "own"
    # As if the package were installed there, and after what is: the environment's own packages count.
    paths = [str(CHECKOUT), *(path for path in sys.path if path.endswith("site-packages"))]
    site = next(prefix.glob("lib/python3*/site-packages"))
    (site / "envmanager.pth").write_text("\n".join(paths))
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "XDG", "VIRTUAL"))},
        "HOME": str(real_home.path),
        "JUPYTER_DATA_DIR": str(real_home.path / "jupyter"),
        "JPY_PARENT_PID": str(os.getpid()),
    }

    def cell(*lines: str) -> str:
        done = subprocess.run(
            [prefix / "bin" / "python", "-c", IN_A_KERNEL, *lines],
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout + done.stderr

    told = await asyncio.to_thread(cell, "install flask --yes", "remove requests --yes", "history")
    first, _, rest = told.partition("Install flask in own: succeeded.")
    assert "Restart" not in first
    assert rest.count("Restart the kernel") == 1
    assert re.search(r"it has loaded .*\brequests\b", rest)
    assert "Remove requests in own: succeeded." in rest
