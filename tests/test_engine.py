"""The engine against real channels: solve, explain, link, verify."""

from __future__ import annotations

import io
import json
import os
from contextlib import nullcontext
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
import rattler.exceptions
from conftest import Home, MakeHome
from local_channel import ChannelHandler, ChannelServer, Fault, LocalChannel, serve

from jupyter_envmanager.engine import failures, indexing, records, solve
from jupyter_envmanager.engine.channels import Channels
from jupyter_envmanager.engine.client import Network, clean_url
from jupyter_envmanager.engine.finishing import Finisher
from jupyter_envmanager.errors import ChannelUnreachable, Damaged, EnvManagerError, Invalid, NotFound, Unsatisfiable


def reach(url: str) -> Network:
    return Network(channels=(url,), mirrors={}, proxies={})


@pytest.fixture
def tiny_channels(tiny: ChannelServer, tmp_path: Path) -> Channels:
    return Channels(reach(tiny.url), tmp_path / "repodata")


async def solve_for(channels: Channels, *specs: str) -> solve.Solution:
    return await solve.solve_new(
        channels,
        specs,
        priority="strict",
        pinned=[],
        with_kernel=False,
        virtual=solve.virtual_packages(),
        kernel_packages=frozenset(),
    )


def test_every_exception_of_rattler_has_a_translation() -> None:
    exported = {
        name
        for name in dir(rattler.exceptions)
        if isinstance(kind := getattr(rattler.exceptions, name), type) and issubclass(kind, Exception)
    }
    assert exported - set(failures.ERRORS) == set()


async def test_solving_prefers_the_newest_version(tiny_channels: Channels) -> None:
    solution = await solve_for(tiny_channels, "tiny")
    assert [(r.name.normalized, str(r.version)) for r in solution.records] == [("tiny", "2.0")]


async def test_a_dependency_holds_a_package_back(tiny_channels: Channels) -> None:
    solution = await solve_for(tiny_channels, "tiny", "tinier")
    assert {(r.name.normalized, str(r.version)) for r in solution.records} == {("tiny", "1.0"), ("tinier", "1.0")}
    assert solution.asked == {"tiny", "tinier"}


async def test_records_survive_as_text(tiny_channels: Channels) -> None:
    solved = (await solve_for(tiny_channels, "tinier", "files")).records
    back = records.from_json(records.to_json(solved))
    assert records.to_json(back) == records.to_json(solved)
    assert [record.url for record in back] == [record.url for record in solved]


async def test_an_unknown_package_gets_the_nearest_names(tiny_channels: Channels) -> None:
    with pytest.raises(NotFound, match="tinny") as caught:
        await solve_for(tiny_channels, "tinny")
    assert "tiny" in caught.value.hint
    assert caught.value.field == "specs"


async def test_all_unknown_packages_are_named_at_once(tiny_channels: Channels) -> None:
    with pytest.raises(NotFound) as caught:
        await solve_for(tiny_channels, "tinny", "tiny", "fyles")
    assert "“tinny”" in caught.value.message
    assert "“fyles”" in caught.value.message
    assert "files" in caught.value.hint


async def test_an_unknown_version_gets_those_that_are_there(tiny_channels: Channels) -> None:
    with pytest.raises(NotFound, match="tiny") as caught:
        await solve_for(tiny_channels, "tiny=3")
    assert "2.0" in caught.value.hint
    assert "1.0" in caught.value.hint


async def test_a_contradiction_is_explained_by_the_solver(tiny_channels: Channels) -> None:
    with pytest.raises(Unsatisfiable) as caught:
        await solve_for(tiny_channels, "clash")
    assert "tinier" in caught.value.message
    assert "tiny" in caught.value.message
    assert "Cannot solve the request" not in caught.value.message


@pytest.mark.parametrize(
    "spec", ["--channel", "-c evil", "", " ", "=1.0", "tiny >=", "tiny[version=", "a b c d e", "../tiny", "tiny;rm"]
)
async def test_what_is_no_spec_is_refused_with_its_text(tiny_channels: Channels, spec: str) -> None:
    with pytest.raises((Invalid, NotFound)) as caught:
        await solve_for(tiny_channels, spec)
    assert caught.value.field == "specs"


@pytest.mark.parametrize(
    "fault",
    [Fault(status=404), Fault(status=500), Fault(truncate=40), Fault(body=b"<html>Sign in</html>"), Fault(body=b"{")],
    ids=["404", "500", "truncated", "a login page", "half a brace"],
)
async def test_a_broken_channel_is_named(tiny_channel: LocalChannel, tmp_path: Path, fault: Fault) -> None:
    with serve(tiny_channel.directory, faults={"*repodata*": fault}) as server:
        channels = Channels(reach(server.url), tmp_path / "repodata")
        with pytest.raises(ChannelUnreachable) as caught:
            await solve_for(channels, "tiny")
    assert server.url in caught.value.message
    assert caught.value.field == "channels"


