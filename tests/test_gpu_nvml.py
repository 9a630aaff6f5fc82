"""The GPU report, through the real pynvml and a real shared library that plays the driver (nvml_stub.c)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import nvml_library
import psutil
import pytest

from jupyter_envmanager import gpu
from jupyter_envmanager.gpu.processes import name_and_user
from jupyter_envmanager.gpu.troubles import unreadable
from jupyter_envmanager.models import GpuInstance, GpuReport

GIB = 2**30
# NVML is loaded once per process, so other processes do the probing: words and seconds in, one report out.
PROBES = """
import json, os, sys, threading, msgspec
from jupyter_envmanager import gpu
assert "pynvml" not in sys.modules, "nothing runs at import"
for line in sys.stdin:
    os.environ["NVML_STUB"], seconds = json.loads(line)
    if seconds is None:
        [thread.join() for thread in threading.enumerate() if thread.name == "gpu-probe"]
    report = gpu.probe(seconds or 30)
    threads = sum(thread.name == "gpu-probe" for thread in threading.enumerate())
    sys.stdout.write(json.dumps([msgspec.to_builtins(report), threads]) + "\\n")
    sys.stdout.flush()
"""


class Machine:
    """A process that asks a driver; ``threads`` is how many of its probes were running after the last one."""

    def __init__(self, library: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROBES],
            env={**os.environ, "LD_LIBRARY_PATH": str(library), "NVML_STUB": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.threads = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    def __call__(self, words: str, seconds: float | None = None) -> GpuReport:
        """A probe with so many seconds; None waits for one that hung before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([words, seconds]) + "\n")
        self._process.stdin.flush()
        answer, self.threads = json.loads(self._process.stdout.readline())
        return msgspec.convert(answer, GpuReport)

    def close(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nvml")
    if nvml_library.build(folder) is None:
        pytest.skip("needs gcc on Linux to build a libnvidia-ml.so.1")
    return folder


@pytest.fixture(scope="module")
def driver(library: Path) -> Iterator[Machine]:
    with closing(Machine(library)) as machine:
        yield machine


def codes(report: GpuReport) -> list[str]:
    return [problem.code for problem in report.problems]


def test_eight_devices_are_reported_with_all_their_figures(driver: Machine) -> None:
    report = driver("h100")
    assert report.available
    assert (report.message, report.problems) == ("", [])
    assert (report.driver, report.cuda) == ("550.54.15", "12.4")
    assert [device.index for device in report.devices] == list(range(8))
    second = report.devices[1]
    assert (second.name, second.uuid) == ("NVIDIA H100 80GB HBM3", "GPU-0000-1")
    assert (second.memory_total, second.memory_used, second.memory_free) == (80 * GIB, 2 * GIB, 78 * GIB)
    assert (second.compute_capability, second.utilization) == ("9.0", 37)
    assert (second.mig, second.instances, second.processes) == (False, [], [])


def test_a_split_device_tells_its_instances(driver: Machine) -> None:
    (device,) = driver("a100-mig").devices
    assert (device.mig, device.utilization) == (True, None)
    assert device.instances == [
        GpuInstance(name="MIG 3g.40gb", uuid=f"MIG-0000-{number}", memory_total=40 * GIB, memory_free=39 * GIB)
        for number in (1, 2)
    ]


def test_an_old_driver_answers_what_it_can(driver: Machine) -> None:
    report = driver("v100-470 processes")
    assert (report.driver, report.cuda, codes(report)) == ("470.256.02", "11.4", [])
    (device,) = report.devices
    assert (device.name, device.compute_capability, device.mig) == ("Tesla V100-SXM2-32GB", "7.0", False)
    assert device.processes is not None
    assert len(device.processes) == 2


@pytest.mark.parametrize("words", ["h100 processes", "a100-mig processes"])
def test_processes_are_listed_once_with_what_is_known_of_them(driver: Machine, words: str) -> None:
    processes = driver(words).devices[0].processes
    assert processes is not None
    own, other = processes
    assert (own.pid, own.memory) == (driver.pid, 3 * GIB)
    # In a container the number could be somebody else's, and no GPU is open here that would tell.
    known = psutil.Process(driver.pid)
    assert (own.name, own.user) in [(known.name(), known.username()), ("", "")]
    assert (other.name, other.user, other.memory) == ("", "", None)


@pytest.mark.parametrize("words", ["h100 processes_denied", "a100-mig processes_denied"])
def test_processes_that_may_not_be_seen_are_not_none_at_all(driver: Machine, words: str) -> None:
    device = driver(words).devices[0]
    assert device.processes is None
    assert device.memory_total == 80 * GIB


def test_a_process_with_a_gpu_open_is_known_by_name_everywhere(tmp_path: Path) -> None:
    own = psutil.Process()
    with (tmp_path / "nvidia0").open("w"):
        assert name_and_user(own.pid, str(tmp_path / "nvidia")) == (own.name(), own.username())
    assert name_and_user(4_194_305) == ("", "")


def test_a_driver_without_devices_is_not_a_gpu(driver: Machine) -> None:
    report = driver("no_devices")
    assert not report.available
    assert (report.driver, report.cuda, report.devices) == ("550.54.15", "12.4", [])
    assert report.message == gpu.NO_DEVICES


def test_a_figure_the_driver_does_not_support_is_none_and_the_rest_stays(driver: Machine) -> None:
    report = driver("unsupported garbage no_libcuda")
    assert report.available
    assert report.cuda == "12.4"
    device = report.devices[0]
    assert (device.memory_total, device.memory_free, device.memory_used, device.utilization) == (None,) * 4
    assert (device.name, device.compute_capability) == ("GPU 0", "9.0")


@pytest.mark.parametrize("words", ["lost", "lost_later"])
def test_a_lost_device_is_a_problem_and_the_others_are_listed(driver: Machine, words: str) -> None:
    report = driver(words)
    assert [device.index for device in report.devices] == list(range(1, 8))
    assert [(problem.code, problem.details) for problem in report.problems] == [("gpu_unreadable", {"indices": [0]})]


def test_devices_that_are_all_lost_are_not_said_to_be_missing(driver: Machine) -> None:
    report = driver("all_lost")
    assert (report.available, codes(report)) == (False, ["gpu_unreadable"])
    assert report.message == report.problems[0].message
    assert report.message.startswith("GPU 0 to 7 cannot be read: ")


@pytest.mark.parametrize(
    ("indices", "words"),
    [([3], "GPU 3 "), ([0, 1], "GPU 0 and 1 "), ([0, 2, 3, 4, 6], "GPU 0, 2 to 4 and 6 ")],
)
def test_devices_that_are_lost_for_one_reason_are_said_together(indices: list[int], words: str) -> None:
    assert unreadable(indices, "Lost").message == f"{words}cannot be read: Lost."


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("not_loaded", "gpu_driver_not_loaded", "not loaded"),
        ("not_loaded_later", "gpu_driver_not_loaded", "not loaded"),
        ("uninitialized_later", "gpu_driver_gone", "stopped while"),
        ("no_permission", "gpu_no_permission", "not allowed"),
        ("mismatch", "gpu_version_mismatch", "different versions"),
        ("unknown", "gpu_failed", "cannot be asked"),
        ("no_count", "gpu_failed", "cannot be asked"),
    ],
)
def test_a_driver_that_does_not_answer_says_why(driver: Machine, words: str, code: str, message: str) -> None:
    report = driver(words)
    assert (report.available, report.devices) == (False, [])
    assert codes(report) == [code]
    assert message in report.message
    assert report.problems[0].hint


