"""Search while typing, on a channel of conda-forge's size: answers, memory, stalls of the server's event loop.

python benchmarks/search.py [--quick] [--repetitions N] [--json FILE] [--names N] [--records N]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))
sys.path.insert(1, str(_ROOT / "scripts"))

from local_channel import serve  # noqa: E402

from benchmarks.creation import request  # noqa: E402
from benchmarks.home import Home, remove  # noqa: E402
from benchmarks.large_channel import LAYOUTS, NAMES, RECORDS, large_channel  # noqa: E402
from benchmarks.report import Figure, Group, end_cleanly, machine, options, show  # noqa: E402
from benchmarks.server import Server, running  # noqa: E402

KEYSTROKE_TARGET = 0.02
MEMORY_TARGET = 200e6
STALL_TARGET = 0.05
#: What people type; the last of each is a name of the channel, but for the misspelt ones.
TYPED = ("numpy", "pandas", "scikit-learn", "pytorch", "jupyterlab", "matplotlib-base", "r-data-graph", "python=3.12")
TYPED_WRONG = ("nmupy", "pandsa", "sklearn-lab", "Tensorflwo", "zzzz.*")
SPECS = ["python=3.12", "numpy", "pandas", "scikit-learn", "jupyterlab", "ipykernel"]
# Twice as fast as the fastest typists, so that look-ups of the keystroke before are still under way.
_BETWEEN_KEYSTROKES = 0.04


@dataclass
class Seen:
    """What one layout showed; seconds and bytes, one value a server, but for the keystrokes.

    Attributes:
        first: the first answer.
        keystrokes: every answer while typing.
        p95: of the keystrokes of one server.
        again: the same words a second time; their versions are known.
        again_p95: of these.
        versions: the share of answers to a whole name that had a version at once, the second time.
        stall: the longest delay of the event loop while typing, the server's own.
        preview: the preview's time.
        preview_stall: the longest delay of the event loop meanwhile.
        resident: added memory after typing, files mapped included; then after a preview.
        anonymous: of it, what no file backs.
        peak: the most there ever was, for a moment.
    """

    first: list[float] = field(default_factory=list)
    keystrokes: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    again_p95: list[float] = field(default_factory=list)
    versions: list[float] = field(default_factory=list)
    stall: list[float] = field(default_factory=list)
    preview: list[float] = field(default_factory=list)
    preview_stall: list[float] = field(default_factory=list)
    resident: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    anonymous: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    peak: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Memory:
    """Physical memory of a process in bytes: all of it, what no file backs, and the most it ever had."""

    resident: float
    anonymous: float
    peak: float


def measure_server(home: Home, seen: Seen, without: Memory) -> None:
    """One server: the first answer, typing, typing again, a preview."""
    with running(home, probe=True) as server:
        server.get("status")
        # Starting ends some time after the first answer.
        time.sleep(1.0)
        _probe(server)
        begin = time.perf_counter()
        server.get("packages?q=n&limit=20")
        seen.first.append(time.perf_counter() - begin)
        first, _ = _type(server)
        second, versions = _type(server)
        seen.keystrokes += first
        seen.again += second
        seen.p95.append(_p95(first))
        seen.again_p95.append(_p95(second))
        seen.versions.append(versions)
        seen.stall.append(_probe(server)["own"])
        _add(seen, 0, server, without)
        begin = time.perf_counter()
        server.post("environments/preview", request("looked-at", SPECS))
        seen.preview.append(time.perf_counter() - begin)
        server.post("environments/preview", request("looked-at-again", [*SPECS, "seaborn", "xarray"]))
        seen.preview_stall.append(_probe(server)["own"])
        _add(seen, 1, server, without)
        seen.peak.append(_memory(server).peak - without.peak)


def _type(server: Server) -> tuple[list[float], float]:
    """Type every text; the seconds of each answer, and the share of right names that came with a version."""
    seconds, versions = [], []
    for text in (*TYPED, *TYPED_WRONG):
        for typed in _prefixes(text):
            begin = time.perf_counter()
            answer = server.get(f"packages?q={typed.replace('=', '%3D')}&limit=50")
            seconds.append(time.perf_counter() - begin)
            time.sleep(_BETWEEN_KEYSTROKES)
        if text in TYPED:
            hit = answer["packages"][0]
            if hit["name"] != text.partition("=")[0]:
                raise RuntimeError(f"“{text}” found {hit['name']} first.")
            versions.append(hit["version"] is not None)
    return seconds, sum(versions) / len(versions)


def _prefixes(text: str) -> Iterator[str]:
    return (text[:length] for length in range(1, len(text) + 1))


def _p95(samples: list[float]) -> float:
    return statistics.quantiles(samples, n=20, method="inclusive")[-1]


def _probe(server: Server) -> dict[str, Any]:
    seen: dict[str, Any] = server.request("GET", "loop-probe")
    return seen


def _add(seen: Seen, place: int, server: Server, without: Memory) -> None:
    time.sleep(1.0)
    now = _memory(server)
    seen.resident[place].append(now.resident - without.resident)
    seen.anonymous[place].append(now.anonymous - without.anonymous)


def _memory(server: Server) -> Memory:
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii", errors="replace")
    sizes = dict(line.split(":", 1) for line in status.splitlines())
    return Memory(*(int(sizes[name].split()[0]) * 1024 for name in ("VmRSS", "RssAnon", "VmHWM")))


def _without(folder: Path) -> Memory:
    """A server that does not have the extension."""
    home = Home(folder / "without", [])
    with running(home, ours=False, probe=True) as server:
        server.request("GET", "api/contents")
        time.sleep(1.0)
        return _memory(server)


def figures(what: str, seen: Seen) -> list[Figure]:
    """The lines of one layout, in one state of the cache."""
    return [
        Figure(f"{what}: first answer", "ms", seen.first),
        Figure(f"{what}: keystroke → results, all", "ms", seen.keystrokes),
        Figure(f"{what}: keystroke → results, p95", "ms", seen.p95, KEYSTROKE_TARGET, judged="max"),
        Figure(f"{what}: typed again, all", "ms", seen.again),
        Figure(f"{what}: typed again, p95", "ms", seen.again_p95, KEYSTROKE_TARGET, judged="max"),
        Figure(f"{what}: of these, names with their version", "share", seen.versions),
        Figure(f"{what}: event loop late while typing, own", "ms", seen.stall, STALL_TARGET, judged="max"),
        Figure(f"{what}: event loop late in previews, own", "ms", seen.preview_stall, STALL_TARGET, judged="max"),
        Figure(f"{what}: preview of {len(SPECS)} specs", "ms", seen.preview),
        Figure(f"{what}: added memory after typing", "MB", seen.resident[0], MEMORY_TARGET, judged="max"),
        Figure(f"{what}: of it, anonymous", "MB", seen.anonymous[0]),
        Figure(f"{what}: added memory after two previews", "MB", seen.resident[1], MEMORY_TARGET, judged="max"),
        Figure(f"{what}: of it, anonymous", "MB", seen.anonymous[1]),
        Figure(f"{what}: the most while solving", "MB", seen.peak),
    ]


def measure(arguments: argparse.Namespace, folder: Path) -> list[Group]:
    """Both layouts: with an empty cache, and with that of the server before."""
    repetitions = 1 if arguments.quick else arguments.repetitions
    without = _without(folder)
    groups = []
    for layout in LAYOUTS:
        channel = large_channel(arguments.folder, layout, arguments.names, arguments.records)
        cold, warm = Seen(), Seen()
        with serve(channel) as served:
            for _ in range(repetitions):
                remove(folder / layout)
                home = Home(folder / layout, [served.url])
                measure_server(home, cold, without)
                measure_server(home, warm, without)
        title = f"{arguments.names:,} names, {arguments.records:,} records, {layout}"
        groups.append(Group(title, [*figures("empty cache", cold), *figures("restarted", warm)]))
    return groups


def main() -> None:
    """Measure and report."""
    parser = options(__doc__.splitlines()[0], repetitions=3)
    parser.add_argument("--names", type=int, default=NAMES, metavar="N", help="of the channel; default: %(default)s")
    parser.add_argument("--records", type=int, default=RECORDS, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "envmanager-benchmarks",
        metavar="DIR",
        help="where the channels are kept; default: %(default)s",
    )
    arguments = parser.parse_args()
    end_cleanly()
    before = machine()
    folder = Path(tempfile.mkdtemp(prefix="envmanager-benchmark-"))
    try:
        show(measure(arguments, folder), before, arguments.json)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
