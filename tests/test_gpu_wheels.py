"""What is asked of the Python package index for a target, and which builds its wheels are: tables."""

from __future__ import annotations

import pytest

from jupyter_envmanager.gpu.question import Advice
from jupyter_envmanager.gpu.target import CPU_ONLY
from jupyter_envmanager.gpu.torchwheels import TORCH_INDEX, VARIANTS, torch_index, variants_for
from jupyter_envmanager.gpu.wheeladvice import with_wheels
from jupyter_envmanager.gpu.wheelbuilds import builds_of
from jupyter_envmanager.gpu.wheels import for_target
from jupyter_envmanager.models import GpuTarget, PlanAction

LINUX, ARM, WINDOWS, MAC = "linux-x86_64", "linux-aarch64", "win-amd64", "macosx-14.0-arm64"
NO_GPU = GpuTarget(name="machine", title="This machine", origin="machine")


def gpu(cuda: str, capability: str | None = None) -> GpuTarget:
    return GpuTarget(name="h100", title="H100 nodes", origin="site", cuda=cuda, compute_capability=capability)


def variants(target: GpuTarget, line: str = "torch", platform: str = LINUX, **more: object) -> str:
    """The variants that are tried, in order; empty for the usual index."""
    own = for_target([line], target, "{variant}", platform=platform, **more).own  # type: ignore[arg-type]
    return " ".join(own.addresses) if own else ""


@pytest.mark.parametrize(
    ("target", "first"),
    [
        (CPU_ONLY, "cpu"),
        (NO_GPU, "cpu"),
        (gpu("10.2"), "cpu"),
        (gpu("11.0"), "cu118"),
        (gpu("11.8"), "cu118"),
        (gpu("12.0"), "cu121"),
        (gpu("12.3"), "cu121"),
        (gpu("12.4"), "cu124"),
        (gpu("12.5"), "cu124"),
        (gpu("12.6", "9.0"), "cu126"),
        (gpu("12.7"), "cu126"),
        (gpu("12.8", "10.0"), "cu128"),
        (gpu("12.10"), "cu129"),
        (gpu("13.0", "8.0"), "cu130"),
        (gpu("13.1"), "cu130"),
        (gpu("13.2", "12.0"), "cu132"),
        (gpu("99.0"), "cu132"),
        # Volta and Pascal: the newest that still has code for them. Kepler; older than all.
        (gpu("13.0", "7.0"), "cu126"),
        (gpu("12.8", "6.1"), "cu126"),
        (gpu("12.0", "3.7"), "cu118"),
        (gpu("11.4", "3.0"), "cpu"),
    ],
)
def test_the_newest_variant_that_the_target_runs_is_tried_first(target: GpuTarget, first: str) -> None:
    assert variants(target).split()[0] == first


def test_older_variants_come_after_it_and_never_the_cpu() -> None:
    assert variants(gpu("12.8", "9.0")) == "cu128 cu126 cu124 cu121 cu118"
    assert variants(CPU_ONLY) == "cpu"
    assert [each.name for each in variants_for(gpu("99"))] == [each.name for each in VARIANTS]


