"""The use case of exports: an environment as a file that another tool, or another machine, makes it from."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import get_args

from ..config import Settings
from ..environments import conda_records
from ..environments.condameta import is_record
from ..errors import Invalid, NotFound
from ..kernels import activation_lines
from ..models import Environment, EnvironmentGpu, Export, ExportFormat, Packages, Problem
from ..notebooks.description import public_channels
from ..pypi.installed import InstalledDist, distributions, site_folders
from ..pypi.locked import LockedDist, pinned
from ..pypi.names import normal
from ..pypi.state import PypiSettings
from ..specfiles.writing_containers import can_hold, write_apptainer, write_dockerfile
from ..specfiles.writing_environment import write_environment
from ..specfiles.writing_job import write_job
from ..specfiles.writing_requirements import write_requirements
from .leftout import left_out, locked_problems, needs_pip, not_asked, not_explicit, not_whole
from .portrait import Portrait, portrait

# What the tools that read them look for; “{}” is the name of the environment.
_FILENAMES: dict[ExportFormat, str] = {
    "environment.yml": "{}.yml",
    "no-builds": "{}-no-builds.yml",
    "from-history": "{}-from-history.yml",
    "cross-platform": "{}-cross-platform.yml",
    "explicit": "{}-explicit.txt",
    "requirements.txt": "{}-requirements.txt",
    "pixi.lock": "pixi.lock",
    "conda-lock": "{}-conda-lock.yml",
    "dockerfile": "{}.Dockerfile",
    "apptainer": "{}.def",
    "job": "{}-job.sh",
}
_Written = tuple[str, list[Problem]]


class ExportService:
    """Environments as files.

    Parameters
    ----------
    server_prefix:
        The environment that runs this server.
    find, packages, gpu:
        An environment by id, its installed packages, and what it is to a GPU; they raise NotFound.
    settings, pypi:
        conda's configuration, and what it means for the Python package index.
    """

    def __init__(
        self,
        server_prefix: Path,
        *,
        find: Callable[[str], Awaitable[Environment]],
        packages: Callable[[str], Awaitable[Packages]],
        gpu: Callable[[str], Awaitable[EnvironmentGpu]],
        settings: Callable[[], Settings],
        pypi: Callable[[Settings], PypiSettings],
    ) -> None:
        self._server_prefix = server_prefix
        self._find = find
        self._packages = packages
        self._gpu = gpu
        self._settings = settings
        self._pypi = pypi

    async def export(self, environment: str, format: str) -> Export:
        """An environment in one of the formats of `ExportFormat`; what that cannot hold is in ``problems``.

        Never holds credentials, nor where this server is installed.

        Raises
        ------
        NotFound
            There is no such environment, or not yet.
        Invalid
            There is no such format, or it cannot hold this environment at all.
        """
        formats: tuple[ExportFormat, ...] = get_args(ExportFormat)
        chosen = next((one for one in formats if one == format), None)
        if chosen is None:
            raise Invalid(
                f"An environment cannot be exported as “{format}”.",
                hint=f"Choose one of {', '.join(formats)}.",
                field="format",
            )
        found = await self._find(environment)
        if found.state == "building":
            raise NotFound(f"{found.name} is not there yet.", hint="Wait for its job.")
        packages = await self._packages(environment)
        gpu = await self._gpu(environment) if chosen in ("dockerfile", "apptainer", "job") else None
        settings = await asyncio.to_thread(self._settings)
        seen = await asyncio.to_thread(portrait, found, packages, settings, self._server_prefix)
        if chosen in ("explicit", "pixi.lock", "conda-lock"):
            content, problems = await self._locked(chosen, seen, settings)
        else:
            content, problems = await asyncio.to_thread(_written, chosen, seen, gpu)
        name = re.sub(r"[^\w.-]+", "-", found.name).strip("-.") or "environment"
        return Export(
            format=chosen,
            filename=_FILENAMES[chosen].format(name),
            content=content,
            problems=[*not_whole(found), *problems],
        )

    async def _locked(self, format: ExportFormat, seen: Portrait, settings: Settings) -> _Written:
        if not seen.conda:
            raise Invalid(
                f"{seen.environment.name} has no conda packages to lock.",
                hint="Export a requirements.txt.",
                field="format",
            )
        pypi = [one for one in await asyncio.to_thread(_distributions, seen) if normal(one.name) in seen.pypi_names]
        locked: list[LockedDist] = []
        missing = list(not_explicit(one.name for one in pypi))
        if pypi and format != "explicit":
            locked, missing = await pinned(pypi, seen.environment.python or "", self._pypi(settings))
        if format == "conda-lock" and "pip" not in (one.name for one in seen.conda):
            missing += needs_pip(dist.name for dist in locked)
        text, unreadable, local = await asyncio.to_thread(_lock, format, seen, locked)
        return text, [*locked_problems(sorted({*seen.local, *local}), seen.private, unreadable), *missing]


def _lock(format: ExportFormat, seen: Portrait, pypi: Sequence[LockedDist]) -> tuple[str, list[str], list[str]]:
    """The text of a lock, the records that it lacks since they cannot be read, and the packages from this machine."""
    from ..engine.base import read_installed
    from ..engine.lockfile import write_conda_lock, write_explicit, write_pixi_lock
    from ..engine.solve import platform

    records, unreadable = read_installed(Path(seen.environment.prefix))
    # A lock has addresses, whatever the channels are called here.
    homes = {record.name.normalized: record.url.rsplit("/", 2)[0] for record in records if record.url}
    local = [name for name, home in homes.items() if not public_channels([home])]
    # Packages without a platform of their own were installed for this one.
    place = seen.platform or platform()
    if format == "explicit":
        return write_explicit(records, place), unreadable, local
    write = write_pixi_lock if format == "pixi.lock" else write_conda_lock
    return write(records, seen.addresses, place, pypi), unreadable, local


def _written(format: ExportFormat, seen: Portrait, gpu: EnvironmentGpu | None) -> _Written:
    if format in ("environment.yml", "no-builds"):
        return write_environment(seen.whole(builds=format != "no-builds")), seen.problems
    if format == "from-history":
        return write_environment(seen.asked()), [*_unknown_wishes(seen), *seen.problems]
    if format == "cross-platform":
        content, problems = seen.portable()
        return write_environment(content), [*_unknown_wishes(seen), *problems, *seen.problems]
    if format == "requirements.txt":
        return _requirements(seen)
    return _job(seen, gpu) if format == "job" else _container(format, seen, gpu)


def _unknown_wishes(seen: Portrait) -> list[Problem]:
    return [] if seen.requested else [not_asked()]


def _requirements(seen: Portrait) -> _Written:
    here = _distributions(seen)
    conda = {one.name: f"{one.name}=={one.version}" for one in here if normal(one.name) not in seen.pypi_names}
    others = (one.name for one in seen.conda if one.requested and one.name != "python")
    brought = _python_packages(Path(seen.environment.prefix))
    problems = left_out(
        (name for name in others if name not in brought),
        "These are no Python packages, so a requirements.txt cannot have them: {}.",
        "Install them by other means, or export an environment.yml.",
    )
    return write_requirements(seen.environment.python, seen.pypi, conda), [*problems, *seen.pypi_problems]


def _distributions(seen: Portrait) -> list[InstalledDist]:
    return [one for folder in site_folders(Path(seen.environment.prefix)) for one in distributions(folder)]


def _python_packages(prefix: Path) -> set[str]:
    """The conda packages that bring Python distributions."""
    folder = prefix / "conda-meta"
    files = [file.name for file in folder.glob("*.json") if is_record(file.name)]
    return {record.name for file in files if (record := conda_records.read(folder, file)).distributions}


def _job(seen: Portrait, gpu: EnvironmentGpu | None) -> _Written:
    shell, _ = activation_lines(Path(seen.environment.prefix), variables=False)
    target = gpu.target.title if gpu is not None and _cuda(gpu) else ""
    return write_job(seen.environment.name, shell, seen.variables, target), seen.variable_problems


def _container(format: ExportFormat, seen: Portrait, gpu: EnvironmentGpu | None) -> _Written:
    content = seen.whole(builds=True)
    problems: list[Problem] = []
    if seen.platform is not None and not seen.platform.startswith("linux-"):
        content, problems = seen.portable()
        hint = "The image gets builds for Linux of what was asked for."
        problems += left_out([seen.platform], "Images run Linux, and this environment is for {}.", hint)
    problems += left_out(
        (name for name, value in content.variables.items() if not can_hold(name, value)),
        "Variables with line breaks cannot be set in an image, and are left out: {}.",
        "Set them when the container is started.",
    )
    cuda = _cuda(gpu) if gpu is not None else None
    docker = format == "dockerfile"
    text = write_dockerfile(content, seen.platform, cuda) if docker else write_apptainer(content, cuda)
    return text, [*problems, *seen.problems]


def _cuda(gpu: EnvironmentGpu) -> str | None:
    """The CUDA version that the driver has to run, where an environment is for a GPU."""
    builds = [build for build in gpu.builds if build.kind == "gpu"]
    needed: Iterator[str] = (version for one in builds if (version := one.driver or one.cuda))
    return (gpu.target.cuda or next(needed, None)) if builds else None
