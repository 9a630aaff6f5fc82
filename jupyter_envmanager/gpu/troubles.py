"""A driver that does not answer as it should, as a report in words."""

from __future__ import annotations

from collections.abc import Sequence

from ..models import GpuReport, Problem

NO_DRIVER = (
    "No NVIDIA driver on this machine: new environments made for this machine get CPU builds; choose another GPU when "
    "you create one."
)
NO_DEVICES = "The NVIDIA driver sees no GPU on this machine."

# Return codes: https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html
UNINITIALIZED = 1
NO_PERMISSION = 4
DRIVER_NOT_LOADED = 9
LIBRARY_NOT_FOUND = 12
FUNCTION_NOT_FOUND = 13
GPU_IS_LOST = 15
RESET_REQUIRED = 16
LIB_RM_VERSION_MISMATCH = 18

#: The driver has gone: nothing that it said before holds any more.
GONE = frozenset({UNINITIALIZED, DRIVER_NOT_LOADED, LIBRARY_NOT_FOUND})
#: The device has gone; the others may be fine.
LOST = frozenset({GPU_IS_LOST, RESET_REQUIRED})

# code, message, hint
_WORDS = {
    UNINITIALIZED: (
        "gpu_driver_gone",
        "The NVIDIA driver stopped while it was asked for its GPUs.",
        "It may be updated at this moment: refresh in a minute.",
    ),
    DRIVER_NOT_LOADED: (
        "gpu_driver_not_loaded",
        "The NVIDIA driver is installed but not loaded.",
        "On a login node or in a container without GPUs this is normal; otherwise ask your administrator.",
    ),
    NO_PERMISSION: (
        "gpu_no_permission",
        "You are not allowed to use this machine's NVIDIA driver.",
        "Ask your administrator for access to /dev/nvidiactl, or start JupyterLab in a job that has a GPU.",
    ),
    LIB_RM_VERSION_MISMATCH: (
        "gpu_version_mismatch",
        "The loaded NVIDIA driver and its library have different versions.",
        "The driver was updated while it was in use: restart JupyterLab; if that does not help, the machine needs a "
        "restart.",
    ),
    FUNCTION_NOT_FOUND: (
        "gpu_driver_too_old",
        "The NVIDIA driver is too old to be asked for its GPUs.",
        "Ask your administrator for a newer driver.",
    ),
}


def stopped(code: int, words: object) -> GpuReport:
    """Why NVML does not answer at all. No driver is a normal answer and no problem.

    Parameters
    ----------
    code:
        What NVML returned.
    words:
        What it says of that, for codes that we know nothing better to say of.
    """
    if code == LIBRARY_NOT_FOUND:
        return GpuReport(available=False, message=NO_DRIVER)
    if code in _WORDS:
        return _report(*_WORDS[code])
    return _report(
        "gpu_failed", f"The NVIDIA driver cannot be asked: {words}.", "Run nvidia-smi in a terminal to see more."
    )


def library_missing() -> GpuReport:
    """Without pynvml, nothing can be asked."""
    return _report(
        "gpu_library_missing",
        "The Python package nvidia-ml-py is missing.",
        "Install nvidia-ml-py where JupyterLab runs.",
    )


def no_answer(seconds: float) -> GpuReport:
    """A driver that hangs."""
    return _report(
        "gpu_timeout",
        f"The NVIDIA driver did not answer within {seconds:g} s.",
        "Run nvidia-smi in a terminal; if it hangs too, ask your administrator to look at this machine's GPU.",
    )


def unreadable(indices: Sequence[int], words: object) -> Problem:
    """Devices that cannot be asked, all for the same reason."""
    one = len(indices) == 1
    return Problem(
        code="gpu_unreadable",
        message=f"GPU {_ranges(indices)} cannot be read: {words}.",
        hint=f"{'It' if one else 'They'} may belong to another job, or need a reset by your administrator.",
        details={"indices": list(indices)},
    )


def _ranges(indices: Sequence[int]) -> str:
    """``0 to 3, 5 and 7`` of ascending numbers; two in a row are no range."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    parts = [
        part for run in runs for part in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(index) for index in run])
    ]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _report(code: str, message: str, hint: str) -> GpuReport:
    problem = Problem(code=code, message=message, hint=hint)
    return GpuReport(available=False, message=message, problems=[problem])
