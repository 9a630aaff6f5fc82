"""How long it takes to ask the driver for the GPUs: eight devices in use, no driver, and what is here.

python benchmarks/gpu.py [--quick] [--repetitions N] [--probes N] [--json FILE]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))
sys.path.insert(1, str(_ROOT / "scripts"))

import nvml_library  # noqa: E402

from benchmarks.report import Figure, Group, machine, options, show  # noqa: E402

DEVICES_TARGET = 0.030
NO_DRIVER_TARGET = 0.005
# A process of its own, as NVML is loaded once: the first probe of a server, and those that follow.
_PROBES = """
import json, sys, time
from jupyter_envmanager import gpu

seconds = []
for _ in range(int(sys.argv[1])):
    begin = time.perf_counter()
    report = gpu.probe(30)
    seconds.append(time.perf_counter() - begin)
print(json.dumps({"seconds": seconds, "devices": len(report.devices), "driver": report.driver}))
"""


def probes(library: Path | None, words: str, count: int) -> dict[str, Any]:
    """Ask so many times in a new process; a library stands in for the driver's."""
    env = {**os.environ, "PYTHONPATH": str(_ROOT), "NVML_STUB": words}
    if library is not None:
        env["LD_LIBRARY_PATH"] = str(library.parent)
    command = [sys.executable, "-c", _PROBES, str(count)]
    answer: dict[str, Any] = json.loads(subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True).stdout)
    return answer


def measured(
    title: str, library: Path | None, words: str, target: float | None, rounds: tuple[int, int], devices: int | None
) -> Group:
    """One kind of machine; ``devices`` is how many must be found, where that is known."""
    first, known = Figure("first probe of a process", "ms"), Figure("probe", "ms", target=target)
    repetitions, count = rounds
    for _ in range(repetitions):
        answer = probes(library, words, count)
        if devices not in (None, answer["devices"]):
            raise RuntimeError(f"{answer['devices']} of {devices} devices were found.")
        first.samples.append(answer["seconds"][0])
        known.samples += answer["seconds"][1:]
    return Group(title, [first, known])


def main() -> None:
    """Measure and report."""
    parser = options(__doc__.splitlines()[0], repetitions=5)
    parser.add_argument("--probes", type=int, default=100, metavar="N", help="in a process; default: %(default)s")
    arguments = parser.parse_args()
    before = machine()
    rounds = (1, 10) if arguments.quick else (arguments.repetitions, arguments.probes)
    here = probes(None, "", 1)
    what = f"driver {here['driver']}, {here['devices']} devices" if here["driver"] else "no driver"
    with tempfile.TemporaryDirectory(prefix="envmanager-benchmark-") as temporary:
        folders = Path(temporary, "stub"), Path(temporary, "none")
        for folder in folders:
            folder.mkdir()
        library, hidden = nvml_library.build(folders[0]), nvml_library.hide(folders[1])
        groups = [
            measured("No driver", hidden, "", NO_DRIVER_TARGET, rounds, 0),
            measured(f"This machine: {what}", None, "", None, rounds, None),
        ]
        if library is None:
            groups.insert(0, Group("8 devices", [Figure("probe", "ms", note="needs gcc on Linux")]))
        else:
            title = "8 devices, 2 processes on each; a stub of the driver"
            groups.insert(0, measured(title, library, "h100 processes", DEVICES_TARGET, rounds, 8))
        show(groups, before, arguments.json)


if __name__ == "__main__":
    main()
