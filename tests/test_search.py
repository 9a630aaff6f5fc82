"""Search, versions and updates on real channels: sharded, large and unsharded, several, slow, broken."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_channel import ChannelServer, Fault, Synthetic, serve, write_channel
from rattler import Channel, Gateway, SourceConfig

from jupyter_envmanager.engine import solve
from jupyter_envmanager.engine.channels import Channels
from jupyter_envmanager.engine.client import Network
from jupyter_envmanager.engine.indexing import LARGE_BYTES
from jupyter_envmanager.engine.names import Names, typed_words
from jupyter_envmanager.errors import ChannelUnreachable, NotFound
from jupyter_envmanager.models import PackageHit

FIRST = (
    Synthetic("numpy", "1.26.4", license="BSD-3-Clause", summary="Arrays."),
    Synthetic("numpy", "2.1.0", license="BSD-3-Clause", summary="Arrays and more."),
    Synthetic("numpydoc", "1.8"),
    Synthetic("pynumpy", "0.1"),
    Synthetic("my-numpy", "0.2"),
    Synthetic("scikit-learn", "1.5"),
    Synthetic("typing_extensions", "4.12"),
    Synthetic("needs-invented", "1.0", depends=("invented-7",)),
)
SECOND = (Synthetic("numpy", "3.0"), Synthetic("only-here", "1.0"), Synthetic("only-here", "1.10"))
# So many records of this form are more than `LARGE_BYTES`; long ones, as time goes by records.
INVENTED, NAMES = 20_000, 1_000


def reach(*urls: str, offline: bool = False) -> Network:
    return Network(channels=urls, mirrors={}, proxies={}, offline=offline)


@pytest.fixture(scope="module")
def first_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_channel(tmp_path_factory.mktemp("channels") / "first", FIRST).directory


@pytest.fixture(scope="module")
def second_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_channel(tmp_path_factory.mktemp("channels") / "second", SECOND).directory


@pytest.fixture
def first(first_folder: Path) -> Iterator[ChannelServer]:
    with serve(first_folder) as server:
        yield server


@pytest.fixture
def second(second_folder: Path) -> Iterator[ChannelServer]:
    with serve(second_folder) as server:
        yield server


def record(name: str, version: str, **more: Any) -> dict[str, Any]:
    return {
        "build": "h0123456_0",
        "build_number": 0,
        "depends": [],
        "license": "MIT",
        "md5": "0" * 32,
        "name": name,
        "sha256": "0" * 64,
        "size": 1234,
        "subdir": "noarch",
        "noarch": "generic",
        "timestamp": 1_700_000_000_000,
        "version": version,
        **more,
    }


def write_large(folder: Path, **more: Any) -> Path:
    """An unsharded channel with a large index, whose names are neither sorted nor of one section."""
    conda = {}
    for number in range(INVENTED):
        name = f"invented-{number % NAMES}"
        depends = ["scikit-learn", "other >=1,<2"] if name == "invented-7" else ["other >=1"]
        version = f"1.{number // NAMES}"
        conda[f"{name}-{version}-h0123456_0.conda"] = record(
            name, version, depends=depends, size=number, constrains=["nothing-of-this-name >=1.2.3,<2.0.0a0"] * 30
        )
    conda["other-1.0-h0123456_0.conda"] = record("other", "1.0")
    conda["other-2.0-h0123456_0.conda"] = record("other", "2.0", license='of “quotes” \\ and "others"')
    packages = {
        "other-0.9-h0123456_0.tar.bz2": record("other", "0.9"),
        "invented-3-0.1-h0123456_0.tar.bz2": record("invented-3", "0.1"),
    }
    for subdir, content in (("noarch", conda), ("linux-64", {})):
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        index = {
            "info": {"subdir": subdir},
            "packages": packages if content else {},
            "packages.conda": {**content, **(more if content else {})},
            "removed": [],
            "repodata_version": 1,
        }
        (folder / subdir / "repodata.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def large_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_large(tmp_path_factory.mktemp("channels") / "large")
    assert (folder / "noarch" / "repodata.json").stat().st_size > LARGE_BYTES
    return folder


@pytest.fixture
def large(large_folder: Path) -> Iterator[ChannelServer]:
    with serve(large_folder) as server:
        yield server


async def hits(channels: Channels, query: str, limit: int = 20) -> dict[str, PackageHit]:
    return {hit.name: hit for hit in (await channels.search(query, limit)).packages}


async def solve_for(channels: Channels, *specs: str) -> dict[str, str]:
    solution = await solve.solve_new(
        channels,
        specs,
        priority="strict",
        pinned=[],
        with_kernel=False,
        virtual=solve.virtual_packages(),
        kernel_packages=frozenset(),
    )
    return {record.name.normalized: str(record.version) for record in solution.records}


# What is typed


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("numpy", ["numpy"]),
        ("  NumPy ", ["numpy"]),
        ("numpy>=2", ["numpy"]),
        ("numpy =1.26.*", ["numpy"]),
        ("numpy 1.26", ["numpy"]),
        ("numpy[version='>=2']", ["numpy"]),
        ("conda-forge::numpy", ["numpy"]),
        ("numpy; python_version < '3.12'", ["numpy"]),
        ("scikit learn", ["scikit", "learn"]),
        ("", []),
        (">=2", []),
        ("\t", []),
    ],
)
def test_the_name_is_found_in_what_was_typed(query: str, words: list[str]) -> None:
    assert typed_words(query) == words


def test_the_name_itself_comes_first_then_beginnings_then_parts_then_the_rest() -> None:
    names = Names(["pynumpy", "my-numpy", "numpydoc", "numpy", "numpy-base", "other"])
    assert names.matching("numpy") == ["numpy", "numpydoc", "numpy-base", "my-numpy", "pynumpy"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("nmupy", "numpy"),
        ("nunpy", "numpy"),
        ("numppy", "numpy"),
        ("umpy", "numpy"),
        ("typing-extensions", "typing_extensions"),
        ("scikit_learn", "scikit-learn"),
        ("scikitlearn", "scikit-learn"),
        ("skikit-lern", "scikit-learn"),
    ],
)
def test_a_misspelt_name_is_understood(typed: str, meant: str) -> None:
    names = Names(["numpy", "typing_extensions", "scikit-learn", "other"])
    assert meant in names.matching(typed)


def test_a_name_that_is_there_is_not_taken_for_a_misspelt_one() -> None:
    assert Names(["pandas", "pandad"]).matching("pandas") == ["pandas"]


@pytest.mark.parametrize("query", ["x" * 10_000, "é" * 200, "\0", "a\0b", ".*", "[", "(((", "\\", "ﬀ", "🐍", "zzzzzz"])
async def test_what_is_no_name_finds_nothing(first: ChannelServer, tmp_path: Path, query: str) -> None:
    found = await Channels(reach(first.url), tmp_path).search(query, 20)
    assert (found.packages, found.total, found.problems) == ([], 0, [])


@pytest.mark.parametrize(("limit", "shown"), [(0, 0), (-5, 0), (1, 1), (10_000, 4)])
async def test_the_total_counts_what_was_cut_off(first: ChannelServer, tmp_path: Path, limit: int, shown: int) -> None:
    found = await Channels(reach(first.url), tmp_path).search("NUMPY>=2", limit)
    assert len(found.packages) == shown
    assert found.total == 4


async def test_an_empty_query_lists_everything(first: ChannelServer, tmp_path: Path) -> None:
    found = await Channels(reach(first.url), tmp_path).search("", 3)
    assert len(found.packages) == 3
    assert found.total == len({package.name for package in FIRST})


# What is known of a hit


async def test_a_hit_has_version_size_licence_and_channel(first: ChannelServer, tmp_path: Path) -> None:
    found = await hits(Channels(reach(first.url), tmp_path), "numpy")
    hit = found["numpy"]
    assert hit.version == "2.1.0"
    assert hit.license == "BSD-3-Clause"
    assert hit.size
    assert hit.channel == first.url.rsplit("/", 1)[-1]
    assert hit.summary is None


async def test_versions_arrive_with_a_later_answer(first: ChannelServer, tmp_path: Path) -> None:
    channels = Channels(reach(first.url), tmp_path)
    await channels.names()
    first.fault("*/shards/*", Fault(delay=0.3))
    assert (await hits(channels, "numpydoc"))["numpydoc"].version is None
    for _ in range(200):
        if (hit := (await hits(channels, "numpydoc"))["numpydoc"]).version:
            break
        await asyncio.sleep(0.05)
    assert hit.version == "1.8"


async def test_a_package_that_was_looked_at_has_its_summary_in_search(first: ChannelServer, tmp_path: Path) -> None:
    channels = Channels(reach(first.url), tmp_path)
    info = await channels.info("numpy")
    assert info.summary == "Arrays and more."
    assert (await hits(channels, "numpy"))["numpy"].summary == "Arrays and more."


async def test_versions_do_not_wait_for_a_summary(first: ChannelServer, tmp_path: Path) -> None:
    first.fault("*.conda", Fault(delay=60))
    info = await Channels(reach(first.url), tmp_path).info("numpy")
    assert info.versions == ["2.1.0", "1.26.4"]
    assert info.summary is None


async def test_versions_do_not_need_the_packages(first: ChannelServer, tmp_path: Path) -> None:
    first.fault("*.conda", Fault(status=404))
    info = await Channels(reach(first.url), tmp_path).info("numpy")
    assert info.versions == ["2.1.0", "1.26.4"]
    assert (info.summary, info.home) == (None, None)


# Several channels


async def test_a_name_belongs_to_the_first_channel_that_has_it(
    first: ChannelServer, second: ChannelServer, tmp_path: Path
) -> None:
    found = await hits(Channels(reach(first.url, second.url), tmp_path / "one"), "numpy")
    assert (found["numpy"].version, found["numpy"].channel) == ("2.1.0", first.url.rsplit("/", 1)[-1])
    found = await hits(Channels(reach(second.url, first.url), tmp_path / "two"), "numpy")
    assert (found["numpy"].version, found["numpy"].channel) == ("3.0", second.url.rsplit("/", 1)[-1])
    assert "numpydoc" in found


async def test_a_broken_channel_does_not_hide_the_others(
    first: ChannelServer, second: ChannelServer, tmp_path: Path
) -> None:
    second.fault("*", Fault(status=404))
    channels = Channels(reach(first.url, second.url), tmp_path)
    found = await channels.search("numpy", 20)
    assert found.packages[0].version == "2.1.0"
    assert [problem.code for problem in found.problems] == ["channel_unreachable"]
    assert second.url in found.problems[0].message
    with pytest.raises(ChannelUnreachable, match=second.url):
        await channels.info("only-here")


async def test_a_channel_that_hangs_does_not_hide_the_others(
    first: ChannelServer, second: ChannelServer, tmp_path: Path
) -> None:
    second.fault("*", Fault(delay=60))
    found = await Channels(reach(first.url, second.url), tmp_path).search("numpy", 20)
    assert found.packages[0].name == "numpy"
    assert [problem.code for problem in found.problems] == ["channel_unreachable"]
    assert second.url in found.problems[0].message


async def test_without_any_channel_the_reason_is_told_until_one_is_back(first: ChannelServer, tmp_path: Path) -> None:
    first.fault("*", Fault(status=404))
    channels = Channels(reach(first.url), tmp_path)
    with pytest.raises(ChannelUnreachable, match=first.url):
        await channels.search("numpy", 20)
    first.heal()
    assert (await channels.search("numpy", 20)).packages[0].name == "numpy"
    assert channels.problems == []


async def test_a_refresh_sees_what_is_new(first_folder: Path, second_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "channel"
    shutil.copytree(first_folder, folder)
    with serve(folder) as server:
        channels = Channels(reach(server.url), tmp_path / "repodata")
        assert "only-here" not in await hits(channels, "only")
        shutil.rmtree(folder)
        shutil.copytree(second_folder, folder)
        channels.refresh()
        assert (await hits(channels, "only"))["only-here"].version == "1.10"
        assert (await channels.info("numpy")).versions == ["3.0"]


# Many at once


async def test_who_gives_up_keeps_nobody_else_from_the_names(first: ChannelServer, tmp_path: Path) -> None:
    first.fault("*/repodata_shards.msgpack.zst", Fault(delay=0.5))
    channels = Channels(reach(first.url), tmp_path)
    tasks = [asyncio.ensure_future(channels.search("numpy", 5)) for _ in range(5)]
    await asyncio.sleep(0.1)
    tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    assert not any(task.done() for task in tasks[1:])
    for found in await asyncio.gather(*tasks[1:]):
        assert found.packages[0].name == "numpy"
    # Once to see that there are shards, once to read them.
    assert first.counts["noarch/repodata_shards.msgpack.zst"] == 2


# Updates


async def test_only_what_is_newer_is_an_update(first: ChannelServer, tmp_path: Path) -> None:
    installed = {
        "numpy": ("1.26.4", ""),
        "numpydoc": ("1.8", ""),
        "pynumpy": ("7.0", ""),
        "unknown": ("1.0", ""),
        "my-numpy": ("what is this", ""),
    }
    channels = Channels(reach(first.url), tmp_path)
    assert await channels.newest(installed) == {"numpy": ("2.1.0", first.url.rsplit("/", 1)[-1])}
    assert await channels.newest({}) == {}


async def test_an_update_comes_from_the_channel_that_comes_first(
    first: ChannelServer, second: ChannelServer, tmp_path: Path
) -> None:
    channels = Channels(reach(first.url, second.url), tmp_path)
    found = await channels.newest({"numpy": ("2.1.0", ""), "only-here": ("1.9", "")})
    assert found == {"only-here": ("1.10", second.url.rsplit("/", 1)[-1])}


async def test_updates_come_from_the_channels_that_answer(
    first: ChannelServer, second: ChannelServer, tmp_path: Path
) -> None:
    second.fault("*", Fault(status=404))
    channels = Channels(reach(first.url, second.url), tmp_path)
    assert list(await channels.newest({"numpy": ("1.0", ""), "only-here": ("1.0", "")})) == ["numpy"]
    assert [problem.code for problem in channels.problems] == ["channel_unreachable"]


# Large channels without shards


async def test_a_large_channel_has_all_its_names_and_versions(large: ChannelServer, tmp_path: Path) -> None:
    channels = Channels(reach(large.url), tmp_path)
    found = await channels.search("invented", NAMES)
    assert found.total == NAMES
    assert {hit.version for hit in found.packages} == {"1.19"}
    assert found.packages[0].license == "MIT"
    assert len(await channels.names()) == NAMES + 1
    info = await channels.info("other")
    assert info.versions == ["2.0", "1.0", "0.9"]
    assert info.license == 'of “quotes” \\ and "others"'
    assert (await channels.info("invented-3")).versions[-1] == "0.1"
    with pytest.raises(NotFound, match="inventet"):
        await channels.info("inventet")
    assert await channels.newest({"other": ("1.0", ""), "invented-7": ("1.19", "")}) == {
        "other": ("2.0", large.url.rsplit("/", 1)[-1])
    }


async def test_records_of_a_large_channel_are_those_that_the_engine_reads(large: ChannelServer, tmp_path: Path) -> None:
    names = ["other", "invented-3", f"invented-{NAMES - 1}"]
    ours = await Channels(reach(large.url), tmp_path / "ours").records(names)
    gateway = Gateway(cache_dir=tmp_path / "theirs", default_config=SourceConfig(sharded_enabled=False))
    theirs = [
        record
        for found in await gateway.query([Channel(large.url)], ["linux-64", "noarch"], names, recursive=False)
        for record in found
    ]
    assert len(ours) == 3 + 21 + 20
    assert sorted((r.url, r.channel, r.to_json()) for r in ours) == sorted(
        (r.url, r.channel, r.to_json()) for r in theirs
    )


async def test_a_solve_crosses_large_and_other_channels_in_both_directions(
    large: ChannelServer, first: ChannelServer, tmp_path: Path
) -> None:
    channels = Channels(reach(first.url, large.url), tmp_path)
    assert await solve_for(channels, "needs-invented") == {
        "needs-invented": "1.0",
        "invented-7": "1.19",
        "scikit-learn": "1.5",
        "other": "1.0",
    }
    with pytest.raises(NotFound, match="inventet-7") as caught:
        await solve_for(channels, "inventet-7")
    assert "invented-7" in caught.value.hint


async def test_priority_holds_between_large_and_other_channels(
    first: ChannelServer, large: ChannelServer, tmp_path: Path
) -> None:
    folder = write_large(tmp_path / "channel", **{"numpy-9-h0123456_0.conda": record("numpy", "9")})
    with serve(folder) as server:
        assert await solve_for(Channels(reach(first.url, server.url), tmp_path / "one"), "numpy") == {"numpy": "2.1.0"}
        assert await solve_for(Channels(reach(server.url, first.url), tmp_path / "one"), "numpy") == {"numpy": "9"}


async def test_a_large_channel_is_not_downloaded_twice(large: ChannelServer, tmp_path: Path) -> None:
    for _ in range(2):
        assert (await Channels(reach(large.url), tmp_path).search("other", 5)).packages[0].version == "2.0"
    sent = [request for request in large.requests if request.method == "GET" and request.status == 200]
    assert [request.path for request in sent].count("noarch/repodata.json") == 1


async def test_a_large_channel_is_searched_offline(large: ChannelServer, tmp_path: Path) -> None:
    await Channels(reach(large.url), tmp_path).names()
    url = large.url
    large.stop()
    channels = Channels(reach(url, offline=True), tmp_path)
    assert (await channels.search("other", 5)).packages[0].version == "2.0"
    assert await solve_for(channels, "invented-3") == {"invented-3": "1.19", "other": "2.0"}


async def test_a_damaged_index_is_made_anew(large: ChannelServer, tmp_path: Path) -> None:
    await Channels(reach(large.url), tmp_path).names()
    (index,) = tmp_path.glob("index-*.sqlite")
    for damage in (b"", b"no database", index.read_bytes()[:5000]):
        index.write_bytes(damage)
        assert (await Channels(reach(large.url), tmp_path).search("other", 5)).packages[0].version == "2.0"
        assert len(index.read_bytes()) > 5000


async def test_an_index_without_its_files_is_made_anew(large: ChannelServer, tmp_path: Path) -> None:
    await Channels(reach(large.url), tmp_path).names()
    for file in tmp_path.glob("index-*.json"):
        file.unlink()
    assert (await Channels(reach(large.url), tmp_path).info("other")).versions == ["2.0", "1.0", "0.9"]
    assert len(list(tmp_path.glob("index-*.json"))) == 2


async def test_a_large_channel_that_changes_is_read_anew(tmp_path: Path) -> None:
    folder = write_large(tmp_path / "channel")
    with serve(folder) as server:
        channels = Channels(reach(server.url), tmp_path / "repodata")
        assert "brand-new" not in await hits(channels, "brand")
        write_large(folder, **{"brand-new-1.0-h0123456_0.conda": record("brand-new", "1.0")})
        channels.refresh()
        assert (await hits(channels, "brand"))["brand-new"].version == "1.0"
        assert await solve_for(channels, "brand-new") == {"brand-new": "1.0"}
    # The files of the index before are gone.
    assert len(list((tmp_path / "repodata").glob("index-*.json"))) == 2


async def test_a_large_channel_in_a_folder(large_folder: Path, tmp_path: Path) -> None:
    channels = Channels(reach(large_folder.as_uri()), tmp_path)
    assert (await channels.search("invented-7", 1)).packages[0].version == "1.19"
    assert list(tmp_path.glob("index-*.sqlite"))


async def test_a_small_channel_without_shards(first_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "channel"
    shutil.copytree(first_folder, folder)
    for subdir in ("linux-64", "noarch"):
        (folder / subdir / "repodata_shards.msgpack.zst").unlink(missing_ok=True)
    with serve(folder) as server:
        channels = Channels(reach(server.url), tmp_path / "repodata")
        assert (await channels.search("numpy", 5)).packages[0].version == "2.1.0"
        assert await solve_for(channels, "numpy") == {"numpy": "2.1.0"}
    assert not list((tmp_path / "repodata").glob("index-*"))
