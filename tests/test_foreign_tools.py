"""Environments that conda, mamba, micromamba or pixi made: we change them, and those tools still understand them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from conftest import Home
from test_change import apply_rollback, difference, files, preview
from test_change_faults import changed

from jupyter_envmanager.engine.base import read_installed
from jupyter_envmanager.engine.history import append
from jupyter_envmanager.environments.environments_txt import read
from jupyter_envmanager.models import Change

Record = dict[str, Any]
STATE = '{"env_vars": {"MODEL": "gfs"}, "version": 1}'


def records(prefix: Path) -> dict[str, Record]:
    found = [json.loads(file.read_text()) for file in sorted((prefix / "conda-meta").glob("*-*-*.json"))]
    return {record["name"]: record for record in found}


def write(prefix: Path, record: Record) -> None:
    name = f"{record['name']}-{record['version']}-{record['build']}.json"
    (prefix / "conda-meta" / name).write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")


def distributions(prefix: Path) -> set[str]:
    """What is installed, as ``name-version-build``."""
    return {f"{one['name']}-{one['version']}-{one['build']}" for one in records(prefix).values()}


def by_conda(prefix: Path, *, hashes: tuple[str, ...] = ("md5", "sha256"), requested: str = "") -> None:
    """Records as conda writes them: one spec, a list of files, where the package was extracted."""
    for record in records(prefix).values():
        record.pop("requested_specs", None)
        for key in {"md5", "sha256"} - set(hashes):
            record.pop(key, None)
        # As conda fills them in: https://github.com/conda/conda/blob/main/conda/models/records.py
        record |= {"arch": None, "platform": None, "auth": None, "preferred_env": None, "features": ""}
        record["requested_spec"] = requested or {"tiny": "tiny=1"}.get(record["name"], "None")
        record["link"] = {"source": record.get("extracted_package_dir", ""), "type": 1}
        write(prefix, record)


def conda(prefix: Path, channel: str) -> None:
    by_conda(prefix)
    history(prefix, "conda create -n one tiny=1 fewer-files", f"{channel}/noarch::", "['tiny=1', 'fewer-files']")


def old_conda(prefix: Path, channel: str) -> None:
    """Before conda 4.4: no hashes, names without a channel, full lists instead of differences."""
    by_conda(prefix, hashes=())
    for record in records(prefix).values():
        del record["requested_spec"]
        write(prefix, record)
    lines = [
        "==> 2016-03-01 10:00:00 <==",
        "# cmd: /opt/conda/bin/conda create -n one tiny=1",
        "# create specs: tiny=1",
    ]
    (prefix / "conda-meta" / "history").write_text("\n".join([*lines, *sorted(distributions(prefix)), ""]))


def mamba(prefix: Path, channel: str) -> None:
    by_conda(prefix, hashes=("md5",), requested="None")
    history(prefix, "/opt/conda/bin/mamba create -n one tiny=1", "conda-forge/noarch::", '["tiny=1", "fewer-files"]')


def micromamba(prefix: Path, channel: str) -> None:
    """Full addresses in the history, JSON where conda writes Python, and an empty spec where nothing was asked for.

    As libmamba 2.8 writes them: https://github.com/mamba-org/mamba/blob/2.8.1/libmamba/src/core/link.cpp
    """
    by_conda(prefix, hashes=("sha256",))
    for record in records(prefix).values():
        record["requested_spec"] = {"tiny": "tiny=1"}.get(record["name"], "")
        record["package_tarball_full_path"] = record["extracted_package_dir"] + ".tar.bz2"
        write(prefix, record)
    address = next(iter(records(prefix).values()))["channel"].rstrip("/")
    history(prefix, "micromamba create -n one tiny=1", f"{address}/noarch::", '["tiny=1", "fewer-files"]')


def pixi(prefix: Path, channel: str) -> None:
    """No history, and a note whose environment it is."""
    for record in records(prefix).values():
        record["requested_specs"] = ["tiny=1"] if record["name"] == "tiny" else []
        write(prefix, record)
    (prefix / "conda-meta" / "history").unlink()
    (prefix / "conda-meta" / "pixi").write_text(
        '{"manifest_path": "/home/ada/weather/pixi.toml", "environment_name": "default", "pixi_version": "0.50.0",'
        ' "environment_lock_file_hash": "83b7a9c1f1b2d3e4"}'
    )
    (prefix / "conda-meta" / "pixi_env_prefix").write_text(str(prefix))


def empty_history(prefix: Path, channel: str) -> None:
    """Some tools make the file only so that conda takes the folder for an environment."""
    by_conda(prefix, hashes=("md5",))
    (prefix / "conda-meta" / "history").write_bytes(b"")


def history(prefix: Path, command: str, before: str, specs: str) -> None:
    (prefix / "conda-meta" / "history").write_text(
        "\n".join(
            [
                "==> 2025-01-15 09:30:00 <==",
                f"# cmd: {command}",
                "# conda version: 24.11.0",
                *(f"+{before}{name}" for name in sorted(distributions(prefix))),
                f"# update specs: {specs}",
                "",
            ]
        )
    )


TOOLS = [conda, old_conda, mamba, micromamba, pixi, empty_history]
Tool = Callable[[Path, str], None]


@pytest.fixture(params=TOOLS, ids=lambda tool: tool.__name__)
def tool(request: pytest.FixtureRequest) -> Tool:
    """Makes the notes in an environment those of another tool."""
    made: Tool = request.param
    return made


async def made_by(tool: Tool, home: Home) -> Path:
    """An environment with real packages, and nothing in it that tells of us."""
    await home.create("one", "tiny=1", "fewer-files", kernel=None)
    prefix = home.envs / "one"
    meta = prefix / "conda-meta"
    (meta / "jupyter_envmanager").unlink()
    home.service.site.environments_txt.unlink()
    tool(prefix, next(iter(records(prefix).values()))["channel"].rstrip("/").rsplit("/", 1)[-1])
    (meta / "state").write_text(STATE)
    (meta / "pinned").write_text("# of the group\nfewer-files 1.*\n")
    (prefix / ".condarc").write_text("channel_priority: strict\n")
    return prefix


Revision = tuple[set[str], list[str]]


def parsed(prefix: Path) -> list[Revision]:
    """The revisions as conda parses them: lines that are no comments, and comments.

    https://github.com/conda/conda/blob/main/conda/history.py
    """
    found: list[Revision] = []
    for line in (prefix / "conda-meta" / "history").read_text().splitlines():
        text = line.strip()
        if re.match(r"==>\s*(.+?)\s*<==", text):
            found.append((set(), []))
        elif text.startswith("#"):
            found[-1][1].append(text)
        elif text:
            found[-1][0].add(text)
    return found


def states(prefix: Path) -> list[set[str]]:
    """What was installed after each revision: a list of differences, or a full list."""
    found: list[set[str]] = []
    now: set[str] = set()
    for lines, _ in parsed(prefix):
        if any(line.startswith(("+", "-")) for line in lines):
            assert all(line.startswith(("+", "-")) for line in lines), "conda refuses such a revision"
            added = {line[1:] for line in lines if line.startswith("+")}
            gone = {line[1:] for line in lines if line.startswith("-")}
            # conda goes through them in no order.
            assert not added & gone
            now = (now - gone) | added
        else:
            now = lines
        found.append(now)
    return found


def asked(prefix: Path) -> dict[str, str]:
    """What conda's ``--from-history`` names, by package."""
    wishes: dict[str, str] = {}
    for _, comments in parsed(prefix):
        for comment in comments:
            match = re.match(r"#\s*(\w+)\s*specs:\s*(.+)?", comment)
            text = (match[2] or "") if match else ""
            specs = ast.literal_eval(text) if text.startswith("[") else [one for one in text.split(",") if one]
            for spec in specs if match else ():
                name = re.split(r"[ =<>!~\[]", spec)[0]
                if match and match[1] in ("update", "install", "create"):
                    wishes[name] = spec
                elif match and match[1] in ("remove", "uninstall"):
                    wishes.pop(name, None)
    return wishes


