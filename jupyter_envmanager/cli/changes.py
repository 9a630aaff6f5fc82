"""Commands on the packages of an environment: search, install, update, remove, history, rollback."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from ..errors import Invalid, NotFound, Overwrites
from ..models import Change, CloneSource, Environment, FileSource, Plan, PypiChange
from ..service import EnvManagerService
from ..words import age, amount, table
from . import fromfile, gpuplan, relaxing
from .terminal import confirmed, follow, print_json

_SIGNS = {"install": "+", "remove": "-", "upgrade": "↑", "downgrade": "↓", "rebuild": "↻"}


async def search(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Search the channels, and the Python package index for exactly this name."""
    environment = (await service.find(options.environment)).id if options.environment else None
    found = await service.catalogue.search(options.query, options.limit, environment=environment, pypi=True)
    if options.json:
        return print_json(found)
    rows = [
        [
            hit.name,
            hit.version or "",
            "PyPI" if hit.manager == "pypi" else hit.channel,
            amount(hit.size) if hit.size else "",
            hit.license or "",
            hit.summary or "",
        ]
        for hit in found.packages
    ]
    print(table(["PACKAGE", "VERSION", "FROM", "SIZE", "LICENCE", "SUMMARY"], rows) or "Nothing found.")
    for problem in found.problems:
        print(f"Warning: {problem.message} {problem.hint}", file=sys.stderr)
    return 0


