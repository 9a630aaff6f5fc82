"""Preview: from a request and an environment to a plan that can be carried out without any further decision."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from ..errors import Invalid, NotFound, Overwrites
from . import lock, requirements
from .attempts import Answer, find_answer, parse_source
from .dryrun import Changes, DryRun
from .names import normal
from .planning import describe
from .reference import Requirement
from .requirements import Wanted
from .state import PypiPlan, PypiRequest, PypiSettings, PypiState


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
    exchanged = await asyncio.to_thread(requirements.read, request.exchange, [], [])
    wanted = msgspec.structs.replace(wanted, exchanged=exchanged.requirements)
    removed = _checked(request.remove, state, "remove")
    upgraded = _checked(request.upgrade, state, "update")
    if both := sorted(removed & (wanted.names | upgraded)):
        raise Invalid(f"{both[0]} is to be installed and removed at once.", hint="Choose one.", field="pypi")
    if not wanted.requirements and not wanted.exchanged and not upgraded and not (state.moved and state.pypi):
        changes, text = Changes(installed={}, sources={}), ""
    else:
        with tempfile.TemporaryDirectory(prefix="envmanager-pypi-") as folder:
            dry_run = await asyncio.to_thread(DryRun, Path(folder), state, settings, removed)
            answer = await find_answer(dry_run, wanted, upgraded, removed, state, settings, request.own)
            changes = answer.changes
            check_protection(changes, wanted.names | upgraded, state, request.accept)
            text = await _lock(dry_run, answer, wanted, state, settings)
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


def check_protection(changes: Changes, asked: set[str], state: PypiState, accept: Sequence[str]) -> None:
    """Refuse to replace what conda brings, unless that has been accepted; raises Overwrites."""
    conda = {normal(dist.name): dist for dist in state.conda}
    replaced = [(conda[name], to) for name, to in sorted(changes.installed.items()) if name in conda]
    if not replaced or Overwrites.code in accept:
        return
    what = " and ".join(f"{dist.name} {dist.version}" for dist, _ in replaced)
    raise Overwrites(
        f"Installing {', '.join(sorted(asked)) or 'this'} from PyPI would replace {what}, which conda installed.",
        hint="Choose a version or a conda package that fits, or allow conda's package to be replaced.",
        field="pypi",
        packages=[{"name": dist.name, "from": dist.version, "to": to} for dist, to in replaced],
    )


async def _lock(dry_run: DryRun, answer: Answer, wanted: Wanted, state: PypiState, settings: PypiSettings) -> str:
    """The lock of what the dry run would install; empty for nothing."""
    changes = answer.changes
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
    text = await dry_run.lock(lines, wanted.options, answer.first)
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
