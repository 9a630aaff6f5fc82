"""A kernel that cannot start explains itself in the notebook; one that can is started as ever."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.ioloop.manager import AsyncIOLoopKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from traitlets.config import Application, Config

from jupyter_envmanager.kernels import check_kernel
from jupyter_envmanager.kernels.doubts import doubt
from jupyter_envmanager.kernels.explaining import MIME
from jupyter_envmanager.kernels.kernelspec import parse
from jupyter_envmanager.kernels.provisioner import VARIABLE, ExplainingProvisioner, explain_failures

TIMEOUT = 60.0
DIES = "import sys; print('<b>no</b> licence', file=sys.stderr); sys.exit(3)"


@pytest.fixture(autouse=True)
def provisioner(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The provisioner, as the server installs it; afterwards all is as before."""
    monkeypatch.setattr(KernelProvisionerFactory, "provisioners", {})
    KernelProvisionerFactory.clear_instance()
    assert explain_failures()
    yield
    KernelProvisionerFactory.clear_instance()


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No kernel, and no file of one, is left."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    left = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    assert left == []
    assert list(scratch.iterdir()) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The notebook's folder, with a file that would break any kernel that imported it."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "json.py").write_text("raise SystemExit('the wrong json')\n")
    return folder


MakeSpec = Callable[..., Path]


@pytest.fixture
def make_spec(tmp_path: Path) -> MakeSpec:
    """Write a kernelspec, or write it anew."""

    def make(*argv: str, **fields: Any) -> Path:
        target = tmp_path / "kernels" / "lab"
        target.mkdir(parents=True, exist_ok=True)
        content = {"argv": list(argv), "display_name": "My <Lab>", "language": "python", **fields}
        (target / "kernel.json").write_text(json.dumps(content))
        return target

    return make


def ipykernel(python: str = sys.executable) -> list[str]:
    return [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


@asynccontextmanager
async def started(tmp_path: Path, folder: Path, looks: float = 0.2, **more: Any) -> AsyncIterator[Any]:
    """A kernel as the server starts it, with the restarter that looks after it."""
    manager = AsyncIOLoopKernelManager(
        # The server looks every three seconds.
        config=Config(AsyncIOLoopKernelRestarter={"time_to_dead": looks}),
        kernel_name="lab",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(tmp_path / "kernels")]),
        connection_file=str(tmp_path / "connection.json"),
    )
    await manager.start_kernel(cwd=str(folder), **more)
    try:
        yield manager
    finally:
        await manager.shutdown_kernel()


