"""Listing environments, stalls of the server's event loop, and the memory that the extension adds.

python benchmarks/list.py [--quick] [--repetitions N] [--json FILE] [--channel DIR] [--records N]
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))
sys.path.insert(1, str(_ROOT / "scripts"))

from local_channel import build_channel, serve  # noqa: E402

from benchmarks.creation import create, forget, open_panel, request, settle  # noqa: E402
from benchmarks.home import Home, remove  # noqa: E402
from benchmarks.population import populate, write_index  # noqa: E402
from benchmarks.report import Figure, Group, end_cleanly, machine, options, show  # noqa: E402
from benchmarks.server import Server, running  # noqa: E402

SPECS = ["python", "ipykernel", "pandas"]
COUNTS = (1, 20, 200)
KNOWN_TARGET = 0.005
FIRST_TARGET = 0.1
STALL_TARGET = 0.05
MEMORY_TARGET = 150e6
_SUBDIRS = ("linux-64", "noarch")


@dataclass
class Bench:
    """What all measurements share.

    Attributes:
        folder: where homes are made.
        channel: URL of the real channel.
        large: URLs of channels with a large index.
        template: a real environment.
        repetitions: how often each thing is done.
        requests: how many listings are timed on a server that knows its environments.
    """

    folder: Path
    channel: str
    large: list[str]
    template: Path
    repetitions: int
    requests: int

    def home(self, name: str, *more: str) -> Home:
        """A new home, in which ``more`` channels follow the real one."""
        remove(self.folder / name)
        return Home(self.folder / name, [self.channel, *more])


def listing(bench: Bench, count: int, *, kernels: bool = True) -> list[Figure]:
    """GET environments for ``count`` of them: the first time, and once they are known."""
    what = f"{count}, each with a kernel" if kernels else f"{count}, no kernels"
    first = Figure(f"{what}: first time", "ms", target=FIRST_TARGET if count == max(COUNTS) else None)
    known = Figure(f"{what}: known", "ms", target=KNOWN_TARGET)
    home = bench.home(f"list-{count}")
    populate(bench.template, home.envs, home.data / "kernels" if kernels else None, count)
    for _ in range(bench.repetitions):
        with running(home) as server:
            # The first request of a server pays for what it imports; the panel asks for its status first.
            server.get("status")
            first.samples.append(_timed(server, count, kernels))
            _wait_for_sizes(server)
            known.samples += [_timed(server, count, kernels) for _ in range(bench.requests)]
        remove(home.data / "envmanager")
    return [first, known]


def _timed(server: Server, count: int, kernels: bool) -> float:
    begin = time.perf_counter()
    answer = server.get("environments")
    seconds = time.perf_counter() - begin
    named = [env for env in answer["environments"] if env["kind"] == "named" and env["state"] == "ready"]
    if len(named) != count or not all(bool(env["kernels"]) == kernels for env in named):
        raise RuntimeError(f"{len(named)} of {count} environments were listed as they are.")
    return seconds


def _wait_for_sizes(server: Server) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if all(env["size"] is not None for env in server.get("environments")["environments"] if env["kind"] == "named"):
            return
        time.sleep(0.2)


async def stalls(bench: Bench) -> tuple[list[Figure], list[Any]]:
    """The longest delay of the event loop while an environment is created, and while nothing happens."""
    idle = Figure("idle: late", "ms")
    late = Figure("create: late (other processes' turns included)", "ms")
    own = Figure("create: of it, the server's own", "ms", target=STALL_TARGET, judged="max")
    first = Figure("open the panel, first time: late", "ms")
    first_own = Figure("open the panel, first time: of it, the server's own", "ms", target=STALL_TARGET, judged="max")
    stacks: list[Any] = []
    home = bench.home("stalls")
    for _ in range(bench.repetitions):
        with running(home, probe=True) as server:
            # Starting ends some time after the first answer.
            await asyncio.sleep(2.0)
            _probe(server)
            await asyncio.sleep(2.0)
            idle.samples.append(_probe(server)["late"])
            open_panel(server, SPECS)
            seen = _probe(server)
            first.samples.append(seen["late"])
            first_own.samples.append(seen["own"])
            stacks.append({"panel": seen["stacks"]})
            created = await create(server, "stalls", SPECS, run_cell=False)
            seen = _probe(server)
            late.samples.append(seen["late"])
            own.samples.append(seen["own"])
            stacks.append({"create": seen["stacks"]})
            await settle(server, created)
            forget(home, created)
    return [idle, late, own, first, first_own], stacks


def _probe(server: Server) -> dict[str, Any]:
    seen: dict[str, Any] = server.request("GET", "loop-probe")
    return seen


def memory(bench: Bench) -> list[Figure]:
    """The server's memory after listing, a search and a preview, less that of a server without the extension."""
    figures = [Figure("without the extension", "MB"), Figure("added by enabling it", "MB")]
    figures += [Figure("added by a panel, local channel", "MB", target=MEMORY_TARGET)]
    figures += [Figure("added by a panel, large channels, too", "MB", target=MEMORY_TARGET)]
    figures += [Figure("added by a panel with 200 environments", "MB", target=MEMORY_TARGET)]
    for _ in range(bench.repetitions):
        without = _memory(bench.home("memory"), ours=False)
        figures[0].samples.append(without)
        figures[1].samples.append(_memory(bench.home("memory"), panel=False) - without)
        figures[2].samples.append(_memory(bench.home("memory")) - without)
        figures[3].samples.append(_memory(bench.home("memory", *bench.large)) - without)
        home = bench.home("memory")
        populate(bench.template, home.envs, home.data / "kernels", max(COUNTS))
        figures[4].samples.append(_memory(home) - without)
    return figures


