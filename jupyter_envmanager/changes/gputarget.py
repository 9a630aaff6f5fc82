"""Which GPU is an environment for? What was chosen for it, as far as that can still be had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from ..gpu.builds import Build, gpu_build
from ..gpu.target import MACHINE, sound
from ..models import GpuTarget, Package

# Metapackages that carry the CUDA version of all the others: conda-forge's, its predecessor, the channel pytorch's.
_VERSIONS = ("cuda-version", "cudatoolkit", "pytorch-cuda")


def stored_target(prefix: Path) -> GpuTarget | None:
    """The target that an environment was made or last changed for; None where nobody has said.

    Whoever may write in the environment may have written what is stored there.
    """
    from ..engine.workplace import read_marker

    try:
        stored = msgspec.convert(read_marker(prefix).get("gpu"), GpuTarget | None)
    except msgspec.ValidationError:
        return None
    return stored and sound(stored)


def environment_target(
    stored: GpuTarget | None, targets: Sequence[GpuTarget], packages: Iterable[Package]
) -> GpuTarget:
    """The target that a change of an environment is made for.

    A target of the site has the values that the site gives it now. This machine counts as it is now, but where it has
    no GPU and the environment was made on a machine that had one, as it was then: on a login node, a change keeps CUDA
    builds. So it does for an environment that another tool has made with CUDA builds.

    Parameters
    ----------
    targets:
        What environments can be made for, now.
    packages:
        The installed ones.
    """
    now = {target.name: target for target in targets}
    machine = now[MACHINE]
    if stored is None:
        cuda = None if machine.cuda else _installed_cuda(packages)
        return machine if cuda is None else _as_installed(cuda)
    if stored.origin == "machine":
        return machine if machine.cuda or not stored.cuda else stored
    return now.get(stored.name, stored) if stored.origin == "site" else stored


def _as_installed(cuda: str) -> GpuTarget:
    return GpuTarget(
        name=f"cuda={cuda}", title=f"CUDA {cuda}", origin="custom", detail="as the installed packages", cuda=cuda
    )


def _installed_cuda(packages: Iterable[Package]) -> str | None:
    here = {
        one.name: Build(name=one.name, version=one.version, build=one.build)
        for one in packages
        if one.manager == "conda"
    }
    for name in _VERSIONS:
        if name in here and (version := _two_parts(here[name].version)):
            return version
    builds = [found for build in here.values() if (found := gpu_build(build, here)) is not None]
    return next((one.cuda for one in builds if one.kind == "gpu" and one.cuda), None)


def _two_parts(version: str) -> str | None:
    parts = version.split(".")[:2]
    return ".".join(parts) if len(parts) == 2 and all(part.isdigit() for part in parts) else None
