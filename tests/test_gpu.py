"""The GPU report, through the real pynvml and a real shared library that plays the driver."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from jupyter_envmanager import gpu
from jupyter_envmanager.models import GpuReport

Driver = Callable[[str], GpuReport]
GIB = 2**30
PROBE = """
import sys, msgspec
from jupyter_envmanager import gpu
assert "pynvml" not in sys.modules, "nothing runs at import"
sys.stdout.buffer.write(msgspec.json.encode(gpu.probe(float(sys.argv[1]))))
"""


def _probe(library: Path | None, mode: str, timeout: float) -> GpuReport:
    """A probe in a process of its own: NVML is loaded once per process."""
    env = {**os.environ, "NVML_STUB": mode}
    if library is not None:
        env["LD_LIBRARY_PATH"] = str(library)
    result = subprocess.run(
        [sys.executable, "-c", PROBE, str(timeout)], env=env, stdout=subprocess.PIPE, check=True, timeout=60
    )
    return msgspec.json.decode(result.stdout, type=GpuReport)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs gcc on Linux to build a libnvidia-ml.so.1")
    folder = tmp_path_factory.mktemp("nvml")
    source = Path(__file__).with_name("nvml_stub.c")
    target = folder / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-Wall", "-Werror", "-shared", "-fPIC", "-o", target, source], check=True)
    return folder


@pytest.fixture
def driver(library: Path) -> Driver:
    return lambda mode: _probe(library, mode, 30.0)


def test_two_devices_are_reported_with_all_their_figures(driver: Driver) -> None:
    report = driver("two_devices")
    assert report.available
    assert (report.message, report.problems) == ("", [])
    assert (report.driver, report.cuda) == ("550.54.15", "12.4")
    first, second = report.devices
    assert (first.index, first.name, first.uuid) == (0, "Stub 0", "GPU-0000-0")
    assert (first.memory_total, first.memory_used, first.memory_free) == (80 * GIB, 5 * GIB, 75 * GIB)
    assert (first.compute_capability, first.utilization) == ("9.0", 37)
    assert (second.index, second.compute_capability, second.memory_total) == (1, "9.1", 160 * GIB)


def test_a_driver_without_devices_is_not_a_gpu(driver: Driver) -> None:
    report = driver("no_devices")
    assert not report.available
    assert (report.driver, report.cuda, report.devices) == ("550.54.15", "12.4", [])
    assert report.message == gpu.NO_DEVICES


def test_a_figure_the_driver_does_not_support_is_none_and_the_rest_stays(driver: Driver) -> None:
    report = driver("unsupported")
    assert report.available
    device = report.devices[0]
    assert (device.memory_total, device.memory_free, device.memory_used, device.utilization) == (None,) * 4
    assert (device.name, device.compute_capability) == ("Stub 0", "9.0")


def test_a_lost_device_is_a_problem_and_the_other_one_is_listed(driver: Driver) -> None:
    report = driver("lost")
    assert [device.index for device in report.devices] == [1]
    assert [(problem.code, problem.details) for problem in report.problems] == [("gpu_unreadable", {"index": 0})]


@pytest.mark.parametrize(
    ("mode", "code", "words"),
    [
        ("not_loaded", "gpu_driver_not_loaded", "not loaded"),
        ("no_permission", "gpu_no_permission", "not allowed"),
        ("mismatch", "gpu_version_mismatch", "different versions"),
        ("unknown", "gpu_failed", "reports an error"),
    ],
)
def test_a_driver_that_does_not_start_says_why(driver: Driver, mode: str, code: str, words: str) -> None:
    report = driver(mode)
    assert not report.available
    assert [problem.code for problem in report.problems] == [code]
    assert words in report.message
    assert report.problems[0].hint


def test_a_hanging_driver_is_left_alone(library: Path) -> None:
    report = _probe(library, "hang", 0.2)
    assert not report.available
    assert [problem.code for problem in report.problems] == ["gpu_timeout"]


def test_a_driver_that_lacks_a_function_is_called_too_old(tmp_path: Path, library: Path) -> None:
    source = tmp_path / "empty.c"
    source.write_text("int nothing;\n")
    target = tmp_path / "libnvidia-ml.so.1"
    subprocess.run([shutil.which("gcc") or "gcc", "-shared", "-fPIC", "-o", target, source], check=True)
    report = _probe(tmp_path, "", 30.0)
    assert [problem.code for problem in report.problems] == ["gpu_driver_too_old"]


def test_a_machine_without_a_driver_is_a_normal_answer(tmp_path: Path) -> None:
    # A file that is no library stands in front of a driver that this machine may have.
    (tmp_path / "libnvidia-ml.so.1").write_text("not a library")
    for library in (tmp_path, None):
        report = _probe(library, "", 30.0)
        if library is None and report.driver is not None:
            continue
        assert (report.available, report.problems) == (False, [])
        assert report.message == gpu.NO_DRIVER
