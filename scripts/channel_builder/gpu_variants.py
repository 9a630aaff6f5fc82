"""Stand-ins for conda's GPU packages: nothing inside, but the names, builds and needs that decide what is chosen.

For tests of solving and of advice; nothing here computes anything. Names, versions, build strings, build numbers,
``track_features``, and the dependencies and constraints that have to do with GPUs follow conda-forge's recipes
(https://github.com/conda-forge/pytorch-cpu-feedstock, …/tensorflow-feedstock, …/jaxlib-feedstock, …/cupy-feedstock,
…/cuda-version-feedstock and so on, 2024–2026); what else they need is left out. Hashes, timestamps and the last numbers
of CUDA's libraries are made up. tensorflow 2.15.0 for CUDA 11.8, pytorch 2.7.1 for CUDA 12.6, RAPIDS and ``cuda-arch``
are as they are known to be, not read from a recipe. What exists nowhere is called invented.

How a GPU build is chosen on conda-forge: it needs ``__cuda`` (there is a driver) and a range of ``cuda-version``, each
version of which constrains ``__cuda`` to its major version or newer; build numbers above 200 make it the preferred one.
"""

from __future__ import annotations

from .gpu_frameworks import boosting, cupy, ending_in_kind, invented, jax, rapids, tensorflow
from .gpu_parts import PYTHONS, cuda_libraries, numerics, pythons
from .gpu_pytorch import cpu_only_pytorch, old_pytorch, pytorch, torchvision
from .synthetic import Synthetic

#: conda-forge. For solving only: its Pythons are as empty as the rest.
GPU_PACKAGES: tuple[Synthetic, ...] = (
    *pythons(),
    *numerics(),
    *cuda_libraries(),
    *old_pytorch("2.4.1", 3, ("cuda118", "cuda120"), PYTHONS[:2]),
    *pytorch("2.7.1", 4, ("cpu", "cuda126", "cuda129"), PYTHONS),
    *pytorch("2.13.0", 2, ("cpu", "cuda129", "cuda130"), PYTHONS),
    *torchvision("0.28.0", ("cpu", "cuda129", "cuda130")),
    *tensorflow("2.15.0", ("cpu", "cuda118", "cuda120"), PYTHONS[:1], cpu=3, gpu=3),
    *tensorflow("2.19.1", ("cpu", "cuda128"), PYTHONS[:2], cpu=3, gpu=203),
    *jax("0.4.26", ("cpu", "cuda118", "cuda120"), PYTHONS[:2]),
    *jax("0.9.2", ("cpu", "cuda129"), PYTHONS),
    *cupy(),
    *boosting(),
    *ending_in_kind(),
    *invented(),
)
#: RAPIDS' own channel, to be used with conda-forge.
RAPIDS_PACKAGES: tuple[Synthetic, ...] = tuple(rapids())
#: A channel that hides conda-forge's GPU builds where it comes first and priority is strict.
CPU_ONLY_PACKAGES: tuple[Synthetic, ...] = tuple(cpu_only_pytorch())


def installable(python: str) -> list[Synthetic]:
    """A few of them that can be installed beside a real Python of this minor version (``3.12``).

    pytorch 2.13.0 for CPU and CUDA 12.9, 2.4.1 for CPU and CUDA 11.8, with all their fronts; ``torch`` can be imported
    and says what it was built for.
    """
    return [
        *numerics(),
        *cuda_libraries(("11.8", "12.8", "12.9")),
        *pytorch("2.13.0", 2, ("cpu", "cuda129"), (python,), files=True),
        *old_pytorch("2.4.1", 3, ("cuda118",), (python,), files=True),
    ]
