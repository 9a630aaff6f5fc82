"""Files from addresses: only those that the site allows, wherever a server leads to; against a real server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jupyter_envmanager.errors import ChannelUnreachable, EnvManagerError, Invalid, NotAllowed, NotFound
from jupyter_envmanager.models import FileAddress
from jupyter_envmanager.pypi import PypiSettings
from jupyter_envmanager.service import fetching
from jupyter_envmanager.service.addresses import check_address
from jupyter_envmanager.service.fetching import fetch
from jupyter_envmanager.service.files import FileService
from jupyter_envmanager.siteconfig import Site

TEXT = "name: Ä\ndependencies: [tiny]\n"
HERE = PypiSettings(cache="/nonexistent")
PAGES: dict[str, tuple[int, str, bytes]] = {
    "/lab/environment.yml": (200, "text/plain", TEXT.encode()),
    "/lab/my%20env.yml": (200, "application/octet-stream", TEXT.encode("utf-16")),
    "/lab/page": (200, "text/html; charset=utf-8", b"<p>hello</p>"),
    "/lab/hidden": (200, "text/plain", b"\n<!DOCTYPE html><html></html>"),
    "/lab/large": (200, "text/plain", b"#" * (fetching.LARGEST + 1)),
    "/lab/private": (403, "text/plain", b"no"),
    "/lab/broken": (500, "text/plain", b"oh"),
    "/lab/moved": (302, "environment.yml", b""),
    "/lab/away": (301, "/other/environment.yml", b""),
    "/lab/abroad": (307, "https://example.org/lab/environment.yml", b""),
    "/lab/file": (302, "file:///etc/passwd", b""),
    "/lab/circle": (302, "/lab/circle", b""),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, kind, body = PAGES.get(self.path, (404, "text/plain", b""))
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Location" if 300 <= status < 400 else "Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """What it was asked for is in ``asked``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.mark.parametrize(
    ("path", "filename"),
    [
        ("environment.yml", "environment.yml"),
        ("environment.yml#L3", "environment.yml"),
        ("my%20env.yml", "my env.yml"),
        ("moved", "environment.yml"),
    ],
)
async def test_a_file_comes_with_its_text_and_name(server: Server, path: str, filename: str) -> None:
    found = await fetch(f"{server.url}/lab/{path}", [f"{server.url}/lab/"], HERE)
    assert (found.content, found.filename) == (TEXT, filename)


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("page", Invalid, "a web page, not a file"),
        ("hidden", Invalid, "a web page, not a file"),
        ("large", Invalid, "larger than 10 MB"),
        ("nowhere", NotFound, "no file at this address"),
        ("private", NotAllowed, "not give this file to everybody"),
        ("broken", ChannelUnreachable, "HTTP 500"),
        ("away", NotAllowed, "may not be fetched from 127.0.0.1/other"),
        ("abroad", NotAllowed, "may not be fetched from example.org/lab"),
        ("file", Invalid, "not an address"),
        ("circle", ChannelUnreachable, "without end"),
    ],
)
async def test_what_cannot_be_had_says_why(server: Server, path: str, error: type[EnvManagerError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        await fetch(f"{server.url}/lab/{path}", [f"{server.url}/lab"], HERE)
    assert caught.value.hint
    assert caught.value.field == "url"
    assert "/other/environment.yml" not in server.asked


async def test_nothing_is_asked_offline_or_where_nobody_answers(server: Server) -> None:
    before = list(server.asked)
    with pytest.raises(ChannelUnreachable, match="offline"):
        await fetch(f"{server.url}/lab/page", [server.url], PypiSettings(cache="/nonexistent", offline=True))
    assert server.asked == before
    with pytest.raises(ChannelUnreachable, match="nothing answers there"):
        await fetch("http://127.0.0.1:9/environment.yml", ["http://127.0.0.1:9"], HERE)


@pytest.mark.parametrize(
    "begin", [b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]
)
async def test_a_server_that_sends_a_byte_now_and_then_keeps_no_thread(
    begin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_TIME_LIMIT", 0.2)

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(begin)
            while True:
                writer.write(b"0")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()
        gone.set()

    gone = asyncio.Event()
    # All threads that there are, as six fetches have them on two cores.
    pool = ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(pool)
    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(ChannelUnreachable, match="in time"):
        await fetch(f"{url}/environment.yml", [url], HERE)
    assert await asyncio.wait_for(asyncio.to_thread(str, 1), 5) == "1"
    await asyncio.wait_for(gone.wait(), 5)
    server.close()


async def test_a_site_that_allows_no_address_fetches_nothing(server: Server, tmp_path: Path) -> None:
    site = Site(
        state_dir=tmp_path,
        home=tmp_path,
        server_prefix=tmp_path,
        server_root=tmp_path,
        kernels_dir=tmp_path,
        kernel_path=[],
    )

    def unasked() -> None:
        raise AssertionError("nothing is to be read")

    service = FileService(site, settings=unasked, pypi=lambda _: HERE)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        await service.fetch(FileAddress(url=f"{server.url}/lab/environment.yml"))


ALLOWED = ["https://example.org/lab", "https://raw.example.com/", "https://example.net:8443/x", "http://example.edu/"]


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/lab/environment.yml",
        "https://EXAMPLE.org:443/lab/deep/a.yml?raw=1",
        " https://raw.example.com/who/what/main/environment.yml ",
        "https://example.net:8443/x/a.yml",
    ],
)
def test_addresses_below_an_allowed_one_are_fetched(url: str) -> None:
    assert check_address(url, ALLOWED) == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/laboratory/a.yml",
        "https://example.org/a.yml",
        "https://example.org.evil.example/lab/a.yml",
        "https://www.example.org/lab/a.yml",
        "https://example.org:8443/lab/a.yml",
        "https://example.net/x/a.yml",
        "https://example.org/other/lab/a.yml",
    ],
)
def test_other_addresses_are_not_allowed(url: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        check_address(url, ALLOWED)
    assert "https://example.org/lab" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "",
        "environment.yml",
        "//example.org/lab/a.yml",
        "http://example.org/lab/a.yml",
        "http://example.edu/a.yml",
        "ftp://example.org/lab/a.yml",
        "file:///lab/a.yml",
        "https://user:secret@example.org/lab/a.yml",
        "https://example.org@evil.example/lab/a.yml",
        "https://evil.example\\@example.org/lab/a.yml",
        "https://example.org/lab/../a.yml",
        "https://example.org/lab/./a.yml",
        "https://example.org/lab/%2e%2e/a.yml",
        "https://example.org/lab/%252e%252e/a.yml",
        "https://example.org/lab/..%2fa.yml",
        "https://example.org/lab%2fa.yml",
        "https://example.org/lab/%5c..%5ca.yml",
        "https://example.org/lab/%0aa.yml",
        "https://example.org/la\tb/a.yml",
        "https://example.org/lab/a\nb.yml",
        "https://exämple.org/lab/a.yml",
        "https://example.org:port/lab/a.yml",
        "https://[::1/lab/a.yml",
        "https:///lab/a.yml",
        "https://example.org/lab/" + "a:" * 1_000,
    ],
)
def test_addresses_that_are_none_or_mean_another_place_are_refused(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_address(url, ALLOWED)
    assert "secret" not in caught.value.message
