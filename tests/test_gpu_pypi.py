"""PyTorch from its own index, for each target: what is previewed, what is installed, and what later changes keep."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from conftest import Home, MakeHome
from local_channel import ChannelServer
from pypi_index import Fault, IndexServer, serve_index

from jupyter_envmanager.errors import ChannelUnreachable, CpuBuild, Unsatisfiable
from jupyter_envmanager.models import Change, Job, NewEnvironment, Plan, SpecsSource
from jupyter_envmanager.pypi import Dist, OwnIndex, PypiRequest, PypiSettings, PypiState
from jupyter_envmanager.pypi.resolve import resolve


@pytest.fixture(autouse=True)
def no_gpu_here(monkeypatch: pytest.MonkeyPatch, clean_environment: None) -> None:
    """The same answers on a machine that has one."""
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "")


@pytest.fixture
def torches(index: IndexServer) -> Iterator[IndexServer]:
    """PyTorch's indexes below ``whl``, which have other packages as well, as the true ones do; and the usual index."""
    index.wheel("torch", "2.10.0", requires=["dep"])
    index.wheel("torchvision", "0.25.0", requires=["torch==2.10.0"])
    index.wheel("dep", "1.0")
    index.wheel("front", "1.0", requires=["torch"])
    with serve_index() as server:
        for variant, versions in {"cu126": ["2.8.0", "2.9.0"], "cu118": ["2.6.0", "2.7.1"], "cpu": ["2.9.0"]}.items():
            server.wheel("dep", "9.0", place=f"whl/{variant}")
            for version in versions:
                server.wheel("torch", f"{version}+{variant}", requires=["dep"], place=f"whl/{variant}")
        for vision, torch in (("0.23.0", "2.8.0"), ("0.24.0", "2.9.0")):
            server.wheel("torchvision", f"{vision}+cu126", requires=[f"torch=={torch}"], place="whl/cu126")
        yield server


@pytest.fixture
def home(
    make_home: MakeHome, channel: ChannelServer, shared_pkgs: Path, index: IndexServer, torches: IndexServer
) -> Home:
    """Its torch index wants a password."""
    torches.shelves.password = ("me", "hunter2")
    own = f"{torches.origin}/whl/{{variant}}".replace("://", "://me:hunter2@")
    return make_home(channel.url, pkgs=shared_pkgs, index=index.url, torch_index=own)


def request(*lines: str, gpu: str | None = None, plan: str | None = None) -> NewEnvironment:
    source = SpecsSource(specs=["python"], pypi=list(lines))
    return NewEnvironment(name="one", source=source, kernel=None, gpu=gpu, plan=plan)


def from_pypi(plan: Plan) -> dict[str, str | None]:
    return {action.name: action.to for action in plan.actions if action.manager == "pypi"}


async def test_the_target_decides_which_torch_it_is(home: Home) -> None:
    for gpu, lines, torch, kind in (
        (None, ["torch"], "2.9.0+cpu", "cpu"),
        ("cpu", ["front"], "2.9.0+cpu", "cpu"),
        ("cuda=12.8", ["torch"], "2.9.0+cu126", "gpu"),
        ("cuda=12.6", ["front"], "2.9.0+cu126", "gpu"),
        # The newest variant has no such version; the next has.
        ("cuda=12.6", ["torch<2.8", "front"], "2.7.1+cu118", "gpu"),
        ("cuda=12.4", ["front"], "2.7.1+cu118", "gpu"),
        ("cuda=13.0", ["torch==2.6.0+cu118"], "2.6.0+cu118", "gpu"),
    ):
        plan = await home.service.preview(request(*lines, gpu=gpu))
        assert from_pypi(plan) == {"torch": torch, "dep": "1.0"} | ({"front": "1.0"} if "front" in lines else {})
        assert plan.gpu is not None
        assert [(build.name, build.kind) for build in plan.gpu.builds] == [("torch", kind)]
        assert not plan.gpu.stop
        assert plan.gpu.builds[0].cuda == {"cu126": "12.6", "cu118": "11.8"}.get(torch.partition("+")[2])


