"""Stand-ins of GPU packages other than pytorch, each in a shape of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .gpu_parts import PYTHONS, cuda_of, hashed, is_gpu, made, needs_of, next_major, py, python_specs
from .synthetic import Synthetic


def tensorflow(
    version: str, variants: Iterable[str], pythons: Iterable[str], cpu: int, gpu: int
) -> Iterator[Synthetic]:
    """CPU builds are weighed down by a feature; there are none at all for Python 3.13.

    Args:
        version: its version.
        variants: what it is built for.
        pythons: and for which Pythons.
        cpu: the build number of CPU builds.
        gpu: and that of the others.
    """
    for variant in variants:
        number, features = (gpu, ()) if is_gpu(variant) else (cpu, ("tensorflow-cpu",))
        separated = variant if is_gpu(variant) else f"{variant}_"
        for python in pythons:
            string = f"{separated}{py(python)}{hashed(version, variant, python)}_{number}"
            base = [*needs_of(variant), *python_specs(python)]
            yield made("tensorflow-base", version, string, base, track_features=features)
            needs = [f"tensorflow-base {version} {string}", *needs_of(variant)[:1], *python_specs(python)]
            yield made("tensorflow", version, string, needs, track_features=features)
        front = "tensorflow-gpu" if is_gpu(variant) else "tensorflow-cpu"
        chosen = f"tensorflow {version} {variant}*_{number}"
        yield made(front, version, f"{separated}{hashed(version, variant)}_{number}", [chosen])


def jax(version: str, variants: Iterable[str], pythons: Iterable[str]) -> Iterator[Synthetic]:
    """jax is noarch; its jaxlib of the same version has the builds."""
    depends = ["python >=3.11", f"jaxlib >={version},<={version}"]
    yield made("jax", version, "pyhd8ed1ab_0", depends, noarch="python")
    for variant in variants:
        for python in pythons:
            number = 200 if is_gpu(variant) else 0
            underscore = "" if variant in ("cuda118", "cuda120") else "_"
            string = f"{variant}{underscore}{py(python)}{hashed(version, variant, python)}_{number}"
            needs = [*needs_of(variant), *python_specs(python)]
            yield made("jaxlib", version, string, needs, constrains=(f"jax >={version}",))


def cupy() -> Iterator[Synthetic]:
    """No CPU build, and no need of a driver: it is installed without one, too. A build for each major CUDA version."""
    for major in ("12", "13"):
        cuda = f"cuda-version >={major},<{int(major) + 1}.0a0"
        for python in PYTHONS:
            core = f"{py(python)}{hashed('cupy-core', major, python)}_0"
            constrains = (cuda, f"__cuda >={major}.0", "cupy >=14.1.1,<14.2.0a0")
            yield made("cupy-core", "14.1.1", core, ["numpy >=2.0", *python_specs(python)], constrains=constrains)
            needs = [f"cupy-core 14.1.1 {core}", cuda, "libcublas", *python_specs(python)]
            yield made("cupy", "14.1.1", f"{py(python)}{hashed('cupy', major, python)}_0", needs)


def boosting() -> Iterator[Synthetic]:
    """Libraries whose Python side is noarch: xgboost and lightgbm."""
    python = {"noarch": "python"}
    for variant in ("cpu", "cuda129", "cuda133"):
        cuda = _any_minor(variant) if is_gpu(variant) else []
        yield made("libxgboost", "3.3.0", f"{variant}_{hashed('libxgboost', variant)}_1", cuda)
        lib = ["libxgboost >=3.3.0,<3.3.1.0a0", f"libxgboost * {variant}_h*_1"]
        string = f"{variant}_py{hashed('py-xgboost', variant)}_1"
        yield made("py-xgboost", "3.3.0", string, [*lib, *cuda[:1], "numpy", "python >=3.12"], **python)
        whole = [f"py-xgboost 3.3.0 {string}", *cuda[:1], "python >=3.12"]
        yield made("xgboost", "3.3.0", f"{variant}_py{hashed('xgboost', variant)}_1", whole, **python)
    for variant in ("cpu", "cuda129", "cuda130"):
        cuda = list(needs_of(variant)[:3])
        string = f"{variant}{'' if is_gpu(variant) else '_py'}_{hashed('lightgbm', variant)}_8"
        mine = (f"lightgbm ==4.7.0 {variant}_*_8",)
        yield made("liblightgbm", "4.7.0", f"{variant}_{hashed('liblightgbm', variant)}_8", cuda, constrains=mine)
        needs = ["liblightgbm >=4.7.0,<4.7.1.0a0", *cuda[:1], "numpy >=1.21.3", "python >=3.10"]
        yield made("lightgbm", "4.7.0", string, needs, **python)


def _any_minor(variant: str) -> list[str]:
    major = next_major(cuda_of(variant)) - 1
    return ["__cuda", f"cuda-version >={major},<{major + 1}"]


def ending_in_kind() -> Iterator[Synthetic]:
    """Builds that say at their end what they are: onnxruntime and faiss. Faiss does not ask for a driver."""
    for variant in ("cpu", "cuda129", "cuda130"):
        number = 200 if is_gpu(variant) else 0
        for python in PYTHONS:
            string = f"{py(python)}{hashed('onnxruntime', variant, python)}_{number}_{variant}"
            yield made("onnxruntime", "1.26.0", string, [*needs_of(variant), *python_specs(python)])
        kind, cuda = ("cuda", variant) if is_gpu(variant) else ("cpu", "")
        rules = (f"faiss-{'cpu' if cuda else 'gpu'} <0.0a0", f"faiss-proc * {kind}")
        library = f"{cuda}{hashed('libfaiss', variant)}_{number + 1}_{kind}"
        yield made("libfaiss", "1.14.3", library, needs_of(variant)[1:4], constrains=rules)
        for python in PYTHONS:
            string = f"{py(python)}{cuda}{hashed('faiss', variant, python)}_{number + 1}_{kind}"
            needs = [f"libfaiss 1.14.3.* *_{kind}", *needs_of(variant)[1:4], *python_specs(python)]
            yield made("faiss", "1.14.3", string, needs, constrains=rules)
    for kind in ("cpu", "cuda"):
        front = "faiss-gpu" if kind == "cuda" else "faiss-cpu"
        yield made("faiss-proc", "1.0.0", kind, build_number=201 if kind == "cuda" else 1)
        yield made(front, "1.14.3", f"{hashed(front)}_{201 if kind == 'cuda' else 1}", [f"faiss 1.14.3.* *_{kind}"])


def invented() -> Iterator[Synthetic]:
    """What is true of no package in particular: what a device must be able to do; a Python without GPU builds."""
    for python in PYTHONS:
        needs = ["pytorch >=2.13 cuda*", "cuda-arch >=8.0", *python_specs(python)]
        yield made("invented-attention", "2.8.3", f"{py(python)}h1234567_0", needs)
        yield made("invented-kernels", "1.0", f"cpu_{py(python)}_h1234567_0", python_specs(python))
        if python != "3.13":
            gpu = [*needs_of("cuda129"), *python_specs(python)]
            yield made("invented-kernels", "1.0", f"cuda129_{py(python)}_h1234567_200", gpu)


def rapids() -> Iterator[Synthetic]:
    """RAPIDS: GPU only, and nothing in it asks for a driver but ``cuda-version``."""
    for major in ("12", "13"):
        cuda = f"cuda-version >={major},<{int(major) + 1}.0a0"
        yield made("libcudf", "26.10.00", f"cuda{major}_261008_8a1b2c3d", [cuda], build_number=0)
        for python in PYTHONS:
            string = f"cuda{major}_{py(python)}_261008_8a1b2c3d"
            needs = [cuda, "cupy >=13.6.0,<15", "libcudf ==26.10.00", f"libcudf * cuda{major}*", *python_specs(python)]
            yield made("cudf", "26.10.00", string, needs, build_number=0)
            needs = [cuda, "cudf ==26.10.00", "cupy >=13.6.0,<15", *python_specs(python)]
            yield made("cuml", "26.10.00", string, needs, build_number=0)
