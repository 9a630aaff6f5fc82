"""What GPUs does this machine have? The only importer of pynvml.

NVML is the library behind ``nvidia-smi`` and comes with the driver:
https://docs.nvidia.com/deploy/nvml-api/index.html. A driver in trouble can hang in any call, so the calls run in a
thread that we are ready to leave behind.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import ModuleType
from typing import Any, TypeVar

from ..models import GpuDevice, GpuInstance, GpuProcess, GpuReport
from .processes import name_and_user
from .troubles import (
    GONE,
    LIBRARY_NOT_FOUND,
    LOST,
    NO_DEVICES,
    NO_DRIVER,
    library_missing,
    no_answer,
    stopped,
    unreadable,
)

__all__ = ["NO_DEVICES", "NO_DRIVER", "probe"]

T = TypeVar("T")


class _Probe(threading.Thread):
    """One walk through NVML; ``report`` is there when it has ended, ``taken`` when a caller has got it."""

    def __init__(self) -> None:
        super().__init__(name="gpu-probe", daemon=True)
        self.report: GpuReport | None = None
        self.taken = False
        self.begun = self.ended = time.monotonic()

    @property
    def over(self) -> bool:
        """Whether another walk is due.

        A driver that puts idle devices to sleep can take longer than any caller waits; without the report that came
        too late for them, nobody would ever get one.
        """
        return not self.is_alive() and (self.taken or time.monotonic() - self.ended > _OLD)

    def run(self) -> None:
        try:
            self.report = _read()
        except Exception as error:
            # pynvml runs into more than NVML's own errors when a driver answers nonsense.
            self.report = stopped(-1, error)
        self.ended = time.monotonic()


_running: _Probe | None = None
_starting = threading.Lock()
_ALREADY_WAITED = 0.05
_OLD = 60.0


def probe(timeout: float = 3.0) -> GpuReport:
    """Ask the driver for its version, its CUDA version, its devices and who uses them.

    Blocks; call it in a thread. Never raises for what the machine is or is not.

    Parameters
    ----------
    timeout:
        Seconds after which an unresponsive driver is reported (problem ``gpu_timeout``) and left alone.
    """
    global _running
    with _starting:
        # A probe that hangs is joined by the next caller: one lost thread, however often the page is opened.
        if _running is None or _running.over:
            _running = _Probe()
            _running.start()
        current = _running
    current.join(max(_ALREADY_WAITED, current.begun + timeout - time.monotonic()))
    if current.report is None:
        return no_answer(timeout)
    current.taken = True
    return current.report


def _read() -> GpuReport:
    """The report, from the first NVML call to the last."""
    if not _there():
        return stopped(LIBRARY_NOT_FOUND, "")
    try:
        import pynvml
    except ImportError:
        return library_missing()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return stopped(error.value, error)
    try:
        return _Walk(pynvml).report()
    except pynvml.NVMLError as error:
        return stopped(error.value, error)
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _there() -> bool:
    """Whether a driver's library is here. Most machines have none, and pynvml takes time and memory to say so."""
    if not sys.platform.startswith("linux"):
        return True
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True


