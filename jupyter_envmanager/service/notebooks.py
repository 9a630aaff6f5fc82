"""The use cases of notebooks: what their code needs, where its install lines lead, what its environment is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path

from ..changes import environment_channels
from ..config import Settings
from ..errors import Invalid, NotFound
from ..kernels.kernelspec import read
from ..models import (
    Description,
    Environment,
    InstallHint,
    InstallLine,
    NotebookCode,
    NotebookImports,
    Package,
    Packages,
)
from ..notebooks import describe, hint, installed_modules, modules, propose
from .kernels import KernelService

Having = Callable[[Collection[str], str | None], Awaitable[frozenset[str]]]
Has = Callable[[str, str | None], Awaitable[bool]]


class NotebookService:
    """Everything about a notebook that the server knows better than the page.

    Parameters
    ----------
    root:
        The folder that the paths of notebooks start from.
    kernels:
        The kernels.
    find:
        An environment by id; raises NotFound.
    packages:
        Its installed packages, by id.
    conda:
        Those of some names that the channels of an environment (None: the configured ones) have.
    pypi:
        Whether the Python package index has a package of this name.
    settings:
        conda's configuration: its channels count where an environment has none of its own, and it names them.
    """

    def __init__(
        self,
        root: Path,
        *,
        kernels: KernelService,
        find: Callable[[str], Awaitable[Environment]],
        packages: Callable[[str], Awaitable[Packages]],
        conda: Having,
        pypi: Has,
        settings: Callable[[], Settings],
    ) -> None:
        self._root = root
        self._kernels = kernels
        self._find = find
        self._packages = packages
        self._conda = conda
        self._pypi = pypi
        self._settings = settings

    async def imports(self, code: NotebookCode) -> NotebookImports:
        """What the code of a notebook needs, with a package for each module.

        Raises
        ------
        Invalid
            The path leads out of the server's folder.
        NotFound
            There is no such environment.
        """
        needs = await asyncio.to_thread(lambda: modules(code.cells, self._folder(code.path)))
        installed: Mapping[str, Package] = {}
        python: str | None = None
        if code.environment is not None:
            found = await self._find(code.environment)
            python = found.python
            installed = await asyncio.to_thread(
                installed_modules, Path(found.prefix), await self._packages(code.environment)
            )
        return await propose(
            needs,
            installed=installed,
            conda=lambda names: self._conda(names, code.environment),
            pypi=lambda name: self._pypi(name, code.environment),
            python=python,
        )

    def _folder(self, path: str | None) -> Path | None:
        """The folder of a notebook; None where the server's files are not on this disk, or it is not below them."""
        if path is None:
            return None
        # Other contents managers put a drive before the path.
        file = self._root / path.rpartition(":")[2].lstrip("/")
        if ".." in file.parts:
            raise Invalid("The notebook's path leads out of the server's folder.", field="path")
        # Unlike Path.is_dir, this says no of a name that is too long, too.
        return file.parent if os.path.isdir(file.parent) else None  # noqa: PTH112

    async def install_hint(self, line: InstallLine) -> InstallHint:
        """Whether the install lines of a cell reach the kernel's environment; raises NotFound for the kernel."""
        kernel = await self._kernels.named(line.kernel)
        if kernel.prefix is None:
            return InstallHint()
        env = (await asyncio.to_thread(read, Path(kernel.path), kernel.name)).env
        return await asyncio.to_thread(hint, line.source, kernel, env, os.environ.get("PATH", ""), Path(kernel.prefix))

    async def description(self, environment: str) -> Description:
        """An environment in words that make sense elsewhere; raises NotFound."""
        found = await self._find(environment)
        if found.state != "ready":
            raise NotFound(f"{found.name} is not there yet, or not whole.", hint="Wait for its job, or repair it.")
        packages = await self._packages(environment)
        return await asyncio.to_thread(self._describe, found, packages)

    def _describe(self, found: Environment, packages: Packages) -> Description:
        settings = self._settings()
        urls = environment_channels(Path(found.prefix)) or settings.channels
        return describe(packages, [settings.name_of(url) for url in urls], found.name, found.python)
