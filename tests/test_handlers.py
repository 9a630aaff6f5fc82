"""REST on a real Jupyter server: authentication, shapes, status codes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import end_jobs
from local_channel import ChannelServer
from tornado.httpclient import HTTPClientError, HTTPResponse

from jupyter_envmanager import models
from jupyter_envmanager.handlers import ROUTES, SERVICE, STATUS, BaseHandler
from jupyter_envmanager.service import EnvManagerService

Fetch = Callable[..., Any]


@pytest.fixture
def jp_server_config(jp_server_config: Any, tmp_path: Path) -> Any:
    """Our extension alone, with its state in the test's own folder."""
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_envmanager": True}, "allow_unauthenticated_access": False},
        "EnvManagerApp": {"state_dir": str(tmp_path / "state"), "allowed_roots": [str(tmp_path)]},
    }


@pytest.fixture(autouse=True)
def home(jp_environ: None, tmp_path: Path, tiny: ChannelServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The server's home, with a ``.condarc``."""
    home = tmp_path / "user"
    home.mkdir()
    (home / ".condarc").write_text(f"channels:\n  - {tiny.url}\n")
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def no_job_outlives_its_test(jp_serverapp: Any, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    yield
    jp_asyncio_loop.run_until_complete(end_jobs(jp_serverapp.web_app.settings[SERVICE]))


async def problem(response: Any) -> tuple[int, models.Problem]:
    """Status and problem of a request that must fail."""
    with pytest.raises(HTTPClientError) as caught:
        await response
    answer = caught.value.response
    assert answer is not None
    assert answer.headers["Content-Type"].startswith("application/json")
    return caught.value.code, msgspec.json.decode(answer.body, type=models.Problem)


def decoded(response: HTTPResponse, kind: Any) -> Any:
    return msgspec.json.decode(response.body, type=kind)


METHODS = ("get", "post", "put", "patch", "delete")
SERVED = [
    (pattern, method)
    for pattern, handler in ROUTES
    for method in METHODS
    if getattr(handler, method) is not getattr(BaseHandler, method)
]


def concrete(pattern: str) -> str:
    """An address that a route matches."""
    path = pattern.replace("([0-9a-f]{16})", "0" * 16).replace("([^/]+)", "name").replace(".*", "nosuch")
    return path.removeprefix("/")


@pytest.mark.parametrize(("pattern", "method"), SERVED, ids=[f"{method} {pattern}" for pattern, method in SERVED])
async def test_every_route_refuses_who_is_not_logged_in(
    jp_serverapp: Any, jp_base_url: str, http_server_client: Any, pattern: str, method: str
) -> None:
    body = None if method in ("get", "delete") else "{}"
    with pytest.raises(HTTPClientError) as caught:
        await http_server_client.fetch(
            f"{jp_base_url}{concrete(pattern)}", method=method.upper(), body=body, follow_redirects=False
        )
    assert caught.value.code == 403


@pytest.mark.parametrize(("pattern", "method"), SERVED, ids=[f"{method} {pattern}" for pattern, method in SERVED])
async def test_every_route_asks_the_authorizer(jp_serverapp: Any, jp_fetch: Fetch, pattern: str, method: str) -> None:
    asked: list[str] = []

    def refuse(handler: Any, user: Any, action: str, resource: str) -> bool:
        asked.append(resource)
        return False

    jp_serverapp.authorizer.is_authorized = refuse
    body = None if method in ("get", "delete") else "{}"
    status, _ = await problem(jp_fetch(concrete(pattern), method=method.upper(), body=body))
    assert status == 403
    assert asked == ["envmanager"]


async def test_status_tells_what_the_panel_needs(jp_fetch: Fetch, tiny: ChannelServer, home: Path) -> None:
    status = decoded(await jp_fetch("envmanager", "status"), models.Status)
    assert status.channels == [tiny.url]
    assert [location.path for location in status.locations if location.default] == [str(home / ".conda" / "envs")]
    origins = {setting.name: setting.origin for setting in status.settings}
    assert origins["channels"] == str(home / ".condarc")


async def test_a_broken_condarc_is_reported_and_the_rest_works(jp_fetch: Fetch, home: Path) -> None:
    (home / ".condarc").write_text("channels:\n  - conda-forge\n  bad: [\n")
    status = decoded(await jp_fetch("envmanager", "status"), models.Status)
    assert any(".condarc" in found.message and re.search(r"line \d", found.message) for found in status.problems)
    assert decoded(await jp_fetch("envmanager", "environments"), models.Environments).environments


async def test_create_answers_202_with_the_job_s_address(jp_fetch: Fetch, jp_serverapp: Any, jp_base_url: str) -> None:
    request = {"name": "one", "source": {"type": "specs", "specs": ["tiny"]}}
    preview = await jp_fetch("envmanager", "environments", "preview", method="POST", body=json.dumps(request))
    plan = decoded(preview, models.Plan)
    response = await jp_fetch(
        "envmanager", "environments", method="POST", body=json.dumps({**request, "plan": plan.id})
    )
    job = decoded(response, models.Job)
    assert response.code == 202
    assert response.headers["Location"] == f"{jp_base_url}envmanager/jobs/{job.id}"
    service: EnvManagerService = jp_serverapp.web_app.settings[SERVICE]
    await service.queue.wait(job.id)
    assert decoded(await jp_fetch("envmanager", "jobs", job.id), models.Job).state == "succeeded"
    events = decoded(
        await jp_fetch("envmanager", "jobs", job.id, "events", params={"since": "1"}), models.JobEvents
    ).events
    assert events[0].seq == 1
    one = decoded(await jp_fetch("envmanager", "environments", job.environment), models.Environment)
    assert one.name == "one"
    packages = decoded(await jp_fetch("envmanager", "environments", one.id, "packages"), models.Packages)
    assert [package.name for package in packages.packages] == ["tiny"]
    removal = decoded(await jp_fetch("envmanager", "environments", one.id, "removal"), models.RemovalPreview)
    assert removal.size > 0
    removing = decoded(await jp_fetch("envmanager", "environments", one.id, method="DELETE"), models.Job)
    assert (await service.queue.wait(removing.id)).state == "succeeded"
    status, _ = await problem(jp_fetch("envmanager", "environments", one.id))
    assert status == 404


async def test_job_events_reach_the_event_bus(jp_fetch: Fetch, jp_serverapp: Any) -> None:
    seen: list[dict[str, Any]] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        seen.append(data)

    jp_serverapp.event_logger.add_listener(
        schema_id="https://events.jupyter.org/jupyter_envmanager/job/v1", listener=listen
    )
    request = {"name": "one", "source": {"type": "specs", "specs": ["tiny"]}}
    job = decoded(await jp_fetch("envmanager", "environments", method="POST", body=json.dumps(request)), models.Job)
    await jp_serverapp.web_app.settings[SERVICE].queue.wait(job.id)
    await jp_serverapp.event_logger.gather_listeners()
    assert {event["job"] for event in seen} == {job.id}
    assert seen[0]["state"] == "queued"
    assert seen[-1]["state"] == "succeeded"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ("", 400, None),
        ("{", 400, None),
        ("[]", 400, None),
        ('{"name": "one"}', 400, None),
        ('{"nam": "one", "source": {"type": "specs", "specs": []}}', 400, None),
        ('{"name": 1, "source": {"type": "specs", "specs": []}}', 400, None),
        ('{"name": "one", "source": {"type": "nosuch"}}', 400, None),
        ('{"name": "../x", "source": {"type": "specs", "specs": []}}', 400, "name"),
        ('{"name": "one", "source": {"type": "specs", "specs": ["--channel"]}}', 400, "specs"),
        ('{"name": "one", "source": {"type": "specs", "specs": ["nosuch"]}}', 404, "specs"),
        ('{"name": "one", "source": {"type": "specs", "specs": ["clash"]}}', 422, "specs"),
        ('{"prefix": "/nowhere/x", "source": {"type": "specs", "specs": []}}', 403, "prefix"),
        (
            '{"name": "one", "channels": ["http://127.0.0.1:9/x"], "source": {"type": "specs", "specs": ["a"]}}',
            502,
            "channels",
        ),
    ],
)
async def test_bad_requests_are_problems_at_their_field(
    jp_fetch: Fetch, body: str, status: int, field: str | None
) -> None:
    code, found = await problem(
        jp_fetch("envmanager", "environments", "preview", method="POST", body=body, allow_nonstandard_methods=True)
    )
    assert (code, found.field) == (status, field)
    assert found.message
    assert "Traceback" not in found.message


