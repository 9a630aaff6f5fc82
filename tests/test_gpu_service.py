"""GPU checks of real environments: over REST, over the command line, and after a job."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import nvml_library
import pytest
from conftest import Home, MakeHome, until
from gpu_standins import BLIND_TORCH, CPU_TORCH, HANGING, TORCH, make_venv, put, runs, site_packages
from killing import obeys_interrupts

from jupyter_envmanager.engine.workplace import MARKER
from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.errors import Busy, NotFound
from jupyter_envmanager.gpu.results import GpuResults
from jupyter_envmanager.models import GpuCheck

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes in /proc")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's home."""
    return tmp_path / "home"


@pytest.fixture
def prefix(home: Path) -> Path:
    """A virtual environment among the user's environments."""
    return make_venv(home / ".conda" / "envs" / "lab")


@pytest.fixture
def lab(prefix: Path, home: Path, make_home: MakeHome) -> Home:
    """The service, with that environment."""
    return make_home(path=home)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with a library that plays a driver."""
    folder = tmp_path / "nvml"
    folder.mkdir()
    if nvml_library.build(folder) is None:
        pytest.skip("needs gcc on Linux to build a libnvidia-ml.so.1")
    return folder


def hanging(prefix: Path, file: Path) -> None:
    """Let the environment's torch hang, once it has written the numbers of its processes."""
    put(site_packages(prefix), {"torch.py": HANGING.format(file=str(file))})


# The service


async def test_a_check_is_kept_listed_and_outdated_by_a_change(lab: Home, prefix: Path) -> None:
    put(site_packages(prefix), {"torch.py": CPU_TORCH})
    gpus, one = lab.service.gpus, environment_id(prefix)
    told: list[str] = []
    gpus.checked = told.append
    assert (await lab.service.environment(one)).gpu is None
    begun = await gpus.check(one)
    assert begun.state == "running"
    assert (await lab.service.environment(one)).gpu == "running"
    check = await gpus.wait(one)
    assert check is not None
    assert (check.state, check.host != "") == ("cpu_build", True)
    assert told == [one, one]
    listed = await lab.service.environment(one)
    assert (listed.gpu, listed.gpu_checked, listed.gpu_outdated) == ("cpu_build", check.time, False)
    shown = await gpus.environment(one)
    assert (shown.check, shown.outdated, shown.builds) == (check, False, [])
    later = check.time + 60
    os.utime(prefix / "pyvenv.cfg", (later, later))
    assert (await gpus.environment(one)).outdated


async def test_results_outlive_the_server(lab: Home, prefix: Path, make_home: MakeHome) -> None:
    put(site_packages(prefix), {"torch.py": CPU_TORCH})
    one = environment_id(prefix)
    await lab.service.gpus.check(one)
    check = await lab.service.gpus.wait(one)
    again = make_home(path=lab.path)
    assert (await again.service.gpus.environment(one)).check == check


async def test_a_check_that_is_cancelled_leaves_nothing_but_the_former_result(
    lab: Home, prefix: Path, tmp_path: Path
) -> None:
    gpus, one, file = lab.service.gpus, environment_id(prefix), tmp_path / "pids"
    put(site_packages(prefix), {"torch.py": CPU_TORCH})
    await gpus.check(one)
    former = await gpus.wait(one)
    hanging(prefix, file)
    await gpus.check(one)
    with pytest.raises(Busy):
        await gpus.check(one)
    await until(file.exists)
    await gpus.cancel(one)
    assert not any(runs(int(pid)) for pid in file.read_text().split())
    assert (await gpus.environment(one)).check == former
    with pytest.raises(NotFound):
        await gpus.cancel(one)


async def test_a_check_that_is_cancelled_at_once_is_gone(lab: Home, prefix: Path) -> None:
    gpus, one = lab.service.gpus, environment_id(prefix)
    await gpus.check(one)
    await gpus.cancel(one)
    assert (await lab.service.environment(one)).gpu is None
    assert await gpus.wait(one) is None


