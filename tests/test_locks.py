"""Locks: read, planned without solving, applied file by file; and written so that they come back the same."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import Home, MakeHome
from local_channel import ChannelServer, Fault, LocalChannel, Synthetic, serve, write_channel
from pypi_index import IndexServer

from jupyter_envmanager.engine import lockapart, locked, lockfile
from jupyter_envmanager.engine.base import read_installed
from jupyter_envmanager.engine.records import from_json
from jupyter_envmanager.engine.solve import platform
from jupyter_envmanager.errors import Damaged, EnvManagerError, Invalid, NotAllowed, Overwrites, Unsatisfiable
from jupyter_envmanager.models import FileSource, Job, NewEnvironment, Plan
from jupyter_envmanager.pypi.lock import read as read_pylock
from jupyter_envmanager.pypi.locked import LockedDist, pinned
from jupyter_envmanager.pypi.locked import plan as plan_pypi
from jupyter_envmanager.pypi.state import Dist, PypiSettings, PypiState
from jupyter_envmanager.pypisettings import pypi_settings
from jupyter_envmanager.specfiles.formats import format_of

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "locks"
Write = Callable[..., str]
WRITERS: dict[str, Write] = {
    "explicit": lambda records, channels, here, pypi: lockfile.write_explicit(records, here),
    "conda-lock": lockfile.write_conda_lock,
    "pixi.lock": lockfile.write_pixi_lock,
}
HERE = platform()


def request(format: str, content: str, name: str = "two", **more: Any) -> NewEnvironment:
    return NewEnvironment(name=name, source=FileSource(format=format, content=content), kernel=None, **more)


async def apply(home: Home, wanted: NewEnvironment, plan: Plan) -> Job:
    job = await home.service.create(msgspec.structs.replace(wanted, plan=plan.id))
    return await home.service.queue.wait(job.id)


async def refused(home: Home, wanted: NewEnvironment) -> EnvManagerError:
    """The error of a preview; nothing is made of it."""
    with pytest.raises(EnvManagerError) as caught:
        await home.service.preview(wanted)
    assert caught.value.field == "source"
    assert not home.envs.exists() or list(home.envs.iterdir()) == []
    return caught.value


def conda(prefix: Path) -> set[tuple[str, str, str, str, bytes | None]]:
    records, unreadable = read_installed(prefix)
    assert unreadable == []
    return {(r.name.normalized, str(r.version), str(r.build), r.url, r.sha256) for r in records}


async def pypi(home: Home, job: Job) -> dict[str, tuple[str, bool]]:
    packages = (await home.service.packages(job.environment)).packages
    return {one.name: (one.version, one.requested) for one in packages if one.manager == "pypi"}


def explicit(*lines: str) -> str:
    return "\n".join(["@EXPLICIT", *lines, ""])


def files(channel: LocalChannel) -> dict[str, dict[str, object]]:
    """The records of a channel by file name."""
    found: dict[str, dict[str, object]] = {}
    for repodata in channel.directory.glob("*/repodata.json"):
        known = msgspec.json.decode(repodata.read_bytes())
        found |= known["packages"] | known["packages.conda"]
    return found


# Round trips


@pytest.mark.parametrize("format", list(WRITERS))
async def test_what_is_locked_comes_back_build_for_build_and_nothing_is_solved(
    format: str,
    make_home: MakeHome,
    channel: ChannelServer,
    shared_pkgs: Path,
    index: IndexServer,
    tmp_path: Path,
) -> None:
    index.wheel("alpha", "1.0", requires=["beta>=1"])
    index.wheel("beta", "1.0")
    one = make_home(channel.url, pkgs=shared_pkgs, index=index.url, path=tmp_path / "one")
    wanted = one.request("one", "python", "idna", kernel=None)
    wanted = msgspec.structs.replace(wanted, source=msgspec.structs.replace(wanted.source, pypi=["alpha"]))
    first = await apply(one, wanted, await one.service.preview(wanted))
    assert first.state == "succeeded", first.error
    records, _ = read_installed(one.envs / "one")
    python = next(str(record.version) for record in records if record.name.normalized == "python")
    settings = pypi_settings(one.service.site, one.service.source.current())
    dists = [Dist(name="alpha", version="1.0", requires=["beta>=1"]), Dist(name="beta", version="1.0")]
    theirs, missing = await pinned(dists, python, settings)
    assert missing == []
    text = WRITERS[format](records, [channel.url], HERE, theirs)
    assert format_of("", text) == format
    index.wheel("alpha", "2.0")

    two = make_home(channel.url, pkgs=shared_pkgs, index=index.url, path=tmp_path / "two")
    locked_request = request("", text)
    plan = await two.service.preview(locked_request)
    assert plan.solve_time == 0
    assert plan.gpu is not None
    second = await apply(two, locked_request, plan)
    assert second.state == "succeeded", second.error
    assert conda(two.envs / "two") == conda(one.envs / "one")
    if format != "explicit":
        assert await pypi(two, second) == await pypi(one, first) == {"alpha": ("1.0", True), "beta": ("1.0", False)}
    metadata = {r.name.normalized: (r.depends, r.noarch.python, r.subdir) for r in records}
    again, _ = read_installed(two.envs / "two")
    assert {r.name.normalized: (r.depends, r.noarch.python, r.subdir) for r in again} == metadata
    history = (two.envs / "two" / "conda-meta" / "history").read_text()
    assert "# update specs: " in history
    assert "'python'" in history
    assert two.leftovers() == []


async def test_a_list_is_enough_where_the_channel_has_gone_and_the_packages_are_in_the_cache(
    make_home: MakeHome, tiny_channel: LocalChannel, tmp_path: Path
) -> None:
    with serve(tiny_channel.directory) as server:
        one = make_home(server.url, pkgs=tmp_path / "pkgs", path=tmp_path / "one")
        assert (await one.create("one", "tinier", kernel=None)).state == "succeeded"
        records, _ = read_installed(one.envs / "one")
        text = lockfile.write_explicit(records)
    two = make_home(server.url, pkgs=tmp_path / "pkgs", path=tmp_path / "two")
    plan = await two.service.preview(request("explicit", text))
    assert plan.download_size == 0
    assert {action.name: action.reason for action in plan.actions} == {"tinier": "asked", "tiny": "needed"}
    assert plan.warnings == []
    job = await apply(two, request("explicit", text), plan)
    assert job.state == "succeeded", job.error
    assert conda(two.envs / "two") == conda(one.envs / "one")


async def test_a_list_without_hashes_gets_what_its_channel_says(
    tiny_home: Home, tiny: ChannelServer, tiny_channel: LocalChannel
) -> None:
    text = explicit(f"{tiny.url}/noarch/tinier-1.0-0.conda", f"{tiny.url}/noarch/tiny-1.0-0.conda")
    plan = await tiny_home.service.preview(request("explicit", text))
    known = files(tiny_channel)
    assert plan.download_size == sum(int(str(known[f"{name}-1.0-0.conda"]["size"])) for name in ("tinier", "tiny"))
    assert (await apply(tiny_home, request("explicit", text), plan)).state == "succeeded"
    hashes = {row[4].hex() for row in conda(tiny_home.envs / "two") if row[4]}
    assert hashes == {known["tinier-1.0-0.conda"]["sha256"], known["tiny-1.0-0.conda"]["sha256"]}


async def test_what_neither_cache_nor_channel_knows_is_planned_and_fails_at_its_download(
    make_home: MakeHome, tiny_channel: LocalChannel
) -> None:
    with serve(tiny_channel.directory) as server:
        home = make_home(server.url)
    wanted = request("explicit", explicit(f"{server.url}/noarch/tiny-1.0-0.conda"))
    plan = await home.service.preview(wanted)
    assert [(warning.code, warning.details["line"]) for warning in plan.warnings] == [("file_warning", 2)]
    job = await apply(home, wanted, plan)
    assert job.state == "failed"
    assert not (home.envs / "two").exists()
    assert home.leftovers() == []


# Files that their channels do not list


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[ChannelServer]:
    """A channel of its own, to be changed."""
    versions = [Synthetic("one", "1.0"), Synthetic("two", "1.0"), Synthetic("two", "2.0"), Synthetic("three", "1.0")]
    with serve(write_channel(tmp_path / "lab", versions).directory) as server:
        yield server


def locked_records(server: ChannelServer, *names: str) -> list[dict[str, Any]]:
    known = files(LocalChannel(server.directory, reused=False))
    return [
        {**known[f"{name}-1.0-0.conda"], "fn": f"{name}-1.0-0.conda", "channel": server.url}
        | {"url": f"{server.url}/noarch/{name}-1.0-0.conda"}
        for name in names
    ]


def unlist(server: ChannelServer, *names: str, delete: bool) -> None:
    """Take versions 1.0 off the index, as for a yanked package, whose file stays."""
    path = server.directory / "noarch" / "repodata.json"
    known = msgspec.json.decode(path.read_bytes())
    for name in names:
        del known["packages.conda"][f"{name}-1.0-0.conda"]
        if delete:
            (server.directory / "noarch" / f"{name}-1.0-0.conda").unlink()
    path.write_bytes(msgspec.json.encode(known))
    for other in server.directory.glob("noarch/repodata*.zst"):
        other.unlink()


@pytest.mark.parametrize("format", list(WRITERS))
async def test_files_that_are_gone_are_all_named_with_their_lines_and_what_there_is(
    format: str, make_home: MakeHome, lab: ChannelServer
) -> None:
    text = WRITERS[format](from_json(locked_records(lab, "one", "two", "three")), [lab.url], HERE, [])
    unlist(lab, "one", "two", delete=True)
    error = await refused(make_home(lab.url), request(format, text))
    assert "2 packages of the lock are gone: " in error.message
    assert "environment.yml" in error.hint
    lines = text.splitlines()
    told = {}
    for problem in error.details["problems"]:
        name = problem["message"].partition("-1.0-0.conda is gone")[0]
        assert f"{name}-1.0-0.conda" in lines[problem["details"]["line"] - 1]
        told[name] = problem["hint"]
    assert told == {"one": "There is no other of that name.", "two": "There is two 2.0."}
    assert error.details["line"] == min(problem["details"]["line"] for problem in error.details["problems"])


async def test_of_very_many_that_are_gone_the_first_are_told(make_home: MakeHome, lab: ChannelServer) -> None:
    text = explicit(*(f"{lab.url}/noarch/p{number}-1.0-0.conda" for number in range(60)))
    error = await refused(make_home(lab.url), request("explicit", text))
    assert "60 packages of the lock are gone: " in error.message
    assert [problem["details"]["line"] for problem in error.details["problems"]] == list(range(2, 52))


async def test_a_file_that_is_only_taken_off_the_index_is_installed_without_a_warning(
    make_home: MakeHome, lab: ChannelServer
) -> None:
    text = explicit(*(f"{lab.url}/noarch/{name}-1.0-0.conda" for name in ("one", "three")))
    unlist(lab, "one", delete=False)
    home = make_home(lab.url)
    plan = await home.service.preview(request("explicit", text))
    assert plan.warnings == []
    # Its beginning was asked for, nothing else.
    assert lab.counts["noarch/one-1.0-0.conda"] == 1
    assert lab.counts["noarch/three-1.0-0.conda"] == 0
    assert (await apply(home, request("explicit", text), plan)).state == "succeeded"


# A redirect that leads nowhere is no file, either.
@pytest.mark.parametrize("status", [403, 302])
async def test_what_cannot_be_asked_is_warned_of(status: int, make_home: MakeHome, lab: ChannelServer) -> None:
    text = explicit(*(f"{lab.url}/noarch/{name}-1.0-0.conda" for name in ("three", "one")))
    unlist(lab, "one", delete=False)
    lab.fault("noarch/one-*", Fault(status=status))
    plan = await make_home(lab.url).service.preview(request("explicit", text))
    ((warning, line),) = [(one.message, one.details["line"]) for one in plan.warnings]
    assert (warning, line) == ("Not listed by their channels any more, and perhaps gone: one-1.0-0.conda.", 3)


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_channel_that_shows_nothing_is_not_said_to_have_lost_its_packages(
    status: int, make_home: MakeHome, lab: ChannelServer
) -> None:
    lab.fault("hidden/*", Fault(status=status))
    text = explicit(f"{lab.url}/hidden/noarch/one-1.0-0.conda")
    error = await refused(make_home(lab.url), request("explicit", text))
    assert error.message == (
        "Line 2: The channel hidden shows neither its index nor these packages of the lock: one-1.0-0.conda."
    )
    assert "~/.condarc" in error.hint


@pytest.mark.parametrize(("login", "token"), [("ann:pa-secret@", None), ("", "tk-secret")])
async def test_a_lock_with_clean_addresses_gets_the_credentials_of_the_configured_channel(
    login: str, token: str | None, make_home: MakeHome, lab: ChannelServer
) -> None:
    lab.access.token, lab.access.basic_auth = token, ("ann", "pa-secret") if login else None
    text = explicit(f"{lab.origin}/noarch/one-1.0-0.conda", f"{lab.origin}/noarch/two-1.0-0.conda")
    unlist(lab, "two", delete=False)
    home = make_home(lab.url.replace("http://", f"http://{login}"))
    plan = await home.service.preview(request("explicit", text))
    assert plan.warnings == []
    # Also where the request names other channels.
    for name, channels in (("two", None), ("three", [f"{lab.origin}/other"])):
        wanted = request("explicit", text, name, channels=channels)
        job = await apply(home, wanted, await home.service.preview(wanted))
        assert job.state == "succeeded", job.error
    assert "secret" not in "".join(record.url for record in read_installed(home.envs / "two")[0])


async def test_a_lock_from_very_many_channels_is_refused_before_any_of_them_is_asked(
    make_home: MakeHome, lab: ChannelServer
) -> None:
    text = explicit(*(f"{lab.url}/c{number}/noarch/p{number}-1.0-0.conda" for number in range(21)))
    error = await refused(make_home(lab.url), request("explicit", text))
    assert "21 channels; 20 are the most" in error.message
    assert lab.requests == []


# Hashes


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "0" * 32])
async def test_a_list_with_another_hash_than_its_channel_is_refused(
    digest: str, tiny_home: Home, tiny: ChannelServer
) -> None:
    await tiny_home.create("other", "tiny=1.0", kernel=None)
    shutil.rmtree(tiny_home.envs)
    error = await refused(tiny_home, request("explicit", explicit(f"{tiny.url}/noarch/tiny-1.0-0.conda#{digest}")))
    assert isinstance(error, Invalid)
    assert "tiny-1.0-0.conda has another hash" in error.message
    assert error.details["line"] == 2


async def test_wrong_hashes_and_files_that_are_gone_are_told_together(make_home: MakeHome, lab: ChannelServer) -> None:
    names = ("one", "three", "two")
    text = explicit(*(f"{lab.url}/noarch/{name}-1.0-0.conda" for name in names)).replace(
        "three-1.0-0.conda", "three-1.0-0.conda#" + "0" * 32
    )
    unlist(lab, "one", "two", delete=True)
    error = await refused(make_home(lab.url), request("explicit", text))
    assert "three-1.0-0.conda has another hash" in error.message
    assert "2 packages of the lock are gone" in error.message
    assert [problem["details"]["line"] for problem in error.details["problems"]] == [2, 3, 4]
    assert error.details["missing"] == ["one", "two"]


async def test_a_package_with_another_hash_is_refused_and_nothing_is_created(
    make_home: MakeHome, lab: ChannelServer
) -> None:
    """Be it in the cache or not, and whether its channel can be asked; and what is in the cache stays what it is."""
    home = make_home(lab.url)
    await home.create("other", "one", kernel=None)
    records, _ = read_installed(home.envs / "other")
    shutil.rmtree(home.envs)
    text = lockfile.write_pixi_lock(records, [lab.url], HERE)
    assert records[0].sha256 is not None
    wrong = request("pixi.lock", text.replace(records[0].sha256.hex(), "0" * 64))
    for cached in (True, False):
        if not cached:
            shutil.rmtree(home.path / ".conda" / "pkgs")
        error = await refused(home, wrong)
        assert "one-1.0-0.conda has another hash" in error.message
        assert "one-1.0-0.conda" in text.splitlines()[error.details["line"] - 1]
    lab.fault("noarch/repodata*", Fault(status=403))
    home.service.previewer.refresh()
    job = await apply(home, wrong, await home.service.preview(wrong))
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == Damaged.code
    assert "does not match its checksum" in job.error.message
    assert not (home.envs / "two").exists()
    assert home.leftovers() == []


# What is refused


FOO = "https://packages.example/lab/linux-64/foo-1.0-0.conda"
PIXI = """version: 6
environments:
  default:
    channels:
    - url: https://packages.example/lab/
    packages:
      {platform}:
      - {kind}: {url}