class _Walk:
    """One walk through an initialised NVML. What the driver does not support is None and hides nothing else."""

    def __init__(self, nvml: ModuleType) -> None:
        self._nvml = nvml

    def report(self) -> GpuReport:
        """All there is to know; raises NVMLError where the driver has gone."""
        nvml = self._nvml
        devices: list[GpuDevice] = []
        lost: dict[str, list[int]] = {}
        driver = self._field(nvml.nvmlSystemGetDriverVersion)
        cuda = self._cuda()
        for index in range(nvml.nvmlDeviceGetCount()):
            try:
                devices.append(self._device(index, nvml.nvmlDeviceGetHandleByIndex(index)))
            except nvml.NVMLError as error:
                if error.value in GONE:
                    raise
                lost.setdefault(str(error), []).append(index)
        problems = [unreadable(indices, words) for words, indices in lost.items()]
        message = "" if devices else problems[0].message if problems else NO_DEVICES
        return GpuReport(
            available=bool(devices), message=message, driver=driver, cuda=cuda, devices=devices, problems=problems
        )

    def _cuda(self) -> str | None:
        """``12040`` -> ``12.4``. The first call asks libcuda, which not every container has; the second the driver."""
        for ask in (self._nvml.nvmlSystemGetCudaDriverVersion_v2, self._nvml.nvmlSystemGetCudaDriverVersion):
            with suppress(self._nvml.NVMLError):
                version: int = ask()
                return f"{version // 1000}.{version % 1000 // 10}" if version else None
        return None

    def _device(self, index: int, handle: Any) -> GpuDevice:
        nvml, field = self._nvml, self._field
        name = field(nvml.nvmlDeviceGetName, handle) or f"GPU {index}"
        total, free, used = self._memory(handle)
        capability = field(nvml.nvmlDeviceGetCudaComputeCapability, handle)
        rates = field(nvml.nvmlDeviceGetUtilizationRates, handle)
        mode = field(nvml.nvmlDeviceGetMigMode, handle)
        split = bool(mode and mode[0])
        parts = self._parts(handle) if split else []
        return GpuDevice(
            index=index,
            name=name,
            uuid=field(nvml.nvmlDeviceGetUUID, handle),
            memory_total=total,
            memory_free=free,
            memory_used=used,
            compute_capability="{}.{}".format(*capability) if capability else None,
            utilization=int(rates.gpu) if rates else None,
            mig=split,
            instances=[self._instance(number, part, name) for number, part in enumerate(parts)],
            processes=self._processes(handle, parts),
        )

    def _memory(self, handle: Any) -> tuple[int | None, int | None, int | None]:
        memory = self._field(self._nvml.nvmlDeviceGetMemoryInfo, handle)
        return (int(memory.total), int(memory.free), int(memory.used)) if memory else (None, None, None)

    def _parts(self, handle: Any) -> list[Any]:
        """The instances of a device that is split; numbers without one, or with one of somebody else, are left out."""
        count = self._field(self._nvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0
        parts = (self._field(self._nvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, number) for number in range(count))
        return [part for part in parts if part is not None]

    def _instance(self, number: int, part: Any, device: str) -> GpuInstance:
        total, free, _ = self._memory(part)
        name = self._field(self._nvml.nvmlDeviceGetName, part) or ""
        return GpuInstance(
            # “NVIDIA A100-SXM4-80GB MIG 3g.40gb” of a “NVIDIA A100-SXM4-80GB”
            name=name.removeprefix(device).strip() or f"MIG {number}",
            uuid=self._field(self._nvml.nvmlDeviceGetUUID, part),
            memory_total=total,
            memory_free=free,
        )

    def _processes(self, handle: Any, parts: Iterable[Any]) -> list[GpuProcess] | None:
        """Who uses a device. Those of a split one as a whole are for administrators, those of an instance for all."""
        running = self._running(handle)
        if running is None:
            seen = [found for found in map(self._running, parts) if found is not None]
            if not seen:
                return None
            running = [process for found in seen for process in found]
        # A program that computes and draws is in both lists, with the same figure.
        memory = {process.pid: process.usedGpuMemory for process in running}
        return [
            GpuProcess(pid=pid, name=name, user=user, memory=used)
            for pid, used in memory.items()
            for name, user in [name_and_user(pid)]
        ]

    def _running(self, handle: Any) -> list[Any] | None:
        compute = self._listed("Compute", handle)
        return None if compute is None else [*compute, *(self._listed("Graphics", handle) or [])]

    def _listed(self, kind: str, handle: Any) -> list[Any] | None:
        # Drivers before 510 have no third version.
        for version in (3, 2):
            ask = getattr(self._nvml, f"nvmlDeviceGet{kind}RunningProcesses_v{version}")
            found: list[Any] | None = self._field(ask, handle)
            if found is not None:
                return found
        return None

    def _field(self, ask: Callable[..., T], *arguments: Any) -> T | None:
        """One value, or None where the driver does not tell; raises where the device or the driver has gone."""
        try:
            return ask(*arguments)
        except UnicodeDecodeError:
            return None
        except self._nvml.NVMLError as error:
            if error.value in GONE | LOST:
                raise
            return None