async def install(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Install packages, conda's and PyPI's."""
    pypi = PypiChange(
        install=[*options.pypi, *(f"-e {Path(path).expanduser().absolute()}" for path in options.editable)],
        requirements=[str(Path(path).expanduser().absolute()) for path in options.requirement],
    )
    accept = gpuplan.accepted(options)
    with overwrite_flag():
        return await _change(service, options, Change(install=options.spec, pypi=pypi, gpu=options.gpu, accept=accept))


@contextmanager
def overwrite_flag() -> Iterator[None]:
    """Name the option that accepts it, where a package from PyPI would replace conda's."""
    try:
        yield
    except Overwrites as error:
        error.hint = f"{error.hint.rstrip('.')} (--allow-overwrite)."
        raise


async def update(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Update some packages, or all; or let the environment become like a file or another one."""
    update: list[str] | Literal["all"] = "all" if options.all else options.package
    source: FileSource | CloneSource | None = None
    if options.file is not None:
        source, _ = await fromfile.read(service, options, "nothing was changed")
    if options.like is not None:
        if source is not None:
            raise Invalid("Give either a file or an environment.", hint="Leave out --file or --like.")
        source = CloneSource(environment=(await service.find(options.like)).id)
    wanted = Change(
        update=update,
        source=source,
        prune=options.prune or options.like is not None,
        gpu=options.gpu,
        accept=gpuplan.accepted(options),
    )
    with overwrite_flag():
        return await _change(service, options, wanted)


async def remove(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Remove packages; without any, the environment itself."""
    if options.package:
        return await _change(service, options, Change(remove=options.package))
    environment = await service.find(options.environment)
    removal = await service.removals.preview(environment.id)
    if not options.json:
        kernels = ", ".join(kernel.display_name for kernel in removal.kernels) or "none"
        print(f"Environment  {environment.prefix}\nKernels      {kernels}\nFrees        {amount(removal.size)}")
    if options.dry_run:
        return print_json(removal) if options.json else 0
    if not options.yes and not confirmed("Remove the whole environment?", options):
        return 1
    return await follow(service, await service.removals.remove(environment.id), options)


async def pin(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Hold packages at a version, or let them go."""
    return await _change(service, options, Change(pin=options.spec, unpin=options.remove))


async def check(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Compare the files with the packages' records, and repair what is damaged."""
    environment = await service.find(options.environment)
    health = await service.changes.health(environment.id, full=options.full)
    if options.json and not options.repair:
        return print_json(health)
    for problem in health.problems:
        print(f"{problem.message} {problem.hint}")
    print(
        f"{health.files} files compared in {health.seconds:.1f} s; damaged: {', '.join(health.damaged) or 'nothing'}."
    )
    if not options.repair or not health.damaged:
        return 1 if health.damaged else 0
    return await _change(service, options, Change(repair=health.damaged))


async def _change(service: EnvManagerService, options: argparse.Namespace, change: Change) -> int:
    environment = await service.find(options.environment)
    change, plan = await relaxing.preview(partial(service.changes.preview, environment.id), change, options)
    if not options.json:
        print_change(plan)
    if options.dry_run:
        return gpuplan.dry_run(plan, options)
    if not plan.actions and not plan.pin and not plan.unpin and change.gpu is None and not plan.variables:
        return print_json(plan) if options.json else 0
    gpuplan.check(plan, options)
    if not options.yes and not confirmed("Apply it?", options):
        return 1
    return await follow(service, await service.changes.change(environment.id, Change(plan=plan.id)), options)


def print_change(plan: Plan) -> None:
    """Show a plan: one line a package, then the sums and the warnings."""
    rows = [
        [
            _SIGNS[one.op],
            one.name,
            ", ".join(filter(None, [" → ".join(dict.fromkeys(filter(None, [one.from_, one.to]))), one.variant])),
            one.build or "",
            "PyPI" if one.manager == "pypi" else one.channel or "",
            one.reason,
        ]
        for one in plan.actions
    ]
    print(table(["", "PACKAGE", "VERSION", "BUILD", "FROM", "WHY"], rows) or "Nothing to install or remove.")
    for spec in plan.pin:
        print(f"pin    {spec}")
    for name in plan.unpin:
        print(f"unpin  {name}")
    for variable in plan.variables:
        print(f"unset  {variable.name}" if variable.to is None else f"set    {variable.name}={variable.to}")
    print(
        f"{plan.title or 'Create'}: {len(plan.actions)} packages · {amount(plan.download_size)} to download "
        f"({amount(plan.cached_size)} cached) · about {amount(plan.disk_size)} on disk · {plan.prefix}"
    )
    for line in gpuplan.lines(plan):
        print(line)
    for warning in plan.warnings:
        told = f"Warning: {warning.message} {warning.hint}".rstrip()
        print(told, *gpuplan.remedies(warning.details), sep="\n", file=sys.stderr)


async def history(service: EnvManagerService, options: argparse.Namespace) -> int:
    """List the generations of an environment."""
    environment = await service.find(options.environment)
    found = await service.changes.history(environment.id)
    if options.json:
        return print_json(found)
    rows = [
        [
            ("* " if one.current else "  ") + str(one.number),
            f"{age(one.created)} ago" if one.created else "",
            one.title + (" (changed by another tool since)" if one.changed_since else ""),
            str(one.packages),
            one.python or "",
            amount(one.size) if one.size is not None else "",
        ]
        for one in found.generations
    ]
    print(table(["  GENERATION", "MADE", "WHAT", "PACKAGES", "PYTHON", "OWN DISK"], rows))
    kept = len(found.generations) - 1
    print(f"{kept} kept states use {amount(found.size)} of their own; up to {found.keep} are kept.")
    return 0


async def rollback(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Go to another generation; without a number, to the one before."""
    environment = await service.find(options.environment)
    number = options.generation if options.generation is not None else await _before(service, environment)
    if options.dry_run:
        return await _show_generation(service, environment, number, options)
    if not options.yes and not confirmed(f"Let {environment.name} be generation {number} again?", options):
        return 1
    return await follow(service, await service.changes.rollback(environment.id, number), options)


async def _show_generation(
    service: EnvManagerService, environment: Environment, number: int, options: argparse.Namespace
) -> int:
    """What a rollback would go to."""
    states = (await service.changes.history(environment.id)).generations
    state = next((one for one in states if one.number == number and not one.current), None)
    if state is None:
        raise NotFound(
            f"{environment.name} has no generation {number} to go to.", hint="See “jupyter envmanager history”."
        )
    if options.json:
        return print_json(state)
    made = f", made {age(state.created)} ago" if state.created else ""
    print(f"{environment.name} would be generation {number} again: {state.title}{made}; {state.packages} packages.")
    return 0


async def _before(service: EnvManagerService, environment: Environment) -> int:
    states = (await service.changes.history(environment.id)).generations
    current = next((one for one in states if one.current), None)
    kept = {one.number for one in states if not one.current}
    if current is not None and current.parent in kept:
        return current.parent
    older = [number for number in kept if current is None or number < current.number]
    if not older:
        raise NotFound(f"No earlier state of {environment.name} is kept.", hint="See “jupyter envmanager history”.")
    return max(older)
