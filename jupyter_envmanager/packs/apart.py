"""Look into an archive in a process of its own: one with large records would hold up all others of a server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from pathlib import Path

import msgspec

from ..errors import Damaged, EnvManagerError, Internal, Invalid, NotAllowed, NotFound
from ..models import Problem
from ..ownmodules import command
from .reading import Packed, read

_log = logging.getLogger(__name__)
# It ends by itself before.
_SECONDS = 150.0
# For its memory, by the system, or for its time.
_KILLED = -9
_TAIL = 4_000
_ERRORS: dict[str, type[EnvManagerError]] = {kind.code: kind for kind in (Invalid, NotAllowed, NotFound, Damaged)}


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is told by one process to the other: all of `Packed` or a problem. ``records`` are decoded one by one."""

    packed: msgspec.Raw = msgspec.Raw(b"null")
    records: list[msgspec.Raw] = []
    problem: Problem | None = None


async def read_apart(archive: Path, platform: str) -> Packed:
    """As `reading.read`, without blocking; the process is ended when the caller is cancelled."""
    process = await asyncio.create_subprocess_exec(
        *(*command("packs.apart"), os.fspath(archive), platform),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output = said = b""
    try:
        with contextlib.suppress(asyncio.TimeoutError):
            output, said = await asyncio.wait_for(process.communicate(), _SECONDS)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode or not output:
        raise _failed(process.returncode, said, archive)
    return await asyncio.to_thread(_heard, output, archive)


def _failed(code: int | None, said: bytes, archive: Path) -> EnvManagerError:
    if code == _KILLED:
        return Damaged(
            f"{archive.name} has records that are too large to be read here.", hint="Pack it anew.", field="source"
        )
    _log.error("The process that reads %s has ended with %s: %s", archive, code, said[-_TAIL:].decode(errors="replace"))
    return Internal(f"{archive.name} could not be read.", hint="The server's log says why.", field="source")


def _heard(output: bytes, archive: Path) -> Packed:
    told = msgspec.json.decode(output, type=_Told)
    if (problem := told.problem) is not None:
        kind = _ERRORS.get(problem.code, Damaged)
        raise kind(problem.message, hint=problem.hint, field=problem.field, **problem.details)
    packed = msgspec.json.decode(told.packed, type=Packed)
    return msgspec.structs.replace(packed, records=[msgspec.json.decode(one) for one in told.records])


def _tell(archive: Path, platform: str) -> bytes:
    try:
        packed = read(archive, platform)
    except EnvManagerError as error:
        return msgspec.json.encode(_Told(problem=error.problem()))
    return msgspec.json.encode(
        _Told(
            packed=msgspec.Raw(msgspec.json.encode(msgspec.structs.replace(packed, records=[]))),
            records=[msgspec.Raw(msgspec.json.encode(one)) for one in packed.records],
        )
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(_tell(Path(sys.argv[1]), sys.argv[2]))
