"""Which of a plan's packages from the Python package index are GPU builds, and for which CUDA?

A wheel's name and version tell, and the CUDA libraries that come with it: ``torch 2.9.0+cu126``,
``jax-cuda12-plugin``, ``nvidia-cublas-cu12 12.6.4.1``.
"""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Callable, Mapping, Sequence

import msgspec
from packaging.version import InvalidVersion, Version

from ..models import GpuBuild, GpuTarget, PlanAction
from ..pypi.names import normal
from .torchwheels import CPU, FAMILY, VARIANTS, cuda_of, local_part, variants_for
from .versions import older

# Their versions are CUDA's.
_RUNTIMES = re.compile(r"(?:nvidia-cuda-(?:runtime|nvrtc)(?:-cu\d+)?|cuda-toolkit)")
_LIBRARIES = re.compile(r"nvidia-[a-z-]+-cu(\d+)")
_SUFFIXED = re.compile(
    r"(?:cudf|dask-cudf|cuml|cugraph|cuspatial|cucim|cuvs|cuxfilter|pylibraft|raft-dask|rmm)-cu(\d+)"
)
_CUPY = re.compile(r"cupy-cuda(\d+)x")


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What else comes, by name, and for which platform."""

    versions: Mapping[str, str]
    platform: str

    @property
    def cuda(self) -> str | None:
        """The CUDA version of the libraries that come along, as exactly as they tell."""
        for name, version in self.versions.items():
            if _RUNTIMES.fullmatch(name) and (found := re.match(r"\d+\.\d+", version)):
                return found[0]
        return next((found[1] for name in self.versions if (found := _LIBRARIES.fullmatch(name))), None)


class _Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What one package is; ``cuda`` is None for a CPU build, and empty for a GPU build that does not tell."""

    cuda: str | None = None
    reason: str = ""
    capability: str | None = None


def builds_of(
    actions: Sequence[PlanAction], reasons: Mapping[str, str], *, platform: str | None = None
) -> list[GpuBuild]:
    """The GPU and CPU builds among PyPI packages, in their order.

    Parameters
    ----------
    reasons:
        What was made of which requirement, in words, by normalised name.
    platform:
        As of ``sysconfig.get_platform``, by default this machine's.
    """
    versions = {normal(a.name): a.to for a in actions if a.manager == "pypi" and a.op != "remove" and a.to}
    plan = _Plan(versions=versions, platform=platform or sysconfig.get_platform())
    found = ((name, version, _kind(name, version, plan)) for name, version in versions.items())
    return [_build(name, version, kind, reasons) for name, version, kind in found if kind is not None]


def misfits(installed: Mapping[str, str], target: GpuTarget, platform: str) -> set[str]:
    """Which of the installed frameworks are the wrong builds for a target, and those that they have to fit to.

    Parameters
    ----------
    installed:
        Versions by normalised name; one that is no version is left alone.
    platform:
        As of ``sysconfig.get_platform``.
    """
    plan = _Plan(versions=installed, platform=platform)
    known = [name for name in (*FAMILY, "jax", "tensorflow") if name in installed and _is_version(installed[name])]
    kinds = [(name, kind) for name in known if (kind := _kind(name, installed[name], plan)) is not None]
    wrong = {name for name, kind in kinds if _is_wrong(_build(name, installed[name], kind, {}), target)}
    return wrong | ({*FAMILY} & {*known} if wrong & {*FAMILY} else set())


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _is_wrong(build: GpuBuild, target: GpuTarget) -> bool:
    if target.cuda is None or build.kind == "cpu":
        return (build.kind == "gpu") is (target.cuda is None)
    if build.name in FAMILY and build.build:
        return build.build not in {variant.name for variant in variants_for(target)}
    return older(target.cuda, build.driver)


def _build(name: str, version: str, kind: _Kind, reasons: Mapping[str, str]) -> GpuBuild:
    asked = reasons.get(name) or reasons.get(name.removesuffix("-gpu")) or reasons.get(_CUPY.sub("cupy", name)) or ""
    return GpuBuild(
        name=name,
        version=version,
        build=local_part(version) or "",
        kind="cpu" if kind.cuda is None else "gpu",
        manager="pypi",
        cuda=kind.cuda or None,
        # CUDA's minor versions are compatible: one driver for 12 starts what was built for any 12.x.
        driver=f"{kind.cuda.partition('.')[0]}.0" if kind.cuda else None,
        compute_capability=kind.capability,
        reason=" ".join(text for text in (kind.reason, asked) if text),
    )


