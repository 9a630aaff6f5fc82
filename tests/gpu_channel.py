"""Channels of GPU variants on loopback, and drivers to choose them for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from channel_builder.gpu_variants import CPU_ONLY_PACKAGES, GPU_PACKAGES, RAPIDS_PACKAGES
from local_channel import ChannelServer, Synthetic, serve
from rattler import Subdir

#: The newest CUDA that a driver can run (https://docs.nvidia.com/deploy/cuda-compatibility/), and the compute
#: capability of a device that was common in its time.
DRIVERS: dict[str, tuple[str, str] | None] = {
    "none": None,
    "470": ("11.4", "7.0"),
    "525": ("12.0", "8.0"),
    "550": ("12.4", "6.1"),
    "570": ("12.8", "9.0"),
    "580": ("13.0", "10.0"),
}
#: Channels by what a case calls them, in order of priority.
CHANNELS = {
    "conda-forge": ("conda-forge",),
    "rapids": ("rapidsai", "conda-forge"),
    "main": ("main", "conda-forge"),
    "pytorch": ("pytorch", "nvidia", "defaults"),
}
#: True repodata of https://conda.anaconda.org/pytorch, beside the checkout; for one platform.
PYTORCH_REPODATA = Path(__file__).resolve().parents[2] / "shared/data/pytorch-channel/linux-64/repodata.json"


@contextmanager
def serve_variants(folder: Path) -> Iterator[ChannelServer]:
    """The indexes of all channels, without packages; that of pytorch only where its repodata is."""
    _write_index(folder / "conda-forge", GPU_PACKAGES)
    _write_index(folder / "rapidsai", RAPIDS_PACKAGES)
    _write_index(folder / "main", CPU_ONLY_PACKAGES)
    if PYTORCH_REPODATA.exists():
        text = PYTORCH_REPODATA.read_text()
        _write_index(folder / "pytorch", ())
        (folder / "pytorch" / "linux-64").mkdir(exist_ok=True)
        (folder / "pytorch" / "linux-64" / "repodata.json").write_text(text)
        _write_index(folder / "nvidia", _nvidia(json.loads(text)))
        _write_index(folder / "defaults", _defaults())
    with serve(folder) as server:
        yield server


def addresses(server: ChannelServer, name: str) -> list[str]:
    """The addresses of the channels that a case names."""
    return [f"{server.url}/{channel}" for channel in CHANNELS[name]]


def _write_index(folder: Path, packages: Iterable[Synthetic]) -> None:
    """A channel that can be solved for and not installed from: writing archives would take seconds."""
    indexes: dict[str, dict[str, Any]] = {"noarch": {}, str(Subdir.current()): {}}
    for package in (synthetic.package for synthetic in packages):
        indexes.setdefault(package.subdir, {})[package.filename] = {
            "name": package.name,
            "version": package.version,
            "build": package.build,
            "build_number": package.build_number,
            "depends": package.depends,
            "constrains": package.constrains,
            "track_features": " ".join(package.track_features),
            "subdir": package.subdir,
            "timestamp": package.timestamp,
            "size": 1000,
            "sha256": hashlib.sha256(package.filename.encode()).hexdigest(),
            **({"noarch": package.noarch} if package.noarch else {}),
        }
    for subdir, records in indexes.items():
        index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": records, "repodata_version": 1}
        (folder / subdir).mkdir(parents=True)
        (folder / subdir / "repodata.json").write_text(json.dumps(index))


def _nvidia(repodata: dict[str, Any]) -> Iterator[Synthetic]:
    """Of what each ``pytorch-cuda`` needs, the lowest versions that it takes."""
    records = [record for record in repodata["packages"].values() if record["name"] == "pytorch-cuda"]
    needs = [re.match(r"(\S+) >=([\d.]+)", need) for record in records for need in record["depends"]]
    for name, version in sorted({need.groups() for need in needs if need is not None}):
        yield Synthetic(name, version)


def _defaults() -> Iterator[Synthetic]:
    """What the pytorch channel takes from Anaconda's: plain, but for the two that choose.

    ``pytorch-mutex`` goes with each build, and ``cpuonly`` with its CPU kind.
    """
    yield Synthetic("pytorch-mutex", "1.0", "cuda", build_number=100, constrains=("cpuonly <0",))
    yield Synthetic("pytorch-mutex", "1.0", "cpu", track_features=("pytorch-mutex",))
    yield Synthetic("cpuonly", "2.0", depends=("pytorch-mutex 1.0 cpu",), track_features=("cpuonly",))
    yield Synthetic("blas", "1.0", "mkl")
    plain = """
    python 3.10.9, python 3.11.9, cudatoolkit 10.2.89, cudatoolkit 11.3.1, cudatoolkit 11.6.2, mkl 2023.1.0,
    numpy 1.26.4, pillow 10.0.1, filelock 3, jinja2 3, networkx 3, pyyaml 6, requests 2, sympy 1, typing_extensions 4,
    llvm-openmp 14.0.6, bzip2 1.0.8, freetype 2.12.1, gmp 6.2.1, gnutls 3.6.15, lame 3.100, libgcc-ng 11.2.0,
    libiconv 1.16, libpng 1.6.39, libstdcxx-ng 11.2.0, nettle 3.4.1, openh264 2.1.1, zlib 1.2.13
    """
    for name, version in (package.split() for package in plain.split(",")):
        yield Synthetic(name, version)
