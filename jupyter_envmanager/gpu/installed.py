"""Which GPU and CPU builds are installed in an environment?"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..environments.plainfile import read_plain
from ..models import GpuBuild, GpuTarget, Package, PlanAction
from .builds import Build, gpu_build
from .wheels import Wheels, gpu_builds

_decode = msgspec.json.Decoder(Build).decode


def installed_builds(prefix: Path, packages: Sequence[Package], target: GpuTarget) -> list[GpuBuild]:
    """The packages of an environment that come in builds with and without GPU, conda's and PyPI's, by name. Blocks.

    Parameters
    ----------
    packages:
        What is installed.
    target:
        The GPU that the environment is for.
    """
    records = {record.name: record for record in _records(prefix)}
    conda = [build for record in records.values() if (build := gpu_build(record, records)) is not None]
    pypi = [
        PlanAction(op="install", name=one.name, manager="pypi", to=one.version)
        for one in packages
        if one.manager == "pypi"
    ]
    found = [*conda, *(gpu_builds(pypi, target, Wheels(lines=[])) if pypi else [])]
    return sorted(found, key=lambda build: build.name)


def _records(prefix: Path) -> list[Build]:
    found = []
    for file in prefix.glob("conda-meta/*.json"):
        # One that cannot be read is said on the packages' page.
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeError):
            found.append(_decode(read_plain(file)))
    return found