async def test_it_is_changed_and_stays_what_it_was(tiny_home: Home, tool: Tool) -> None:
    prefix = await made_by(tool, tiny_home)
    before, kept = records(prefix), files(prefix)
    inodes = {file: file.stat().st_ino for file in (prefix / "share").rglob("*") if file.is_file()}
    everything = await preview(tiny_home, "one", Change(update="all"))
    assert everything.actions == [], "tiny=1 was asked for"
    plan = await preview(tiny_home, "one", Change(install=["tinier"]))
    assert difference(plan) == {"tinier": ("install", None, "1.0")}
    assert ("managed" in [warning.code for warning in plan.warnings]) == (tool is pixi)
    job = await changed(tiny_home, "one", Change(install=["tinier"]))
    assert job.state == "succeeded", job.error
    after = records(prefix)
    # The engine writes anew what a package was installed for, as ``requested_specs``.
    wishes = ("requested_spec", "requested_specs")
    assert without(after["tiny"], wishes) == without(before["tiny"], wishes)
    assert without(after["fewer-files"], wishes) == without(before["fewer-files"], wishes)
    assert {file: file.stat().st_ino for file in inodes} == inodes
    for name in ("state", "pinned", "pixi", "pixi_env_prefix"):
        assert ((prefix / "conda-meta" / name).exists()) == (f"conda-meta/{name}" in kept)
    assert (prefix / "conda-meta" / "state").read_text() == STATE
    assert (prefix / "conda-meta" / "pinned").read_text() == "# of the group\nfewer-files 1.*\n"
    assert (prefix / ".condarc").read_text() == "channel_priority: strict\n"
    assert read(tiny_home.service.site.environments_txt) == [str(prefix)]
    assert (await apply_rollback(tiny_home, "one", 1)).state == "succeeded"
    assert files(prefix) == kept


