"""How long does a kernel take to its first cell? Through a server, and without one.

python benchmarks/kernel.py [--quick] [--repetitions N] [--json FILE] [--prefix DIR]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from tornado.websocket import WebSocketClientConnection

_ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(_ROOT))

from benchmarks.report import Figure, Group, end_cleanly, machine, options, show  # noqa: E402
from benchmarks.server import Server  # noqa: E402
from jupyter_envmanager.environments import environment_id  # noqa: E402
from jupyter_envmanager.kernels import KernelRegistry  # noqa: E402
from jupyter_envmanager.models import Environment  # noqa: E402

SCRIPT_TARGET = 0.04
LIST_TARGET = 0.05
KERNELS = 300
FIRST_CELL = "import sys; print(sys.prefix)"
IMPORT_PANDAS = "import time; begin = time.perf_counter(); import pandas; print(time.perf_counter() - begin)"
_TIMEOUT = 120.0


class WrongAnswer(Exception):
    """A kernel answered something else than it should have."""


async def first_cell(server: Server, kernel: str, prefix: Path) -> None:
    """Start ``kernel`` as a notebook does, and wait until its first cell has answered with ``prefix``.

    The kernel is shut down afterwards, without waiting for it.

    Raises
    ------
    WrongAnswer
    """
    started = server.request("POST", "api/kernels", {"name": kernel})
    address = f"api/kernels/{started['id']}"
    socket = await server.websocket(f"{address}/channels?session_id={uuid.uuid4().hex}")
    try:
        printed = await _execute(socket, FIRST_CELL)
    finally:
        socket.close()
    if Path(printed.strip()).resolve() != prefix.resolve():
        raise WrongAnswer(f"The kernel runs in {printed.strip() or 'nowhere'} and not in {prefix}.")


def shut_down_kernels(server: Server) -> None:
    """End all kernels of a server."""
    for kernel in server.request("GET", "api/kernels"):
        server.request("DELETE", f"api/kernels/{quote(kernel['id'])}")


async def _execute(socket: WebSocketClientConnection, code: str) -> str:
    """Run a cell over a kernel's websocket; returns what it printed once both reply and output are there."""
    message = _execute_request(code)
    own = message["header"]["msg_id"]
    await socket.write_message(json.dumps(message))
    printed, replied, idle = "", False, False
    while not (replied and idle):
        data = await socket.read_message()
        if not isinstance(data, str):
            raise WrongAnswer("The kernel's websocket was closed.")
        answer = json.loads(data)
        if answer["parent_header"].get("msg_id") != own:
            continue
        kind, content = answer["header"]["msg_type"], answer["content"]
        printed += content["text"] if kind == "stream" else ""
        replied = replied or kind == "execute_reply"
        idle = idle or (kind == "status" and content["execution_state"] == "idle")
    return printed


def _execute_request(code: str) -> dict[str, Any]:
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "session": uuid.uuid4().hex,
        "username": "benchmark",
        "date": "",
        "version": "5.3",
    }
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}


class _OneSpec(KernelSpecManager):
    """Knows one kernelspec, whatever it is asked for."""

    spec: KernelSpec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return self.spec


async def start_alone(
    argv: Sequence[str], variables: Mapping[str, str], cells: Sequence[str] = (FIRST_CELL,)
) -> tuple[float, list[str]]:
    """Start a kernel without a server and run cells in it.

    Returns
    -------
    Seconds from the start of its process to the reply of the first cell, and what each cell printed.
    """
    specs = _OneSpec()
    specs.spec = KernelSpec(argv=list(argv), display_name="benchmark", language="python")
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
        connection = str(Path(folder) / "connection.json")
        manager = AsyncKernelManager(kernel_name="benchmark", kernel_spec_manager=specs, connection_file=connection)
        begin = time.perf_counter()
        await manager.start_kernel(env=dict(variables), cwd=folder)
        client = manager.client()
        client.start_channels()
        try:
            # Output needs the subscription to be there before the request.
            await client.wait_for_ready(timeout=_TIMEOUT)
            printed = [await _run(client, cells[0])]
            seconds = time.perf_counter() - begin
            printed += [await _run(client, cell) for cell in cells[1:]]
        finally:
            client.stop_channels()
            with contextlib.suppress(Exception):
                await manager.shutdown_kernel(now=True)
    return seconds, printed