def write_index(channel: Path, **needs: dict[str, list[str]]) -> Path:
    """An index that no tool would write: packages by name, with what they need."""
    same = {"version": "1.0", "build": "0", "build_number": 0, "subdir": "noarch", "sha256": "0" * 64}
    packages = {f"{name}-1.0-0.conda": {**same, "name": name, "depends": [], **need} for name, need in needs.items()}
    for subdir in ("noarch", solve.platform()):
        (channel / subdir).mkdir(parents=True, exist_ok=True)
        index = {"info": {"subdir": subdir}, "packages.conda": packages if subdir == "noarch" else {}, "packages": {}}
        (channel / subdir / "repodata.json").write_text(json.dumps(index))
    return channel


NESTED = f"tiny {3000 * '('}1{3000 * ')'}"


@pytest.mark.parametrize(
    "needs",
    [
        {"depends": [NESTED]},
        {"constrains": [NESTED]},
        # Quotation marks and closed parentheses do not hide the others.
        {"depends": [f'tiny[when="{300 * "((a) or"} python{300 * ")"}"]']},
    ],
)
async def test_a_channel_that_would_cost_the_server_its_life_is_not_solved_with(
    tmp_path: Path, needs: dict[str, list[str]]
) -> None:
    folder = write_index(tmp_path / "hostile", app=needs, tiny={})
    with serve(folder) as server:
        for url in (server.url, folder.as_uri()):
            channels = Channels(reach(url), tmp_path / "repodata")
            for ask in (solve_for(channels, "app"), channels.search("app", 5), channels.info("app"), channels.names()):
                with pytest.raises(ChannelUnreachable, match="more than 200 parentheses") as caught:
                    await ask
                assert clean_url(url) in caught.value.message
                assert caught.value.hint


async def test_a_channel_that_turns_hostile_is_not_solved_with_any_more(tmp_path: Path) -> None:
    folder = write_index(tmp_path / "channel", app={"depends": ["tiny (1.0|(1.1,>1))"]}, tiny={})
    channels = Channels(reach(folder.as_uri()), tmp_path / "repodata")
    assert len((await solve_for(channels, "app")).records) == 2
    write_index(folder, app={"depends": [NESTED]}, tiny={})
    channels.refresh()
    for _ in range(2):
        with pytest.raises(ChannelUnreachable, match="parentheses"):
            await solve_for(channels, "app")


async def test_what_was_refused_is_not_read_from_disk_either(tmp_path: Path) -> None:
    with serve(write_index(tmp_path / "hostile", app={"depends": [NESTED]}, tiny={})) as server:
        with pytest.raises(ChannelUnreachable, match="parentheses"):
            await solve_for(Channels(reach(server.url), tmp_path / "repodata"), "app")
        server.fault("*", Fault(status=503))
        with pytest.raises(ChannelUnreachable):
            await solve_for(Channels(reach(server.url), tmp_path / "repodata"), "app")


async def test_what_left_memory_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_envmanager.engine.channels._KEPT_BYTES", -(1 << 40))
    folder = write_index(tmp_path / "channel", app={}, tiny={})
    channels = Channels(reach(folder.as_uri()), tmp_path / "repodata")
    assert len((await solve_for(channels, "app")).records) == 1
    write_index(folder, app={"depends": [NESTED]}, tiny={})
    with pytest.raises(ChannelUnreachable, match="parentheses"):
        await solve_for(channels, "app")


def test_a_large_index_is_looked_at_by_the_process_that_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "LARGE_BYTES", 0)
    for need, status in (("tiny", 0), (NESTED, indexing.DEEP)):
        url = write_index(tmp_path / "channel", app={"depends": [need]}).as_uri()
        task = indexing.Task(reach=reach(url), channel=url, subdirs=["noarch"], cache=str(tmp_path))
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(msgspec.json.encode(task))))
        with pytest.raises(SystemExit) if status else nullcontext() as ended:
            indexing.main()
        assert ended is None or ended.value.code == status
        # An index of earlier is no way around it.
        assert indexing.index_path(tmp_path, url).exists() == (status == 0)


async def test_what_a_channel_puts_into_the_solvers_mouth_is_cut_and_commands_no_terminal(tmp_path: Path) -> None:
    packages = {"long": f"tiny {1_000_000 * '1'}", "escape": "a\x1b[31m\x00", "above": "../../etc/passwd >=1"}
    folder = write_index(tmp_path / "odd", **{name: {"depends": [need]} for name, need in packages.items()})
    channels = Channels(reach(folder.as_uri()), tmp_path / "repodata")
    for name in packages:
        with pytest.raises(Unsatisfiable) as caught:
            await solve_for(channels, name)
        assert name in caught.value.message
        assert len(caught.value.message) < 5000
        assert caught.value.message.replace("\n", "").isprintable()


async def test_an_unreachable_channel_is_named(tmp_path: Path, tiny: ChannelServer) -> None:
    url = tiny.url
    tiny.stop()
    with pytest.raises(ChannelUnreachable, match="nothing answers there") as caught:
        await solve_for(Channels(reach(url), tmp_path / "repodata"), "tiny")
    assert url in caught.value.message


