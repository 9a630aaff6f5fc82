"""How soon the package table of a large environment is on the screen, and how evenly it scrolls, in a real browser.

python benchmarks/paint.py [--quick] [--repetitions N] [--json FILE]

Needs a Chromium, node, and the packages of ui-tests (``jlpm install`` there); ENVMANAGER_PYTHON names the Python that
has the extension installed, as ``scripts/test ui`` leaves it in ``build/wheel``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

from benchmarks.packages import Invented  # noqa: E402
from benchmarks.report import Figure, Group, end_cleanly, machine, options, show  # noqa: E402

PAINT_TARGET, FRAME_TARGET = 0.15, 0.1
ENVIRONMENTS = (Invented("four-hundred", 400, files=False), Invented("two-thousand", 2000, files=False))
_PORT = 8950
_START_SECONDS = 120


@contextmanager
def lab() -> Iterator[tuple[str, Path]]:
    """JupyterLab as the browser stories have it; its address and home."""
    python = os.environ.get("ENVMANAGER_PYTHON", str(_ROOT / "build" / "wheel" / "bin" / "python"))
    with tempfile.TemporaryDirectory(prefix="envmanager-benchmark-") as folder:
        home = Path(folder).resolve() / "home"
        variables = {**os.environ, "ENVMANAGER_PORT": str(_PORT), "ENVMANAGER_HOME": str(home)}
        log = (Path(folder) / "log").open("wb")
        process = subprocess.Popen(
            [python, str(_ROOT / "ui-tests" / "serve.py")], env=variables, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{_PORT}/user/ann"
            for _ in range(_START_SECONDS * 5):
                if process.poll() is not None or _answers(f"{address}/api"):
                    break
                time.sleep(0.2)
            yield address, home
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            log.close()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except OSError:
        return False


def measure(address: str, environment: Invented, repetitions: int) -> list[Figure]:
    """Open the tab again and again; scroll through the table."""
    script = [str(Path(__file__).with_name("paint.mjs")), address, environment.name, str(repetitions)]
    answer = subprocess.run(["node", *script], capture_output=True, text=True, check=False, timeout=600)
    if answer.returncode:
        raise RuntimeError(answer.stderr)
    told = json.loads(answer.stdout)
    rows = f"{environment.rows} rows"
    target = PAINT_TARGET if environment.packages == 400 else None
    return [
        Figure(f"{rows}: click → painted", "s", told["paint"], target=target),
        Figure(f"{rows}: longest frame while scrolling", "s", told["frames"], target=FRAME_TARGET),
    ]


def main() -> None:
    """Measure and report."""
    arguments = options(__doc__.splitlines()[0], repetitions=7).parse_args()
    end_cleanly()
    before = machine()
    with lab() as (address, home):
        for environment in ENVIRONMENTS:
            environment.write(home / ".conda" / "envs")
        repetitions = 1 if arguments.quick else arguments.repetitions
        figures = [figure for one in ENVIRONMENTS for figure in measure(address, one, repetitions)]
    show([Group("The package table in the browser", figures)], before, arguments.json)


if __name__ == "__main__":
    main()
