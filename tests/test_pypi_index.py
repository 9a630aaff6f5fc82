"""What the index has of a name: lookup, versions and updates, over a real index on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pypi_index import Fault, IndexServer, sdist, serve_index, wheel

from jupyter_envmanager.errors import ChannelUnreachable, NotFound
from jupyter_envmanager.pypi import Dist, PypiSettings
from jupyter_envmanager.pypi.index import info, lookup, outdated


@pytest.fixture(params=["json", "html"])
def index(request: pytest.FixtureRequest) -> Iterator[IndexServer]:
    """An index that speaks JSON, and one that only speaks HTML."""
    with serve_index() as server:
        server.shelves.html_only = request.param == "html"
        server.add(wheel("thing", "1.9", summary="A thing", python=">=3.8"))
        server.add(wheel("thing", "1.10", summary="A better thing"), python=">=3.8")
        server.add(wheel("thing", "2.0rc1"))
        server.add(wheel("thing", "3.0"), yanked=True)
        server.add(sdist("thing", "0.5"))
        server.add(("thing-9.0.exe", b"an installer of long ago"))
        yield server


@pytest.fixture
def settings(index: IndexServer, tmp_path: Path) -> PypiSettings:
    return PypiSettings(index=index.url, cache=str(tmp_path))


async def test_lookup_tells_the_newest_stable_version(index: IndexServer, settings: PypiSettings) -> None:
    hit = await lookup("Thing", settings)
    assert hit is not None
    assert (hit.name, hit.version, hit.manager, hit.summary) == ("thing", "1.10", "pypi", "A better thing")
    assert hit.channel == index.origin.removeprefix("http://")
    assert (hit.size is None) == index.shelves.html_only


async def test_names_that_are_not_there(index: IndexServer, settings: PypiSettings) -> None:
    assert await lookup("nothing", settings) is None
    seen = len(index.shelves.requests)
    for name in ("", "../x", "a/b", "a b", "-x", "ü", "x" * 500, "a\nb"):
        assert await lookup(name, settings) is None
    assert len(index.shelves.requests) == seen
    with pytest.raises(NotFound, match="no package “nothing”") as caught:
        await info("nothing", settings)
    assert caught.value.field == "pypi"


async def test_versions_are_newest_first_without_yanked_ones(index: IndexServer, settings: PypiSettings) -> None:
    found = await info("thing", settings)
    assert found.versions == ["2.0rc1", "1.10", "1.9", "0.5"]
    assert [(build.version, build.build) for build in found.builds] == [
        ("2.0rc1", "wheel"),
        ("1.10", "wheel"),
        ("1.9", "wheel"),
        ("0.5", "source"),
    ]
    told = found.builds[0].size is not None and found.builds[0].timestamp is not None
    assert told != index.shelves.html_only
    assert found.summary == "A better thing"


async def test_updates(index: IndexServer, settings: PypiSettings) -> None:
    index.wheel("other", "1.0")
    dists = [
        Dist(name="Thing", version="1.9"),
        Dist(name="other", version="1.0"),
        Dist(name="unknown", version="1.0"),
        Dist(name="strange", version="not a version"),
        Dist(name="thing", version="0.1", source="thing @ https://example.org/thing-0.1.tar.gz"),
    ]
    assert [(u.name, u.version, u.manager) for u in await outdated(dists, settings)] == [("Thing", "1.10", "pypi")]


async def test_answers_are_kept_for_a_while(index: IndexServer, settings: PypiSettings) -> None:
    await lookup("thing", settings)
    await info("thing", settings)
    assert index.shelves.requests.count("/simple/thing/") == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(status=500), "HTTP 500"),
        (Fault(status=401), "user name and password"),
        (Fault(body=b"nonsense"), "could not be read"),
        (Fault(truncate=20), "broke off"),
    ],
)
async def test_an_index_that_misbehaves(index: IndexServer, settings: PypiSettings, fault: Fault, reason: str) -> None:
    index.fault("/simple/*", fault)
    for ask in (lookup, info):
        with pytest.raises(ChannelUnreachable, match=reason) as caught:
            await ask("thing", settings)
        assert index.origin.removeprefix("http://") in caught.value.message
        assert caught.value.field == "pypi"
    with pytest.raises(ChannelUnreachable, match=reason):
        await outdated([Dist(name="thing", version="1.0")], settings)


async def test_a_summary_that_cannot_be_had_is_left_out(index: IndexServer, settings: PypiSettings) -> None:
    index.fault("/files/*.metadata", Fault(status=500))
    hit = await lookup("thing", settings)
    assert hit is not None
    assert hit.version == "1.10"
    assert hit.summary is None


async def test_the_json_api_tells_where_there_is_no_metadata(index: IndexServer, settings: PypiSettings) -> None:
    for shelf in index.shelves.files["thing"].values():
        shelf.metadata = None
    hit = await lookup("thing", settings)
    assert hit is not None
    assert hit.summary is None
    index.shelves.documents["/pypi/thing/json"] = json.dumps(
        {"info": {"summary": "Told by the API", "license": "MIT", "project_urls": {"Homepage": "https://example.org"}}}
    ).encode()
    found = await info("thing", settings)
    assert (found.summary, found.license, found.home) == ("Told by the API", "MIT", "https://example.org")
    index.shelves.documents["/pypi/thing/json"] = b"nonsense"
    assert (await info("thing", settings)).summary is None


async def test_an_index_that_is_down_does_not_show_its_password(tmp_path: Path) -> None:
    settings = PypiSettings(index="http://me:hunter2@127.0.0.1:9/simple", cache=str(tmp_path))
    with pytest.raises(ChannelUnreachable, match=r"127\.0\.0\.1:9 .*nothing answers") as caught:
        await lookup("thing", settings)
    assert "hunter2" not in msgspec.json.encode(caught.value.problem()).decode()


async def test_a_password_is_sent(index: IndexServer, settings: PypiSettings) -> None:
    index.shelves.password = ("me", "hunter2")
    url = index.url.replace("//", "//me:hunter2@")
    hit = await lookup("thing", msgspec.structs.replace(settings, index=url))
    assert hit is not None
    assert "hunter2" not in hit.channel


async def test_extra_indexes_come_first(index: IndexServer, settings: PypiSettings) -> None:
    with serve_index() as extra:
        extra.wheel("thing", "0.1")
        both = msgspec.structs.replace(settings, extra_indexes=[extra.url])
        assert (await info("thing", both)).versions == ["0.1"]


async def test_offline_asks_nobody(index: IndexServer, settings: PypiSettings) -> None:
    with pytest.raises(ChannelUnreachable, match="offline"):
        await lookup("thing", msgspec.structs.replace(settings, offline=True))
    assert index.shelves.requests == []


async def test_a_slow_index_does_not_hold_the_loop(index: IndexServer, settings: PypiSettings) -> None:
    index.fault("/simple/*", Fault(delay=0.5))
    turns = 0
    question = asyncio.create_task(lookup("thing", settings))
    while not question.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 5
