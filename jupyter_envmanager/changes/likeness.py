"""A file that an environment is to become like -> the packages that are asked for, and what goes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import msgspec

from .. import sources
from ..config import Settings
from ..environments.conda_records import canonical
from ..errors import Invalid
from ..models import (
    Change,
    FileSource,
    NewEnvironment,
    Package,
    Packages,
    Problem,
    PypiChange,
    SpecFormat,
    SpecsSource,
)
from ..pypi import PypiSettings
from ..pypi.requirements import Wanted
from ..pypi.requirements import read as read_requirements
from ..specfiles import format_of
from ..specfiles.condaspecs import name_of
from ..specfiles.filespecs import FileSpec
from .comparing import is_from
from .keeping import for_kernels
from .present import Present
from .variables import of_file

_FOR_PYTHON: tuple[SpecFormat, ...] = ("requirements.txt", "pyproject.toml")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A change whose packages are named, whatever it was before.

    ``settings`` and ``channels`` are what it is solved with. ``only`` are packages that stay besides those that are
    asked for and what they need, with their specs; None where everything stays. ``kernels`` are those of them that stay
    for a kernel alone. ``variables`` are as in `Variables`. ``file_specs`` is all that a file asks for, ``places`` the
    lines on which it names a channel, by the channel's address, ``problems`` what to know of it.
    """

    change: Change
    settings: Settings
    channels: list[str] | None
    only: Mapping[str, str] | None = None
    kernels: Set[str] = frozenset()
    variables: Mapping[str, str | None] | None = None
    file_specs: Sequence[FileSpec] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[Problem] = ()


def check_alone(change: Change) -> None:
    """Refuse a source beside packages that are named; raises Invalid."""
    rest = msgspec.structs.replace(change, source=None, prune=False, gpu=None, accept=[], plan=None)
    if change.source is not None and rest != Change():
        raise Invalid(
            "An environment becomes like another, or packages are named: not both in one change.",
            hint="Apply one first, then the other.",
            field="source",
        )
    if change.source is None and change.prune:
        raise Invalid("It is not said what is to stay.", hint="Choose a file or an environment.", field="prune")


async def asked_by(change: Change, present: Present, settings: Settings, pypi: PypiSettings) -> Asked:
    """What a change comes to whose source, where it has one, is a file that is no lock.

    Raises
    ------
    Invalid
        The file cannot be used.
    """
    source = change.source
    if not isinstance(source, FileSource):
        return Asked(change=change, settings=settings, channels=present.channels)
    # The channels of the environment come where those of the configuration do for a new one.
    seen = replace(settings, channels=tuple(present.channels or settings.channels))
    begun = await sources.start(NewEnvironment(source=source, kernel=None), seen, pypi)
    wanted = begun.request.source
    assert isinstance(wanted, SpecsSource)
    requirements = await asyncio.to_thread(read_requirements, wanted.pypi, [], pypi.allowed_roots)
    specs = _specs(source, wanted.specs, present)
    conda = names_conda(source, wanted.specs)
    only = _kept(present, wanted) if change.prune and conda else None
    variables = await asyncio.to_thread(of_file, present.prefix, begun.variables)
    return Asked(
        change=Change(
            install=specs,
            pypi=PypiChange(
                install=wanted.pypi, remove=_unneeded(present.packages, requirements) if change.prune else []
            ),
            gpu=change.gpu,
            accept=change.accept,
        ),
        settings=settings,
        channels=begun.request.channels or present.channels,
        only=only,
        kernels=for_kernels(present.environment, present.packages) & set(only or ()),
        file_specs=begun.file_specs,
        places=begun.places,
        variables=variables.values,
        problems=[*begun.problems, *variables.problems],
    )


def names_conda(source: FileSource, specs: Iterable[str]) -> bool:
    """Whether a file speaks of all packages, not only of Python's."""
    text = sources.text_of(source)
    format = text.format or format_of(text.filename, text.content)
    return format not in _FOR_PYTHON or any(name_of(spec) != "python" for spec in specs)


def _specs(source: FileSource, specs: Sequence[str], present: Present) -> list[str]:
    """Without the Python that goes without saying."""
    there = any(record.name.normalized == "python" for record in present.installed.records)
    bare = there and not names_conda(source, specs)
    return [spec for spec in specs if not (bare and spec.strip() == "python")]


def _kept(present: Present, wanted: SpecsSource) -> dict[str, str]:
    names = for_kernels(present.environment, present.packages)
    # Packages of the index are in the folder of this Python, and what goes of them goes by its means.
    names |= {"python"} if wanted.pypi or present.has_pypi else set()
    named = {name_of(spec) for spec in wanted.specs}
    installed = {record.name.normalized for record in present.installed.records}
    return {name: present.installed.requested.get(name, name) for name in sorted((names & installed) - named)}


def _unneeded(packages: Packages, wanted: Wanted) -> list[str]:
    """Packages of the index that are not wanted, and that nothing needs any more without them."""
    there = {canonical(one.name): one for one in packages.packages if one.manager == "pypi"}
    urls = [one.url for one in wanted.requirements if one.url and not one.name]
    stays = {name for name, one in there.items() if name in wanted.names or any(is_from(one, url) for url in urls)}
    waiting = True
    while waiting:
        more = {name for name, one in there.items() if name not in stays and _is_needed(one, there, stays)}
        stays |= more
        waiting = bool(more)
    return [one.name for name, one in there.items() if name not in stays]


def _is_needed(package: Package, there: Mapping[str, Package], stays: set[str]) -> bool:
    """By one that stays; conda's packages are taken to do so."""
    return any(name in stays or name not in there for name in map(canonical, package.needed_by))
