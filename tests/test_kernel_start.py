"""Kernels as a notebook uses them: started from registered specs in a real environment, interrupted, restarted."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import Home
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from jupyter_envmanager.kernels import check_kernel
from jupyter_envmanager.models import NewKernel

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX shells")
TIMEOUT = 60.0
FACTS = """
import json, os, shutil, site, sys
print(json.dumps({
    "prefix": sys.prefix, "pid": os.getpid(), "path": os.environ["PATH"].split(":"), "pip": shutil.which("python"),
    "user_site": bool(site.ENABLE_USER_SITE), "variables": dict(os.environ),
}))
"""


@asynccontextmanager
async def started(home: Home, name: str) -> AsyncIterator[Any]:
    """A running kernel with a client, as Jupyter starts it."""
    manager = AsyncKernelManager(
        kernel_name=name,
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(home.kernels)]),
        connection_file=str(home.path / f"{name}.json"),
    )
    # A server has variables of its own, and Python's must not reach the kernel.
    env = {**os.environ, "HOME": str(home.path), "IPYTHONDIR": str(home.path / "ipython"), "PYTHONNOUSERSITE": ""}
    await manager.start_kernel(cwd=str(home.path), env=env)
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=TIMEOUT)
        yield manager, client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def run(client: Any, code: str) -> tuple[dict[str, Any], str]:
    """Run a cell: the reply, and what it printed."""
    printed: list[str] = []
    reply = await client.execute_interactive(
        code, timeout=TIMEOUT, output_hook=lambda message: printed.append(message["content"].get("text", ""))
    )
    return reply["content"], "".join(printed)


async def interrupted(manager: Any, client: Any, code: str) -> dict[str, Any]:
    """Run a cell that says when it has begun, and interrupt it."""
    begun = asyncio.Event()

    def hook(message: Any) -> None:
        if "begun" in message["content"].get("text", ""):
            begun.set()

    cell = asyncio.ensure_future(client.execute_interactive(code, timeout=TIMEOUT, output_hook=hook))
    await asyncio.wait_for(begun.wait(), TIMEOUT)
    # bash_kernel loses a signal that comes while it passes on output; whoever waits presses the button again.
    while not cell.done():
        await manager.interrupt_kernel()
        await asyncio.wait({cell}, timeout=3.0)
    content: dict[str, Any] = (await cell)["content"]
    return content


async def lab(home: Home, name: str, *specs: str) -> Path:
    """An environment with what a package's activation sets, and what a user has set for it."""
    job = await home.create(name, *specs)
    assert job.state == "succeeded", job.error
    prefix = home.envs / name
    scripts = prefix / "etc" / "conda" / "activate.d"
    scripts.mkdir(parents=True)
    (scripts / "lib.sh").write_text('export FROM_SCRIPT="at $CONDA_PREFIX"\n')
    state = {"env_vars": {"FROM_STATE": "quote ' and $(touch pwned)"}}
    (prefix / "conda-meta" / "state").write_text(json.dumps(state))
    return prefix


