"""Asking uv in several ways, stricter ones first, until one has an answer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable

import msgspec
from packaging.version import Version

from ..errors import EnvManagerError, NotFound, Unsatisfiable
from .dryrun import Changes, DryRun
from .index import has_wheel
from .names import normal
from .needs import conflicts, needs
from .ownindex import folders
from .reference import Place, Requirement, parse
from .requirements import Wanted
from .state import Dist, OwnIndex, PypiSettings, PypiState


class _Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One way to ask: stricter ones come first."""

    lines: list[str]
    options: list[str] = []
    held: list[str] = []
    protected: bool = True


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What uv would do, and the URL of the index that it was to ask before all others."""

    changes: Changes
    first: str = ""


async def find_answer(
    dry_run: DryRun,
    wanted: Wanted,
    upgraded: set[str],
    removed: set[str],
    state: PypiState,
    settings: PypiSettings,
    own: OwnIndex | None,
) -> Answer:
    """The first way to do it; an index of their own is asked only where its packages are touched."""
    only = set(own.only) if own else set()
    moving = {normal(dist.name) for dist in state.pypi} - removed if state.moved else set()
    if not only & (wanted.names | {one.name for one in wanted.exchanged} | upgraded | moving):
        try:
            answer = await _first_answer(
                dry_run, _attempts(wanted, upgraded, removed, state, settings), wanted, None, settings
            )
            if not only & set(answer.changes.installed):
                return answer
        except (Unsatisfiable, NotFound) as error:
            if not _names_one(error, only):
                raise
    return await _first_answer(
        dry_run, _attempts(wanted, upgraded, removed, state, settings, own), wanted, own, settings
    )


async def _first_answer(
    dry_run: DryRun,
    attempts: AsyncIterator[_Attempt],
    wanted: Wanted,
    own: OwnIndex | None,
    settings: PypiSettings,
) -> Answer:
    """The answer to the strictest way to ask; else, why the loosest has none at the best address."""
    failure: Unsatisfiable | None = None
    constraints = [requirement.text for requirement in wanted.constraints]
    async for attempt in attempts:
        first_failure: Unsatisfiable | None = None
        async for address, first in folders(own, settings) if own else _no_folder():
            # An upgrade would keep what is installed where the address has none that fits.
            together = _each("reinstall", own.only) if own and address != own.home else []
            try:
                changes = await dry_run.changes(
                    attempt.lines,
                    [*constraints, *attempt.held],
                    [*wanted.options, *attempt.options, *together],
                    protected=attempt.protected,
                    first=first,
                )
                return Answer(changes=changes, first=first)
            except Unsatisfiable as error:
                first_failure = first_failure or error
                # Another address has nothing else of the packages that stand in the way.
                if own is None or not _names_one(error, own.only):
                    break
        failure = first_failure or failure
    raise failure or AssertionError("no attempt")


async def _no_folder() -> AsyncIterator[tuple[str, str]]:
    yield "", ""


def _each(verb: str, names: Iterable[str]) -> list[str]:
    return [f"--{verb}-package={name}" for name in sorted(names)]


def _names_one(error: EnvManagerError, names: Iterable[str]) -> bool:
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", error.message) for name in names)


async def _attempts(
    wanted: Wanted,
    upgraded: set[str],
    removed: set[str],
    state: PypiState,
    settings: PypiSettings,
    own: OwnIndex | None = None,
) -> AsyncIterator[_Attempt]:
    asked = [requirement.text for requirement in [*wanted.requirements, *wanted.exchanged]]
    exchanged = {requirement.name for requirement in wanted.exchanged}
    held = [f"{dist.name}=={Version(dist.version).public}" for dist in state.pypi if normal(dist.name) in exchanged]
    if state.moved:
        others = [dist for dist in state.pypi if normal(dist.name) not in wanted.names | exchanged | removed]
        direct = [parse_source(dist, settings).text for dist in others if dist.source]
        plain = [dist for dist in others if not dist.source]
        pins = [f"{dist.name}=={dist.version}" for dist in plain]
        built = [f"--only-binary={dist.name}" for dist in plain]
        yield _Attempt(lines=[*asked, *direct, *pins], options=built, held=held)
        kept = [await _pin_if_wheel(dist, state.python_version, settings, own) for dist in plain]
        yield _Attempt(lines=[*asked, *direct, *kept])
        asked = [*asked, *direct, *(dist.name for dist in plain)]
        yield _Attempt(lines=asked)
        options = []
    else:
        options = _each("upgrade", upgraded | exchanged)
        # All that is sound now is to be so afterwards.
        sound = _sound(state, removed) - wanted.names
        if held:
            yield _Attempt(lines=[*asked, *sorted(sound | upgraded)], options=options, held=held)
        yield _Attempt(lines=[*asked, *sorted(sound | upgraded)], options=options)
        asked = [*asked, *sorted(upgraded - wanted.names)]
        if sound - upgraded:
            yield _Attempt(lines=asked, options=options)
    if state.conda:
        yield _Attempt(lines=asked, options=options, protected=False)


def _sound(state: PypiState, removed: set[str]) -> set[str]:
    """Names of the PyPI distributions whose needs are met, and will be without the removed ones."""
    dists = {normal(dist.name): dist for dist in [*state.conda, *state.pypi]}
    present = [dist for name, dist in dists.items() if name not in removed]
    unsound = {normal(dist.name) for dist, _, _ in conflicts(present, state.python_version)}
    needed = {normal(dist.name): {normal(need.name) for need in needs(dist, state.python_version)} for dist in present}
    grown = True
    while grown:
        more = {name for name, names in needed.items() if name not in unsound and names & unsound}
        unsound |= more
        grown = bool(more)
    return {normal(dist.name) for dist in state.pypi} - unsound - removed


async def _pin_if_wheel(dist: Dist, python_version: str, settings: PypiSettings, own: OwnIndex | None) -> str:
    """The installed version, if there is a wheel of it for this Python; else any."""
    addresses = own.addresses if own and normal(dist.name) in own.only else None
    fits = await has_wheel(dist.name, dist.version, python_version, settings, addresses)
    return f"{dist.name}=={dist.version}" if fits else dist.name


def parse_source(dist: Dist, settings: PypiSettings) -> Requirement:
    """The requirement that installs a distribution again that is not from an index."""
    place = Place(roots=list(settings.allowed_roots))
    if dist.source.startswith("-e "):
        return parse(dist.source.removeprefix("-e "), place, editable=True)
    return parse(dist.source, place)