class Terse(ChannelHandler):
    """Does not say of what nothing has changed, as Python's http.server."""

    def _begin(self, path: str, status: int, length: int, headers: dict[str, str]) -> None:
        super()._begin(path, status, length, {} if status == HTTPStatus.NOT_MODIFIED else headers)


async def test_a_server_that_does_not_name_what_is_unchanged_is_read_again(
    tiny_channel: LocalChannel, tmp_path: Path
) -> None:
    with serve(tiny_channel.directory, handler=Terse) as server:
        for status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            channels = Channels(reach(server.url), tmp_path / "repodata")
            assert [r.name.normalized for r in (await solve_for(channels, "tiny")).records] == ["tiny"]
            assert channels.problems == []
            assert status in {request.status for request in server.requests}


async def test_search_puts_the_exact_name_first(tiny_channels: Channels) -> None:
    found = await tiny_channels.search("tin", 10)
    assert [hit.name for hit in found.packages] == ["tiny", "tinier"]
    assert (await tiny_channels.search("tinier", 10)).packages[0].name == "tinier"
    assert found.packages[0].version == "2.0"


async def test_package_info_lists_versions_newest_first(tiny_channels: Channels) -> None:
    info = await tiny_channels.info("tiny")
    assert info.versions == ["2.0", "1.0"]
    with pytest.raises(NotFound, match="nosuch"):
        await tiny_channels.info("nosuch")


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://user:secret@host.example/chan", "https://host.example/chan"),
        ("https://host.example/t/tk-123/chan", "https://host.example/chan"),
        ("https://user:pw@host.example/conda/t/tok/chan/", "https://host.example/conda/chan"),
        ("https://host.example/t", "https://host.example/t"),
        ("file:///srv/chan", "file:///srv/chan"),
    ],
)
def test_clean_urls_have_no_credentials(url: str, clean: str) -> None:
    assert clean_url(url) == clean


async def test_credentials_reach_the_channel_and_nothing_else(tiny_channel: LocalChannel, make_home: MakeHome) -> None:
    with serve(tiny_channel.directory, token="tk-secret", basic_auth=("ann", "pa-secret")) as server:
        home = make_home(server.url.replace("http://", "http://ann:pa-secret@"))
        plan = await home.service.preview(home.request("one", "tiny"))
        job = await home.create("one", "tiny")
        assert job.state == "succeeded", job.error
    assert plan.actions[0].to == "2.0"
    # The request a plan was made for is kept as it was sent, privately; the index cache is the engine's own.
    private = {home.path / ".condarc", home.path / ".conda" / "pkgs" / "cache"}
    for file in home.path.rglob("*"):
        if file.is_file() and not any(file == place or file.is_relative_to(place) for place in private):
            assert b"-secret" not in file.read_bytes(), file
    for changed in home.changes:
        assert "secret" not in str(changed)


async def test_a_damaged_package_is_tried_twice_and_named(tiny_home: Home, tiny: ChannelServer) -> None:
    tiny.fault("*/tiny-2.0-*.conda", Fault(body=b"x" * 500))
    job = await tiny_home.create("one", "tiny")
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "damaged"
    assert "tiny-2.0" in job.error.message
    assert not (tiny_home.envs / "one").exists()
    assert tiny_home.leftovers() == []
    assert sum(count for path, count in tiny.counts.items() if "tiny-2.0" in path) >= 2


async def test_a_package_damaged_once_does_no_harm(tiny_home: Home, tiny: ChannelServer) -> None:
    tiny.fault("*/tiny-2.0-*.conda", Fault(body=b"x" * 500, times=1))
    job = await tiny_home.create("one", "tiny")
    assert job.state == "succeeded", job.error
    assert (tiny_home.envs / "one" / "share/tiny/version").read_text() == "2.0\n"


async def test_a_package_that_lacks_a_file_is_named(tiny_channels: Channels, tmp_path: Path) -> None:
    (tiny,) = (await solve_for(tiny_channels, "tiny")).records
    meta = tmp_path / "conda-meta"
    meta.mkdir()

    def finish() -> None:
        finisher = Finisher(tmp_path, [tiny], None, None)
        finisher.linked("tiny")
        finisher.finish()

    with pytest.raises(Damaged, match="tiny"):
        finish()
    (meta / "tiny-2.0-0.json").write_text('{"name": "tiny", "paths_data": {"paths": [{"_path": "share/tiny"}]}}')
    with pytest.raises(Damaged, match="tiny"):
        finish()
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "tiny").touch()
    finish()


def test_errors_of_the_disk_become_ours(tmp_path: Path) -> None:
    import errno

    for number, kind in ((errno.ENOSPC, "no_space"), (errno.EDQUOT, "no_space"), (errno.EROFS, "not_allowed")):
        with pytest.raises(EnvManagerError) as caught, failures.translated(os.fspath(tmp_path)):
            raise OSError(number, os.strerror(number), "file")
        assert caught.value.code == kind
