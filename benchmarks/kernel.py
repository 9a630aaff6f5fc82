"""How long does a kernel take to its first cell? Through a server, and without one."""

from __future__ import annotations

import contextlib
import json
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

from .server import Server

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
    """The command of an installed kernelspec."""
    spec = json.loads((kernels_dir / name / "kernel.json").read_text(encoding="utf-8"))
    return [str(argument) for argument in spec["argv"]]
