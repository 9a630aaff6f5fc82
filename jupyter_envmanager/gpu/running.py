"""Run a command of an environment for so long, and end it with all that it has started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

OUTPUT_LENGTH = 4000
# After SIGKILL; a process that is caught in the driver stays until the machine restarts.
_LEAVE_SECONDS = 5.0
# Then nobody should hold the output any more; who does is not waited for.
_OUTPUT_SECONDS = 0.5
# What is started has it in its environment: a daemon, which leaves the session, is known by it.
_MARK = "ENVMANAGER_CHECK"
# One may be starting another while we look.
_ROUNDS = 3
# The server's own Python, Jupyter and conda are not the environment's.
_SERVERS = ("PYTHON", "JUPYTER", "JPY_", "CONDA_", "_CE_", "MAMBA_", "VIRTUAL_ENV")
# Colours and the like, which mean nothing outside a terminal.
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


async def run(command: Sequence[str], folder: Path, seconds: float, answer: int) -> tuple[int | None, str]:
    """Run a command in a folder; nothing that it has started is left when this returns or is cancelled.

    Returns its exit status, None where it was ended after so many seconds, and the end of what it wrote.

    Parameters
    ----------
    answer:
        The number of an open file that it gets.

    Raises
    ------
    OSError
        It cannot be started.
    """
    mark = uuid.uuid4().hex
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_SERVERS)}
    variables |= {"PYTHONNOUSERSITE": "1", _MARK: mark}
    # A pipe of our own: asyncio's would not be over before everybody who has inherited it is gone.
    reading, writing = os.pipe()
    tail = _Tail()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: tail, os.fdopen(reading, "rb"))
    try:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                pass_fds=[answer],
                cwd=folder,
                env=variables,
                start_new_session=True,
            )
        finally:
            os.close(writing)
        try:
            status = await asyncio.wait_for(process.wait(), seconds)
        except asyncio.TimeoutError:
            status = None
        finally:
            await _end(process, tail, mark)
    finally:
        transport.close()
    return status, _readable(tail.text.decode("utf-8", "replace"))


def _readable(output: str) -> str:
    """An output without what would move a terminal's cursor, or worse."""
    lines = _ESCAPES.sub("", output).splitlines()
    return "\n".join(
        "".join(letter if letter.isprintable() or letter == "\t" else "�" for letter in line) for line in lines
    )


class _Tail(asyncio.Protocol):
    """The end of what a process writes."""

    def __init__(self) -> None:
        self.text = b""
        self.ended = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.text = (self.text + data)[-OUTPUT_LENGTH:]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


async def _end(process: asyncio.subprocess.Process, tail: _Tail, mark: str) -> None:
    """Nothing that a check has started outlives it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.to_thread(_end_marked, mark), _LEAVE_SECONDS)
        await asyncio.wait_for(process.wait(), _LEAVE_SECONDS)
        await asyncio.wait_for(asyncio.shield(tail.ended), _OUTPUT_SECONDS)


def _end_marked(mark: str) -> None:
    for _ in range(_ROUNDS):
        found = list(_marked(f"{_MARK}={mark}".encode()))
        for process in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        if not found:
            return


def _marked(mark: bytes) -> Iterator[int]:
    """The processes that have this in their environment; none where there is no /proc (Linux has it)."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (folder / "environ").read_bytes():
                yield int(folder.name)