async def run(manager: Any, code: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Run a cell: the reply, and the outputs."""
    outputs: list[dict[str, Any]] = []
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=TIMEOUT)
        reply = await client.execute_interactive(code, timeout=TIMEOUT, output_hook=outputs.append)
    finally:
        client.stop_channels()
    return reply["content"], [
        message for message in outputs if message["msg_type"] in ("display_data", "stream", "error")
    ]


async def explanation(manager: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The problem that a cell shows, and its whole bundle."""
    reply, outputs = await run(manager, "1 + 1")
    assert reply["status"] == "error"
    (shown,) = outputs
    data = shown["content"]["data"]
    problem = data[MIME]
    assert reply["evalue"] == problem["message"]
    assert set(problem) == {"code", "message", "hint", "prefix", "kernel", "remedy", "output"}
    assert problem["message"] in data["text/plain"]
    assert problem["hint"] in data["text/plain"]
    assert "<Lab>" not in data["text/html"]
    return problem, data


async def value(manager: Any, code: str) -> str:
    reply, outputs = await run(manager, code)
    assert reply["status"] == "ok", reply
    return "".join(message["content"].get("text", "") for message in outputs)


async def until_explained(manager: Any) -> None:
    for _ in range(600):
        if getattr(manager.provisioner, "_explained", False):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the kernel did not explain itself")


def make_venv(prefix: Path, kernel: bool = True) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    if kernel:
        see_ipykernel(prefix)
    return prefix


def see_ipykernel(prefix: Path) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (prefix / "lib" / version / "site-packages" / "kernel.pth").write_text(sysconfig.get_path("purelib") + "\n")


async def test_a_good_kernel_is_the_one_of_its_spec(tmp_path: Path, folder: Path, make_spec: MakeSpec) -> None:
    (folder / "json.py").unlink()
    make_spec(*ipykernel(), env={"GREETING": "hello"})
    async with started(tmp_path, folder) as manager:
        assert isinstance(manager.provisioner, ExplainingProvisioner)
        answer = await value(manager, "import os; print(os.getpid(), os.environ['GREETING'], os.getcwd())")
        assert answer.split() == [str(manager.provisioner.pid), "hello", str(folder)]
        await manager.restart_kernel()
        answer = await value(manager, "import os; print(os.getpid())")
        assert answer.split() == [str(manager.provisioner.pid)]


async def test_a_kernel_whose_environment_is_gone_says_so(tmp_path: Path, folder: Path, make_spec: MakeSpec) -> None:
    prefix = tmp_path / "envs" / "lab"
    # What the kernelspec sets for its own interpreter must not break ours.
    make_spec(
        *ipykernel(str(prefix / "bin" / "python")),
        metadata={"jupyter_envmanager": {"prefix": str(prefix), "environment": "0"}},
        env={"PYTHONHOME": "/nowhere", "LD_PRELOAD": ""},
    )
    async with started(tmp_path, folder) as manager:
        problem, data = await explanation(manager)
        assert (problem["code"], problem["kernel"], problem["remedy"]) == ("kernel_failed", "lab", "create")
        assert problem["prefix"] == str(prefix)
        assert str(prefix) in problem["message"]
        assert "My &lt;Lab&gt;" in data["text/html"]
        # An interrupt leaves it alive, and "Run All" stops at each cell.
        await manager.interrupt_kernel()
        again, _ = await explanation(manager)
        assert again == problem
        # Still gone: it says so again after a restart.
        await manager.restart_kernel()
        assert (await explanation(manager))[0] == problem
        # Repaired: the kernel itself runs.
        make_venv(prefix)
        (folder / "json.py").unlink()
        make_spec(*ipykernel(str(prefix / "bin" / "python")))
        await manager.restart_kernel()
        assert (await value(manager, "import sys; print(sys.prefix)")).strip() == str(prefix)


async def test_a_notebook_stays_one_of_its_language(tmp_path: Path, folder: Path, make_spec: MakeSpec) -> None:
    for language, kind in (("python", "text/x-python"), ("R", "text/plain")):
        make_spec("/gone/bin/kernel", language=language)
        async with started(tmp_path, folder) as manager:
            client = manager.client()
            client.start_channels()
            info = (await client.kernel_info(reply=True, timeout=TIMEOUT))["content"]
            client.stop_channels()
            assert info["status"] == "ok"
            assert (info["language_info"]["name"], info["language_info"]["mimetype"]) == (language, kind)
            assert "/gone" in info["banner"]


async def test_missing_ipykernel_is_named_at_once(tmp_path: Path, folder: Path, make_spec: MakeSpec) -> None:
    prefix = make_venv(tmp_path / "my lab", kernel=False)
    (prefix / "conda-meta").mkdir()
    make_spec(*ipykernel(str(prefix / "bin" / "python")))
    (folder / "json.py").unlink()
    async with started(tmp_path, folder) as manager:
        assert manager.provisioner._explained
        problem, _ = await explanation(manager)
        assert problem["message"].startswith(f"ipykernel is not installed in {prefix}")
        assert f"jupyter envmanager install '{prefix}' ipykernel" in problem["hint"]
        assert problem["remedy"] == "install"
        # Nothing of the kernelspec has changed: the same restart finds the repair.
        see_ipykernel(prefix)
        await manager.restart_kernel()
        assert (await value(manager, "import sys; print(sys.prefix)")).strip() == str(prefix)
        assert not manager.provisioner._explained


async def test_a_suspicion_alone_keeps_no_kernel_from_running(
    tmp_path: Path, folder: Path, make_spec: MakeSpec
) -> None:
    (folder / "json.py").unlink()
    make_spec(*ipykernel(), metadata={"jupyter_envmanager": {"prefix": str(tmp_path / "gone")}})
    async with started(tmp_path, folder) as manager:
        assert (await value(manager, "print(1 + 1)")).strip() == "2"


async def test_a_kernel_that_dies_at_start_is_tried_once_more_to_say_why(
    tmp_path: Path, folder: Path, make_spec: MakeSpec
) -> None:
    make_spec(sys.executable, "-c", DIES, "{connection_file}")
    async with started(tmp_path, folder) as manager:
        await until_explained(manager)
        problem, data = await explanation(manager)
        assert "no</b> licence" in problem["message"]
        assert problem["output"] == "<b>no</b> licence\n"
        assert "<b>no</b>" not in data["text/html"]
        # The next restart finds out without the restarter, and at once.
        await manager.restart_kernel()
        assert manager.provisioner._explained


async def test_a_file_that_stands_in_for_a_module_is_named(tmp_path: Path, folder: Path, make_spec: MakeSpec) -> None:
    (folder / "json.py").write_text("import nothing_of_that_name\n")
    make_spec(sys.executable, "-c", "import json", "{connection_file}")
    async with started(tmp_path, folder) as manager:
        await until_explained(manager)
        problem, _ = await explanation(manager)
        assert "json.py" in problem["message"]
        assert "another name" in problem["hint"]


async def test_a_missing_library_is_named(tmp_path: Path, folder: Path, make_spec: MakeSpec) -> None:
    script = tmp_path / "kernel.sh"
    text = "ImportError: libzmq.so.5: cannot open shared object file: No such file or directory"
    script.write_text(f"#!/bin/sh\necho '{text}' >&2\nexit 1\n")
    make_spec("/bin/sh", str(script), "{connection_file}")
    async with started(tmp_path, folder) as manager:
        await until_explained(manager)
        problem, _ = await explanation(manager)
        assert "libzmq.so.5" in problem["message"]
        assert problem["remedy"] == "install"


async def test_a_kernel_that_was_killed_is_not_explained(tmp_path: Path, folder: Path, make_spec: MakeSpec) -> None:
    (folder / "json.py").unlink()
    make_spec(*ipykernel())
    async with started(tmp_path, folder) as manager:
        first = manager.provisioner.pid
        os.kill(first, signal.SIGKILL)
        for _ in range(600):
            if manager.provisioner.pid != first:
                break
            await asyncio.sleep(0.05)
        assert (await value(manager, "import os; print(os.getpid())")).strip() == str(manager.provisioner.pid)
        assert manager.provisioner.pid != first


@pytest.mark.parametrize("crash", ["os._exit(3)", "os.abort()"])
async def test_a_crash_in_the_first_cell_is_no_failed_start(
    tmp_path: Path, folder: Path, make_spec: MakeSpec, crash: str
) -> None:
    (folder / "json.py").unlink()
    make_spec(*ipykernel())
    # As seldom as the server looks: it has not seen the kernel alive before the crash.
    async with started(tmp_path, folder, looks=3.0) as manager:
        first = manager.provisioner.pid
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=TIMEOUT)
        client.execute(f"import os; {crash}")
        for _ in range(600):
            if manager.provisioner.pid != first:
                break
            await asyncio.sleep(0.05)
        client.stop_channels()
        assert (await value(manager, "import os; print(os.getpid())")).strip() == str(manager.provisioner.pid)
        assert manager.provisioner.pid != first