@pytest.mark.parametrize(
    ("line", "platform", "more", "expected"),
    [
        ("numpy", LINUX, {}, "cu124 cu121 cu118"),
        ("torch==2.6.0+cu118", LINUX, {}, "cu118"),
        ("torch==2.6.0+cpu", LINUX, {}, "cpu"),
        ("torchvision===0.20.1+cu121", LINUX, {}, "cu121"),
        ("other==1.0+cu121", LINUX, {}, "cu124 cu121 cu118"),
        ("torch", ARM, {}, "cu124 cu121 cu118"),
        ("torch", WINDOWS, {}, "cu124 cu121 cu118"),
        ("torch", MAC, {}, ""),
        ("torch", "linux-ppc64le", {}, ""),
        # What is installed decides for what is to fit to it.
        ("torchvision", LINUX, {"installed": {"Torch": "2.9.0+cu118"}}, "cu118 cu124 cu121"),
        ("torchvision", LINUX, {"installed": {"torch": "2.9.0+cpu"}}, "cpu cu124 cu121 cu118"),
        ("torchvision", LINUX, {"installed": {"torch": "2.9.0"}}, ""),
        ("x", LINUX, {"installed": {"torch": "2.9.0+cu121"}, "upgrade": ["torch"]}, "cu121 cu124 cu118"),
        ("x", LINUX, {"installed": {"torch": "2.9.0+cpu"}, "upgrade": ["torch"]}, "cu124 cu121 cu118"),
        ("x", LINUX, {"installed": {"torch": "2.9.0+cu130"}, "upgrade": ["torch"]}, "cu124 cu121 cu118"),
        ("x", LINUX, {"installed": {"torch": "odd version"}}, ""),
    ],
)
def test_what_was_typed_or_is_installed_goes_before_the_target(
    line: str, platform: str, more: dict[str, object], expected: str
) -> None:
    assert variants(gpu("12.4"), line, platform, **more) == expected


def test_an_index_without_variants_is_one_address_and_none_is_none() -> None:
    own = for_target(["torch"], gpu("12.8"), "https://pip.example.org/simple", platform=LINUX).own
    assert own is not None
    assert own.addresses == ["https://pip.example.org/simple"]
    assert for_target(["torch"], gpu("12.8"), "", platform=LINUX).own is None
    assert "secret" not in repr(for_target(["torch"], gpu("12.8"), "https://me:secret@a.org/{variant}", platform=LINUX))


@pytest.mark.parametrize(
    ("chosen", "main", "variables", "expected"),
    [
        ("", "", {}, TORCH_INDEX),
        ("", "https://pip.example.org/simple", {}, ""),
        ("", "", {"UV_DEFAULT_INDEX": "https://pip.example.org/simple"}, ""),
        ("https://t.example.org/{variant}", "https://pip.example.org/simple", {}, "https://t.example.org/{variant}"),
    ],
)
def test_a_site_with_its_own_index_names_that_of_torch_too(
    chosen: str, main: str, variables: dict[str, str], expected: str
) -> None:
    assert torch_index(chosen, main, variables) == expected


