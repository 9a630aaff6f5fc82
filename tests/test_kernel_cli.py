"""``jupyter envmanager kernel …`` and ``save`` as they are typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from test_cli import Run, as_json, environment, home, run

__all__ = ["environment", "home", "run"]


def test_a_kernel_is_added_tested_and_removed(run: Run, home: Path) -> None:
    told = run("kernel", "add", sys.prefix, "--name", "mine", "--display-name", "Mine, at last").stdout
    assert told == f"The kernel “Mine, at last” (mine) runs in {sys.prefix}.\n"
    assert "It answered after" in run("kernel", "test", "mine").stdout
    listed = {one["name"]: one for one in as_json(run("kernels", "--json"))["kernels"]}
    assert listed["mine"]["stamped"]
    assert "Mine, at last" in run("kernels").stdout
    assert "Add --yes." in run("kernel", "remove", "mine", status=1).stderr
    folder = Path(listed["mine"]["path"])
    assert folder.is_relative_to(home)
    assert str(folder) in run("kernel", "remove", "mine", "--yes").stdout
    assert not folder.exists()
    assert "There is no kernel" in run("kernel", "test", "mine", status=1).stderr


def test_what_is_wrong_with_a_kernel_is_told(run: Run, home: Path) -> None:
    folder = home / ".local" / "share" / "jupyter" / "kernels" / "gone"
    folder.mkdir(parents=True)
    spec = {"argv": ["/no/such/bin/python", "-m", "x"], "display_name": "Gone", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    assert "gone: It starts /no/such/bin/python, which is not there any more." in run("kernels").stdout
    assert "not written by jupyter_envmanager" in run("kernel", "remove", "gone", status=1).stdout
    assert folder.exists()


def test_an_environment_is_saved_as_another(run: Run, home: Path) -> None:
    run("create", "-n", "one", "tinier", "--no-kernel", "--yes")
    plan = as_json(run("save", "one", "two", "--dry-run", "--json"))
    assert {action["name"] for action in plan["actions"]} == {"tinier", "tiny"}
    assert "one is tinier" in run("save", "one", "two", "--yes", "--no-kernel").stdout
    assert (home / ".conda" / "envs" / "two" / "share" / "tinier" / "readme").exists()


@pytest.mark.parametrize("words", [("kernel", "add"), ("save", "one"), ("kernel", "test")])
def test_missing_words_are_asked_for(run: Run, words: tuple[str, ...]) -> None:
    assert "required" in run(*words, status=2).stderr
