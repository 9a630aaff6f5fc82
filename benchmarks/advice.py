"""Advice on GPU builds: a plan of 300 records, and the variants that conda-forge has of its candidates.

python benchmarks/advice.py [--quick] [--repetitions N] [--json FILE] [--records N]

The records are invented; their names, build strings and dependencies are in the manner of conda-forge's.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import Figure, Group, end_cleanly, machine, options, show
from jupyter_envmanager.gpu.advice import Question, advise
from jupyter_envmanager.gpu.builds import Build
from jupyter_envmanager.gpu.candidates import candidates
from jupyter_envmanager.models import GpuTarget

TARGET = 0.005
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
CUDAS = ("11.8", "12.0", "12.6", "12.9")
#: What a person asks for; numpy and pandas have many builds that have nothing to do with GPUs.
SPECS = ["python=3.12", "pytorch", "torchvision", "numpy", "pandas"]
_CHANNEL = "https://conda.example.org/conda-forge/linux-64/"
_NEEDS = [f"lib{number}-dev >=1.{number},<2.0a0" for number in range(12)]
H100 = GpuTarget(name="h100", title="H100 nodes", origin="site", cuda="12.6", compute_capability="9.0")
OLD = GpuTarget(name="old", title="Old nodes", origin="site", cuda="11.4", compute_capability="7.0")
HERE = GpuTarget(name="machine", title="This machine", origin="machine")


def _hash(*parts: object) -> str:
    return f"h{abs(hash(parts)) % 16**7:07x}"


def _build(name: str, version: str, build: str, depends: Sequence[str], number: int = 0) -> Build:
    return Build(
        name=name,
        version=version,
        build=build,
        build_number=number,
        depends=[*_NEEDS, *depends],
        channel=_CHANNEL,
        subdir="linux-64",
    )


def _python(series: str) -> list[str]:
    major, minor = series.split(".")
    return [f"python >={series},<{major}.{int(minor) + 1}.0a0", f"python_abi {series}.* *_cp{major}{minor}"]


def _framework(name: str, versions: Sequence[str], needs: str = "") -> Iterator[Build]:
    """Every version for every Python, for CPU and each CUDA version, in two builds."""
    for version in versions:
        for series in PYTHONS:
            for number in (0, 1):
                tag = f"py{series.replace('.', '')}"
                cpu = [f"{needs} * cpu*"] if needs else []
                yield _build(
                    name, version, f"cpu_mkl_{tag}_{_hash(name, version, tag)}_{number}", [*cpu, *_python(series)]
                )
                for cuda in CUDAS:
                    kind = f"cuda{cuda.replace('.', '')}"
                    gpu = [f"{needs} * cuda*"] if needs else []
                    build = f"{kind}_mkl_{tag}_{_hash(name, version, kind, tag)}_{200 + number}"
                    depends = [
                        "__cuda",
                        f"cuda-version >={cuda},<{int(cuda.split('.')[0]) + 1}",
                        *gpu,
                        *_python(series),
                    ]
                    yield _build(name, version, build, depends, 200 + number)


def _plain(name: str, versions: Sequence[str]) -> Iterator[Build]:
    for version in versions:
        for series in PYTHONS:
            for number in range(4):
                tag = f"py{series.replace('.', '')}{_hash(name, version, series, number)}_{number}"
                yield _build(name, version, tag, _python(series), number)


def variants() -> list[Build]:
    """What the channels have of the candidates."""
    return [
        *_framework("pytorch", [f"2.{minor}.{patch}" for minor in range(8) for patch in (0, 1)]),
        *_framework("torchvision", [f"0.{minor}.{patch}" for minor in range(15, 23) for patch in (0, 1)], "pytorch"),
        *_plain("numpy", [f"{major}.{minor}.{patch}" for major in (1, 2) for minor in range(10) for patch in range(3)]),
        *_plain("pandas", [f"{major}.{minor}.{patch}" for major in (1, 2) for minor in range(5) for patch in range(4)]),
    ]


def plan(found: Sequence[Build], records: int, kind: str) -> list[Build]:
    """An environment with the newest builds of a kind, and what else it takes to make ``records``."""
    chosen: dict[str, Build] = {"python": _build("python", "3.12.9", "h1234567_0_cpython", [])}
    for variant in found:
        if variant.build.startswith(kind) and "py312" in variant.build:
            chosen[variant.name] = variant
    for name in ("numpy", "pandas"):
        chosen[name] = [variant for variant in found if variant.name == name and "py312" in variant.build][-1]
    if kind != "cpu":
        chosen["cuda-version"] = _build("cuda-version", kind.removeprefix("cuda"), "0", ["__cuda >=12"])
    others = [_build(f"lib{number}-dev", f"1.{number}", f"{_hash(number)}_0", []) for number in range(records)]
    return [*chosen.values(), *others][:records]


def measured(name: str, repetitions: int, act: Callable[[], object], target: float | None = TARGET) -> Figure:
    """The processor time of an act, which computes only; the first is not counted: the server has been asked before."""
    act()
    samples = []
    for _ in range(repetitions):
        begin = time.process_time()
        act()
        samples.append(time.process_time() - begin)
    return Figure(name, "ms", samples, target=target)


def main(arguments: argparse.Namespace) -> None:
    """Measure, and print it."""
    before = machine()
    found = variants()
    repetitions = 1 if arguments.quick else arguments.repetitions
    figures = []
    for title, target, kind in (
        ("GPU builds for H100 nodes", H100, "cuda126"),
        ("CPU builds, the driver is too old", OLD, "cpu"),
        ("CPU builds, no GPU here", HERE, "cpu"),
    ):
        question = Question(
            target=target,
            plan=plan(found, arguments.records, kind),
            variants=found,
            specs=SPECS,
            channels=[_CHANNEL],
            targets=[HERE, H100, OLD],
        )
        begin = time.process_time()
        advise(question)
        first = time.process_time() - begin
        figures += [
            measured(f"advice: {title}", repetitions, lambda question=question: advise(question)),  # type: ignore[misc]
            Figure("  the first time", "ms", [first]),
        ]
    everything = plan(found, arguments.records, "cpu")
    figures.append(measured("candidates", repetitions, lambda: candidates(everything, SPECS), None))
    show([Group(f"{arguments.records} records, {len(found)} variants", figures)], before, arguments.json)


if __name__ == "__main__":
    end_cleanly()
    parser = options("Advice on GPU builds.", 50)
    parser.add_argument("--records", type=int, default=300, metavar="N", help="default: %(default)s")
    main(parser.parse_args())
