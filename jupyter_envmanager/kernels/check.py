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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import TraitError

from ..models import KernelCheck, Problem
from . import kernelspec
from .symptoms import Reason, Remedy, reason

if TYPE_CHECKING:
    from jupyter_client.asynchronous.client import AsyncKernelClient
    from jupyter_client.manager import AsyncKernelManager

#: The provisioner that explains failures in the notebook, by its name as an entry point.
PROVISIONER = "jupyter-envmanager"
OUTPUT_LENGTH = 4000
_POLL_SECONDS = 0.05
_BANNER_LENGTH = 200
_ASK = (
    "(lambda sys, os, site, json: json.dumps([sys.prefix, os.environ.get('PATH', ''),"
    " bool(site.ENABLE_USER_SITE) or site.getusersitepackages() in sys.path,"
    " os.environ.get('PYTHONNOUSERSITE', '')]))"
    "(*map(__import__, ('sys', 'os', 'site', 'json')))"
)


class _Failed(Exception):
    """The kernel is no good; the reason says why, and what to do."""

    def __init__(self, message: str, hint: str, remedy: Remedy = None) -> None:
        super().__init__(message)
        self.reason = Reason(message, hint, remedy)


def check_kernel(
    kernel_json: dict[str, Any] | Path, prefix: Path, timeout: float, *, folder: Path | None = None
) -> KernelCheck:
    """Start a kernel, ask it where it runs, and stop it.

    It passes when it answers within ``timeout`` and, for Python, runs in ``prefix`` with the prefix's programs first on
    its ``PATH``, and sees packages of ``~/.local`` only where it is meant to. Blocks, and runs an event loop of its
    own: call it in a thread. What was learned of a kernel that failed later is in the result as well. The problem's
    details hold ``stderr``, the end of what the kernel wrote, and the ``remedy`` if there is one.

    Parameters
    ----------
    kernel_json:
        The content of a kernel.json, or its path.
    prefix:
        The environment that the kernel should run in.
    timeout:
        Seconds until the first reply, and again until the answer.
    folder:
        Start it as a notebook of this folder would, with the user's own IPython files. By default it starts in an
        empty folder without them.
    """
    started = time.time()
    facts: dict[str, Any] = {}
    problem: Problem | None = None
    with tempfile.TemporaryDirectory(prefix="envmanager-check-", ignore_cleanup_errors=True) as temporary:
        test = _Test(Path(temporary), prefix, timeout, folder, facts)
        try:
            asyncio.run(_check(kernel_json, test))
        except _Failed as failure:
            remedy = failure.reason.remedy
            details = {"stderr": test.written(), **({"remedy": remedy} if remedy else {})}
            problem = Problem(code="kernel_failed", message=str(failure), hint=failure.reason.hint, details=details)
        facts["output"] = test.written()
    return KernelCheck(state="failed" if problem else "passed", time=started, problem=problem, **facts)


@dataclass(frozen=True)
class _Test:
    """One test start: its files, what is expected, and the facts found so far."""

    work: Path
    prefix: Path
    timeout: float
    folder: Path | None
    facts: dict[str, Any]

    @property
    def output(self) -> Path:
        """What the kernel wrote."""
        return self.work / "output"

    def written(self) -> str:
        """The end of what the kernel wrote."""
        try:
            return self.output.read_text(encoding="utf-8", errors="replace")[-OUTPUT_LENGTH:]
        except OSError:
            return ""

    def environment(self) -> dict[str, str]:
        """The variables that the kernel is started with."""
        runtime = {"JUPYTER_RUNTIME_DIR": str(self.work)}
        # The user's startup files and history stay out of a test start.
        own = {"IPYTHONDIR": str(self.work / "ipython")} if self.folder is None else {}
        # Who removes the environment meanwhile would have its folder made again for bytecode.
        own["PYTHONDONTWRITEBYTECODE"] = "1"
        return {**os.environ, **runtime, **own}


async def _check(kernel_json: dict[str, Any] | Path, test: _Test) -> None:
    """Return when the kernel is as it should be; raises _Failed."""
    spec = _read(kernel_json)
    begin = time.monotonic()
    async with _running(spec, test) as (manager, client):
        info = await _first_reply(manager, client, test)
        test.facts["seconds"] = time.monotonic() - begin
        lines = str(info.get("banner") or "").strip().splitlines()
        test.facts["banner"] = lines[0].strip()[:_BANNER_LENGTH] if lines else ""
        if spec.language.lower() == "python":
            _compare(await _ask(client, test.timeout), spec, test)


