"""The command that shows what GPUs are here, who uses them, and what environments can be made for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from ..models import GpuDevice, GpuReport
from ..service import EnvManagerService
from ..words import table
from .terminal import print_json


async def show(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Print the driver, the devices, their processes and the targets."""
    report = await service.gpus.report()
    if options.json:
        return print_json(report)
    print("\n\n".join(filter(None, _parts(report))))
    for problem in report.problems:
        print(f"Warning: {problem.message} {problem.hint}".rstrip(), file=sys.stderr)
    return 0


def _parts(report: GpuReport) -> Iterator[str]:
    yield "\n".join(_head(report))
    yield table(
        ["GPU", "NAME", "MEMORY", "FREE", "CAPABILITY", "IN USE"],
        [row for device in report.devices for row in _rows(device)],
    )
    yield table(
        ["GPU", "PID", "PROGRAM", "USER", "MEMORY"],
        [
            [str(device.index), str(process.pid), process.name, process.user, _amount(process.memory)]
            for device in report.devices
            for process in device.processes or []
        ],
    )
    yield table(
        ["TARGET", "TITLE", "CUDA", "CAPABILITY", "WHAT IT IS"],
        [
            [target.name, target.title, target.cuda or "", target.compute_capability or "", target.detail]
            for target in report.targets
        ],
    )


def _head(report: GpuReport) -> Iterator[str]:
    # A driver in trouble is told of as a warning, which has a hint, too.
    if report.message and report.message not in [problem.message for problem in report.problems]:
        yield report.message
    if report.driver:
        yield f"Driver {report.driver}" + (f" · CUDA {report.cuda}" if report.cuda else "")
    if report.override is not None:
        yield f"CONDA_OVERRIDE_CUDA is “{report.override}”."


def _rows(device: GpuDevice) -> Iterator[list[str]]:
    yield [
        str(device.index),
        device.name,
        _amount(device.memory_total),
        _amount(device.memory_free),
        device.compute_capability or "",
        "" if device.utilization is None else f"{device.utilization}%",
    ]
    for part in device.instances:
        yield ["", f"  {part.name}", _amount(part.memory_total), _amount(part.memory_free), "", ""]


def _amount(size: int | None) -> str:
    """Memory as those who make it count it, in steps of 1024: a GPU “with 80 GB” has 80 GB."""
    if size is None:
        return ""
    mebibytes = size / 2**20
    return f"{mebibytes / 1024:.0f} GB" if mebibytes >= 10 * 1024 else f"{mebibytes:.0f} MB"
