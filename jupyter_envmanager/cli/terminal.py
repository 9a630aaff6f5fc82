"""What every command does with a terminal: print, ask, and follow a job."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from typing import Any

import msgspec

from ..errors import EnvManagerError, Invalid
from ..models import Job
from ..service import EnvManagerService


def print_json(value: Any) -> int:
    """Print a struct as JSON; returns the exit status."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")
    return 0


async def follow(service: EnvManagerService, job: Job, options: argparse.Namespace) -> int:
    """Show a job until it is over; an interrupt cancels it."""
    watcher = asyncio.create_task(service.queue.wait(job.id))
    seen, waits = 0, ""
    try:
        while True:
            done, _ = await asyncio.wait([watcher], timeout=0.2)
            events = service.queue.events(job.id, seen)
            seen += len(events)
            if not options.json:
                waits = _say_waiting(service.queue.job(job.id), waits)
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
        print_json(ended)
    elif ended.error is not None:
        print(f"Error: {ended.error.message}\n{ended.error.hint}", file=sys.stderr)
    else:
        kernel = f"; its kernel is “{ended.kernel}”" if ended.kernel else ""
        print(f"{ended.title}: {ended.state}{kernel}.")
    return 0 if ended.state == "succeeded" else 1


def _say_waiting(job: Job, said: str) -> str:
    """Say once for whom a job waits; returns what has been said."""
    if job.waiting_for and job.waiting_for != said:
        print(f"      waiting   for {job.waiting_for}", flush=True)
    return job.waiting_for or said


def confirmed(question: str, options: argparse.Namespace) -> bool:
    """Ask; raises Invalid where nobody can answer, as in a cell (``options.asks`` is False)."""
    sys.stdout.flush()
    if not getattr(options, "asks", True) or not sys.stdin.isatty():
        raise Invalid("Nobody can confirm this here.", hint="Add --yes.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
