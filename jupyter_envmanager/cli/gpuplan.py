"""A plan and the GPU, for a terminal: what it is for, which builds come, and ways out of what is wrong."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import msgspec

from ..errors import CpuBuild
from ..models import GpuBuild, GpuRemedy, Plan
from ..plans import check_stop
from .terminal import print_json


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of all commands that make plans."""
    parser.add_argument(
        "--gpu", metavar="TARGET", help="the GPU it is for: machine, cpu, cuda=12.8, or a name that “gpus” lists"
    )
    parser.add_argument("--allow-cpu-build", action="store_true", help="take a CPU build where a GPU is there")
    parser.add_argument("--allow-overwrite", action="store_true", help="let PyPI packages replace conda packages")


def accepted(options: argparse.Namespace) -> list[str]:
    """The codes of the problems that the options accept."""
    codes = {"overwrites_conda": options.allow_overwrite, "cpu_build": options.allow_cpu_build}
    return [code for code, given in codes.items() if given]


def lines(plan: Plan) -> list[str]:
    """What a plan is for, and its builds for GPU and CPU with their reasons."""
    if plan.gpu is None:
        return []
    target = plan.gpu.target
    told = [target.title, target.detail, f"CUDA {target.cuda}" if target.cuda else ""]
    # What another part says already is not said twice.
    parts = [part for number, part in enumerate(told) if part and not any(part in other for other in told[:number])]
    return [
        f"GPU    for {' · '.join(parts)}",
        *(f"GPU    {one.name} {one.version}: {_kind(one)}. {one.reason}".rstrip() for one in plan.gpu.builds),
    ]


def _kind(build: GpuBuild) -> str:
    return "CPU build" if build.kind == "cpu" else f"CUDA {build.cuda} build" if build.cuda else "GPU build"


def remedies(details: Mapping[str, Any]) -> list[str]:
    """The ways out that a problem has in its details, as what to type."""
    found = msgspec.convert(details.get("remedies", []), list[GpuRemedy])
    # “…” promises a question, which a terminal does not ask.
    return [f"- {one.title.replace('…', '')}: {_typed(one)}" for one in found]


def _typed(remedy: GpuRemedy) -> str:
    steps = [
        *(f"add “{spec}”" for spec in remedy.add),
        *(f"leave out “{spec}”" for spec in remedy.remove),
        *(f"add --pypi “{line}”" for line in remedy.pypi_add),
        *(f"leave out --pypi “{line}”" for line in remedy.pypi_remove),
        *(f"let {name} go with “pin --remove {name}”" for name in remedy.unpin),
        *(["add " + " ".join(f"-c {channel}" for channel in remedy.channels)] if remedy.channels else []),
        *([f"add --gpu {remedy.gpu}"] if remedy.gpu else []),
    ]
    return ", ".join(steps)


def check(plan: Plan, options: argparse.Namespace) -> None:
    """Refuse a plan with a CPU build that nobody has accepted, before anybody is asked to confirm it.

    Raises
    ------
    CpuBuild
    """
    try:
        check_stop(plan)
    except CpuBuild as error:
        flag = "add --allow-cpu-build to go on with the CPU build"
        if options.json:
            error.hint = f"{error.hint.rstrip('.')}, or {flag}." if error.hint else f"{flag.capitalize()}."
            raise
        # The plan has been shown, with the reason and the ways out.
        raise CpuBuild("A GPU is wanted, and this plan brings a CPU build.", hint=f"See above, or {flag}.") from error


def dry_run(plan: Plan, options: argparse.Namespace) -> int:
    """How a run ends that only shows a plan: as the real one, where that would refuse it.

    Raises
    ------
    CpuBuild
    """
    if options.json:
        print_json(plan)
        return 1 if plan.gpu is not None and plan.gpu.stop else 0
    check(plan, options)
    return 0