def without(record: Record, keys: Iterable[str]) -> Record:
    return {key: value for key, value in record.items() if key not in keys}


async def test_its_history_is_one_that_conda_reads(tiny_home: Home, tool: Tool) -> None:
    prefix = await made_by(tool, tiny_home)
    first = prefix / "conda-meta" / "history"
    written = first.read_text() if first.exists() else ""
    installed_after = [distributions(prefix)]
    for change in (
        Change(install=["tinier"]),
        Change(remove=["tinier"]),
        Change(install=["tiny"], update=["tiny"]),
        Change(pin=["tiny 2.*"]),
        Change(remove=["fewer-files"]),
        Change(install=["some-files"]),
    ):
        job = await changed(tiny_home, "one", change)
        assert job.state == "succeeded", job.error
        if not change.pin:
            installed_after.append(distributions(prefix))
    assert (prefix / "conda-meta" / "history").read_text().startswith(written)
    told = [{name.split("::")[-1] for name in state} for state in states(prefix)]
    assert told == installed_after
    wishes = asked(prefix)
    assert {"some-files"} <= set(wishes)
    assert not {"tinier", "fewer-files"} & set(wishes)
    if tool is not pixi and tool is not empty_history:
        assert wishes["tiny"] == "tiny"


async def test_where_no_package_was_named_the_history_has_no_list(tiny_home: Home) -> None:
    """micromamba looks for a quote in the lists of specs, and does not stop where there is none."""
    await tiny_home.create("one", "tiny=1", kernel=None)
    prefix = tiny_home.envs / "one"
    installed, _ = read_installed(prefix)
    append(prefix, command="update --all", specs=[], linked=[], unlinked=installed)
    comments = [comment for _, said in parsed(prefix) for comment in said]
    assert [one for one in comments if "specs:" in one] == ["# update specs: ['tiny=1']"]
    assert "# cmd: update --all" in comments
    assert states(prefix)[-1] == set()


async def test_its_packages_can_be_repaired(tiny_home: Home, tool: Tool) -> None:
    prefix = await made_by(tool, tiny_home)
    (prefix / "share" / "tiny" / "version").unlink()
    job = await changed(tiny_home, "one", Change(repair=["tiny"]))
    assert job.state == "succeeded", job.error
    assert (prefix / "share" / "tiny" / "version").read_text() == "1.0\n"
    environment = await tiny_home.service.find("one")
    assert (await tiny_home.service.changes.health(environment.id, full=True)).damaged == []


async def test_a_whole_chain_of_tools(tiny_home: Home) -> None:
    """We change it, conda does, and we again: each revision stands on the one before."""
    prefix = await made_by(conda, tiny_home)
    await changed(tiny_home, "one", Change(install=["tinier"]))
    # What “conda remove tinier” leaves behind.
    for file in records(prefix)["tinier"]["files"]:
        (prefix / file).unlink()
    (prefix / "conda-meta" / "tinier-1.0-0.json").unlink()
    entry = next(name for name in states(prefix)[-1] if "tinier" in name)
    with (prefix / "conda-meta" / "history").open("a") as file:
        file.write(f"==> 2026-01-15 09:30:00 <==\n# cmd: conda remove tinier\n-{entry}\n# remove specs: ['tinier']\n")
    environment = await tiny_home.service.find("one")
    found = await tiny_home.service.changes.history(environment.id)
    assert [one.changed_since for one in found.generations if one.current] == [True]
    job = await changed(tiny_home, "one", Change(install=["some-files"]))
    assert job.state == "succeeded", job.error
    assert {name.split("::")[-1] for name in states(prefix)[-1]} == distributions(prefix)
    assert set(asked(prefix)) == {"tiny", "fewer-files", "some-files"}
