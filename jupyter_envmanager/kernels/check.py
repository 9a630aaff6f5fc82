"""Does this kernel start, and in the right environment? Found out by starting it.

The kernel runs as Jupyter would run it, with a connection file, an IPython folder and a working folder of its own that
are gone afterwards, as is every process it started.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import TraitError

from ..models import KernelCheck, Problem
from . import kernelspec

if TYPE_CHECKING:
    from jupyter_client.asynchronous.client import AsyncKernelClient
    from jupyter_client.manager import AsyncKernelManager

_STDERR_LENGTH = 4000
_POLL_SECONDS = 0.05
_ASK = (
    "__import__('json').dumps([__import__('sys').prefix, __import__('os').environ.get('PATH', ''),"
    " __import__('site').ENABLE_USER_SITE])"
)


class _Failed(Exception):
    """The kernel is no good; the message says why and ``hint`` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def check_kernel(kernel_json: dict[str, Any] | Path, prefix: Path, timeout: float) -> KernelCheck:
    """Start a kernel, ask it where it runs, and stop it.

    It passes when it answers within ``timeout`` and, for Python, runs in ``prefix`` with the prefix's programs first on
    its ``PATH``. Blocks, and runs an event loop of its own: call it in a thread.

    Parameters
    ----------
    kernel_json:
        The content of a kernel.json, or its path.
    prefix:
        The environment that the kernel should run in.
    timeout:
        Seconds until the first reply, and again until the answer.
    """
    started = time.time()
    with tempfile.TemporaryDirectory(prefix="envmanager-check-", ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        output = work / "output"
        try:
            seconds = asyncio.run(_check(kernel_json, prefix, timeout, work, output))
        except _Failed as failure:
            problem = Problem(
                code="kernel_failed",
                message=str(failure),
                hint=failure.hint,
                details={"stderr": _tail(output)},
            )
            return KernelCheck(state="failed", time=started, problem=problem)
    return KernelCheck(state="passed", time=started, seconds=seconds)


async def _check(kernel_json: dict[str, Any] | Path, prefix: Path, timeout: float, work: Path, output: Path) -> float:
    """Seconds to the first reply of a kernel that is as it should be."""
    spec = _read(kernel_json)
    begin = time.monotonic()
    async with _running(spec, work, output) as (manager, client):
        await _first_reply(manager, client, timeout, prefix, output)
        seconds = time.monotonic() - begin
        if spec.language.lower() == "python":
            _compare(await _ask(client, timeout), prefix)
        return seconds


async def _first_reply(
    manager: AsyncKernelManager, client: AsyncKernelClient, timeout: float, prefix: Path, output: Path
) -> None:
    reply = asyncio.ensure_future(client.kernel_info(reply=True, timeout=timeout))
    try:
        while not (await asyncio.wait({reply}, timeout=_POLL_SECONDS))[0]:
            if not await manager.is_alive():
                raise await _silent(manager, timeout, prefix, output)
        reply.result()
    except (TimeoutError, asyncio.TimeoutError):
        raise await _silent(manager, timeout, prefix, output) from None
    finally:
        reply.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await reply


def _read(kernel_json: dict[str, Any] | Path) -> kernelspec.Spec:
    if isinstance(kernel_json, Path):
        spec = kernelspec.read(kernel_json.parent, kernel_json.parent.name)
    else:
        spec = kernelspec.parse("check", Path(), kernel_json)
    if spec.fault:
        raise _Failed(f"The kernelspec is broken: {spec.fault}", "Register the kernel again.")
    return spec


def _manager(spec: kernelspec.Spec, work: Path) -> AsyncKernelManager:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    known = KernelSpec(
        argv=spec.argv,
        env=spec.env,
        display_name=spec.display_name,
        language=spec.language,
        resource_dir=str(spec.folder),
        metadata=spec.metadata,
        interrupt_mode=spec.extra.get("interrupt_mode", "signal"),
    )

    class _OneSpec(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return known

    return AsyncKernelManager(
        kernel_name=spec.name, kernel_spec_manager=_OneSpec(), connection_file=str(work / "connection.json")
    )


@contextlib.asynccontextmanager
async def _running(
    spec: kernelspec.Spec, work: Path, output: Path
) -> AsyncIterator[tuple[AsyncKernelManager, AsyncKernelClient]]:
    """A started kernel and a client; whatever happens, both are gone afterwards."""
    try:
        manager = _manager(spec, work)
    except TraitError as error:
        raise _Failed(f"The kernelspec is broken: {error}", "Register the kernel again.") from error
    # The user's startup files and history stay out of a test start.
    env = {**os.environ, "IPYTHONDIR": str(work / "ipython"), "JUPYTER_RUNTIME_DIR": str(work)}
    client: AsyncKernelClient | None = None
    try:
        with output.open("wb") as stream:
            try:
                await manager.start_kernel(env=env, cwd=str(work), stdout=stream, stderr=stream)
            except Exception as error:  # a provisioner may raise anything; all of it means: not started
                raise _not_started(spec, error) from error
        client = manager.client()
        client.start_channels()
        yield manager, client
    finally:
        if client is not None:
            client.stop_channels()
        await _stop(manager)


async def _stop(manager: AsyncKernelManager) -> None:
    group: int | None = getattr(manager.provisioner, "pgid", None)
    try:
        await manager.shutdown_kernel(now=True)
    finally:
        # A kernel that died by itself may have left children; they are in its session's process group.
        if sys.platform != "win32" and group is not None and group != os.getpgid(0):
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)


async def _ask(client: AsyncKernelClient, timeout: float) -> list[Any]:
    """What a Python kernel says of itself: ``sys.prefix``, ``PATH``, ``site.ENABLE_USER_SITE``."""
    try:
        reply = await client.execute(
            "", silent=True, store_history=False, user_expressions={"here": _ASK}, reply=True, timeout=timeout
        )
        answer = reply["content"]["user_expressions"]["here"]["data"]["text/plain"]
        found: list[Any] = json.loads(ast.literal_eval(answer))
    except (TimeoutError, asyncio.TimeoutError, KeyError, ValueError, SyntaxError) as error:
        raise _Failed(
            "The kernel started, but did not say where it runs.",
            "Start a notebook with it and look at the output of “import sys; sys.prefix”.",
        ) from error
    return found


def _compare(answer: list[Any], prefix: Path) -> None:
    running, path, _user_site = answer
    if os.path.realpath(running) != os.path.realpath(prefix):
        raise _Failed(
            f"The kernel runs in {running} and not in {prefix}.",
            "Register the kernel again for this environment.",
        )
    wanted = kernelspec.folder_of_programs(prefix)
    first = path.split(os.pathsep)[0]
    if not first or os.path.realpath(first) != os.path.realpath(wanted):
        raise _Failed(
            f"Commands such as !pip would run from {first or 'nowhere'} and not from {wanted}.",
            "Register the kernel again: its PATH must begin with the environment's programs.",
        )


def _not_started(spec: kernelspec.Spec, error: Exception) -> _Failed:
    program = spec.argv[0]
    if isinstance(error, FileNotFoundError):
        return _Failed(
            f"The kernel cannot start: {program} is not there.",
            "Register the kernel again, or remove it if its environment is gone.",
        )
    if isinstance(error, PermissionError):
        return _Failed(f"The kernel cannot start: you may not run {program}.", "Ask its owner for the right to run it.")
    return _Failed(f"The kernel cannot start: {error}.", "Register the kernel again.")


async def _silent(manager: AsyncKernelManager, timeout: float, prefix: Path, output: Path) -> _Failed:
    """Why a kernel that was started did not answer."""
    text = _tail(output)
    if "No module named ipykernel" in text or "No module named 'ipykernel'" in text:
        return _Failed(f"ipykernel is not installed in {prefix}.", "Install ipykernel there, then try again.")
    if await manager.is_alive():
        return _Failed(
            f"The kernel did not answer within {timeout:g} s.",
            "The disk or the machine may be busy: try again, and if it stays so, look at the kernel's output.",
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = f": {lines[-1]}" if lines else ""
    return _Failed(f"The kernel stopped while it started{reason}", "The output below says more.")


def _tail(output: Path) -> str:
    try:
        return output.read_text(encoding="utf-8", errors="replace")[-_STDERR_LENGTH:]
    except OSError:
        return ""
