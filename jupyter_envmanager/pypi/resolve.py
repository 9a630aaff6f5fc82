"""Preview: from a request and an environment to a plan that can be carried out without any further decision."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from ..errors import EnvManagerError, Invalid, NotFound, Overwrites, Unsatisfiable
from . import index, lock, requirements
from .dryrun import Changes, DryRun
from .installed import conflicts, needs
from .names import normal
from .planning import describe
from .reference import Place, Requirement, parse
from .requirements import Wanted
from .state import Dist, PypiPlan, PypiRequest, PypiSettings, PypiState


class _Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One way to ask: stricter ones come first."""

    lines: list[str]
    options: list[str] = []
    protected: bool = True


async def resolve(request: PypiRequest, state: PypiState, settings: PypiSettings) -> PypiPlan:
    """Work out what a request does to an environment. Writes nothing but the cache; never blocks the loop for long.

    Raises
    ------
    Invalid, NotAllowed
        A requirement, a file or a name cannot be used; says which.
    NotFound
        No such package on the index, or none such installed.
    Overwrites
        It works only if packages of conda are replaced, and that has not been accepted.
    Unsatisfiable
        There is no solution even so.
    ChannelUnreachable, BuildFailed, Damaged, NoSpace
    """
    started = time.monotonic()
    wanted = await asyncio.to_thread(
        requirements.read, request.install, request.requirements, list(settings.allowed_roots)
    )
    removed = _checked(request.remove, state, "remove")
    upgraded = _checked(request.upgrade, state, "update")
    if both := sorted(removed & (wanted.names | upgraded)):
        raise Invalid(f"{both[0]} is to be installed and removed at once.", hint="Choose one.", field="pypi")
    if not wanted.requirements and not upgraded and not (state.moved and state.pypi):
        changes, text = Changes(installed={}, sources={}), ""
    else:
        with tempfile.TemporaryDirectory(prefix="envmanager-pypi-") as folder:
            dry_run = await asyncio.to_thread(DryRun, Path(folder), state, settings, removed)
            attempts = _attempts(wanted, upgraded, removed, state, settings)
            changes = await _first_answer(dry_run, attempts, wanted)
            _check_protection(changes, wanted.names | upgraded, state, request)
            text = await _lock(dry_run, changes, wanted, state, settings)
    asked = {*wanted.names, *_unnamed(wanted, changes), *upgraded, *removed}
    plan = describe(state, changes, lock.read(text), removed=removed, asked=asked)
    return msgspec.structs.replace(plan, lock=text, accept=request.accept, seconds=time.monotonic() - started)


def _checked(names: Sequence[str], state: PypiState, verb: str) -> set[str]:
    """The names, normalised, if all are installed from PyPI."""
    conda = {normal(dist.name) for dist in state.conda}
    pypi = {normal(dist.name) for dist in state.pypi}
    for name in names:
        if normal(name) in pypi:
            continue
        if normal(name) in conda:
            raise Invalid(
                f"{name} was installed by conda, not from PyPI.",
                hint=f"{verb.title()} the conda package.",
                field="pypi",
            )
        raise NotFound(f"{name} is not installed.", hint="Refresh the list of packages.", field="pypi")
    return {normal(name) for name in names}


async def _first_answer(dry_run: DryRun, attempts: AsyncIterator[_Attempt], wanted: Wanted) -> Changes:
    failure: EnvManagerError | None = None
    constraints = [requirement.text for requirement in wanted.constraints]
    async for attempt in attempts:
        try:
            return await dry_run.changes(
                attempt.lines, constraints, [*wanted.options, *attempt.options], protected=attempt.protected
            )
        except Unsatisfiable as error:
            failure = error
    raise failure or AssertionError("no attempt")


