"""Which process is it, and does it still live?

A pid alone is reused; pid, start time and host together are not.
"""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import msgspec


class ProcessId(msgspec.Struct, frozen=True, kw_only=True):
    """A process, on any host. ``start`` is the kernel's start time of the process, as text; empty where unknown.

    ``space`` is the PID namespace (https://man7.org/linux/man-pages/man7/pid_namespaces.7.html): containers of one
    host may share its name and not its process numbers.
    """

    host: str
    pid: int
    start: str = ""
    space: str = ""

    def here(self) -> bool:
        """Whether it is a process of this host that we can see."""
        return self.host == socket.gethostname() and self.space in ("", _space())

    def alive(self) -> bool:
        """Whether it lives. A process of another host counts as alive: only its heartbeat can tell."""
        if not self.here():
            return True
        return _exists(self.pid) and start_time(self.pid) == self.start


def this_process() -> ProcessId:
    """The process that calls this."""
    return ProcessId(host=socket.gethostname(), pid=os.getpid(), start=start_time(os.getpid()), space=_space())


def _space() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def start_time(pid: int) -> str:
    """When a process of this host started, in whatever the system counts in; empty when it is gone."""
    try:
        # Field 22 of proc(5)'s stat; the name in field 2 may hold spaces and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _start_time_from_ps(pid)
    # A zombie does nothing any more; its parent just has not looked.
    return "" if fields[0] == "Z" else fields[19]


def _start_time_from_ps(pid: int) -> str:
    if os.name == "nt":
        return ""
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def _exists(pid: int) -> bool:
    if os.name == "nt":
        # os.kill(pid, 0) would end the process there; the heartbeat tells.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
