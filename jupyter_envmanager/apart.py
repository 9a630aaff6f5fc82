"""Read what is large, or made to do harm, in a process of its own: it would hold up, or take down, a whole server.

A module of this package is run for it. It calls `tell`; who wants to know calls `ask`, or `ask_blocking` in a thread.
The first line of what it writes is a problem, or null; all that follows is what was found.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys
from collections.abc import Callable

import msgspec

from .errors import EnvManagerError
from .models import Problem
from .ownmodules import command

_log = logging.getLogger(__name__)
_TAIL = 4_000
# By the system, for its memory.
_KILLED = -9
_KINDS: dict[str, type[EnvManagerError]] = {kind.code: kind for kind in EnvManagerError.__subclasses__()}


class Ended(Exception):
    """The process has ended without an answer; ``killed`` for its time, or for its memory."""

    def __init__(self, killed: bool) -> None:
        super().__init__()
        self.killed = killed


async def ask(module: str, *arguments: str, seconds: float) -> memoryview:
    """What a module finds. The process is ended when the caller is cancelled.

    Parameters
    ----------
    module:
        Its name below this package.
    seconds:
        The time that it may take.

    Raises
    ------
    EnvManagerError
        As the module has raised it.
    Ended
        It takes too long or too much, or has failed; the log has what it wrote.
    """
    process = await asyncio.create_subprocess_exec(
        *command(module),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    found = said = b""
    late = True
    try:
        with contextlib.suppress(asyncio.TimeoutError):
            found, said = await asyncio.wait_for(process.communicate(), seconds)
            late = False
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return _heard((module, *arguments), None if late else process.returncode, found, said)


def ask_blocking(module: str, *arguments: str, given: bytes, seconds: float) -> memoryview:
    """As `ask`, for who has a thread for it; ``given`` is what the module reads from its standard input."""
    process = [*command(module), *arguments]
    code, found, said = None, b"", b""
    try:
        done = subprocess.run(process, input=given, capture_output=True, timeout=seconds, check=False)
        code, found, said = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        said = late.stderr or b""
    return _heard((module, *arguments), code, found, said)


def _heard(asked: tuple[str, ...], code: int | None, found: bytes, said: bytes) -> memoryview:
    """What was found; ``code`` is None where the time was up."""
    end = found.find(b"\n")
    if code != 0 or end < 0:
        why = "its time" if code is None else code
        _log.warning("“%s” has ended with %s: %s", " ".join(asked), why, said[-_TAIL:].decode(errors="replace"))
        raise Ended(killed=code is None or code == _KILLED)
    whole = memoryview(found)
    problem = msgspec.json.decode(whole[:end], type=Problem | None)
    if problem is not None:
        raise _KINDS[problem.code](problem.message, hint=problem.hint, field=problem.field, **problem.details)
    return whole[end + 1 :]


def tell(find: Callable[[], bytes], *, memory: int | None = None) -> None:
    """Write what ``find`` returns, or the error that it raises, for who asks.

    Parameters
    ----------
    memory:
        The bytes that this process may have, where the system knows such a limit.
    """
    if memory is not None:
        _limit(memory)
    problem, found = None, b""
    try:
        found = find()
    except EnvManagerError as error:
        problem = error.problem()
    sys.stdout.buffer.write(msgspec.json.encode(problem) + b"\n")
    sys.stdout.buffer.write(found)


def _limit(memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (memory if most < 0 else min(memory, most), most))