async def test_a_cpu_build_for_a_gpu_is_stopped(home: Home) -> None:
    wanted = request("torch==2.9.0+cpu", gpu="cuda=12.6")
    plan = await home.service.preview(wanted)
    assert plan.gpu is not None
    assert plan.gpu.stop
    with pytest.raises(CpuBuild) as caught:
        await home.service.create(msgspec.structs.replace(wanted, plan=plan.id))
    assert caught.value.details["remedies"][0]["pypi_add"] == ["torch==2.9.0"]


async def test_what_is_installed_keeps_its_variant_through_all_later_changes(home: Home, index: IndexServer) -> None:
    wanted = request("front", "torch<2.9", gpu="cuda=12.6")
    plan = await home.service.preview(wanted)
    job = await home.service.create(msgspec.structs.replace(wanted, plan=plan.id))
    job = await home.service.queue.wait(job.id)
    assert job.state == "succeeded", job.error
    assert installed_torch(home) == "2.8.0+cu126"

    index.wheel("front", "2.0", requires=["torch"])
    assert from_pypi(await change(home, job, update=["front"])) == {"front": "2.0"}
    added = await change(home, job, pypi={"install": ["torchvision<0.24"]})
    assert from_pypi(added) == {"torchvision": "0.23.0+cu126"}
    assert installed_torch(home) == "2.8.0+cu126"
    # Updated on its own index, although the other has a newer one.
    updated = await change(home, job, update="all")
    assert from_pypi(updated) == {"torch": "2.9.0+cu126", "torchvision": "0.24.0+cu126"}
    assert installed_torch(home) == "2.9.0+cu126"
    # The password of the index is kept nowhere.
    files = (path for path in home.path.rglob("*") if path.is_file() and not path.is_symlink())
    assert [path for path in files if b"hunter2" in path.read_bytes()] == []
    assert b"hunter2" not in msgspec.json.encode([plan, job, added])


async def test_a_new_target_exchanges_the_wheels_that_are_installed(home: Home) -> None:
    job = await home.service.queue.wait((await home.service.create(request("front", gpu="cpu"))).id)
    assert installed_torch(home) == "2.9.0+cpu"
    preview = home.service.changes.preview
    for gpu, torch, kind in (
        ("cuda=12.8", "2.9.0+cu126", "gpu"),
        # There is none of this version.
        ("cuda=11.8", "2.7.1+cu118", "gpu"),
        # No driver that PyTorch has wheels for: it stays, and the plan stops.
        ("cuda=10.2", None, "cpu"),
        ("cpu", None, "cpu"),
    ):
        plan = await preview(job.environment, Change(gpu=gpu))
        assert from_pypi(plan) == ({"torch": torch} if torch else {})
        assert plan.gpu is not None
        assert [(build.name, build.kind) for build in plan.gpu.builds] == [("torch", kind)]
        assert plan.gpu.stop is (gpu == "cuda=10.2")
    await change(home, job, gpu="cuda=12.8")
    assert installed_torch(home) == "2.9.0+cu126"
    assert from_pypi(await preview(job.environment, Change(gpu="cpu"))) == {"torch": "2.9.0+cpu"}
    # Who asked for what has not changed.
    packages = (await home.service.packages(job.environment)).packages
    assert {one.name for one in packages if one.manager == "pypi" and one.requested} == {"front"}