packages:
- {kind}: {url}
{more}"""
CONDA_LOCK = """version: 1
metadata:
  content_hash: {{}}
  channels: [{{url: https://packages.example/lab, used_env_vars: []}}]
  platforms: [{platform}]
  sources: []
package:
- name: foo
  version: '1.0'
  manager: {manager}
  platform: {platform}
  dependencies: {{}}
  url: {url}
  hash: {{sha256: {digest}}}
  category: main
  optional: false
"""
DIGEST = "5a" * 32
NAMED = "  name: foo\n  version: '1.0'\n"


def pixi(url: str = FOO, kind: str = "conda", more: str = "", here: str = HERE) -> str:
    return PIXI.format(platform=here, kind=kind, url=url, more=more)


def conda_lock(old: str = "", new: str = "", here: str = HERE) -> str:
    url = FOO.replace("linux-64", here)
    return CONDA_LOCK.format(platform=here, manager="conda", url=url, digest=DIGEST).replace(old, new)


@pytest.mark.parametrize(
    ("format", "text", "message", "line"),
    [
        ("explicit", explicit("numpy"), "Line 2: “numpy” is not the address of a package", 2),
        ("explicit", explicit("https://packages.example/lab/foo-1.0-0.conda"), "is not the address of a package", 2),
        (
            "explicit",
            explicit("https://packages.example/lab/linux-64/../foo.conda"),
            "is not the address of a package",
            2,
        ),
        ("explicit", explicit("/lab/linux-64/foo-1.0-0.conda"), "is not the address of a package", 2),
        ("explicit", explicit(FOO + "#abc"), "The hash of", 2),
        ("explicit", explicit(FOO, FOO.replace("1.0", "2.0")), "foo is in the lock twice", None),
        ("explicit", explicit(FOO.replace("linux-64", "zos-z")), "is for zos-z, and this machine is", None),
        ("explicit", explicit(), "names no packages", None),
        ("pixi.lock", pixi(here="zos-z"), "is for zos-z, and this machine is", None),
        ("pixi.lock", "version: 1000\nenvironments: {}\n", "format version 1000", None),
        ("pixi.lock", "version: 6\nenvironments: {}\npackages: []\n", "has no environment", None),
        ("pixi.lock", "version: 6\nenvironments: [\n", "cannot be read", 3),
        ("pixi.lock", "x", "Line 1: the file is no lock", 1),
        ("pixi.lock", "version: 6\nenvironments: {}\n", "The lock has no “packages:”", None),
        ("pixi.lock", pixi(more="  md5: abc\n"), "“abc” is no md5 hash", 11),
        ("pixi.lock", pixi().replace("    channels:", "\tchannels:"), "indented with a tab", 4),
        ("conda-lock", conda_lock("version: '1.0'", "version: 1.10"), "“1.1” stands where a text is due", 9),
        ("conda-lock", conda_lock("  url:", "  uri:"), "an entry has no “url:”", 8),
        ("conda-lock", conda_lock("manager: conda", "manager: brew"), "“brew” is none of conda, pip", 10),
        ("conda-lock", conda_lock(here="osx-arm64"), "is for osx-arm64, and this machine is", 5),
        ("conda-lock", conda_lock(f"[{HERE}]", "[mac]"), "“mac” is no platform", None),
        ("pixi.lock", pixi("./local", "pypi", NAMED), "foo is a file or folder beside the lock", 10),
        ("pixi.lock", pixi("git+https://g.example/foo@1", "pypi", NAMED), "from a repository", 10),
        ("pixi.lock", pixi("https://f.example/foo-1.tar.gz", "pypi", NAMED), "no SHA-256 hash", 10),
        (
            "pixi.lock",
            pixi("./recipe", "conda", f"{NAMED}  build: h_0\n  subdir: {HERE}\n"),
            "foo is built from its source",
            10,
        ),
        (
            "conda-lock",
            CONDA_LOCK.format(platform=HERE, manager="pip", url="git+https://g.example/foo@1", digest="''"),
            "a package comes from a Git repository",
            13,
        ),
    ],
)
def test_what_is_wrong_is_said_in_plain_words_with_its_line(
    format: str, text: str, message: str, line: int | None
) -> None:
    text = text.replace("linux-64", HERE)
    with pytest.raises(Invalid) as caught:
        locked.read(text, format, HERE)
    assert message in caught.value.message
    assert caught.value.hint
    assert caught.value.field == "source"
    assert caught.value.details.get("line") == line or line is None


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        locked.read(explicit("numpy", FOO, "pandas"), "explicit", HERE)
    assert [problem["details"]["line"] for problem in caught.value.details["problems"]] == [2, 4]


def test_a_password_in_an_address_is_not_used_and_said_so() -> None:
    url = f"https://user:secret@packages.example/t/abc-123/lab/{HERE}/foo-1.0-0.conda"
    found = locked.read(explicit(url), "explicit", HERE)
    assert found.records[0]["url"] == f"https://packages.example/lab/{HERE}/foo-1.0-0.conda"
    assert [problem.code for problem in found.problems] == ["file_warning"]


def test_the_default_environment_is_read_and_the_others_are_named() -> None:
    second = pixi().replace("  default:", "  other:").partition("environments:\n")[2].partition("packages:\n- ")[0]
    text = pixi().replace("packages:\n- ", second + "packages:\n- ")
    found = locked.read(text, "pixi.lock", HERE)
    assert [record["name"] for record in found.records] == ["foo"]
    assert "without other" in found.problems[0].message


@pytest.mark.parametrize("format", ["explicit", "conda-lock", "pixi.lock"])
async def test_a_lock_for_another_platform_is_refused_at_its_line(format: str, make_home: MakeHome) -> None:
    other = "linux-aarch64" if HERE != "linux-aarch64" else "osx-arm64"
    texts = {
        "explicit": explicit(FOO.replace("linux-64", other)),
        "conda-lock": conda_lock(here=other),
        "pixi.lock": pixi(here=other),
    }
    error = await refused(make_home("https://packages.example/lab"), request(format, texts[format]))
    assert f"is for {other}, and this machine is {HERE}" in error.message
    assert error.hint
    assert 1 <= error.details["line"] <= len(texts[format].splitlines())


async def test_channels_that_the_site_forbids_are_refused_with_the_package(make_home: MakeHome) -> None:
    home = make_home("https://packages.example/lab")
    (home.path / ".condarc").write_text("denylist_channels:\n  - https://packages.example/lab\n")
    for format, text in (("explicit", explicit(FOO.replace("linux-64", HERE))), ("pixi.lock", pixi())):
        error = await refused(home, request(format, text))
        assert isinstance(error, NotAllowed)
        assert "foo: The channel https://packages.example/lab cannot be used" in error.message
        assert error.details["line"]


async def test_folders_and_unencrypted_addresses_need_somebody_who_has_chosen_them(
    make_home: MakeHome, tiny: ChannelServer, tiny_channel: LocalChannel, tmp_path: Path
) -> None:
    home = make_home("https://packages.example/lab")
    outside = f"file://{tiny_channel.directory}/noarch/tiny-1.0-0.conda"
    error = await refused(home, request("explicit", explicit(outside)))
    assert isinstance(error, NotAllowed)
    assert "outside the folders" in error.message
    plain = f"{tiny.url}/noarch/tiny-1.0-0.conda"
    error = await refused(home, request("explicit", explicit(plain)))
    assert isinstance(error, NotAllowed)
    assert "is not encrypted" in error.message
    chosen = request("explicit", explicit(plain), channels=[tiny.url])
    assert (await home.service.preview(chosen)).download_size > 0
    shutil.copytree(tiny_channel.directory, home.path / "channel")
    inside = request("explicit", explicit(f"file://{home.path}/channel/noarch/tiny-1.0-0.conda"))
    assert (await apply(home, inside, await home.service.preview(inside))).state == "succeeded"


async def test_what_this_system_is_too_old_for_is_refused(make_home: MakeHome, tmp_path: Path) -> None:
    new = Synthetic("new", "1.0", depends=("__glibc >=99",))
    with serve(write_channel(tmp_path / "new", [new]).directory) as server:
        home = make_home(server.url)
        error = await refused(home, request("explicit", explicit(f"{server.url}/noarch/new-1.0-0.conda")))
    assert isinstance(error, Unsatisfiable)
    assert "new needs the C library glibc >=99" in error.message


async def test_a_need_that_would_cost_the_server_its_life_is_refused(make_home: MakeHome, lab: ChannelServer) -> None:
    (one,) = locked_records(lab, "one")
    text = lockfile.write_pixi_lock(from_json([{**one, "depends": ["__glibc " + "(" * 95_000]}]), [lab.url], HERE, [])
    error = await refused(make_home(lab.url), request("pixi.lock", text))
    assert "What one needs is told in 95,008 letters" in error.message


def pixi_requiring(requirement: str) -> str:
    more = f"{NAMED}  sha256: {DIGEST}\n  requires_dist:\n  - {requirement}\n"
    return pixi("https://f.example/foo-1.0-py3-none-any.whl", "pypi", more)


def test_what_may_take_its_time_is_read_by_a_process_of_its_own_with_the_same_result() -> None:
    text = pixi_requiring("bar ; python_version > '3'")
    assert not lockapart.is_plain(text)
    assert locked.read(text, "pixi.lock", HERE) == locked.parse(text, HERE)
    with pytest.raises(Invalid, match="no hash to check") as caught:
        locked.read(text.replace("https://f.example", "git+https://f.example"), "pixi.lock", HERE)
    assert caught.value.details["line"]


@pytest.mark.parametrize(
    "condition",
    ["(" * 20_000, " or ".join(f"extra=='a{number}' and extra=='b{number}'" for number in range(10, 40))],
)
def test_a_lock_that_would_cost_the_server_its_life_or_time_is_refused(
    condition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockapart, "_SECONDS", 0.5)
    with pytest.raises(Invalid, match="takes too long") as caught:
        locked.read(pixi_requiring(f"bar ; {condition}"), "pixi.lock", HERE)
    assert caught.value.field == "source"


async def test_packages_from_pypi_need_python(make_home: MakeHome) -> None:
    text = pixi("https://f.example/foo-1.0-py3-none-any.whl", "pypi", f"{NAMED}  sha256: {DIGEST}\n")
    error = await refused(make_home("https://packages.example/lab"), request("pixi.lock", text))
    assert "no Python" in error.message


# PyPI packages


FOO_WHEEL = LockedDist(name="foo", version="1.0", url="https://f.example/foo-1.0-py3-none-any.whl", sha256=DIGEST)


def state(**more: Any) -> PypiState:
    return PypiState(python=sys.executable, python_version="3.11.4", **more)


async def test_a_wheel_for_another_python_is_refused() -> None:
    wheel = msgspec.structs.replace(FOO_WHEEL, url="https://f.example/foo-1.0-cp27-none-any.whl")
    with pytest.raises(Unsatisfiable, match=r"foo of the lock cannot be installed with Python 3\.11\.4"):
        await plan_pypi([wheel], state(), PypiSettings(cache="", offline=True))


async def test_a_package_that_conda_brings_is_not_replaced_unless_that_was_accepted() -> None:
    here = state(conda=[Dist(name="Foo", version="0.9")])
    with pytest.raises(Overwrites):
        await plan_pypi([FOO_WHEEL], here, PypiSettings(cache="", offline=True))
    plan = await plan_pypi([FOO_WHEEL], here, PypiSettings(cache="", offline=True), [Overwrites.code])
    assert [(action.name, action.to) for action in plan.actions] == [("foo", "1.0")]


async def test_the_very_file_is_taken_from_the_index_of_this_site(index: IndexServer) -> None:
    index.wheel("alpha", "1.0")
    settings = PypiSettings(cache="", index=index.url)
    [known], _ = await pinned([Dist(name="alpha", version="1.0")], "3.11.4", settings)
    elsewhere = msgspec.structs.replace(known, url="https://f.example/alpha-1.0-py3-none-any.whl")
    plan = await plan_pypi([elsewhere], state(), settings)
    assert [wheel.url for wheel in read_pylock(plan.lock)[0].wheels] == [known.url]
    other = msgspec.structs.replace(elsewhere, sha256=DIGEST)
    plan = await plan_pypi([other], state(), settings)
    assert [wheel.url for wheel in read_pylock(plan.lock)[0].wheels] == [other.url]


async def test_what_no_index_has_is_named(index: IndexServer) -> None:
    found, missing = await pinned([Dist(name="mine", version="1.0")], "3.11.4", PypiSettings(cache="", index=index.url))
    assert found == []
    assert "mine 1.0 from PyPI is not in the lock" in missing[0].message


# Other people's files


@pytest.mark.skipif(not REAL.is_dir(), reason="the collection of real lock files is not here")
def test_every_real_lock_is_read_or_refused_in_words() -> None:
    rows = list(csv.DictReader((REAL / "index.tsv").read_text().splitlines(), delimiter="\t"))
    read = {}
    said = []
    for row in rows:
        text = (REAL / row["file"]).read_text()
        format = format_of(row["file"], text)
        assert format in locked.LOCKED_FORMATS, row["file"]
        try:
            found = locked.read(text, format, "linux-64")
        except Invalid as error:
            said.append((error.message, error.hint))
            continue
        read[row["file"]] = (len(found.records), len(found.dists))
        assert all(record["url"] and record["build"] for record in found.records)
        assert set(found.lines) == {str(record["name"]) for record in found.records}
    assert len(read) == 14
    assert all(hint and "rror" not in message for message, hint in said)
    assert read["rattler__conda-lock__v4__numpy-lock.yml"] == (254, 0)
    assert read["rattler__conda-lock__v0__pypi-matplotlib-conda-lock.yml"] == (24, 12)
    assert read["mamba__micromamba__tests__env_lockfiles__test-env-pip-lock.yaml"] == (23, 2)
    assert read["rattler__explicit-envs__xtensor_linux-64.txt"] == (7, 0)


@pytest.mark.skipif(not REAL.is_dir(), reason="the collection of real lock files is not here")
def test_what_is_read_from_a_real_lock_is_written_so_that_it_is_read_again() -> None:
    from jupyter_envmanager.engine import records

    text = (REAL / "rattler__conda-lock__v4__pypi-matplotlib-lock.yml").read_text()
    found = locked.read(text, "pixi.lock", "linux-64")
    again = lockfile.write_pixi_lock(records.from_json(found.records), found.channels, "linux-64", found.dists)
    back = locked.read(again, "pixi.lock", "linux-64")
    by_name = {record["name"]: record for record in back.records}
    for record in found.records:
        assert {**record, "channel": ""} == {**by_name[record["name"]], "channel": ""}
    assert sorted(dist.name for dist in back.dists) == sorted(dist.name for dist in found.dists)
    assert {dist.name: dist.requires for dist in back.dists} == {dist.name: dist.requires for dist in found.dists}


def test_strings_that_yaml_would_take_for_something_else_are_quoted() -> None:
    dist = LockedDist(name="no", version="1.10", url="https://f.example/no-1.10.tar.gz", sha256="1" * 63 + "0")
    for write, format in ((lockfile.write_pixi_lock, "pixi.lock"), (lockfile.write_conda_lock, "conda-lock")):
        found = locked.read(write([], ["https://packages.example/lab"], HERE, [dist]), format, HERE)
        assert [(one.name, one.version, one.sha256) for one in found.dists] == [("no", "1.10", "1" * 63 + "0")]
