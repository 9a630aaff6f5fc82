"""A small install into an environment of 60 packages and back again, against other tools; the disk of ten alike.

python benchmarks/change.py [--quick] [--repetitions N] [--json FILE]
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))
sys.path.insert(1, str(_ROOT / "scripts"))

from local_channel import PLACEHOLDER, Synthetic, build_channel, serve, write_channel  # noqa: E402

from benchmarks import tools  # noqa: E402
from benchmarks.creation import create, settle, success  # noqa: E402
from benchmarks.home import Home  # noqa: E402
from benchmarks.report import Figure, Group, end_cleanly, machine, options, show  # noqa: E402
from benchmarks.server import Server, running  # noqa: E402

CHANNEL = ("ipykernel", "numpy", "pandas", "requests", "flask", "pip", "jupyter_server")
SPECS = ["python", "ipykernel", "pandas", "requests", "nbconvert"]
SMALL = "flask"
PREVIEW_TARGET, APPLY_TARGET, ROLLBACK_TARGET, DISK_TARGET = 0.3, 0.8, 0.05, 1.3
ALIKE, ENVIRONMENTS = 200, 10


@dataclass
class Run:
    """What has been measured so far, by the name of the figure."""

    samples: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    packages: int = 0
    files: int = 0

    def figure(self, label: str, key: str, unit: str = "s", target: float | None = None, note: str = "") -> Figure:
        """The samples under a key as a figure."""
        return Figure(label, unit, self.samples.get(key, []), target=target, note=note)


async def job(server: Server, path: str, body: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """POST, and wait for the event that tells the browser of success; seconds, and the job."""
    events = await server.websocket("api/events/subscribe")
    try:
        begin = time.perf_counter()
        submitted = server.post(path, body)
        await asyncio.wait_for(success(events, submitted["id"]), 300)
        seconds = time.perf_counter() - begin
    finally:
        events.close()
    found: dict[str, Any] = server.get(f"jobs/{submitted['id']}")
    deadline = time.monotonic() + 60
    while server.get(f"jobs/{submitted['id']}")["aftercare"] and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    return seconds, found


async def change_and_go_back(run: Run, server: Server, environment: str) -> None:
    """Preview, apply, and go back to where it was."""
    base = f"environments/{environment}"
    begin = time.perf_counter()
    plan = server.post(f"{base}/preview", {"install": [SMALL]})
    run.samples["preview"].append(time.perf_counter() - begin)
    # A person reads the plan for longer than a waiting worker needs to start.
    await asyncio.sleep(1.5)
    seconds, done = await job(server, f"{base}/changes", {"plan": plan["id"]})
    run.samples["apply"].append(seconds)
    run.samples["apply: worker"].append(done["finished"] - done["started"])
    history = server.get(f"{base}/history")
    before = next(one["parent"] for one in history["generations"] if one["current"])
    await asyncio.sleep(1.5)
    seconds, done = await job(server, f"{base}/rollback", {"generation": before})
    run.samples["rollback"].append(seconds)
    run.samples["rollback: worker"].append(done["finished"] - done["started"])


def with_tool(run: Run, program: str, home: Home, prefix: Path) -> None:
    """The same small install with another tool: its dry run, then the install; removed again, unmeasured."""
    name = Path(program).name
    variables = {**home.variables(), "CONDA_PKGS_DIRS": str(home.pkgs), "MAMBA_ROOT_PREFIX": str(home.path / "mamba")}
    where = ["--yes", "--quiet", "--prefix", str(prefix), "--override-channels", "--channel", home.channels[0]]
    for key, more in (("preview", ["--dry-run"]), ("apply", [])):
        begin = time.perf_counter()
        subprocess.run(
            [program, "install", *where, *more, SMALL], env=variables, capture_output=True, check=key == "apply"
        )
        run.samples[f"{name}: {key}"].append(time.perf_counter() - begin)
    subprocess.run([program, "remove", "--yes", "--quiet", "--prefix", str(prefix), SMALL], env=variables, check=True)


async def measure(run: Run, home: Home, repetitions: int) -> None:
    """One environment, changed and brought back again and again."""
    with running(home) as server:
        created = await create(server, "sixty", SPECS, run_cell=False)
        await settle(server, created)
        environment = server.get(f"jobs/{created.job}")["environment"]
        run.packages = len(server.get(f"environments/{environment}/packages")["packages"])
        run.files = sum(len(names) for _, _, names in os.walk(created.prefix))
        warmup = Run()
        for number in range(repetitions + 1):
            print(f"repetition {number} of {repetitions}", file=sys.stderr, flush=True)
            await change_and_go_back(run if number else warmup, server, environment)
            for name, program in tools.found().items():
                if program is not None and number:
                    with_tool(run, program, home, created.prefix)
                    print(name, file=sys.stderr)


def alike(folder: Path) -> Path:
    """A channel of 200 packages: fifty files each, one of them a library of 1.5 MB, one with a prefix in it.

    Packages of conda-forge are larger on the average, so that folders and records weigh less there than here.
    """
    noise = os.urandom(2 * 2**20)

    def files(number: int) -> dict[str, bytes]:
        found = {
            f"lib/python3.12/site-packages/p{number}/{part // 20}/m{part}.py": noise[part * 997 : part * 997 + 8192]
            for part in range(48)
        }
        found[f"lib/libp{number}.so"] = noise[number * 1009 : number * 1009 + 1_500_000]
        return {**found, f"etc/p{number}.conf": f"prefix = {PLACEHOLDER}\n".encode() * 20}

    packages = [Synthetic(f"alike-{number}", files=files(number)) for number in range(ALIKE)]
    return write_channel(folder, [*packages]).directory


async def disk(run: Run, home: Home) -> None:
    """What ten environments with the same packages use, together with the package cache."""
    specs = [f"alike-{number}" for number in range(ALIKE)]
    with running(home) as server:
        for number in range(ENVIRONMENTS):
            body = {"name": f"e{number}", "source": {"type": "specs", "specs": specs}, "kernel": None}
            await job(server, "environments", body)
            if number == 0:
                one = used(home.path)
    run.samples["disk: one"].append(one)
    run.samples["disk: ten"].append(used(home.path))
    run.samples["disk: share"].append(used(home.path) / one)


def used(folder: Path) -> float:
    """Bytes on disk, folders included, each file once."""
    answer = subprocess.run(["du", "-s", "--block-size=1", str(folder)], capture_output=True, text=True, check=True)
    return float(answer.stdout.split()[0])


def groups(run: Run) -> list[Group]:
    """The report."""
    ours = [
        run.figure("preview", "preview", target=PREVIEW_TARGET),
        run.figure("apply: POST → succeeded", "apply", target=APPLY_TARGET),
        run.figure("apply: the worker's part", "apply: worker"),
        run.figure("rollback: POST → succeeded", "rollback", target=ROLLBACK_TARGET),
        run.figure("rollback: the worker's part", "rollback: worker", target=ROLLBACK_TARGET),
    ]
    others = []
    for name, program in tools.found().items():
        note = "not on PATH" if program is None else ""
        others += [run.figure(f"{name}: {key}", f"{name}: {key}", note=note) for key in ("preview", "apply")]
    space = [
        run.figure(f"one environment of {ALIKE} packages, with the cache", "disk: one", "MB"),
        run.figure(f"{ENVIRONMENTS} of them, with the cache", "disk: ten", "MB"),
        run.figure("ten in units of one", "disk: share", "share", target=DISK_TARGET),
    ]
    title = f"Install {SMALL} into {run.packages} packages, {run.files} files, all cached"
    return [Group(title, ours), Group("Other tools: dry run, then install", others), Group("Disk", space)]


def main() -> None:
    """Measure and report."""
    arguments = options(__doc__.splitlines()[0], repetitions=7).parse_args()
    end_cleanly()
    before = machine()
    channel = build_channel(packages=CHANNEL, report=lambda line: print(line, file=sys.stderr))
    folder = Path(tempfile.mkdtemp(prefix="envmanager-benchmark-"))
    run = Run()
    try:
        with serve(channel.directory) as server:
            asyncio.run(
                measure(run, Home(folder / "change", [server.url]), 1 if arguments.quick else arguments.repetitions)
            )
        with serve(alike(folder / "alike")) as server:
            asyncio.run(disk(run, Home(folder / "disk", [server.url])))
        show(groups(run), before, arguments.json, all_samples=run.samples)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
