"""REST of an environment that is there, on a real Jupyter server: answers, addresses, status codes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from local_channel import ChannelServer, Fault
from pypi_index import IndexServer
from test_handlers import Fetch, decoded, home, jp_server_config, no_job_outlives_its_test, problem

from jupyter_envmanager import models
from jupyter_envmanager.handlers import SERVICE
from jupyter_envmanager.service import EnvManagerService

__all__ = ["home", "jp_server_config", "no_job_outlives_its_test"]

TINIER = {"install": ["tinier"]}


class Server:
    """The routes of one environment."""

    def __init__(self, fetch: Fetch, service: EnvManagerService, environment: str, prefix: Path) -> None:
        self._fetch = fetch
        self.service = service
        self.environment = environment
        self.prefix = prefix

    def get(self, *path: str, **params: str) -> Any:
        return self._fetch("envmanager", "environments", self.environment, *path, params=params)

    def post(self, *path: str, body: object) -> Any:
        text = body if isinstance(body, str) else json.dumps(body)
        return self._fetch("envmanager", "environments", self.environment, *path, method="POST", body=text)

    def delete(self, *path: str) -> Any:
        return self._fetch("envmanager", "environments", self.environment, *path, method="DELETE")

    async def change(self, body: object) -> models.Job:
        job = decoded(await self.post("changes", body=body), models.Job)
        ended = await self.service.queue.wait(job.id)
        assert ended.state == "succeeded", ended.error
        return ended


@pytest.fixture
def one(jp_fetch: Fetch, jp_serverapp: Any, home: Path, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Server:
    """An environment with an old tiny."""
    service: EnvManagerService = jp_serverapp.web_app.settings[SERVICE]
    return jp_asyncio_loop.run_until_complete(created(jp_fetch, service, "one", "tiny=1"))


async def created(fetch: Fetch, service: EnvManagerService, name: str, *specs: str) -> Server:
    request = {"name": name, "source": {"type": "specs", "specs": specs}, "kernel": None}
    answer = await fetch("envmanager", "environments", method="POST", body=json.dumps(request))
    job = await service.queue.wait(decoded(answer, models.Job).id)
    assert job.state == "succeeded", job.error
    return Server(fetch, service, job.environment, Path(job.prefix))


async def test_a_change_is_previewed_applied_and_undone(one: Server, jp_base_url: str) -> None:
    plan = decoded(await one.post("preview", body=TINIER), models.Plan)
    assert [(action.op, action.name) for action in plan.actions] == [("install", "tinier")]
    assert plan.environment == one.environment
    response = await one.post("changes", body={"plan": plan.id})
    job = decoded(response, models.Job)
    assert response.code == 202
    assert response.headers["Location"] == f"{jp_base_url}envmanager/jobs/{job.id}"
    ended = await one.service.queue.wait(job.id)
    assert (ended.state, ended.action, ended.generation) == ("succeeded", "change", 2)
    states = decoded(await one.get("history"), models.History)
    assert [(state.number, state.current) for state in states.generations] == [(2, True), (1, False)]
    response = await one.post("rollback", body={"generation": 1})
    job = decoded(response, models.Job)
    assert response.code == 202
    assert response.headers["Location"] == f"{jp_base_url}envmanager/jobs/{job.id}"
    assert (await one.service.queue.wait(job.id)).state == "succeeded"
    left = decoded(await one.delete("history", "2"), models.History)
    assert [state.number for state in left.generations] == [1]


async def test_updates_and_health_are_told(one: Server) -> None:
    updates = decoded(await one.get("updates"), models.PackageUpdates)
    assert [(update.name, update.version) for update in updates.updates] == [("tiny", "2.0")]
    (one.prefix / "share" / "tiny" / "version").unlink()
    (one.prefix / "share" / "tiny" / "version").write_text("7.0\n")
    for full in ("0", "1"):
        found = decoded(await one.get("health", full=full), models.Health)
        assert found.damaged == (["tiny"] if full == "1" else found.damaged)
    await one.change({"repair": ["tiny"]})
    assert decoded(await one.get("health", full="1"), models.Health).damaged == []


async def test_search_knows_the_channels_of_an_environment(one: Server, jp_fetch: Fetch, home: Path) -> None:
    assert decoded(await one.get(), models.Environment).name == "one"
    (home / ".condarc").write_text("channels:\n  - http://127.0.0.1:9/nothing\n")
    params = {"q": "tini", "environment": one.environment}
    hits = decoded(await jp_fetch("envmanager", "packages", params=params), models.PackageHits)
    assert [hit.name for hit in hits.packages] == ["tinier"]
    info = decoded(
        await jp_fetch("envmanager", "packages", "tiny", params={"environment": one.environment}), models.PackageInfo
    )
    assert info.versions == ["2.0", "1.0"]


async def test_a_comparison_is_answered(one: Server) -> None:
    text = {"content": "dependencies: ['tiny>=2']\n", "filename": "environment.yml"}
    found = decoded(await one.post("compare", body={"file": text}), models.Comparison)
    assert [(one.name, one.kind, one.here) for one in found.differences] == [("tiny", "version", "1.0")]


BAD = [
    ("compare", "[", 400, "invalid"),
    ("compare", {}, 400, "invalid"),
    ("compare", {"file": {"content": 3}}, 400, "invalid"),
    ("compare", {"environment": "0" * 16}, 404, "not_found"),
    ("preview", "", 400, "invalid"),
    ("preview", "[]", 400, "invalid"),
    ("preview", {"instal": ["tinier"]}, 400, "invalid"),
    ("preview", {"install": "tinier"}, 400, "invalid"),
    ("preview", {"update": "everything"}, 400, "invalid"),
    ("preview", {"pypi": {"add": ["x"]}}, 400, "invalid"),
    ("preview", {}, 400, "invalid"),
    ("preview", {"install": ["-c evil"]}, 400, "invalid"),
    ("preview", {"pypi": {"install": ["alpha"]}}, 400, "invalid"),
    ("preview", {"install": ["nosuch"]}, 404, "not_found"),
    ("preview", {"remove": ["nosuch"]}, 404, "not_found"),
    ("preview", {"install": ["clash"]}, 422, "unsatisfiable"),
    ("changes", {"plan": 3}, 400, "invalid"),
    ("changes", {"plan": "../../secret"}, 404, "not_found"),
    ("changes", {"plan": "0" * 32}, 404, "not_found"),
    ("changes", {"install": ["clash"]}, 422, "unsatisfiable"),
    ("rollback", {"generation": "1"}, 400, "invalid"),
    ("rollback", {}, 400, "invalid"),
    ("rollback", {"generation": 9}, 404, "not_found"),
    ("rollback", {"generation": 1}, 404, "not_found"),
    ("rollback", {"generation": -1}, 404, "not_found"),
]


async def test_bad_requests_are_problems(one: Server) -> None:
    for route, body, expected, code in BAD:
        status, found = await problem(one.post(route, body=body))
        assert (status, found.code) == (expected, code), (route, body)
        assert found.message
        assert "Traceback" not in found.message
    assert [job.action for job in one.service.queue.jobs()] == ["create"]


async def test_every_route_knows_when_there_is_no_such_environment(one: Server) -> None:
    one.environment = "0" * 16
    answers = [
        *(one.get(route) for route in ("packages", "updates", "health", "history")),
        one.post("preview", body=TINIER),
        one.post("changes", body=TINIER),
        one.post("rollback", body={"generation": 1}),
        one.delete("history", "1"),
    ]
    for answer in answers:
        status, found = await problem(answer)
        assert (status, found.code) == (404, "not_found")


async def test_a_generation_that_is_not_kept_cannot_be_forgotten(one: Server) -> None:
    for number in ("1", "7"):
        status, found = await problem(one.delete("history", number))
        assert (status, found.field) == (404, "generation")


async def test_a_frozen_environment_refuses(one: Server) -> None:
    await one.change(TINIER)
    (one.prefix / "conda-meta" / "frozen").write_text('{"message": "Ask Ada."}')
    listed = decoded(await one.get(), models.Environment)
    assert listed.frozen
    for answer in (
        one.post("preview", body=TINIER),
        one.post("changes", body={"remove": ["tinier"]}),
        one.post("rollback", body={"generation": 1}),
        one.delete("history", "1"),
    ):
        status, found = await problem(answer)
        assert (status, found.code) == (403, "not_allowed")
        assert "Ask Ada" in found.message


async def test_a_plan_that_is_out_of_date_is_refused(one: Server) -> None:
    plan = decoded(await one.post("preview", body=TINIER), models.Plan)
    await one.change({"update": ["tiny"]})
    status, found = await problem(one.post("changes", body={"plan": plan.id}))
    assert (status, found.code, found.field) == (409, "conflict", "plan")
    assert "Preview again" in found.hint


async def test_an_environment_that_a_job_works_on_is_busy(one: Server, tiny: ChannelServer) -> None:
    await one.change(TINIER)
    tiny.fault("*/files-*.conda", Fault(bytes_per_second=5000))
    job = decoded(await one.post("changes", body={"install": ["files"]}), models.Job)
    for answer in (
        one.post("preview", body={"update": "all"}),
        one.post("changes", body={"update": "all"}),
        one.post("rollback", body={"generation": 1}),
        one.delete("history", "1"),
    ):
        status, found = await problem(answer)
        assert (status, found.code) == (423, "busy")
        assert found.details["job"] == job.id
    assert (await one.service.queue.cancel(job.id)).state == "cancelled"


async def test_who_would_overwrite_a_conda_package_has_to_say_so(
    jp_fetch: Fetch,
    jp_serverapp: Any,
    home: Path,
    channel: ChannelServer,
    shared_pkgs: Path,
    index: IndexServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index.wheel("idna", "99.0")
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    (home / ".condarc").write_text(f"channels:\n  - {channel.url}\npkgs_dirs:\n  - {shared_pkgs}\n")
    one = await created(jp_fetch, jp_serverapp.web_app.settings[SERVICE], "py", "python", "idna")
    wish = {"pypi": {"install": ["idna==99"]}}
    for route in ("preview", "changes"):
        status, found = await problem(one.post(route, body=wish))
        assert (status, found.code) == (422, "overwrites_conda")
        assert [package["name"] for package in found.details["packages"]] == ["idna"]
    accepted = {**wish, "accept": ["overwrites_conda"]}
    plan = decoded(await one.post("preview", body=accepted), models.Plan)
    assert "overwrites_conda" in [warning.code for warning in plan.warnings]
    await one.change({**accepted, "plan": plan.id})