def _memory(home: Home, *, ours: bool = True, panel: bool = True) -> float:
    with running(home, ours=ours) as server:
        server.request("GET", "api/contents")
        if ours and panel:
            open_panel(server, SPECS)
            server.get("packages?q=py&limit=100")
            server.post("environments/preview", request("looked-at-again", SPECS))
        time.sleep(1.0)
        return float(server.resident_bytes())


def _template(folder: Path, channel: str) -> Path:
    home = Home(folder / "template", [channel])

    async def make() -> Path:
        with running(home) as server:
            created = await create(server, "template", SPECS)
            await settle(server, created)
            return created.prefix

    return asyncio.run(make())


def _large(folder: Path, given: list[Path], records: int) -> list[Path]:
    """Folders with a large index: the given ones, completed, and an invented one."""
    channels = [folder / f"large-{number}" for number in range(len(given))]
    for channel, source in zip(channels, given, strict=True):
        for subdir in _SUBDIRS:
            (channel / subdir).mkdir(parents=True)
            index = source / subdir / "repodata.json"
            empty = f'{{"info": {{"subdir": "{subdir}"}}, "packages": {{}}, "packages.conda": {{}}}}'
            (channel / subdir / "repodata.json").write_bytes(index.read_bytes() if index.exists() else empty.encode())
    if records:
        channels.append(folder / "large-invented")
        write_index(channels[-1], records)
    return channels


def measure(arguments: argparse.Namespace, folder: Path) -> tuple[list[Group], list[Any]]:
    """Everything, in the order of the report."""
    channel = build_channel(report=lambda line: print(line, file=sys.stderr))
    records = min(arguments.records, 2000) if arguments.quick else arguments.records
    with ExitStack() as stack:
        url = stack.enter_context(serve(channel.directory)).url
        large = [stack.enter_context(serve(at)).url for at in _large(folder, arguments.channel, records)]
        repetitions, requests = (1, 20) if arguments.quick else (arguments.repetitions, arguments.requests)
        bench = Bench(folder, url, large, _template(folder, url), repetitions, requests)
        lists = [figure for count in COUNTS for figure in listing(bench, count)]
        lists += listing(bench, max(COUNTS), kernels=False)
        loops, stacks = asyncio.run(stalls(bench))
        return [
            Group("GET environments", lists),
            Group("Event loop", loops),
            Group("Memory of the server", memory(bench)),
        ], stacks


def main() -> None:
    """Measure and report."""
    parser = options(__doc__.splitlines()[0], repetitions=3)
    parser.add_argument(
        "--requests", type=int, default=200, metavar="N", help="listings a server; default: %(default)s"
    )
    parser.add_argument(
        "--channel", type=Path, action="append", default=[], metavar="DIR", help="a channel whose index is large"
    )
    parser.add_argument(
        "--records", type=int, default=100_000, metavar="N", help="records of an invented channel; default: %(default)s"
    )
    arguments = parser.parse_args()
    end_cleanly()
    before = machine()
    folder = Path(tempfile.mkdtemp(prefix="envmanager-benchmark-"))
    try:
        groups, stacks = measure(arguments, folder)
        show(groups, before, arguments.json, stacks=stacks)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
