"""Advice as a pure function: a plan and what the channels have -> which builds, why, and what helps."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from jupyter_envmanager.gpu.advice import Advice, Question, advise, explain
from jupyter_envmanager.gpu.builds import Build
from jupyter_envmanager.models import GpuRemedy, GpuTarget, Problem

FORGE = "https://conda.example.org/conda-forge"
HERE = GpuTarget(name="machine", title="This machine", origin="machine")
CPU = GpuTarget(name="cpu", title="CPU only", origin="cpu")
H100 = GpuTarget(name="h100", title="H100 nodes", origin="site", cuda="12.6", compute_capability="9.0")
PYTHON = "python 3.12.9 h0_cpython"


def driver(cuda: str, capability: str | None = None) -> GpuTarget:
    return GpuTarget(name="machine", title="This machine", origin="machine", cuda=cuda, compute_capability=capability)


def record(text: str, *depends: str, channel: str = FORGE, number: int = 0, constrains: Sequence[str] = ()) -> Build:
    name, version, build = text.split()
    return Build(
        name=name,
        version=version,
        build=build,
        build_number=number,
        depends=depends,
        constrains=constrains,
        channel=f"{channel}/linux-64",
        subdir="linux-64",
    )


def on_python(series: str) -> str:
    return f"python >={series},<3.{int(series.split('.')[1]) + 1}.0a0"


def framework(name: str, version: str, kinds: str, pythons: str = "3.12", channel: str = FORGE) -> list[Build]:
    """Builds of one version: ``cpu``, ``cuda126`` … for each Python, as conda-forge has them."""
    made = []
    for series in pythons.split():
        tag = f"py{series.replace('.', '')}"
        for kind in kinds.split():
            cuda = f"{kind[4:6]}.{kind[6:]}"
            needs = [] if kind == "cpu" else ["__cuda", f"cuda-version >={cuda},<{int(kind[4:6]) + 1}"]
            text = f"{name} {version} {kind}_{tag}_h0000000_0"
            made.append(record(text, on_python(series), *needs, channel=channel, number=200 * (kind != "cpu")))
    return made


TORCH = [
    *framework("pytorch", "2.4.1", "cpu cuda118", "3.11 3.12"),
    *framework("pytorch", "2.7.1", "cpu cuda126", "3.11 3.12"),
    *framework("pytorch", "2.8.0", "cpu", "3.12 3.13"),
]
CHOOSERS = [
    record("pytorch-gpu 2.7.1 cuda126_h0_0", "pytorch 2.7.1 cuda126*"),
    record("pytorch-gpu 2.4.1 cuda118_h0_0", "pytorch 2.4.1 cuda118*"),
    record("pytorch-cpu 2.7.1 cpu_h0_0", "pytorch 2.7.1 cpu*"),
]
CUDA = [
    record("cuda-version 11.8 0", constrains=["__cuda >=11"]),
    record("cuda-version 12.6 0", constrains=["__cuda >=12"]),
    record("cuda-version 13.0 0", constrains=["__cuda >=13"]),
]
VISION = [
    record("torchvision 0.22 cuda126_py312_h0_0", "pytorch * cuda*", "pytorch >=2.7,<2.8", on_python("3.12")),
    record("torchvision 0.22 cpu_py312_h0_0", "pytorch * cpu*", "pytorch >=2.7,<2.8", on_python("3.12")),
]
FLOW = framework("tensorflow", "2.19.1", "cpu cuda126", "3.11 3.12")
SITE = [
    *framework("pytorch", "2.8.0", "cpu", "3.12", "https://conda.example.org/lab"),
    *framework("pytorch", "2.7.1", "cuda126"),
]
FUSSY = [
    record("kernels 1.0 cpu_py312_h0_0", on_python("3.12")),
    record("kernels 1.0 cuda126_py312_h0_0", on_python("3.12"), "cuda-version >=12.6,<13", "cuda-arch >=8.0"),
]
PYTORCH_CHANNEL = [
    record("pytorch 2.1.0 py3.12_cuda12.1_cudnn8.9.2_0", on_python("3.12"), "pytorch-cuda >=12.1,<12.2"),
    record("pytorch 2.1.0 py3.12_cuda11.8_cudnn8.7.0_0", on_python("3.12"), "pytorch-cuda >=11.8,<11.9"),
    record("pytorch 2.1.0 py3.12_cpu_0", on_python("3.12"), "pytorch-mutex 1.0 cpu", constrains=["cpuonly"]),
]
FRONT = record("front 1.0 0", "python", "pytorch =2.7.1=cpu*")
CPUONLY = record("cpuonly 2.0 0", "pytorch-mutex 1.0 cpu")


def ask(
    target: GpuTarget,
    specs: str,
    plan: Sequence[Build],
    variants: Sequence[Build],
    pins: str = "",
    channels: str = FORGE,
) -> Question:
    return Question(
        target=target,
        plan=plan,
        variants=variants,
        specs=specs.split(),
        pins=pins.split(),
        channels=channels.split(),
        targets=[HERE, H100, CPU],
    )


def planned(texts: str, variants: Sequence[Build]) -> list[Build]:
    """The records of a plan, each by ``name version build``, from the variants where they have it."""
    known = {f"{v.name} {v.version} {v.build}": v for v in (*variants, CPUONLY)}
    return [known.get(text.strip()) or record(text.strip()) for text in texts.split(";")]


def remedies(problem: Problem) -> list[GpuRemedy]:
    return msgspec.convert(problem.details["remedies"], list[GpuRemedy])


def only(advice: Advice, code: str) -> Problem:
    (problem,) = advice.problems
    assert problem.code == code
    return problem


T27 = "pytorch 2.7.1 cpu_py312_h0000000_0"
OLD_DRIVER = (
    "The GPU builds of pytorch 2.7.1 need a driver that runs CUDA 12.0 or newer; that of this machine runs CUDA 11.4."
)
T28 = "pytorch 2.8.0 cpu_py312_h0000000_0"


@pytest.mark.parametrize(
    ("target", "specs", "plan", "variants", "reason", "first", "edits"),
    [
        pytest.param(
            driver("12.6"), "pytorch-cpu", f"{T27};pytorch-cpu 2.7.1 cpu_h0_0", [*TORCH, *CHOOSERS],
            "“pytorch-cpu” asks for the CPU build of pytorch.", "Ask for pytorch-gpu",
            (["pytorch-gpu"], ["pytorch-cpu"]),
            id="a package that chooses the CPU build",
        ),
        pytest.param(
            driver("12.6"), "pytorch=*=cpu*", T27, TORCH,
            "“pytorch=*=cpu*” asks for the CPU build of pytorch.", "Drop “pytorch=*=cpu*”",
            (["pytorch=*=cuda*"], ["pytorch=*=cpu*"]),
            id="a build spec, and no pytorch-gpu to ask for",
        ),
        pytest.param(
            driver("12.6"), "pytorch=2.7.1=cpu*", T27, [*TORCH, *CHOOSERS],
            "“pytorch=2.7.1=cpu*” asks for the CPU build of pytorch.", "Ask for pytorch-gpu",
            (["pytorch-gpu", "pytorch==2.7.1"], ["pytorch=2.7.1=cpu*"]),
            id="the version of a build spec stays",
        ),
        pytest.param(
            driver("12.6"), "pytorch cpuonly", "pytorch 2.1.0 py3.12_cpu_0;cpuonly 2.0 0", PYTORCH_CHANNEL,
            "“cpuonly” asks for the CPU build of pytorch.", "Drop “cpuonly”", (["pytorch=*=*cuda*"], ["cpuonly"]),
            id="cpuonly of the pytorch channel",
        ),
        pytest.param(
            driver("12.6"), "pytorch=2.8", T28, [*TORCH, *CHOOSERS],
            "“pytorch=2.8” leaves only CPU builds: GPU builds are there of pytorch 2.4.1 and 2.7.1.",
            "Relax pytorch to any version, with pytorch 2.7.1", (["pytorch-gpu"], ["pytorch=2.8"]),
            id="a version without GPU builds",
        ),
        pytest.param(
            driver("12.6"), "pytorch", T28, [*TORCH, *CHOOSERS],
            "pytorch 2.8.0 has no GPU build here; the newest version with one is 2.7.1.",
            "Ask for pytorch-gpu, with pytorch 2.7.1", (["pytorch-gpu"], []),
            id="the newest version has no GPU build yet",
        ),
        pytest.param(
            driver("12.6"), "pytorch python=3.13", "pytorch 2.8.0 cpu_py313_h0000000_0;python 3.13.1 h0_cpython",
            [*TORCH, *framework("pytorch", "2.8.0", "cuda126", "3.11 3.12")],
            "The GPU builds of pytorch 2.8.0 are for Python 3.11 and 3.12; you asked for 3.13.",
            "Use Python 3.12", (["pytorch=*=cuda*", "python=3.12"], ["python=3.13"]),
            id="no GPU build for this Python",
        ),
        pytest.param(
            driver("11.4"), "pytorch", T27, [*TORCH, *CHOOSERS],
            OLD_DRIVER,
            "Use CUDA 11.8 builds, with pytorch 2.4.1", (["pytorch=*=cuda118*"], []),
            id="the driver is too old, but runs older builds",
        ),
        pytest.param(
            driver("12.6", "6.1"), "kernels", "kernels 1.0 cpu_py312_h0_0", FUSSY,
            "The GPU builds of kernels 1.0 need a GPU of compute capability 8.0; that of this machine has 6.1.",
            "Make it for H100 nodes", (["kernels=*=cuda*"], []),
            id="the device is too old",
        ),
        pytest.param(
            driver("12.6"), "pytorch", T28, SITE,
            "The GPU builds of pytorch are on conda-forge, but lab comes first and hides them.",
            "Take conda-forge first, with pytorch 2.7.1", (["pytorch=*=cuda*"], []),
            id="a channel hides those of a later one",
        ),
        pytest.param(
            driver("12.6"), "pytorch cuda-version=12.4", T27, [*TORCH, *CHOOSERS],
            "“cuda-version=12.4” fits no GPU build of pytorch 2.7.1: they are for CUDA 12.6.",
            "Drop “cuda-version=12.4”", (["pytorch-gpu"], ["cuda-version=12.4"]),
            id="no build for the CUDA version asked for",
        ),
        pytest.param(
            driver("12.6"), "tensorflow", "tensorflow 2.19.1 cpu_py312_h0000000_0", FLOW,
            "There are GPU builds of tensorflow that fit, but the solver preferred this one.",
            "Ask for the GPU build of tensorflow", (["tensorflow=*=cuda*"], []),
            id="nothing but a preference",
        ),
        pytest.param(
            driver("12.6"), "pytorch front", f"{T27};front 1.0 0", [*TORCH, *CHOOSERS, FRONT],
            "front goes with no GPU build of pytorch 2.7.1.", "Make it for CPU only", ([], []),
            id="another package asks for the CPU build",
        ),
        pytest.param(
            driver("12.6"), "torchvision pytorch=*=cpu*", f"torchvision 0.22 cpu_py312_h0_0;{T27}", [*TORCH, *VISION],
            "“pytorch=*=cpu*” asks for the CPU build of pytorch.", "Drop “pytorch=*=cpu*”",
            (["pytorch=*=cuda*"], ["pytorch=*=cpu*"]),
            id="what goes with it, goes with it",
        ),
        pytest.param(
            driver("11.4"), "torchvision", f"torchvision 0.22 cpu_py312_h0_0;{T27}", [*TORCH, *VISION],
            OLD_DRIVER,
            "Make it for H100 nodes", (["pytorch=*=cuda*"], []),
            id="older builds do not go with torchvision",
        ),
        pytest.param(
            driver("12.6"), "pytorch", T27, framework("pytorch", "2.7.1", "cpu"),
            "There is no GPU build of pytorch on conda-forge.", "Make it for CPU only", ([], []),
            id="a framework without GPU builds on the channels",
        ),
    ],
)  # fmt: skip
def test_a_cpu_build_where_a_gpu_is_wanted_stops_with_the_reason_and_a_way_out(
    target: GpuTarget,
    specs: str,
    plan: str,
    variants: Sequence[Build],
    reason: str,
    first: str,
    edits: tuple[list[str], list[str]],
) -> None:
    channels = f"https://conda.example.org/lab {FORGE}" if variants is SITE else FORGE
    records = planned(plan if "python " in plan else f"{plan};{PYTHON}", variants)
    advice = advise(ask(target, specs, records, variants, channels=channels))
    assert advice.stop
    problem = only(advice, "cpu_build")
    assert reason in problem.message
    assert all(build.kind == "cpu" and build.reason == reason for build in advice.builds)
    ways = remedies(problem)
    assert len(ways) <= 4
    assert (ways[-1].title, ways[-1].gpu) == ("Make it for CPU only", "cpu")
    assert (ways[0].title, ways[0].add, ways[0].remove) == (first, *edits)


def test_a_pin_is_named_and_can_be_taken_off() -> None:
    question = ask(driver("12.6"), "pytorch", planned(f"{T27};{PYTHON}", TORCH), TORCH, pins="pytorch=*=cpu*")
    problem = only(advise(question), "cpu_build")
    assert "The pin “pytorch=*=cpu*” asks for the CPU build of pytorch." in problem.message
    assert remedies(problem)[0] == GpuRemedy(title="Unpin pytorch", add=["pytorch=*=cuda*"], unpin=["pytorch"])


def test_packages_with_the_same_reason_share_a_problem_and_its_remedies() -> None:
    variants = [*TORCH, *FLOW]
    plan = planned(f"{T27};tensorflow 2.19.1 cpu_py312_h0000000_0;{PYTHON}", variants)
    advice = advise(ask(driver("12.6"), "pytorch tensorflow", plan, variants))
    problem = only(advice, "cpu_build")
    assert problem.message.startswith("pytorch and tensorflow come as CPU builds.")
    assert remedies(problem)[0].add == ["pytorch=*=cuda*", "tensorflow=*=cuda*"]


def test_the_channels_change_places_where_one_hides_the_other() -> None:
    channels = f"https://conda.example.org/lab {FORGE}"
    advice = advise(ask(driver("12.6"), "pytorch", planned(f"{T28};{PYTHON}", SITE), SITE, channels=channels))
    assert remedies(only(advice, "cpu_build"))[0].channels == [FORGE, "https://conda.example.org/lab"]


def test_an_environment_that_is_there_keeps_its_channels() -> None:
    channels = f"https://conda.example.org/lab {FORGE}"
    question = ask(driver("12.6"), "pytorch", planned(f"{T28};{PYTHON}", SITE), SITE, channels=channels)
    problem = only(advise(msgspec.structs.replace(question, channels_stay=True)), "cpu_build")
    assert "lab comes first and hides them" in problem.message
    assert [way.title for way in remedies(problem)] == ["Make it for CPU only"]


def test_one_remedy_mends_packages_that_are_cpu_builds_for_different_reasons() -> None:
    variants = [*TORCH, *FLOW, *framework("tensorflow", "2.15.0", "cuda118")]
    plan = planned(f"{T27};tensorflow 2.19.1 cpu_py312_h0000000_0;{PYTHON}", variants)
    problem = only(advise(ask(driver("11.4"), "pytorch=*=cpu* tensorflow", plan, variants)), "cpu_build")
    first, elsewhere, without = remedies(problem)
    versions = "with pytorch 2.4.1 and tensorflow 2.15.0"
    assert first.title == f"Use CUDA 11.8 builds, drop “pytorch=*=cpu*”, {versions}"
    assert (first.add, first.remove) == (["pytorch=*=cuda118*", "tensorflow=*=cuda118*"], ["pytorch=*=cpu*"])
    assert (elsewhere.gpu, elsewhere.remove) == ("h100", ["pytorch=*=cpu*"])
    assert without.gpu == "cpu"


def test_where_nothing_mends_all_what_mends_one_says_so() -> None:
    variants = [*TORCH, *framework("tensorflow", "2.19.1", "cpu")]
    plan = planned(f"{T27};tensorflow 2.19.1 cpu_py312_h0000000_0;{PYTHON}", variants)
    problem = only(advise(ask(driver("12.6"), "pytorch tensorflow", plan, variants)), "cpu_build")
    titles = [remedy.title for remedy in remedies(problem)]
    assert titles == ["Ask for the GPU build of pytorch, for pytorch alone", "Make it for CPU only"]


@pytest.mark.parametrize(
    ("offers", "first"), [(["conda-forge"], "Take conda-forge first"), ([], "Make it for CPU only")]
)
def test_a_channel_is_proposed_only_where_the_site_allows_it(offers: list[str], first: str) -> None:
    variants = framework("pytorch", "2.7.1", "cpu", channel="https://conda.example.org/lab")
    question = ask(driver("12.6"), "pytorch", planned(f"{T27};{PYTHON}", variants), variants, channels="lab")
    problem = only(advise(msgspec.structs.replace(question, offers=offers)), "cpu_build")
    assert remedies(problem)[0].title == first
    assert ("conda-forge has some" in problem.message) == bool(offers)


@pytest.mark.parametrize("stays", [True, False])
def test_a_python_that_nobody_asked_for_is_in_the_way_only_where_it_is_installed(stays: bool) -> None:
    plan = planned("pytorch 2.8.0 cpu_py313_h0000000_0;python 3.13.1 h0_cpython", TORCH)
    variants = [*TORCH, *framework("pytorch", "2.8.0", "cuda126", "3.11 3.12")]
    question = msgspec.structs.replace(ask(driver("12.6"), "pytorch", plan, variants), python_stays=stays)
    problem = only(advise(question), "cpu_build")
    assert ("this environment has 3.13" in problem.message) == stays
    assert ("python=3.12" in remedies(problem)[0].add) == stays


def test_gpu_builds_are_told_with_their_numbers_and_no_parts() -> None:
    variants = [*TORCH, *CUDA]
    plan = [
        record(
            "pytorch 2.7.1 cuda126_py312_h0000000_0", "libtorch 2.7.1", "cuda-version >=12.6,<13", on_python("3.12")
        ),
        record("libtorch 2.7.1 cuda126_h0_0", "cuda-version >=12.6,<13"),
        record("cuda-version 12.6 0", constrains=["__cuda >=12"]),
        record(PYTHON),
    ]
    advice = advise(ask(H100, "pytorch", plan, variants))
    (build,) = advice.builds
    assert (build.name, build.kind, build.cuda, build.driver) == ("pytorch", "gpu", "12.6", "12.0")
    assert build.reason == "It runs on “H100 nodes”: any driver for CUDA 12 or newer will do."
    assert (advice.stop, advice.problems) == (False, [])


def test_what_has_no_gpu_builds_and_what_only_serves_others_stops_nothing() -> None:
    plan = planned("numpy 2.1.0 py312h0_0;libarrow 17.0.0 h0_14_cpu;openmpi 5.0.5 h0_0;catboost 1.2 py312h0_0", [])
    variants = [record("libarrow 17.0.0 h0_14_cuda", "cuda-version >=12.6,<13"), record("numpy 2.1.0 py312h0_0")]
    assert advise(ask(driver("12.6"), "numpy", plan, variants)) == Advice()


def test_a_build_without_any_sign_is_known_by_its_gpu_variants() -> None:
    variants = [record("mycode 1.0 h1_0"), record("mycode 1.0 h2_1", "cuda-version >=12.6,<13")]
    advice = advise(ask(driver("12.6"), "mycode", variants[:1], variants))
    assert advice.stop
    assert remedies(only(advice, "cpu_build"))[0].add == ["mycode=1.0=h2_1"]


def test_on_a_machine_without_gpu_other_machines_are_proposed() -> None:
    advice = advise(ask(HERE, "pytorch", planned(f"{T27};{PYTHON}", TORCH), TORCH))
    assert not advice.stop
    problem = only(advice, "gpu_elsewhere")
    assert problem.message == "pytorch comes as a CPU build, as this machine has no GPU."
    assert [(way.title, way.gpu) for way in remedies(problem)] == [
        ("Make it for H100 nodes", "h100"),
        ("For another machine with CUDA 12.6…", "cuda=12.6"),
    ]


@pytest.mark.parametrize(("target", "specs"), [(CPU, "pytorch"), (HERE, "pytorch=*=cpu*")])
def test_who_asks_for_cpu_builds_is_not_told_of_gpus(target: GpuTarget, specs: str) -> None:
    advice = advise(ask(target, specs, planned(f"{T27};{PYTHON}", TORCH), TORCH))
    assert [build.kind for build in advice.builds] == ["cpu"]
    assert (advice.stop, advice.problems) == (False, [])


def test_a_gpu_build_without_a_driver_is_a_warning() -> None:
    variants = [record("cupy 13.3.0 py312h0_0", "cuda-version >=12.0,<13")]
    advice = advise(ask(HERE, "cupy", variants, variants))
    problem = only(advice, "cuda_without_driver")
    assert not advice.stop
    assert "this machine has no GPU" in problem.message
    assert remedies(problem)[0].gpu == "h100"


def test_a_build_too_new_for_the_driver_is_a_warning_with_an_older_build() -> None:
    plan = planned(f"pytorch 2.1.0 py3.12_cuda12.1_cudnn8.9.2_0;{PYTHON}", PYTORCH_CHANNEL)
    advice = advise(ask(driver("11.4"), "pytorch", plan, PYTORCH_CHANNEL))
    problem = only(advice, "driver_too_old")
    assert not advice.stop
    assert "needs a driver that runs CUDA 12.0 or newer; that of this machine runs CUDA 11.4." in problem.message
    assert remedies(problem)[0] == GpuRemedy(title="Use CUDA 11.8 builds", add=["pytorch=*=*cuda11.8*"])


def test_a_cuda_that_makes_no_code_for_a_device_is_a_warning_with_an_older_one() -> None:
    variants = framework("pytorch", "2.13.0", "cpu cuda129 cuda130")
    advice = advise(ask(driver("13.0", "7.0"), "pytorch", [variants[2], record(PYTHON)], variants))
    problem = only(advice, "capability_too_low")
    assert "pytorch needs a GPU of compute capability 7.5; that of this machine has 7.0." in problem.message
    assert remedies(problem)[0].add == ["pytorch=*=cuda129*"]
    assert advise(ask(driver("13.0", "8.0"), "pytorch", [variants[2], record(PYTHON)], variants)).problems == []


@pytest.mark.parametrize("specs", ["pytorch=2.4", "pytorch", "pytorch cuda-version=11.*"])
def test_who_asks_for_builds_of_an_older_cuda_is_told(specs: str) -> None:
    plan = planned(f"pytorch 2.4.1 cuda118_py312_h0000000_0;{PYTHON}", ALL)
    advice = advise(ask(H100, specs, plan, ALL))
    assert not advice.stop
    if specs == "pytorch":  # Nobody knows why: it is installed, or something else holds it.
        assert advice.problems == []
        return
    asked = specs.split()[-1]
    expected = f"“{asked}” leaves pytorch 2.4.1 for CUDA 11.8; there is pytorch 2.7.1 for CUDA 12.6."
    assert only(advice, "older_cuda").message == expected


def test_a_package_without_code_is_no_build() -> None:
    variants = [
        msgspec.structs.replace(record(f"docs 1.0 {build}"), subdir="noarch") for build in ("cpu_0", "cuda126_1")
    ]
    assert advise(ask(driver("12.6"), "docs", variants[:1], variants)) == Advice()


def test_a_build_for_newer_devices_is_a_warning() -> None:
    advice = advise(ask(driver("12.6", "6.1"), "kernels", FUSSY[1:], FUSSY))
    assert "compute capability 8.0; that of this machine has 6.1" in only(advice, "capability_too_low").message


ALL = [*TORCH, *CHOOSERS, *CUDA]


@pytest.mark.parametrize(
    ("target", "specs", "message", "first"),
    [
        (HERE, "pytorch-gpu", "“pytorch-gpu” needs a GPU, but this machine has none.", "Make it for H100 nodes"),
        (CPU, "pytorch-gpu", "but the environment is for CPU only.", "Make it for H100 nodes"),
        (HERE, "pytorch=*=cuda*", "“pytorch=*=cuda*” needs a GPU", "Make it for H100 nodes"),
        (driver("11.4"), "pytorch-gpu=2.7", "needs a driver that runs CUDA 12.0 or newer", "Use CUDA 11.8 builds"),
        (driver("11.4"), "pytorch=2.7=cuda126*", None, ""),
        (
            driver("11.4"),
            "pytorch[version='2.7.*',build='cuda126*']",
            "runs CUDA 12.0",
            "Use CUDA 11.8 builds, drop “pyt",
        ),
        (driver("11.4"), "pytorch cuda-version=12.*", "“cuda-version=12.*” needs a driver", "Use CUDA 11.8"),
        (driver("12.6"), "cuda-version=13", "needs a driver that runs CUDA 13.0", "Use CUDA 12.6"),
        (driver("10.2"), "pytorch-gpu", "needs a driver that runs CUDA 11.0", "Make it for H100 nodes"),
        (driver("12.6", "6.1"), "kernels=*=cuda*", "needs a GPU of compute capability 8.0", "Make it for H100 nodes"),
        (driver("12.6"), "pytorch-gpu=9.9", None, ""),
        (driver("12.6"), "pytorch-gpu python=3.13", None, ""),
        (HERE, "pytorch python=2.7", None, ""),
        (HERE, "pytorch numpy=0.1", None, ""),
        (driver("11.4"), "pytorch-gpu numpy=0.1", None, ""),
        (HERE, "--nonsense [", None, ""),
    ],
)
def test_no_answer_is_explained_only_where_the_gpu_is_the_reason(
    target: GpuTarget, specs: str, message: str | None, first: str
) -> None:
    problem = explain(ask(target, specs, [], [*ALL, *FUSSY]))
    if message is None:
        assert problem is None
        return
    assert problem is not None
    assert (problem.code, problem.field) == ("unsatisfiable", "gpu")
    assert message in problem.message
    ways = remedies(problem)
    assert ways[0].title.startswith(first)
    assert len(ways) <= 4


def test_doing_without_a_gpu_is_a_way_out_too() -> None:
    problem = explain(ask(HERE, "pytorch-gpu", [], ALL))
    assert problem is not None
    expected = GpuRemedy(title="Take the CPU build of pytorch", add=["pytorch"], remove=["pytorch-gpu"])
    assert remedies(problem)[-1] == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "cuda*", "pytorch=", "pytorch=*=^cpu.*$", "pytorch[", "=1", "a=b=c=d", "é"),
        *(f"__cuda >={'1' * 400}", f"__cuda >={'1' * 5000}"),
        *(f"cuda-version 1{',<1' * 40} a=b=c", f"cuda-version {' ' * 1100}[x"),
    ],
)
def test_advice_survives_any_spec_and_any_record(text: str) -> None:
    odd = [
        record(f"pytorch {version} {build}", text)
        for version in ("x", "2..5", "1!2.0")
        for build in ("cuda", "cpu_", "_", "cuda" + "1" * 5000)
    ]
    for target in (HERE, CPU, H100, driver("11.4", "6.1")):
        assert isinstance(advise(ask(target, text, odd[:1], odd, pins=text)), Advice)
        explain(ask(target, text, [], odd))
