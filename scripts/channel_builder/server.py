"""Serve a channel over HTTP on loopback, faults on request."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

_CHUNK = 16_384


@dataclass
class Fault:
    """What is to go wrong with requests for one path.

    Attributes:
        status: answer with this status and no file.
        body: answer with these bytes in place of the file's.
        truncate: announce the whole length, send so many bytes, and hang up.
        bytes_per_second: send no faster.
        delay: wait so many seconds before answering.
        times: how often it happens before the path works again; None for always.
    """

    status: int | None = None
    body: bytes | None = None
    truncate: int | None = None
    bytes_per_second: int | None = None
    delay: float = 0.0
    times: int | None = None


@dataclass(frozen=True)
class Request:
    """One request the server saw.

    Attributes:
        method: `GET` or `HEAD`.
        path: relative to the channel, as in `noarch/repodata.json`, any token taken out.
        headers: by lower-case name.
        status: what was answered.
    """

    method: str
    path: str
    headers: dict[str, str]
    status: int


@dataclass
class Access:
    """Who may read the channel.

    Attributes:
        token: demanded as conda's `/t/<token>/` before the path.
        basic_auth: user and password demanded in the header.
    """

    token: str | None = None
    basic_auth: tuple[str, str] | None = None


@dataclass
class _State:
    faults: dict[str, Fault] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class ChannelServer(ThreadingHTTPServer):
    """A channel on loopback; `serve` makes and stops it."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, directory: Path, port: int, access: Access, handler: type[ChannelHandler]) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.directory = directory
        self.access = access
        self._state = _State()
        self._stopped = threading.Event()

    @property
    def origin(self) -> str:
        """The address without a token."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        """The channel's address, with its token if it has one."""
        return f"{self.origin}/t/{self.access.token}" if self.access.token else self.origin

    @property
    def requests(self) -> list[Request]:
        """What was asked so far, in order of the answers."""
        with self._state.lock:
            return list(self._state.requests)

    @property
    def counts(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(request.path for request in self.requests)

    def fault(self, pattern: str, fault: Fault) -> None:
        """From now on, let `fault` happen to paths matching `pattern`, as in `noarch/flask-*.conda`; later ones win."""
        with self._state.lock:
            self._state.faults.pop(pattern, None)
            self._state.faults[pattern] = fault

    def heal(self) -> None:
        """Forget every fault."""
        with self._state.lock:
            self._state.faults.clear()

    def forget(self) -> None:
        """Forget the requests seen."""
        with self._state.lock:
            self._state.requests.clear()

    def record(self, request: Request) -> None:
        """Remember a request; called by the handler."""
        with self._state.lock:
            self._state.requests.append(request)

    def take_fault(self, path: str) -> Fault | None:
        """The fault due for `path`, one of its `times` used up; called by the handler."""
        with self._state.lock:
            for pattern, fault in reversed(self._state.faults.items()):
                if fnmatchcase(path, pattern) and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def wait(self) -> None:
        """Block until the server is stopped."""
        self._stopped.wait()

    def stop(self) -> None:
        """Stop answering; slow answers under way are abandoned."""
        self._stopped.set()
        self.shutdown()
        self.server_close()

    @property
    def stopped(self) -> threading.Event:
        """Set when the server stops."""
        return self._stopped

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up are part of the tests."""


class ChannelHandler(BaseHTTPRequestHandler):
    """Answers for one connection; subclass it and override `fault_for` or `do_GET` for anything stranger."""

    protocol_version = "HTTP/1.1"
    # Small answers would wait for the receipt of the one before.
    disable_nagle_algorithm = True
    server: ChannelServer

    def do_GET(self) -> None:
        """Answer with a file."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with a file's headers."""
        self._answer(with_body=False)

    def fault_for(self, path: str) -> Fault | None:
        """What goes wrong with this request; `path` is relative to the channel."""
        return self.server.take_fault(path)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: `ChannelServer.requests` has it."""

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path).lstrip("/")
        token = self.server.access.token
        if token is not None:
            path, admitted = path.removeprefix(f"t/{token}/"), path.startswith(f"t/{token}/")
            if not admitted:
                return self._refuse(path, HTTPStatus.FORBIDDEN)
        if not self._has_password():
            return self._refuse(path, HTTPStatus.UNAUTHORIZED)
        fault = self.fault_for(path) or Fault()
        if fault.delay:
            self.server.stopped.wait(fault.delay)
        if fault.status is not None:
            return self._refuse(path, fault.status, fault.body)
        file = (self.server.directory / path).resolve()
        if not file.is_relative_to(self.server.directory.resolve()) or not file.is_file():
            return self._refuse(path, HTTPStatus.NOT_FOUND)
        return self._send_file(path, file, fault, with_body)

    def _has_password(self) -> bool:
        if self.server.access.basic_auth is None:
            return True
        try:
            scheme, _, coded = self.headers.get("Authorization", "").partition(" ")
            given = base64.b64decode(coded).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return scheme.lower() == "basic" and given == ":".join(self.server.access.basic_auth)

    def _send_file(self, path: str, file: Path, fault: Fault, with_body: bool) -> None:
        status = file.stat()
        etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        if fault.body is None and self.headers.get("If-None-Match") == etag:
            # Without its ETag a client may not take the answer for the copy it has (RFC 9110, 15.4.5).
            return self._begin(path, HTTPStatus.NOT_MODIFIED, 0, {"ETag": etag})
        data = file.read_bytes() if fault.body is None else fault.body
        self._begin(path, HTTPStatus.OK, len(data), {"ETag": etag})
        if with_body:
            self._send(data, fault)
        return None

    def _send(self, data: bytes, fault: Fault) -> None:
        if fault.truncate is not None:
            data = data[: fault.truncate]
            self.close_connection = True
        if fault.bytes_per_second is None:
            self.wfile.write(data)
            return
        # Twenty pieces a second: slow enough to cancel in the middle, fine enough for progress.
        piece = max(1, min(_CHUNK, fault.bytes_per_second // 20))
        start = time.monotonic()
        for sent in range(0, len(data), piece):
            late = sent / fault.bytes_per_second - (time.monotonic() - start)
            if self.server.stopped.wait(max(0.0, late)):
                self.close_connection = True
                return
            self.wfile.write(data[sent : sent + piece])
            self.wfile.flush()

    def _refuse(self, path: str, status: int, body: bytes | None = None) -> None:
        data = body or b""
        headers = {"WWW-Authenticate": 'Basic realm="channel"'} if status == HTTPStatus.UNAUTHORIZED else {}
        self._begin(path, status, len(data), headers)
        if self.command != "HEAD":
            self.wfile.write(data)

    def _begin(self, path: str, status: int, length: int, headers: dict[str, str]) -> None:
        seen = {name.lower(): value for name, value in self.headers.items()}
        self.server.record(Request(self.command, path, seen, int(status)))
        self.send_response(status)
        # Tests change channels within a second; a client must ask again each time.
        for name, value in {"Content-Length": str(length), "Cache-Control": "no-cache", **headers}.items():
            self.send_header(name, value)
        self.end_headers()


@contextmanager
def serve(
    directory: Path,
    port: int = 0,
    *,
    token: str | None = None,
    basic_auth: tuple[str, str] | None = None,
    faults: dict[str, Fault] | None = None,
    handler: type[ChannelHandler] = ChannelHandler,
) -> Iterator[ChannelServer]:
    """Serve `directory` on 127.0.0.1 while the block runs.

    Args:
        directory: a channel, or a directory of channels; their addresses then end with their names.
        port: the port; 0 for a free one.
        token: demand `/t/<token>/` before every path.
        basic_auth: demand this user and password.
        faults: what goes wrong, by pattern of path; more with `ChannelServer.fault`.
        handler: a subclass to answer differently.

    Yields:
        The running server: its `url`, its `requests` and `counts`.
    """
    server = ChannelServer(directory, port, Access(token, basic_auth), handler)
    for pattern, fault in (faults or {}).items():
        server.fault(pattern, fault)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="channel", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