@pytest.mark.parametrize("words", ["no_library", "library_gone_later"])
def test_a_driver_that_was_removed_is_no_driver(driver: Machine, words: str) -> None:
    report = driver(words)
    assert (report.available, report.message, report.problems) == (False, gpu.NO_DRIVER, [])


@pytest.mark.parametrize("words", ["hang_init", "hang_later", "hang_shutdown"])
def test_a_hanging_driver_is_left_alone_by_all_and_works_when_it_is_back(driver: Machine, words: str) -> None:
    for _ in range(3):
        report = driver(words, 0.05)
        assert (report.available, codes(report)) == (False, ["gpu_timeout"])
        assert driver.threads == 1
    assert driver("h100").available
    assert driver.threads == 0


def test_a_report_that_came_too_late_is_for_the_next_caller_and_only_for_that_one(driver: Machine) -> None:
    assert driver("h100").available
    assert codes(driver("h100 gone_from=2 hang_init", 0.05)) == ["gpu_timeout"]
    assert driver("h100 gone_from=2").available
    assert codes(driver("h100 gone_from=2")) == ["gpu_driver_not_loaded"]


def test_a_driver_that_disappears_between_two_probes_may_come_back(driver: Machine) -> None:
    assert driver("h100").available
    assert driver("h100 gone_from=2").available
    assert codes(driver("h100 gone_from=2")) == ["gpu_driver_not_loaded"]
    assert driver("h100").available


def test_a_driver_that_lacks_a_function_is_called_too_old(tmp_path: Path, library: Path) -> None:
    source = tmp_path / "empty.c"
    source.write_text("int nothing;\n")
    nvml_library.compiled(source, tmp_path)
    with closing(Machine(tmp_path)) as machine:
        assert codes(machine("")) == ["gpu_driver_too_old"]


def test_a_machine_without_a_driver_is_a_normal_answer_until_it_gets_one(tmp_path: Path, library: Path) -> None:
    nvml_library.hide(tmp_path)
    with closing(Machine(tmp_path)) as machine:
        report = machine("")
        assert (report.available, report.message, report.problems) == (False, gpu.NO_DRIVER, [])
        (tmp_path / nvml_library.NAME).unlink()
        shutil.copy(library / nvml_library.NAME, tmp_path)
        assert machine("h100").available


def test_the_command_line_shows_devices_processes_and_targets(library: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_envmanager.cli", "gpus"],
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "XDG"))},
            "HOME": str(tmp_path),
            "LD_LIBRARY_PATH": str(library),
            "NVML_STUB": "a100-mig processes",
            "CONDA_OVERRIDE_CUDA": "13.0",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[:2] == ["Driver 550.54.15 · CUDA 12.4", "CONDA_OVERRIDE_CUDA is “13.0”."]
    assert "0 NVIDIA A100-SXM4-80GB 80 GB 79 GB 8.0" in lines
    assert lines.count("MIG 3g.40gb 40 GB 39 GB") == 2
    assert "0 4194305" in lines
    assert any(
        line.startswith("machine This machine 13.0 8.0 NVIDIA A100-SXM4-80GB (MIG) · CUDA 13.0") for line in lines
    )
    assert "runs CUDA 12.4 at most" in done.stderr
