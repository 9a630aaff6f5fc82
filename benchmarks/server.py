"""A Jupyter server of its own for a benchmark, and the requests that a browser would send it."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from .home import Home

_TOKEN = "benchmark"
_START_SECONDS = 60.0
_ROOT = Path(__file__).resolve().parents[1]


class RequestFailed(Exception):
    """The server answered with an error."""


class Server:
    """A running server.

    Parameters
    ----------
    process:
        It.
    port:
        Where it listens on loopback.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Send a request on a connection that is kept open, as browsers do; the answer's JSON.

        Raises
        ------
        RequestFailed
        """
        content = None if body is None else json.dumps(body)
        self._connection.request(method, f"/{path}", content, {"Authorization": f"token {_TOKEN}"})
        response = self._connection.getresponse()
        answer = response.read()
        if response.status >= 400:
            raise RequestFailed(f"{method} {path}: {response.status} {answer.decode(errors='replace')[:500]}")
        return json.loads(answer) if answer else None

    def get(self, path: str) -> Any:
        """GET one of our own addresses."""
        return self.request("GET", f"envmanager/{path}")

    def post(self, path: str, body: object) -> Any:
        """POST to one of our own addresses."""
        return self.request("POST", f"envmanager/{path}", body)

    async def websocket(self, path: str) -> WebSocketClientConnection:
        """Open one of the server's websockets."""
        url = f"ws://127.0.0.1:{self.port}/{path}"
        return await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {_TOKEN}"}))

    def resident_bytes(self) -> int:
        """Physical memory of the server's process (proc(5), ``VmRSS``)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii", errors="replace")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    def disconnect(self) -> None:
        """Begin with a new connection next time."""
        self._connection.close()

    def close(self) -> None:
        """End the server and wait for it."""
        self._connection.close()
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(home: Home, *, ours: bool = True, probe: bool = False) -> Iterator[Server]:
    """A server in ``home`` that has just begun to answer.

    Parameters
    ----------
    ours:
        Whether the environment manager is enabled.
    probe:
        Whether `loop_probe` is.
    """
    port = _free_port()
    _configure(home, port, {"jupyter_envmanager": ours, "benchmarks.loop_probe": probe})
    variables = {**home.variables(), "PYTHONPATH": str(_ROOT)}
    with (home.path / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server"], cwd=home.path, env=variables, stdout=log, stderr=log
        )
    server = Server(process, port)
    try:
        _wait(server, home)
        yield server
    finally:
        server.close()


def _configure(home: Home, port: int, extensions: Mapping[str, bool]) -> None:
    folder = home.path / "jupyter" / "config"
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "ServerApp": {
            "jpserver_extensions": dict(extensions),
            "open_browser": False,
            "ip": "127.0.0.1",
            "port": port,
            "port_retries": 0,
            "root_dir": str(home.path),
            "allow_root": True,
        },
        "IdentityProvider": {"token": _TOKEN},
    }
    (folder / "jupyter_server_config.json").write_text(json.dumps(config), encoding="utf-8")


def _wait(server: Server, home: Home) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            server.request("GET", "api/status")
            return
        except OSError:
            server.disconnect()
            time.sleep(0.02)
    log = (home.path / "server.log").read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"The server does not answer.\n{log[-3000:]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
