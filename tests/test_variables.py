"""What a plan, and the page of an environment, say of variables."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Home
from test_change import apply, preview
from test_packs import pack

from jupyter_envmanager.engine.variables import write as write_variables
from jupyter_envmanager.environments.shownvariables import changes, listed
from jupyter_envmanager.environments.variables import variables_in
from jupyter_envmanager.models import (
    ArchiveSource,
    Change,
    CloneSource,
    FileSource,
    NewEnvironment,
    Plan,
    PlanVariable,
    Source,
)

FILE = "dependencies: [tiny]\nvariables: {MODE: fast, API_TOKEN: s3cret}\n"
TOLD = [("API_TOKEN", "set", None, "***"), ("MODE", "set", None, "fast")]


def told(plan: Plan) -> list[tuple[str, str, str | None, str | None]]:
    return [(one.name, one.op, one.from_, one.to) for one in plan.variables]


async def new(home: Home, source: Source) -> Plan:
    return await home.service.preview(NewEnvironment(name="two", source=source, kernel=None))


async def test_the_plan_of_a_new_environment_names_its_variables_whatever_it_starts_from(tiny_home: Home) -> None:
    file = FileSource(format="", content=FILE, filename="environment.yml")
    assert told(await new(tiny_home, file)) == TOLD
    one = Path((await tiny_home.create("one", "tiny=1")).prefix)
    write_variables(one, {"MODE": "fast", "API_TOKEN": "s3cret", "DATA": f"{one}/share"})
    cloned = await new(tiny_home, CloneSource(environment=(await tiny_home.service.find("one")).id))
    assert told(cloned) == sorted([*TOLD, ("DATA", "set", None, str(tiny_home.envs / "two" / "share"))])
    write_variables(one, {"MODE": "fast", "API_TOKEN": "s3cret"})
    archive = (await pack(tiny_home)).file
    assert told(await new(tiny_home, ArchiveSource(path=archive or ""))) == TOLD


async def test_the_plan_of_a_change_says_what_is_set_changed_and_removed(tiny_home: Home) -> None:
    one, model = [Path((await tiny_home.create(name, "tiny=1")).prefix) for name in ("one", "model")]
    write_variables(one, {"OWN": "1", "MODE": "slow", "SAME": "x"})
    write_variables(model, {"NEW": "2", "MODE": "fast", "SAME": "x"})
    source = CloneSource(environment=(await tiny_home.service.find("model")).id)
    plan = await preview(tiny_home, "one", Change(source=source, prune=True))
    assert told(plan) == [
        ("MODE", "change", "slow", "fast"),
        ("NEW", "set", None, "2"),
        ("OWN", "remove", "1", None),
    ]
    await apply(tiny_home, "one", Change(source=source, prune=True))
    found = await tiny_home.service.packages((await tiny_home.service.find("one")).id)
    assert {one.name: one.value for one in found.variables} == {"MODE": "fast", "NEW": "2", "SAME": "x"}
    # conda writes them in place.
    state = one / "conda-meta" / "state"
    state.write_text(json.dumps({"version": 1, "env_vars": {"MODE": "***unset***", "LATER": "3"}}))
    found = await tiny_home.service.packages((await tiny_home.service.find("one")).id)
    assert [(one.name, one.value) for one in found.variables] == [("LATER", "3")]


def test_values_are_shown_as_far_as_they_may_be() -> None:
    shown = {one.name: one for one in listed({"A": "x", "TOKEN": "x", "ESC": "\x1b[2J", "LONG": "y" * 100_000})}
    assert (shown["A"].value, shown["A"].hidden) == ("x", False)
    assert (shown["TOKEN"].value, shown["TOKEN"].hidden) == ("***", True)
    assert (shown["ESC"].value, shown["ESC"].hidden) == ("\\x1b[2J", True)
    assert len(shown["LONG"].value) == 2_000
    assert shown["LONG"].hidden


def test_what_stays_as_it_is_is_no_change() -> None:
    values = {"A": "1", "B": None, "C": "2"}
    assert changes({"A": "1", "C": "1"}, values) == [PlanVariable(name="C", op="change", from_="1", to="2")]


def test_a_damaged_state_has_no_variables() -> None:
    for content in (b"", b"{", b"[]", b'{"env_vars": []}', b"\xff"):
        assert variables_in(content) == {}