async def test_unknown_addresses_and_ids_are_problems(jp_fetch: Fetch) -> None:
    for path in (
        "nosuch",
        "environments/zz",
        f"environments/{'0' * 16}",
        "jobs/nosuch",
        "jobs/nosuch/events",
        "packages/nosuch",
    ):
        status, found = await problem(jp_fetch("envmanager", *path.split("/")))
        assert (status, found.code) == (404, "not_found"), path
    status, found = await problem(jp_fetch("envmanager", "packages", params={"q": "a", "limit": "-1"}))
    assert (status, found.field) == (400, "limit")


async def test_an_error_of_ours_hides_its_insides(jp_fetch: Fetch, jp_serverapp: Any) -> None:
    async def broken() -> None:
        raise RuntimeError("secret path /home/ann")

    jp_serverapp.web_app.settings[SERVICE].gpus.report = broken
    status, found = await problem(jp_fetch("envmanager", "gpus"))
    assert (status, found.code) == (500, "internal")
    assert "ann" not in found.message


async def test_protected_environments_refuse_removal(jp_fetch: Fetch) -> None:
    listed = decoded(await jp_fetch("envmanager", "environments"), models.Environments).environments
    mine = next(environment for environment in listed if environment.protected)
    status, found = await problem(jp_fetch("envmanager", "environments", mine.id, method="DELETE"))
    assert status == 403
    assert mine.name in found.message
    assert Path(mine.prefix).is_dir()


async def test_gpus_are_a_normal_answer_without_a_driver(jp_fetch: Fetch) -> None:
    report = decoded(await jp_fetch("envmanager", "gpus"), models.GpuReport)
    assert report.available or report.message


async def test_folders_are_listed_only_below_the_roots(jp_fetch: Fetch, home: Path) -> None:
    (home / "project").mkdir()
    listing = decoded(await jp_fetch("envmanager", "folders", params={"path": str(home)}), models.FolderListing)
    assert [folder.name for folder in listing.folders] == ["project"]
    assert listing.free
    for path in ("/etc", "relative", f"{home}/../../../etc"):
        status, found = await problem(jp_fetch("envmanager", "folders", params={"path": path}))
        assert status in (400, 403)
        assert found.field == "prefix"


async def test_works_below_another_base_url(jp_fetch: Fetch, jp_base_url: str) -> None:
    assert jp_base_url != "/"
    assert (await jp_fetch("envmanager", "jobs")).code == 200


def test_every_error_class_has_a_status() -> None:
    from jupyter_envmanager import errors

    classes = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert all(kind in STATUS for kind in classes)
