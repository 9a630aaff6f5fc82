"""How does an environment differ from another one, or from a file?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..changes import comparing
from ..changes.keeping import for_kernels
from ..changes.likeness import names_conda
from ..changes.variables import moved
from ..environments.conda_records import channel_name
from ..environments.variables import read_variables
from ..errors import Invalid
from ..models import (
    CompareRequest,
    Comparison,
    Difference,
    Environment,
    FileContent,
    FileSource,
    FileText,
    Manager,
    Package,
    Packages,
    Problem,
    SpecFormat,
)
from ..pypi.installed import distributions, site_folders
from ..pypi.names import normal
from ..pypi.requirements import read as read_requirements
from ..sources import unusable
from ..specfiles import format_of
from ..specfiles.reading import LOCKS

if TYPE_CHECKING:
    from ..engine.locked import Locked


class ComparisonService:
    """Compares environments.

    Parameters
    ----------
    find:
        An environment by id; raises NotFound.
    packages:
        What is installed in one.
    read:
        What a file asks for.
    roots:
        Folders that projects and requirements of a file may be in.
    """

    def __init__(
        self,
        *,
        find: Callable[[str], Awaitable[Environment]],
        packages: Callable[[str], Awaitable[Packages]],
        read: Callable[[FileText], Awaitable[FileContent]],
        roots: Sequence[Path],
    ) -> None:
        self._find = find
        self._packages = packages
        self._read = read
        self._roots = [str(root) for root in roots]

    async def compare(self, environment: str, request: CompareRequest) -> Comparison:
        """How an environment differs from what is named.

        Raises
        ------
        NotFound
            There is no such environment.
        Invalid
            Nothing is named, or the file cannot be used; then with its ``problems``.
        """
        here = await self._find(environment)
        packages = await self._packages(environment)
        if (request.environment is None) == (request.file is None):
            raise Invalid("It is not said what to compare with.", hint="Choose an environment, or a file.")
        if request.environment is not None:
            return await self._with_environment(here, packages, request.environment)
        assert request.file is not None
        return await self._with_file(here, packages, request.file)

    async def _with_environment(self, here: Environment, packages: Packages, other: str) -> Comparison:
        there = await self._find(other)
        theirs = await self._packages(other)
        found = comparing.exactly(packages.packages, theirs.packages, ("conda", "pypi"))
        variables = await asyncio.to_thread(_variables, Path(here.prefix), Path(there.prefix))
        return Comparison(
            title=there.name,
            differences=[*found.differences, *variables],
            same=found.same,
            problems=[*packages.problems, *theirs.problems],
        )

    async def _with_file(self, here: Environment, packages: Packages, file: FileText) -> Comparison:
        format = file.format or format_of(file.filename, file.content)
        title = file.filename.rpartition("/")[2] or format or "a file"
        if format in LOCKS:
            locked = await asyncio.to_thread(_locked, file.content, format)
            managers: tuple[Manager, ...] = ("conda",) if format == "explicit" else ("conda", "pypi")
            found = comparing.exactly(packages.packages, _as_packages(locked), managers)
            problems = [*locked.problems, *(_about_pypi(packages) if format == "explicit" else [])]
            return Comparison(title=title, differences=found.differences, same=found.same, problems=problems)
        content = await self._read(file)
        if not content.usable:
            raise unusable(content.problems)
        found = await asyncio.to_thread(self._asked, here, packages, content, file)
        mine = await asyncio.to_thread(read_variables, Path(here.prefix))
        # Of those that it does not name, a file says nothing.
        mine = {name: value for name, value in mine.items() if name in content.variables}
        return Comparison(
            title=title,
            differences=[*found.differences, *comparing.variables(mine, content.variables)],
            same=found.same,
            exact=False,
            problems=content.problems,
        )

    def _asked(
        self, environment: Environment, packages: Packages, content: FileContent, file: FileText
    ) -> comparing.Compared:
        """Blocks: reads the environment."""
        from ..engine.base import read_installed

        prefix = Path(environment.prefix)
        records, _ = read_installed(prefix)
        dists = [one for folder in site_folders(prefix) for one in distributions(folder)]
        return comparing.asked_for(
            comparing.Here(
                packages=packages.packages,
                records={record.name.normalized: record for record in records},
                distributions={normal(one.name): one.version for one in dists},
                python=environment.python or "",
            ),
            content.specs,
            read_requirements(content.pypi, [], self._roots).requirements,
            conda=names_conda(
                FileSource(format=content.format, content=file.content, filename=file.filename), content.specs
            ),
            leave=for_kernels(environment, packages),
        )


def _variables(here: Path, there: Path) -> list[Difference]:
    return comparing.variables(read_variables(here), moved(read_variables(there), there, here))


def _locked(content: str, format: SpecFormat) -> Locked:
    from ..engine.locked import read
    from ..engine.solve import platform

    return read(content, format, platform())


def _as_packages(locked: Locked) -> list[Package]:
    conda = [
        Package(
            name=str(entry["name"]),
            version=str(entry["version"]),
            build=str(entry["build"]),
            channel=channel_name(str(entry["channel"])),
        )
        for entry in locked.records
    ]
    return [*conda, *(Package(name=dist.name, version=dist.version, manager="pypi") for dist in locked.dists)]


def _about_pypi(packages: Packages) -> list[Problem]:
    """An explicit list has no place for packages of the index."""
    names = [one.name for one in packages.packages if one.manager == "pypi"]
    if not names:
        return []
    return [
        Problem(
            code="not_compared",
            message=f"The list has conda packages only: {len(names)} from PyPI are not compared.",
            hint="Compare with a pixi.lock, a conda-lock file or an environment.yml.",
            details={"names": names},
        )
    ]
