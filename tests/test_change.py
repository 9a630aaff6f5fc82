"""Change, as a user meets it: what is there afterwards, what stays as it was, and what is said when it goes wrong."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path

import msgspec
import pytest
from conftest import Home, MakeHome, until
from local_channel import ChannelServer, Fault, Synthetic, serve, write_channel

from jupyter_envmanager.errors import Conflict, Invalid, NotAllowed, NotFound, Unsatisfiable
from jupyter_envmanager.models import Change, CloneSource, History, Job, NewEnvironment, Plan


async def apply(home: Home, name: str, change: Change) -> Job:
    """Preview and apply a change, and wait for its end."""
    environment = await home.service.find(name)
    plan = await home.service.changes.preview(environment.id, change)
    job = await home.service.changes.change(environment.id, Change(plan=plan.id))
    ended = await home.service.queue.wait(job.id)
    await home.service.queue.wait_for_aftercare(job.id)
    return ended


async def installed(home: Home, name: str) -> dict[str, str]:
    """Versions by package."""
    environment = await home.service.find(name)
    return {one.name: one.version for one in (await home.service.packages(environment.id)).packages}


async def preview(home: Home, name: str, change: Change) -> Plan:
    return await home.service.changes.preview((await home.service.find(name)).id, change)


async def history(home: Home, name: str) -> History:
    return await home.service.changes.history((await home.service.find(name)).id)


def files(root: Path) -> dict[str, str]:
    """Every file below a folder with the hash of its content, its mode and its time."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        digest = hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
        found[str(path.relative_to(root))] = f"{digest} {status.st_mode:o} {status.st_mtime_ns}"
    return found


def difference(plan: Plan) -> dict[str, tuple[str, str | None, str | None]]:
    return {action.name: (action.op, action.from_, action.to) for action in plan.actions}


