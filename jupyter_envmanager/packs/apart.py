"""Look into an archive in a process of its own: one with large records would hold up all others of a server."""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

import msgspec

from ..apart import Ended, ask, tell
from ..errors import Damaged, Internal
from .reading import Packed, read

# It ends by itself before.
_SECONDS = 150.0


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is told by one process to the other: all of `Packed`. ``records`` are decoded one by one."""

    packed: msgspec.Raw
    records: list[msgspec.Raw]


async def read_apart(archive: Path, platform: str) -> Packed:
    """As `reading.read`, without blocking; the process is ended when the caller is cancelled."""
    try:
        told = await ask("packs.apart", os.fspath(archive), platform, seconds=_SECONDS)
    except Ended as ended:
        if ended.killed:
            raise Damaged(
                f"{archive.name} has records that are too large to be read here.", hint="Pack it anew.", field="source"
            ) from ended
        raise Internal(
            f"{archive.name} could not be read.", hint="The server's log says why.", field="source"
        ) from ended
    return await asyncio.to_thread(_heard, told)


def _heard(told: memoryview) -> Packed:
    whole = msgspec.json.decode(told, type=_Told)
    packed = msgspec.json.decode(whole.packed, type=Packed)
    return msgspec.structs.replace(packed, records=[msgspec.json.decode(one) for one in whole.records])


def _told(archive: Path, platform: str) -> bytes:
    packed = read(archive, platform)
    return msgspec.json.encode(
        _Told(
            packed=msgspec.Raw(msgspec.json.encode(msgspec.structs.replace(packed, records=[]))),
            records=[msgspec.Raw(msgspec.json.encode(one)) for one in packed.records],
        )
    )


if __name__ == "__main__":
    tell(partial(_told, Path(sys.argv[1]), sys.argv[2]))
