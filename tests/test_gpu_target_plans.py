"""The GPU target in every plan: which builds come for it, what stops, what is stored, what later changes keep."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from conftest import Home, MakeHome
from local_channel import ChannelServer, Synthetic, serve, write_channel
from rattler import VirtualPackage

from jupyter_envmanager.changes.gpuswitch import Switch
from jupyter_envmanager.changes.gputarget import environment_target, stored_target
from jupyter_envmanager.changes.title import title
from jupyter_envmanager.cli import gpuplan
from jupyter_envmanager.cli.main import parser_of
from jupyter_envmanager.engine.change import Installed, Wish
from jupyter_envmanager.engine.solve import solve_new, virtual_packages
from jupyter_envmanager.engine.variants import Aim
from jupyter_envmanager.engine.workplace import MARKER, put, read_marker, write_marker
from jupyter_envmanager.errors import CpuBuild, Invalid, NotFound, Unsatisfiable
from jupyter_envmanager.gpu.target import CPU_ONLY
from jupyter_envmanager.models import Change, GpuReport, GpuTarget, Job, Package, Plan
from jupyter_envmanager.service.gputargets import RecentTargets

GPU = ("cuda-version >=12.6,<13", "__cuda")
PACKAGES = (
    Synthetic("cuda-version", "11.8", constrains=("__cuda >=11",)),
    Synthetic("cuda-version", "12.6", constrains=("__cuda >=12",)),
    *(
        Synthetic("pytorch", version, build=build, build_number=number, depends=depends)
        for version in ("2.4.0", "2.5.0")
        for build, number, depends in (("cpu_generic_py312_0", 0, ()), ("cuda126_generic_py312_200", 200, GPU))
    ),
    Synthetic("pytorch-gpu", "2.5.0", build="cuda126_generic_200", depends=("pytorch ==2.5.0 cuda*", *GPU)),
    Synthetic("torchlet", "1.0", depends=("pytorch",)),
    Synthetic("boost", "4.0", build="cpu_py312_0"),
    Synthetic("boost", "4.5", build="cpu_py312_0"),
    Synthetic("boost", "4.5", build="cuda126_py312_100", build_number=100, depends=GPU),
    Synthetic("tiny", "1.0"),
    Synthetic("tiny", "2.0"),
    Synthetic("clash", "1.0", depends=("tiny <2",)),
)
CPU, CUDA = "cpu_generic_py312_0", "cuda126_generic_py312_200"


@pytest.fixture(autouse=True)
def no_gpu_here(monkeypatch: pytest.MonkeyPatch, clean_environment: None) -> None:
    """The same answers on a machine that has one."""
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "")


@pytest.fixture(scope="module")
def gpu_channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChannelServer]:
    with serve(write_channel(tmp_path_factory.mktemp("channel") / "gpu", PACKAGES).directory) as server:
        yield server


@pytest.fixture
def home(make_home: MakeHome, gpu_channel: ChannelServer) -> Home:
    return make_home(gpu_channel.url)


def builds(plan: Plan) -> dict[str, str | None]:
    return {action.name: action.build for action in plan.actions if action.op != "remove"}


def codes(plan: Plan) -> list[str]:
    return [warning.code for warning in plan.warnings]


async def preview(home: Home, name: str, change: Change) -> Plan:
    return await home.service.changes.preview((await home.service.find(name)).id, change)


async def apply(home: Home, name: str, change: Change) -> Job:
    plan = await preview(home, name, change)
    job = await home.service.changes.change((await home.service.find(name)).id, Change(plan=plan.id))
    return await home.service.queue.wait(job.id)


async def test_the_target_decides_the_build(home: Home) -> None:
    for gpu, build in (
        (None, CPU),
        ("machine", CPU),
        ("cpu", CPU),
        ("cuda=11.4", CPU),
        ("cuda=12.4", CUDA),
        ("cuda=13.0,arch=9.0", CUDA),
    ):
        plan = await home.service.preview(home.request("one", "pytorch", gpu=gpu))
        assert builds(plan)["pytorch"] == build, gpu
        assert plan.gpu is not None
        assert plan.gpu.target.name == (gpu or "machine")
        assert [(one.name, one.kind) for one in plan.gpu.builds] == [("pytorch", "cpu" if build == CPU else "gpu")]


async def test_a_plan_without_gpu_packages_says_what_it_is_for_and_no_more(home: Home) -> None:
    plan = await home.service.preview(home.request("one", "tiny", gpu="cuda=12.4", kernel=None))
    assert plan.gpu is not None
    assert (plan.gpu.target.cuda, plan.gpu.builds, plan.gpu.stop, plan.warnings) == ("12.4", [], False, [])


async def test_a_target_that_is_none_is_refused_at_its_field(home: Home) -> None:
    for wrong in ("h100", "cuda=abc"):
        with pytest.raises(Invalid) as refused:
            await home.service.preview(home.request("one", "tiny", gpu=wrong))
        assert refused.value.field == "gpu"


async def test_a_cpu_build_for_a_gpu_stops_until_it_is_accepted(home: Home) -> None:
    request = home.request("one", "pytorch", gpu="cuda=11.4")
    plan = await home.service.preview(request)
    assert plan.gpu is not None
    assert plan.gpu.stop
    assert "cpu_build" in codes(plan)
    with pytest.raises(CpuBuild) as refused:
        await home.service.create(home.request("one", "pytorch", gpu="cuda=11.4", plan=plan.id))
    assert refused.value.field == "gpu"
    assert gpuplan.remedies(refused.value.details)
    accepted = await home.service.preview(home.request("one", "pytorch", gpu="cuda=11.4", accept=["cpu_build"]))
    assert accepted.gpu is not None
    assert not accepted.gpu.stop
    assert "cpu_build" in codes(accepted)


async def test_the_gpu_is_named_as_the_reason_only_where_it_is(home: Home) -> None:
    with pytest.raises(Unsatisfiable) as without:
        await home.service.preview(home.request("one", "pytorch-gpu", gpu="cpu"))
    assert without.value.field == "gpu"
    with pytest.raises(Unsatisfiable) as otherwise:
        await home.service.preview(home.request("one", "clash", "tiny=2", "pytorch", gpu="cpu"))
    assert otherwise.value.field == "specs"


async def test_the_name_of_the_python_package_index_is_understood(home: Home) -> None:
    plan = await home.service.preview(home.request("one", "torch=2.4", gpu="cuda=12.4", kernel=None))
    assert (builds(plan)["pytorch"], codes(plan)) == (CUDA, ["renamed"])
    with pytest.raises(NotFound):
        await home.service.preview(home.request("one", "cupy-cuda12x"))


async def test_a_change_keeps_the_target_and_a_new_target_exchanges_builds(home: Home) -> None:
    made = await home.create("one", "pytorch=2.4", "tiny=1", kernel=None, gpu="cuda=12.4,arch=9.0")
    assert made.state == "succeeded", made.error
    prefix = home.envs / "one"
    stored = stored_target(prefix)
    assert stored is not None
    assert (stored.cuda, stored.compute_capability) == ("12.4", "9.0")

    added = await preview(home, "one", Change(install=["torchlet"]))
    assert builds(added) == {"torchlet": "0"}
    updated = await preview(home, "one", Change(update=["pytorch"]))
    assert builds(updated) == {"pytorch": CUDA}
    assert updated.gpu is not None
    assert updated.gpu.target == stored

    planned = {action.name: action for action in (await preview(home, "one", Change(gpu="cpu"))).actions}
    pytorch = planned["pytorch"]
    assert (pytorch.from_, pytorch.to, pytorch.variant) == ("2.4.0", "2.4.0", "CUDA 12.6 → CPU build")
    # It was asked for when the environment was made.
    assert pytorch.reason == "asked"

    job = await apply(home, "one", Change(gpu="cpu"))
    assert job.state == "succeeded", job.error
    assert job.title == "Switch to CPU builds in one"
    environment = await home.service.find("one")
    packages = {one.name: one for one in (await home.service.packages(environment.id)).packages}
    # The version stays, the build goes, and what only that build needed goes with it.
    assert (packages["pytorch"].version, packages["pytorch"].build) == ("2.4.0", CPU)
    assert "cuda-version" not in packages
    assert stored_target(prefix) == CPU_ONLY

    with pytest.raises(Unsatisfiable) as refused:
        await preview(home, "one", Change(install=["pytorch-gpu", "pytorch"]))
    assert refused.value.field == "gpu"

    back = await preview(home, "one", Change(install=["tiny=2"], gpu="cuda=12.4"))
    assert builds(back)["pytorch"] == CUDA
    assert {action.name: action.to for action in back.actions}["pytorch"] == "2.4.0"
    assert back.title == "Install tiny=2; switch to builds for CUDA 12.4"

    await home.service.queue.wait((await home.service.changes.rollback(environment.id, 1)).id)
    assert stored_target(prefix) == stored


async def test_another_version_comes_only_where_that_has_the_build_that_is_wanted(home: Home) -> None:
    settings = home.service.source.current()
    channels = await home.service.previewer.channels(settings, None)
    virtual = home.service.previewer.virtual_packages
    before = await solve_new(
        channels,
        ["boost=4.0", "pytorch=2.4"],
        priority="strict",
        pinned=[],
        with_kernel=False,
        virtual=await virtual(CPU_ONLY),
        kernel_packages=frozenset(),
    )
    for target, expected in ((H100, "4.5 cuda126_py312_100"), (CPU_ONLY, "4.0 cpu_py312_0")):
        switch = Switch(
            channels=channels,
            settings=settings,
            installed=Installed(records=before.records),  # type: ignore[arg-type]
            aim=Aim(target=target, targets=[], specs=["boost", "pytorch"]),
            new=True,
            virtual=virtual,
        )
        outcome = await switch.solve(Wish())
        assert f"{outcome.after['boost'].version} {outcome.after['boost'].build}" == expected


async def test_a_cpu_build_that_is_there_stops_only_what_has_to_do_with_it(home: Home) -> None:
    await home.create("one", "pytorch=2.4", "tiny=1", kernel=None, gpu="cuda=11.4", accept=["cpu_build"])
    elsewhere = await preview(home, "one", Change(install=["tiny=2"]))
    assert elsewhere.gpu is not None
    assert (elsewhere.gpu.stop, codes(elsewhere)) == (False, [])
    environment = await home.service.find("one")
    with pytest.raises(CpuBuild):
        await home.service.changes.change(environment.id, Change(update=["pytorch"]))


MACHINE = GpuTarget(name="machine", title="This machine", origin="machine", detail="no GPU here")
WITH_GPU = GpuTarget(name="machine", title="This machine", origin="machine", cuda="12.8", compute_capability="9.0")
H100 = GpuTarget(name="h100", title="H100 nodes", origin="site", cuda="12.6", compute_capability="9.0")
OLD_H100 = GpuTarget(name="h100", title="H100 nodes", origin="site", cuda="12.2")
TYPED = GpuTarget(name="cuda=12.1", title="CUDA 12.1", origin="custom", cuda="12.1")


@pytest.mark.parametrize(
    ("stored", "machine", "installed", "expected"),
    [
        (None, MACHINE, {}, MACHINE),
        (None, MACHINE, {"pytorch": "2.5.0=cpu_generic_0"}, MACHINE),
        (None, MACHINE, {"cuda-version": "12.6=h1"}, "12.6"),
        (None, MACHINE, {"cudatoolkit": "11.8.0=h1"}, "11.8"),
        (None, MACHINE, {"pytorch": "2.1.0=py3.10_cuda12.1_cudnn8.9.2_0"}, "12.1"),
        (None, WITH_GPU, {"cuda-version": "12.6=h1"}, WITH_GPU),
        (MACHINE, MACHINE, {"cuda-version": "12.6=h1"}, MACHINE),
        (MACHINE, WITH_GPU, {}, WITH_GPU),
        (WITH_GPU, MACHINE, {}, WITH_GPU),
        (H100, MACHINE, {}, H100),
        (OLD_H100, MACHINE, {}, H100),
        (GpuTarget(name="gone", title="Gone", origin="site", cuda="12.0"), MACHINE, {}, "12.0"),
        (TYPED, WITH_GPU, {}, TYPED),
        (CPU_ONLY, WITH_GPU, {"cuda-version": "12.6=h1"}, CPU_ONLY),
    ],
)
def test_a_later_change_is_for_what_the_environment_was_made_for(
    stored: GpuTarget | None, machine: GpuTarget, installed: dict[str, str], expected: GpuTarget | str
) -> None:
    packages = [
        Package(name=name, version=text.split("=")[0], build=text.split("=")[1]) for name, text in installed.items()
    ]
    found = environment_target(stored, [machine, H100, CPU_ONLY], packages)
    assert (found.cuda if isinstance(expected, str) else found) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"cuda": ""},
        {"cuda": "-5"},
        {"cuda": "abc"},
        {"cuda": "12.8.x"},
        {"cuda": "12.8 build=evil"},
        {"cuda": "1" * 5000},
        {"cuda": 12},
        {"cuda": "12.8", "compute_capability": "9" * 5000},
        {"cuda": "12.8", "compute_capability": "x.y"},
        {"cuda": "12.8", "memory": -1},
    ],
    ids=lambda wrong: str(wrong)[:40],
)
def test_a_stored_target_that_nobody_can_have_chosen_is_none(tmp_path: Path, wrong: dict[str, object]) -> None:
    write_marker(tmp_path, {"gpu": {"name": "a", "title": "A", "origin": "custom", **wrong}})
    assert stored_target(tmp_path) is None


def test_the_texts_of_a_stored_target_can_be_shown(tmp_path: Path) -> None:
    write_marker(tmp_path, {"gpu": {"name": "a", "title": "\x1b[2J" * 10**5, "origin": "custom", "cuda": "12.8"}})
    stored = stored_target(tmp_path)
    assert stored is not None
    assert stored.title.startswith("�[2J�")
    assert len(stored.title) < 150
    write_marker(tmp_path, {"gpu": H100})
    assert stored_target(tmp_path) == H100


def test_a_marker_that_is_not_ours_any_more_says_nothing(tmp_path: Path) -> None:
    for content in (b'{"gpu":' + b"[" * 200_000 + b"]" * 200_000 + b"}", b'{"gpu": "' + b"x" * 10_000_000 + b'"}'):
        put(tmp_path / MARKER, content)
        assert read_marker(tmp_path) == {}
        assert stored_target(tmp_path) is None
    (tmp_path / MARKER).unlink()
    os.mkfifo(tmp_path / MARKER)
    assert read_marker(tmp_path) == {}


@pytest.mark.parametrize("override", ["12.4\udcff", "1" * 5000], ids=["no text", "long"])
async def test_an_override_can_be_shown_whatever_it_holds(
    home: Home, monkeypatch: pytest.MonkeyPatch, override: str
) -> None:
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", override)
    report = await home.service.gpus.report()
    assert report.override is not None
    assert len(msgspec.json.encode(report)) < 5000


def test_a_title_says_the_target() -> None:
    assert title(Change(gpu="h100"), H100) == "Switch to builds for H100 nodes"
    assert title(Change(remove=["x"], gpu="machine"), MACHINE) == "Remove x; switch to builds for this machine"


def test_cuda_comes_from_the_target_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "11.2")
    monkeypatch.setenv("CONDA_OVERRIDE_GLIBC", "2.20")

    def versions(target: GpuTarget | None) -> dict[str, str]:
        offered = [one.into_generic() if isinstance(one, VirtualPackage) else one for one in virtual_packages(target)]
        return {one.name.normalized: str(one.version) for one in offered}

    assert "__cuda" not in versions(None)
    assert versions(H100)["__cuda"] == "12.6"
    assert versions(H100)["__cuda_arch"] == "9.0"
    assert "__cuda_arch" not in versions(TYPED)
    assert versions(CPU_ONLY).get("__glibc", "2.20") == "2.20"


async def test_a_terminal_shows_the_target_the_builds_and_the_ways_out(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = await home.service.preview(home.request("one", "pytorch", gpu="cuda=11.4"))
    told = gpuplan.lines(plan)
    assert told[0] == "GPU    for CUDA 11.4"
    assert told[1].startswith("GPU    pytorch 2.5.0: CPU build.")
    problem = next(warning for warning in plan.warnings if warning.code == "cpu_build")
    ways = gpuplan.remedies(problem.details)
    assert all(line.startswith("- ") and ": " in line and "…" not in line for line in ways)
    with pytest.raises(CpuBuild):
        gpuplan.dry_run(plan, parser_of().parse_args(["create", "-n", "one", "--dry-run"]))
    assert gpuplan.dry_run(plan, parser_of().parse_args(["create", "-n", "one", "--dry-run", "--json"])) == 1


def test_the_options_of_a_terminal_choose_a_target_and_accept_what_would_stop() -> None:
    for command in (["create", "-n", "one"], ["install", "one"], ["update", "one"]):
        options = parser_of().parse_args([*command, "--gpu", "h100", "--allow-cpu-build"])
        assert (options.gpu, gpuplan.accepted(options)) == ("h100", ["cpu_build"])
        assert gpuplan.accepted(parser_of().parse_args([*command, "--allow-overwrite"])) == ["overwrites_conda"]


async def test_the_driver_is_asked_once_until_somebody_refreshes_or_overrides_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    async def report() -> GpuReport:
        asked.append(1)
        return GpuReport(available=False, targets=[MACHINE, CPU_ONLY])

    targets = RecentTargets(report)
    assert await targets.find(None) == MACHINE
    assert await targets.find("cpu") == CPU_ONLY
    assert len(asked) == 1
    targets.refresh()
    await targets.all()
    assert len(asked) == 2
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")
    await targets.all()
    assert len(asked) == 3
