"""PyPI packages in a real conda environment: nothing of conda's is touched, nothing of it is missing."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Home, MakeHome
from local_channel import ChannelServer, Synthetic, serve, write_channel
from pypi_index import IndexServer, serve_index
from test_change import apply as change
from test_change_pypi import pypi
from test_pypi import as_dist, snapshot

from jupyter_envmanager.models import Change
from jupyter_envmanager.pypi import PypiRequest, PypiSettings, PypiState
from jupyter_envmanager.pypi.apply import apply
from jupyter_envmanager.pypi.installed import distributions, site_folders
from jupyter_envmanager.pypi.resolve import resolve


async def output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode().strip()


async def test_a_conda_environment_takes_a_package_from_the_index(real_home: Home, tmp_path: Path) -> None:
    job = await real_home.create("mine", "python", "idna", kernel=None)
    assert job.state == "succeeded", job.error
    await real_home.service.queue.wait_for_aftercare(job.id)
    prefix = real_home.envs / "mine"
    (site,) = site_folders(prefix)
    present = distributions(site)
    conda = [as_dist(dist) for dist in present if dist.installer == "conda"]
    assert "idna" in {dist.name for dist in conda}
    python = str(prefix / "bin" / "python")
    version = await output(python, "-B", "-c", "import platform; print(platform.python_version())")
    before = snapshot(prefix)
    with serve_index() as index:
        index.wheel(
            "app",
            "1.0",
            requires=["idna"],
            files={"app.py": "import idna, sys\n\ndef main():\n    print(sys.prefix, idna.__version__)\n"},
            scripts={"app": "app:main"},
        )
        settings = PypiSettings(index=index.url, cache=str(tmp_path / "cache"))
        state = PypiState(python=python, python_version=version, conda=conda)
        plan = await resolve(PypiRequest(install=["app"]), state, settings)
        assert [(action.op, action.name) for action in plan.actions] == [("install", "app")]
        assert snapshot(prefix) == before
        stage = prefix.parent / ".envmanager" / "0123" / "stage-1"
        stage.parent.mkdir(parents=True)
        shutil.copytree(prefix, stage, symlinks=True, copy_function=os.link)
        apply(plan, stage=stage, prefix=prefix, settings=settings, report=lambda *_, **__: None)
    # The stage has all of the former state, byte for byte, and the former state is as it was.
    after = snapshot(stage)
    assert {path: after.get(path) for path in before} == before
    assert all("app" in path for path in after.keys() - before.keys())
    assert snapshot(prefix) == before
    prefix.rename(stage.with_name("old"))
    stage.rename(prefix)
    assert (await output(str(prefix / "bin" / "app"))).split()[0] == str(prefix)
    assert [dist.name for dist in distributions(site) if dist.installer != "conda"] == ["app"]


TOOL = {"bin/tool": b"#!/bin/sh\necho conda\n", "share/tool/empty": b""}


@pytest.fixture
def tool_home(
    make_home: MakeHome, channel: ChannelServer, shared_pkgs: Path, index: IndexServer, tmp_path: Path
) -> Iterator[Home]:
    """A home where conda has a tool of the same name as the script of a wheel."""
    written = write_channel(tmp_path / "channels" / "tools", (Synthetic("tool", "1.0", files=TOOL),))
    index.wheel("wrapper", "1.0", files={"wrapper.py": "def main(): print('pypi')\n"}, scripts={"tool": "wrapper:main"})
    with serve(written.directory) as server:
        yield make_home(channel.url, server.url, pkgs=shared_pkgs, index=index.url)


async def test_a_wheel_replaces_files_of_conda_only_with_a_yes(tool_home: Home, index: IndexServer) -> None:
    await tool_home.create("one", "python", "idna", "tool", kernel=None)
    prefix = tool_home.envs / "one"
    (site,) = site_folders(prefix)
    theirs = {file: file.read_bytes() for file in (prefix / "bin" / "tool", site / "idna" / "core.py")}
    before = snapshot(prefix)
    index.wheel("hack", "1.0", files={"hack.py": "", "idna/core.py": "hacked = 1\n"})
    for wheel, package, file in (("wrapper", "tool", "bin/tool"), ("hack", "idna", "idna/core.py")):
        job = await change(tool_home, "one", pypi(wheel))
        assert job.state == "failed"
        assert job.error is not None
        assert job.error.code == "overwrites_conda"
        assert wheel in job.error.message
        assert [one["name"] for one in job.error.details["packages"]] == [package]
        assert [path.endswith(file) for path in job.error.details["files"]] == [True]
        changed = {path for path, state in snapshot(prefix).items() if before.get(path) != state}
        assert not {path for path in changed if "__pycache__" not in path}
        job = await change(tool_home, "one", Change(pypi=pypi(wheel).pypi, accept=["overwrites_conda"]))
        assert job.state == "succeeded", job.error
        before = snapshot(prefix)
    assert all(file.read_bytes() != content for file, content in theirs.items())
    assert await output(str(prefix / "bin" / "tool")) == "pypi"
    # conda's records still list the files: they are conda's to remove.
    for wheel in ("wrapper", "hack"):
        job = await change(tool_home, "one", Change(remove=[wheel]))
        assert job.state == "succeeded", job.error
    assert all(file.exists() for file in theirs)
    assert not (site / "wrapper.py").exists()


async def test_the_same_content_needs_no_yes_and_stays_condas(tool_home: Home, index: IndexServer) -> None:
    await tool_home.create("one", "python", "tool", kernel=None)
    index.wheel("twin", "1.0", files={"twin.py": "", "twin-1.0.data/data/share/tool/empty": ""})
    for wish in (pypi("twin"), Change(remove=["twin"])):
        job = await change(tool_home, "one", wish)
        assert job.state == "succeeded", job.error
        assert (tool_home.envs / "one" / "share" / "tool" / "empty").read_bytes() == b""


@pytest.mark.parametrize("file", ["frozen", "evil-1.0-0.json", "history"])
async def test_no_wheel_writes_into_condas_records(tool_home: Home, index: IndexServer, file: str) -> None:
    await tool_home.create("one", "python", kernel=None)
    prefix = tool_home.envs / "one"
    records = snapshot(prefix / "conda-meta")
    index.wheel("evil", "1.0", files={"evil.py": "", f"evil-1.0.data/data/conda-meta/{file}": "{}"})
    # A yes to replacing files is none to this.
    job = await change(tool_home, "one", Change(pypi=pypi("evil").pypi, accept=["overwrites_conda"]))
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "damaged"
    assert f"conda's records: conda-meta/{file}" in job.error.message
    assert snapshot(prefix / "conda-meta") == records


async def test_no_name_of_a_folder_is_a_way_around(tool_home: Home, index: IndexServer) -> None:
    await tool_home.create("one", "python", "tool", kernel=None)
    prefix = tool_home.envs / "one"
    for link, folder in (("tools", "bin"), ("records", "conda-meta")):
        (prefix / link).symlink_to(folder)
    index.wheel("sly", "1.0", files={"sly.py": "", "sly-1.0.data/data/tools/tool": "#!/bin/sh\n"})
    index.wheel("slyer", "1.0", files={"slyer.py": "", "slyer-1.0.data/data/records/frozen": "{}"})
    for wheel, code in (("sly", "overwrites_conda"), ("slyer", "damaged")):
        job = await change(tool_home, "one", pypi(wheel))
        assert job.error is not None
        assert job.error.code == code
    assert (prefix / "bin" / "tool").read_bytes() == TOOL["bin/tool"]