async def test_a_cpu_target_takes_away_what_only_the_cuda_wheels_had_brought(
    home: Home, index: IndexServer, torches: IndexServer
) -> None:
    needs = ["dep", "nvidia-cublas-cu12", "nvidia-cudnn-cu12", "nvidia-nvtx-cu12", "triton"]
    torches.wheel("torch", "2.9.1+cu126", requires=needs, place="whl/cu126")
    torches.wheel("torch", "2.9.1+cpu", requires=["dep"], place="whl/cpu")
    index.wheel("nvidia-cudnn-cu12", "9.0", requires=["nvidia-cuda-nvrtc-cu12"])
    for name in ("nvidia-cublas-cu12", "nvidia-cuda-nvrtc-cu12", "nvidia-nvtx-cu12", "nvidia-ml-py", "triton"):
        index.wheel(name, "1.0")
    index.wheel("watcher", "1.0", requires=["nvidia-ml-py", 'nvidia-nvtx-cu12; extra == "marks"'])
    wanted = request("torch", "watcher", "triton", gpu="cuda=12.8")
    job = await home.service.queue.wait((await home.service.create(wanted)).id)
    assert job.state == "succeeded", job.error
    plan = await change(home, job, gpu="cpu")
    gone = ["nvidia-cublas-cu12", "nvidia-cuda-nvrtc-cu12", "nvidia-cudnn-cu12"]
    assert from_pypi(plan) == {"torch": "2.9.1+cpu"} | dict.fromkeys(gone)
    assert {action.name for action in plan.actions if action.op == "remove"} == {*gone}
    left = {one.name for one in (await home.service.packages(job.environment)).packages if one.manager == "pypi"}
    assert left == {"torch", "dep", "watcher", "nvidia-ml-py", "nvidia-nvtx-cu12", "triton"}


async def test_of_another_address_pytorch_comes_as_a_whole(
    tmp_path: Path, index: IndexServer, torches: IndexServer
) -> None:
    home, other = f"{torches.origin}/whl/cpu", f"{torches.origin}/whl/cu126"
    own = OwnIndex(addresses=[home, other], only=["torch", "torchvision"], home=home)
    settings = PypiSettings(index=index.url, cache=str(tmp_path / "cache"))
    there = [Dist(name="torch", version="2.9.0+cpu"), Dist(name="dep", version="1.0")]
    state = PypiState(python=sys.executable, python_version="3.11.7", pypi=there)
    # The address that torch came from has no torchvision.
    plan = await resolve(PypiRequest(install=["torchvision"], own=own), state, settings)
    assert {action.name: action.to for action in plan.actions} == {
        "torch": "2.9.0+cu126",
        "torchvision": "0.24.0+cu126",
    }


async def change(home: Home, job: Job, **more: object) -> Plan:
    changes = home.service.changes
    plan = await changes.preview(job.environment, msgspec.convert(more, Change))
    done = await home.service.queue.wait((await changes.change(job.environment, Change(plan=plan.id))).id)
    assert done.state == "succeeded", done.error
    return plan


def installed_torch(home: Home) -> str:
    python = home.envs / "one" / "bin" / "python"
    code = "import torch; print(torch.__version__)"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.strip()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(status=500), "HTTP 500"),
        (Fault(status=403), "has none of torch"),
        (Fault(status=404), "has none of torch"),
    ],
)
async def test_an_index_that_fails_is_named_without_its_password(
    tmp_path: Path, index: IndexServer, torches: IndexServer, fault: Fault, reason: str
) -> None:
    torches.fault("/whl/*", fault)
    address = f"{torches.origin}/whl/cu126".replace("://", "://me:hunter2@")
    with pytest.raises(ChannelUnreachable, match=reason) as caught:
        await asked(tmp_path, index, address, "torch")
    assert urlsplit(torches.origin).netloc in caught.value.message
    assert "hunter2" not in f"{caught.value.message}{caught.value.details}"


async def test_without_a_solution_the_best_address_says_why(
    tmp_path: Path, index: IndexServer, torches: IndexServer
) -> None:
    with pytest.raises(Unsatisfiable, match=r"2\.9\.0\+cu126"):
        await asked(tmp_path, index, f"{torches.origin}/whl/cu126", "torch>=3")
    # These packages have nothing to do with it: their index is not asked.
    before = len(torches.shelves.requests)
    with pytest.raises(Unsatisfiable, match="dep"):
        await asked(tmp_path, index, f"{torches.origin}/whl/cpu", "dep>=3")
    assert len(torches.shelves.requests) == before


async def asked(folder: Path, index: IndexServer, address: str, line: str) -> None:
    own = OwnIndex(addresses=[address], only=["torch", "torchvision"])
    settings = PypiSettings(index=index.url, cache=str(folder / "cache"))
    state = PypiState(python=sys.executable, python_version="3.11.7")
    await resolve(PypiRequest(install=[line], own=own), state, settings)
