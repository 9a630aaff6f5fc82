"""The server answers as asked, and fails as asked."""

from __future__ import annotations

import base64
import http.client
import time
import urllib.error
import urllib.request
from pathlib import Path
from threading import Thread

import pytest
from local_channel import ChannelHandler, Fault, Synthetic, serve, write_channel
from rattler.exceptions import GatewayError

from .conftest import Solve


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    return write_channel(tmp_path / "channel", [Synthetic("tool", file_count=10)]).directory


def get(url: str, **headers: str) -> bytes:
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return bytes(answer.read())


def status_of(url: str, **headers: str) -> int:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(url, **headers)
    with caught.value:
        return caught.value.code


def read_in_vain(url: str) -> None:
    with pytest.raises((http.client.HTTPException, OSError)):
        get(url)


def test_requests_are_counted(channel: Path) -> None:
    with serve(channel) as server:
        assert get(f"{server.url}/noarch/repodata.json") == (channel / "noarch/repodata.json").read_bytes()
        assert status_of(f"{server.url}/noarch/absent") == 404
        assert status_of(f"{server.url}/../secret") == 404
        assert server.counts["noarch/repodata.json"] == 1
        assert [request.status for request in server.requests] == [200, 404, 404]


def test_a_fault_happens_so_many_times_and_then_heals(channel: Path) -> None:
    with serve(channel, faults={"*/repodata.json": Fault(status=500, times=2)}) as server:
        url = f"{server.url}/noarch/repodata.json"
        assert [status_of(url), status_of(url)] == [500, 500]
        assert get(url)
        server.fault("*", Fault(status=404))
        assert status_of(url) == 404
        server.heal()
        assert get(url)


def test_a_body_can_be_cut_or_replaced(channel: Path) -> None:
    with serve(channel) as server:
        url = f"{server.url}/noarch/tool-1.0-0.conda"
        server.fault("*.conda", Fault(truncate=10))
        with pytest.raises(http.client.IncompleteRead):
            get(url)
        server.fault("*.conda", Fault(body=b"not a package"))
        assert get(url) == b"not a package"


def test_a_slow_answer_takes_its_time_and_ends_with_the_server(channel: Path) -> None:
    (channel / "noarch/large").write_bytes(bytes(50_000))
    with serve(channel, faults={"*/large": Fault(bytes_per_second=100_000)}) as server:
        start = time.monotonic()
        assert len(get(f"{server.url}/noarch/large")) == 50_000
        assert 0.4 < time.monotonic() - start < 5
        server.fault("*/large", Fault(bytes_per_second=100))
        server.forget()
        reader = Thread(target=read_in_vain, args=(f"{server.url}/noarch/large",), daemon=True)
        reader.start()
        while not server.counts["noarch/large"]:
            time.sleep(0.01)
        start = time.monotonic()
    reader.join(timeout=5)
    assert time.monotonic() - start < 2
    assert not reader.is_alive()


def test_a_token_is_part_of_the_address(channel: Path, solve_from: Solve) -> None:
    with serve(channel, token="tk-123") as server:
        assert status_of(f"{server.origin}/noarch/repodata.json") == 403
        assert status_of(f"{server.origin}/t/wrong/noarch/repodata.json") == 403
        assert len(solve_from(server.url, ["tool"])) == 1
        assert "noarch/repodata_shards.msgpack.zst" in server.counts


def test_a_password_is_demanded(channel: Path) -> None:
    with serve(channel, basic_auth=("ada", "s3cret")) as server:
        url = f"{server.url}/noarch/repodata.json"
        right = base64.b64encode(b"ada:s3cret").decode()
        wrong = base64.b64encode(b"ada:guess").decode()
        assert status_of(url) == 401
        assert status_of(url, Authorization=f"Basic {wrong}") == 401
        assert get(url, Authorization=f"Basic {right}")


def test_an_unchanged_file_is_not_sent_again(channel: Path) -> None:
    with serve(channel) as server:
        url = f"{server.url}/noarch/repodata.json"
        with urllib.request.urlopen(url) as answer:
            etag = answer.headers["ETag"]
        assert status_of(url, **{"If-None-Match": etag}) == 304


def test_a_client_that_cached_the_index_solves_again(channel: Path, solve_from: Solve) -> None:
    with serve(channel) as server:
        assert solve_from(server.url, ["tool"])
        assert solve_from(server.url, ["tool"])
        assert 304 in [request.status for request in server.requests]


def test_a_solver_reports_a_broken_channel(channel: Path, solve_from: Solve) -> None:
    with serve(channel, faults={"*": Fault(status=403)}) as server, pytest.raises(GatewayError):
        solve_from(server.url, ["tool"])


def test_a_handler_of_ones_own_can_answer_anything(channel: Path) -> None:
    class Teapot(ChannelHandler):
        def fault_for(self, path: str) -> Fault | None:
            return Fault(status=418, body=path.encode())

    with serve(channel, handler=Teapot) as server:
        assert status_of(f"{server.url}/noarch/repodata.json") == 418