async def test_a_server_that_stops_ends_its_checks(lab: Home, prefix: Path, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    hanging(prefix, file)
    await lab.service.gpus.check(environment_id(prefix))
    await until(file.exists)
    await lab.service.gpus.stop()
    assert not any(runs(int(pid)) for pid in file.read_text().split())


async def test_two_checks_run_at_once_and_the_third_waits(lab: Home, prefix: Path, tmp_path: Path) -> None:
    prefixes = [prefix, *(make_venv(prefix.with_name(name)) for name in ("two", "three"))]
    files = [tmp_path / folder.name for folder in prefixes]
    for folder, file in zip(prefixes, files, strict=True):
        hanging(folder, file)
        await lab.service.gpus.check(environment_id(folder))
    # Each is looked up in a thread before it queues: any two may come first.
    await until(lambda: sum(file.exists() for file in files) == 2)
    last = next(number for number, file in enumerate(files) if not file.exists())
    assert (await lab.service.environment(environment_id(prefixes[last]))).gpu == "running"
    await lab.service.gpus.cancel(environment_id(prefixes[last - 1]))
    await until(files[last].exists)


async def test_an_environment_without_python_has_nothing_to_ask(lab: Home, home: Path) -> None:
    prefix = home / ".conda" / "envs" / "shells"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").touch()
    one = environment_id(prefix)
    await lab.service.gpus.check(one)
    check = await lab.service.gpus.wait(one)
    assert check is not None
    assert check.state == "not_checkable"
    assert "torch" in check.message


async def test_a_conda_environment_is_asked_as_its_kernels_are_started(lab: Home, prefix: Path) -> None:
    (prefix / "pyvenv.cfg").rename(prefix / "bin" / "pyvenv.cfg")
    scripts = prefix / "etc" / "conda" / "activate.d"
    put(scripts, {"cuda.sh": "export FROM_ACTIVATION=seen\n"})
    record = {"name": "python", "version": "3.11.7", "build": "0", "depends": [], "files": []}
    put(prefix / "conda-meta", {"history": "", "python-3.11.7-0.json": json.dumps(record)})
    tells = "import os\nprint(os.environ['FROM_ACTIVATION'], os.environ['CONDA_PREFIX'])\n"
    put(site_packages(prefix), {"torch.py": tells + CPU_TORCH})
    one = environment_id(prefix)
    await lab.service.gpus.check(one)
    check = await lab.service.gpus.wait(one)
    assert check is not None
    assert f"seen {prefix}" in check.output


async def test_the_target_and_the_builds_of_an_environment_are_read_from_it(lab: Home, home: Path) -> None:
    prefix = home / ".conda" / "envs" / "made"
    target = {"name": "cuda=12.6", "title": "CUDA 12.6", "origin": "custom", "cuda": "12.6"}
    build = "cuda126_mkl_py312_h30b5a27_300"
    torch = {
        "name": "pytorch",
        "version": "2.6.0",
        "build": build,
        "depends": ["cuda-version >=12.6,<13"],
        "paths_data": {"paths": [], "paths_version": 1},
    }
    put(
        prefix / "conda-meta",
        {
            "history": "",
            f"pytorch-2.6.0-{build}.json": json.dumps(torch),
            "broken-1-0.json": "{",
        },
    )
    put(prefix, {str(MARKER): json.dumps({"gpu": target})})
    shown = await lab.service.gpus.environment(environment_id(prefix))
    assert (shown.target.name, shown.target.cuda, shown.check) == ("cuda=12.6", "12.6", None)
    assert [(one.name, one.kind, one.cuda) for one in shown.builds] == [("pytorch", "gpu", "12.6")]


def result(state: Any = "works", when: float = 100.0) -> GpuCheck:
    return GpuCheck(state=state, time=when)


async def test_an_environment_that_is_removed_during_its_check_leaves_no_result(lab: Home, prefix: Path) -> None:
    put(site_packages(prefix), {"torch.py": f"import shutil; shutil.rmtree({str(prefix)!r})\n" + CPU_TORCH})
    gpus, one = lab.service.gpus, environment_id(prefix)
    await gpus.check(one)
    check = await gpus.wait(one)
    assert check is not None
    assert check.message == "lab was removed or replaced while its GPU was checked."
    make_venv(prefix)
    assert (await lab.service.environment(one)).gpu is None


def test_results_of_environments_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "gpu-checks"
    results = GpuResults(folder)
    gone = tmp_path / "gone"
    gone.mkdir()
    results.put("a", str(gone), result())
    results.put("b", str(tmp_path), result())
    gone.rmdir()
    assert set(results.all()) == {"a", "b"}
    results.put("c", str(tmp_path), result())
    assert set(GpuResults(folder).all()) == {"b", "c"}


def test_another_process_writes_the_same_results(tmp_path: Path) -> None:
    one, two = GpuResults(tmp_path / "results"), GpuResults(tmp_path / "results")
    one.put("a", str(tmp_path), result())
    assert two.all() == {"a": result()}
    two.put("b", str(tmp_path), result("failed"))
    assert one.all() == {"a": result(), "b": result("failed")}
    one.forget("a", 100.0)
    one.forget("b", 100.5)
    assert two.all() == {"a": result()}


def test_nothing_is_lost_where_two_write_at_once(tmp_path: Path) -> None:
    def write(name: str) -> None:
        results = GpuResults(tmp_path / "results")
        for number in range(20):
            results.put(f"{name}{number}", str(tmp_path), result())

    writers = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(GpuResults(tmp_path / "results").all()) == 40


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"prefix": 1}',
        b'{"prefix": "/", "check": {"state": "odd", "time": 1}}',
        b'{"prefix": "\xff"}',
        b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        None,
    ],
    ids=["empty", "cut", "no text", "unknown", "no unicode", "deep", "pipe"],
)
def test_an_unreadable_result_counts_as_none(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "results" / "a.json"
    file.parent.mkdir()
    if content is None:
        os.mkfifo(file)
    else:
        file.write_bytes(content)
    results = GpuResults(file.parent)
    assert results.all() == {}
    results.put("b", str(tmp_path), result())
    results.put("a", str(tmp_path), result())
    assert GpuResults(file.parent).all() == {"a": result(), "b": result()}


def test_results_that_cannot_be_written_are_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    results = GpuResults(tmp_path / "state" / "results")
    results.put("a", str(tmp_path), result())
    assert results.all() == {"a": result()}
    results.forget("a", 101.0)
    assert results.all() == {}


# After a job, on a machine with a GPU: a process of its own, since NVML is loaded once

AFTER = """
import asyncio, json, os, sys, time, msgspec
from jupyter_envmanager.cli.session import opened
from jupyter_envmanager.models import Job
async def main():
    async with opened() as service:
        for words, action, name in json.loads(sys.argv[1]):
            os.environ["NVML_STUB"] = words
            one = await service.find(name)
            job = Job(id="0" * 16, action=action, environment=one.id, prefix=one.prefix, title="", state="succeeded",
                      created=time.time(), finished=time.time())
            told = []
            service.gpus.checked = told.append
            for job in (msgspec.structs.replace(job, aftercare=True), job, job):
                service.job_changed(job)
                await service.gpus.followed()
                check = await service.gpus.wait(one.id)
            print(json.dumps([check and check.state, len(told)]))
asyncio.run(main())
"""


def test_what_a_job_has_made_is_checked_once_and_what_it_removed_is_forgotten(
    prefix: Path, home: Path, library: Path
) -> None:
    cpu, bare = (make_venv(prefix.with_name(name)) for name in ("cpu", "bare"))
    for folder, text in ((prefix, TORCH), (cpu, CPU_TORCH)):
        metadata = {"torch-2.6.0.dist-info/METADATA": "Name: torch\nVersion: 2.6.0\n"}
        put(site_packages(folder), {"torch.py": text, **metadata})
    cases: dict[tuple[str, str, str], list[Any]] = {
        ("no_devices", "create", "lab"): [None, 0],
        ("h100", "rollback", "lab"): [None, 0],
        ("h100", "create", bare.name): [None, 0],
        ("h100", "create", "lab"): ["works", 2],
        ("h100", "change", cpu.name): ["cpu_build", 2],
        ("h100", "remove", "lab"): [None, 0],
    }
    done = subprocess.run(
        [sys.executable, "-c", AFTER, json.dumps(list(cases))],
        env=variables(home, library),
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == list(cases.values())


def variables(home: Path, library: Path | None = None, words: str = "") -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "XDG"))}
    driver = {"LD_LIBRARY_PATH": str(library), "NVML_STUB": words} if library else {}
    return {**kept, **driver, "HOME": str(home)}


