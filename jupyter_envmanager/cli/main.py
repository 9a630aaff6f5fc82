"""``jupyter envmanager …``: the service's calls for a terminal."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence

from .. import __version__
from ..errors import EnvManagerError
from ..service import EnvManagerService
from ..words import age, amount, table
from . import changes, comparing, creating, devices, exporting, gpu, gpuplan, kernels, packing, relaxing, sharing
from .session import opened
from .terminal import print_json

Command = Callable[[EnvManagerService, argparse.Namespace], Awaitable[int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 an error that was told, 130 interrupted."""
    parser = parser_of()
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given or ["--help"])
    try:
        return asyncio.run(_run(options))
    except EnvManagerError as error:
        print(f"Error: {error.message}", file=sys.stderr)
        if error.hint:
            print(error.hint, file=sys.stderr)
        for line in [*gpuplan.remedies(error.details), *relaxing.lines(error.details)]:
            print(line, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


async def _run(options: argparse.Namespace) -> int:
    async with opened() as service:
        command: Command = options.run
        return await command(service, options)


async def _list(service: EnvManagerService, options: argparse.Namespace) -> int:
    found = await service.environments()
    if options.json:
        return print_json(found)
    rows = [
        [
            env.name,
            env.state if env.state != "ready" else (env.python and f"Python {env.python}") or "",
            str(env.packages),
            amount(env.size) if env.size is not None else "",
            ", ".join(env.kernels),
            env.prefix,
        ]
        for env in found.environments
    ]
    print(table(["NAME", "PYTHON", "PACKAGES", "SIZE", "KERNELS", "FOLDER"], rows) or "No environments yet.")
    for problem in found.problems:
        print(f"Warning: {problem.message} {problem.hint}", file=sys.stderr)
    return 0


async def _jobs(service: EnvManagerService, options: argparse.Namespace) -> int:
    if options.cancel:
        job = await service.queue.cancel(options.cancel)
        print(f"{job.title}: {job.state}.")
        return 0
    jobs = service.queue.jobs()
    if options.json:
        return print_json(jobs)
    rows = [
        [job.id, job.title, job.state, f"{job.progress:.0%}", age(job.created), job.error.message if job.error else ""]
        for job in jobs
    ]
    print(table(["JOB", "WHAT", "STATE", "DONE", "AGE", "ERROR"], rows) or "No jobs.")
    return 0


def parser_of(environment: str | None = None, prog: str = "jupyter envmanager") -> argparse.ArgumentParser:
    """The commands and their options.

    Parameters
    ----------
    environment:
        The one that is meant where none is named: in a cell, the kernel's own. Then ``-e`` names another one.
    prog:
        What the user types before a command.
    """
    parser = argparse.ArgumentParser(prog=prog, description="Environments, kernels and GPUs.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print the answer as JSON")
    change = argparse.ArgumentParser(add_help=False, parents=[shared])
    change.add_argument("-y", "--yes", action="store_true", help="do not ask")

    def add(name: str, run: Command, text: str, parent: argparse.ArgumentParser = shared) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text, parents=[parent])
        command.set_defaults(run=run)
        return command

    add("list", _list, "list the environments")
    create = add("create", creating.create, "create an environment and register its kernel", change)
    create.epilog = (
        "With Python and no kernel package among the packages, ipykernel is added. "
        "Example: jupyter envmanager create -n stats python=3.12 pandas"
    )
    where = create.add_mutually_exclusive_group()
    where.add_argument("-n", "--name", help="name of the environment; by default the one that the file has")
    where.add_argument("-p", "--prefix", help="folder of the environment")
    create.add_argument("spec", nargs="*", help="packages, such as python=3.12 numpy “pandas>=2”")
    create.add_argument("-f", "--file", help="an environment.yml, requirements.txt, pyproject.toml or lock")
    create.add_argument("--archive", metavar="FILE", help="unpack this archive of an environment")
    create.add_argument("-c", "--channel", action="append", help="channel; may be repeated")
    create.add_argument(
        "--pypi", action="append", default=[], metavar="REQUIREMENT", help="a package from PyPI, or a URL"
    )
    creating.add_options(create)
    relaxing.add_option(create)
    save = add("save", creating.save, "create an environment with what was asked for in another one", change)
    _add_environment(save, environment)
    save.add_argument("name", help="name of the new environment")
    creating.add_options(save)
    save.set_defaults(prefix=None)
    clone = add("clone", creating.clone, "create a copy of an environment, files of your own included", change)
    _add_environment(clone, environment)
    clone.add_argument("name", nargs="?", help="name of the copy")
    clone.add_argument("-p", "--prefix", help="folder of the copy")
    creating.add_common_options(clone)
    clone.set_defaults(gpu=None, allow_cpu_build=False, allow_overwrite=False)
    export = add("export", exporting.export, "write an environment as a file to make it from elsewhere")
    _add_environment(export, environment)
    exporting.add_options(export)
    pack = add("pack", packing.pack, "write an environment as an archive to unpack elsewhere")
    _add_environment(pack, environment)
    packing.add_options(pack)
    compare = add("compare", comparing.compare, "show how an environment differs from another one, or from a file")
    _add_environment(compare, environment)
    comparing.add_options(compare)
    _add_changes(add, change, environment)
    kernels.add_parsers(add, shared, environment)
    add("gpus", devices.show, "show the GPUs of this machine, and what environments can be made for")
    check = add("gpu-check", gpu.check, "check whether an environment can use the GPU of this machine")
    _add_environment(check, environment)
    shared_with = add("sharing", sharing.sharing, "check whether the group can use an environment")
    _add_environment(shared_with, environment)
    shared_with.add_argument("--repair", action="store_true", help="put right what is yours to put right")
    add("jobs", _jobs, "list jobs, or cancel one").add_argument("--cancel", metavar="JOB", help="cancel this job")
    return parser


