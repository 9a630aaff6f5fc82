"""The commands on an environment that is there, as they are typed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from local_channel import ChannelServer
from pypi_index import IndexServer, project
from test_cli import Run, as_json, environment, home, run

__all__ = ["environment", "home", "run"]


@pytest.fixture
def one(run: Run, home: Path) -> Path:
    """An environment “one” with an old tiny; its prefix."""
    run("create", "-n", "one", "tiny=1", "--yes")
    return home / ".conda" / "envs" / "one"


def has(prefix: Path, record: str) -> bool:
    return (prefix / "conda-meta" / f"{record}-0.json").is_file()


def test_install_update_and_remove_packages(run: Run, one: Path) -> None:
    told = run("install", "one", "tinier", "--yes").stdout
    assert re.search(r"^\+ +tinier +1\.0 +0 +\S+ +asked", told, re.MULTILINE)
    assert "Install tinier in one: succeeded." in told
    assert has(one, "tinier-1.0")
    told = run("remove", "one", "tinier", "--yes").stdout
    assert re.search(r"^- +tinier +1\.0", told, re.MULTILINE)
    assert not has(one, "tinier-1.0")
    assert has(one, "tiny-1.0")
    told = run("update", "one", "tiny", "--yes").stdout
    assert re.search(r"^↑ +tiny +1\.0 → 2\.0", told, re.MULTILINE)
    assert has(one, "tiny-2.0")


def test_update_all_says_when_there_is_nothing_to_do(run: Run, one: Path) -> None:
    assert "Nothing to install or remove." in run("update", "one", "--all").stdout
    run("install", "one", "tinier", "--yes")
    run("remove", "one", "tiny", "--yes")
    run("install", "one", "tiny>=1", "--yes")
    assert has(one, "tiny-2.0")


def test_an_environment_is_named_by_its_folder_too(run: Run, one: Path) -> None:
    run("install", str(one), "tinier", "--yes")
    assert has(one, "tinier-1.0")


def test_a_dry_run_changes_nothing(run: Run, one: Path) -> None:
    before = sorted(path.name for path in (one / "conda-meta").iterdir())
    plan = as_json(run("install", "one", "tinier", "--dry-run", "--json"))
    assert [(action["op"], action["name"]) for action in plan["actions"]] == [("install", "tinier")]
    assert "tinier" in run("install", "one", "tinier", "--dry-run").stdout
    assert sorted(path.name for path in (one / "conda-meta").iterdir()) == before
    assert len(as_json(run("jobs", "--json"))) == 1


def test_a_dry_run_removes_no_environment(run: Run, one: Path) -> None:
    told = run("remove", "one", "--dry-run", "--yes").stdout
    assert str(one) in told
    assert as_json(run("remove", "one", "--dry-run", "--yes", "--json"))["prefix"] == str(one)
    assert has(one, "tiny-1.0")
    assert len(as_json(run("jobs", "--json"))) == 1


def test_a_dry_run_goes_to_no_other_generation(run: Run, one: Path) -> None:
    run("install", "one", "tinier", "--yes")
    assert "one would be generation 1 again: Created" in run("rollback", "one", "--dry-run", "--yes").stdout
    assert as_json(run("rollback", "one", "1", "--dry-run", "--json"))["number"] == 1
    assert "no generation 7" in run("rollback", "one", "7", "--dry-run", status=1).stderr
    assert has(one, "tinier-1.0")
    assert len(as_json(run("jobs", "--json"))) == 2


def test_json_is_the_job_and_nothing_else(run: Run, one: Path) -> None:
    job = as_json(run("install", "one", "tinier", "--yes", "--json"))
    assert (job["action"], job["state"], job["generation"]) == ("change", "succeeded", 2)
    assert as_json(run("update", "one", "--all", "--yes", "--json"))["actions"] == []


def test_without_a_terminal_a_yes_has_to_be_typed(run: Run, one: Path) -> None:
    for typed in (
        ("install", "one", "tinier"),
        ("update", "one", "tiny"),
        ("remove", "one", "tiny"),
        ("remove", "one"),
        ("pin", "one", "tiny 1.*"),
    ):
        assert "--yes" in run(*typed, status=1).stderr
    assert has(one, "tiny-1.0")
    assert not (one / "conda-meta" / "pinned").exists()


def test_pins_are_set_and_taken_away(run: Run, one: Path) -> None:
    assert "pin    tiny 1.*" in run("pin", "one", "tiny 1.*", "--yes").stdout
    assert (one / "conda-meta" / "pinned").read_text() == "tiny 1.*\n"
    held = run("update", "one", "tiny")
    assert "Nothing to install or remove." in held.stdout
    assert "pinned" in held.stderr
    assert "unpin  tiny" in run("pin", "one", "--remove", "tiny", "--yes").stdout
    assert not (one / "conda-meta" / "pinned").exists()


def test_check_finds_and_repairs(run: Run, one: Path) -> None:
    assert "damaged: nothing" in run("check", "one", "--full").stdout
    (one / "share" / "tiny" / "version").unlink()
    told = run("check", "one", status=1).stdout
    assert "damaged: tiny" in told
    assert "share/tiny/version" in told
    assert as_json(run("check", "one", "--json"))["damaged"] == ["tiny"]
    assert "succeeded" in run("check", "one", "--repair", "--yes").stdout
    assert (one / "share" / "tiny" / "version").read_text() == "1.0\n"
    assert "damaged: nothing" in run("check", "one", "--full", "--repair").stdout


def test_history_and_rollback(run: Run, one: Path) -> None:
    assert "No earlier state of one is kept" in run("rollback", "one", "--yes", status=1).stderr
    run("install", "one", "tinier", "--yes")
    told = run("history", "one").stdout
    assert re.search(r"^\* 2 .*Install tinier", told, re.MULTILINE)
    assert re.search(r"^  1 .*Created", told, re.MULTILINE)
    assert "--yes" in run("rollback", "one", status=1).stderr
    assert "Go back to generation 1 of one: succeeded." in run("rollback", "one", "--yes").stdout
    assert not has(one, "tinier-1.0")
    assert "Go forward to generation 2 of one: succeeded." in run("rollback", "one", "2", "--yes").stdout
    assert has(one, "tinier-1.0")
    states = as_json(run("history", "one", "--json"))["generations"]
    assert [(state["number"], state["current"]) for state in states] == [(2, True), (1, False)]
    assert "no generation 7" in run("rollback", "one", "7", "--yes", status=1).stderr


def test_search(run: Run, one: Path, environment: dict[str, str], index: IndexServer) -> None:
    index.wheel("tiny-pypi", "3.1", summary="from the index")
    environment["UV_DEFAULT_INDEX"] = index.url
    told = run("search", "tin").stdout
    assert re.search(r"^tiny +2\.0 ", told, re.MULTILINE)
    assert re.search(r"^tinier +1\.0 ", told, re.MULTILINE)
    assert re.search(r"^tiny-pypi +3\.1 +PyPI", run("search", "tiny-pypi").stdout, re.MULTILINE)
    hits = as_json(run("search", "tiny", "-e", "one", "--limit", "1", "--json"))
    assert [hit["name"] for hit in hits["packages"] if hit["manager"] == "conda"] == ["tiny"]
    assert run("search", "no-such-thing").stdout.strip() == "Nothing found."


def test_an_environment_that_is_not_there_is_said(run: Run) -> None:
    for typed in (
        ("install", "nosuch", "tiny", "--yes"),
        ("update", "nosuch", "--all"),
        ("pin", "nosuch", "tiny 1.*"),
        ("check", "nosuch"),
        ("history", "nosuch"),
        ("rollback", "nosuch"),
        ("search", "tiny", "-e", "nosuch"),
    ):
        assert run(*typed, status=1).stderr.startswith("Error: There is no environment"), typed


def test_what_cannot_be_done_is_said(run: Run, one: Path) -> None:
    for typed, told in (
        (("install", "one"), "Nothing is asked for"),
        (("update", "one"), "Nothing is asked for"),
        (("install", "one", "tinny"), "tinny"),
        (("install", "one", "clash"), "tiny"),
        (("install", "one", "tiny=="), "tiny=="),
        (("remove", "one", "absent"), "absent is not installed here"),
        (("install", "one", "--pypi", "alpha"), "need Python"),
    ):
        errors = run(*typed, "--yes", status=1).stderr
        assert errors.startswith("Error: "), typed
        assert told in errors
    assert has(one, "tiny-1.0")


def test_packages_from_pypi(
    run: Run, home: Path, environment: dict[str, str], channel: ChannelServer, shared_pkgs: Path, index: IndexServer
) -> None:
    (home / ".condarc").write_text(f"channels:\n  - {channel.url}\npkgs_dirs:\n  - {shared_pkgs}\n")
    index.wheel("alpha", "1.0")
    index.wheel("beta", "1.0")
    index.wheel("idna", "99.0")
    environment["UV_DEFAULT_INDEX"] = index.url
    run("create", "-n", "py", "python", "idna", "--no-kernel", "--yes")
    told = run("install", "py", "--pypi", "alpha", "--yes").stdout
    assert re.search(r"^\+ +alpha +1\.0 +PyPI +asked", told, re.MULTILINE)
    (home / "requirements.txt").write_text("beta\n")
    assert "Install from requirements.txt" in run("install", "py", "-r", str(home / "requirements.txt"), "--yes").stdout
    missing = run("install", "py", "-r", str(home / "missing.txt"), "--yes", status=1).stderr
    assert "missing.txt" in missing
    for path, text in project("gamma", "1.0").items():
        file = home / "gamma" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    run("install", "py", "--editable", str(home / "gamma"), "--yes")
    refused = run("install", "py", "--pypi", "idna==99", "--yes", status=1).stderr
    assert "idna" in refused
    assert "--allow-overwrite" in refused
    run("remove", "py", "alpha", "--yes")
    site = next((home / ".conda" / "envs" / "py" / "lib").glob("python3*/site-packages"))
    assert not list(site.glob("alpha*"))
    assert list(site.glob("beta-1.0.dist-info"))
    assert list(site.glob("gamma-1.0.dist-info"))
    titles = [state["title"] for state in as_json(run("history", "py", "--json"))["generations"]]
    assert titles[0] == "Remove alpha"


def test_folders_that_their_owner_may_not_write_in_are_no_obstacle(
    run: Run, one: Path, environment: dict[str, str]
) -> None:
    """As packages and people leave them behind."""
    mine = one / "share" / "mine" / "inner"
    mine.mkdir(parents=True)
    (mine / "notes.txt").write_text("mine\n")
    for folder in (mine, mine.parent, one / "share" / "tiny"):
        folder.chmod(0o555)
    typed = [sys.executable, "-m", "jupyter_envmanager.cli", "update", "one", "tiny", "--yes"]
    done = subprocess.run([*as_nobody_special(), *typed], capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (one / "share" / "tiny" / "version").read_text() == "2.0\n"
    assert (mine / "notes.txt").read_text() == "mine\n"
    assert f"{mine.stat().st_mode & 0o777:o}" == "555"


def as_nobody_special() -> list[str]:
    """For root: what to put before a command, so that the modes of files count for it as for everybody."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv to be an ordinary user")
    powers = "-dac_override,-dac_read_search,-fowner"
    return ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"]
