"""``jupyter envmanager`` as it is typed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeHome
from forking import Forker
from killing import obeys_interrupts
from local_channel import ChannelServer, Fault

from jupyter_envmanager.cli import creating
from jupyter_envmanager.cli.locations import meant
from jupyter_envmanager.cli.main import parser_of
from jupyter_envmanager.errors import Invalid
from jupyter_envmanager.models import Location

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def home(tmp_path: Path, tiny: ChannelServer) -> Path:
    """A home with a ``.condarc``."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".condarc").write_text(f"channels:\n  - {tiny.url}\n")
    return home


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """The variables of that user."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "XDG"))}
    return {**kept, "HOME": str(home)}


@pytest.fixture
def run(environment: dict[str, str], forked: Forker) -> Run:
    """Run one command."""

    def command(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = forked.run(*arguments, env=environment)
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return command


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_create_list_and_remove(run: Run, home: Path) -> None:
    told = run("create", "-n", "one", "tinier", "--yes").stdout
    assert re.search(r"tiny +1\.0", told)
    assert "Create one: succeeded" in told
    listed = as_json(run("list", "--json"))["environments"]
    one = next(env for env in listed if env["name"] == "one")
    assert one["prefix"] == str(home / ".conda" / "envs" / "one")
    assert re.search(r"^one\b.*/one$", run("list").stdout, re.MULTILINE)
    told = run("remove", "one", "--yes").stdout
    assert one["prefix"] in told
    assert not Path(one["prefix"]).exists()
    jobs = as_json(run("jobs", "--json"))
    assert [(job["action"], job["state"]) for job in jobs] == [("remove", "succeeded"), ("create", "succeeded")]


def test_a_dry_run_changes_nothing(run: Run, home: Path) -> None:
    plan = as_json(run("create", "-n", "one", "tiny", "--dry-run", "--json"))
    assert [action["name"] for action in plan["actions"]] == ["tiny"]
    assert not (home / ".conda" / "envs").exists()


@pytest.mark.skipif(os.name == "nt", reason="the folders are Unix's")
def test_a_label_is_no_folder_that_is_just_there_and_a_folder_no_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    labels = {"/srv/lab": "Lab", str(tmp_path / "Lab"): "~/Lab", "/srv/odd": "/srv/lab", "/srv/tilde": " ~nobody "}
    places = [Location(path=path, label=label, writable=True, exists=True) for path, label in labels.items()]
    asked = ("Lab", "LAB", "./Lab", "/srv/lab/", "~nobody")
    here = str(tmp_path / "Lab")
    assert [meant(text, places) for text in asked] == ["/srv/lab", "/srv/lab", here, "/srv/lab", "/srv/tilde"]
    for text in ("~nobody-else", "a\0b", "", "x" * 5000):
        with pytest.raises(Invalid, match="There is no location"):
            meant(text, places)


@pytest.mark.skipif(os.name == "nt", reason="groups are Unix's")
async def test_a_location_is_named_by_its_label_or_its_folder(
    make_home: MakeHome, tiny: ChannelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab, one, two = (tmp_path / name for name in ("lab", "one", "two"))
    labels = {lab: "Lab of Ada", one: "Twice", two: "Twice"}
    for folder in labels:
        folder.mkdir()
    home = make_home(tiny.url, shared=[{"path": str(folder), "label": label} for folder, label in labels.items()])

    async def prefix(*words: str) -> str:
        options = parser_of().parse_args(["create", "tiny", "--dry-run", "--json", *words])
        assert await creating.create(home.service, options) == 0
        return str(json.loads(capsys.readouterr().out)["prefix"])

    for name in ("Lab of Ada", "lab of ada", str(lab), f"{lab}/"):
        assert await prefix("-n", "here", "--location", name) == str(lab / "here")
    assert await prefix("-n", "here", "--location", "My environments") == str(home.envs / "here")
    assert await prefix("-n", "here") == str(home.envs / "here")
    for words, told in (
        (("-n", "here", "--location", "Twice"), f"2 locations are called “Twice”: {one}, {two}."),
        (("-n", "here", "--location", "Nowhere"), "There is no location “Nowhere”."),
        (("-p", str(lab / "here"), "--location", "Twice"), "--prefix says where the environment is already."),
    ):
        with pytest.raises(Invalid) as caught:
            await prefix(*words)
        assert caught.value.message == told
        assert caught.value.hint


def test_errors_are_sentences_with_a_hint(run: Run) -> None:
    told = run("create", "-n", "one", "tinny", "--yes", status=1).stderr
    assert told.splitlines() == ["Error: No channel has a package “tinny”.", told.splitlines()[1]]
    assert "tiny" in told.splitlines()[1]
    assert "There is no environment" in run("remove", "nosuch", "--yes", status=1).stderr
    assert "--yes" in run("create", "-n", "one", "tiny", status=1).stderr


def test_protected_environments_are_refused(run: Run) -> None:
    assert "cannot be removed" in run("remove", sys.prefix, "--yes", status=1).stderr
    assert Path(sys.prefix).is_dir()


def test_kernels_and_gpus_and_jobs_answer_on_an_empty_home(run: Run) -> None:
    assert as_json(run("kernels", "--json"))["kernels"] is not None
    assert "available" in as_json(run("gpus", "--json"))
    assert run("gpus").stdout.strip()
    assert run("jobs").stdout.strip() == "No jobs."


def test_an_interrupt_cancels_the_job(environment: dict[str, str], run: Run, home: Path, tiny: ChannelServer) -> None:
    tiny.fault("*/files-*.conda", Fault(bytes_per_second=2000))
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_envmanager.cli", "create", "-n", "slow", "files", "--yes"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=obeys_interrupts,
    )
    deadline = time.monotonic() + 60
    while not any("files" in path for path in tiny.counts) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert b"Traceback" not in errors
    assert process.returncode == 130
    assert [job["state"] for job in as_json(run("jobs", "--json"))] == ["cancelled"]
    assert not (home / ".conda" / "envs" / "slow").exists()


def test_the_settings_of_the_site_count_as_in_a_server(run: Run, environment: dict[str, str], tmp_path: Path) -> None:
    environment["JUPYTER_CONFIG_DIR"] = str(tmp_path)
    config = tmp_path / "jupyter_server_config.py"
    config.write_text('c.EnvManagerApp.gpu_targets = [{"name": "h100", "title": "H100 nodes", "cuda": "12.6"}]\n')
    names = [target["name"] for target in as_json(run("gpus", "--json"))["targets"]]
    assert names == ["machine", "h100", "cpu"]
    for broken, words in [("c.EnvManagerApp.keep_generations = 'x'", "expected an int"), ("(((", "never closed")]:
        config.write_text(broken)
        told = run("gpus", status=1).stderr
        assert words in told
        assert "Correct jupyter_server_config.py." in told