def _kind(name: str, version: str, plan: _Plan) -> _Kind | None:
    if name in FAMILY:
        return _torch(name, version, plan)
    if found := _CUPY.fullmatch(name):
        return _Kind(cuda=found[1], reason=f"{name} is built for CUDA {found[1]}.")
    if found := _SUFFIXED.fullmatch(name):
        return _Kind(cuda=found[1], reason=f"The name says for which CUDA it is: {name}.")
    known = _KNOWN.get(name)
    return known(version, plan) if known else None


def _torch(name: str, version: str, plan: _Plan) -> _Kind:
    local = local_part(version)
    if local is None and "torch" in plan.versions and name != "torch":
        local = local_part(plan.versions["torch"])
    if local is not None:
        cuda = cuda_of(local)
        if cuda is not None:
            oldest = next((variant.oldest for variant in VARIANTS if variant.name == local), None)
            return _Kind(cuda=cuda, reason=f"PyTorch’s wheel for CUDA {cuda}.", capability=oldest)
        return _Kind(
            reason="PyTorch’s wheel without CUDA." if local == CPU else f"“+{local}” is not for NVIDIA’s GPUs."
        )
    if plan.cuda is not None:
        return _Kind(cuda=plan.cuda, reason=f"It brings the libraries of CUDA {plan.cuda}.")
    if plan.platform == "linux-x86_64":
        return _Kind(cuda="", reason="PyTorch’s usual wheels for Linux are built for CUDA.")
    return _Kind(reason="It brings no CUDA libraries.")


def _tensorflow(version: str, plan: _Plan) -> _Kind:
    if plan.cuda is None:
        return _Kind(reason="Without “[and-cuda]” it brings no CUDA libraries, and computes on the CPU.")
    return _Kind(cuda=plan.cuda, reason=f"It brings the libraries of CUDA {plan.cuda}.")


def _jax(version: str, plan: _Plan) -> _Kind:
    plugin = next((name for name in plan.versions if re.fullmatch(r"jax-cuda\d+-plugin", name)), None)
    if plugin is None:
        return _Kind(reason="Without an extra such as “[cuda12]” it computes on the CPU.")
    major = plugin[len("jax-cuda") : -len("-plugin")]
    exact = plan.cuda if plan.cuda and plan.cuda.startswith(major) else major
    return _Kind(cuda=exact, reason=f"{plugin} is JAX’s build for CUDA {major}.")


def _onnxruntime_gpu(version: str, plan: _Plan) -> _Kind:
    try:
        parsed = Version(version)
    except InvalidVersion:
        return _Kind(cuda="")
    cuda = "13" if parsed >= Version("1.27") else "12" if parsed >= Version("1.19") else "11.8"
    return _Kind(cuda=cuda, reason=f"onnxruntime-gpu {version} is built for CUDA {cuda}.")


def _xgboost(version: str, plan: _Plan) -> _Kind | None:
    if not plan.platform.startswith("linux"):
        return None
    return _Kind(cuda=plan.cuda or "", reason="XGBoost’s wheels for Linux have code for CUDA.")


def _always(kind: _Kind) -> Callable[[str, _Plan], _Kind]:
    return lambda version, plan: kind


_KNOWN: Mapping[str, Callable[[str, _Plan], _Kind | None]] = {
    "tensorflow": _tensorflow,
    "tensorflow-cpu": _always(_Kind(reason="“tensorflow-cpu” is the build without GPU.")),
    "jax": _jax,
    "cupy": _always(_Kind(cuda="", reason="It is built from its source, for the CUDA that is found on this machine.")),
    "onnxruntime": _always(_Kind(reason="“onnxruntime” is the build without GPU; the other is “onnxruntime-gpu”.")),
    "onnxruntime-gpu": _onnxruntime_gpu,
    "xgboost": _xgboost,
    "xgboost-cpu": _always(_Kind(reason="“xgboost-cpu” is the build without GPU.")),
}
