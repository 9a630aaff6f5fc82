"""What an environment can be made for: tables of machines, overrides, configurations and typed texts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jupyter_envmanager.errors import Invalid
from jupyter_envmanager.gpu.target import CPU_ONLY, find_target, machine_target, site_targets
from jupyter_envmanager.models import GpuDevice, GpuInstance, GpuReport, GpuTarget, Problem

GIB = 2**30
H100 = GpuDevice(index=0, name="NVIDIA H100", compute_capability="9.0", memory_total=80 * GIB)
B200 = GpuDevice(index=1, name="NVIDIA B200", compute_capability="10.0", memory_total=180 * GIB)
SPLIT = GpuDevice(
    index=0,
    name="NVIDIA A100",
    compute_capability="8.0",
    memory_total=80 * GIB,
    mig=True,
    instances=[GpuInstance(name="MIG 3g.40gb", memory_total=40 * GIB), GpuInstance(name="MIG 1g.10gb")],
)
BARE = GpuDevice(index=0, name="GPU 0")
NONE = GpuReport(available=False)


def machine(*devices: GpuDevice, cuda: str | None = "12.4") -> GpuReport:
    return GpuReport(available=bool(devices), cuda=cuda, devices=list(devices))


@pytest.mark.parametrize(
    ("report", "override", "cuda", "capability", "memory", "detail"),
    [
        (NONE, None, None, None, None, "no GPU here"),
        (machine(), None, None, None, None, "no GPU here"),
        (machine(*[H100] * 8), None, "12.4", "9.0", 80, "NVIDIA H100 × 8 · CUDA 12.4"),
        (machine(B200, H100), None, "12.4", "9.0", 80, "NVIDIA B200, NVIDIA H100 · CUDA 12.4"),
        (machine(SPLIT), None, "12.4", "8.0", 40, "NVIDIA A100 (MIG) · CUDA 12.4"),
        (machine(BARE), None, "12.4", None, None, "GPU 0 · CUDA 12.4"),
        (machine(H100, cuda=None), None, None, None, None, "NVIDIA H100 · the driver tells no CUDA version"),
        (NONE, "12.4", "12.4", None, None, "CUDA 12.4, set by CONDA_OVERRIDE_CUDA"),
        (NONE, " 12 ", "12.0", None, None, "CUDA 12.0, set by CONDA_OVERRIDE_CUDA"),
        (machine(H100), "11.8", "11.8", "9.0", 80, "NVIDIA H100 · CUDA 11.8, set by CONDA_OVERRIDE_CUDA"),
        (machine(H100), "", None, None, None, "NVIDIA H100 · no CUDA, set by CONDA_OVERRIDE_CUDA"),
        (NONE, " ", None, None, None, "no CUDA, set by CONDA_OVERRIDE_CUDA"),
    ],
)
def test_this_machine_is_what_driver_and_override_say(
    report: GpuReport, override: str | None, cuda: str | None, capability: str | None, memory: int | None, detail: str
) -> None:
    target, problems = machine_target(report, override)
    assert (target.name, target.origin, problems) == ("machine", "machine", [])
    assert (target.cuda, target.compute_capability, target.detail) == (cuda, capability, detail)
    assert target.memory == (memory and memory * GIB)


def test_a_driver_in_trouble_is_not_said_to_have_no_gpu() -> None:
    report = GpuReport(available=False, problems=[Problem(code="gpu_timeout", message="The driver hangs.")])
    assert machine_target(report, None)[0].detail == "no GPU can be seen here"


@pytest.mark.parametrize("override", ["abc", "12,4", "0", "-1", "١٢.٤", "12.4\n12.5", "99999", "1e1", "x" * 10_000])
def test_an_override_that_is_no_version_is_ignored_and_said(override: str) -> None:
    target, (problem,) = machine_target(machine(H100), override)
    assert (target.cuda, target.detail) == ("12.4", "NVIDIA H100 · CUDA 12.4")
    assert problem.code == "cuda_override_invalid"
    assert problem.hint
    assert len(problem.message) < 200
    assert "\n" not in problem.message


@pytest.mark.parametrize(
    ("report", "override", "differs"),
    [
        (machine(H100), "12.4.1", False),
        (machine(H100), "12.10", True),
        (machine(H100), "13", True),
        (machine(), "13.0", True),
        (NONE, "13.0", False),
    ],
)
def test_an_override_above_what_the_driver_runs_counts_and_is_said(
    report: GpuReport, override: str, differs: bool
) -> None:
    target, problems = machine_target(report, override)
    assert [problem.code for problem in problems] == ["cuda_override_differs"] * differs
    assert target.cuda is not None
    assert override.startswith(target.cuda.removesuffix(".0"))


def test_the_targets_of_the_site_are_as_they_are_written() -> None:
    targets, problems = site_targets(
        [
            {
                "name": "h100",
                "title": "H100 nodes",
                "description": "partition gpu",
                "cuda": "12.10",
                "compute_capability": "9.0",
                "memory": 80,
            },
            {"name": "old", "cuda": 11.4, "compute_capability": 7, "memory": 0.5},
            {"name": "whole", "cuda": 12, "compute_capability": 12.1, "title": None},
        ]
    )
    assert problems == []
    assert targets == [
        GpuTarget(
            name="h100",
            title="H100 nodes",
            origin="site",
            detail="partition gpu · CUDA 12.10 · 80 GB",
            cuda="12.10",
            compute_capability="9.0",
            memory=80 * 2**30,
        ),
        GpuTarget(
            name="old",
            title="old",
            origin="site",
            detail="CUDA 11.4 · 0.5 GB",
            cuda="11.4",
            compute_capability="7.0",
            memory=2**29,
        ),
        GpuTarget(
            name="whole", title="whole", origin="site", detail="CUDA 12.0", cuda="12.0", compute_capability="12.1"
        ),
    ]


@pytest.mark.parametrize(
    ("entry", "called", "fault"),
    [
        ({"cuda": "12.8"}, "number 2", "it has no name"),
        ({"name": "", "cuda": "12.8"}, "number 2", "it has no name"),
        ({"name": 7, "cuda": "12.8"}, "number 2", "its name is no text"),
        ({"name": "cpu", "cuda": "12.8"}, "“cpu”", "this name is taken"),
        ({"name": "machine", "cuda": "12.8"}, "“machine”", "this name is taken"),
        ({"name": "good", "cuda": "12.8"}, "“good”", "this name is taken"),
        ({"name": "a=b", "cuda": "12.8"}, "“a=b”", "no spaces, “=” or “,”"),
        ({"name": "a,b", "cuda": "12.8"}, "“a,b”", "no spaces, “=” or “,”"),
        ({"name": "a\x1bb", "cuda": "12.8"}, "“a�b”", "no spaces"),
        ({"name": "x" * 500, "cuda": "12.8"}, f"“{'x' * 60}…”", "100 characters"),
        ({"name": "bad"}, "“bad”", "it has no cuda"),
        ({"name": "bad", "cuda": "abc"}, "“bad”", "cuda is “abc” and should be a version such as 12.8"),
        ({"name": "bad", "cuda": True}, "“bad”", "cuda is “True”"),
        ({"name": "bad", "cuda": float("nan")}, "“bad”", "cuda is “nan”"),
        ({"name": "bad", "cuda": ["12.8"]}, "“bad”", "cuda is “['12.8']”"),
        ({"name": "bad", "cuda": "12.8", "compute_capability": "sm_90"}, "“bad”", "compute_capability is “sm_90”"),
        ({"name": "bad", "cuda": "12.8", "compute_capability": 90}, "“bad”", "compute_capability is “90”"),
        ({"name": "bad", "cuda": "12.8", "memory": "80 GB"}, "“bad”", "memory is “80 GB”"),
        ({"name": "bad", "cuda": "12.8", "memory": -1}, "“bad”", "memory is “-1”"),
        ({"name": "bad", "cuda": "12.8", "title": 3}, "“bad”", "title is no text"),
        ({"name": "bad", "cuda": "12.8", "arch": "9.0"}, "“bad”", "“arch” is unknown"),
        ({"name": "bad", "cuda": 10**5000}, "“bad”", "cuda is “…”"),
        ({"name": "bad", "cuda": "12.8", "memory": [10**5000]}, "“bad”", "memory is “…”"),
        ("h100", "number 2", "it is no dictionary"),
    ],
)
def test_a_wrong_target_of_the_site_is_named_and_left_out(entry: Any, called: str, fault: str) -> None:
    targets, (problem,) = site_targets([{"name": "good", "cuda": "12.4"}, entry, {"name": "next", "cuda": "12.4"}])
    assert [target.name for target in targets] == ["good", "next"]
    assert problem.code == "gpu_target_invalid"
    assert called in problem.message
    assert fault in problem.message
    assert "gpu_targets" in problem.hint


def test_the_texts_of_the_site_can_be_sent_and_shown() -> None:
    (target,), _ = site_targets([{"name": "a", "cuda": "12", "title": "\ud800\x1b[2J", "description": "x" * 10**5}])
    assert target.title == "��[2J"
    assert len(msgspec.json.encode(target)) < 1000


def test_all_that_is_wrong_with_a_target_is_said_at_once() -> None:
    _, (problem,) = site_targets([{"name": "bad", "cuda": "abc", "memory": "much"}])
    assert "cuda is “abc”" in problem.message
    assert "memory is “much”" in problem.message


TARGETS = [machine_target(NONE, None)[0], *site_targets([{"name": "h100", "cuda": "12.6"}])[0], CPU_ONLY]


@pytest.mark.parametrize(
    ("name", "found"), [(None, "machine"), ("machine", "machine"), (" h100 ", "h100"), ("cpu", "cpu")]
)
def test_a_target_is_found_by_its_name(name: str | None, found: str) -> None:
    assert find_target(name, TARGETS).name == found


@pytest.mark.parametrize(
    ("text", "name", "cuda", "capability"),
    [
        ("cuda=12.8", "cuda=12.8", "12.8", None),
        ("cuda=12.8,arch=9.0", "cuda=12.8,arch=9.0", "12.8", "9.0"),
        (" CUDA = 12.8 , arch = 10.0 ", "cuda=12.8,arch=10.0", "12.8", "10.0"),
        ("arch=9,cuda=13", "cuda=13.0,arch=9.0", "13.0", "9.0"),
    ],
)
def test_a_typed_version_is_a_target(text: str, name: str, cuda: str, capability: str | None) -> None:
    target = find_target(text, TARGETS)
    assert (target.name, target.title, target.origin) == (name, f"CUDA {cuda}", "custom")
    assert (target.cuda, target.compute_capability) == (cuda, capability)
    assert find_target(target.name, TARGETS) == target


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("b200", "There is no GPU target “b200”."),
        ("", "There is no GPU target “”."),
        ("x" * 100_000, f"There is no GPU target “{'x' * 60}…”."),
        ("cuda=abc", "“abc” is no CUDA version."),
        ("cuda=", "“” is no CUDA version."),
        ("cuda=99999", "“99999” is no CUDA version."),
        ("cuda=0.0", "“0.0” is no CUDA version."),
        ("cuda=12.8,arch=x", "“x” is no compute capability."),
        ("cuda=12.8,arch=", "“” is no compute capability."),
        ("cuda=12.8,arch=90", "“90” is no compute capability."),
        ("cuda=12.8,", "“cuda=12.8,” is no GPU target."),
        ("cuda=12.8,cuda=12.9", "“cuda=12.8,cuda=12.9” is no GPU target."),
        ("arch=9.0", "“arch=9.0” is no GPU target."),
        ("cuda=12.8\x00\n,rm=1", "“cuda=12.8� ,rm=1” is no GPU target."),
        ("=,=,=", "“=,=,=” is no GPU target."),
    ],
)
def test_a_text_that_is_no_target_is_refused_with_a_hint(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        find_target(text, TARGETS)
    assert refused.value.message == message
    assert refused.value.field == "gpu"
    assert "cuda=12.8" in refused.value.hint
