"""“Become like that”: an environment updated from a file, a lock, or another environment; previewed, exact, undone."""

from __future__ import annotations

import grp
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import Home, MakeHome
from local_channel import ChannelServer, LocalChannel, Synthetic, serve, write_channel
from pypi_index import IndexServer
from test_change import apply, apply_rollback, difference, history, installed, preview
from test_locks import conda

from jupyter_envmanager.cli import changes
from jupyter_envmanager.cli.main import parser_of
from jupyter_envmanager.engine.variables import write as write_variables
from jupyter_envmanager.environments.variables import read_variables
from jupyter_envmanager.errors import EnvManagerError, Invalid, NotAllowed, Unsatisfiable
from jupyter_envmanager.models import (
    Change,
    CloneSource,
    CompareRequest,
    FileSource,
    FileText,
    Job,
    NewEnvironment,
    Plan,
    PypiChange,
    SpecsSource,
)

LOCKS = ("explicit", "conda-lock", "pixi.lock")


def like(text: str, filename: str = "environment.yml", **more: Any) -> Change:
    return Change(source=FileSource(format="", content=text, filename=filename), **more)


async def as_other(home: Home, other: str, **more: Any) -> Change:
    return Change(source=CloneSource(environment=(await home.service.find(other)).id), **more)


async def lock_of(home: Home, name: str, format: str) -> tuple[str, str]:
    made = await home.service.exports.export((await home.service.find(name)).id, format)
    return made.content, made.filename


async def differences(home: Home, name: str, other: str) -> list[str]:
    request = CompareRequest(environment=(await home.service.find(other)).id)
    found = await home.service.comparisons.compare((await home.service.find(name)).id, request)
    return [one.name for one in found.differences]


async def asked(home: Home, name: str) -> dict[str, str | None]:
    packages = await home.service.packages((await home.service.find(name)).id)
    return {one.name: one.spec for one in packages.packages if one.requested}


def codes(plan: Plan) -> list[str]:
    return [warning.code for warning in plan.warnings]


def done(job: Job) -> None:
    assert job.state == "succeeded", job.error


# Files that are solved


async def test_a_file_is_installed_beside_what_is_there_or_instead_of_it(tiny_home: Home) -> None:
    await tiny_home.create("one", "some-files")
    text = "name: other\ndependencies: ['tiny>=1']\nvariables: {GREETING: hello}\n"
    plan = await preview(tiny_home, "one", like(text))
    assert (plan.title, difference(plan)) == ("Update from environment.yml", {"tiny": ("install", None, "2.0")})
    assert "sets_variables" in codes(plan)
    pruned = await preview(tiny_home, "one", like(text, prune=True))
    reasons = {one.name: one.reason for one in pruned.actions}
    assert reasons == {"tiny": "asked", "some-files": "asked", "fewer-files": "needed"}
    done(await apply(tiny_home, "one", like(text, prune=True)))
    assert await installed(tiny_home, "one") == {"tiny": "2.0"}
    assert await asked(tiny_home, "one") == {"tiny": "tiny>=1"}
    state = tiny_home.envs / "one" / "conda-meta" / "state"
    assert json.loads(state.read_text())["env_vars"] == {"GREETING": "hello"}
    again = await preview(tiny_home, "one", like(text, prune=True))
    assert (again.actions, codes(again)) == ([], [])
    assert (await history(tiny_home, "one")).generations[0].title == "Update from environment.yml"
    await apply_rollback(tiny_home, "one", 1)
    assert set(await installed(tiny_home, "one")) == {"some-files", "fewer-files"}
    assert not state.exists()


