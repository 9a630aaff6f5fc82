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
from benchmarks.home import Home, remove  # noqa: E402
from benchmarks.report import Figure, Group, end_cleanly, machine, options, show  # noqa: E402
from benchmarks.server import Server, running  # noqa: E402

SPECS = ["python", "ipykernel", "pandas"]
PACKAGES, FILES = 60, 50
FORMATS = ("explicit", "conda-lock", "pixi.lock")
TARGET = 1.0


async def click(server: Server, body: dict[str, Any]) -> tuple[float, float, dict[str, Any]]:
    """Preview and create; the seconds of the preview, of both up to the event that says so, and the job."""
    events = await server.websocket("api/events/subscribe")
    try:
        begin = time.perf_counter()
        plan = server.post("environments/preview", body)
        previewed = time.perf_counter() - begin
        job = server.post("environments", {**body, "plan": plan["id"]})
        await asyncio.wait_for(success(events, job["id"]), 300)
        return previewed, time.perf_counter() - begin, job
    finally:
        events.close()


def _settle(server: Server, job: dict[str, Any]) -> None:
    while server.get(f"jobs/{job['id']}")["aftercare"]:
        time.sleep(0.2)


def _forget(home: Home, job: dict[str, Any]) -> None:
    remove(Path(job["prefix"]))
    remove(home.data / "kernels" / Path(job["prefix"]).name)


async def measure(home: Home, specs: Sequence[str], repetitions: int) -> dict[str, list[float]]:
    """Fill the cache, write the locks, create from each in turn; beside them, the same solved."""
    samples: dict[str, list[float]] = defaultdict(list)
    with running(home) as server:
        solved = request("first", list(specs))
        _, _, first = await click(server, solved)
        _settle(server, first)
        kernel = {"display_name": "again"}
        bodies = {"solved": {**solved, "name": "again", "kernel": kernel}}
        for format in FORMATS:
            text = server.get(f"environments/{first['environment']}/export?format={format}")["content"]
            source = {"type": "file", "format": format, "content": text}
            bodies[format] = {"name": "again", "source": source, "kernel": kernel}
        for number in range(repetitions):
            print(f"repetition {number + 1} of {repetitions}", file=sys.stderr, flush=True)
            for kind, body in bodies.items():
                previewed, succeeded, job = await click(server, body)
                samples[f"{kind}: preview"].append(previewed)
                samples[kind].append(succeeded)
                _settle(server, job)
                _forget(home, job)
    return samples


def groups(samples: dict[str, list[float]]) -> list[Group]:
    """The report."""
    made = [Figure(f"{kind}: preview and create", "s", samples[kind], target=TARGET) for kind in FORMATS]
    previews = [Figure(f"{kind}: its preview", "s", samples[f"{kind}: preview"]) for kind in FORMATS]
    solved = [Figure("the same, solved", "s", samples["solved"])]
    return [Group(f"Create from a lock of {PACKAGES} packages, warm", [*made, *previews, *solved])]


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
