"""What GPUs does this machine have? The only importer of pynvml.

NVML is the library behind ``nvidia-smi`` and comes with the driver:
https://docs.nvidia.com/deploy/nvml-api/index.html. A driver in trouble can hang in any call, so the calls run in a
thread that we are ready to leave behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

from .models import GpuDevice, GpuReport, Problem

T = TypeVar("T")

NO_DRIVER = "No NVIDIA driver on this machine: new environments get CPU builds."
NO_DEVICES = "The NVIDIA driver sees no GPU on this machine."


class _Probe(threading.Thread):
    """One walk through NVML; ``report`` is there when it has ended."""

    def __init__(self) -> None:
        super().__init__(name="gpu-probe", daemon=True)
        self.report: GpuReport | None = None

    def run(self) -> None:
        self.report = _read()


_running: _Probe | None = None
_starting = threading.Lock()


def probe(timeout: float = 3.0) -> GpuReport:
    """Ask the driver for its version, its CUDA version and its devices.

    Blocks; call it in a thread. Never raises for what the machine is or is not.

    Parameters
    ----------
    timeout:
        Seconds after which an unresponsive driver is reported (problem ``gpu_timeout``) and left alone.
    """
    global _running
    with _starting:
        # A probe that hangs is joined by the next caller: one lost thread, however often the page is opened.
        if _running is None or not _running.is_alive():
            _running = _Probe()
            _running.start()
        current = _running
    current.join(timeout)
    if current.report is not None:
        return current.report
    problem = Problem(
        code="gpu_timeout",
        message=f"The NVIDIA driver did not answer within {timeout:g} s.",
        hint="Run nvidia-smi in a terminal; if it hangs too, ask your administrator to look at this machine's GPU.",
    )
    return GpuReport(available=False, message=problem.message, problems=[problem])


def _read() -> GpuReport:
    """The report, from the first NVML call to the last."""
    try:
        import pynvml
    except ImportError:
        return _unavailable(
            "gpu_library_missing",
            "The Python package nvidia-ml-py is missing.",
            "Install nvidia-ml-py where JupyterLab runs.",
        )
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return _not_initialised(pynvml, error)
    try:
        return _initialised(pynvml)
    finally:
        _field(pynvml, pynvml.nvmlShutdown)


def _unavailable(code: str, message: str, hint: str) -> GpuReport:
    problem = Problem(code=code, message=message, hint=hint)
    return GpuReport(available=False, message=message, problems=[problem])


def _not_initialised(nvml: ModuleType, error: Any) -> GpuReport:
    """Why NVML does not start, in words. No driver is a normal answer and no problem."""
    code: int = getattr(error, "value", -1)
    if code == nvml.NVML_ERROR_LIBRARY_NOT_FOUND:
        return GpuReport(available=False, message=NO_DRIVER)
    if code == nvml.NVML_ERROR_DRIVER_NOT_LOADED:
        return _unavailable(
            "gpu_driver_not_loaded",
            "The NVIDIA driver is installed but not loaded.",
            "On a login node or in a container without GPUs this is normal; otherwise ask your administrator.",
        )
    if code == nvml.NVML_ERROR_NO_PERMISSION:
        return _unavailable(
            "gpu_no_permission",
            "You are not allowed to use this machine's NVIDIA driver.",
            "Ask your administrator for access to /dev/nvidiactl, or start JupyterLab in a job that has a GPU.",
        )
    if code == nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH:
        return _unavailable(
            "gpu_version_mismatch",
            "The loaded NVIDIA driver and its library have different versions.",
            "The driver was updated while it was in use: the machine needs a restart.",
        )
    if code == nvml.NVML_ERROR_FUNCTION_NOT_FOUND:
        return _unavailable(
            "gpu_driver_too_old",
            "The NVIDIA driver is too old to be asked for its GPUs.",
            "Ask your administrator for a newer driver.",
        )
    return _unavailable(
        "gpu_failed",
        f"The NVIDIA driver reports an error: {error}.",
        "Run nvidia-smi in a terminal to see more.",
    )


def _initialised(nvml: ModuleType) -> GpuReport:
    devices: list[GpuDevice] = []
    problems: list[Problem] = []
    for index in range(_field(nvml, nvml.nvmlDeviceGetCount) or 0):
        try:
            devices.append(_device(nvml, index, nvml.nvmlDeviceGetHandleByIndex(index)))
        except nvml.NVMLError as error:
            problems.append(
                Problem(
                    code="gpu_unreadable",
                    message=f"GPU {index} cannot be read: {error}.",
                    hint="It may belong to another job, or need a reset by your administrator.",
                    details={"index": index},
                )
            )
    return GpuReport(
        available=bool(devices),
        message="" if devices else NO_DEVICES,
        driver=_text(_field(nvml, nvml.nvmlSystemGetDriverVersion)),
        cuda=_cuda(_field(nvml, nvml.nvmlSystemGetCudaDriverVersion_v2)),
        devices=devices,
        problems=problems,
    )


def _device(nvml: ModuleType, index: int, handle: Any) -> GpuDevice:
    memory = _field(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    capability = _field(nvml, lambda: nvml.nvmlDeviceGetCudaComputeCapability(handle))
    rates = _field(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
    return GpuDevice(
        index=index,
        name=_text(_field(nvml, lambda: nvml.nvmlDeviceGetName(handle))) or f"GPU {index}",
        uuid=_text(_field(nvml, lambda: nvml.nvmlDeviceGetUUID(handle))),
        memory_total=int(memory.total) if memory else None,
        memory_free=int(memory.free) if memory else None,
        memory_used=int(memory.used) if memory else None,
        compute_capability="{}.{}".format(*capability) if capability else None,
        utilization=int(rates.gpu) if rates else None,
    )


def _field(nvml: ModuleType, read: Callable[[], T]) -> T | None:
    """One value, or None where the driver does not support it: a missing figure must not hide the others."""
    try:
        return read()
    except nvml.NVMLError:
        return None


def _text(value: str | bytes | None) -> str | None:
    # nvidia-ml-py returned bytes before its version 11.5.
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _cuda(version: int | None) -> str | None:
    """``12040`` -> ``12.4``."""
    return f"{version // 1000}.{version % 1000 // 10}" if version else None
