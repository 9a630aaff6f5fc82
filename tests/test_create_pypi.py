"""A new environment with packages from PyPI: what is there is what the preview said, or nothing is."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import msgspec
import pytest
from conftest import Home, MakeHome
from killing import workers_kill_themselves
from local_channel import ChannelServer, Synthetic, serve, write_channel
from pypi_index import Fault, IndexServer, sdist

from jupyter_envmanager.errors import Invalid, NotFound, Overwrites, Unsatisfiable
from jupyter_envmanager.models import Job, NewEnvironment, Plan, SpecsSource

__all__ = ["workers_kill_themselves"]


def request(*lines: str, specs: tuple[str, ...] = ("python",), accept: list[str] | None = None) -> NewEnvironment:
    return NewEnvironment(
        name="one", source=SpecsSource(specs=list(specs), pypi=list(lines)), kernel=None, accept=accept or []
    )


async def apply(home: Home, wanted: NewEnvironment, plan: Plan) -> Job:
    job = await home.service.create(msgspec.structs.replace(wanted, plan=plan.id))
    return await home.service.queue.wait(job.id)


def from_pypi(plan: Plan) -> dict[str, str | None]:
    return {action.name: action.to for action in plan.actions if action.manager == "pypi"}


def run(*command: object) -> str:
    """What a program printed; fails with what it complained of."""
    answer = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


async def test_what_was_previewed_is_created_although_the_index_has_moved_on(
    pypi_home: Home, index: IndexServer
) -> None:
    index.wheel(
        "alpha",
        "1.0",
        requires=["beta", "idna"],
        scripts={"alpha": "alpha:main"},
        files={"alpha.py": "import beta, idna\ndef main(): print(beta.__version__)\n"},
    )
    index.wheel("beta", "1.0")
    index.wheel("idna", "99.0")
    wanted = request("alpha", specs=("python", "idna"))
    plan = await pypi_home.service.preview(wanted)
    assert from_pypi(plan) == {"alpha": "1.0", "beta": "1.0"}
    sizes = {action.name: action.size for action in plan.actions if action.manager == "pypi"}
    assert all(sizes.values())
    assert plan.download_size >= sum(size or 0 for size in sizes.values())
    assert plan.actions[0].manager == "conda"
    index.wheel("alpha", "2.0")
    index.wheel("beta", "2.0")
    job = await apply(pypi_home, wanted, plan)
    assert job.state == "succeeded", job.error
    script = pypi_home.envs / "one" / "bin" / "alpha"
    assert ".envmanager" not in script.read_text()
    assert run(script) == "1.0\n"
    packages = (await pypi_home.service.packages(job.environment)).packages
    assert {(one.name, one.version, one.requested) for one in packages if one.manager == "pypi"} == {
        ("alpha", "1.0", True),
        ("beta", "1.0", False),
    }
    assert [one.manager for one in packages if one.name == "idna"] == ["conda"]
    assert pypi_home.leftovers() == []
    assert (await pypi_home.service.changes.health(job.environment, full=True)).damaged == []


async def test_only_the_settings_count(pypi_home: Home, index: IndexServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither pip's variables nor its configuration, nor a Python path, nor another index."""
    index.wheel("alpha", "1.0")
    elsewhere = pypi_home.path / "elsewhere"
    (elsewhere / "pip").mkdir(parents=True)
    (elsewhere / "pip" / "pip.conf").write_text(f"[global]\ntarget = {elsewhere}\nindex-url = http://127.0.0.1:9\n")
    for name, text in {
        "HOME": str(pypi_home.path),
        "XDG_CONFIG_HOME": str(elsewhere),
        "PIP_TARGET": str(elsewhere),
        "PIP_USER": "1",
        "PIP_INDEX_URL": "http://127.0.0.1:9",
        "UV_INDEX_URL": "http://127.0.0.1:9",
        "UV_TARGET": str(elsewhere),
    }.items():
        monkeypatch.setenv(name, text)
    wanted = request("alpha")
    job = await apply(pypi_home, wanted, await pypi_home.service.preview(wanted))
    assert job.state == "succeeded", job.error
    assert [path.name for path in elsewhere.iterdir()] == ["pip"]
    assert not (pypi_home.path / ".local").exists()
    code = "import alpha, sys; print(alpha.__file__.startswith(sys.prefix))"
    assert run(pypi_home.envs / "one" / "bin" / "python", "-s", "-c", code) == "True\n"


