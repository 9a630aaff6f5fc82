"""What names say: which packages serve others, and which come with and without GPU though no build says so.

Which build a package is, is read from its record (`builds`); these tables only say whom a user wants to hear of.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: Their CPU builds show no sign on some channels; on conda-forge they come as GPU builds, too.
KNOWN = frozenset(
    {
        "ctranslate2",
        "faiss",
        "gromacs",
        "jaxlib",
        "lammps",
        "libfaiss",
        "liblightgbm",
        "libxgboost",
        "lightgbm",
        "mxnet",
        "onnxruntime",
        "onnxruntime-cpp",
        "openmm",
        "py-xgboost",
        "pytorch",
        "tensorflow",
        "xgboost",
    }
)

#: Frameworks that nobody installs for the CPU where there is a GPU; conda-forge has GPU builds of each.
FRAMEWORKS = frozenset({"pytorch", "tensorflow", "jaxlib", "cupy"})

#: Where frameworks have GPU builds, by the name of the channel.
FORGE = "conda-forge"

#: Packages that decide which CUDA the others are for.
SELECTORS = ("cuda-version", "cudatoolkit", "pytorch-cuda", "cuda-toolkit", "cuda", "cuda-cudart", "cuda-runtime")

# Not what anybody asks for: CUDA's own libraries, and what has GPU code beside a purpose of its own.
_PLUMBING = re.compile(
    r"""
    _?cuda(?!df).* | cudatoolkit.* | cudnn.* | cutensor.* | nccl2? | nvidia-.* | nvcomp | gds-tools | nsight-.*
    | lib(?:cu(?:blas|fft|file|rand|solver|sparse|dnn|pti|tensor|dss|inj).*|nv.*|npp.*|magma.*|kvikio|cufile.*)
    | magma.* | triton | torchtriton | pytorch-(?:cuda|mutex) | cpuonly | .*-mutex | .*-proc | _tflow_select
    | (?:lib)?rmm | (?:lib)?ucxx? | (?:lib)?ucc | distributed-ucxx | numba-cuda | kvikio
    | openmpi.* | mpich.* | lib(?:hwloc|fabric.*|ceres.*) | hwloc | ceres-solver | ffmpeg | suitesparse
    | petsc.* | slepc.* | hypre | superlu.* | (?:lib)?arrow.* | libparquet | pyarrow.* | arrow-cpp | python.* | __.*
    """,
    re.VERBOSE,
)

# What a package is made of: its build is theirs.
_PARTS = {
    "pytorch": ("libtorch",),
    "torchvision": ("pytorch",),
    "torchaudio": ("pytorch",),
    "tensorflow": ("tensorflow-base",),
    "jax": ("jaxlib",),
    "xgboost": ("py-xgboost", "libxgboost"),
    "py-xgboost": ("libxgboost",),
    "lightgbm": ("liblightgbm",),
    "onnxruntime": ("onnxruntime-cpp",),
    "cupy": ("cupy-core",),
    "faiss": ("libfaiss",),
    "faiss-gpu": ("faiss", "libfaiss"),
    "faiss-cpu": ("faiss", "libfaiss"),
}


@lru_cache(maxsize=4096)
def is_plumbing(name: str) -> bool:
    """Whether a package serves others rather than those who ask for GPUs."""
    return _PLUMBING.fullmatch(name) is not None


def is_part(name: str) -> bool:
    """Whether a package is the inner part of another, by its name: ``libtorch``, ``cupy-core``."""
    return name.startswith(("lib", "pylib", "py-")) or name.endswith(("-base", "-core"))


@lru_cache(maxsize=4096)
def base_of(name: str) -> str:
    """``pytorch-gpu`` -> ``pytorch``; any other name as it is."""
    return name.removesuffix("-gpu").removesuffix("-cpu")


def parts_of(name: str) -> tuple[str, ...]:
    """The packages that a package computes with: its build is theirs."""
    return _PARTS.get(name, ())
