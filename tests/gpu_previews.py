"""A service on the channels of GPU variants, its previews in the words of a table, and requests edited by a remedy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from gpu_channel import DRIVERS, addresses
from local_channel import ChannelServer

from jupyter_envmanager.config import SettingsSource
from jupyter_envmanager.errors import Unsatisfiable
from jupyter_envmanager.jobs.queue import JobQueue
from jupyter_envmanager.jobs.store import JobStore
from jupyter_envmanager.models import GpuBuild, GpuRemedy, NewEnvironment, SpecsSource
from jupyter_envmanager.service import EnvManagerService
from jupyter_envmanager.siteconfig import Site

H100 = {"name": "h100", "title": "H100 nodes", "cuda": "12.6", "compute_capability": "9.0"}


@contextmanager
def service_in(home: Path, server: ChannelServer) -> Iterator[EnvManagerService]:
    """A service whose site has a partition of H100s; nothing is ever created."""
    (home / ".condarc").write_text(f"channels:\n  - {server.url}/conda-forge\npkgs_dirs:\n  - {home}/pkgs\n")
    site = Site(
        state_dir=home / "state",
        home=home,
        server_prefix=Path(sys.prefix),
        server_root=home,
        kernels_dir=home / "kernels",
        kernel_path=[home / "kernels"],
        allowed_roots=[home],
        environments_txt=home / "environments.txt",
        gpu_targets=[H100],
    )
    queue = JobQueue(JobStore(site.state_dir / "jobs"), parallel=1, changed=lambda job: None)
    yield EnvManagerService(site, SettingsSource(env={}, home=home, server_prefix=Path(sys.prefix)), queue)


def request_for(server: ChannelServer, target: str, specs: str, channels: str) -> NewEnvironment:
    """What a line of a table asks for; a target is a driver or a target's name."""
    driver = DRIVERS.get(target)
    return NewEnvironment(
        name="variants",
        source=SpecsSource(specs=specs.split()),
        channels=addresses(server, channels),
        gpu=target if driver is None else "cuda={},arch={}".format(*driver),
        kernel=None,
    )


@dataclass(frozen=True, kw_only=True)
class Said:
    """A preview's answer: the builds, what is said of them, and all remedies.

    ``words`` are ``stop``, the codes of warnings, or only ``explained`` for an error at the field ``gpu`` and
    ``refused`` for one of another kind.
    """

    builds: list[GpuBuild]
    words: list[str]
    message: str
    remedies: list[GpuRemedy]

    def matches(self, cell: str) -> bool:
        """Whether it is what a cell says: packages with kind and CUDA version; after a colon, all words."""
        if cell in ("explained", "refused"):
            return self.words == [cell]
        builds, colon, words = cell.partition(":")
        return all(map(self._has, filter(None, builds.split(",")))) and (not colon or self.words == words.split())

    def _has(self, text: str) -> bool:
        name, *facts = text.split()
        return any(build.name == name and {*facts} <= {build.kind, build.cuda} for build in self.builds)


async def preview(service: EnvManagerService, request: NewEnvironment) -> Said:
    """What is said of a request."""
    try:
        plan = await service.preview(request)
    except Unsatisfiable as error:
        found = error.details.get("remedies", [])
        words = ["explained" if error.field == "gpu" and found else "refused"]
        remedies = msgspec.convert(found, list[GpuRemedy])
        return Said(builds=[], words=words, message=error.message, remedies=remedies)
    assert plan.gpu is not None
    # The disk under a test may be nearly full.
    warnings = [warning for warning in plan.warnings if warning.code != "no_space"]
    found = [remedy for warning in warnings for remedy in warning.details.get("remedies", [])]
    words = [*(["stop"] if plan.gpu.stop else []), *(warning.code for warning in warnings)]
    message = " ".join(warning.message for warning in warnings)
    remedies = msgspec.convert(found, list[GpuRemedy])
    return Said(builds=plan.gpu.builds, words=words, message=message, remedies=remedies)


def remedied(request: NewEnvironment, remedy: GpuRemedy) -> NewEnvironment:
    """The request with what a remedy changes of it, as the page does."""
    assert isinstance(request.source, SpecsSource)
    specs = [spec for spec in request.source.specs if spec not in remedy.remove]
    return msgspec.structs.replace(
        request,
        source=SpecsSource(specs=[*specs, *(spec for spec in remedy.add if spec not in specs)]),
        channels=remedy.channels or request.channels,
        gpu=remedy.gpu or request.gpu,
    )