@pytest.mark.parametrize(
    ("line", "cuda", "platform", "expected"),
    [
        ("tensorflow", "12.4", LINUX, "tensorflow[and-cuda]"),
        ("TensorFlow >= 2.15", "13.0", ARM, "TensorFlow[and-cuda]>=2.15"),
        ("tensorflow", None, LINUX, "tensorflow"),
        ("tensorflow", "11.8", LINUX, "tensorflow"),
        ("tensorflow", "12.4", WINDOWS, "tensorflow"),
        ("tensorflow-cpu", "12.4", LINUX, "tensorflow-cpu"),
        ("tensorflow[gcs-filesystem]", "12.4", LINUX, "tensorflow[gcs-filesystem]"),
        ('jax; python_version < "3.14"', "12.6", LINUX, 'jax[cuda12]; python_version < "3.14"'),
        ("jax", "13.0", LINUX, "jax[cuda13]"),
        ("jax>=0.5", "13.2", LINUX, "jax[cuda13]>=0.5"),
        ("jax==0.10.2", "13.2", LINUX, "jax[cuda13]==0.10.2"),
        ("jax==0.4.30", "13.0", LINUX, "jax[cuda12]==0.4.30"),
        ("jax<0.7", "13.0", LINUX, "jax[cuda12]<0.7"),
        ("jax", "11.8", LINUX, "jax"),
        ("jax", "12.6", WINDOWS, "jax"),
        ("jax[cpu]", "12.6", LINUX, "jax[cpu]"),
        ("cupy>=13", "12.2", LINUX, "cupy-cuda12x[ctk]>=13"),
        ("cupy", "11.4", WINDOWS, "cupy-cuda11x"),
        ("cupy", "14.0", LINUX, "cupy-cuda13x[ctk]"),
        ("cupy", "10.2", LINUX, "cupy"),
        ("cupy-cuda11x", "12.2", LINUX, "cupy-cuda11x"),
        ("onnxruntime", "13.0", LINUX, "onnxruntime-gpu[cuda,cudnn]"),
        ("onnxruntime>=1.20", "12.6", LINUX, "onnxruntime-gpu[cuda,cudnn]<1.27,>=1.20"),
        ("onnxruntime==1.28", "12.6", LINUX, "onnxruntime==1.28"),
        ("onnxruntime", "12.6", ARM, "onnxruntime"),
        ("xgboost", "12.6", LINUX, "xgboost"),
        ("cudf", "12.6", LINUX, "cudf"),
        # Not for us to judge.
        ("torch @ https://a.org/torch-2.9.0-py3-none-any.whl", "12.6", LINUX, None),
        ("jax @ https://a.org/jax-0.7.0-py3-none-any.whl", "12.6", LINUX, None),
        ("-e /home/me/jax", "12.6", LINUX, None),
        ("-r /home/me/requirements.txt", "12.6", LINUX, None),
        ("--pre", "12.6", LINUX, None),
        ("jax==", "12.6", LINUX, None),
        ("jax===foo", "13.0", LINUX, None),
        ("onnxruntime===foo", "12.9", LINUX, None),
        ("torch===foo", "12.9", LINUX, None),
        ("jax --hash=sha256:00", "12.6", LINUX, None),
        ("", "12.6", LINUX, None),
    ],
)
def test_frameworks_are_asked_for_with_cuda(line: str, cuda: str | None, platform: str, expected: str | None) -> None:
    wheels = for_target([line], gpu(cuda) if cuda else CPU_ONLY, platform=platform)
    assert wheels.lines == [line if expected is None else expected]


def test_what_is_installed_stays_what_it_is_and_is_upgraded_with_its_extra() -> None:
    def lines(*typed: str, **more: object) -> list[str]:
        return for_target(typed, gpu("12.6"), platform=LINUX, **more).lines  # type: ignore[arg-type]

    assert lines("onnxruntime", installed={"onnxruntime": "1.20.0"}) == ["onnxruntime"]
    assert lines("jax", installed={"jax": "0.7.0"}) == ["jax"]
    with_cuda = {"jax": "0.7.0", "jax-cuda12-plugin": "0.7.0"}
    assert lines(installed=with_cuda, upgrade=["jax"]) == ["jax[cuda12]"]
    assert lines(installed={"jax": "0.7.0"}, upgrade=["jax"]) == []


