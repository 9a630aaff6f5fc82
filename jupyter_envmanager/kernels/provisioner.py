"""What happens when a kernel cannot start? Another one starts in its place, and says why in the notebook.

A provisioner launches and signals a kernel's process
(https://jupyter-client.readthedocs.io/en/latest/provisioning.html). This one does what jupyter_client's own does; only
where that ends in a kernel that is dead does it launch `explaining` instead. The kernel itself is tried each time, so a
repaired one runs after a restart, and nothing is refused for a mere suspicion.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, TypeVar

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from . import kernelspec
from .check import PROVISIONER
from .doubts import doubt, prefix_of
from .symptoms import Reason

_THE_DEFAULT = "local-provisioner"
#: The variable with the path of a file that only the user can read: the case as JSON. `explaining` removes it.
VARIABLE = "JUPYTER_ENVMANAGER_CASE"
# How long a start waits for a kernel in doubt to listen or to end; it is watched on afterwards.
_WAIT_SECONDS = 2.0
_POLL_SECONDS = 0.05
# Looking at a kernel's files must not hold up its start: they may be on a disk that does not answer.
_LOOK_SECONDS = 1.0
# Who has not looked for so long does not know whether the kernel was up when it died.
_UNWATCHED_SECONDS = 2.0
_T = TypeVar("_T")
_MODULE = f"{__package__}.explaining"


def explain_failures(parent: Any = None) -> bool:
    """Let kernels that cannot start explain themselves, unless the site has chosen a provisioner.

    Call it before the first kernel starts. Kernelspecs that name a provisioner of their own keep it.

    Parameters
    ----------
    parent:
        The application, whose configuration counts.

    Returns
    -------
    Whether it is so now.
    """
    factory = KernelProvisionerFactory.instance(parent=parent)
    # A checkout on the path has no entry points.
    entry = EntryPoint(PROVISIONER, f"{__name__}:{ExplainingProvisioner.__name__}", factory.GROUP_NAME)
    factory.provisioners.setdefault(PROVISIONER, entry)
    configured = "default_provisioner_name" in factory.config.get(KernelProvisionerFactory.__name__, {})
    if not configured and factory.default_provisioner_name_env not in os.environ:
        factory.default_provisioner_name = PROVISIONER
    return bool(factory.default_provisioner_name == PROVISIONER)


class ExplainingProvisioner(LocalProvisioner):
    """Launches kernels as jupyter_client does, and an explanation where that fails."""

    _own_environment: dict[str, str]
    # Of this launch: whether the kernel has come up, whether we ended it, whether its death has been noted.
    _listens = False
    _ended_by_us = False
    _noted = False
    # How often in a row the kernel died before it listened, and whether an explanation ran last.
    _deaths = 0
    _explained = False
    _died: int | None = None
    _watching: asyncio.Task[None] | None = None
    _looked = 0.0
    _case_file: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Keep the server's own variables, in which the explanation runs; read a repaired kernelspec anew."""
        if self._explained:
            self._read_again()
        # A copy, without what the kernelspec sets: it may be the very thing that breaks an interpreter.
        self._own_environment = dict(kwargs.get("env") or os.environ)
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch the kernel, or what explains why it cannot be launched."""
        self._remove_case()
        died, self._died = self._died, None
        reason = await self._doubt() or _died(died) if died is not None else await self._try(cmd, **kwargs)
        if reason is None:
            return self.connection_info
        self.log.warning("The kernel “%s” does not start, and explains why: %s", self._name, reason.message)
        case = await self._case(reason, look=died is not None or reason.remedy is None, folder=kwargs.get("cwd"))
        environment = {**self._own_environment, VARIABLE: self._hand_over(case)}
        explaining = [sys.executable, "-m", _MODULE, "-f", os.path.realpath(self._manager.connection_file)]
        # In the folder that has our package: it need not be installed, and no file of the user's is imported.
        kwargs = {**kwargs, "env": environment, "cwd": str(Path(__file__).parents[2])}
        info = await self._launch(explaining, **kwargs)
        self._explained = self._listens = True
        return info

    async def _launch(self, cmd: list[str], **kwargs: Any) -> Any:
        self._stop_watching()
        self._listens = self._ended_by_us = self._noted = False
        self._looked = time.monotonic()
        return await super().launch_kernel(cmd, **kwargs)

    async def _try(self, cmd: list[str], **kwargs: Any) -> Reason | None:
        """Launch the kernel; why that failed, as far as it is known at once."""
        doubtful = await self._doubt()
        try:
            await self._launch(cmd, **kwargs)
        except (OSError, ValueError) as error:
            return doubtful or _not_launched(cmd, error)
        self._watching = asyncio.create_task(self._watch())
        if doubtful is None and not self._explained:
            return None
        await asyncio.wait({self._watching}, timeout=_WAIT_SECONDS)
        status = await self.poll()
        if status is None:
            return None
        self._died = None
        # Whatever it started goes as well, as on any restart.
        await super().kill()
        await super().wait()
        return doubtful or _died(status)

    async def _watch(self) -> None:
        """Note that the kernel listens, or ends before: seen later, both look like a death at the start."""
        while await self.poll() is None and not self._listens:
            await asyncio.sleep(_POLL_SECONDS)

    async def _doubt(self) -> Reason | None:
        return await _looked_up(lambda: doubt(self._spec))

    def _stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self._watching = None

    def _remove_case(self) -> None:
        """The file of an explanation that ended before it read it."""
        if self._case_file is not None:
            with contextlib.suppress(OSError):
                self._case_file.unlink(missing_ok=True)
        self._case_file = None

    async def cleanup(self, restart: bool = False) -> None:
        """The kernel has ended."""
        self._stop_watching()
        self._remove_case()
        await super().cleanup(restart)

    async def poll(self) -> int | None:
        """The exit status, or None; notes whether the kernel has come up, and whether it died before."""
        status = await super().poll()
        if self.process is None or self._listens:
            return status
        watched = time.monotonic() - self._looked < _UNWATCHED_SECONDS
        self._looked = time.monotonic()
        if status is None:
            self._listens = self._is_listening()
            if self._listens:
                self._deaths, self._explained = 0, False
        elif not self._ended_by_us and not self._noted:
            self._noted = True
            if not watched:
                return status
            self._deaths += 1
            # A cell that crashes at once looks alike: a signal counts only when it happens again.
            if status > 0 or self._deaths > 1:
                self._died = status
        return status

    async def send_signal(self, signum: int) -> None:
        """Send a signal; what ends afterwards has not died by itself."""
        await self.poll()
        self._ended_by_us = True
        await super().send_signal(signum)

    async def shutdown_requested(self, restart: bool = False) -> None:
        """The kernel is asked to end."""
        self._ended_by_us = True
        await super().shutdown_requested(restart)

    def _is_listening(self) -> bool:
        info = self.connection_info
        ip, port = str(info.get("ip", "")), info.get("shell_port", 0)
        if info.get("transport", "tcp") != "tcp":
            return Path(f"{ip}-{port}").exists()
        with contextlib.suppress(OSError), socket.create_connection((ip, int(port)), timeout=0.2) as connected:
            # A free port in the range of outgoing connections may be connected to itself.
            return bool(connected.getsockname() != connected.getpeername())
        return False

    @property
    def _manager(self) -> Any:
        """The kernel manager that this one launches for."""
        return self.parent

    @property
    def _name(self) -> str:
        return str(self._manager.kernel_name)

    @property
    def _spec(self) -> kernelspec.Spec:
        known: Any = self.kernel_spec
        return kernelspec.parse(self._name, Path(known.resource_dir), known.to_dict())

    def _read_again(self) -> None:
        """The kernelspec as it is now: the repair may have been to write it anew."""
        before = self._manager._kernel_spec
        self._manager._kernel_spec = None
        try:
            self.kernel_spec = self._manager.kernel_spec
        except NoSuchKernel:
            self._manager._kernel_spec = before

    def _hand_over(self, case: dict[str, Any]) -> str:
        """A file with the case beside the connection file; empty where none can be written."""
        try:
            folder = os.path.dirname(os.path.realpath(self._manager.connection_file))  # noqa: PTH120
            number, name = tempfile.mkstemp(prefix="envmanager-case-", suffix=".json", dir=folder)
            self._case_file = Path(name)
            with open(number, "w", encoding="utf-8") as stream:  # noqa: PTH123
                json.dump(case, stream)
        except OSError as error:
            self.log.warning("The reason cannot be handed over to the notebook: %s", error)
            return ""
        return str(self._case_file)

    async def _case(self, reason: Reason, *, look: bool, folder: object) -> dict[str, Any]:
        """What `explaining` needs to know; with ``look`` it tries the kernel to find out more."""
        spec = self._spec
        known: Any = self.kernel_spec
        prefix = await _looked_up(lambda: prefix_of(spec))
        return {
            "code": "kernel_failed",
            "message": reason.message,
            "hint": reason.hint,
            "remedy": reason.remedy,
            "prefix": str(prefix) if prefix else None,
            "kernel": self._name,
            "language": spec.language,
            "display_name": spec.display_name,
            "look": look,
            "folder": str(folder) if folder else None,
            "spec": known.to_dict(),
            "resources": str(known.resource_dir),
        }


async def _looked_up(look: Callable[[], _T | None]) -> _T | None:
    """What a look at files finds in a bounded time; None if it takes longer, or raises anything."""
    found: Future[_T | None] = Future()
    found.set_running_or_notify_cancel()

    def run() -> None:
        try:
            found.set_result(look())
        except Exception:  # a strange kernelspec is no reason not to try the kernel
            found.set_result(None)

    # No thread of the pool: one that hangs would keep the server from ending.
    threading.Thread(target=run, daemon=True).start()
    try:
        return await asyncio.wait_for(asyncio.wrap_future(found), _LOOK_SECONDS)
    except (TimeoutError, asyncio.TimeoutError):
        return None


def _died(status: int | None) -> Reason:
    return Reason(
        f"The kernel stopped while it started, with status {status}.",
        "Restart the kernel to try again; the server's log has what it wrote.",
    )


def _not_launched(cmd: list[str], error: Exception) -> Reason:
    program = cmd[0] if cmd else ""
    if isinstance(error, PermissionError):
        return Reason(f"The kernel cannot start: you may not run {program}.", "Ask its owner for the right to run it.")
    if isinstance(error, FileNotFoundError):
        hint = "Register the kernel again, or remove it if its environment is gone."
        return Reason(f"The kernel cannot start: {program} is not there.", hint, "register")
    return Reason(f"The kernel cannot start: {error}.", "Register the kernel again.", "register")