# The command line: several commands in one process of another user

COMMANDS = """
import contextlib, io, json, os, sys
from jupyter_envmanager.cli import main
for words, arguments in json.loads(sys.argv[1]):
    os.environ["NVML_STUB"] = words
    with contextlib.redirect_stdout(io.StringIO()) as told:
        status = main(["gpu-check", *arguments])
    print(json.dumps([status, told.getvalue()]))
"""


def test_the_command_says_what_works_and_what_does_not(prefix: Path, home: Path, library: Path) -> None:
    blind, cpu = (make_venv(prefix.with_name(name)) for name in ("blind", "cpu"))
    for folder, text in ((prefix, TORCH), (blind, BLIND_TORCH), (cpu, CPU_TORCH)):
        put(site_packages(folder), {"torch.py": text})
    cases = [("h100", ["lab"]), ("v100-470", ["blind", "--json"]), ("not_loaded", ["blind"]), ("h100", ["cpu"])]
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(cases)],
        env=variables(home, library),
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    works, cannot_see, not_checkable, cpu_build = (json.loads(line) for line in done.stdout.splitlines())
    assert works[0] == 0
    assert "torch computes on NVIDIA H100 × 2." in works[1]
    assert "CUDA 12.4 · cuDNN 9.1.0 · NVIDIA H100 · sm_80 sm_90 compute_90 · matrix product" in works[1]
    found = json.loads(cannot_see[1])
    assert (cannot_see[0], found["state"], found["driver"]) == (1, "cannot_see", "470.256.02")
    assert "needs a driver for CUDA 12.0 or newer" in found["message"]
    assert not_checkable[0] == 0
    assert "not checkable here" in not_checkable[1]
    assert "driver is installed but not loaded: check where the GPU is." in not_checkable[1]
    assert cpu_build[0] == 1
    assert "torch is a CPU build: it never uses a GPU.\nChange" in cpu_build[1]