async def test_a_record_that_would_cost_the_server_its_life_counts_as_lost(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1.0", kernel=None)
    (record,) = (tiny_home.envs / "one" / "conda-meta").glob("tiny-*.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), "depends": ["x " + "(" * 95_000]}))
    plan = await preview(tiny_home, "one", Change(install=["tinier"]))
    assert {action.name for action in plan.actions} == {"tiny", "tinier"}


async def test_an_install_does_what_the_preview_said(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    plan = await preview(tiny_home, "one", Change(install=["tinier"]))
    assert difference(plan) == {"tinier": ("install", None, "1.0")}
    assert plan.title == "Install tinier"
    job = await apply(tiny_home, "one", Change(install=["tinier"]))
    assert job.state == "succeeded", job.error
    assert await installed(tiny_home, "one") == {"tiny": "1.0", "tinier": "1.0"}


async def test_an_update_is_kept_back_by_what_was_asked_for_only_when_it_says_so(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    everything = await preview(tiny_home, "one", Change(update="all"))
    assert everything.actions == []
    assert [(warning.code, warning.details["newest"]) for warning in everything.warnings] == [("held", "2.0")]
    plan = await preview(tiny_home, "one", Change(update=["tiny"]))
    assert difference(plan) == {"tiny": ("upgrade", "1.0", "2.0")}
    job = await apply(tiny_home, "one", Change(update=["tiny"]))
    assert job.state == "succeeded", job.error
    assert (tiny_home.envs / "one" / "share" / "tiny" / "version").read_text() == "2.0\n"
    assert not (tiny_home.envs / "one" / "bin" / "tiny").exists()


async def test_a_removal_takes_what_only_it_needed_and_nothing_else(tiny_home: Home) -> None:
    await tiny_home.create("one", "some-files", "tinier")
    assert set(await installed(tiny_home, "one")) == {"fewer-files", "some-files", "tinier", "tiny"}
    plan = await preview(tiny_home, "one", Change(remove=["tinier"]))
    assert difference(plan) == {"tinier": ("remove", "1.0", None), "tiny": ("remove", "1.0", None)}
    job = await apply(tiny_home, "one", Change(remove=["tinier"]))
    assert job.state == "succeeded", job.error
    assert set(await installed(tiny_home, "one")) == {"fewer-files", "some-files"}


async def test_a_removal_names_what_goes_with_it(tiny_home: Home) -> None:
    await tiny_home.create("one", "tinier", "tiny")
    plan = await preview(tiny_home, "one", Change(remove=["tiny"]))
    assert {action.name for action in plan.actions} == {"tiny", "tinier"}
    assert [(warning.code, warning.details["packages"]) for warning in plan.warnings] == [("removes_more", ["tinier"])]


async def test_files_put_in_by_hand_survive(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    prefix = tiny_home.envs / "one"
    (prefix / "share" / "tiny" / "mine.txt").write_text("mine\n")
    (prefix / "notes").mkdir()
    (prefix / "notes" / "link").symlink_to("../share/tiny/mine.txt")
    await apply(tiny_home, "one", Change(update=["tiny"]))
    assert (prefix / "share" / "tiny" / "mine.txt").read_text() == "mine\n"
    assert (prefix / "notes" / "link").read_text() == "mine\n"


async def test_what_the_user_edits_later_leaves_the_kept_generation_alone(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    prefix = tiny_home.envs / "one"
    (prefix / "settings.ini").write_text("old\n")
    await apply(tiny_home, "one", Change(install=["fewer-files"]))
    with (prefix / "settings.ini").open("r+") as file:
        file.write("new\n")
    await apply_rollback(tiny_home, "one", 1)
    assert (prefix / "settings.ini").read_text() == "old\n"


async def apply_rollback(home: Home, name: str, generation: int) -> Job:
    environment = await home.service.find(name)
    job = await home.service.changes.rollback(environment.id, generation)
    return await home.service.queue.wait(job.id)


async def test_back_and_forth(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    prefix = tiny_home.envs / "one"
    first = files(prefix)
    await apply(tiny_home, "one", Change(install=["fewer-files"]))
    second = files(prefix)
    assert (await apply_rollback(tiny_home, "one", 1)).state == "succeeded"
    assert files(prefix) == first
    states = (await history(tiny_home, "one")).generations
    assert [(one.number, one.current, one.title) for one in states] == [
        (2, False, "Install fewer-files"),
        (1, True, "Created"),
    ]
    assert (await apply_rollback(tiny_home, "one", 2)).state == "succeeded"
    assert files(prefix) == second


async def test_a_change_after_going_back_makes_a_new_generation(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    await apply(tiny_home, "one", Change(install=["fewer-files"]))
    await apply_rollback(tiny_home, "one", 1)
    await apply(tiny_home, "one", Change(update=["tiny"]))
    states = (await history(tiny_home, "one")).generations
    assert [(one.number, one.parent, one.current) for one in states] == [(3, 1, True), (2, 1, False), (1, None, False)]


async def test_so_many_generations_are_kept_as_the_site_says(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    for spec in ("fewer-files", "some-files", "tinier", "tiny=1.0"):
        await apply(tiny_home, "one", Change(install=[spec]) if spec != "tiny=1.0" else Change(remove=["some-files"]))
    states = (await history(tiny_home, "one")).generations
    assert [one.number for one in states] == [5, 4, 3, 2]
    environment = await tiny_home.service.find("one")
    left = await tiny_home.service.changes.forget_generation(environment.id, 3)
    assert [one.number for one in left.generations] == [5, 4, 2]


async def test_kept_generations_stay_as_they_were_bit_by_bit(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    kept: dict[int, dict[str, str]] = {1: files(tiny_home.envs / "one")}
    for number, change in enumerate(
        (
            Change(install=["fewer-files"]),
            Change(update=["tiny"]),
            Change(remove=["fewer-files"]),
            Change(pin=["tiny 2.*"]),
        ),
        2,
    ):
        assert (await apply(tiny_home, "one", change)).state == "succeeded"
        kept[number] = files(tiny_home.envs / "one")
    environment = await tiny_home.service.find("one")
    generations = tiny_home.envs / ".envmanager" / environment.id / "generations"
    # A pin alone pushes out no state that has other packages.
    assert {int(folder.name) for folder in generations.iterdir()} == {1, 2, 3}
    for folder in generations.iterdir():
        assert files(folder) == kept[int(folder.name)]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
async def test_records_are_as_open_as_the_umask_says_and_kept_ones_as_they_were(tiny_home: Home) -> None:
    def modes(root: Path) -> set[int]:
        return {stat.S_IMODE(file.stat().st_mode) for file in (root / "conda-meta").glob("*.json")}

    umask = os.umask(0)
    os.umask(umask)
    await tiny_home.create("one", "tinier")
    prefix = tiny_home.envs / "one"
    assert modes(prefix) == {0o666 & ~umask}
    # As other tools on rattler leave them.
    for file in (prefix / "conda-meta").glob("*.json"):
        file.chmod(0o600)
    before = files(prefix)
    for change in (Change(pin=["tiny 1.*"]), Change(install=["fewer-files"])):
        assert (await apply(tiny_home, "one", change)).state == "succeeded"
        assert modes(prefix) == {0o666 & ~umask}
    await apply_rollback(tiny_home, "one", 1)
    assert files(prefix) == before


async def test_records_that_may_not_be_read_are_no_base_for_anything(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    environment = await tiny_home.service.find("one")
    record = next((tiny_home.envs / "one" / "conda-meta").glob("tiny-*.json"))
    record.chmod(0)
    if os.access(record, os.R_OK):
        pytest.skip("root reads everything")
    assert (await tiny_home.service.find("one")).state == "ready"
    copy = NewEnvironment(name="two", source=CloneSource(environment=environment.id), kernel=None)
    for refused in (preview(tiny_home, "one", Change(install=["fewer-files"])), tiny_home.service.preview(copy)):
        with pytest.raises(NotAllowed, match="may not read the package records of one"):
            await refused


async def test_a_plan_for_another_state_is_refused(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    environment = await tiny_home.service.find("one")
    changes = tiny_home.service.changes
    plan = await changes.preview(environment.id, Change(install=["fewer-files"]))
    await apply(tiny_home, "one", Change(update=["tiny"]))
    with pytest.raises(Conflict, match="changed since the preview"):
        await changes.change(environment.id, Change(plan=plan.id))


async def test_the_history_is_one_that_conda_reads(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    await apply(tiny_home, "one", Change(install=["fewer-files"]))
    await apply(tiny_home, "one", Change(update=["tiny"]))
    await apply(tiny_home, "one", Change(remove=["fewer-files"]))
    text = (tiny_home.envs / "one" / "conda-meta" / "history").read_text()
    lines = [line for line in text.splitlines() if line[0] in "+-" or "specs" in line]
    assert [line.split("::")[-1] for line in lines] == [
        "tiny-1.0-0",
        "# update specs: ['tiny=1']",
        "fewer-files-1.0-0",
        "# update specs: ['fewer-files']",
        "tiny-1.0-0",
        "tiny-2.0-0",
        "# update specs: ['tiny']",
        "fewer-files-1.0-0",
        "# remove specs: ['fewer-files']",
    ]


async def test_a_pin_holds_until_it_is_taken_away(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    await apply(tiny_home, "one", Change(pin=["tiny 1.*"]))
    assert (tiny_home.envs / "one" / "conda-meta" / "pinned").read_text() == "tiny 1.*\n"
    held = await preview(tiny_home, "one", Change(update=["tiny"]))
    assert held.actions == []
    assert [warning.code for warning in held.warnings] == ["pinned"]
    with pytest.raises(Unsatisfiable) as caught:
        await preview(tiny_home, "one", Change(install=["tiny=2"]))
    assert "pin tiny 1.*" in caught.value.hint
    freed = Change(unpin=["tiny"], install=["tiny=2"])
    assert difference(await preview(tiny_home, "one", freed))["tiny"][0] == "upgrade"
    assert (await apply(tiny_home, "one", freed)).state == "succeeded"
    assert not (tiny_home.envs / "one" / "conda-meta" / "pinned").exists()


async def test_a_package_of_one_channel_is_had_by_the_channels_name(make_home: MakeHome, tmp_path: Path) -> None:
    for name, version in (("lab", "1.0"), ("other", "2.0")):
        write_channel(tmp_path / "channels" / name, [Synthetic("both", version)])
    with serve(tmp_path / "channels") as server:
        home = make_home(f"{server.url}/other", f"{server.url}/lab")
        await home.create("one", "both")
        plan = await preview(home, "one", Change(install=["lab::both=1.0=0"]))
        assert difference(plan) == {"both": ("downgrade", "2.0", "1.0")}


async def test_what_a_user_writes_during_a_change_survives(tiny_home: Home, tiny: ChannelServer) -> None:
    await tiny_home.create("one", "tiny=1")
    prefix = tiny_home.envs / "one"
    (prefix / "settings.ini").write_text("old\n")
    environment = await tiny_home.service.find("one")
    plan = await tiny_home.service.changes.preview(environment.id, Change(install=["some-files"]))
    tiny.fault("*/some-files-*", Fault(delay=2.0))
    job = await tiny_home.service.changes.change(environment.id, Change(plan=plan.id))
    await until(lambda: any((tiny_home.envs / ".envmanager").glob("*/stage-*/settings.ini")))
    (prefix / "results.csv").write_text("1,2\n")
    (prefix / "settings.ini").write_text("newer\n")
    assert (await tiny_home.service.queue.wait(job.id)).state == "succeeded"
    assert (prefix / "results.csv").read_text() == "1,2\n"
    assert (prefix / "settings.ini").read_text() == "newer\n"


async def test_a_pin_that_does_not_fit_is_refused(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    with pytest.raises(Invalid, match="does not fit"):
        await preview(tiny_home, "one", Change(pin=["tiny 2.*"]))


async def test_links_that_lead_out_are_kept_and_never_written_through(tiny_home: Home, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "tiny").mkdir()
    (outside / "tiny" / "version").write_text("mine\n")
    await tiny_home.create("one", "fewer-files")
    prefix = tiny_home.envs / "one"
    (prefix / "data").symlink_to(outside)
    (prefix / "inside").symlink_to(prefix / "share")
    assert (await apply(tiny_home, "one", Change(install=["tiny"]))).state == "succeeded"
    assert (prefix / "data").readlink() == outside
    assert (prefix / "inside").resolve() == prefix / "share"
    assert (outside / "tiny" / "version").read_text() == "mine\n"


async def test_a_generations_folder_that_is_a_link_is_refused(tiny_home: Home, tmp_path: Path) -> None:
    await tiny_home.create("one", "tiny=1")
    environment = await tiny_home.service.find("one")
    data = tmp_path / "data"
    (data / "2019").mkdir(parents=True)
    place = tiny_home.envs / ".envmanager" / environment.id
    place.mkdir(parents=True)
    (place / "generations").symlink_to(data)
    job = await apply(tiny_home, "one", Change(install=["fewer-files"]))
    assert job.state == "failed"
    assert (data / "2019").is_dir()


async def test_a_record_that_names_files_outside_is_refused(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    victim = tiny_home.path / "victim.txt"
    victim.write_text("mine\n")
    record = next((tiny_home.envs / "one" / "conda-meta").glob("tiny-*.json"))
    text = record.read_text().replace("share/tiny/version", "../../../victim.txt")
    record.write_text(text)
    with pytest.raises(NotAllowed, match="outside"):
        await preview(tiny_home, "one", Change(remove=["tiny"]))
    assert victim.read_text() == "mine\n"


async def test_what_would_be_updated_along_with_it_is_not_said_to_be_in_the_way(
    make_home: MakeHome, tmp_path: Path
) -> None:
    packages = [Synthetic("lib", "1.0"), Synthetic("up", "1.0", depends=("lib <2",))]
    packages += [Synthetic(name, "1.0", depends=("lib <2",)) for name in ("old", "zero")]
    with serve(write_channel(tmp_path / "channel", packages).directory) as server:
        home = make_home(server.url)
        await home.create("one", "up", "zero")
        await home.create("two", "up", "old", "zero")
        newer = [Synthetic("lib", "2.0"), *(Synthetic(name, "2.0", depends=("lib",)) for name in ("up", "zero"))]
        write_channel(tmp_path / "channel", [*packages, *newer])
        await home.service.refresh_channels()
        plan = await preview(home, "one", Change(install=["lib>=2"]))
        assert set(difference(plan)) == {"lib", "up", "zero"}
        with pytest.raises(Unsatisfiable) as caught:
            await preview(home, "two", Change(install=["lib>=2"]))
    assert caught.value.message == "“lib>=2” does not fit to the installed old 1.0, which needs “lib <2”."
    assert caught.value.hint == "Ask for another version, or remove old first."


async def test_a_conflict_says_which_earlier_wish_is_in_the_way(tiny_home: Home) -> None:
    await tiny_home.create("one", "tinier")
    with pytest.raises(Unsatisfiable) as caught:
        await preview(tiny_home, "one", Change(install=["tiny=2", "files"]))
    told = "“tiny=2” does not fit to the installed tinier 1.0, which needs “tiny >=1,<2”."
    assert (caught.value.message, caught.value.hint) == (told, "Ask for another version, or remove tinier first.")
    await tiny_home.create("two", "tiny=2")
    with pytest.raises(Unsatisfiable) as caught:
        await preview(tiny_home, "two", Change(install=["tinier"]))
    assert caught.value.message == "“tinier” does not fit to “tiny=2”, which was asked for earlier."
    assert "tiny=2" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (Change(), Invalid),
        (Change(install=["no-such-package"]), NotFound),
        (Change(remove=["absent"]), NotFound),
        (Change(update=["absent"]), NotFound),
        (Change(install=["--prefix=/"]), Invalid),
        (Change(install=["http://example.org/a.conda"]), Invalid),
        (Change(pin=["-c evil"]), Invalid),
    ],
)
async def test_bad_requests_say_what_is_wrong(tiny_home: Home, change: Change, error: type[Exception]) -> None:
    await tiny_home.create("one", "tiny=1")
    before = files(tiny_home.envs / "one")
    with pytest.raises(error):
        await preview(tiny_home, "one", change)
    assert files(tiny_home.envs / "one") == before


async def test_a_frozen_environment_refuses_with_its_own_words(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    frozen = tiny_home.envs / "one" / "conda-meta" / "frozen"
    frozen.write_text('{"message": "Ask Ada before you change this."}')
    with pytest.raises(NotAllowed, match="Ask Ada"):
        await preview(tiny_home, "one", Change(install=["fewer-files"]))


async def test_a_channel_that_is_gone_after_the_preview_leaves_all_as_it_was(
    tiny_home: Home, tiny: ChannelServer
) -> None:
    await tiny_home.create("one", "tiny=1")
    before = files(tiny_home.envs / "one")
    environment = await tiny_home.service.find("one")
    plan = await tiny_home.service.changes.preview(environment.id, Change(install=["fewer-files"]))
    tiny.shutdown()
    tiny.server_close()
    job = await tiny_home.service.changes.change(environment.id, Change(plan=plan.id))
    ended = await tiny_home.service.queue.wait(job.id)
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error.code == "channel_unreachable"
    assert files(tiny_home.envs / "one") == before
    assert tiny_home.leftovers() == []


async def test_a_request_that_is_not_the_previewed_one_is_refused(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny=1")
    environment = await tiny_home.service.find("one")
    plan = await tiny_home.service.changes.preview(environment.id, Change(install=["fewer-files"]))
    with pytest.raises(Conflict):
        await tiny_home.service.changes.change(environment.id, Change(install=["tinier"], plan=plan.id))
    job = await tiny_home.service.changes.change(
        environment.id, msgspec.structs.replace(Change(install=["fewer-files"]), plan=plan.id)
    )
    assert (await tiny_home.service.queue.wait(job.id)).state == "succeeded"