async def test_conda_packages_count_by_what_they_bring_before_they_are_downloaded(
    make_home: MakeHome, channel: ChannelServer, shared_pkgs: Path, index: IndexServer, tmp_path: Path
) -> None:
    """conda's name of a package is not Python's: its archive tells."""
    info = "site-packages/torch-1.0.dist-info"
    invented = Synthetic(
        "pytorch",
        "1.0",
        depends=("python",),
        noarch="python",
        files={
            "site-packages/torch.py": b"__version__ = 'conda'\n",
            f"{info}/METADATA": b"Metadata-Version: 2.1\nName: torch\nVersion: 1.0\n\n",
            f"{info}/INSTALLER": b"conda\n",
        },
    )
    index.wheel("torch", "2.0")
    index.wheel("alpha", "1.0", requires=["torch"])
    index.wheel("modern", "1.0", requires=["torch>=2"])
    local = write_channel(tmp_path / "invented", [invented])
    with serve(local.directory) as server:
        home = make_home(channel.url, server.url, pkgs=shared_pkgs, index=index.url)
        with pytest.raises(Overwrites, match=r"would replace torch 1\.0"):
            await home.service.preview(request("modern", specs=("python", "pytorch")))
        wanted = request("alpha", specs=("python", "pytorch"))
        plan = await home.service.preview(wanted)
        assert from_pypi(plan) == {"alpha": "1.0"}
        job = await apply(home, wanted, plan)
        assert job.state == "succeeded", job.error
    python = home.envs / "one" / "bin" / "python"
    assert run(python, "-c", "import alpha, torch; print(torch.__version__)") == "conda\n"


async def test_a_conda_package_whose_archive_does_not_tell_is_still_not_replaced(
    make_home: MakeHome, channel: ChannelServer, shared_pkgs: Path, index: IndexServer, tmp_path: Path
) -> None:
    """Too large to be looked into beforehand: the worker sees, and the next preview knows."""
    info = "site-packages/torch-1.0.dist-info"
    invented = Synthetic(
        "large-torch",
        "1.0",
        depends=("python",),
        noarch="python",
        files={
            "share/noise": random.Random(4).randbytes(700_000),
            f"{info}/METADATA": b"Metadata-Version: 2.1\nName: torch\nVersion: 1.0\n\n",
            f"{info}/INSTALLER": b"conda\n",
        },
    )
    index.wheel("torch", "2.0")
    wanted = request("torch>=2", specs=("python", "large-torch"))
    local = write_channel(tmp_path / "invented", [invented])
    with serve(local.directory) as server:
        home = make_home(channel.url, server.url, pkgs=shared_pkgs, index=index.url)
        plan = await home.service.preview(wanted)
        job = await apply(home, wanted, plan)
        assert job.state == "failed"
        assert job.error is not None
        assert job.error.code == "overwrites_conda"
        assert not (home.envs / "one").exists()
        with pytest.raises(Overwrites):
            await home.service.preview(wanted)
        allowed = msgspec.structs.replace(wanted, accept=["overwrites_conda"])
        plan = await home.service.preview(allowed)
        assert "overwrites_conda" in [warning.code for warning in plan.warnings]
        job = await apply(home, allowed, plan)
        assert job.state == "succeeded", job.error
    assert run(home.envs / "one" / "bin" / "python", "-c", "import torch; print(torch.__version__)") == "2.0\n"


