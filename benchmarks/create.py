"""From the click on *Create* to the first cell, against conda, mamba, micromamba and the bare engine.

python benchmarks/create.py [--quick] [--repetitions N] [--json FILE] [SPEC …]
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))
sys.path.insert(1, str(_ROOT / "scripts"))

from local_channel import build_channel, serve  # noqa: E402

from benchmarks import tools  # noqa: E402
from benchmarks.creation import PARTS, Created, create, forget, kernel_argv, open_panel, settle  # noqa: E402
from benchmarks.home import Home  # noqa: E402
from benchmarks.kernel import FIRST_CELL, IMPORT_PANDAS, start_alone  # noqa: E402
from benchmarks.report import Figure, Group, end_cleanly, machine, options, show  # noqa: E402
from benchmarks.server import Server, running  # noqa: E402

SPECS = ["python", "ipykernel", "pandas"]
CELL_TARGET = 2.0
OVERHEAD_TARGET = 0.3
WARM, PLAN, STARTED, COLD = "warm", "warm, previewed before", "warm, server just started", "cold"


@dataclass
class Run:
    """What has been measured so far, by the name of the figure."""

    warm: Home
    cold: Home
    specs: list[str]
    samples: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def add(self, name: str, value: float) -> None:
        """One more sample."""
        self.samples[name].append(value)

    def figure(self, label: str, key: str | None = None, target: float | None = None, note: str = "") -> Figure:
        """The samples under ``key`` (``label`` by default) as a figure."""
        return Figure(label, "s", self.samples.get(key or label, []), target=target, note=note)

    async def click(self, server: Server, kind: str) -> Created:
        """Create once; keep its times under ``kind``."""
        self.count += 1
        created = await create(server, f"env{self.count}", self.specs, previewed=kind == PLAN)
        for name in ("answered", "succeeded", "cell"):
            self.add(f"{kind}: {name}", getattr(created, name))
        self.add(f"{kind}: kernel", created.cell - created.succeeded)
        for part, seconds in created.parts.items():
            self.add(f"{kind}: {part}", seconds)
        await settle(server, created)
        return created


async def repeat(run: Run, warm: Server, cold: Server) -> None:
    """One repetition: every variant once, so that a busy moment of the machine meets all of them."""
    bare = await _bare(run, run.warm, WARM)
    ours = await run.click(warm, WARM)
    run.add("overhead", ours.succeeded - bare[0])
    await _bytecode(run, kernel_argv(run.warm, ours), bare[1])
    forget(run.warm, ours)
    forget(run.warm, await run.click(warm, PLAN))
    with running(run.warm) as fresh:
        forget(run.warm, await run.click(fresh, STARTED))
    run.cold.empty_package_cache()
    forget(run.cold, await run.click(cold, COLD))
    run.cold.empty_package_cache()
    shutil.rmtree((await _bare(run, run.cold, COLD))[1])
    for name, program in tools.found().items():
        if program is not None:
            for kind, home in ((WARM, run.warm), (COLD, run.cold)):
                times = await tools.create(program, home, run.specs, cold=kind == COLD)
                for part in ("create", "register", "cell"):
                    run.add(f"{name} {kind}: {part}", getattr(times, part))


async def _bare(run: Run, home: Home, kind: str) -> tuple[float, Path]:
    """The bare engine once; returns its seconds and the prefix."""
    prefix = home.path / "bare"
    times = json.loads(tools.bare_engine(home, prefix, run.specs))
    run.add(f"bare {kind}: solve", times["solve"])
    run.add(f"bare {kind}: install", times["install"])
    run.add(f"bare {kind}", times["solve"] + times["install"])
    return times["solve"] + times["install"], prefix


async def _bytecode(run: Run, argv: list[str], bare: Path) -> None:
    """The kernel alone: in our environment, and in one that the bare engine made, without bytecode; removes that."""
    variables = run.warm.variables()
    cells = [FIRST_CELL, *([IMPORT_PANDAS] if any("pandas" in spec for spec in run.specs) else [])]
    without = [str(bare / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    for kind, command in (("with", argv), ("without", without)):
        seconds, printed = await start_alone(command, variables, cells)
        run.add(f"kernel {kind}", seconds)
        for text in printed[1:]:
            run.add(f"pandas {kind}", float(text))
    shutil.rmtree(bare)


def groups(run: Run) -> list[Group]:
    """The report."""
    clicks = [run.figure(f"{kind}: POST → first cell", f"{kind}: cell") for kind in (WARM, PLAN, STARTED, COLD)]
    for figure in clicks[:2]:
        figure.target = CELL_TARGET
    jobs = [run.figure(f"{kind}: POST → succeeded", f"{kind}: succeeded") for kind in (WARM, PLAN, STARTED, COLD)]
    kernels = [run.figure(f"{kind}: kernel, through the server", f"{kind}: kernel") for kind in (WARM, COLD)]
    kernels.append(run.figure("the same kernel, started alone", "kernel with"))
    bare = [run.figure(f"bare engine, {kind}: solve and install", f"bare {kind}") for kind in (WARM, COLD)]
    overhead = run.figure("our overhead, warm", "overhead", OVERHEAD_TARGET)
    parts = [run.figure(part, f"{kind}: {part}") for kind in (WARM,) for part in PARTS]
    started = [run.figure(part, f"{STARTED}: {part}") for part in PARTS[:2]]
    bytecode = [
        run.figure(f"{what}, {kind} bytecode", f"{key} {kind}")
        for what, key in (("first start of the kernel", "kernel"), ("first import of pandas", "pandas"))
        for kind in ("with", "without")
    ]
    return [
        Group("Create: click to cell", [*clicks, *jobs, *kernels]),
        Group("Other tools: create, ipykernel install, first cell", _others(run)),
        Group("Bare engine", [*bare, overhead]),
        Group("Warm: parts of POST → succeeded", parts),
        Group("Server just started: parts that differ", started),
        Group("Bytecode from the cache", bytecode),
    ]


def _others(run: Run) -> list[Figure]:
    figures = []
    ours = run.figure("", f"{WARM}: cell").median
    for name, program in tools.found().items():
        for kind in (WARM, COLD):
            note = "not on PATH" if program is None else ""
            figures.append(run.figure(f"{name}, {kind}", f"{name} {kind}: cell", note=note))
        theirs = figures[-2].median
        if name == "micromamba":
            share = [ours / theirs] if ours and theirs else []
            note = "" if share else "no micromamba to compare with"
            figures.append(Figure("our share of micromamba's time", "share", share, target=0.5, note=note))
    return figures


async def measure(run: Run, repetitions: int) -> None:
    """Warm everything up, then repeat."""
    with running(run.warm) as warm, running(run.cold) as cold:
        for server, home in ((warm, run.warm), (cold, run.cold)):
            open_panel(server, run.specs)
            created = await create(server, "first", run.specs)
            await settle(server, created)
            forget(home, created)
        tools.bare_engine(run.warm, run.warm.path / "bare", run.specs)
        shutil.rmtree(run.warm.path / "bare")
        for number in range(repetitions):
            print(f"repetition {number + 1} of {repetitions}", file=sys.stderr, flush=True)
            await repeat(run, warm, cold)


def main() -> None:
    """Measure and report."""
    parser = options(__doc__.splitlines()[0], repetitions=5)
    parser.add_argument("specs", nargs="*", default=SPECS, metavar="SPEC", help="default: python ipykernel pandas")
    arguments = parser.parse_args()
    end_cleanly()
    before = machine()
    channel = build_channel(report=lambda line: print(line, file=sys.stderr))
    folder = Path(tempfile.mkdtemp(prefix="envmanager-benchmark-"))
    try:
        with serve(channel.directory) as server:
            warm, cold = (Home(folder / name, [server.url]) for name in ("warm", "cold"))
            run = Run(warm, cold, list(arguments.specs))
            asyncio.run(measure(run, 1 if arguments.quick else arguments.repetitions))
        show(groups(run), before, arguments.json, specs=run.specs, all_samples=run.samples)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
