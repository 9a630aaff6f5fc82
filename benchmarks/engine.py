"""The bare engine: solve and install with py-rattler and nothing else, in a process of its own.

    python benchmarks/engine.py CHANNEL_URL PACKAGE_CACHE PREFIX SPEC …

The index is read before the clock starts, as an open panel has read it. Prints ``{"solve": s, "install": s}``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from rattler import Channel, Gateway, MatchSpec, PackageCache, RepoDataRecord, VirtualPackage, install, solve


async def create(channel: str, cache: Path, prefix: Path, specs: list[str]) -> dict[str, float]:
    """Solve and install; seconds of each."""
    channels = [Channel(channel)]
    gateway = Gateway(cache_dir=cache / "cache" / "bare")
    virtual = list(VirtualPackage.detect())
    wanted = [MatchSpec(spec) for spec in specs]

    async def solved() -> list[RepoDataRecord]:
        return await solve(channels, wanted, gateway=gateway, virtual_packages=virtual)

    await solved()
    begin = time.perf_counter()
    records = await solved()
    middle = time.perf_counter()
    packages = PackageCache(cache)
    await install(records, target_prefix=prefix, package_cache=packages, show_progress=False)
    return {"solve": middle - begin, "install": time.perf_counter() - middle}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(create(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]))))