async def test_what_a_file_asks_for_counts_from_then_on(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    done(await apply(tiny_home, "one", like("dependencies: ['tiny>=2']\n")))
    assert await asked(tiny_home, "one") == {"tiny": "tiny>=2"}
    assert await installed(tiny_home, "one") == {"tiny": "2.0"}


KERNEL = {"argv": ["xpython", "-f", "{connection_file}"], "display_name": "x", "language": "python"}


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> LocalChannel:
    """A channel of its own, with a kernel package that needs nothing."""
    files = {"bin/xpython": b"#!/bin/sh\n", "share/jupyter/kernels/x/kernel.json": json.dumps(KERNEL).encode()}
    packages = (Synthetic("alone", "1.0"), Synthetic("xeus-python", "1.0", files=files))
    return write_channel(tmp_path_factory.mktemp("channel") / "lab", packages)


async def test_the_channels_of_a_file_are_used_where_the_site_allows_them(tiny_home: Home, lab: LocalChannel) -> None:
    await tiny_home.create("one", "tiny=1")
    with serve(lab.directory) as server:
        change = like(f"channels: ['{server.url}']\ndependencies: [alone]\n")
        done(await apply(tiny_home, "one", change))
        assert await installed(tiny_home, "one") == {"alone": "1.0", "tiny": "1.0"}
        # Its channels are the environment's by now, the former ones as well.
        plan = await preview(tiny_home, "one", Change(install=["xeus-python", "tinier"]))
        assert set(difference(plan)) == {"xeus-python", "tinier"}
        lock, filename = await lock_of(tiny_home, "one", "pixi.lock")
        condarc = tiny_home.path / ".condarc"
        condarc.write_text(f"{condarc.read_text()}denylist_channels:\n  - {server.url}\n")
        await tiny_home.create("two", "tiny=1")
        for denied in (change, like(lock, filename), await as_other(tiny_home, "one")):
            with pytest.raises(EnvManagerError, match="denylist_channels"):
                await preview(tiny_home, "two", denied)


async def test_a_kernel_keeps_its_package(make_home: MakeHome, tiny: ChannelServer, lab: LocalChannel) -> None:
    with serve(lab.directory) as server:
        home = make_home(tiny.url, server.url)
        await home.create("one", "xeus-python", "tiny=1")
        assert (await home.service.find("one")).kernels == ["one"]
        text = "dependencies: [fewer-files]\n"
        plan = await preview(home, "one", like(text, prune=True))
        assert set(difference(plan)) == {"fewer-files", "tiny"}
        assert [one.details["packages"] for one in plan.warnings if one.code == "kernel_kept"] == [["xeus-python"]]
        request = CompareRequest(file=FileText(content=text, filename="environment.yml"))
        found = await home.service.comparisons.compare((await home.service.find("one")).id, request)
        assert [one.name for one in found.differences] == ["fewer-files", "tiny"]
        lock = f"@EXPLICIT\n{tiny.url}/noarch/fewer-files-1.0-0.conda\n"
        await home.create("model", "fewer-files", kernel=None)
        for change in (like(lock, "list.txt", prune=True), await as_other(home, "model", prune=True)):
            exact = await preview(home, "one", change)
            assert set(difference(exact)) == {"fewer-files", "tiny"}
            assert [one.details["packages"] for one in exact.warnings if one.code == "kernel_kept"] == [["xeus-python"]]
            assert "kernel_removed" not in codes(exact)
        before = await asked(home, "one")
        done(await apply(home, "one", change))
        assert await asked(home, "one") == {"fewer-files": "fewer-files", "xeus-python": before["xeus-python"]}
        assert (await preview(home, "one", change)).actions == []
        unneeded = await home.service.find("model")
        assert (await preview(home, "model", await as_other(home, "one", prune=True))).actions[0].name == "xeus-python"
        assert unneeded.kernels == []


async def test_of_the_packages_of_kernels_those_stay_that_go_with_the_rest(
    make_home: MakeHome, tiny: ChannelServer, tmp_path: Path
) -> None:
    def kernel(name: str, *depends: str) -> Synthetic:
        spec = json.dumps({**KERNEL, "display_name": name, "language": name}).encode()
        files = {"bin/xpython": b"#!/bin/sh\n", f"share/jupyter/kernels/{name}/kernel.json": spec}
        return Synthetic(name, "1.0", depends=depends, files=files)

    packages = (
        kernel("xeus-python", "tiny <2", "base-x"),
        kernel("xeus-r", "base-r"),
        Synthetic("base-x", "1.0"),
        Synthetic("base-r", "1.0"),
        Synthetic("other", "1.0", depends=("tiny >=2",)),
    )
    with serve(write_channel(tmp_path / "lab", packages).directory) as server:
        home = make_home(tiny.url, server.url)
        await home.create("one", "xeus-python", "xeus-r")
        assert (await home.service.find("one")).kernels
        await home.create("model", "other", kernel=None)
        lock, filename = await lock_of(home, "model", "explicit")
        for change in (
            like("dependencies: [other]\n", prune=True),
            like(lock, filename, prune=True),
            await as_other(home, "model", prune=True),
        ):
            plan = await preview(home, "one", change)
            assert set(difference(plan)) == {"other", "tiny", "xeus-python", "base-x"}
            told = {one.code: one.details["packages"] for one in plan.warnings if one.code.startswith("kernel_")}
            assert told == {"kernel_kept": ["xeus-r"], "kernel_removed": ["xeus-python"]}
        with pytest.raises(EnvManagerError, match="nothing"):
            await preview(home, "one", like("dependencies: [other, nothing]\n", prune=True))


async def test_variables_of_another_environment_come_along_and_are_undone(tiny_home: Home) -> None:
    model, one = tiny_home.envs / "model", tiny_home.envs / "one"
    for prefix in (model, one):
        await tiny_home.create(prefix.name, "tiny=1")
    write_variables(model, {"DATA": f"{model}/share", "SAME": "1"})
    write_variables(one, {"OWN": "x", "SAME": "1"})
    assert await differences(tiny_home, "one", "model") == ["DATA", "OWN"]
    plan = await preview(tiny_home, "one", await as_other(tiny_home, "model"))
    assert [warning.message for warning in plan.warnings] == ["Variables of model are set: DATA."]
    done(await apply(tiny_home, "one", await as_other(tiny_home, "model")))
    assert read_variables(one) == {"DATA": f"{one}/share", "OWN": "x", "SAME": "1"}
    done(await apply(tiny_home, "one", await as_other(tiny_home, "model", prune=True)))
    assert read_variables(one) == {"DATA": f"{one}/share", "SAME": "1"}
    assert await differences(tiny_home, "one", "model") == []
    write_variables(model, {})
    pruned = await preview(tiny_home, "one", await as_other(tiny_home, "model", prune=True))
    assert [warning.details for warning in pruned.warnings] == [{"names": [], "gone": ["DATA", "SAME"]}]
    done(await apply(tiny_home, "one", await as_other(tiny_home, "model", prune=True)))
    assert read_variables(one) == {}
    await apply_rollback(tiny_home, "one", 1)
    assert read_variables(one) == {"OWN": "x", "SAME": "1"}


async def test_what_was_set_since_the_preview_stays(tiny_home: Home) -> None:
    model, one = tiny_home.envs / "model", tiny_home.envs / "one"
    for prefix in (model, one):
        await tiny_home.create(prefix.name, "tiny=1")
    state = one / "conda-meta" / "state"
    begun = {"GONE": "***unset***", "NUM": 3, "A": "1", "OLD": "x", "no name": "x", "B": "1"}
    state.write_text(json.dumps({"version": 1, "env_vars": begun, "more": [1]}))
    write_variables(model, {"A": "1", "B": "2", "C": "3"})
    plan = await preview(tiny_home, "one", await as_other(tiny_home, "model", prune=True))
    assert [warning.details for warning in plan.warnings] == [{"names": ["B", "C"], "gone": ["OLD"]}]
    write_variables(model, {"A": "9", "B": "9"})
    changed = {"version": 1, "env_vars": {**begun, "A": "8", "LATER": "x"}, "more": [2]}
    state.write_text(json.dumps(changed))
    job = await tiny_home.service.changes.change(plan.environment or "", Change(plan=plan.id))
    done(await tiny_home.service.queue.wait(job.id))
    set_ = {"GONE": "***unset***", "NUM": 3, "A": "8", "no name": "x", "B": "2", "LATER": "x", "C": "3"}
    assert json.loads(state.read_text()) == {**changed, "env_vars": set_}


async def test_variables_that_cannot_be_read_are_not_written_over(tiny_home: Home) -> None:
    model, one = tiny_home.envs / "model", tiny_home.envs / "one"
    for prefix in (model, one):
        await tiny_home.create(prefix.name, "tiny=1")
    write_variables(model, {"A": "1"})
    state = one / "conda-meta" / "state"
    damaged = ('{"env_vars": {"A": "x"', '{"env_vars": {"A": "x", "BAD": "\\ud800"}}', '{"env_vars": []}', "[]", "")
    requests = [
        ("one", like("dependencies: [tiny]\nvariables: {B: y}\n")),
        ("one", await as_other(tiny_home, "model")),
        ("model", await as_other(tiny_home, "one", prune=True)),
    ]
    for content in damaged:
        state.write_text(content)
        for name, request in requests:
            with pytest.raises(Invalid, match="variables of one cannot be read"):
                await preview(tiny_home, name, request)
    state.write_text(damaged[0])
    done(await apply(tiny_home, "one", like("dependencies: [tinier]\n")))
    assert state.read_text() == damaged[0]


# What is in front of the folder of an environment, and behind it, and whether it is its folder.
PLACES = [
    ("", "/x", True),
    ("-L", "/lib", True),
    ("a:", ":b", True),
    ("file://", "/x", True),
    ("", "b/x", False),
    ("", "-2/x", False),
    ("/mnt/backup", "/x", False),
    ("http://host", "/x", False),
    ("$ROOT", "", False),
    ("${ROOT}", "", False),
    ("~", "", False),
    ("1", "", False),
    ("", "+b/x", False),
    ("", "@2/x", False),
    ("", "=1", False),
    ("", "!/x", False),
    ("ü", "/x", False),
]


async def test_only_the_folder_of_an_environment_becomes_that_of_another(tiny_home: Home) -> None:
    a, b = tiny_home.envs / "a", tiny_home.envs / "b"
    for prefix in (a, b):
        await tiny_home.create(prefix.name, "tiny=1")
    write_variables(a, {f"V{number}": f"{front}{a}{rest}" for number, (front, rest, _) in enumerate(PLACES)})
    source = CloneSource(environment=(await tiny_home.service.find("a")).id)
    job = await tiny_home.service.create(NewEnvironment(name="copy", source=source, kernel=None))
    done(await tiny_home.service.queue.wait(job.id))
    done(await apply(tiny_home, "b", await as_other(tiny_home, "a")))
    for made in (b, tiny_home.envs / "copy"):
        assert list(map(read_variables(made).get, (f"V{number}" for number in range(len(PLACES))))) == [
            f"{front}{made if own else a}{rest}" for front, rest, own in PLACES
        ]
    assert await differences(tiny_home, "copy", "a") == await differences(tiny_home, "b", "a") == []


async def test_variables_that_others_may_have_written_are_left_out(tiny_home: Home) -> None:
    model = tiny_home.envs / "model"
    for name in ("one", "model"):
        await tiny_home.create(name, "tiny=1")
    write_variables(model, {"LD_PRELOAD": "/tmp/evil.so"})
    change = await as_other(tiny_home, "model")
    places = (model, model / "conda-meta", model / "conda-meta" / "jupyter_envmanager", model / "conda-meta" / "state")
    for place in places:
        mode = place.stat().st_mode
        place.chmod(mode | 0o002)
        assert codes(await preview(tiny_home, "one", change)) == ["variables_left"], place
        place.chmod(mode)
    assert codes(await preview(tiny_home, "one", change)) == ["sets_variables"]


async def test_pins_that_no_channel_meets_can_be_relaxed(tiny_home: Home) -> None:
    await tiny_home.create("one", "fewer-files")
    text = "dependencies: ['tiny=1.0=gone_7', 'tinier=9']\n"
    with pytest.raises(EnvManagerError) as caught:
        await preview(tiny_home, "one", like(text))
    relaxations = caught.value.details["relaxations"]
    assert [one["spec"] for one in relaxations] == ["tiny=1.0=gone_7", "tinier=9"]
    relaxed = {one["spec"]: one["choices"][0]["spec"] for one in relaxations}
    source = FileSource(format="", content=text, filename="environment.yml", relaxed=relaxed)
    plan = await preview(tiny_home, "one", Change(source=source))
    assert set(difference(plan)) == {"tiny", "tinier"}


async def test_a_file_that_does_not_fit_to_what_stays_names_it_and_the_ways_out(tiny_home: Home) -> None:
    await tiny_home.create("one", "tinier", "some-files")
    text = "dependencies: [files, 'tiny>=2']\n"
    with pytest.raises(Unsatisfiable) as caught:
        await preview(tiny_home, "one", like(text))
    told = "“tiny>=2” does not fit to the installed tinier 1.0, which needs “tiny >=1,<2”."
    assert caught.value.message == told
    assert all(way in caught.value.hint for way in ("prune", "remove tinier first", "another version"))
    (relaxation,) = caught.value.details["relaxations"]
    assert (relaxation["line"], relaxation["spec"]) == (1, "tiny>=2")
    assert "fit" in relaxation["message"]
    # Each of them is one.
    pruned = await preview(tiny_home, "one", like(text, prune=True))
    assert {"tinier", "some-files"} < difference(pruned).keys()
    source = like(text).source
    assert isinstance(source, FileSource)
    milder = msgspec.structs.replace(source, relaxed={"tiny>=2": relaxation["choices"][0]["spec"]})
    assert difference(await preview(tiny_home, "one", Change(source=milder))).keys() == {"files"}
    done(await apply(tiny_home, "one", Change(remove=["tinier"])))
    assert difference(await preview(tiny_home, "one", like(text))).keys() == {"files", "tiny"}


# Exactly


async def test_a_lock_is_followed_build_for_build_without_solving(tiny_home: Home) -> None:
    await tiny_home.create("model", "tinier", "some-files")
    await tiny_home.create("one", "tiny=2", "fewer-files")
    for format in LOCKS:
        text, filename = await lock_of(tiny_home, "model", format)
        plan = await preview(tiny_home, "one", like(text, filename))
        operations = {name: one[0] for name, one in difference(plan).items()}
        assert operations == {"tiny": "downgrade", "tinier": "install", "some-files": "install"}
        assert "downgrade" not in codes(plan)
    done(await apply(tiny_home, "one", like(text, filename, prune=True)))
    assert conda(tiny_home.envs / "one") == conda(tiny_home.envs / "model")
    assert await differences(tiny_home, "one", "model") == []
    # “tiny=2” was asked for, and would stand in the way of every later change.
    assert (await asked(tiny_home, "one")) == {
        "fewer-files": "fewer-files",
        "some-files": "some-files",
        "tinier": "tinier",
        "tiny": "tiny",
    }
    assert (await preview(tiny_home, "one", like(text, filename, prune=True))).actions == []


async def test_another_environment_is_followed_with_its_wishes_and_undone(tiny_home: Home) -> None:
    await tiny_home.create("model", "tinier")
    await tiny_home.create("one", "tiny=2", "fewer-files")
    plan = await preview(tiny_home, "one", await as_other(tiny_home, "model"))
    assert plan.title == "Make it like model"
    assert set(difference(plan)) == {"tiny", "tinier"}
    pruned = await preview(tiny_home, "one", await as_other(tiny_home, "model", prune=True))
    # As of every package that somebody once asked for, and now wants to go.
    assert [(one.op, one.reason) for one in pruned.actions if one.name == "fewer-files"] == [("remove", "asked")]
    # What comes is only said to be asked for where it will be.
    come = {one.name: one.reason for one in pruned.actions if one.op != "remove"}
    assert come == {"tinier": "asked", "tiny": "needed"}
    job = await apply(tiny_home, "one", await as_other(tiny_home, "model", prune=True))
    done(job)
    assert job.title == "Make one like model"
    assert await asked(tiny_home, "one") == await asked(tiny_home, "model") == {"tinier": "tinier"}
    assert await differences(tiny_home, "one", "model") == []
    await apply_rollback(tiny_home, "one", 1)
    assert await installed(tiny_home, "one") == {"fewer-files": "1.0", "tiny": "2.0"}


async def test_the_same_file_from_another_channel_is_linked_anew(
    make_home: MakeHome, tiny_channel: LocalChannel, tmp_path: Path
) -> None:
    for name in ("lab", "forge"):
        shutil.copytree(tiny_channel.directory, tmp_path / name)
    with serve(tmp_path) as server:
        home = make_home(f"{server.url}/lab")
        await home.create("one", "tiny=1")
        await home.create("model", "tiny=1", channels=[f"{server.url}/forge"])
        assert await differences(home, "one", "model") == ["tiny"]
        done(await apply(home, "one", await as_other(home, "model", prune=True)))
        assert await differences(home, "one", "model") == []
        assert conda(home.envs / "one") == conda(home.envs / "model")


async def test_the_channels_that_others_write_down_are_not_trusted(
    make_home: MakeHome, tiny: ChannelServer, lab: LocalChannel, tmp_path: Path
) -> None:
    folder = tmp_path / "group"
    folder.mkdir(mode=0o2770)
    group = grp.getgrgid(folder.stat().st_gid).gr_name
    with serve(lab.directory) as server:
        home = make_home(tiny.url, shared=[{"path": str(folder), "group": group, "access": "write"}])
        await home.create("one", "tiny=1")
        source = SpecsSource(specs=["tiny=1"])
        job = await home.service.create(NewEnvironment(prefix=str(folder / "model"), source=source, kernel=None))
        done(await home.service.queue.wait(job.id))
        metadata = folder / "model" / "conda-meta"
        marker = metadata / "jupyter_envmanager"
        marker.write_text(json.dumps({**json.loads(marker.read_text()), "channels": [server.url]}))
        # Nothing comes from there, so it becomes none of this environment.
        like_model = await as_other(home, "model", prune=True)
        plan = await preview(home, "one", like_model)
        assert (plan.actions, codes(plan)) == ([], [])
        write_variables(folder / "model", {"PYTHONPATH": "/elsewhere"})
        plan = await preview(home, "one", like_model)
        assert [(one.code, one.details["names"]) for one in plan.warnings] == [("variables_left", ["PYTHONPATH"])]
        write_variables(folder / "model", {})
        record = json.loads(next(metadata.glob("tiny-*.json")).read_text())
        record |= {"name": "alone", "version": "1.0", "fn": "alone-1.0-0.conda", "build": "0", "subdir": "noarch"}
        # What is in the channel has other hashes.
        record = {key: value for key, value in record.items() if key not in ("sha256", "md5", "size")}
        forged = {**record, "channel": server.url, "url": f"{server.url}/noarch/alone-1.0-0.conda"}
        planted = metadata / "alone-1.0-0.json"
        planted.write_text(json.dumps(forged))
        with pytest.raises(NotAllowed, match="belongs to none of your channels"):
            await preview(home, "one", like_model)
        (tmp_path / "own").mkdir()
        condarc = home.path / ".condarc"
        condarc.write_text(f"{condarc.read_text()}  - {server.url}\n")
        plan = await preview(home, "one", like_model)
    assert [one.details["channels"] for one in plan.warnings if one.code == "new_channels"] == [[server.url]]


async def test_what_stays_and_will_miss_something_is_named(tiny_home: Home) -> None:
    await tiny_home.create("model", "tiny=2")
    await tiny_home.create("one", "tinier")
    plan = await preview(tiny_home, "one", await as_other(tiny_home, "model"))
    missed = [warning.details for warning in plan.warnings if warning.code == "needs_missed"]
    assert missed == [{"package": "tinier", "needs": ["tiny >=1,<2"]}]
    assert "needs_missed" not in codes(await preview(tiny_home, "one", await as_other(tiny_home, "model", prune=True)))


async def test_what_cannot_be_followed_says_why(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    both = like("dependencies: [files]\n", install=["tinier"])
    with pytest.raises(Invalid, match="not both"):
        await preview(tiny_home, "one", both)
    with pytest.raises(Invalid, match="what is to stay"):
        await preview(tiny_home, "one", Change(prune=True, install=["tinier"]))
    with pytest.raises(Invalid, match="this very environment"):
        await preview(tiny_home, "one", await as_other(tiny_home, "one"))
    with pytest.raises(Invalid) as caught:
        await preview(tiny_home, "one", like("dependencies:\n  - 1.0\n"))
    assert caught.value.details["line"] == 2
    with pytest.raises(EnvManagerError, match="win-64"):
        await preview(tiny_home, "one", like("@EXPLICIT\nhttps://x.org/lab/win-64/a-1.0-0.conda\n", "list.txt"))
    await tiny_home.create("model", "tiny=2")
    await apply(tiny_home, "one", Change(pin=["tiny 1.*"]))
    with pytest.raises(Invalid, match="pinned"):
        await preview(tiny_home, "one", await as_other(tiny_home, "model"))
    (tiny_home.envs / "one" / "conda-meta" / "frozen").write_text("{}")
    with pytest.raises(NotAllowed):
        await preview(tiny_home, "one", like("dependencies: [files]\n"))


# Packages of the index


async def test_files_with_packages_of_the_index(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("alpha", "1.0", requires=["beta"])
    index.wheel("beta", "1.0")
    index.wheel("gamma", "1.0")
    await pypi_home.create("one", "python", "idna", kernel=None)
    await apply(pypi_home, "one", Change(pypi=PypiChange(install=["alpha"])))
    plan = await preview(pypi_home, "one", like("gamma\n", "requirements.txt", prune=True))
    assert difference(plan) == {
        "gamma": ("install", None, "1.0"),
        "alpha": ("remove", "1.0", None),
        "beta": ("remove", "1.0", None),
    }
    project = '[project]\nname = "x"\nrequires-python = ">=3"\ndependencies = ["gamma"]\n'
    assert difference(await preview(pypi_home, "one", like(project, "pyproject.toml"))) == {
        "gamma": ("install", None, "1.0")
    }
    text = "dependencies:\n  - python\n  - pip:\n    - beta\n"
    plan = await preview(pypi_home, "one", like(text, prune=True))
    assert difference(plan)["alpha"] == ("remove", "1.0", None)
    assert difference(plan)["idna"][0] == "remove"
    assert "python" not in difference(plan)
    assert "beta" not in difference(plan)


async def test_packages_of_the_index_become_exactly_those_of_another(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("alpha", "1.0", requires=["beta"])
    index.wheel("beta", "1.0")
    index.wheel("gamma", "1.0")
    await pypi_home.create("model", "python", kernel=None)
    await apply(pypi_home, "model", Change(pypi=PypiChange(install=["alpha"])))
    index.wheel("alpha", "2.0")
    await pypi_home.create("one", "python", "idna", kernel=None)
    await apply(pypi_home, "one", Change(pypi=PypiChange(install=["alpha", "gamma"])))
    lock, filename = await lock_of(pypi_home, "model", "pixi.lock")
    plan = await preview(pypi_home, "one", like(lock, filename))
    assert difference(plan) == {"alpha": ("downgrade", "2.0", "1.0"), "beta": ("install", None, "1.0")}
    explicit, name = await lock_of(pypi_home, "model", "explicit")
    assert set(difference(await preview(pypi_home, "one", like(explicit, name, prune=True)))) == {"idna"}
    done(await apply(pypi_home, "one", await as_other(pypi_home, "model", prune=True)))
    assert await differences(pypi_home, "one", "model") == []
    assert conda(pypi_home.envs / "one") == conda(pypi_home.envs / "model")
    assert await asked(pypi_home, "one") == await asked(pypi_home, "model")
    assert (await preview(pypi_home, "one", like(lock, filename, prune=True))).actions == []


# The command line


async def test_the_command_line(tiny_home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def update(*arguments: str) -> int:
        options = parser_of().parse_args(["update", *arguments])
        return await changes.update(tiny_home.service, options)

    await tiny_home.create("model", "tinier")
    await tiny_home.create("one", "tiny=2")
    file = tmp_path / "environment.yml"
    file.write_text("dependencies: [fewer-files]\n")
    assert await update("one", "-f", str(file), "--prune", "--yes") == 0
    assert await installed(tiny_home, "one") == {"fewer-files": "1.0"}
    file.write_text("dependencies: ['tinier=1.0=gone_7']\n")
    with pytest.raises(EnvManagerError):
        await update("one", "-f", str(file), "--yes")
    assert await update("one", "-f", str(file), "--relax", "build", "--yes") == 0
    assert await asked(tiny_home, "one") == {"fewer-files": "fewer-files", "tinier": "tinier=1.0"}
    capsys.readouterr()
    assert await update("one", "--like", "model", "--dry-run") == 0
    assert "Make it like model: 1 packages" in capsys.readouterr().out
    with pytest.raises(Invalid, match="either a file or an environment"):
        await update("one", "--like", "model", "-f", str(file))
