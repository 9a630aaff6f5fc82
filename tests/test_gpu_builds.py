"""Which build a package record is, and whether CUDA versions fit constraints: tables over real build strings."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from jupyter_envmanager.gpu.builds import Build, driver_for, gpu_build
from jupyter_envmanager.gpu.candidates import candidates
from jupyter_envmanager.gpu.specs import read
from jupyter_envmanager.gpu.versions import fits, lowest, overlap

REPODATA = Path(__file__).parents[2] / "shared/data/pytorch-channel/linux-64/repodata.json"


def record(text: str, *depends: str, constrains: tuple[str, ...] = (), subdir: str = "linux-64") -> Build:
    """A record from ``name version build`` and what it needs."""
    name, version, build = text.split()
    return Build(name=name, version=version, build=build, depends=depends, constrains=constrains, subdir=subdir)


def by_name(*records: Build) -> dict[str, Build]:
    return {each.name: each for each in records}


@pytest.mark.parametrize(
    ("version", "constraint", "expected"),
    [
        ("12.6", ">=12.6,<13", True),
        ("13.0", ">=12.6,<13", False),
        ("12.5", ">=12.6,<13", False),
        ("11.8", "11.8|11.8.*", True),
        ("11.8.89", "11.8|11.8.*", True),
        ("11.7", "11.8|11.8.*", False),
        ("12.0", "12.*", True),
        ("12", "12.*", True),
        ("13.0", "12.*", False),
        ("12.4.1", "=12.4", True),
        ("12.10", "=12.1", False),
        ("10.2.89", ">=10.2,<10.3", True),
        ("12.0", "==12", True),
        ("11.2", "<11.3.0a0", True),
        ("11.3", "<11.3.0a0", False),
        ("12.3", "~=12.1", True),
        ("13.0", "~=12.1", False),
        ("12.4", "!=12.4.*", False),
        ("12.4", ">12.4", False),
        ("12.4", "", True),
        ("12.4", "*", True),
        ("12.4", "twelve", None),
        ("12.4", ">=12,tw", None),
        ("12.4", ">=13,tw", False),
        ("v12", ">=12", None),
        ("12.4", ">=", None),
    ],
)
def test_versions_fit_constraints_or_it_cannot_be_told(version: str, constraint: str, expected: bool | None) -> None:
    assert fits(version, constraint) is expected


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (">=12.6,<13", "12.6"),
        (">=12", "12.0"),
        ("12.*", "12.0"),
        ("=12.4", "12.4"),
        ("11.8|11.8.*", "11.8"),
        (">=11.2,<12|>=12.0,<13", "11.2"),
        (">=10.1.243,<10.2", "10.1.243"),
        (">12.2", "12.3"),
        (">=" + "1" * 5000, None),
        ("<13", None),
        ("*", None),
        ("", None),
        ("twelve", None),
    ],
)
def test_the_lowest_version_that_fits(constraint: str, expected: str | None) -> None:
    assert lowest(constraint) == expected


def test_constraints_overlap_in_a_version() -> None:
    assert overlap(">=12.6,<13", "=12.9", ("12.8", "12.9"))
    assert not overlap(">=12.6,<13", "=11.8", ("11.8", "12.8"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pytorch", ("pytorch", "", "")),
        ("pytorch=2.5", ("pytorch", "=2.5", "")),
        ("pytorch=*=cpu*", ("pytorch", "", "cpu*")),
        ("pytorch>=2,<3.0a0", ("pytorch", ">=2,<3.0a0", "")),
        ("conda-forge::pytorch==2.1=cuda*", ("pytorch", "==2.1", "cuda*")),
        ("pytorch[version='>=2',build=cuda*]", ("pytorch", ">=2", "cuda*")),
        ("libtorch 2.5.1 cuda126_*", ("libtorch", "2.5.1", "cuda126_*")),
        ("PyTorch >= 2", ("pytorch", ">=2", "")),
        ("libtorch >=2.5 , <3  cuda*", ("libtorch", ">=2.5,<3", "cuda*")),
        ("cuda-version ==11.8|==12.0", ("cuda-version", "==11.8|==12.0", "")),
        ("https://conda.example.org:8080/lab::pytorch =2.13=cpu*", ("pytorch", "==2.13", "cpu*")),
        ("pytorch-cuda 1" + ",<1" * 40 + " a=b=c", ("pytorch-cuda", "", "")),
        ("cuda-version " + " " * 1100 + "[x", None),
        ("--force", None),
        ("", None),
    ],
)
def test_specs_are_read_as_people_and_records_write_them(text: str, expected: tuple[str, str, str] | None) -> None:
    spec = read(text)
    assert (spec and (spec.name, spec.version, spec.build)) == expected


# name version build | what it needs, with “;” | kind | CUDA
BUILDS = """
pytorch 2.5.1 cuda126_mkl_py312_h30b5a27_300      | __cuda; cuda-version >=12.6,<13            | gpu | 12.6
pytorch 2.1.0 cuda118py310h8b36b8a_200            | cudatoolkit >=11.8,<12                     | gpu | 11.8
pytorch 2.9.0 cuda130_generic_py313_h1234567_200  |                                            | gpu | 13.0
pytorch 1.9.0 cuda112py39h4e14dd4_0               |                                            | gpu | 11.2
pytorch 2.5.1 cpu_mkl_py312_h446997d_100          |                                            | cpu |
pytorch 2.5.1 cpu_generic_py312_h446997d_0        |                                            | cpu |
pytorch 1.6.0 cpu_py38h36eb2d3_0                  |                                            | cpu |
pytorch 2.1.0 py3.10_cuda11.8_cudnn8.7.0_0        | pytorch-cuda >=11.8,<11.9; pytorch-mutex 1.0 cuda | gpu | 11.8
pytorch 1.5.1 py3.7_cuda10.1.243_cudnn7.6.3_0     | cudatoolkit >=10.1,<10.2                   | gpu | 10.1
pytorch 2.1.0 py3.10_cpu_0                        | pytorch-mutex 1.0 cpu                      | cpu |
pytorch 2.3.0 gpu_cuda118py310h1234567_0          |                                            | gpu | 11.8
pytorch 2.3.1 cpu_py310hdc00b08_0                 |                                            | cpu |
pytorch 2.3.1 gpu_mps_py310hb6e1bd0_100           |                                            | cpu |
torchvision 0.16.0 py310_cu121                    | pytorch-cuda 12.1.*                        | gpu | 12.1
torchvision 0.5.0 py37_cu92                       |                                            | gpu | 9.2
torchvision 0.9.0 py39_cpu                        | pytorch 1.8.0                              | cpu |
torchvision 0.20.1 cuda126_py312_h1b2c3d4_1       | pytorch * cuda*; cuda-version >=12.6,<13   | gpu | 12.6
torchvision 0.20.1 cpu_py312_h1b2c3d4_1           | pytorch * cpu*                             | cpu |
libtorch 2.5.1 cuda126_mkl_h99b69db_300           |                                            | gpu | 12.6
tensorflow 2.17.0 cuda126py312h1234567_203        | tensorflow-base 2.17.0 cuda126py312h1_203  | gpu | 12.6
tensorflow 2.17.0 cpu_py312h69ecde4_3             | tensorflow-base 2.17.0 cpu_py312h1_3       | cpu |
tensorflow 2.4.1 gpu_py39h8236f22_0               | _tflow_select 2.1.0 gpu                    | gpu |
tensorflow 2.4.1 mkl_py39h4683426_0               |                                            | cpu |
tensorflow 2.11.0 cuda112py310he87a039_0          |                                            | gpu | 11.2
tensorflow-base 2.15.0 cpu_py311h3fb7ec4_3        |                                            | cpu |
jaxlib 0.4.31 cuda126py312hd27b167_200            | __cuda; cuda-version >=12.6,<13            | gpu | 12.6
jaxlib 0.4.31 cpu_py312h1234567_0                 |                                            | cpu |
jaxlib 0.3.0 py39h1234567_0                       |                                            | cpu |
cupy 13.3.0 py312h7d319b9_2                       | cuda-version >=12.0,<13                    | gpu | 12.0
cupy 10.0.0 py39hc3c280e_0                        | cudatoolkit 11.2.*                         | gpu | 11.2
onnxruntime 1.20.1 py312h24ab5f2_200_cuda         | cuda-version >=12.6,<13                    | gpu | 12.6
onnxruntime 1.20.1 py312hc3b5cfd_0_cpu            |                                            | cpu |
onnxruntime 1.10.0 py39h15e0acf_2                 |                                            | cpu |
libxgboost 2.1.3 cuda118_h09a87be_0               | cuda-version >=11.8,<12                    | gpu | 11.8
libxgboost 2.1.3 cpu_h6728c87_0                   |                                            | cpu |
py-xgboost 2.1.3 cuda118_pyh40095f8_0             |                                            | gpu | 11.8
xgboost 2.1.3 cpu_pyhac85b48_1                    | py-xgboost 2.1.3 cpu_pyhac85b48_1          | cpu |
lightgbm 4.5.0 cuda_py_h1234567_1                 | cuda-cudart >=12.9.79,<13.0a0              | gpu | 12.9
faiss 1.9.0 py312cuda118h1234567_0_cuda           |                                            | gpu | 11.8
libfaiss 1.7.4 h13c3c6d_0_cuda11.4                | cudatoolkit >=11.4,<12                     | gpu | 11.4
libfaiss 1.7.4 h2bc3f7f_0_cpu                     |                                            | cpu |
faiss-gpu 1.5.1 py36h1a5d453_1                    | cudatoolkit >=10.0.130,<10.1.0a0           | gpu | 10.0
faiss-cpu 0.1 py36_cuda8.0.61h506f3b9_1           |                                            | cpu |
faiss-cpu 1.3.0 py36_cuda0.0_1                    |                                            | cpu |
torchvision-cpu 0.3.0 py37_cuNone_1               |                                            | cpu |
torchcsprng 0.2.0 py38_cu111                      |                                            | gpu | 11.1
cudf 24.10.01 cuda12_py311_241009_gb7d4a6b_0      | cuda-version >=12.0,<13.0a0                | gpu | 12.0
cuml 24.10.00 cuda11_py311_241009_g1234567_0      | cuda-version >=11.2,<12.0a0                | gpu | 11.2
openmm 8.1.2 py312h7b6a552_0                      |                                            | cpu |
openmm 8.1.2 py312h7b6a552_1                      | cuda-version >=12.0,<13                    | gpu | 12.0
gromacs 2024.2 nompi_cuda_h5cb9db1_0              | cuda-version >=12.0,<13                    | gpu | 12.0
gromacs 2024.2 nompi_h5f56185_100                 |                                            | cpu |
mxnet 1.9.1 cuda112py310h1234567_0                |                                            | gpu | 11.2
mxnet 1.9.1 nogpu_py310h1234567_0                 |                                            | cpu |
flash-attn 2.7.0 py312h1234567_0                  | pytorch * cuda*; __cuda >=12.4             | gpu |
mycode 1.0 h1234567_0                             | __cuda                                     | gpu |
mycode 1.0 h1234567_0                             | nvidia::cuda-cudart >=12.1,<13             | gpu | 12.1
mycode 1.0 h1234567_0                             | cpuonly                                    | cpu |
"""


@pytest.mark.parametrize("line", BUILDS.strip().splitlines())
def test_a_record_says_which_build_it_is(line: str) -> None:
    text, depends, kind, cuda = (cell.strip() for cell in line.split("|"))
    found = gpu_build(record(text, *(d.strip() for d in depends.split(";") if d.strip())), {})
    assert found is not None
    assert (found.kind, found.cuda or "") == (kind, cuda)
    assert found.reason.endswith(".")


@pytest.mark.parametrize(
    ("text", "depends"),
    [
        ("numpy 2.1.0 py312h1103770_0", "libblas >=3.9.0,<4.0a0"),
        ("python 3.12.9 h9e4cc4f_0_cpython", "libexpat >=2.6"),
        ("jax 0.4.31 pyhd8ed1ab_0", "jaxlib >=0.4.30"),
        ("cuda-version 12.6 h7480c83_3", ""),
        ("cuda-cudart 12.6.77 h5888daf_0", "cuda-version >=12.6,<12.7.0a0"),
        ("cuda-nvrtc 12.6.85 hbd13f7d_0", "cuda-version >=12.6,<12.7.0a0"),
        ("cudatoolkit 11.8.0 h4ba93d1_13", ""),
        ("libcublas 12.6.4.1 hbd13f7d_0", "cuda-version >=12.6,<12.7.0a0"),
        ("cudnn 9.3.0.75 h62a6f1c_1", "cuda-version >=12,<13.0a0"),
        ("nccl 2.23.4.1 h2b5d15b_3", "cuda-version >=12.6,<13"),
        ("triton 3.1.0 cuda126py312h1234567_6", "cuda-version >=12.6,<13"),
        ("libmagma 2.8.0 h566cb83_2", "cuda-version >=12.6,<13"),
        ("magma-cuda118 2.6.1 1", ""),
        ("pytorch-cuda 12.1 ha16c6d3_5", "cuda-cudart >=12.1,<12.2"),
        ("pytorch-mutex 1.0 cuda", ""),
        ("cpuonly 2.0 0", "pytorch-mutex 1.0 cpu"),
        ("pytorch-gpu 2.5.1 cuda126_mkl_ha999a5f_300", "pytorch 2.5.1 cuda*_mkl*300"),
        ("pytorch-cpu 2.5.1 cpu_mkl_hc60beec_100", "pytorch 2.5.1 cpu_mkl*100"),
        ("tensorflow-gpu 2.17.0 cuda126h1234567_203", "tensorflow 2.17.0 cuda126*_203"),
        ("faiss-gpu 1.9.0 h1234567_0", "faiss 1.9.0.* *_cuda"),
        ("faiss-proc 1.0.0 cuda", ""),
        ("perftool 1.0 h1234567_1", "nccl-tests-docs"),
        ("manual 1.0 h1234567_2", "cuda-python-docs >=12"),
        ("fpga-gpu 1.0 h1234567_0", ""),
        ("stress-cpu 1.0 h1234567_0", ""),
        ("ucx 1.17.0 h1234567_2", "cuda-version >=12,<13"),
        ("openmpi 5.0.5 hd45feaf_108", "ucx >=1.17"),
        ("libhwloc 2.11.1 cuda_h1234567_1000", ""),
        ("libarrow 17.0.0 h1234567_14_cuda", "cuda-version >=12.6,<13"),
        ("pyarrow 17.0.0 py312h1234567_1_cpu", ""),
        ("rmm 24.10.00 cuda12_py311_g1234567_0", "cuda-version >=12,<13.0a0"),
    ],
)
def test_plumbing_metapackages_and_others_are_no_builds_to_speak_of(text: str, depends: str) -> None:
    assert gpu_build(record(text, *filter(None, [depends])), {}) is None


def test_the_rest_of_the_plan_gives_the_numbers() -> None:
    plan = by_name(
        record("cuda-version 12.9 h7480c83_3", constrains=("__cuda >=12", "cudatoolkit 12.9|12.9.*")),
        record("libtorch 2.5.1 cuda126_mkl_h99b69db_300", "cuda-version >=12.6,<13", "__cuda >=12.4"),
        record(
            "pytorch 2.5.1 cuda126_mkl_py312_h1_300",
            "libtorch 2.5.1 cuda126_mkl_h99b69db_300",
            "cuda-version >=12.6,<13",
        ),
        record("cupy 13.3.0 py312h7d319b9_2", "cuda-version >=12.0,<13"),
        record("cuda-arch 9.0 0", "__cuda_arch >=9.0"),
        record("attention 2.8 cuda126_py312_h1_0", "cuda-arch >=8.0", "cuda-version >=12.6,<13"),
        record("kernels 1.0 h1_0", "pytorch * cuda*", "cuda-arch"),
    )
    found = {name: gpu_build(each, plan) for name, each in plan.items()}
    numbers = {name: (b.cuda, b.driver, b.compute_capability) for name, b in found.items() if b is not None}
    assert numbers == {
        "libtorch": ("12.6", "12.4", None),
        "pytorch": ("12.6", "12.4", None),
        "cupy": ("12.9", "12.0", None),
        "attention": ("12.6", "12.0", "8.0"),
        "kernels": ("12.6", "12.0", "9.0"),
    }


def test_a_wrapper_is_what_it_computes_with() -> None:
    gpu, cpu = record("libxgboost 2.1.3 cuda118_h0_0"), record("libxgboost 2.1.3 cpu_h0_0")
    wrapper = record("xgboost 2.1.3 py312h1_0", "libxgboost 2.1.3")
    with_gpu, with_cpu = (gpu_build(wrapper, by_name(wrapper, part)) for part in (gpu, cpu))
    assert with_gpu is not None
    assert (with_gpu.kind, with_gpu.cuda, with_gpu.name, with_gpu.build) == ("gpu", "11.8", "xgboost", "py312h1_0")
    assert with_cpu is not None
    assert with_cpu.kind == "cpu"


@pytest.mark.parametrize(
    ("cuda", "driver"), [("12.6", "12.0"), ("13.0", "13.0"), ("11.8", "11.0"), ("10.2", "10.2"), (None, None)]
)
def test_drivers_run_all_minor_versions_since_cuda_11(cuda: str | None, driver: str | None) -> None:
    assert driver_for(cuda) == driver


def test_only_what_may_come_with_a_gpu_is_looked_up() -> None:
    plan = [
        record("python 3.12.9 h9e4cc4f_0_cpython"),
        record("numpy 2.1.0 py312h1103770_0"),
        record("pandas 2.2.0 py312h1103770_0", "numpy"),
        record("requests 2.32.0 pyhd8ed1ab_0", subdir="noarch"),
        record("pytorch 2.5.1 cpu_mkl_py312_h446997d_100", "libtorch 2.5.1 cpu_mkl_h0_100"),
        record("libtorch 2.5.1 cpu_mkl_h0_100"),
        record("openmpi 5.0.5 hd45feaf_108"),
        record("lightgbm 4.5.0 py312h2ec8cdc_0"),
    ]
    found = candidates(plan, ["python", "pandas", "requests", "lightgbm"])
    assert found == {"pandas", "pytorch", "pytorch-gpu", "libtorch", "libtorch-gpu", "lightgbm", "lightgbm-gpu"}
    assert candidates(plan[:4], ["python=3.12", "requests>=2"]) == frozenset()


def test_without_a_plan_what_was_asked_for_is_looked_up_with_its_parts() -> None:
    found = candidates([], ["pytorch-gpu=2.7", "python=3.12"])
    assert {"pytorch-gpu", "pytorch", "libtorch", "cuda-version", "cuda-arch"} <= found
    assert "python" not in found


@pytest.mark.skipif(not REPODATA.is_file(), reason="the records of the pytorch channel are not beside the checkout")
def test_all_records_of_the_pytorch_channel_agree_with_their_file_names() -> None:
    repodata = json.loads(REPODATA.read_bytes())
    wanted = re.compile(r"(pytorch|torchvision|torchaudio|faiss-[a-z]+|libfaiss)-v?\d")
    wrong, checked = [], 0
    for file, entry in {**repodata["packages"], **repodata.get("packages.conda", {})}.items():
        if not wanted.match(file):
            continue
        found = gpu_build(msgspec.convert(entry, Build), {})
        said = re.search(r"_cu(?:da)?(\d+(?:\.\d+)?)", file)
        if "cpu" in file or "cuNone" in file:
            agrees = found is not None and found.kind == "cpu" and found.cuda is None
        elif said is None and entry["name"] in ("torchaudio", "torchvision"):
            agrees = found is None
        elif said is None:
            agrees = found is not None and found.kind == "gpu" and found.cuda is not None
        else:
            agrees = (
                found is not None
                and found.kind == "gpu"
                and (found.cuda or "").replace(".", "") == said[1].replace(".", "")
            )
        checked += 1
        wrong += [] if agrees else [(file, found)]
    assert checked > 900
    assert wrong == []