async def test_a_doubt_that_does_not_end_or_breaks_holds_up_no_kernel(
    tmp_path: Path, folder: Path, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "json.py").unlink()
    make_spec(*ipykernel())
    end = threading.Event()

    def broken(_spec: object) -> None:
        raise RuntimeError("a strange kernelspec")

    try:
        for look in (lambda _spec: end.wait(), broken):
            monkeypatch.setattr("jupyter_envmanager.kernels.provisioner.doubt", look)
            async with started(tmp_path, folder) as manager:
                assert (await value(manager, "print(1 + 1)")).strip() == "2"
            assert not end.is_set()
    finally:
        end.set()


async def test_a_slow_kernel_in_doubt_is_watched_on_after_its_start(
    tmp_path: Path, folder: Path, make_spec: MakeSpec
) -> None:
    (folder / "json.py").unlink()
    gone = {"jupyter_envmanager": {"prefix": str(tmp_path / "gone")}}
    script = tmp_path / "kernel.sh"
    wait = f"until [ -e '{tmp_path}/go' ]; do sleep 0.1; done"
    script.write_text(f'{wait}\n[ -e "{tmp_path}/die" ] && exit 1\nexec {sys.executable} "$@"\n')
    make_spec("/bin/sh", str(script), *ipykernel()[1:], metadata=gone)
    # It is started before it has come up.
    async with started(tmp_path, folder) as manager:
        (tmp_path / "go").touch()
        assert (await value(manager, "print(1 + 1)")).strip() == "2"
        (tmp_path / "go").unlink()
        (tmp_path / "die").touch()
        await asyncio.wait_for(manager.restart_kernel(), 7)
        assert not manager.provisioner._explained
        (tmp_path / "go").touch()
        await until_explained(manager)
        assert (await explanation(manager))[0]["kernel"] == "lab"


