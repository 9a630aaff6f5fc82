"""Stand-ins of pytorch's builds as conda-forge makes them (https://github.com/conda-forge/pytorch-cpu-feedstock)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .gpu_parts import PYTHONS, cuda_of, cuda_range, hashed, is_gpu, made, needs_of, py, python_specs
from .synthetic import Synthetic

_NO_DEVICES = """def is_available():
    return False


def device_count():
    return 0


def init():
    raise RuntimeError("Found no NVIDIA driver on your system.")
"""


def pytorch(
    version: str, build: int, variants: Iterable[str], pythons: Iterable[str], *, files: bool = False
) -> Iterator[Synthetic]:
    """libtorch says which pytorch goes with it, pytorch needs it exactly; pytorch-cpu and -gpu choose."""
    for variant in variants:
        gpu = is_gpu(variant)
        front, other = ("pytorch-gpu", "pytorch-cpu") if gpu else ("pytorch-cpu", "pytorch-gpu")
        rules = (f"{front} {version}", f"{other} <0.0a0")
        for blas in ("generic", "mkl"):
            number = build + 200 * gpu + 100 * (blas == "mkl")
            kind = f"{variant}_{blas}"
            math = ("libblas * *mkl",) if blas == "mkl" else ()
            lib = f"{kind}_{hashed(version, kind)}_{number}"
            mine = f"pytorch {version} {kind}_*_{number}"
            yield made("libtorch", version, lib, [*needs_of(variant)[1:], *math], constrains=(*rules, mine))
            for python in pythons:
                needs = [f"libtorch {version} {lib}", *needs_of(variant), *(math or ("nomkl",)), *python_specs(python)]
                text = _torch(version, variant, python) if files else {}
                string = f"{kind}_{py(python)}_{hashed(version, kind, python)}_{number}"
                yield made("pytorch", version, string, needs, constrains=rules, files=text)
            chosen = f"pytorch {version} {'cuda*' if gpu else 'cpu'}_{blas}*{number}"
            yield made(front, version, f"{kind}_{hashed(front, kind)}_{number}", [chosen])


def old_pytorch(
    version: str, build: int, variants: Iterable[str], pythons: Iterable[str], *, files: bool = False
) -> Iterator[Synthetic]:
    """Until 2.4: CUDA builds with MKL only, no BLAS in their names; a front for each Python, CPU ones weighed down."""
    for kind in (*variants, "cpu_generic", "cpu_mkl"):
        gpu = kind.startswith("cuda")
        front, other = ("pytorch-gpu", "pytorch-cpu") if gpu else ("pytorch-cpu", "pytorch-gpu")
        rules = (f"{front} =={version}", f"{other} ==99999999")
        number = build + 200 * gpu + 100 * (kind != "cpu_generic")
        cuda = needs_of(kind) if gpu else ()
        math = ("nomkl",) if kind == "cpu_generic" else ("mkl >=2024",)
        mine = f"pytorch {version} {kind}_*_{number}"
        lib = f"{kind}_{hashed(version, kind)}_{number}"
        yield made("libtorch", version, lib, [*cuda[1:], *math], constrains=(*rules, mine))
        for python in pythons:
            string = f"{kind}_{py(python)}{hashed(version, kind, python)}_{number}"
            needs = [f"libtorch {version}.*", *cuda, *math, *python_specs(python)]
            text = _torch(version, kind if gpu else "cpu", python) if files else {}
            yield made("pytorch", version, string, needs, constrains=rules, files=text)
            features = () if gpu else ("pytorch-cpu",)
            fronted = f"{kind}{'' if gpu else '_'}{py(python)}{hashed(front, kind, python)}_{number}"
            yield made(front, version, fronted, [f"pytorch {version} {string}"], track_features=features)


def torchvision(version: str, variants: Iterable[str]) -> Iterator[Synthetic]:
    """It names the kind of pytorch it goes with, not the build."""
    for variant in variants:
        kind = "cuda" if is_gpu(variant) else "cpu"
        own = [cuda_range(cuda_of(variant))] if is_gpu(variant) else []
        for python in PYTHONS:
            string = f"{variant}_{py(python)}_{hashed('torchvision', variant, python)}_1"
            needs = [f"pytorch * {kind}*", "pytorch >=2.13.0,<2.14.0a0", *own, *python_specs(python)]
            yield made("torchvision", version, string, needs)


def cpu_only_pytorch() -> Iterator[Synthetic]:
    """pytorch as a channel has it that builds for CPUs only, under the names of Anaconda's own channel."""
    for python in PYTHONS:
        needs = [f"libtorch 2.12.0 cpu_mkl_{hashed('main')}_100", *python_specs(python)]
        yield made("pytorch", "2.12.0", f"cpu_mkl_{py(python)}_{hashed('main', python)}_100", needs)
    yield made("libtorch", "2.12.0", f"cpu_mkl_{hashed('main')}_100")


def _torch(version: str, variant: str, python: str) -> dict[str, bytes]:
    """A ``torch`` that can be imported and says what it was built for, and that it sees no GPU."""
    cuda = cuda_of(variant) if is_gpu(variant) else None
    cudnn = None if cuda is None else 8907 if cuda.startswith("11") else 91900
    info = f"torch-{version}.dist-info"
    texts = {
        "torch/__init__.py": f'from . import backends, cuda, version\n\n__version__ = "{version}"\n',
        "torch/version.py": f"cuda = {cuda!r}\n",
        "torch/cuda.py": _NO_DEVICES,
        "torch/backends/__init__.py": "from . import cudnn\n",
        "torch/backends/cudnn.py": f"def version():\n    return {cudnn}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n",
        f"{info}/INSTALLER": "conda\n",
    }
    texts[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*texts, f"{info}/RECORD"])
    return {f"lib/python{python}/site-packages/{path}": text.encode() for path, text in texts.items()}
