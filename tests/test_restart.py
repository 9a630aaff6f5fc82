"""Server and worker killed for real; the next server finds what they left."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_channel import ChannelServer, Fault

TOKEN = "test-token"


class Server:
    """A Jupyter server in a process of its own, below a JupyterHub-like base URL."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.base = "/user/ann@lab/"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")},
            "HOME": str(home),
            "JUPYTER_PLATFORM_DIRS": "0",
            "XDG_DATA_HOME": str(home / ".local" / "share"),
        }
        log = (home / "server.log").open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyter_server",
                "--no-browser",
                "--ServerApp.ip=127.0.0.1",
                f"--ServerApp.port={self.port}",
                "--ServerApp.port_retries=0",
                f"--ServerApp.base_url={self.base}",
                f"--IdentityProvider.token={TOKEN}",
                f"--ServerApp.root_dir={home}",
                "--ServerApp.jpserver_extensions={'jupyter_envmanager': True}",
                *(["--allow-root"] if os.geteuid() == 0 else []),
            ],
            env=environment,
            stdout=log,
            stderr=log,
        )
        log.close()
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            with contextlib.suppress(OSError):
                self.get("status")
                return
            assert self.process.poll() is None, (self.home / "server.log").read_text()
            time.sleep(0.1)
        raise AssertionError((self.home / "server.log").read_text())

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request; the decoded answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{self.base}envmanager/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read() or "null")

    def get(self, path: str) -> Any:
        """One GET."""
        return self.ask("GET", path)

    def job_until(self, job: str, *states: str, phase: str | None = None) -> Any:
        """Wait for a job's state (and phase)."""
        for _ in range(600):
            found = self.get(f"jobs/{job}")
            if found["state"] in states and phase in (None, found["phase"]):
                return found
            time.sleep(0.05)
        raise AssertionError(found)

    def kill(self) -> None:
        """The server alone, at once."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def home(tmp_path: Path, tiny: ChannelServer) -> Iterator[Path]:
    """A home; workers that a failing test leaves are ended."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".condarc").write_text(f"channels:\n  - {tiny.url}\n")
    yield home
    for file in home.rglob("jobs/*/worker.json"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(json.loads(file.read_text())["pid"], signal.SIGKILL)


def request(name: str, *specs: str) -> dict[str, Any]:
    return {"name": name, "source": {"type": "specs", "specs": list(specs)}}


def leftovers(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if ".envmanager" in path.parts and path.name != ".envmanager"]


def test_a_job_goes_on_while_the_server_is_away(home: Path, tiny: ChannelServer) -> None:
    tiny.fault("*/files-*.conda", Fault(bytes_per_second=8000))
    first = Server(home)
    try:
        job = first.ask("POST", "environments", request("slow", "files"))["id"]
        first.job_until(job, "running", phase="download")
    finally:
        first.kill()
    second = Server(home)
    try:
        assert second.get(f"jobs/{job}")["state"] in ("running", "succeeded")
        ended = second.job_until(job, "succeeded", "failed", "lost")
        assert ended["state"] == "succeeded", ended
        names = [env["name"] for env in second.get("environments")["environments"] if env["state"] == "ready"]
        assert "slow" in names
        sequence = [event["seq"] for event in second.get(f"jobs/{job}/events")["events"]]
        assert sequence == list(range(len(sequence)))
    finally:
        second.kill()


def test_server_and_worker_killed_the_next_server_cleans_up(home: Path, tiny: ChannelServer) -> None:
    tiny.fault("*/files-*.conda", Fault(bytes_per_second=2000))
    first = Server(home)
    try:
        job = first.ask("POST", "environments", request("slow", "files"))["id"]
        first.job_until(job, "running", phase="download")
    finally:
        first.kill()
    (worker,) = home.rglob(f"jobs/{job}/worker.json")
    os.killpg(json.loads(worker.read_text())["pid"], signal.SIGKILL)
    assert leftovers(home)
    tiny.heal()
    second = Server(home)
    try:
        ended = second.job_until(job, "lost")
        assert "Nothing was changed" in ended["error"]["message"]
        assert leftovers(home) == []
        again = second.ask("POST", "environments", request("slow", "files"))["id"]
        assert second.job_until(again, "succeeded", "failed", "lost")["state"] == "succeeded"
    finally:
        second.kill()


def test_the_server_s_log_has_no_credentials(home: Path, tiny: ChannelServer) -> None:
    (home / ".condarc").write_text(f"channels:\n  - {tiny.url.replace('http://', 'http://ann:pa55word@')}/t/t0ken\n")
    server = Server(home)
    try:
        with pytest.raises(urllib.error.HTTPError) as caught:
            server.ask("POST", "environments/preview", request("one", "tiny"))
        answer = caught.value.read().decode()
        status = json.dumps(server.get("status"))
    finally:
        server.kill()
    assert json.loads(answer)["code"] == "channel_unreachable"
    for text in (answer, status, (home / "server.log").read_text()):
        assert not re.search("pa55word|t0ken", text), text
