"""Who is the process that uses a GPU?"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

# PROC_PID_INIT_INO of https://github.com/torvalds/linux/blob/master/include/linux/proc_ns.h
_FIRST_NAMESPACE = 0xEFFFFFFC


def name_and_user(pid: int, devices: str = "/dev/nvidia") -> tuple[str, str]:
    """The program and the user of a process; empty where they cannot be told.

    The driver counts processes as the machine does. In a container the same number can be somebody else, so there only
    a process is believed that has a GPU open, which shows for our own.

    Parameters
    ----------
    pid:
        As the driver reports it.
    devices:
        How the paths of the driver's device files begin.
    """
    if not (_counts_as_the_machine() or _has_open(pid, devices)):
        return "", ""
    try:
        import psutil
    except ImportError:
        # scripts/gpu_check does without.
        return "", ""
    with suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        return process.name(), process.username()
    return "", ""


def _counts_as_the_machine() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    try:
        return Path("/proc/self/ns/pid").stat().st_ino == _FIRST_NAMESPACE
    except OSError:
        return False


def _has_open(pid: int, devices: str) -> bool:
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if str(descriptor.readlink()).startswith(devices):
                    return True
    except OSError:
        pass
    return False
