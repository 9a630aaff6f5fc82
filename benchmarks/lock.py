"""From a lock of sixty packages to an environment: everything in the cache, nothing solved.

python benchmarks/lock.py [--quick] [--repetitions N] [--json FILE]
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))
sys.path.insert(1, str(_ROOT / "scripts"))

from local_channel import Synthetic, build_channel, serve, write_channel  # noqa: E402

from benchmarks.creation import request, success  # noqa: E402
from benchmarks.home import Home  # noqa: E402
from benchmarks.report import Figure, Group, end_cleanly, machine, options, show  # noqa: E402
from benchmarks.server import Server, running  # noqa: E402

SPECS = ["python", "ipykernel", "pandas"]
PACKAGES, FILES = 60, 50
FORMATS = ("explicit", "conda-lock", "pixi.lock")
TARGET = 1.0
# Seconds between a plan and the click on it, in which the server has a worker ready; scripts take none.
LOOK = 1.0


async def click(server: Server, body: dict[str, Any], look: float) -> tuple[float, float, dict[str, Any]]:
    """Preview, look at the plan for some seconds, and create; the seconds of the preview, of the creation up to the
    event that says so, and the job.
    """
    events = await server.websocket("api/events/subscribe")
    try:
        begin = time.perf_counter()
        plan = server.post("environments/preview", body)
        previewed = time.perf_counter() - begin
        await asyncio.sleep(look)
        begin = time.perf_counter()
        job = server.post("environments", {**body, "plan": plan["id"]})
        await asyncio.wait_for(success(events, job["id"]), 300)
        return previewed, time.perf_counter() - begin, job
    finally:
        events.close()


def _settle(server: Server, job: dict[str, Any]) -> None:
    while server.get(f"jobs/{job['id']}")["aftercare"]:
        time.sleep(0.2)


async def measure(home: Home, specs: Sequence[str], repetitions: int) -> dict[str, list[float]]:
    """Fill the cache, write the locks, create from each in turn; beside them, the same solved."""
    samples: dict[str, list[float]] = defaultdict(list)
    with running(home) as server:
        solved = request("first", list(specs))
        _, _, first = await click(server, solved, 0.0)
        _settle(server, first)
        bodies = {"solved": solved}
        for format in FORMATS:
            text = server.get(f"environments/{first['environment']}/export?format={format}")["content"]
            source = {"type": "file", "format": format, "content": text}
            bodies[format] = {"source": source}
        for number in range(repetitions):
            print(f"repetition {number + 1} of {repetitions}", file=sys.stderr, flush=True)
            for kind, body in bodies.items():
                for look in (LOOK, 0.0):
                    # Nothing is deleted meanwhile: ext4 makes folders slowly for a minute after that.
                    name = f"{kind}-{number}-{look:.0f}"
                    named = {**body, "name": name, "kernel": {"display_name": name}}
                    previewed, created, job = await click(server, named, look)
                    samples[f"{kind}: preview"].append(previewed)
                    samples[kind if look else f"{kind} at once"].append(previewed + created)
                    _settle(server, job)
    return samples


def groups(samples: dict[str, list[float]]) -> list[Group]:
    """The report."""
    made = [Figure(f"{kind}: preview and create", "s", samples[kind], target=TARGET) for kind in FORMATS]
    previews = [Figure(f"{kind}: its preview", "s", samples[f"{kind}: preview"]) for kind in FORMATS]
    at_once = [Figure(f"{kind}: both, nobody looks", "s", samples[f"{kind} at once"]) for kind in FORMATS]
    solved = [Figure("the same, solved", "s", samples["solved"])]
    title = f"Create from a lock of {PACKAGES} packages, warm; {LOOK:.0f} s to look at the plan does not count"
    return [Group(title, [*made, *at_once, *previews, *solved])]


def main() -> None:
    """Measure and report."""
    arguments = options(__doc__.splitlines()[0], repetitions=5).parse_args()
    end_cleanly()
    before = machine()
    real = build_channel(report=lambda line: print(line, file=sys.stderr))
    folder = Path(tempfile.mkdtemp(prefix="envmanager-benchmark-"))
    try:
        names = [f"invented-{number}" for number in range(PACKAGES)]
        invented = write_channel(folder / "invented", [Synthetic(name, "1.0", file_count=FILES) for name in names])
        with serve(real.directory) as one, serve(invented.directory) as other:
            home = Home(folder / "home", [one.url, other.url])
            with running(home) as server:
                plan = server.post("environments/preview", request("count", SPECS))
            more = names[: max(0, PACKAGES - len(plan["actions"]))]
            samples = asyncio.run(measure(home, [*SPECS, *more], 1 if arguments.quick else arguments.repetitions))
        show(groups(samples), before, arguments.json, specs=[*SPECS, *more], all_samples=samples)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
