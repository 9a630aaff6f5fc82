"""GPUs: devices, targets that environments are made for, builds, and what a check found."""

from __future__ import annotations

from typing import Literal

from .wire import Manager, Problem, Wire

GpuState = Literal["running", "works", "cannot_see", "cpu_build", "not_checkable", "failed"]
GpuTargetOrigin = Literal["machine", "site", "cpu", "custom"]


class GpuProcess(Wire, frozen=True, kw_only=True):
    """A process that uses a device; ``memory`` in bytes, None where the driver does not tell."""

    pid: int
    name: str = ""
    user: str = ""
    memory: int | None = None


class GpuInstance(Wire, frozen=True, kw_only=True):
    """A part of a device that was split (https://docs.nvidia.com/datacenter/tesla/mig-user-guide/)."""

    name: str
    uuid: str | None = None
    memory_total: int | None = None
    memory_free: int | None = None


class GpuDevice(Wire, frozen=True, kw_only=True):
    """One device as NVML reports it; a field the driver does not support is None.

    ``utilization`` in percent. ``mig`` says that the device is split: only its ``instances`` can be used.
    ``processes`` is None where we may not see them.
    """

    index: int
    name: str
    uuid: str | None = None
    memory_total: int | None = None
    memory_free: int | None = None
    memory_used: int | None = None
    compute_capability: str | None = None
    utilization: int | None = None
    mig: bool = False
    instances: list[GpuInstance] = []
    processes: list[GpuProcess] | None = None


class GpuTarget(Wire, frozen=True, kw_only=True):
    """The GPU that an environment is for; without ``cuda``, none.

    ``name`` identifies it in requests: ``machine``, ``cpu``, the name of a target of the site, or what the user has
    typed (``cuda=12.8`` or ``cuda=12.8,arch=9.0``). ``cuda`` is the newest CUDA version that its driver can run
    (conda's ``__cuda``), ``compute_capability`` the lowest of its devices (``__cuda_arch``,
    https://conda-forge.org/blog/2026/10/19/cuda-arch/), ``memory`` bytes of one device. ``detail`` says more of it in
    words.
    """

    name: str
    title: str
    origin: GpuTargetOrigin
    detail: str = ""
    cuda: str | None = None
    compute_capability: str | None = None
    memory: int | None = None


class GpuReport(Wire, frozen=True, kw_only=True):
    """The GPUs of the machine that runs the server. No driver is a normal answer: ``available`` is false and
    ``message`` says what that means.

    ``cuda`` is the newest CUDA version that the driver can run, ``override`` the text of ``CONDA_OVERRIDE_CUDA`` where
    that is set. ``targets`` is what environments can be made for, this machine first.
    """

    available: bool
    message: str = ""
    driver: str | None = None
    cuda: str | None = None
    override: str | None = None
    devices: list[GpuDevice] = []
    targets: list[GpuTarget] = []
    problems: list[Problem] = []


class GpuRemedy(Wire, frozen=True, kw_only=True):
    """A way out of a problem, as what it changes of the request; ``title`` is the text of its button.

    It comes in ``details["remedies"]`` of a `Problem`. ``remove`` and ``pypi_remove`` take out what was asked for, as
    it was written; ``channels`` takes the place of the channels, ``gpu`` of the target. ``unpin`` are names.
    """

    title: str
    add: list[str] = []
    remove: list[str] = []
    pypi_add: list[str] = []
    pypi_remove: list[str] = []
    unpin: list[str] = []
    channels: list[str] | None = None
    gpu: str | None = None


class GpuBuild(Wire, frozen=True, kw_only=True):
    """A package that comes in builds with and without GPU, and the build that it is.

    ``cuda`` is the CUDA version that it was built for, ``driver`` the lowest one that the driver must be able to run,
    ``compute_capability`` the lowest that a device must have; None where nothing tells. ``reason`` says in a sentence
    how that is known, and for a CPU build, why it is one.
    """

    name: str
    version: str
    build: str
    kind: Literal["gpu", "cpu"]
    manager: Manager = "conda"
    cuda: str | None = None
    driver: str | None = None
    compute_capability: str | None = None
    reason: str = ""


class PlanGpu(Wire, frozen=True, kw_only=True):
    """What a plan means for the GPU.

    ``stop`` says that a GPU was wanted and a CPU build came out: the plan is refused until ``cpu_build`` is accepted.
    The plan's warnings have the problem (code ``cpu_build``) with its remedies.
    """

    target: GpuTarget
    builds: list[GpuBuild] = []
    stop: bool = False


class FrameworkCheck(Wire, frozen=True, kw_only=True):
    """What one framework says of the GPU.

    ``cuda`` is the CUDA version that it was built for, ``archs`` the architectures that it has code for (``sm_90``),
    ``product_ms`` the time of a small matrix product on the device. ``message`` says what is wrong.
    """

    name: str
    version: str = ""
    state: GpuState
    cuda: str | None = None
    cudnn: str | None = None
    devices: list[str] = []
    archs: list[str] = []
    product_ms: float | None = None
    message: str = ""


class GpuCheck(Wire, frozen=True, kw_only=True):
    """What was found when the frameworks of an environment were asked for the GPU, inside the environment.

    ``state`` is the worst of the frameworks'; ``not_checkable`` where there is no GPU here, or no framework in the
    environment. ``host`` is the machine. ``output`` holds the end of what the check wrote.
    """

    state: GpuState
    time: float
    seconds: float | None = None
    host: str = ""
    driver: str | None = None
    message: str = ""
    frameworks: list[FrameworkCheck] = []
    problem: Problem | None = None
    output: str = ""


class EnvironmentGpu(Wire, frozen=True, kw_only=True):
    """An environment and the GPU: what it is for, what is installed, and what the last check found.

    ``target`` is the one that later changes are made for. ``outdated`` says that packages have changed since the check.
    """

    target: GpuTarget
    builds: list[GpuBuild] = []
    check: GpuCheck | None = None
    outdated: bool = False