def test_an_interrupt_ends_the_check(prefix: Path, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    hanging(prefix, file)
    command = subprocess.Popen(
        [sys.executable, "-m", "jupyter_envmanager.cli", "gpu-check", "lab"],
        env=variables(home),
        preexec_fn=obeys_interrupts,
    )
    while not file.exists():
        assert command.poll() is None
        time.sleep(0.02)
    command.send_signal(signal.SIGINT)
    assert command.wait(60) == 130
    assert not any(runs(int(pid)) for pid in file.read_text().split())


def test_the_report_of_a_machine_is_one_object(prefix: Path, library: Path, home: Path) -> None:
    put(site_packages(prefix), {"torch.py": TORCH + "print(__file__)\n"})
    script = Path(nvml_library.__file__).with_name("gpu_check")
    file = prefix / "report.json"
    done = subprocess.run(
        [sys.executable, script, "--prefix", prefix, "--output", file],
        env=variables(home, library, "a100-mig"),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    report = json.loads(done.stdout)
    assert report == json.loads(file.read_text())
    assert report["check"]["state"] == "works"
    assert report["gpus"]["devices"][0]["compute_capability"] == "8.0"
    assert report["probe_ms"]["probes"] == 20
    assert not any(name in done.stdout for name in (os.uname().nodename, str(home), '"GPU-', '"MIG-'))
