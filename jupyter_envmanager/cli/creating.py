"""Commands that make environments: from packages, from a file, and from another environment."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from ..errors import Invalid
from ..models import CloneSource, KernelRequest, NewEnvironment, Source, SpecsSource
from ..service import EnvManagerService
from . import fromfile, gpuplan, locations, packing, relaxing
from .changes import overwrite_flag, print_change
from .terminal import confirmed, follow


async def create(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Create an environment of packages, or from a file."""
    source: Source = SpecsSource(specs=options.spec, pypi=options.pypi)
    if options.file is not None:
        if options.spec or options.pypi:
            raise Invalid("Give either packages or a file.", hint="Add the packages to the file.")
        source, name = await fromfile.read(service, options)
        options.name = options.name or (None if options.prefix else name)
    if options.archive is not None:
        if options.spec or options.pypi or options.file is not None:
            raise Invalid("Give either an archive, or packages, or a file.", hint="Install packages afterwards.")
        source = packing.archive(options)
    if not options.name and not options.prefix:
        raise Invalid("The new environment has no name.", hint="Give one with --name, or a folder with --prefix.")
    return await _make(service, options, source, options.channel or None)


async def save(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Create an environment with what was asked for in another one, a running kernel's for example."""
    environment = await service.find(options.environment)
    told = await service.notebooks.description(environment.id)
    if not options.json:
        channels = f" from {', '.join(told.channels)}" if told.channels else ""
        print(f"{environment.name} is {', '.join([*told.specs, *told.pypi]) or 'empty'}{channels}.")
    source = SpecsSource(specs=told.specs, pypi=told.pypi)
    return await _make(service, options, source, told.channels or None)


async def clone(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Create a copy of another environment, with all its packages and files."""
    if (options.name is None) == (options.prefix is None):
        raise Invalid("Give the copy a name, or a folder with --prefix.", hint="One of the two, not both.")
    environment = await service.find(options.environment)
    return await _make(service, options, CloneSource(environment=environment.id), None)


async def _make(
    service: EnvManagerService, options: argparse.Namespace, source: Source, channels: list[str] | None
) -> int:
    kernel = None if options.no_kernel else KernelRequest(display_name=options.display_name, name=options.kernel)
    request = NewEnvironment(
        name=options.name,
        prefix=str(Path(options.prefix).expanduser().absolute()) if options.prefix else None,
        location=await locations.chosen(service, options),
        source=source,
        channels=channels,
        gpu=options.gpu,
        kernel=kernel,
        accept=gpuplan.accepted(options),
    )
    with overwrite_flag():
        request, plan = await relaxing.preview(service.preview, request, options)
    if not options.json:
        print_change(plan)
    if options.dry_run:
        return gpuplan.dry_run(plan, options)
    gpuplan.check(plan, options)
    if not options.yes and not confirmed("Create it?", options):
        return 1
    job = await service.create(msgspec.structs.replace(request, plan=plan.id))
    return await follow(service, job, options)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of all that solve."""
    add_common_options(parser)
    gpuplan.add_options(parser)


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """The options of all."""
    locations.add_option(parser)
    parser.add_argument("--kernel", help="name of the kernel")
    parser.add_argument("--display-name", help="what the launcher shows")
    parser.add_argument("--no-kernel", action="store_true", help="register no kernel")
    parser.add_argument("--dry-run", action="store_true", help="show the plan only")
