"""Which Python distributions will there be once the conda part of a change is done?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..environments.conda_records import canonical
from ..pypi import Dist, PypiState
from ..pypi.brought import plain
from ..pypi.installed import distributions, site_folders

if TYPE_CHECKING:
    from ..engine.change import Outcome


@dataclass(frozen=True, kw_only=True)
class Future:
    """``state`` is None where there will be no Python; ``replaced`` are PyPI's, of which conda brings its own now."""

    state: PypiState | None
    replaced: list[str] = field(default_factory=list)


def future_state(prefix: Path, outcome: Outcome, brought: Sequence[Dist], server_python: str) -> Future:
    """Read the distributions of an environment.

    Parameters
    ----------
    brought:
        The distributions of the conda packages that come.
    server_python:
        Drives uv where the environment has no interpreter of its own yet.
    """
    python = outcome.after.get("python")
    if python is None:
        return Future(state=None)
    before = outcome.before.get("python")
    version = str(python.version)
    moved = before is not None and _series(str(before.version)) != _series(version)
    owners = _owners(prefix, outcome)
    there = [dist for folder in site_folders(prefix) for dist in distributions(folder)]
    conda = [plain(d) for d in there if owners.get(d.info) in outcome.after and _stays(owners[d.info], outcome)]
    conda += brought
    names = {canonical(dist.name) for dist in conda}
    pypi = [dist for dist in there if dist.info not in owners and dist.installer != "conda"]
    new = {canonical(dist.name) for dist in brought}
    interpreter = prefix / ("python.exe" if os.name == "nt" else "bin/python")
    return Future(
        state=PypiState(
            python=str(interpreter if interpreter.exists() else server_python),
            python_version=version,
            conda=_once(conda),
            pypi=[plain(dist) for dist in pypi],
            requested=[dist.name for dist in pypi if dist.requested],
            moved=moved,
        ),
        replaced=[dist.name for dist in pypi if canonical(dist.name) in names & new],
    )


def _series(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _stays(name: str, outcome: Outcome) -> bool:
    return outcome.after[name] is outcome.before.get(name)


def _owners(prefix: Path, outcome: Outcome) -> dict[str, str]:
    """conda package by the metadata folder that it brought."""
    from ..engine import metarecords

    owners = {}
    for record in metarecords.read_all(prefix):
        for path in record.files():
            folder, _, file = path.rpartition("/")
            if file in ("METADATA", "PKG-INFO"):
                owners[folder.rpartition("/")[2]] = record.name
            elif file.endswith(".egg-info"):
                owners[file] = record.name
    return owners


def _once(dists: Sequence[Dist]) -> list[Dist]:
    return list({canonical(dist.name): dist for dist in dists}.values())