async def _first_reply(manager: AsyncKernelManager, client: AsyncKernelClient, test: _Test) -> dict[str, Any]:
    """The content of the first reply."""
    reply = asyncio.ensure_future(client.kernel_info(reply=True, timeout=test.timeout))
    try:
        while not (await asyncio.wait({reply}, timeout=_POLL_SECONDS))[0]:
            if not await manager.is_alive():
                raise await _silent(manager, test)
        content: dict[str, Any] = reply.result()["content"]
    except (TimeoutError, asyncio.TimeoutError):
        raise await _silent(manager, test) from None
    finally:
        reply.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await reply
    return content


def _read(kernel_json: dict[str, Any] | Path) -> kernelspec.Spec:
    if isinstance(kernel_json, Path):
        spec = kernelspec.read(kernel_json.parent, kernel_json.parent.name)
    else:
        spec = kernelspec.parse("check", Path(), kernel_json)
    if spec.fault:
        raise _Failed(f"The kernelspec is broken: {spec.fault}", "Register the kernel again.", "register")
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
        # A provisioner that explains instead of failing would hide what is looked for here.
        metadata={**_unexplained(), **spec.metadata},
        interrupt_mode=spec.extra.get("interrupt_mode", "signal"),
    )

    class _OneSpec(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return known

    return AsyncKernelManager(
        kernel_name=spec.name, kernel_spec_manager=_OneSpec(), connection_file=str(work / "connection.json")
    )


def _unexplained() -> dict[str, Any]:
    from jupyter_client.provisioning.factory import KernelProvisionerFactory

    factory = KernelProvisionerFactory.instance()
    if factory.default_provisioner_name != PROVISIONER:
        return {}
    return {"kernel_provisioner": {"provisioner_name": "local-provisioner"}}


@contextlib.asynccontextmanager
async def _running(spec: kernelspec.Spec, test: _Test) -> AsyncIterator[tuple[AsyncKernelManager, AsyncKernelClient]]:
    """A started kernel and a client; whatever happens, both are gone afterwards."""
    try:
        manager = _manager(spec, test.work)
    except TraitError as error:
        raise _Failed(f"The kernelspec is broken: {error}", "Register the kernel again.", "register") from error
    # Path.is_dir raises where we may not look.
    folder = test.folder if test.folder is not None and os.path.isdir(test.folder) else test.work  # noqa: PTH112
    client: AsyncKernelClient | None = None
    try:
        with test.output.open("wb") as stream:
            try:
                await manager.start_kernel(env=test.environment(), cwd=str(folder), stdout=stream, stderr=stream)
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
    """What a Python kernel says: ``sys.prefix``, ``PATH``, whether it sees the user site, ``PYTHONNOUSERSITE``."""
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


def _compare(answer: list[Any], spec: kernelspec.Spec, test: _Test) -> None:
    running, path, user_site, unwanted = answer
    folders = path.split(os.pathsep) if path else []
    test.facts.update(prefix=running, path=folders, user_site=user_site)
    if os.path.realpath(running) != os.path.realpath(test.prefix):
        raise _Failed(
            f"The kernel runs in {running} and not in {test.prefix}.",
            "Register the kernel again for this environment.",
            "register",
        )
    wanted = kernelspec.folder_of_programs(test.prefix)
    first = folders[0] if folders else ""
    # A package's activation script may put another folder of the environment before it.
    if not first or os.path.realpath(test.prefix) not in _parents(os.path.realpath(first)):
        raise _Failed(
            f"Commands such as !pip would run from {first or 'nowhere'} and not from {wanted}.",
            "Register the kernel again: its PATH must begin with the environment's programs.",
            "register",
        )
    if user_site and (unwanted or spec.env.get("PYTHONNOUSERSITE") or spec.stamp.get("user_site") is False):
        raise _Failed(
            "The kernel sees the packages of ~/.local, which it is set not to see: other versions may be imported"
            " than the environment has.",
            "Take options such as -E and variables such as PYTHONPATH out of the kernel's settings, or register it"
            " again.",
            "register",
        )


def _parents(path: str) -> set[str]:
    return {path, *map(str, Path(path).parents)}


def _not_started(spec: kernelspec.Spec, error: Exception) -> _Failed:
    program = spec.argv[0]
    if isinstance(error, FileNotFoundError):
        return _Failed(
            f"The kernel cannot start: {program} is not there.",
            "Register the kernel again, or remove it if its environment is gone.",
            "register",
        )
    if isinstance(error, PermissionError):
        return _Failed(f"The kernel cannot start: you may not run {program}.", "Ask its owner for the right to run it.")
    return _Failed(f"The kernel cannot start: {error}.", "Register the kernel again.", "register")


async def _silent(manager: AsyncKernelManager, test: _Test) -> _Failed:
    """Why a kernel that was started did not answer."""
    if await manager.is_alive():
        return _Failed(
            f"The kernel did not answer within {test.timeout:g} s.",
            "The disk or the machine may be busy: try again, and if it stays so, look at the kernel's output.",
        )
    found = reason(test.written(), test.prefix, test.folder)
    return _Failed(found.message, found.hint, found.remedy)
