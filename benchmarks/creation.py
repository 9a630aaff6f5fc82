"""One click on *Create*, timed: from the request to the first cell, in parts."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from .home import Home, remove
from .kernel import argv_of, first_cell, shut_down_kernels
from .server import Server

_SCHEMA = "jupyter_envmanager/job"
_SECONDS = 300.0
#: The parts of POST -> succeeded, in order. Times are of one machine's clock, so parts add up.
PARTS = (
    "check, solve, store the plan (server)",
    "queue, start the worker, its imports",
    "read the plan, open cache, first package",
    "download and link the others",
    "verify, link bytecode, history",
    "swap",
    "register the kernel, clean up",
    "tell the browser",
)


class JobFailed(Exception):
    """A job of the benchmark did not succeed."""


@dataclass(frozen=True)
class Created:
    """One creation; all in seconds.

    Attributes:
        answered: POST to its answer.
        succeeded: POST to the event that says so.
        cell: POST to the output of the first cell.
        parts: `succeeded`, split up.
        job: the job's id.
        prefix: the new environment.
        kernel: its kernel's name.
    """

    answered: float
    succeeded: float
    cell: float
    parts: dict[str, float]
    job: str
    prefix: Path
    kernel: str


def request(name: str, specs: list[str]) -> dict[str, Any]:
    """What the create page sends."""
    return {"name": name, "source": {"type": "specs", "specs": specs}, "kernel": {"display_name": name}}


def open_panel(server: Server, specs: list[str]) -> None:
    """What a browser asks for once the panel is open and a first preview was looked at."""
    for path in ("status", "environments", "kernels", "gpus", "jobs", "packages?q=pandas&limit=20"):
        server.get(path)
    server.post("environments/preview", request("looked-at-only", specs))


async def create(
    server: Server, name: str, specs: list[str], *, previewed: bool = False, run_cell: bool = True
) -> Created:
    """Click *Create*, wait for the job's event, start the kernel, run a cell.

    Parameters
    ----------
    previewed:
        The plan was made before the click, so the click does not solve.
    run_cell:
        Without it, `Created.cell` is when the job had succeeded.
    """
    body = request(name, specs)
    if previewed:
        body["plan"] = server.post("environments/preview", body)["id"]
    events = await server.websocket("api/events/subscribe")
    try:
        posted, begin = time.time(), time.perf_counter()
        job = server.post("environments", body)
        answered = time.perf_counter() - begin
        await asyncio.wait_for(success(events, job["id"]), _SECONDS)
        told, succeeded = time.time(), time.perf_counter() - begin
    finally:
        events.close()
    job = server.get(f"jobs/{job['id']}")
    asked = time.perf_counter()
    if run_cell:
        await first_cell(server, job["kernel"], Path(job["prefix"]))
    # The look at the job between the event and the kernel is ours, not the user's.
    cell = succeeded + time.perf_counter() - asked
    log = server.get(f"jobs/{job['id']}/events")["events"]
    parts = _parts(job, log, posted, told)
    return Created(answered, succeeded, cell, parts, job["id"], Path(job["prefix"]), job["kernel"])


async def success(events: Any, job: str) -> None:
    """Wait for the event that a job has succeeded; raises JobFailed for another end."""
    while True:
        data = await events.read_message()
        if data is None:
            raise JobFailed("The server closed its event bus.")
        event = json.loads(data)
        if _SCHEMA not in event.get("schema_id", "") or event.get("job") != job:
            continue
        if event["state"] == "succeeded":
            return
        if event["state"] in ("failed", "cancelled", "lost"):
            raise JobFailed(f"The job ended as {event['state']}: {event.get('message')}")


def _parts(job: dict[str, Any], log: list[dict[str, Any]], posted: float, told: float) -> dict[str, float]:
    first = {event["phase"]: event["time"] for event in reversed(log)}
    work = min(time_ for phase, time_ in first.items() if phase in ("download", "link"))
    marks = [
        posted,
        job["created"],
        job["started"],
        work,
        first["verify"],
        first["swap"],
        first["kernel"],
        job["finished"],
        told,
    ]
    return {name: after - before for name, (before, after) in zip(PARTS, pairwise(marks), strict=True)}


async def settle(server: Server, created: Created) -> None:
    """Wait for what follows a job, and end the kernels, so that the next measurement is alone."""
    shut_down_kernels(server)
    deadline = time.monotonic() + _SECONDS
    while server.get(f"jobs/{created.job}")["aftercare"] and time.monotonic() < deadline:
        await asyncio.sleep(0.2)


def forget(home: Home, created: Created) -> None:
    """Remove an environment and its kernelspec, unmeasured."""
    remove(created.prefix)
    remove(home.data / "kernels" / created.kernel)


def kernel_argv(home: Home, created: Created) -> list[str]:
    """The command of the kernel that was registered."""
    return argv_of(home.data / "kernels", created.kernel)
