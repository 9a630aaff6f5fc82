"""The true driver and a true framework, on a machine that has a GPU."""

from __future__ import annotations

import os
import sys

import pytest

from jupyter_envmanager.gpu import probe
from jupyter_envmanager.gpu.check import check_gpu
from jupyter_envmanager.models import GpuReport

FRAMEWORKS = ("torch", "tensorflow", "jax", "cupy")


@pytest.fixture(scope="module")
def report() -> GpuReport:
    found = probe()
    if not found.devices:
        pytest.skip(f"needs an NVIDIA GPU: {found.message}")
    return found


def test_the_driver_tells_all_that_is_shown(report: GpuReport) -> None:
    assert report.available
    assert report.driver
    assert report.cuda
    for device in report.devices:
        assert device.name
        assert device.uuid
        assert device.compute_capability


def test_the_driver_answers_again_and_the_same(report: GpuReport) -> None:
    again = probe()
    assert [device.uuid for device in again.devices] == [device.uuid for device in report.devices]
    assert (again.driver, again.cuda) == (report.driver, report.cuda)


async def test_a_framework_computes_on_the_gpu(report: GpuReport) -> None:
    python = os.environ.get("ENVMANAGER_GPU_PYTHON", sys.executable)
    check = await check_gpu([python], 300.0, report=report)
    # Others may be broken for reasons of their own, as numba is with a numpy that is newer than itself.
    found = [one for one in check.frameworks if one.name in FRAMEWORKS and one.state != "cpu_build"]
    if not found:
        pytest.skip(f"needs a GPU build of a framework in {python} (ENVMANAGER_GPU_PYTHON names another one)")
    assert check.driver == report.driver
    for one in found:
        assert one.state == "works", f"{one.message}\n{check.output}"
        assert one.version
        assert one.cuda
        assert one.product_ms is not None
        assert one.devices
    assert check.state == "works"
