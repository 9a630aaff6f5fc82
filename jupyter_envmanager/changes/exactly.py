"""A lock, or another environment, that an environment is to become like -> exactly those packages."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .. import sources
from ..config import Settings
from ..environments import EnvironmentReader
from ..environments.variables import state_file
from ..errors import Invalid
from ..models import Environment, FileSource, Packages, Plan, PlanAction, Problem
from ..notebooks.description import asked
from ..previews import Previewer
from ..pypi import Dist, PypiPlan, PypiRequest, PypiSettings
from ..pypi import locked as locked_dists
from ..pypi.installed import InstalledDist, distributions, site_folders
from ..pypi.locked import LockedDist
from ..pypi.names import normal
from ..pypi.resolve import resolve
from .present import Present, environment_channels, requested_specs
from .pythonstate import Future
from .warnings import new_channels

if TYPE_CHECKING:
    from ..engine.change import Outcome


@dataclass(frozen=True, kw_only=True)
class Exact:
    """What an environment is to have.

    Attributes
    ----------
    objects:
        Records as `records.to_json` has them, ``lines`` where a lock names each.
    requested:
        What is asked for of them, with the specs; None where that is not said.
    dists:
        Packages of the index that it does not have like that; None where nothing is said of any.
    pypi_names, pypi_requested:
        Normalised names of all of those, and of those that are asked for.
    channels:
        Those that this user has chosen for it, the most important first; else empty, and packages bring theirs.
    """

    objects: list[dict[str, Any]]
    lines: dict[str, int] = field(default_factory=dict)
    requested: Mapping[str, str] | None = None
    dists: list[LockedDist] | None = None
    pypi_names: set[str] = field(default_factory=set)
    pypi_requested: set[str] = field(default_factory=set)
    channels: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_lock(source: FileSource) -> Exact:
    """What a lock names for this platform. Blocking.

    Raises
    ------
    Invalid
        It cannot be used; with all its ``problems``.
    """
    from ..engine.locked import read
    from ..engine.solve import platform

    format = sources.format_of_lock(source) or ""
    found = read(source.content, format, platform())
    return Exact(
        objects=found.records,
        lines=found.lines,
        # A list has no place for them, so it does not mean that there are none.
        dists=None if format == "explicit" else found.dists,
        pypi_names={normal(dist.name) for dist in found.dists},
        pypi_requested=locked_dists.roots(found.dists),
        problems=found.problems,
    )


async def read_other(
    other: Environment, present: Present, reader: EnvironmentReader, settings: Settings, pypi: PypiSettings
) -> Exact:
    """What another environment has.

    Raises
    ------
    Invalid
        It is no environment to take packages from.
    """
    from ..engine.solve import platform

    if other.id == present.environment.id:
        raise Invalid(f"{other.name} is this very environment.", hint="Choose another one.", field="source")
    if other.kind == "venv" or other.state != "ready":
        raise Invalid(
            f"{other.name} is {'a virtual environment' if other.kind == 'venv' else 'not whole'}, so its packages"
            " cannot be taken.",
            hint="Choose another one.",
            field="source",
        )
    prefix = Path(other.prefix)
    packages = await asyncio.to_thread(reader.packages, prefix)
    objects = await asyncio.to_thread(_records, prefix)
    mine = platform()
    if foreign := sorted({str(entry["subdir"]) for entry in objects} - {mine, "noarch"}):
        raise Invalid(
            f"{other.name} is for {', '.join(foreign)}, and this machine is {mine}.",
            hint="Export it as a cross-platform file, and update from that.",
            field="source",
        )
    there = await asyncio.to_thread(_distributions, prefix, packages)
    here = await asyncio.to_thread(_distributions, present.prefix, present.packages)
    same = {(normal(one.name), one.version, one.source) for one in here}
    moved = _series(other.python) != _series(present.environment.python)
    new = [one for one in there if moved or (normal(one.name), one.version, one.source) not in same]
    found, _ = await locked_dists.pinned(new, other.python or "", pypi)
    lost = sorted({normal(one.name) for one in new} - {normal(one.name) for one in found})
    conda = [one for one in packages.packages if one.manager == "conda"]
    # What others write there would have packages, also those of later changes, come from anywhere.
    channels = await asyncio.to_thread(environment_channels, prefix) if await asyncio.to_thread(is_own, other) else []
    return Exact(
        objects=objects,
        requested=requested_specs(packages) or {one.name: one.name for one in asked(conda)},
        dists=found,
        pypi_names={normal(one.name) for one in there},
        pypi_requested={normal(one.name) for one in there if one.requested},
        channels=list(settings.channels) if channels is None else channels,
        problems=_not_taken(other, lost),
    )


def is_own(other: Environment) -> bool:
    """Whether nobody but this user decides what is in an environment. Blocks."""
    from ..engine.clone import Owner
    from ..engine.workplace import MARKER

    prefix = Path(os.path.realpath(other.prefix))
    if other.group is not None:
        return False
    places = (prefix, prefix / MARKER.parent, prefix / MARKER, state_file(prefix))
    owner = Owner()
    return os.name == "nt" or all(owner.owns(path) for path in places if os.path.lexists(path))


def _series(version: str | None) -> list[str]:
    return (version or "").split(".")[:2]


def _records(prefix: Path) -> list[dict[str, Any]]:
    from ..engine.base import read_installed
    from ..engine.exact import as_planned

    records, unreadable = read_installed(prefix)
    if unreadable:
        raise Invalid(
            f"The record {unreadable[0]} of {prefix.name} cannot be read.",
            hint="Repair it, or ask its owner to let you read it.",
            field="source",
        )
    return as_planned(records)


def _distributions(prefix: Path, packages: Packages) -> list[InstalledDist]:
    names = {normal(one.name) for one in packages.packages if one.manager == "pypi"}
    found = [one for folder in site_folders(prefix) for one in distributions(folder)]
    return [one for one in found if normal(one.name) in names]


def _not_taken(other: Environment, names: Sequence[str]) -> list[Problem]:
    if not names:
        return []
    return [
        Problem(
            code="not_taken",
            message=f"These Python packages of {other.name} are left out, since no index has their files: "
            f"{', '.join(names)}.",
            hint="They come from a folder or an address. Install them from there.",
            details={"names": list(names)},
        )
    ]


async def differing(
    exact: Exact, present: Present, previewer: Previewer, settings: Settings, roots: Sequence[str]
) -> Exact:
    """Only the packages that differ, with all that is known of each.

    Parameters
    ----------
    roots:
        Folders that packages may be read from.

    Raises
    ------
    NotAllowed, Invalid, Unsatisfiable
        The site, or this machine, has something against one of them.
    """
    from ..engine import exact as engine
    from ..engine import lockorigins, records
    from ..engine.completing import complete
    from ..engine.machine import check_machine

    objects = await asyncio.to_thread(engine.differing, exact.objects, present.installed.records)
    known = [*(present.channels or []), *exact.channels]
    await asyncio.to_thread(lockorigins.check, objects, exact.lines, settings, known, roots)
    used = list(dict.fromkeys(str(entry["channel"]) for entry in objects))
    channels = await previewer.channels(settings, used or present.channels)
    whole, problems = await complete(objects, exact.lines, channels, settings.pkgs_dirs)
    # A list knows an archive by its name only; what it is tells whether it is here already.
    whole = await asyncio.to_thread(engine.differing, whole, present.installed.records)
    linked = await asyncio.to_thread(records.from_json, whole)
    await asyncio.to_thread(check_machine, linked, await previewer.virtual_packages(present.target))
    if exact.requested is not None and not exact.channels:
        problems = [*new_channels(used, present.channels, settings), *problems]
    return replace(exact, objects=whole, channels=exact.channels or used, problems=[*exact.problems, *problems])


async def python_part(
    exact: Exact, future: Future, pypi: PypiSettings, accept: Sequence[str], *, prune: bool
) -> PypiPlan | None:
    """What becomes of the packages of the index; None for nothing.

    Raises
    ------
    Invalid, Unsatisfiable, Overwrites
    """
    state = future.state
    if state is None:
        if exact.dists:
            raise Invalid("There are packages from PyPI, but no Python.", hint="Add Python.", field="source")
        return None
    replaced = {normal(name) for name in future.replaced}
    if exact.dists is None:
        if not replaced and not (state.moved and state.pypi):
            return None
        return await resolve(PypiRequest(remove=future.replaced, accept=list(accept)), state, pypi)
    here: dict[str, Dist] = {normal(dist.name): dist for dist in state.pypi}
    new = [dist for dist in exact.dists if state.moved or not _is_here(dist, here.get(normal(dist.name)))]
    gone = {name for name in here if name in replaced or (prune and name not in exact.pypi_names)}
    plan = await locked_dists.plan(new, state, pypi, accept, removed=gone)
    own = {normal(name) for name in state.requested}
    kept = set() if prune else own - exact.pypi_names - gone
    lost = {normal(action.name) for action in plan.actions if action.op == "remove"}
    requested = sorted((kept | exact.pypi_requested) & ({*here, *(normal(dist.name) for dist in new)} - lost))
    return None if plan.empty and set(requested) == own else msgspec.structs.replace(plan, requested=requested)


def _is_here(dist: LockedDist, there: Dist | None) -> bool:
    if there is None or there.version != dist.version:
        return False
    return not there.source or dist.url.removeprefix("direct+") in there.source


def labelled(plan: Plan, outcome: Outcome, python: PypiPlan | None) -> Plan:
    """A plan whose lines are only said to be asked for where they will be afterwards, or where they go."""
    pypi = set(python.requested) if python is not None else set()

    def is_asked(one: PlanAction) -> bool:
        return normal(one.name) in pypi if one.manager == "pypi" else one.name in outcome.requested

    actions = [
        one if one.op == "remove" else msgspec.structs.replace(one, reason="asked" if is_asked(one) else "needed")
        for one in plan.actions
    ]
    return msgspec.structs.replace(plan, actions=sorted(actions, key=lambda one: one.reason != "asked"))


def about_needs(outcome: Outcome) -> list[Problem]:
    """Packages that stay, and will miss what they need."""
    from ..engine.exact import broken

    needs: dict[str, list[str]] = {}
    for name, need in broken(outcome):
        needs.setdefault(name, []).append(need)
    return [
        Problem(
            code="needs_missed",
            message=f"{name} stays, and will miss {', '.join(texts)}.",
            hint=f"Remove {name} as well, or let everything go that is not named.",
            details={"package": name, "needs": texts},
        )
        for name, texts in sorted(needs.items())
    ]