async def test_the_case_is_a_private_file_of_any_size(tmp_path: Path, folder: Path, make_spec: MakeSpec) -> None:
    make_spec("/gone/bin/python", metadata={"much": "x" * 300_000})
    async with started(tmp_path, folder) as manager:
        problem, _ = await explanation(manager)
        assert "/gone is not there" in problem["message"]
        assert list(tmp_path.glob("envmanager-case-*")) == []
        environment = psutil.Process(manager.provisioner.pid).environ()
        assert len(environment[VARIABLE]) < 1000
        # One that nobody has read is not left.
        unread = Path(manager.provisioner._hand_over({"message": "x"}))
        assert unread.stat().st_mode & 0o777 == 0o600
    assert not unread.exists()


def test_a_strange_kernelspec_is_not_in_doubt(tmp_path: Path) -> None:
    for prefix in ("/" + "a" * 300, "/a" * 5000):
        stamp = {"jupyter_envmanager": {"prefix": prefix}}
        assert doubt(parse("lab", tmp_path, {"argv": ipykernel(), "metadata": stamp})) is None
    assert doubt(parse("lab", tmp_path, {"argv": ["/" + "a" * 5000], "env": {"CONDA_PREFIX": "/" + "b" * 300}})) is None


async def test_a_kernel_that_may_not_be_run_says_so(tmp_path: Path, folder: Path, make_spec: MakeSpec) -> None:
    program = tmp_path / "kernel"
    program.write_text("#!/bin/sh\n")
    make_spec(str(program), "{connection_file}")
    async with started(tmp_path, folder) as manager:
        problem, _ = await explanation(manager)
        assert "you may not run" in problem["message"]


async def test_a_session_of_the_server_starts_all_the_same(jp_fetch: Any, jp_serverapp: Any, jp_data_dir: Path) -> None:
    target = jp_data_dir / "kernels" / "gone"
    target.mkdir(parents=True)
    content = {"argv": ["/gone/bin/python"], "display_name": "My <Lab>", "language": "python"}
    (target / "kernel.json").write_text(json.dumps(content))
    body = {"path": "a.ipynb", "type": "notebook", "name": "a", "kernel": {"name": "gone"}}
    answer = await jp_fetch("api", "sessions", method="POST", body=json.dumps(body))
    assert answer.code == 201
    kernel = json.loads(answer.body)["kernel"]["id"]
    manager = jp_serverapp.kernel_manager.get_kernel(kernel)
    reply, outputs = await run(manager, "1 + 1")
    assert reply["status"] == "error"
    assert outputs[0]["content"]["data"][MIME]["remedy"] == "create"
    content["argv"] = ipykernel()
    (target / "kernel.json").write_text(json.dumps(content))
    answer = await jp_fetch("api", "kernels", kernel, "restart", method="POST", body="{}")
    assert answer.code == 200
    assert (await value(manager, "print(1 + 1)")).strip() == "2"
    await jp_fetch("api", "kernels", kernel, method="DELETE")


def test_a_test_start_still_fails(make_spec: MakeSpec, tmp_path: Path) -> None:
    check = check_kernel(make_spec("/gone/bin/python") / "kernel.json", tmp_path, TIMEOUT)
    assert check.state == "failed"
    assert check.problem is not None
    assert check.problem.details["remedy"] == "register"


def test_the_choice_of_a_site_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    KernelProvisionerFactory.clear_instance()
    application = Application(config=Config(KernelProvisionerFactory={"default_provisioner_name": "local-provisioner"}))
    assert not explain_failures(application)
    assert KernelProvisionerFactory.instance().default_provisioner_name == "local-provisioner"
    KernelProvisionerFactory.clear_instance()
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "slurm")
    assert not explain_failures()
    assert KernelProvisionerFactory.instance().default_provisioner_name == "slurm"


def test_a_checkout_needs_no_entry_point() -> None:
    entry = KernelProvisionerFactory.instance().provisioners["jupyter-envmanager"]
    assert isinstance(entry, EntryPoint)
    assert entry.load() is ExplainingProvisioner