async def _run(client: Any, code: str) -> str:
    printed: list[str] = []

    def take(message: dict[str, Any]) -> None:
        if message["header"]["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    reply = await client.execute_interactive(code, timeout=_TIMEOUT, output_hook=take)
    if reply["content"]["status"] != "ok":
        raise WrongAnswer(f"The cell failed: {reply['content']}")
    return "".join(printed)


def argv_of(kernels_dir: Path, name: str) -> list[str]:
    """The command of an installed kernelspec, as a program of its own folder would be started."""
    folder = kernels_dir / name
    spec = json.loads((folder / "kernel.json").read_text(encoding="utf-8"))
    return [str(argument).replace("{resource_dir}", str(folder)) for argument in spec["argv"]]


async def starts(prefix: Path, folder: Path, repetitions: int) -> Group:
    """The same kernel by its interpreter, through our launch script, and through a tool's wrapper, in turns."""
    name = "benchmark"
    KernelRegistry(folder, [folder]).register(
        prefix=prefix, environment=environment_id(prefix), display_name=name, name=name
    )
    script = argv_of(folder, name)
    direct = [str(prefix / "bin" / "python"), *script[2:]]
    wrapper = next(filter(None, map(shutil.which, ("conda", "mamba", "micromamba"))), None)
    ways = {"the interpreter directly": direct, "through run.sh": script}
    if wrapper is not None:
        ways[f"{Path(wrapper).name} run"] = [wrapper, "run", "--prefix", str(prefix), *direct]
    figures = {way: Figure(f"start → first cell, {way}", "ms") for way in ways}
    more = Figure("run.sh: more than directly, pair by pair", "ms", target=SCRIPT_TARGET)
    for number in range(repetitions + 1):
        seconds = {way: (await start_alone(argv, os.environ))[0] for way, argv in ways.items()}
        # The first turn warms the disk's cache.
        if number:
            for way, figure in figures.items():
                figure.samples.append(seconds[way])
            more.samples.append(seconds["through run.sh"] - seconds["the interpreter directly"])
    if wrapper is None:
        figures["wrapper"] = Figure("start → first cell, conda run", "ms", note="conda is not on PATH")
    return Group("Kernel start", [*figures.values(), more])


def listings(prefix: Path, folder: Path, repetitions: int) -> Group:
    """A listing of many kernels that we have registered: the first one, and those that follow."""
    environments = _populated(prefix, folder, KERNELS)
    first = Figure(f"{KERNELS} kernelspecs, first time", "ms", target=LIST_TARGET)
    known = Figure(f"{KERNELS} kernelspecs, known", "ms", target=LIST_TARGET)
    for _ in range(max(repetitions, 3)):
        registry = KernelRegistry(folder / "kernels", [folder / "kernels"])
        for figure in (first, known):
            begin = time.perf_counter()
            kernels = registry.list(environments, {})
            figure.samples.append(time.perf_counter() - begin)
            if sum(kernel.stamped and not kernel.problems for kernel in kernels) != KERNELS:
                raise WrongAnswer("Some kernels were not listed as they are.")
    return Group("Kernels listed", [first, known])


def _populated(prefix: Path, folder: Path, count: int) -> list[Environment]:
    """Environments with an interpreter each, and the kernels that are registered for them."""
    registry, environments = KernelRegistry(folder / "kernels", [folder / "kernels"]), []
    for number in range(count):
        project = folder / "envs" / f"project-{number:03d}"
        library = project / "lib" / "python3.12" / "site-packages"
        for made in (project / "conda-meta", project / "bin", library):
            made.mkdir(parents=True)
        (project / "bin" / "python").symlink_to((prefix / "bin" / "python").resolve())
        (library / "ipykernel_launcher.py").touch()
        known = environment_id(project)
        registry.register(prefix=project, environment=known, display_name=project.name, name=project.name)
        environments.append(
            Environment(
                id=known,
                name=project.name,
                prefix=str(project),
                kind="named",
                location=str(project.parent),
                python="3.12.4",
            )
        )
    return environments


def measure(arguments: argparse.Namespace, folder: Path) -> list[Group]:
    """Everything, in the order of the report."""
    repetitions = 1 if arguments.quick else arguments.repetitions
    (folder / "start").mkdir()
    started = asyncio.run(starts(arguments.prefix, folder / "start", repetitions))
    return [started, listings(arguments.prefix, folder / "list", repetitions)]


def main() -> None:
    """Measure and print."""
    parser = options("The cost of a kernel's launch script, and of a listing of many kernels.", 20)
    parser.add_argument(
        "--prefix", type=Path, default=Path(sys.prefix), metavar="DIR", help="an environment with ipykernel"
    )
    arguments = parser.parse_args()
    end_cleanly()
    before = machine()
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
        show(measure(arguments, Path(folder)), before, arguments.json)


if __name__ == "__main__":
    main()
