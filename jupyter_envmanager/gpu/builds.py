"""A package record -> is it a build for GPUs, for which CUDA, and what does it need of the driver?

Channels have no field for it; the build string and the dependencies tell:

- conda-forge: ``cuda126_mkl_py312_h30b5a27_300``, ``cpu_generic_…``, ``cuda-version >=12.6,<13``, ``__cuda``
  (https://conda-forge.org/docs/maintainer/knowledge_base/#cuda-builds);
- the pytorch channel: ``py3.10_cuda11.8_cudnn8.7.0_0``, ``py39_cu121``, ``py3.10_cpu_0``, ``pytorch-mutex 1.0 cuda``;
- defaults: ``gpu_cuda118py310…``, ``gpu_py39…``; RAPIDS: ``cuda12_py311_…``; many: ``py312h…_0_cpu``;
- ``cuda-arch >=8.0`` for the compute capability (https://conda-forge.org/blog/2026/10/19/cuda-arch/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

from ..models import GpuBuild
from .names import KNOWN, SELECTORS, base_of, is_plumbing, parts_of
from .specs import Spec, read
from .versions import lowest, newest, numbers

Kind = Literal["gpu", "cpu"]


class Build(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is read of a repodata record; decodes from its JSON (https://github.com/conda/ceps/blob/main/cep-0036.md)."""

    name: str
    version: str
    build: str
    build_number: int = 0
    depends: Sequence[str] = ()
    constrains: Sequence[str] = ()
    track_features: str | Sequence[str] = ()
    channel: str = ""
    subdir: str = ""


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """What tells of a build: its ``kind``, the CUDA version that it says, and how that is known, in a sentence."""

    kind: Kind
    cuda: str | None = None
    text: str


# “cuda0.0”, “cuNone” and “nogpu” are CPU builds. Hashes are hexadecimal: there is no “u” and no “p” in them.
_CPU = re.compile(r"(?<![a-z])(?:cpu(?![a-fi-oq-z])|cpu(?=generic|mkl)|no_?(?:gpu|cuda)|cu(?:da)?_?[Nn]one|cuda0)")
_GPU = re.compile(
    r"(?<![a-z])(?:cuda[_-]?(?P<cuda>[0-9]{1,4}(?:\.[0-9]{1,6}){0,3}(?![0-9]))?|cu(?P<cu>\d{2,4})(?!\d)|gpu)"
)
# Apple's GPUs: no CUDA, and no other build to choose.
_MPS = re.compile(r"(?<![a-z])mps(?![a-z])")
# A direct dependency on one of these makes a GPU build; on their documentation or tests it does not.
_ON_CUDA = re.compile(
    r"""
    (?:\S*::)?
    (?: cuda-(?:version|arch|toolkit|runtime|libraries|cudart|nvrtc|nvtx|cupti|nvcc|driver|compat|bindings|python)
      | cudatoolkit | pytorch-cuda | __cuda(?:_arch)? | libcublas | cudnn | nccl )
    (?:-dev)? (?![\w.-])
    """,
    re.VERBOSE,
)
_DRIVER = "__cuda"
_CAPABILITY = ("__cuda_arch", "cuda-arch")
# The oldest devices that CUDA's compilers make code for, by its major version
# (https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/).
_OLDEST_DEVICES = {11: "3.5", 12: "5.0", 13: "7.5"}


@lru_cache(maxsize=16384)
def build_sign(build: str) -> Sign | None:
    """What a build string says."""
    if _CPU.search(build):
        return Sign(kind="cpu", text="It is made for CPUs.")
    found = list(_GPU.finditer(build))
    if not found or _MPS.search(build):
        return None
    cuda = next((_dotted(match["cuda"] or match["cu"]) for match in found if match["cuda"] or match["cu"]), None)
    return Sign(kind="gpu", cuda=cuda, text=f"It is made for {f'CUDA {cuda}' if cuda else 'GPUs'}.")


def sign_of(record: Build) -> Sign | None:
    """What a record itself tells; None where nothing does."""
    base = base_of(record.name)
    is_choice = base != record.name and (base in KNOWN or is_metapackage(record))
    if is_choice and record.name.endswith("-cpu"):
        return Sign(kind="cpu", text="It is the package for CPUs.")
    sign = build_sign(record.build)
    # What has no code of its own is for GPUs only where it needs what is; or it is the Python part of one of these.
    if sign is not None and (sign.kind == "cpu" or record.subdir != "noarch" or base in KNOWN):
        return sign
    sign = next(filter(None, map(_dependency_sign, record.depends)), None)
    if sign is not None:
        return sign
    return Sign(kind="gpu", text="It is the package for GPUs.") if is_choice else None


@lru_cache(maxsize=16384)
def _dependency_sign(text: str) -> Sign | None:
    """What one dependency tells: one on CUDA, or on the GPU or CPU build of another package."""
    if _ON_CUDA.match(text):
        return Sign(kind="gpu", text=f"It needs “{text}”.")
    if text.startswith("cpuonly"):
        return Sign(kind="cpu", text=f"It needs “{text}”.")
    if text.count(" ") < 2 and text.count("=") < 2:
        return None
    spec = read(text)
    sign = build_sign(spec.build) if spec is not None and spec.build else None
    return None if sign is None else Sign(kind=sign.kind, cuda=sign.cuda, text=f"It needs “{text}”.")


def is_metapackage(record: Build) -> bool:
    """Whether a record only picks a build of another package, as conda-forge's ``pytorch-gpu`` does."""
    base = base_of(record.name)
    return base != record.name and any(_name(text) == base for text in record.depends)