@pytest.mark.parametrize(
    ("installed", "target", "exchanged", "removed"),
    [
        ("torch 2.9.0+cpu", gpu("12.8"), "torch", ""),
        ("torch 2.9.0+cpu", CPU_ONLY, "", ""),
        ("torch 2.9.0+cu126", gpu("12.8"), "", ""),
        ("torch 2.9.0+cu126", gpu("11.8"), "torch", ""),
        ("torch 2.9.0+cu128", gpu("12.8", "7.0"), "torch", ""),
        ("torch 2.9.0+cu126", NO_GPU, "torch", ""),
        # Of the usual index: for the CUDA version that its libraries tell.
        ("torch 2.9.0, nvidia-cuda-runtime-cu12 12.8.90", gpu("13.0"), "", ""),
        ("torch 2.9.0, nvidia-cuda-runtime-cu12 12.8.90", gpu("11.8"), "torch", ""),
        ("torch 2.9.0, nvidia-cuda-runtime-cu12 12.8.90", CPU_ONLY, "torch", ""),
        # One that does not fit to the others is exchanged with them.
        ("torch 2.9.0+cpu, torchvision 0.24.0+cu126", gpu("12.8"), "torch torchvision", ""),
        ("jax 0.7.2", gpu("13.0"), "jax[cuda13]", ""),
        ("jax 0.4.30", gpu("13.0"), "jax[cuda12]", ""),
        ("jax 0.7.0, jax-cuda12-plugin 0.7.0", gpu("13.0"), "", ""),
        ("jax 0.7.2, jax-cuda13-plugin 0.7.2", gpu("12.6"), "jax[cuda12]", "jax-cuda13-plugin"),
        (
            "jax 0.7.0, jax-cuda12-pjrt 0.7.0, jax-cuda12-plugin 0.7.0",
            NO_GPU,
            "jax",
            "jax-cuda12-pjrt jax-cuda12-plugin",
        ),
        ("tensorflow 2.20.0", gpu("12.6"), "tensorflow[and-cuda]", ""),
        ("torch odd, numpy 2.0", gpu("12.6"), "", ""),
    ],
)
def test_a_new_target_exchanges_the_wrong_builds(
    installed: str, target: GpuTarget, exchanged: str, removed: str
) -> None:
    there = dict(each.split() for each in installed.split(", "))
    wheels = for_target([], target, installed=there, exchange=there, platform=LINUX)
    assert (" ".join(wheels.exchange), " ".join(wheels.remove)) == (exchanged, removed)
    assert for_target([], target, installed=there, platform=LINUX).exchange == []


def test_what_is_typed_or_upgraded_for_a_new_target_is_not_asked_for_twice() -> None:
    there = {"torch": "2.9.0+cpu", "jax": "0.7.2"}
    typed = for_target(["torch==2.8.0", "jax"], gpu("12.6"), installed=there, exchange=there, platform=LINUX)
    assert (typed.lines, typed.exchange) == (["torch==2.8.0", "jax[cuda12]"], [])
    updated = for_target([], gpu("12.6"), installed=there, exchange=there, upgrade=there, platform=LINUX)
    assert (updated.lines, updated.exchange) == (["jax[cuda12]"], [])


def found(*versions: str, platform: str = LINUX) -> dict[str, tuple[str, str | None]]:
    actions = []
    for text in versions:
        name, _, version = text.partition(" ")
        actions.append(PlanAction(op="install", name=name, manager="pypi", to=version))
    return {build.name: (build.kind, build.cuda) for build in builds_of(actions, {}, platform=platform)}


@pytest.mark.parametrize(
    ("packages", "expected"),
    [
        ("numpy 2.0", {}),
        ("torch 2.9.0+cu126", {"torch": ("gpu", "12.6")}),
        ("torch 2.9.0+cu130, torchvision 0.24.0", {"torch": ("gpu", "13.0"), "torchvision": ("gpu", "13.0")}),
        ("torch 2.9.0+cpu", {"torch": ("cpu", None)}),
        ("torch 2.9.0+rocm6.4", {"torch": ("cpu", None)}),
        ("torch 2.9.1, nvidia-cuda-runtime-cu12 12.8.90", {"torch": ("gpu", "12.8")}),
        ("torch 2.14.1, cuda-toolkit 13.0.3", {"torch": ("gpu", "13.0")}),
        ("torch 2.9.1, nvidia-cudnn-cu12 9.10.2", {"torch": ("gpu", "12")}),
        ("torch 2.9.1", {"torch": ("gpu", None)}),
        ("tensorflow 2.20.0", {"tensorflow": ("cpu", None)}),
        ("tensorflow 2.20.0, nvidia-cuda-runtime-cu12 12.5.82", {"tensorflow": ("gpu", "12.5")}),
        ("tensorflow-cpu 2.20.0", {"tensorflow-cpu": ("cpu", None)}),
        ("jax 0.10.2, jaxlib 0.10.2", {"jax": ("cpu", None)}),
        ("jax 0.10.2, jax-cuda13-plugin 0.10.2", {"jax": ("gpu", "13")}),
        ("jax 0.7.0, jax-cuda12-plugin 0.7.0, nvidia-cuda-nvrtc-cu12 12.9.1", {"jax": ("gpu", "12.9")}),
        ("cupy-cuda12x 14.2.0", {"cupy-cuda12x": ("gpu", "12")}),
        ("cupy 14.2.0", {"cupy": ("gpu", None)}),
        ("onnxruntime 1.20.0", {"onnxruntime": ("cpu", None)}),
        ("onnxruntime-gpu 1.18.0", {"onnxruntime-gpu": ("gpu", "11.8")}),
        ("onnxruntime-gpu 1.26.0", {"onnxruntime-gpu": ("gpu", "12")}),
        ("onnxruntime-gpu 1.31.1", {"onnxruntime-gpu": ("gpu", "13")}),
        ("cudf-cu12 26.10.2", {"cudf-cu12": ("gpu", "12")}),
        ("xgboost 3.2.0, nvidia-nccl-cu12 2.28", {"xgboost": ("gpu", "12")}),
        ("torch odd", {"torch": ("gpu", None)}),
    ],
)
def test_wheels_tell_what_they_are_built_for(packages: str, expected: dict[str, tuple[str, str | None]]) -> None:
    assert found(*packages.split(", ")) == expected


