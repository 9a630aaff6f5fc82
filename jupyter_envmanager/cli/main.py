"""``jupyter envmanager …``: the service's calls for a terminal."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from .. import __version__
from ..config import SettingsSource
from ..errors import EnvManagerError
from ..jobs.queue import JobQueue
from ..jobs.store import JobStore
from ..models import Job, KernelRequest, NewEnvironment, Plan, SpecsSource
from ..service import EnvManagerService
from ..siteconfig import site_from
from ..words import age, amount, table
from . import changes
from .terminal import confirmed, follow, print_json

Command = Callable[[EnvManagerService, argparse.Namespace], Awaitable[int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 an error that was told, 130 interrupted."""
    parser = _parser()
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given or ["--help"])
    try:
        return asyncio.run(_run(options))
    except EnvManagerError as error:
        print(f"Error: {error.message}", file=sys.stderr)
        if error.hint:
            print(error.hint, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


async def _run(options: argparse.Namespace) -> int:
    home = Path.home()
    site = site_from(home=home, server_root=Path.cwd())
    source = SettingsSource(env=dict(os.environ), home=home, server_prefix=Path(sys.prefix))
    service: EnvManagerService

    def changed(job: Job) -> None:
        service.job_changed(job)

    queue = JobQueue(JobStore(site.state_dir / "jobs"), parallel=site.parallel_jobs, changed=changed)
    service = EnvManagerService(site, source, queue)
    await queue.start()
    try:
        command: Command = options.run
        return await command(service, options)
    finally:
        await service.stop()


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


async def _create(service: EnvManagerService, options: argparse.Namespace) -> int:
    kernel = None if options.no_kernel else KernelRequest(display_name=options.display_name, name=options.kernel)
    request = NewEnvironment(
        name=options.name,
        prefix=str(Path(options.prefix).expanduser().absolute()) if options.prefix else None,
        source=SpecsSource(specs=options.spec),
        channels=options.channel or None,
        kernel=kernel,
    )
    plan = await service.preview(request)
    if not options.json:
        _print_plan(plan)
    if options.dry_run:
        return print_json(plan) if options.json else 0
    if not options.yes and not confirmed("Create it?"):
        return 1
    job = await service.create(msgspec.structs.replace(request, plan=plan.id))
    return await follow(service, job, options)


def _print_plan(plan: Plan) -> None:
    rows = [["+", one.name, one.to or "", one.build or "", one.channel or "", one.reason] for one in plan.actions]
    print(table(["", "PACKAGE", "VERSION", "BUILD", "CHANNEL", "WHY"], rows))
    print(
        f"{len(plan.actions)} packages · {amount(plan.download_size)} to download "
        f"({amount(plan.cached_size)} cached) · about {amount(plan.disk_size)} on disk · {plan.prefix}"
    )
    for warning in plan.warnings:
        print(f"Warning: {warning.message} {warning.hint}", file=sys.stderr)


async def _kernels(service: EnvManagerService, options: argparse.Namespace) -> int:
    found = await service.kernels()
    if options.json:
        return print_json(found)
    rows = [
        [one.name, one.display_name, one.language, one.orphan_reason if one.orphan else one.prefix or "", one.path]
        for one in found.kernels
    ]
    print(table(["NAME", "DISPLAY NAME", "LANGUAGE", "ENVIRONMENT", "FOLDER"], rows) or "No kernels.")
    return 0


async def _gpus(service: EnvManagerService, options: argparse.Namespace) -> int:
    report = await service.gpus()
    if options.json:
        return print_json(report)
    if not report.available:
        print(report.message)
        return 0
    print(f"Driver {report.driver} · CUDA {report.cuda}")
    rows = [
        [
            str(device.index),
            device.name,
            amount(device.memory_total) if device.memory_total else "",
            device.compute_capability or "",
        ]
        for device in report.devices
    ]
    print(table(["GPU", "NAME", "MEMORY", "COMPUTE CAPABILITY"], rows))
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jupyter envmanager", description="Environments, kernels and GPUs.")
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
    create = add("create", _create, "create an environment and register its kernel", change)
    create.epilog = (
        "With Python and no kernel package among the packages, ipykernel is added. "
        "Example: jupyter envmanager create -n stats python=3.12 pandas"
    )
    where = create.add_mutually_exclusive_group(required=True)
    where.add_argument("-n", "--name", help="name of the environment")
    where.add_argument("-p", "--prefix", help="folder of the environment")
    create.add_argument("spec", nargs="*", help="packages, such as python=3.12 numpy “pandas>=2”")
    create.add_argument("-c", "--channel", action="append", help="channel; may be repeated")
    create.add_argument("--kernel", help="name of the kernel")
    create.add_argument("--display-name", help="what the launcher shows")
    create.add_argument("--no-kernel", action="store_true", help="register no kernel")
    create.add_argument("--dry-run", action="store_true", help="show the plan only")
    _add_changes(add, change)
    add("kernels", _kernels, "list the kernels and the environment of each")
    add("gpus", _gpus, "show the GPUs of this machine")
    add("jobs", _jobs, "list jobs, or cancel one").add_argument("--cancel", metavar="JOB", help="cancel this job")
    return parser


def _add_changes(add: Callable[..., argparse.ArgumentParser], change: argparse.ArgumentParser) -> None:
    """The commands on the packages of an environment."""
    one = argparse.ArgumentParser(add_help=False, parents=[change])
    one.add_argument("environment", help="name, folder or id of the environment")
    one.add_argument("--dry-run", action="store_true", help="show what would happen, and do nothing")
    find = add("search", changes.search, "search the channels and PyPI for packages")
    find.add_argument("query", help="part of a name")
    find.add_argument("-e", "--environment", help="search the channels of this environment")
    find.add_argument("--limit", type=int, default=20, help="show so many (20)")
    install = add("install", changes.install, "install packages into an environment", one)
    install.add_argument("spec", nargs="*", help="packages, such as numpy “pandas>=2”")
    install.add_argument(
        "--pypi", action="append", default=[], metavar="REQUIREMENT", help="a package from PyPI, or a URL"
    )
    install.add_argument("-r", "--requirement", action="append", default=[], metavar="FILE", help="a requirements.txt")
    install.add_argument("--editable", action="append", default=[], metavar="FOLDER", help="a project of your own")
    install.add_argument("--allow-overwrite", action="store_true", help="let PyPI packages replace conda packages")
    update = add("update", changes.update, "update packages of an environment", one)
    update.add_argument("package", nargs="*", help="installed packages")
    update.add_argument("--all", action="store_true", help="all of them, within what was asked for")
    remove = add("remove", changes.remove, "remove packages, or an environment with its kernels", one)
    remove.add_argument("package", nargs="*", help="installed packages; none: the whole environment")
    pin = add("pin", changes.pin, "hold packages at a version", one)
    pin.add_argument("spec", nargs="*", help="what to hold, such as “numpy 1.26.*”")
    pin.add_argument("--remove", action="append", default=[], metavar="PACKAGE", help="let a package go")
    check = add("check", changes.check, "compare the files of an environment with its packages", one)
    check.add_argument("--full", action="store_true", help="read every file")
    check.add_argument("--repair", action="store_true", help="link damaged packages anew")
    history = add("history", changes.history, "list the states of an environment that are kept")
    history.add_argument("environment", help="name, folder or id")
    rollback = add("rollback", changes.rollback, "make another state of an environment the current one", one)
    rollback.add_argument("generation", nargs="?", type=int, help="its number; the one before by default")