def _add_environment(parser: argparse.ArgumentParser, default: str | None) -> None:
    if default is None:
        parser.add_argument("environment", help="name, folder or id of the environment")
    else:
        parser.add_argument("-e", "--environment", default=default, help="another one than the kernel's own")


def _add_changes(
    add: Callable[..., argparse.ArgumentParser], change: argparse.ArgumentParser, environment: str | None
) -> None:
    """The commands on the packages of an environment."""
    one = argparse.ArgumentParser(add_help=False, parents=[change])
    _add_environment(one, environment)
    one.add_argument("--dry-run", action="store_true", help="show what would happen, and do nothing")
    find = add("search", changes.search, "search the channels and PyPI for packages")
    find.add_argument("query", help="part of a name")
    find.add_argument("-e", "--environment", default=environment, help="search the channels of this environment")
    find.add_argument("--limit", type=int, default=20, help="show so many (20)")
    install = add("install", changes.install, "install packages into an environment", one)
    install.add_argument("spec", nargs="*", help="packages, such as numpy “pandas>=2”")
    install.add_argument(
        "--pypi", action="append", default=[], metavar="REQUIREMENT", help="a package from PyPI, or a URL"
    )
    install.add_argument("-r", "--requirement", action="append", default=[], metavar="FILE", help="a requirements.txt")
    install.add_argument("--editable", action="append", default=[], metavar="FOLDER", help="a project of your own")
    gpuplan.add_options(install)
    update = add("update", changes.update, "update packages of an environment, or let it become like a file", one)
    update.add_argument("package", nargs="*", help="installed packages")
    update.add_argument("--all", action="store_true", help="all of them, within what was asked for")
    update.add_argument("-f", "--file", help="what this file asks for: an environment.yml, a lock …")
    relaxing.add_option(update)
    update.add_argument("--prune", action="store_true", help="with --file: remove what the file does not ask for")
    update.add_argument("--like", metavar="ENVIRONMENT", help="become like this one, build for build")
    gpuplan.add_options(update)
    remove = add("remove", changes.remove, "remove packages, or an environment with its kernels", one)
    remove.add_argument("package", nargs="*", help="installed packages; none: the whole environment")
    pin = add("pin", changes.pin, "hold packages at a version", one)
    pin.add_argument("spec", nargs="*", help="what to hold, such as “numpy 1.26.*”")
    pin.add_argument("--remove", action="append", default=[], metavar="PACKAGE", help="let a package go")
    check = add("check", changes.check, "compare the files of an environment with its packages", one)
    check.add_argument("--full", action="store_true", help="read every file")
    check.add_argument("--repair", action="store_true", help="link damaged packages anew")
    history = add("history", changes.history, "list the states of an environment that are kept")
    _add_environment(history, environment)
    rollback = add("rollback", changes.rollback, "make another state of an environment the current one", one)
    rollback.add_argument("generation", nargs="?", type=int, help="its number; the one before by default")