def gpu_build(record: Build, plan: Mapping[str, Build]) -> GpuBuild | None:
    """Which build a record is; None for a package that has nothing to do with GPUs.

    CUDA's own libraries and metapackages give None, too.

    Parameters
    ----------
    plan:
        All records of the environment, by name: some say what they are through others (``cuda-version``).
    """
    return None if is_plumbing(record.name) or is_metapackage(record) else numbered(record, plan)


def numbered(record: Build, plan: Mapping[str, Build]) -> GpuBuild | None:
    """The same for any record, also one that `gpu_build` passes over."""
    sign = sign_of(record)
    if sign is None:
        return _through_part(record, plan)
    if sign.kind == "cpu":
        return _built(record, "cpu", reason=sign.text)
    cuda = sign.cuda if sign.cuda and "." in sign.cuda else _runtime(record, plan) or sign.cuda
    return _built(
        record,
        "gpu",
        reason=sign.text,
        cuda=cuda,
        driver=_bound(record, plan, (_DRIVER,)) or driver_for(cuda),
        compute_capability=_bound(record, plan, _CAPABILITY),
    )


def driver_for(cuda: str | None) -> str | None:
    """The lowest CUDA version that a driver must run for what was built with this one.

    Since CUDA 11, every driver of a major version runs what was built for any of its minor ones
    (https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html).
    """
    found = numbers(cuda or "")
    return f"{found[0]}.0" if found and found[0] >= 11 else cuda


@lru_cache(maxsize=1024)
def _oldest_device(cuda: str) -> str | None:
    return _OLDEST_DEVICES.get((numbers(cuda) or (0,))[0])


def device_for(build: GpuBuild) -> str | None:
    """The lowest compute capability that a device must have: what a build says, or what its CUDA version makes code
    for."""
    return build.compute_capability or _oldest_device(build.cuda or "")


def _through_part(record: Build, plan: Mapping[str, Build]) -> GpuBuild | None:
    """What a record is by the part it computes with: ``xgboost`` by ``libxgboost``."""
    for part in parts_of(record.name):
        if part in plan and part in map(_name, record.depends):
            build = gpu_build(plan[part], plan)
            if build is not None:
                made = f"for CUDA {build.cuda}" if build.cuda else "for GPUs" if build.kind == "gpu" else "for CPUs"
                return msgspec.structs.replace(
                    build,
                    name=record.name,
                    version=record.version,
                    build=record.build,
                    reason=f"It computes with {part}, which is made {made}.",
                )
    return _built(record, "cpu", reason="Nothing in it is for GPUs.") if record.name in KNOWN else None


def _built(
    record: Build,
    kind: Kind,
    *,
    reason: str,
    cuda: str | None = None,
    driver: str | None = None,
    compute_capability: str | None = None,
) -> GpuBuild:
    return GpuBuild(
        name=record.name,
        version=record.version,
        build=record.build,
        kind=kind,
        cuda=cuda,
        driver=driver,
        compute_capability=compute_capability,
        reason=reason,
    )


@lru_cache(maxsize=16384)
def _name(text: str) -> str:
    return text.split(" ", 1)[0].rpartition("::")[2]


def selector(record: Build) -> Spec | None:
    """The dependency that says which CUDA a record works with."""
    mine = [text for text in record.depends if _name(text) in SELECTORS]
    return read(min(mine, key=lambda text: SELECTORS.index(_name(text)))) if mine else None


def _runtime(record: Build, plan: Mapping[str, Build]) -> str | None:
    """The CUDA version that a record works with: what it asks for at least, what the plan has where it takes any, or
    that of a package that it needs."""
    spec = selector(record)
    if spec is None:
        needed = (plan[name] for text in record.depends if (name := _name(text)) in plan)
        return next((sign.cuda for each in needed if (sign := build_sign(each.build)) is not None and sign.cuda), None)
    least, there = lowest(spec.version), plan.get(spec.name)
    if there is not None and (least is None or (numbers(least) or ())[1:] == ()) and numbers(there.version):
        return _short(there.version)
    return _short(least) if least else None


def _bound(record: Build, plan: Mapping[str, Build], names: tuple[str, ...]) -> str | None:
    """The highest of the lowest versions of ``names`` that a record, or what it needs directly, asks for."""
    mine = newest(_bounds(record, names))
    # What a solver has taken for “cuda-arch >=8.0” may ask for more than that.
    if not plan or (mine is not None and names == _CAPABILITY):
        return mine
    needed = [plan[name] for text in record.depends if (name := _name(text)) in plan]
    theirs = [least for each in needed for least in _bounds(each, names)]
    return newest([*theirs, mine] if mine is not None else theirs)


def _bounds(record: Build, names: tuple[str, ...]) -> list[str]:
    specs = [read(text) for text in (*record.depends, *record.constrains) if text.startswith(names)]
    found = [lowest(spec.version) for spec in specs if spec is not None and spec.name in names]
    return [least for least in found if least is not None]


def _dotted(digits: str) -> str:
    """``126`` -> ``12.6``, ``92`` -> ``9.2``, ``12`` -> ``12``, ``10.1.243`` -> ``10.1``."""
    if "." in digits:
        return _short(digits)
    head = 2 if digits.startswith("1") else 1
    return f"{digits[:head]}.{digits[head:]}" if digits[head:] else digits


def _short(version: str) -> str:
    return ".".join(version.split(".")[:2])
