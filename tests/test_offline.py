"""Without network: what the caches have is enough, and what they lack is said at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from conftest import Home, MakeHome
from local_channel import LocalChannel, serve

from jupyter_envmanager.errors import ChannelUnreachable, NotFound
from jupyter_envmanager.models import Change, CloneSource, FileSource, NewEnvironment

MISSING = r"A package is not in the package cache.*offline: tiny 2\.0"


def say_offline(home: Home) -> None:
    """As ``conda config --set offline true``."""
    with (home.path / ".condarc").open("a") as file:
        file.write("offline: true\n")


@pytest.fixture
def home(make_home: MakeHome, tiny_channel: LocalChannel, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Home:
    """A home with “one”, of packages that are not the newest, and a server that has just begun; its channel is gone."""
    with serve(tiny_channel.directory) as server:
        home = make_home(server.url)
        job = jp_asyncio_loop.run_until_complete(home.create("one", "tinier", kernel=None))
        assert job.state == "succeeded", job.error
    return make_home(path=home.path)


async def test_what_a_cache_has_goes_before_what_is_newer(home: Home) -> None:
    say_offline(home)
    plan = await home.service.preview(home.request("two", "tiny", kernel=None))
    assert [(action.name, action.to) for action in plan.actions] == [("tiny", "1.0")]
    assert plan.download_size == 0
    job = await home.create("two", "tiny", kernel=None)
    assert job.state == "succeeded", job.error


async def test_all_that_no_cache_has_is_named_at_once(home: Home) -> None:
    say_offline(home)
    with pytest.raises(ChannelUnreachable, match=MISSING) as caught:
        await home.service.preview(home.request("two", "tiny>=2", kernel=None))
    assert caught.value.details["missing"] == ["tiny 2.0"]
    assert str(home.path) in caught.value.hint
    with pytest.raises(ChannelUnreachable, match="What there is of files, some-files is not known here") as caught:
        await home.service.preview(home.request("two", "some-files", "files", kernel=None))
    one = await home.service.find("one")
    with pytest.raises(ChannelUnreachable, match=MISSING):
        await home.service.changes.preview(one.id, Change(install=["tiny>=2"], remove=["tinier"]))
    with pytest.raises(NotFound, match="No channel has a package “tinny”"):
        await home.service.preview(home.request("two", "tinny", kernel=None))


async def test_a_list_and_a_copy_need_no_network(home: Home) -> None:
    say_offline(home)
    one = await home.service.find("one")
    text = (await home.service.exports.export(one.id, "explicit")).content
    for name, source in (("two", FileSource(format="", content=text)), ("three", CloneSource(environment=one.id))):
        job = await home.service.create(NewEnvironment(name=name, source=source, kernel=None))
        job = await home.service.queue.wait(job.id)
        assert job.state == "succeeded", job.error
        packages = (await home.service.packages(job.environment)).packages
        assert [(package.name, package.version) for package in packages] == [("tinier", "1.0"), ("tiny", "1.0")]


async def test_an_index_that_was_never_read_cannot_be_asked(make_home: MakeHome, tmp_path: Path) -> None:
    home = make_home("http://127.0.0.1:9/nowhere")
    say_offline(home)
    with pytest.raises(ChannelUnreachable, match="not in the cache, and conda's configuration says offline"):
        await home.service.preview(home.request("two", "tiny"))


async def test_without_network_the_index_is_used_as_it_was_and_that_is_said(home: Home) -> None:
    plan = await home.service.preview(home.request("two", "tinier", kernel=None))
    assert [action.name for action in plan.actions] == ["tinier", "tiny"]
    assert plan.download_size == 0
    warned = [one for one in plan.warnings if one.code == "channel_unreachable"]
    assert len(warned) == 1
    assert "as it was" in warned[0].message
    job = await home.create("two", "tinier", kernel=None)
    assert job.state == "succeeded", job.error
    one = await home.service.find("one")
    change = await home.service.changes.preview(one.id, Change(remove=["tinier"]))
    assert [one.code for one in change.warnings].count("channel_unreachable") == 1
    hits = await home.service.catalogue.search("tin", 5)
    assert [hit.name for hit in hits.packages if hit.manager == "conda"] == ["tiny", "tinier"]
    assert [problem.code for problem in hits.problems] == ["channel_unreachable"]
