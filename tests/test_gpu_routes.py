"""GPU checks over REST, on a real Jupyter server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import end_jobs, until
from gpu_standins import CPU_TORCH, HANGING, make_venv, put, runs, site_packages
from test_handlers import Fetch, decoded, problem

from jupyter_envmanager import models
from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.handlers import SERVICE

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes in /proc")


@pytest.fixture
def jp_server_config(tmp_path: Path) -> Any:
    """Our extension alone."""
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_envmanager": True}},
        "EnvManagerApp": {"state_dir": str(tmp_path / "state"), "allowed_roots": [str(tmp_path)]},
    }


@pytest.fixture(autouse=True)
def prefix(jp_environ: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a virtual environment."""
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    return make_venv(tmp_path / "user" / ".conda" / "envs" / "lab")


@pytest.fixture(autouse=True)
def nothing_outlives_its_test(
    prefix: Path, jp_serverapp: Any, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[None]:
    yield
    jp_asyncio_loop.run_until_complete(end_jobs(jp_serverapp.web_app.settings[SERVICE]))


async def shown(fetch: Fetch, one: str) -> models.EnvironmentGpu:
    found: models.EnvironmentGpu = decoded(await fetch("envmanager", "environments", one, "gpu"), models.EnvironmentGpu)
    return found


async def test_a_check_is_begun_shown_refused_cancelled_and_done(
    jp_fetch: Fetch, jp_serverapp: Any, prefix: Path, tmp_path: Path
) -> None:
    one, file = environment_id(prefix), tmp_path / "pids"
    check = ("envmanager", "environments", one, "gpu", "check")
    told: list[Any] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        told.append((data["job"], data["environment"]))

    schema = "https://events.jupyter.org/jupyter_envmanager/job/v1"
    jp_serverapp.event_logger.add_listener(schema_id=schema, listener=listen)
    put(site_packages(prefix), {"torch.py": HANGING.format(file=str(file))})
    answer = await jp_fetch(*check, method="POST", body="")
    assert (answer.code, decoded(answer, models.GpuCheck).state) == (202, "running")
    await until(file.exists)
    running = (await shown(jp_fetch, one)).check
    assert running is not None
    assert running.state == "running"
    status, found = await problem(jp_fetch(*check, method="POST", body=""))
    assert (status, found.code) == (423, "busy")
    assert (await jp_fetch(*check, method="DELETE")).code == 204
    assert not any(runs(int(pid)) for pid in file.read_text().split())
    status, found = await problem(jp_fetch(*check, method="DELETE"))
    assert (status, found.code) == (404, "not_found")
    assert (await shown(jp_fetch, one)).check is None

    put(site_packages(prefix), {"torch.py": CPU_TORCH})
    await jp_fetch(*check, method="POST", body="")
    await jp_serverapp.web_app.settings[SERVICE].gpus.wait(one)
    done = (await shown(jp_fetch, one)).check
    assert done is not None
    assert [(framework.name, framework.state) for framework in done.frameworks] == [("torch", "cpu_build")]
    listed = decoded(await jp_fetch("envmanager", "environments"), models.Environments).environments
    assert [env.gpu for env in listed if env.id == one] == ["cpu_build"]
    await until(lambda: told.count(("", one)) >= 4)


async def test_an_environment_that_is_not_there_is_not_found(jp_fetch: Fetch) -> None:
    path = ("envmanager", "environments", "0" * 16, "gpu")
    for call in (jp_fetch(*path), jp_fetch(*path, "check", method="POST", body="")):
        status, found = await problem(call)
        assert (status, found.code) == (404, "not_found")
