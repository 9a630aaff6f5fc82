"""Do the frameworks of an environment see the GPU? Found out by asking them, inside the environment.

Each is asked in a process of its own, one after the other: one that crashes or hangs does not hide the others' answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from ..models import GpuCheck, GpuReport, Problem
from . import verdict
from .figures import shortened
from .nvml import probe
from .running import OUTPUT_LENGTH, run
from .verdict import Answer, Asked

CHECK_SECONDS = 120.0
#: Frameworks that can be asked, by the names of their modules.
FRAMEWORKS = ("torch", "tensorflow", "jax", "cupy", "numba", "onnxruntime", "xgboost", "lightgbm", "cudf", "cuml")
_PACKAGE = re.compile(
    r"(pytorch|torch|tensorflow|jax|jaxlib|cupy|numba-cuda|onnxruntime|(py-)?xgboost|lightgbm|cudf|cuml)([-_].*)?"
)
_ASKING = Path(__file__).with_name("asking.py")
_HERE_SECONDS = 30.0
_ANSWER_BYTES = 1_000_000
_SAID_LENGTH = 300

Facts = TypeVar("Facts", bound=msgspec.Struct)


class _Here(msgspec.Struct, frozen=True, kw_only=True):
    """Which frameworks there are, and ``CUDA_VISIBLE_DEVICES`` as they have it."""

    found: list[str] = []
    visible: str | None = None


def can_be_asked(packages: Iterable[str]) -> bool:
    """Whether a framework is among these packages, conda's and PyPI's."""
    return any(_PACKAGE.fullmatch(name) for name in packages)


async def check_gpu(
    start: Sequence[str], timeout: float = CHECK_SECONDS, *, report: GpuReport | None = None
) -> GpuCheck:
    """Ask the frameworks of an environment for the GPU; never raises for what it finds.

    Everything it starts is gone when it returns or is cancelled.

    Parameters
    ----------
    start:
        The words that start the environment's Python, activated as its kernels are.
    timeout:
        Seconds for all frameworks together.
    report:
        What NVML says of this machine; it is asked by default.
    """
    began = time.time()
    if report is None:
        report = await asyncio.to_thread(probe)
    if os.name == "nt":
        return GpuCheck(state="not_checkable", time=began, message="This cannot be checked on Windows.")
    with tempfile.TemporaryDirectory(prefix="envmanager-gpu-", ignore_cleanup_errors=True) as folder:
        check = await _Inquiry(start, Path(folder), report, timeout).check()
    return msgspec.structs.replace(
        check, time=began, seconds=round(time.time() - began, 3), host=socket.gethostname(), driver=report.driver
    )


def no_framework() -> GpuCheck:
    """The answer for an environment in which nothing can be asked."""
    names = ", ".join(FRAMEWORKS)
    return GpuCheck(state="not_checkable", time=time.time(), message=f"None of these is installed here: {names}.")


class _Inquiry:
    """The questions to one environment, in an empty folder that is no place for modules of the user's."""

    def __init__(self, start: Sequence[str], folder: Path, report: GpuReport, timeout: float) -> None:
        self._start = start
        self._folder = folder
        self._report = report
        self._timeout = timeout
        self._script = folder / _ASKING.name
        self._script.write_bytes(_ASKING.read_bytes())
        self._output: list[str] = []

    async def check(self) -> GpuCheck:
        """What they say, without time and place."""
        here, status = await self._ask("here", _HERE_SECONDS, _Here)
        if here is None or status != 0:
            return self._unable(status)
        names = [name for name in FRAMEWORKS if name in here.found]
        if not names:
            return no_framework()
        found = []
        deadline = time.monotonic() + self._timeout
        for number, name in enumerate(names):
            # What one leaves over is for the others.
            seconds = max((deadline - time.monotonic()) / (len(names) - number), 0.1)
            answer, status = await self._ask(name, seconds, Answer)
            asked = Asked(name=name, answer=answer, status=status, seconds=seconds, visible=here.visible)
            found.append(verdict.framework(asked, self._report))
        judged, problem = verdict.whole(found, self._report)
        return GpuCheck(
            state=judged.state,
            time=0.0,
            message=judged.message,
            frameworks=[check for check, _ in found],
            problem=problem,
            output="\n".join(self._output)[-OUTPUT_LENGTH:],
        )

    def _unable(self, status: int | None) -> GpuCheck:
        output = "\n".join(self._output).strip()
        said = shortened(output.splitlines()[-1], _SAID_LENGTH) if output else ""
        if status is None:
            said = "it did not answer in time"
        elif status < 0:
            said = f"it ended by signal {-status}"
        message = f"The environment's Python cannot be run: {said or f'it ended with exit status {status}'}."
        hint = "Install python again, or go back to the environment's former state."
        problem = Problem(code="gpu_check_failed", message=message, hint=hint)
        return GpuCheck(state="failed", time=0.0, message=message, problem=problem, output=output[-OUTPUT_LENGTH:])

    async def _ask(self, name: str, seconds: float, kind: type[Facts]) -> tuple[Facts | None, int | None]:
        """The facts, None where there are none, and the exit status, None where it had to be ended."""
        # It has no name, so that nothing else can be put in its place.
        with tempfile.TemporaryFile(buffering=0) as answer:
            words = [str(self._script), name, str(answer.fileno()), str(int(seconds) + 10)]
            try:
                status, output = await run([*self._start, *words], self._folder, seconds, answer.fileno())
            except OSError as error:
                status, output = 127, error.strerror or str(error)
            if output.strip():
                self._output.append(output if name == "here" else f"{name}:\n{output.rstrip()}")
            return await asyncio.to_thread(_facts, answer, kind), status


def _facts(answer: IO[bytes], kind: type[Facts]) -> Facts | None:
    facts: dict[str, Any] = {}
    answer.seek(0)
    for line in answer.read(_ANSWER_BYTES).splitlines():
        # The last one may be cut, and a package may have written its own.
        with contextlib.suppress(ValueError, RecursionError):
            facts |= msgspec.json.decode(line, type=dict[str, Any])
    try:
        return msgspec.convert(facts, kind) if facts else None
    except msgspec.ValidationError:
        return None
