"""Kernels, notebooks and terminals over REST, on a real Jupyter server."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import end_jobs
from local_channel import ChannelServer
from pypi_index import IndexServer
from test_handlers import Fetch, decoded, problem

from jupyter_envmanager import models
from jupyter_envmanager.handlers import SERVICE


@pytest.fixture
def group(tmp_path: Path) -> Path:
    """A folder that a group shares."""
    folder = tmp_path / "group" / "kernels"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def jp_server_config(tmp_path: Path, group: Path, index: IndexServer) -> Any:
    """Our extension and Jupyter's terminals."""
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_envmanager": True, "jupyter_server_terminals": True}},
        "EnvManagerApp": {
            "state_dir": str(tmp_path / "state"),
            "allowed_roots": [str(tmp_path)],
            "group_kernels_dir": str(group),
            "pypi_index": index.url,
        },
    }


@pytest.fixture(autouse=True)
def prefix(jp_environ: None, tmp_path: Path, tiny: ChannelServer, group: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with an environment in it that ships a kernel for bash."""
    home = tmp_path / "user"
    prefix = home / ".conda" / "envs" / "shells"
    shipped = prefix / "share" / "jupyter" / "kernels" / "bash"
    for folder in (shipped, prefix / "conda-meta", prefix / "bin"):
        folder.mkdir(parents=True)
    (prefix / "conda-meta" / "history").touch()
    shutil.copy(shutil.which("true") or "/bin/true", prefix / "bin" / "bash")
    spec = {"argv": ["bash", "{connection_file}"], "display_name": "Bash", "language": "bash"}
    (shipped / "kernel.json").write_text(json.dumps(spec))
    (home / ".condarc").write_text(f"channels:\n  - {tiny.url}\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("JUPYTER_PATH", str(group.parent))
    monkeypatch.setenv("SHELL", shutil.which("bash") or "/bin/sh")
    return prefix


@pytest.fixture(autouse=True)
def no_job_outlives_its_test(
    prefix: Path, jp_serverapp: Any, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[None]:
    yield
    jp_asyncio_loop.run_until_complete(end_jobs(jp_serverapp.web_app.settings[SERVICE]))


async def environment(fetch: Fetch, prefix: Path) -> models.Environment:
    listed: list[models.Environment] = decoded(
        await fetch("envmanager", "environments"), models.Environments
    ).environments
    return next(one for one in listed if one.prefix == str(prefix))


async def post(fetch: Fetch, *path: str, method: str = "POST", force: bool = False, **body: Any) -> Any:
    params = {"force": "1"} if force else {}
    return await fetch("envmanager", *path, method=method, body=json.dumps(body), params=params)


async def kernels(fetch: Fetch) -> dict[str, models.Kernel]:
    answer = decoded(await fetch("envmanager", "kernels"), models.Kernels)
    return {kernel.name: kernel for kernel in answer.kernels}


async def test_a_kernel_is_registered_edited_copied_moved_and_removed(
    jp_fetch: Fetch, prefix: Path, group: Path
) -> None:
    one = await environment(jp_fetch, prefix)
    offers = decoded(await jp_fetch("envmanager", "environments", one.id, "kernels"), models.KernelOffers)
    assert [offer.language for offer in offers.offers] == ["bash"]
    made = decoded(
        await post(jp_fetch, "kernels", environment=one.id, source=offers.offers[0].source, variables={"A": "1 2"}),
        models.Kernel,
    )
    assert (made.environment, made.language, made.scope, made.stamped) == (one.id, "bash", "me", True)

    edited = decoded(
        await post(jp_fetch, "kernels", made.name, method="PATCH", display_name="Shell of the lab", modules=["gcc/13"]),
        models.Kernel,
    )
    assert edited.display_name == "Shell of the lab"
    settings = decoded(await jp_fetch("envmanager", "kernels", made.name), models.KernelSettings)
    assert (settings.variables, settings.modules) == ({"A": "1 2"}, ["gcc/13"])
    assert "module load" in settings.script

    copied = decoded(await post(jp_fetch, "kernels", made.name, "copy"), models.Kernel)
    assert copied.name != made.name
    assert copied.display_name != edited.display_name
    moved = decoded(await post(jp_fetch, "kernels", copied.name, "move", to="group"), models.Kernel)
    assert (moved.scope, Path(moved.path).parent) == ("group", group)

    for name in (made.name, copied.name):
        assert (await jp_fetch("envmanager", "kernels", name, method="DELETE")).code == 204
    assert not {made.name, copied.name} & set(await kernels(jp_fetch))


async def test_a_shared_kernel_goes_with_its_environment(jp_fetch: Fetch, jp_serverapp: Any, prefix: Path) -> None:
    one = await environment(jp_fetch, prefix)
    made = decoded(await post(jp_fetch, "kernels", environment=one.id), models.Kernel)
    moved = decoded(await post(jp_fetch, "kernels", made.name, "move", to="group"), models.Kernel)
    removal = decoded(await jp_fetch("envmanager", "environments", one.id, "removal"), models.RemovalPreview)
    assert [kernel.path for kernel in removal.kernels] == [moved.path]
    job = decoded(await jp_fetch("envmanager", "environments", one.id, method="DELETE"), models.Job)
    assert (await jp_serverapp.web_app.settings[SERVICE].queue.wait(job.id)).state == "succeeded"
    assert not prefix.exists()
    assert not Path(moved.path).exists()


async def test_what_another_tool_wrote_is_changed_only_with_a_yes_that_has_seen_the_path(
    jp_fetch: Fetch, jp_data_dir: Path
) -> None:
    folder = jp_data_dir / "kernels" / "hand"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(
        json.dumps({"argv": [sys.executable, "{connection_file}"], "display_name": "By hand", "language": "python"})
    )
    for call in (
        post(jp_fetch, "kernels", "hand", method="PATCH", display_name="Ours"),
        post(jp_fetch, "kernels", "hand", "move", to="group"),
        jp_fetch("envmanager", "kernels", "hand", method="DELETE"),
    ):
        status, found = await problem(call)
        assert (status, found.details["path"]) == (403, str(folder))
    assert json.loads((folder / "kernel.json").read_text())["display_name"] == "By hand"
    edited = await post(jp_fetch, "kernels", "hand", method="PATCH", force=True, display_name="Ours")
    assert decoded(edited, models.Kernel).display_name == "Ours"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"variables": {"not a name": "x"}}, "variables"),
        ({"modules": ["gcc\nrm"]}, "modules"),
        ({"logo": {"type": "upload", "content": base64.b64encode(b"no picture").decode()}}, "logo"),
        ({"logo": {"type": "upload", "content": "%%%"}}, "logo"),
        ({"logo": {"type": "upload", "content": base64.b64encode(bytes(5_000_000)).decode()}}, "logo"),
        ({"logo": {"type": "initials", "color": "red; }"}}, "logo"),
    ],
)
async def test_bad_edits_are_problems_at_their_field(
    jp_fetch: Fetch, prefix: Path, body: dict[str, Any], field: str
) -> None:
    one = await environment(jp_fetch, prefix)
    made = decoded(await post(jp_fetch, "kernels", environment=one.id), models.Kernel)
    before = {file.name: file.read_bytes() for file in Path(made.path).iterdir()}
    status, found = await problem(post(jp_fetch, "kernels", made.name, method="PATCH", **body))
    assert (status, found.field) == (400, field)
    assert {file.name: file.read_bytes() for file in Path(made.path).iterdir()} == before


async def test_a_logo_of_50_mb_is_refused_and_the_server_lives(jp_fetch: Fetch, prefix: Path) -> None:
    one = await environment(jp_fetch, prefix)
    made = decoded(await post(jp_fetch, "kernels", environment=one.id), models.Kernel)
    content = base64.b64encode(bytes(50_000_000)).decode()
    status, found = await problem(
        post(jp_fetch, "kernels", made.name, method="PATCH", logo={"type": "upload", "content": content})
    )
    assert status == 400
    assert "1 MB" in f"{found.message} {found.hint}"
    assert made.name in await kernels(jp_fetch)


async def test_unknown_kernels_are_problems(jp_fetch: Fetch) -> None:
    for call in (
        jp_fetch("envmanager", "kernels", "nosuch"),
        post(jp_fetch, "kernels", "nosuch", method="PATCH"),
        post(jp_fetch, "kernels", "nosuch", "copy"),
        post(jp_fetch, "kernels", "nosuch", "move", to="me"),
        post(jp_fetch, "kernels", "nosuch", "rewrite"),
        post(jp_fetch, "kernels", "nosuch", "check"),
        post(jp_fetch, "notebooks", "install-lines", kernel="nosuch", source="!pip install x"),
        post(jp_fetch, "environments", "0" * 16, "terminal"),
    ):
        status, found = await problem(call)
        assert (status, found.code) == (404, "not_found")


async def test_a_terminal_starts_in_the_environment(
    jp_fetch: Fetch, jp_serverapp: Any, prefix: Path, tmp_path: Path
) -> None:
    one = await environment(jp_fetch, prefix)
    name = decoded(await post(jp_fetch, "environments", one.id, "terminal"), models.TerminalName).name
    terminal = jp_serverapp.web_app.settings["terminal_manager"].get_terminal(name)
    said = tmp_path / "said"
    terminal.ptyproc.write(f'echo "$CONDA_PREFIX|${{PATH%%:*}}" > "{said}.part"; mv "{said}.part" "{said}"\n')
    for _ in range(500):
        if said.exists():
            break
        await asyncio.sleep(0.02)
    assert said.read_text() == f"{prefix}|{prefix}/bin\n"
    await jp_fetch("api", "terminals", name, method="DELETE")


async def test_activation_lines_work_in_a_plain_shell(jp_fetch: Fetch, prefix: Path) -> None:
    one = await environment(jp_fetch, prefix)
    lines = decoded(await jp_fetch("envmanager", "environments", one.id, "activation"), models.Activation)
    for text in (lines.shell, lines.job):
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", f'{text}\necho "${{PATH%%:*}}"', stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
        )
        answer, _ = await process.communicate()
        assert answer.decode() == f"{prefix}/bin\n"


async def test_an_environment_is_described_without_its_place(jp_fetch: Fetch, prefix: Path) -> None:
    source = {"type": "specs", "specs": ["tiny=1"]}
    job = decoded(await post(jp_fetch, "environments", name="one", source=source, kernel=None), models.Job)
    for _ in range(1000):
        if decoded(await jp_fetch("envmanager", "jobs", job.id), models.Job).state == "succeeded":
            break
        await asyncio.sleep(0.02)
    answer = await jp_fetch("envmanager", "environments", job.environment, "description")
    described = decoded(answer, models.Description)
    assert (described.name, described.specs) == ("one", ["tiny=1"])
    assert len(described.lock) == 64
    assert str(prefix.parent) not in answer.body.decode()


async def test_the_imports_of_a_notebook_are_answered(jp_fetch: Fetch) -> None:
    answer = await post(jp_fetch, "notebooks", "imports", cells=["import os, tiny\nimport nothing_has_this"])
    found = decoded(answer, models.NotebookImports).imports
    assert {one.module: one.spec for one in found} == {"tiny": "tiny", "nothing_has_this": None}


async def test_a_test_start_does_not_speak_for_what_has_changed_since(
    jp_fetch: Fetch, jp_serverapp: Any, prefix: Path
) -> None:
    one = await environment(jp_fetch, prefix)
    made = decoded(await post(jp_fetch, "kernels", environment=one.id), models.Kernel)
    service = jp_serverapp.web_app.settings[SERVICE]
    service.checks.put(made.name, models.KernelCheck(state="failed", time=time.time()))
    check = (await kernels(jp_fetch))[made.name].check
    assert check is not None
    assert check.state == "failed"
    later = time.time() + 10
    os.utime(prefix / "conda-meta" / "history", (later, later))
    os.utime(prefix / "conda-meta", (later, later))
    assert (await kernels(jp_fetch))[made.name].check is None