def test_a_plain_torch_is_for_the_cpu_on_other_platforms() -> None:
    assert found("torch 2.9.1", platform=MAC) == {"torch": ("cpu", None)}
    assert found("torch 2.9.1", platform=WINDOWS) == {"torch": ("cpu", None)}


@pytest.mark.parametrize(
    ("package", "line", "target", "code", "remedy"),
    [
        ("torch 2.9.0+cu126", "torch", gpu("12.6"), "", ""),
        ("torch 2.9.0+cpu", "torch==2.9.0+cpu", gpu("12.6"), "cpu_build", "torch==2.9.0"),
        ("torch 2.9.0+cpu", "lightning", gpu("10.2"), "cpu_build", ""),
        ("jax 0.7.0", "flax", gpu("12.6"), "cpu_build", "jax[cuda12]"),
        ("jax 0.7.0", "jax[cpu]", gpu("13.0"), "cpu_build", "jax[cuda13]"),
        ("tensorflow-cpu 2.20.0", "tensorflow-cpu", gpu("12.6"), "cpu_build", "tensorflow[and-cuda]"),
        ("onnxruntime 1.20.0", "chroma", gpu("12.6"), "", ""),
        ("torch 2.14.0, cuda-toolkit 13.0.3", "torch", gpu("12.4"), "driver_too_old", ""),
        ("torch 2.9.0+cpu", "torch", NO_GPU, "gpu_elsewhere", ""),
        ("torch 2.9.0+cpu", "torch", CPU_ONLY, "", ""),
        ("torch 2.9.0+cu126", "torch==2.9.0+cu126", CPU_ONLY, "cuda_without_driver", ""),
    ],
)
def test_wrong_builds_are_said_with_what_helps(
    package: str, line: str, target: GpuTarget, code: str, remedy: str
) -> None:
    actions = [
        PlanAction(op="install", name=each.split()[0], manager="pypi", to=each.split()[1])
        for each in package.split(", ")
    ]
    builds = builds_of(actions, {}, platform=LINUX)
    advice = with_wheels(Advice(), builds, target, [line], [gpu("12.6")])
    assert [problem.code for problem in advice.problems] == ([code] if code else [])
    assert advice.stop is (code == "cpu_build")
    for problem in advice.problems:
        remedies = problem.details["remedies"]
        assert remedies
        assert remedies[0]["pypi_add"] == ([remedy] if remedy else [])
        typed = line.split("[")[0].split("=")[0] == package.split()[0]
        assert remedies[0]["pypi_remove"] == ([line] if remedy and typed else [])