async def _attempts(
    wanted: Wanted, upgraded: set[str], removed: set[str], state: PypiState, settings: PypiSettings
) -> AsyncIterator[_Attempt]:
    asked = [requirement.text for requirement in wanted.requirements]
    if state.moved:
        others = [dist for dist in state.pypi if normal(dist.name) not in wanted.names | removed]
        direct = [parse_source(dist, settings).text for dist in others if dist.source]
        plain = [dist for dist in others if not dist.source]
        pins = [f"{dist.name}=={dist.version}" for dist in plain]
        built = [f"--only-binary={dist.name}" for dist in plain]
        yield _Attempt(lines=[*asked, *direct, *pins], options=built)
        kept = [await _pin_if_wheel(dist, state.python_version, settings) for dist in plain]
        yield _Attempt(lines=[*asked, *direct, *kept])
        asked = [*asked, *direct, *(dist.name for dist in plain)]
        yield _Attempt(lines=asked)
        options = []
    else:
        options = [f"--upgrade-package={name}" for name in sorted(upgraded)]
        # All that is sound now is to be so afterwards.
        sound = _sound(state, removed) - wanted.names
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


async def _pin_if_wheel(dist: Dist, python_version: str, settings: PypiSettings) -> str:
    """The installed version, if there is a wheel of it for this Python; else any."""
    fits = await index.has_wheel(dist.name, dist.version, python_version, settings)
    return f"{dist.name}=={dist.version}" if fits else dist.name


def parse_source(dist: Dist, settings: PypiSettings) -> Requirement:
    """The requirement that installs a distribution again that is not from an index."""
    place = Place(roots=list(settings.allowed_roots))
    if dist.source.startswith("-e "):
        return parse(dist.source.removeprefix("-e "), place, editable=True)
    return parse(dist.source, place)


def _check_protection(changes: Changes, asked: set[str], state: PypiState, request: PypiRequest) -> None:
    conda = {normal(dist.name): dist for dist in state.conda}
    replaced = [(conda[name], to) for name, to in sorted(changes.installed.items()) if name in conda]
    if not replaced or Overwrites.code in request.accept:
        return
    what = " and ".join(f"{dist.name} {dist.version}" for dist, _ in replaced)
    raise Overwrites(
        f"Installing {', '.join(sorted(asked)) or 'this'} from PyPI would replace {what}, which conda installed.",
        hint="Choose a version or a conda package that fits, or allow conda's package to be replaced.",
        field="pypi",
        packages=[{"name": dist.name, "from": dist.version, "to": to} for dist, to in replaced],
    )


async def _lock(dry_run: DryRun, changes: Changes, wanted: Wanted, state: PypiState, settings: PypiSettings) -> str:
    """The lock of what the dry run would install; empty for nothing."""
    if not changes.installed:
        return ""
    direct = [requirement for requirement in wanted.requirements if requirement.url]
    if state.moved:
        direct += [parse_source(dist, settings) for dist in state.pypi if dist.source]
    lines, named = [], set()
    for requirement in direct:
        name = requirement.name or _name(requirement, changes)
        if name in changes.installed and name not in named:
            lines.append(requirement.text)
            named.add(name)
    for name, version in changes.installed.items():
        if name in named:
            continue
        source = changes.sources.get(name)
        lines.append(f"{name} @ {source}" if source else f"{name}=={version}")
    text = await dry_run.lock(lines, wanted.options)
    hashes = {requirement.name: requirement.hashes for requirement in wanted.requirements if requirement.hashes}
    text = lock.keep_hashes(text, hashes)
    lock.check_roots(lock.read(text), settings.allowed_roots)
    return text


def _unnamed(wanted: Wanted, changes: Changes) -> Iterator[str]:
    """Names of requirements that are only an address."""
    found = (_name(requirement, changes) for requirement in wanted.requirements if not requirement.name)
    return (name for name in found if name)


def _name(requirement: Requirement, changes: Changes) -> str:
    plain = _plain(requirement.url)
    return next((name for name, url in changes.sources.items() if _plain(url) == plain), "")


def _plain(url: str) -> str:
    """An address without revision, fragment and credentials."""
    parts = urlsplit(url.removeprefix("git+"))
    folder, _, last = unquote(parts.path).rstrip("/").rpartition("/")
    return f"{parts.scheme}://{parts.hostname or ''}{folder}/{re.sub('@.*', '', last)}"
