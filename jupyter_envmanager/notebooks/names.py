"""The package for each module that a notebook imports: one that is installed, on a channel, or on PyPI."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

import msgspec

from ..errors import EnvManagerError
from ..models import NotebookImport, NotebookImports, Package, Problem
from .imports import Imported, Needs
from .installlines import Requirement
from .table import Names, claimants, is_known

#: Those of these names that a channel has; may raise an EnvManagerError.
Having = Callable[[Collection[str]], Awaitable[Collection[str]]]
#: Whether the Python package index has a package of this name; may raise an EnvManagerError.
Has = Callable[[str], Awaitable[bool]]

_AT_ONCE = 8
_MOST = 500
_OPTIONAL = "The notebook tries without it."


async def propose(
    needs: Needs, *, installed: Mapping[str, Package], conda: Having, pypi: Has, python: str | None = None
) -> NotebookImports:
    """Find a package for each import.

    Parameters
    ----------
    needs:
        What the notebook imports and installs.
    installed:
        The package of each module that the environment has, as of :func:`installed_modules`.
    conda, pypi:
        What the channels, and the Python package index, have. Of those that do not answer a problem is told once.
    python:
        The version of Python to tell along.
    """
    every = list(_wanted(needs).values())
    wanted = every[:_MOST]
    finder = _Finder(installed, pypi)
    await finder.look(conda, {name for one in wanted for name, _ in one.names})
    found = list(await asyncio.gather(*(finder.find(one) for one in wanted)))
    there = {_name(package.name) for package in installed.values()}
    asked = [_asked(requirement, there) for requirement in needs.requirements]
    names = {_name(one.spec): number for number, one in enumerate(asked) if one.spec}
    left = []
    for one in found:
        # An install line knows better than we do, and it knows the version.
        number = names.get(_name(one.spec)) if one.spec else None
        if number is not None and not asked[number].module:
            asked[number] = msgspec.structs.replace(asked[number], module=one.module, installed=one.installed)
        elif number is None:
            left.append(one)
    imports = sorted(left, key=lambda one: one.module.lower())
    problems = [*needs.problems, *finder.problems.values()]
    if len(every) > _MOST:
        message = f"The notebook imports {len(every)} modules: packages were looked for the first {_MOST} of them."
        problems.append(Problem(code="too_many_imports", message=message))
    return NotebookImports(imports=[*imports, *asked], python=python, problems=problems)


@dataclass
class _Wanted:
    """A module, who may bring it, and where it is imported."""

    module: str
    names: list[Names]
    paths: list[str]
    origin: str
    optional: bool


def _wanted(needs: Needs) -> dict[str, _Wanted]:
    """Imports by the module that a package brings: ``google.cloud.storage``, but ``numpy`` for ``numpy.random``."""
    found: dict[str, _Wanted] = {}
    for imported in needs.imports:
        for path in imported.paths:
            module, names = claimants(path)
            _add(found, module, names, path, imported)
    return found


def _add(found: dict[str, _Wanted], module: str, names: list[Names], path: str, imported: Imported) -> None:
    known = found.setdefault(module, _Wanted(module, names, [], imported.origin, True))
    known.paths.append(path)
    known.optional = known.optional and imported.optional


@dataclass
class _Finder:
    """Asks for packages, a few at a time."""

    installed: Mapping[str, Package]
    pypi: Has
    known: Collection[str] = ()
    problems: dict[str, Problem] = field(default_factory=dict)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def look(self, conda: Having, names: Collection[str]) -> None:
        """Find out which of these names the channels have."""
        try:
            self.known = await conda(names)
        except EnvManagerError as error:
            self.problems[error.message] = error.problem()

    async def find(self, wanted: _Wanted) -> NotebookImport:
        """The proposal for one module."""
        told = NotebookImport(
            module=wanted.module,
            spec=None,
            origin=wanted.origin,
            reason=_OPTIONAL if wanted.optional else "",
        )
        if (package := self._package(wanted)) is not None:
            return msgspec.structs.replace(told, spec=package.name, manager=package.manager, installed=True)
        for name, _ in wanted.names:
            if name in self.known:
                return msgspec.structs.replace(told, spec=name)
        async with self._gate:
            for name in dict.fromkeys(pypi for _, pypi in wanted.names):
                if await self._on_pypi(name):
                    return msgspec.structs.replace(told, spec=name, manager="pypi", reason=_from_pypi(wanted, name))
        if self.problems:
            # Nobody could be asked about it.
            return msgspec.structs.replace(told, spec=wanted.names[0][0], reason="Whether it is there is not known.")
        reason = "Neither the channels nor PyPI have a package that is known to bring it."
        if is_known(wanted.module):
            # Whoever knows what is missing can add the channel that has it.
            reason = f"It comes with {wanted.names[0][0]}, which neither your channels nor PyPI have."
        return msgspec.structs.replace(told, reason=f"{reason} {told.reason}".strip())

    def _package(self, wanted: _Wanted) -> Package | None:
        """The installed one: of the module, or of one inside it that is imported."""
        for path in [wanted.module, *wanted.paths]:
            parts = path.split(".")
            for depth in range(len(parts), 0, -1):
                if package := self.installed.get(".".join(parts[:depth])):
                    return package
        return None

    async def _on_pypi(self, name: str) -> bool:
        try:
            return await self.pypi(name)
        except EnvManagerError as error:
            self.problems.setdefault(error.message, error.problem())
            return False


def _from_pypi(wanted: _Wanted, name: str) -> str:
    reason = "It is on PyPI only."
    if not is_known(wanted.module):
        # Anybody may give any name to a package.
        reason = f"PyPI has a package “{name}”: see whether it is the one you mean."
    return f"{reason} {_OPTIONAL}" if wanted.optional else reason


def _asked(requirement: Requirement, there: Collection[str]) -> NotebookImport:
    spec = requirement.spec
    return NotebookImport(
        module="",
        spec=spec,
        manager=requirement.manager,
        origin=f"{requirement.origin}: {requirement.text}",
        reason=requirement.reason,
        installed=bool(spec) and _name(spec) in there,
    )


def _name(spec: str | None) -> str:
    """The name in a spec or a requirement, in the spelling that all share."""
    text = (spec or "").rpartition("::")[2]
    for number, character in enumerate(text):
        if not (character.isalnum() or character in "-_."):
            text = text[:number]
            break
    return text.lower().replace("_", "-").replace(".", "-")