async def test_a_python_kernel_lives_as_a_notebook_expects(real_home: Home) -> None:
    prefix = await lab(real_home, "lab", "python", "ipykernel")
    environment = next(e for e in (await real_home.service.environments()).environments if e.name == "lab")
    wish = NewKernel(environment=environment.id, name="mine", variables={"MINE": "a b; $HOME `id` 'ü'"})
    kernel = await real_home.service.kernels.register(wish)
    async with started(real_home, "mine") as (manager, client):
        process = psutil.Process(manager.provisioner.pid)
        facts = json.loads((await run(client, FACTS))[1])
        variables = facts["variables"]
        assert facts["prefix"] == str(prefix)
        assert facts["path"][0] == str(prefix / "bin")
        assert facts["pip"] == str(prefix / "bin" / "python")
        assert facts["user_site"] is False
        assert variables["CONDA_PREFIX"] == str(prefix)
        assert variables["CONDA_DEFAULT_ENV"] == "lab"
        assert variables["MINE"] == "a b; $HOME `id` 'ü'"
        assert variables["FROM_STATE"] == "quote ' and $(touch pwned)"
        assert variables["FROM_SCRIPT"] == f"at {prefix}"
        # No shell waits for it: signals go to the kernel itself.
        assert facts["pid"] == process.pid
        assert not list(real_home.path.rglob("pwned"))

        reply = await interrupted(manager, client, "import time; print('begun', flush=True); time.sleep(600)")
        assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
        assert (await run(client, "kept = 6 * 7; print(kept)"))[1] == "42\n"

        await manager.restart_kernel()
        await client.wait_for_ready(timeout=TIMEOUT)
        reply, _ = await run(client, "kept")
        assert reply["ename"] == "NameError"
        facts = json.loads((await run(client, FACTS))[1])
        assert (facts["prefix"], facts["variables"]["MINE"]) == (str(prefix), "a b; $HOME `id` 'ü'")
        assert facts["pid"] != process.pid

        await run(client, "import subprocess; child = subprocess.Popen(['sleep', '617'])")
        processes = [psutil.Process(facts["pid"]), *psutil.Process(facts["pid"]).children(recursive=True)]
        assert any("617" in process.cmdline() for process in processes)
        await manager.shutdown_kernel()
        assert psutil.wait_procs(processes, timeout=TIMEOUT)[1] == []
    check = await asyncio.to_thread(check_kernel, Path(kernel.path) / "kernel.json", prefix, TIMEOUT)
    assert check.problem is None
    assert (check.prefix, check.user_site) == (str(prefix), False)


async def test_a_kernel_that_may_see_the_users_packages_sees_them(real_home: Home) -> None:
    await lab(real_home, "lab", "python", "ipykernel")
    environment = next(e for e in (await real_home.service.environments()).environments if e.name == "lab")
    wish = NewKernel(environment=environment.id, name="open", user_site=True)
    await real_home.service.kernels.register(wish)
    async with started(real_home, "open") as (_, client):
        assert json.loads((await run(client, FACTS))[1])["user_site"] is True


# bash_kernel's kernelspec has a key that jupyter_client does not know.
@pytest.mark.filterwarnings("ignore:Passing unrecognized arguments:DeprecationWarning")
async def test_another_language_starts_in_its_environment(real_home: Home) -> None:
    prefix = await lab(real_home, "shell", "python", "bash_kernel")
    environment = next(e for e in (await real_home.service.environments()).environments if e.name == "shell")
    sources = {offer.source: offer for offer in (await real_home.service.kernels.offers(environment.id)).offers}
    assert sources["bash"].language == "bash"
    kernel = await real_home.service.kernels.register(
        NewKernel(environment=environment.id, name="sh", source="bash", variables={"MINE": "it's mine"})
    )
    assert kernel.language == "bash"
    assert (Path(kernel.path) / "logo-svg.svg").exists()
    async with started(real_home, "sh") as (manager, client):
        _, printed = await run(client, 'echo "$CONDA_PREFIX $FROM_SCRIPT $MINE"; command -v python')
        assert printed.split("\n")[:2] == [f"{prefix} at {prefix} it's mine", str(prefix / "bin" / "python")]
        await interrupted(manager, client, "echo begun; sleep 600")
        assert (await run(client, "echo alive"))[1].strip() == "alive"
        processes = [psutil.Process(manager.provisioner.pid)]
        processes += processes[0].children(recursive=True)
        await manager.shutdown_kernel()
        assert psutil.wait_procs(processes, timeout=TIMEOUT)[1] == []
    check = await asyncio.to_thread(check_kernel, Path(kernel.path) / "kernel.json", prefix, TIMEOUT)
    assert check.problem is None
    assert check.banner
    assert (check.prefix, check.path, check.user_site) == (None, [], None)
