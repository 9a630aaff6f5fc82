"""Which of PyTorch's indexes is right for a target? There is one for each CUDA version, and one without.

https://pytorch.org/get-started/locally/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from ..models import GpuTarget
from ..pypi.names import normal
from ..pypi.state import OwnIndex
from .versions import older

#: The address of PyTorch's indexes.
TORCH_INDEX = "https://download.pytorch.org/whl/{variant}"
#: What is built for one CUDA version together.
FAMILY = ("torch", "torchvision", "torchaudio")

_SYSTEMS = re.compile(r"linux-(x86_64|aarch64)|win-amd64")


def torch_index(chosen: str, main: str, variables: Mapping[str, str]) -> str:
    """The address of PyTorch's indexes, with ``{variant}``; empty for none.

    A site with a package index of its own may not reach PyTorch's: there, only the one that it names counts.

    Parameters
    ----------
    chosen, main:
        What the site's settings name for PyTorch, and for all packages; may be empty.
    variables:
        May name an index, too (https://docs.astral.sh/uv/reference/environment/).
    """
    elsewhere = main or variables.get("UV_DEFAULT_INDEX") or variables.get("UV_INDEX_URL")
    return chosen or ("" if elsewhere else TORCH_INDEX)


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """The wheels for one CUDA version.

    Attributes
    ----------
    driver:
        The lowest CUDA version of a driver that they are chosen for. CUDA's minor-version compatibility would let
        those for 12.x run on any driver for 12, but not compile kernels for it
        (https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html).
    oldest, newest:
        The compute capabilities that they have code for, from PyTorch's ``.ci/manywheel``; None for no end.
    """

    name: str
    cuda: str
    driver: str
    oldest: str
    newest: str | None = None


VARIANTS = (
    Variant(name="cu132", cuda="13.2", driver="13.2", oldest="7.5"),
    Variant(name="cu130", cuda="13.0", driver="13.0", oldest="7.5"),
    Variant(name="cu129", cuda="12.9", driver="12.9", oldest="7.5"),
    Variant(name="cu128", cuda="12.8", driver="12.8", oldest="7.5"),
    Variant(name="cu126", cuda="12.6", driver="12.6", oldest="5.0", newest="9.0"),
    Variant(name="cu124", cuda="12.4", driver="12.4", oldest="5.0", newest="9.0"),
    Variant(name="cu121", cuda="12.1", driver="12.0", oldest="5.0", newest="9.0"),
    Variant(name="cu118", cuda="11.8", driver="11.0", oldest="3.7", newest="9.0"),
)
CPU = "cpu"


def torch_source(
    requirements: Iterable[Requirement],
    target: GpuTarget,
    index: str,
    platform: str,
    *,
    installed: Mapping[str, str],
    upgrade: Collection[str],
    exchange: Collection[str] = (),
) -> tuple[OwnIndex | None, str]:
    """Where PyTorch comes from, best first, and why, in a sentence; None for the usual index.

    Parameters
    ----------
    index:
        Address with ``{variant}``; empty for none.
    platform:
        As of ``sysconfig.get_platform``.
    installed:
        Versions by normalised name. What stays, and what is to fit to it, comes from where it came from.
    upgrade, exchange:
        Normalised names of what is upgraded, and of what is to become another build.
    """
    if not index or _SYSTEMS.fullmatch(platform) is None:
        return None, ""
    fitting = [variant.name for variant in variants_for(target)] or [CPU]
    typed = [local for requirement in requirements for local in _locals(requirement)]
    there = installed.get("torch")
    local = local_part(there) if there is not None else None
    if typed:
        names, reason = typed[:1], f"“+{typed[0]}” was asked for."
    elif there is None:
        names, reason = fitting, _reason(target, fitting[0])
    elif local is None and "torch" not in exchange:
        return None, f"torch {there} came from the usual package index; what fits to it does, too."
    elif local is not None and (local in fitting or "torch" not in {*upgrade, *exchange}):
        names, reason = [local, *(name for name in fitting if name != local)], f"torch {there} is installed."
    else:
        names, reason = fitting, _reason(target, fitting[0])
    addresses = list(dict.fromkeys(index.replace("{variant}", name) for name in names))
    home = index.replace("{variant}", local) if local is not None else ""
    return OwnIndex(addresses=addresses, only=list(FAMILY), home=home), reason


def variants_for(target: GpuTarget) -> Sequence[Variant]:
    """The variants that a target can run, newest first."""
    if target.cuda is None:
        return ()
    capability = target.compute_capability
    return [
        variant
        for variant in VARIANTS
        if not older(target.cuda, variant.driver)
        and not older(capability, variant.oldest)
        and not older(variant.newest, capability)
    ]


def local_part(version: str) -> str | None:
    """``2.9.0+cu126`` -> ``cu126``; None where a version has none."""
    try:
        return Version(version).local
    except InvalidVersion:
        return None


def cuda_of(local: str) -> str | None:
    """``cu126`` -> ``12.6``; None for what names no CUDA version."""
    found = re.fullmatch(r"cu(\d{2})(\d)", local)
    return f"{found[1]}.{found[2]}" if found else None


def _locals(requirement: Requirement) -> list[str]:
    """The variants that a requirement names by exact versions."""
    if normal(requirement.name) not in FAMILY:
        return []
    exact = (spec.version for spec in requirement.specifier if spec.operator in ("==", "==="))
    return [local for version in exact if (local := local_part(version)) and (local == CPU or cuda_of(local))]


def _reason(target: GpuTarget, variant: str) -> str:
    if target.cuda is None:
        return f"PyTorch without CUDA, as “{target.title}” has no GPU." if target.origin != "cpu" else ""
    if variant == CPU:
        what = f"a driver for CUDA {target.cuda}"
        if target.compute_capability:
            what += f" and a GPU of compute capability {target.compute_capability}"
        return f"PyTorch has no wheels for {what}: CPU build."
    return f"Chosen for “{target.title}”, whose driver runs CUDA {target.cuda}."
