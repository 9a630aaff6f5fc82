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
import time
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from . import kernelspec
from .check import PROVISIONER
from .doubts import doubt, prefix_of
from .symptoms import Reason

_THE_DEFAULT = "local-provisioner"
#: The variable that hands a `Case` over, as JSON. Other users cannot read it, as they could arguments.
VARIABLE = "JUPYTER_ENVMANAGER_CASE"
# A kernel that is in doubt is watched until it listens or ends, at most so long.
_WATCH_SECONDS = 8.0
_POLL_SECONDS = 0.05
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

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Keep the server's own variables, in which the explanation runs; read a repaired kernelspec anew."""
        if self._explained:
            self._read_again()
        # A copy, without what the kernelspec sets: it may be the very thing that breaks an interpreter.
        self._own_environment = dict(kwargs.get("env") or os.environ)
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch the kernel, or what explains why it cannot be launched."""
        died, self._died = self._died, None
        reason = _died(died) if died is not None else await self._try(cmd, **kwargs)
        if reason is None:
            return self.connection_info
        self.log.warning("The kernel “%s” does not start, and explains why: %s", self._name, reason.message)
        case = self._case(reason, look=died is not None or reason.remedy is None, folder=kwargs.get("cwd"))
        environment = {**self._own_environment, VARIABLE: json.dumps(case)}
        explaining = [sys.executable, "-m", _MODULE, "-f", os.path.realpath(self._manager.connection_file)]
        # In the folder that has our package: it need not be installed, and no file of the user's is imported.
        kwargs = {**kwargs, "env": environment, "cwd": str(Path(__file__).parents[2])}
        info = await self._launch(explaining, **kwargs)
        self._explained = self._listens = True
        return info

    async def _launch(self, cmd: list[str], **kwargs: Any) -> Any:
        self._listens = self._ended_by_us = self._noted = False
        return await super().launch_kernel(cmd, **kwargs)

    async def _try(self, cmd: list[str], **kwargs: Any) -> Reason | None:
        """Launch the kernel; why that failed, as far as it is known at once."""
        doubtful = await asyncio.to_thread(doubt, self._spec)
        try:
            await self._launch(cmd, **kwargs)
        except (OSError, ValueError) as error:
            return doubtful or _not_launched(cmd, error)
        if (doubtful is None and not self._explained) or not await self._ends():
            return None
        status, self._died = self._died, None
        # Whatever it started goes as well, as on any restart.
        await super().kill()
        await super().wait()
        return doubtful or _died(status)

    async def _ends(self) -> bool:
        """Whether the kernel ends before it listens; waits for either."""
        end = time.monotonic() + _WATCH_SECONDS
        while time.monotonic() < end and not self._listens:
            if await self.poll() is not None:
                return True
            await asyncio.sleep(_POLL_SECONDS)
        return False

    async def poll(self) -> int | None:
        """The exit status, or None; notes whether the kernel has come up, and whether it died before."""
        status = await super().poll()
        if self.process is None or self._listens:
            return status
        if status is None:
            self._listens = self._is_listening()
            if self._listens:
                self._deaths, self._explained = 0, False
        elif not self._ended_by_us and not self._noted:
            self._noted = True
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
        with contextlib.suppress(OSError), socket.create_connection((ip, int(port)), timeout=0.2):
            return True
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

    def _case(self, reason: Reason, *, look: bool, folder: object) -> dict[str, Any]:
        """What `explaining` needs to know; with ``look`` it tries the kernel to find out more."""
        spec = self._spec
        known: Any = self.kernel_spec
        prefix = prefix_of(spec)
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
