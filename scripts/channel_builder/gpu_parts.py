"""What all stand-ins of GPU packages rest on: Pythons, the CUDA libraries, conda-forge's way to name builds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from rattler import Subdir

from .synthetic import Synthetic

PYTHONS = ("3.11", "3.12", "3.13")
CUDA_VERSIONS = (
    *("11.2", "11.8", "12.0", "12.1", "12.2", "12.3", "12.4", "12.5", "12.6", "12.8", "12.9"),
    *("13.0", "13.1", "13.2", "13.3"),
)
_SUBDIR = str(Subdir.current())


def made(name: str, version: str, build: str, depends: Sequence[str] = (), **more: object) -> Synthetic:
    """A package of this platform; its build number is the one that its build string ends with, as on conda-forge."""
    if "noarch" not in more:
        more["subdir"] = _SUBDIR
    ending = next((part for part in reversed(build.split("_")) if part.isdigit()), "0")
    fields = {"build_number": int(ending), "timestamp": _timestamp(build), **more}
    return Synthetic(name, version, build, depends=tuple(depends), **fields)  # type: ignore[arg-type]


def _timestamp(build: str) -> int:
    """CUDA builds take longest, and solvers break ties by time."""
    cuda = re.search(r"cuda(\d+)", build)
    return 1_700_000_000_000 + 60_000 * int(cuda[1] if cuda is not None else 0)


def hashed(*facts: str) -> str:
    """A hash as in a build string: ``h`` and seven digits."""
    return f"h{hashlib.sha256(' '.join(facts).encode()).hexdigest()[:7]}"


def py(python: str) -> str:
    """``3.12`` -> ``py312``."""
    return f"py{python.replace('.', '')}"


def python_specs(python: str) -> tuple[str, str]:
    """What ties a build to a Python."""
    major, minor = python.split(".")
    abi = f"python_abi {python}.* *_cp{major}{minor}"
    return f"python >={python},<{major}.{int(minor) + 1}.0a0", abi


def next_major(cuda: str) -> int:
    """``12.9`` -> ``13``."""
    return int(cuda.split(".")[0]) + 1


def cuda_range(cuda: str) -> str:
    """What the ``run_exports`` of conda-forge's CUDA compiler ask for."""
    return f"cuda-version >={cuda},<{next_major(cuda)}"


def _cuda_runtime(cuda: str) -> tuple[str, ...]:
    """What a CUDA build links: one big package until 11.8, single libraries since 12.0."""
    if cuda.startswith("11"):
        return cuda_range(cuda), f"cudatoolkit >={cuda},<12", "cudnn >=8.9.7.29,<9.0a0"
    upper = f"{next_major(cuda)}.0a0"
    return (
        cuda_range(cuda),
        f"cuda-cudart >={cuda},<{upper}",
        f"libcublas >={cuda},<{upper}",
        "cudnn >=9.2.1.18,<10.0a0",
    )


def is_gpu(variant: str) -> bool:
    """Whether a variant (``cpu``, ``cuda129``) is one for GPUs."""
    return variant != "cpu"


def cuda_of(variant: str) -> str:
    """``cuda129`` -> ``12.9``."""
    digits = variant.removeprefix("cuda")
    return f"{digits[:2]}.{digits[2:]}"


def needs_of(variant: str) -> tuple[str, ...]:
    """What a build of a variant needs because it is one."""
    return ("__cuda", *_cuda_runtime(cuda_of(variant))) if is_gpu(variant) else ()


def pythons() -> Iterator[Synthetic]:
    """Pythons without anything inside."""
    for python in PYTHONS:
        cp = f"cp{python.replace('.', '')}"
        abi = (f"python_abi {python}.* *_{cp}",)
        yield made("python", f"{python}.9", f"{hashed(python)}_0_cpython", constrains=abi)
        yield made("python_abi", python, f"8_{cp}", noarch="generic", build_number=8)
    yield made("numpy", "2.3.5", "py_0", ["python >=3.11"], noarch="python")


def numerics() -> Iterator[Synthetic]:
    """What decides between pytorch's builds with and without MKL."""
    yield made("mkl", "2025.3.0", "h0e700b2_462")
    yield made("nomkl", "1.0", "h5ca1d4c_0", noarch="generic")
    yield made("libblas", "3.11.0", "5_h4a7cf45_openblas", constrains=("mkl <2026", "blas 2.305 openblas"))
    yield made("libblas", "3.11.0", "5_h5875eb1_mkl", ["mkl >=2025.3.0,<2026.0a0"], constrains=("blas 2.305 mkl",))


def cuda_libraries(versions: Iterable[str] = CUDA_VERSIONS) -> Iterator[Synthetic]:
    """``cuda-version``, the driver's gatekeeper, and some of the libraries that follow it."""
    for cuda in versions:
        major, minor = cuda.split(".")
        constrains = (f"__cuda >={major}", f"cudatoolkit {cuda}|{cuda}.*")
        yield made("cuda-version", cuda, f"{hashed(cuda)}_3", noarch="generic", constrains=constrains)
        if int(major) > 11:
            exactly = f"cuda-version >={cuda},<{major}.{int(minor) + 1}.0a0"
            for name in ("cuda-cudart", "libcublas"):
                yield made(name, f"{cuda}.79", f"{hashed(name, cuda)}_0", [exactly])
    yield made("cudatoolkit", "11.8.0", "h4ba93d1_13", constrains=("__cuda >=11",))
    yield made("cudnn", "8.9.7.29", "hbc23b4c_3", ["cuda-version >=11.0,<12.0a0", "cudatoolkit 11.*"])
    for cuda in ("12", "13"):
        build = f"{hashed('cudnn', cuda)}_0"
        yield made("cudnn", "9.19.0.56", build, [f"cuda-version >={cuda},<{next_major(cuda)}.0a0"])
    # CEP 46: what packages say of the devices they have code for.
    for arch in ("6.0", "7.0", "8.0", "9.0", "10.0"):
        yield made("cuda-arch", arch, f"{hashed(arch)}_0", noarch="generic", constrains=(f"__cuda_arch >={arch}",))
