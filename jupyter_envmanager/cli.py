"""``jupyter envmanager …``: the service's calls for a terminal."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from . import __version__
from .config import SettingsSource
from .errors import EnvManagerError, Invalid
from .jobs.queue import JobQueue
from .jobs.store import JobStore
from .models import Job, KernelRequest, NewEnvironment, Plan, SpecsSource
from .service import EnvManagerService
from .siteconfig import site_from
from .words import age, amount, table

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


def _print_json(value: Any) -> int:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")
    return 0


async def _list(service: EnvManagerService, options: argparse.Namespace) -> int:
    found = await service.environments()
    if options.json:
        return _print_json(found)
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
        return _print_json(plan) if options.json else 0
    if not options.yes and not _confirmed("Create it?"):
        return 1
    job = await service.create(msgspec.structs.replace(request, plan=plan.id))
    return await _follow(service, job, options)


def _print_plan(plan: Plan) -> None:
    rows = [["+", one.name, one.to or "", one.build or "", one.channel or "", one.reason] for one in plan.actions]
    print(table(["", "PACKAGE", "VERSION", "BUILD", "CHANNEL", "WHY"], rows))
    print(
        f"{len(plan.actions)} packages · {amount(plan.download_size)} to download "
        f"({amount(plan.cached_size)} cached) · about {amount(plan.disk_size)} on disk · {plan.prefix}"
    )
    for warning in plan.warnings:
        print(f"Warning: {warning.message} {warning.hint}", file=sys.stderr)


async def _remove(service: EnvManagerService, options: argparse.Namespace) -> int:
    environment = await service.find(options.environment)
    removal = await service.removal(environment.id)
    if not options.json:
        kernels = ", ".join(kernel.display_name for kernel in removal.kernels) or "none"
        print(f"Environment  {environment.prefix}\nKernels      {kernels}\nFrees        {amount(removal.size)}")
    if not options.yes and not _confirmed("Remove it?"):
        return 1
    return await _follow(service, await service.remove(environment.id), options)


async def _follow(service: EnvManagerService, job: Job, options: argparse.Namespace) -> int:
    """Show a job until it is over; an interrupt cancels it."""
    watcher = asyncio.create_task(service.queue.wait(job.id))
    seen = 0
    try:
        while True:
            done, _ = await asyncio.wait([watcher], timeout=0.2)
            events = service.queue.events(job.id, seen)
            seen += len(events)
            if not options.json:
                for event in events:
                    print(f"{event.progress:4.0%}  {event.phase:9} {event.message}")
            if done:
                break
    except asyncio.CancelledError:
        with contextlib.suppress(EnvManagerError):
            await service.queue.cancel(job.id)
        raise
    ended = watcher.result()
    if options.json:
        _print_json(ended)
    elif ended.error is not None:
        print(f"Error: {ended.error.message}\n{ended.error.hint}", file=sys.stderr)
    else:
        kernel = f"; its kernel is “{ended.kernel}”" if ended.kernel else ""
        print(f"{ended.title}: {ended.state}{kernel}.")
    return 0 if ended.state == "succeeded" else 1


async def _kernels(service: EnvManagerService, options: argparse.Namespace) -> int:
    found = await service.kernels()
    if options.json:
        return _print_json(found)
    rows = [
        [one.name, one.display_name, one.language, one.orphan_reason if one.orphan else one.prefix or "", one.path]
        for one in found.kernels
    ]
    print(table(["NAME", "DISPLAY NAME", "LANGUAGE", "ENVIRONMENT", "FOLDER"], rows) or "No kernels.")
    return 0


async def _gpus(service: EnvManagerService, options: argparse.Namespace) -> int:
    report = await service.gpus()
    if options.json:
        return _print_json(report)
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
        return _print_json(jobs)
    rows = [
        [job.id, job.title, job.state, f"{job.progress:.0%}", age(job.created), job.error.message if job.error else ""]
        for job in jobs
    ]
    print(table(["JOB", "WHAT", "STATE", "DONE", "AGE", "ERROR"], rows) or "No jobs.")
    return 0


def _confirmed(question: str) -> bool:
    sys.stdout.flush()
    if not sys.stdin.isatty():
        raise Invalid("Nobody can confirm this here.", hint="Add --yes.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


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
    remove = add("remove", _remove, "remove an environment and its kernels", change)
    remove.add_argument("environment", help="name, folder or id")
    add("kernels", _kernels, "list the kernels and the environment of each")
    add("gpus", _gpus, "show the GPUs of this machine")
    add("jobs", _jobs, "list jobs, or cancel one").add_argument("--cancel", metavar="JOB", help="cancel this job")
    return parser


if __name__ == "__main__":
    sys.exit(main())
