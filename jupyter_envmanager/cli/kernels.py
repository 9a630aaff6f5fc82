"""Commands on kernels: list, add, remove, test."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ..models import NewKernel
from ..service import EnvManagerService
from ..words import table
from .terminal import confirmed, print_json


async def listing(service: EnvManagerService, options: argparse.Namespace) -> int:
    """List the kernels, the environment of each, and what is wrong with them."""
    found = await service.kernels.list()
    if options.json:
        return print_json(found)
    rows = [[one.name, one.display_name, one.language, one.scope, one.prefix or "", one.path] for one in found.kernels]
    print(table(["NAME", "DISPLAY NAME", "LANGUAGE", "WHOSE", "ENVIRONMENT", "FOLDER"], rows) or "No kernels.")
    for kernel in found.kernels:
        for problem in kernel.problems:
            print(f"{kernel.name}: {problem.message} {problem.hint}".rstrip())
    return 0


async def add(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Register a kernel for an environment."""
    environment = await service.find(options.environment)
    kernel = await service.kernels.register(
        NewKernel(
            environment=environment.id,
            display_name=options.display_name,
            name=options.name,
            source=options.source,
            template=options.template,
        )
    )
    if options.json:
        return print_json(kernel)
    print(f"The kernel “{kernel.display_name}” ({kernel.name}) runs in {environment.prefix}.")
    return 0


async def remove(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Remove a kernelspec; one that we did not write only after a yes."""
    kernel = await service.kernels.named(options.name)
    if not options.json:
        whose = "" if kernel.stamped else " It was not written by jupyter_envmanager."
        print(f"Kernel  “{kernel.display_name}”\nFolder  {kernel.path}{whose}")
    if not options.yes and not confirmed("Remove it?", options):
        return 1
    await service.kernels.remove(kernel.name, force=True)
    return print_json(kernel) if options.json else 0


async def test(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Start a kernel once; the exit status says whether it answered."""
    check = await service.kernels.check(options.name)
    if options.json:
        print_json(check)
    elif check.problem is not None:
        print(f"It does not start: {check.problem.message} {check.problem.hint}".rstrip())
        if check.output:
            print(check.output.rstrip())
    else:
        seconds = f" after {check.seconds:.1f} s" if check.seconds is not None else ""
        print(f"It answered{seconds}." + (f" It runs in {check.prefix}." if check.prefix else ""))
    return 0 if check.state == "passed" else 1


def add_parsers(
    commands: Callable[..., argparse.ArgumentParser], shared: argparse.ArgumentParser, environment: str | None
) -> None:
    """``kernels``, and ``kernel add|remove|test``; ``environment`` is the one that is meant where none is named."""
    commands("kernels", listing, "list the kernels, the environment of each, and what is wrong")
    parser = commands("kernel", listing, "add, remove or test a kernel")
    verbs = parser.add_subparsers(metavar="VERB")

    def verb(name: str, run: Callable[..., object], text: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=text, description=text, parents=[shared])
        made.set_defaults(run=run)
        return made

    new = verb("add", add, "register a kernel for an environment")
    optional = {} if environment is None else {"nargs": "?", "default": environment}
    new.add_argument("environment", help="name, folder or id of the environment", **optional)  # type: ignore[arg-type]
    new.add_argument("--name", help="name of the kernel")
    new.add_argument("--display-name", help="what the launcher shows")
    new.add_argument("--template", default="", help="the template to make it from")
    new.add_argument("--source", help="which of the kernels that the environment brings")
    gone = verb("remove", remove, "remove a kernel")
    gone.add_argument("name", help="name of the kernel")
    gone.add_argument("-y", "--yes", action="store_true", help="do not ask")
    verb("test", test, "start a kernel once, and say whether it answers").add_argument(
        "name", help="name of the kernel"
    )
