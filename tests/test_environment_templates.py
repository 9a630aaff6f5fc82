"""Templates for new environments: ours and the site's, as they are for a GPU target."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest

from jupyter_envmanager.gpu.target import CPU_ONLY
from jupyter_envmanager.models import EnvironmentTemplate, GpuTarget
from jupyter_envmanager.templates import read_templates

H100 = GpuTarget(name="h100", title="H100 nodes", origin="site", cuda="12.6", compute_capability="9.0")
OLD = GpuTarget(name="k80", title="K80 nodes", origin="site", cuda="11.4", compute_capability="3.7")


# A few lines that stand for hundreds of thousands of values.
ALIASES = f"a: &a [{'x,' * 60}]\nb: &b [{'*a,' * 60}]\nc: [{'*b,' * 60}]\n"
MERGES = f"a: &a {{}}\nb: &b {{<<: [{'*a,' * 60}]}}\nc: &c {{<<: [{'*b,' * 60}]}}\nd: {{<<: [{'*c,' * 60}]}}\n"


def built_in(target: GpuTarget) -> dict[str, EnvironmentTemplate]:
    found, problems = read_templates([], target)
    assert problems == []
    return {template.name: template for template in found}


def test_the_cards_that_people_expect_are_there() -> None:
    titles = {template.title for template in built_in(CPU_ONLY).values()}
    assert titles == {"PyTorch (GPU)", "TensorFlow (GPU)", "JAX (GPU)", "RAPIDS", "Data science", "R"}


@pytest.mark.parametrize(
    ("name", "gpu", "cpu"),
    [("pytorch", "pytorch-gpu", "pytorch"), ("tensorflow", "tensorflow-gpu", "tensorflow")],
)
def test_a_framework_adapts_to_the_target(name: str, gpu: str, cpu: str) -> None:
    with_gpu, without = built_in(H100)[name], built_in(CPU_ONLY)[name]
    assert gpu in with_gpu.specs
    assert cpu not in with_gpu.specs
    assert (cpu in without.specs, gpu in without.specs) == (True, False)
    assert with_gpu.note == ""
    assert "CPU build" in without.note


def test_rapids_asks_for_the_targets_cuda_and_says_when_that_is_too_old() -> None:
    assert "cuda-version=12.*" in built_in(H100)["rapids"].specs
    assert built_in(H100)["rapids"].channels == ["rapidsai", "conda-forge"]
    assert built_in(OLD)["rapids"].note == "Needs CUDA 12.0 or newer; K80 nodes runs 11.4."
    assert "NVIDIA GPU" in built_in(CPU_ONLY)["rapids"].note
    for target in (OLD, CPU_ONLY):
        assert built_in(target)["rapids"].lacks == built_in(target)["rapids"].note
    assert [one.name for one in built_in(CPU_ONLY).values() if one.lacks] == ["rapids"]
    assert [one.name for one in built_in(H100).values() if one.lacks] == []


def test_a_site_adds_its_own_and_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "course.yml").write_text("title: Course\npackages: [python=3.12]\npypi: our-tools\n")
    (tmp_path / "pytorch.yaml").write_text("title: Our PyTorch\npackages: [pytorch]\n")
    found, problems = read_templates([tmp_path], H100)
    by_name = {template.name: template for template in found}
    assert problems == []
    assert (by_name["course"].specs, by_name["course"].pypi) == (["python=3.12"], ["our-tools"])
    assert (by_name["pytorch"].title, by_name["pytorch"].origin) == ("Our PyTorch", "site")
    assert [template.origin for template in found][-2:] == ["site", "site"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("title: x\npackges: [python]\n", 2, "“packges” is unknown"),
        ("packages:\n  - {a: b}\n", 2, "list of texts"),
        ("packages: [python]\ngpu: yes\n", 2, "gpu must hold"),
        ("packages: [python]\ngpu:\n  channels: [x]\n", 3, "“channels” is unknown"),
        ("packages: [python]\ncuda: new\n", 2, "is no version"),
        ("title: only\n", None, "names no packages"),
        ("- python\n", 1, "does not hold settings"),
        ("title: [\n", 2, "expected"),
        ("", None, "holds nothing"),
        ("packages: [x]\ncuda: ²\n", 2, "is no version"),
        ("packages: [x]\n" + "#" * 70_000, None, "too large"),
        (ALIASES, None, "holds more values"),
        (MERGES, None, "holds more values"),
    ],
)
def test_a_file_that_cannot_be_used_is_left_out_with_its_line(
    tmp_path: Path, text: str, line: int | None, words: str
) -> None:
    (tmp_path / "wrong.yml").write_text(text)
    found, problems = read_templates([tmp_path], H100)
    assert "wrong" not in {template.name for template in found}
    (problem,) = problems
    assert words in problem.message
    assert problem.details.get("line") == line
    assert "wrong.yml" in problem.message


@pytest.mark.parametrize("name", ["gone", "file.yml", "loop", "closed", "x" * 300, "a\0b", "\ud800"])
def test_a_folder_that_cannot_be_read_is_said_and_costs_no_other(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.yml").write_text("packages: [python]\n")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "closed").mkdir(mode=0)
    if name == "closed" and os.access(tmp_path / name, os.R_OK):
        pytest.skip("nothing is closed to this user")
    good = tmp_path / "good"
    good.mkdir()
    (good / "course.yml").write_text("packages: [python]\n")
    found, (problem,) = read_templates([tmp_path / name, good], H100)
    (tmp_path / "closed").chmod(0o700)
    assert problem.code == "template_invalid"
    assert name.replace("\ud800", "�") in problem.message
    assert [template.name for template in found if template.origin == "site"] == ["course"]


def test_a_link_to_itself_costs_no_other_template(tmp_path: Path) -> None:
    (tmp_path / "loop.yml").symlink_to("loop.yml")
    (tmp_path / "course.yml").write_text("packages: [python]\n")
    found, (problem,) = read_templates([tmp_path], H100)
    assert "loop.yml: cannot be read" in problem.message
    assert found[-1].name == "course"


def test_texts_can_be_sent_and_shown_whatever_they_hold(tmp_path: Path) -> None:
    (tmp_path / "odd.yml").write_text(
        'title: "\\ud800 \\ud83d\\ude00\\e[2J"\ndescription: ' + "x" * 5000 + "\npackages: [python]\n"
    )
    found, problems = read_templates([tmp_path], H100)
    assert problems == []
    assert found[-1].title == "� 😀�[2J"
    assert len(found[-1].description) < 1100
    assert msgspec.json.encode(found)


@pytest.mark.skipif(sys.platform != "linux", reason="file names are always text here")
def test_a_file_name_that_is_no_text_can_be_said(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.yml")).write_text("packages: [python]\n")
    _, (problem,) = read_templates([tmp_path], H100)
    assert "caf�.yml" in problem.message
    assert msgspec.json.encode(problem)


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    for packages in ("python", "python, r-base"):
        (tmp_path / "course.yml").write_text(f"packages: [{packages}]\n")
        found, _ = read_templates([tmp_path], H100)
        assert found[-1].specs == packages.split(", ")
