"""What to ask of the Python package index for a target: PyTorch's own index, the extras of TensorFlow and JAX.

What was typed more exactly (an extra, a local version, an address) stays as it is.
"""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ..models import GpuBuild, GpuTarget, PlanAction
from ..pypi.names import normal
from ..pypi.state import OwnIndex
from .torchwheels import FAMILY, TORCH_INDEX, torch_source
from .versions import numbers
from .wheelbuilds import builds_of, misfits

# The first release of JAX with wheels for CUDA 13, and of ONNX Runtime with nothing else.
_JAX_13 = Version("0.7.2")
_ONNX_13 = Version("1.27")


class Wheels(msgspec.Struct, frozen=True, kw_only=True):
    """Requirements as they are asked of the index.

    Attributes
    ----------
    lines:
        The requirement lines, some with an extra more than was typed.
    exchange:
        Requirement lines of what is installed and is to become another build.
    remove:
        Names of what is installed and stands in the way of that.
    own:
        Where PyTorch comes from, be it asked for or needed; None for where all the others come from.
    reasons:
        What was made of which requirement, in words, by normalised name.
    """

    lines: list[str]
    exchange: list[str] = []
    remove: list[str] = []
    own: OwnIndex | None = None
    reasons: dict[str, str] = {}


class _Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement, and what it is to run on: the newest CUDA version of the driver there, and the platform."""

    requirement: Requirement
    cuda: str
    platform: str

    @property
    def major(self) -> int:
        return (numbers(self.cuda) or (0,))[0]

    @property
    def linux(self) -> bool:
        return self.platform in ("linux-x86_64", "linux-aarch64")


_Change = tuple[Requirement | None, str]


def for_target(
    lines: Sequence[str],
    target: GpuTarget,
    index: str = TORCH_INDEX,
    *,
    installed: Mapping[str, str] | None = None,
    upgrade: Collection[str] = (),
    exchange: Collection[str] = (),
    platform: str | None = None,
) -> Wheels:
    """Requirements for a target. Lines that cannot be read, options and files stay as they are.

    Parameters
    ----------
    lines:
        Requirement lines, as in a requirements file.
    index:
        The address of PyTorch's indexes, with ``{variant}``; empty for none.
    installed:
        Versions of what is installed from the package index, by name.
    upgrade:
        Names that are to be upgraded.
    exchange:
        Names of what is installed and may become another build, where it is the wrong one for the target.
    platform:
        As of ``sysconfig.get_platform``, by default this machine's.
    """
    platform = platform or sysconfig.get_platform()
    there = {normal(name): version for name, version in (installed or {}).items()}
    upgraded = {normal(name) for name in upgrade}
    read = [(line, _read(line)) for line in lines]
    requirements = [requirement for _, requirement in read if requirement is not None]
    wrong = misfits(there, target, platform) & {normal(name) for name in exchange}
    own, own_reason = torch_source(
        requirements, target, index, platform, installed=there, upgrade=upgraded, exchange=wrong
    )
    if own is None:
        wrong -= {*FAMILY}
    reasons: dict[str, str] = {}

    def suited(requirement: Requirement | None) -> str:
        """The line for the target; empty where it stays as it was typed."""
        if requirement is None or not target.cuda or not _is_open(requirement, there, upgraded | wrong):
            return ""
        wish = _Wish(requirement=requirement, cuda=target.cuda, platform=platform)
        changed, reason = _CHANGES[normal(requirement.name)](wish)
        if reason:
            reasons[normal(requirement.name)] = reason
        return str(changed) if changed is not None else ""

    asked = [suited(requirement) or line for line, requirement in read]
    asked += filter(None, map(suited, _again(requirements, there, upgraded, wrong)))
    left = sorted(wrong - upgraded - {normal(requirement.name) for requirement in requirements})
    return Wheels(
        lines=asked,
        exchange=[_any_version(suited(Requirement(f"{name}=={there[name]}"))) or name for name in left],
        remove=[name for name in sorted(there) if "jax" in wrong and _JAX_PLUGIN.fullmatch(name)],
        own=own,
        reasons={**reasons, **dict.fromkeys(FAMILY if own_reason else (), own_reason)},
    )


def gpu_builds(
    actions: Sequence[PlanAction], target: GpuTarget, wheels: Wheels, installed: Mapping[str, str] | None = None
) -> list[GpuBuild]:
    """The GPU and CPU builds among the PyPI packages of a plan, or of an environment, in their order.

    Parameters
    ----------
    installed:
        Versions of what is there before a plan, by name: what stays counts as well.
    """
    gone = {normal(action.name) for action in actions if action.op == "remove"}
    stays = [(name, version) for name, version in (installed or {}).items() if normal(name) not in gone]
    there = [PlanAction(op="install", name=name, manager="pypi", to=version) for name, version in stays]
    return builds_of([*there, *actions], wheels.reasons)


def _read(line: str) -> Requirement | None:
    try:
        return Requirement(line.strip())
    except InvalidRequirement:
        return None


def _again(
    requirements: Sequence[Requirement], there: Mapping[str, str], upgraded: Collection[str], wrong: Collection[str]
) -> list[Requirement]:
    """What is upgraded and came with an extra for CUDA, which nobody remembers, or needs one now: asked for with it."""
    typed = {normal(requirement.name) for requirement in requirements}
    names = [name for name in sorted(_EXTRAS) if name in upgraded and name not in typed]
    return [Requirement(name) for name in names if name in wrong or any(sign in there for sign in _EXTRAS[name])]


def _any_version(line: str) -> str:
    """``jax[cuda12]==0.7.0`` -> ``jax[cuda12]``."""
    return line.partition("==")[0]


def _is_open(requirement: Requirement, there: Mapping[str, str], upgraded: Collection[str]) -> bool:
    """Whether there is a choice: it was not typed more exactly, and what is installed stays the build that it is."""
    name = normal(requirement.name)
    # “===” takes any text for a version.
    exact = requirement.extras or requirement.url or any(spec.operator == "===" for spec in requirement.specifier)
    return name in _CHANGES and not exact and (name not in there or (name in upgraded and name in _EXTRAS))


def _tensorflow(wish: _Wish) -> _Change:
    if not wish.linux:
        return None, "TensorFlow’s wheels use the GPU on Linux only."
    if wish.major < 12:
        return None, f"TensorFlow’s wheels need a driver for CUDA 12.0, the target has one for {wish.cuda}."
    return _with(wish.requirement, extras={"and-cuda"}), "“[and-cuda]” brings the CUDA libraries."


def _jax(wish: _Wish) -> _Change:
    if not wish.linux:
        return None, "JAX’s wheels use the GPU on Linux only."
    if wish.major < 12:
        return None, f"JAX’s wheels need a driver for CUDA 12.0, the target has one for {wish.cuda}."
    extra = "cuda13" if wish.major >= 13 and _reaches(wish.requirement.specifier, _JAX_13) else "cuda12"
    return _with(wish.requirement, extras={extra}), f"“[{extra}]” brings JAX’s wheels for CUDA."


def _cupy(wish: _Wish) -> _Change:
    if wish.platform.startswith("macosx") or wish.major < 11:
        return None, ""
    name = f"cupy-cuda{min(wish.major, 13)}x"
    return (
        _with(wish.requirement, name=name, extras={"ctk"} if wish.major >= 12 else set()),
        f"“cupy” itself is a source that takes long to build; {name} is the same, built.",
    )


def _onnxruntime(wish: _Wish) -> _Change:
    if wish.platform not in ("linux-x86_64", "win-amd64"):
        return None, "ONNX Runtime has wheels for GPUs on x86-64 only."
    if wish.major < 12:
        return None, f"onnxruntime-gpu needs a driver for CUDA 12.0, the target has one for {wish.cuda}."
    changed = _with(wish.requirement, name="onnxruntime-gpu", extras={"cuda", "cudnn"})
    if wish.major >= 13:
        return changed, "onnxruntime-gpu is the build for CUDA."
    if not _begins_below(wish.requirement.specifier, _ONNX_13):
        return None, f"onnxruntime-gpu from {_ONNX_13} on needs a driver for CUDA 13.0."
    changed.specifier &= SpecifierSet(f"<{_ONNX_13}")
    return changed, f"onnxruntime-gpu is the build for CUDA; from {_ONNX_13} on it needs a driver for CUDA 13.0."


def _rapids(wish: _Wish) -> _Change:
    name = normal(wish.requirement.name)
    return None, (
        f"RAPIDS’ wheels are called {name}-cu{max(wish.major, 12)} and live on pypi.nvidia.com; "
        "its conda packages need no other index."
    )


_CHANGES: Mapping[str, Callable[[_Wish], _Change]] = {
    "tensorflow": _tensorflow,
    "jax": _jax,
    "cupy": _cupy,
    "onnxruntime": _onnxruntime,
    **dict.fromkeys(("cudf", "cuml", "cugraph", "dask-cudf"), _rapids),
}

_JAX_PLUGIN = re.compile(r"jax-cuda\d+-(plugin|pjrt)")

# What tells that a package was installed with its extra for CUDA.
_EXTRAS = {
    "jax": ("jax-cuda12-plugin", "jax-cuda13-plugin"),
    "tensorflow": ("nvidia-cudnn-cu12", "nvidia-cudnn-cu13"),
}


def _with(requirement: Requirement, *, name: str | None = None, extras: set[str]) -> Requirement:
    changed = Requirement(str(requirement))
    changed.name, changed.extras = name or requirement.name, extras
    return changed


def _reaches(specifiers: SpecifierSet, version: Version) -> bool:
    """Whether specifiers may give this version or a newer one; in doubt, not."""
    bounds = [(spec.operator, Version(spec.version.removesuffix(".*"))) for spec in specifiers]
    low = all(bound > version for operator, bound in bounds if operator == "<")
    return low and all(bound >= version for operator, bound in bounds if operator in ("<=", "==", "===", "~="))


def _begins_below(specifiers: SpecifierSet, version: Version) -> bool:
    """Whether specifiers may give an older version than this."""
    bounds = [(spec.operator, Version(spec.version.removesuffix(".*"))) for spec in specifiers]
    return all(bound < version for operator, bound in bounds if operator in (">=", ">", "==", "===", "~="))
