"""PyPI packages in a real conda environment: nothing of conda's is touched, nothing of it is missing."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

from conftest import Home
from pypi_index import serve_index
from test_pypi import as_dist, snapshot

from jupyter_envmanager.pypi import PypiRequest, PypiSettings, PypiState, apply, distributions, resolve, site_folders


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