@pytest.mark.parametrize(
    ("lines", "specs", "error"),
    [
        (["alpha"], (), Invalid),
        (["nosuch"], ("python",), NotFound),
        (["alpha>=9"], ("python",), Unsatisfiable),
        (["--index-url http://127.0.0.1:9"], ("python",), Invalid),
        (["alpha @ https://me:secret@127.0.0.1/alpha-1.0-py3-none-any.whl"], ("python",), Invalid),
        (["alpha\nbeta"], ("python",), Invalid),
    ],
)
async def test_what_cannot_be_had_is_said_at_the_preview(
    pypi_home: Home, index: IndexServer, lines: list[str], specs: tuple[str, ...], error: type[Invalid]
) -> None:
    index.wheel("alpha", "1.0")
    with pytest.raises(error) as caught:
        await pypi_home.service.preview(request(*lines, specs=specs))
    assert caught.value.field == "pypi"
    assert caught.value.hint
    assert "secret" not in caught.value.message


async def test_a_source_is_built_with_the_environments_own_python(pypi_home: Home, index: IndexServer) -> None:
    index.add(sdist("alpha", "1.0", requires=["beta"]))
    index.wheel("beta", "1.0")
    wanted = request("alpha")
    plan = await pypi_home.service.preview(wanted)
    assert from_pypi(plan) == {"alpha": "1.0", "beta": "1.0"}
    told = next(warning for warning in plan.warnings if warning.code == "builds_from_source")
    assert told.message == "alpha will be built from source on this machine."
    job = await apply(pypi_home, wanted, plan)
    assert job.state == "succeeded", job.error
    assert run(pypi_home.envs / "one" / "bin" / "python", "-c", "import alpha; print(alpha.__version__)") == "1.0\n"


async def test_a_failing_build_shows_its_log_and_leaves_nothing(pypi_home: Home, index: IndexServer) -> None:
    index.add(sdist("alpha", "1.0", fail="no compiler here"))
    wanted = request("alpha")
    job = await apply(pypi_home, wanted, await pypi_home.service.preview(wanted))
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "build_failed"
    assert "no compiler here" in job.error.details["log"]
    assert not (pypi_home.envs / "one").exists()
    assert pypi_home.leftovers() == []


async def test_a_wheel_that_is_not_the_previewed_one_is_refused(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("alpha", "1.0")
    wanted = request("alpha")
    plan = await pypi_home.service.preview(wanted)
    index.wheel("alpha", "1.0", files={"alpha.py": "evil = True\n"})
    job = await apply(pypi_home, wanted, plan)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "damaged", job.error
    assert not (pypi_home.envs / "one").exists()
    assert pypi_home.leftovers() == []


async def test_a_file_that_the_index_has_no_more_leaves_nothing(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("alpha", "1.0")
    wanted = request("alpha")
    plan = await pypi_home.service.preview(wanted)
    index.fault("*", Fault(status=404))
    job = await apply(pypi_home, wanted, plan)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "channel_unreachable"
    assert not (pypi_home.envs / "one").exists()
    assert pypi_home.leftovers() == []


@pytest.mark.usefixtures("workers_kill_themselves")
async def test_killed_while_it_installs_from_pypi(
    pypi_home: Home, index: IndexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.wheel("alpha", "1.0")
    wanted = request("alpha")
    # The preview has a worker started, which is to know.
    monkeypatch.setenv("ENVMANAGER_TEST_KILL_AT", "pypi")
    plan = await pypi_home.service.preview(wanted)
    job = await apply(pypi_home, wanted, plan)
    assert job.state == "lost"
    assert not (pypi_home.envs / "one").exists()
    assert pypi_home.leftovers() == []
    monkeypatch.delenv("ENVMANAGER_TEST_KILL_AT")
    assert (await apply(pypi_home, wanted, plan)).state == "succeeded"


async def test_a_password_of_the_index_is_not_kept(
    make_home: MakeHome, channel: ChannelServer, shared_pkgs: Path, index: IndexServer
) -> None:
    index.shelves.password = ("me", "hunter2")
    index.wheel("alpha", "1.0")
    home = make_home(channel.url, pkgs=shared_pkgs, index=index.url.replace("://", "://me:hunter2@"))
    wanted = request("alpha")
    plan = await home.service.preview(wanted)
    job = await apply(home, wanted, plan)
    assert job.state == "succeeded", job.error
    assert b"hunter2" not in msgspec.json.encode([plan, job])
    files = (path for path in home.path.rglob("*") if path.is_file() and not path.is_symlink())
    assert [path for path in files if b"hunter2" in path.read_bytes()] == []
