"""Reading environment files: the text alone, and with what the engine and the index's rules say of each line.

python benchmarks/specfiles.py [--quick] [--repetitions N] [--json FILE] [--lines N]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

from benchmarks.report import Figure, Group, end_cleanly, machine, options, show  # noqa: E402
from jupyter_envmanager import sources  # noqa: E402
from jupyter_envmanager.config import load  # noqa: E402
from jupyter_envmanager.models import FileText  # noqa: E402
from jupyter_envmanager.pypi import PypiSettings  # noqa: E402
from jupyter_envmanager.specfiles.reading import read_file  # noqa: E402

TARGET = 0.02


def environment_file(lines: int) -> str:
    """A file such as ``conda env export`` writes, a third of it from PyPI."""
    theirs = (lines - 8) // 3
    ours = lines - 8 - theirs
    return "\n".join(
        [
            "name: large",
            "channels:",
            "  - conda-forge",
            "dependencies:",
            *(f"  - package-{number}=1.{number}.0=py312h{number:07x}_0" for number in range(ours)),
            "  - pip",
            "  - pip:",
            *(f"    - wheel-{number}==1.{number}" for number in range(theirs)),
            "variables:",
            "  DATA: /data",
        ]
    )


def requirements(lines: int) -> str:
    """As ``pip freeze`` writes them."""
    return "\n".join(f"wheel-{number}==1.{number}" for number in range(lines))


def measured(title: str, repetitions: int, act: Callable[[], object], target: float | None) -> Figure:
    """Each repetition's time."""
    figure = Figure(title, "ms", target=target)
    for _ in range(repetitions):
        begin = time.perf_counter()
        act()
        figure.samples.append(time.perf_counter() - begin)
    return figure


def main(arguments: argparse.Namespace) -> None:
    """Measure and show."""
    before = machine()
    repetitions = 1 if arguments.quick else arguments.repetitions
    texts = {
        "environment.yml": environment_file(arguments.lines),
        "requirements.txt": requirements(arguments.lines),
    }
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        settings = load({}, Path(folder), Path(sys.prefix))
        pypi = PypiSettings(cache=folder, allowed_roots=[folder])
        for name, content in texts.items():
            text = FileText(content=content, filename=name)
            if not asyncio.run(sources.read(text, settings, pypi)).usable:
                raise RuntimeError(f"{name} is not read as it should be.")
            figures += [
                measured(name, repetitions, lambda text=text: read_file(text, "linux-64"), TARGET),  # type: ignore[misc]
                measured(
                    f"{name}, every line checked",
                    repetitions,
                    lambda text=text: asyncio.run(sources.read(text, settings, pypi)),  # type: ignore[misc]
                    TARGET,
                ),
            ]
    show([Group(f"{arguments.lines} lines", figures)], before, arguments.json)


if __name__ == "__main__":
    end_cleanly()
    parser = options("Reading environment files.", 50)
    parser.add_argument("--lines", type=int, default=500, metavar="N", help="default: %(default)s")
    main(parser.parse_args())
