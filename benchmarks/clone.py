"""A copy of an environment of 15,000 files on one filesystem: packages of conda and of PyPI, and the user's own files.

Beside each copy the same folder is copied by ``cp -al``, which links everything and reads nothing: the floor that every
tool pays on this filesystem at this hour. All copies stay until the end, as ext4 looks at each inode that was freed
within the last minute before it makes a folder
(https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/fs/ext4/ialloc.c, ``recently_deleted``).

python benchmarks/clone.py [--quick] [--repetitions N] [--json FILE]
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))
sys.path.insert(1, str(_ROOT / "scripts"))

from local_channel import build_channel, serve  # noqa: E402

from benchmarks.change import used  # noqa: E402
from benchmarks.creation import request  # noqa: E402
from benchmarks.home import Home  # noqa: E402
from benchmarks.lock import click  # noqa: E402
from benchmarks.report import Figure, Group, end_cleanly, machine, options, show  # noqa: E402
from benchmarks.server import Server, running  # noqa: E402
from jupyter_envmanager.engine.copying import copy  # noqa: E402
from jupyter_envmanager.pypi.carrying import content, renew  # noqa: E402

# With their bytecode some twelve thousand files.
SPECS = ["python", "ipykernel"]
PYPI, OWN = 3_000, 200
TARGET = 1.0


def furnish(prefix: Path) -> None:
    """Files that a package from PyPI has brought, and some of the user's own, one in ten with the prefix in it."""
    site = next(prefix.glob("lib/python3.*/site-packages"))
    info = site / "from_pypi-1.0.dist-info"
    info.mkdir()
    rows = ["from_pypi-1.0.dist-info/METADATA,,", "from_pypi-1.0.dist-info/RECORD,,"]
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: from-pypi\nVersion: 1.0\n", encoding="utf-8")
    for number in range(PYPI):
        path = f"from_pypi/{number // 100}/m{number}.py"
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(f"VALUE = {number}\n" * 300, encoding="utf-8")
        rows.append(f"{path},,")
    (info / "RECORD").write_text("\n".join([*rows, ""]), encoding="utf-8")
    (prefix / "own").mkdir()
    for number in range(OWN):
        text = f"{prefix}/own\n" if number % 10 == 0 else f"{number}\n"
        (prefix / "own" / f"{number}.txt").write_text(text, encoding="utf-8")


def _files(prefix: Path) -> int:
    return sum(1 for path in prefix.rglob("*") if not path.is_dir())


async def _made(server: Server, body: dict[str, Any]) -> tuple[float, float, dict[str, Any]]:
    previewed, seconds, submitted = await click(server, body)
    while (job := server.get(f"jobs/{submitted['id']}"))["aftercare"]:
        await asyncio.sleep(0.2)
    return previewed, seconds, job


async def measure(home: Home, specs: list[str], repetitions: int) -> tuple[dict[str, list[float]], int]:
    """Make the environment once, then copies of it."""
    samples: dict[str, list[float]] = defaultdict(list)
    with running(home) as server:
        first = (await _made(server, request("first", specs)))[2]
        prefix = Path(first["prefix"])
        furnish(prefix)
        source = {"type": "clone", "environment": first["environment"]}
        for number in range(repetitions + 1):
            print(f"repetition {number} of {repetitions}", file=sys.stderr, flush=True)
            before = used(home.path)
            name = f"again-{number}"
            previewed, seconds, job = await _made(server, {"name": name, "kernel": None, "source": source})
            copied, worker = used(home.path) - before, job["finished"] - job["started"]
            alone, floor = _paired(prefix, home.envs, number)
            # The first one finds nothing in the system's memory.
            if number:
                for name, value in (
                    ("preview", previewed),
                    ("whole", seconds),
                    ("worker", worker),
                    ("alone", alone),
                    ("floor", floor),
                    ("ratio", alone / floor),
                    ("disk", copied),
                ):
                    samples[name].append(value)
        return samples, _files(prefix)


def _paired(source: Path, folder: Path, number: int) -> tuple[float, float]:
    """The seconds of our copy and of ``cp -al``, by turns the one and the other first."""
    ways = {"alone": _copied, "floor": _linked}
    seconds = {}
    for way in sorted(ways, reverse=number % 2 == 1):
        begin = time.perf_counter()
        ways[way](source, folder / f"{way}-{number}")
        seconds[way] = time.perf_counter() - begin
    return seconds["alone"], seconds["floor"]


def _copied(source: Path, target: Path) -> None:
    found, dists = content(source)
    renew(target, dists, copy(source, target, target, found).rewritten)


def _linked(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-al", source, target], check=True)


def groups(samples: dict[str, list[float]], files: int) -> list[Group]:
    """The report."""
    return [
        Group(
            f"Copy of an environment of {files} files",
            [
                Figure("preview", "s", samples["preview"]),
                Figure("preview and create", "s", samples["whole"]),
                Figure("the worker's part", "s", samples["worker"], target=TARGET),
                Figure("the files alone", "s", samples["alone"], target=TARGET),
                Figure("the same folder by cp -al", "s", samples["floor"]),
                Figure("the files alone, by cp -al", "share", samples["ratio"]),
                Figure("disk that a copy uses", "MB", samples["disk"]),
            ],
        )
    ]


def main() -> None:
    """Measure and report."""
    arguments = options(__doc__.splitlines()[0], repetitions=5).parse_args()
    end_cleanly()
    before = machine()
    real = build_channel(report=lambda line: print(line, file=sys.stderr))
    folder = Path(tempfile.mkdtemp(prefix="envmanager-benchmark-"))
    try:
        with serve(real.directory) as channel:
            home = Home(folder / "home", [channel.url])
            samples, files = asyncio.run(measure(home, SPECS, 1 if arguments.quick else arguments.repetitions))
        show(groups(samples, files), before, arguments.json, specs=SPECS, all_samples=samples)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
