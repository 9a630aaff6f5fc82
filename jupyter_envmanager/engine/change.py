"""A request for a change, and what is installed -> the exact records to link and to unlink.

What was asked for stays as it was asked for; what is installed stays at its version wherever the request allows it.
Removing needs no solver: it follows the installed records, so it works without a channel.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from rattler import GenericVirtualPackage, MatchSpec, PrefixRecord, RepoDataRecord, VirtualPackage

from ..errors import EnvManagerError, Invalid, NotFound, Unsatisfiable
from . import standing
from .base import same
from .channels import Channels
from .needs import closure, depends, needed_by, roots
from .solve import find_records, parse_specs, spec_name

Virtual = Sequence[VirtualPackage | GenericVirtualPackage]
# Each is a solve; whoever has more constraints than this reads the solver's own words.
_RELAXATIONS = 12


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for: match specs to install, names to update (or all), to remove, and to link anew.

    ``exchange`` maps names of packages that may get another build to a match spec that holds them, empty for none. With
    ``only``, nothing stays but what ``install`` and these packages need, which are asked for by these specs.
    """

    install: Sequence[str] = ()
    update: Set[str] | Literal["all"] = frozenset()
    remove: Set[str] = frozenset()
    repair: Set[str] = frozenset()
    exchange: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Installed:
    """The environment as it is.

    ``records`` are the installed ones, ``lost`` name, version and build of those whose record cannot be read.
    ``requested`` maps the names that were asked for to their specs, ``pins`` names to the specs that hold them.
    """

    records: Sequence[PrefixRecord]
    requested: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    lost: Sequence[tuple[str, str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the change comes to.

    ``link`` are new records, ``remove`` names that go, ``relink`` names that stay and are linked anew. ``before`` and
    ``after`` hold all records by name. ``requested`` is what is asked for in the end, by name. ``dragged`` are packages
    that were asked for once and go because they need one that is removed; ``kept`` are to be removed and needed.
    """

    link: list[RepoDataRecord]
    remove: frozenset[str]
    relink: frozenset[str]
    before: dict[str, RepoDataRecord]
    after: dict[str, RepoDataRecord]
    requested: dict[str, str]
    asked: frozenset[str]
    dragged: list[str]
    kept: list[str]
    seconds: float


Record = RepoDataRecord


async def solve_change(
    channels: Channels,
    wish: Wish,
    installed: Installed,
    *,
    priority: str,
    pinned: Sequence[str],
    virtual: Virtual,
    explain: bool = True,
) -> Outcome:
    """Find out what a change comes to.

    Parameters
    ----------
    pinned:
        Match specs of conda's configuration that constrain packages everywhere.
    explain:
        Where there is no answer, find out what is in the way.

    Raises
    ------
    Invalid, NotFound, Unsatisfiable, ChannelUnreachable
    """
    begin = time.perf_counter()
    before: dict[str, RepoDataRecord] = {record.name.normalized: record for record in installed.records}
    specs = parse_specs(wish.install)
    _check_names(wish, before, {name for name, _, _ in installed.lost})
    held = installed.requested if wish.only is None else wish.only
    base, dragged = _without(before, held, wish.remove)
    requested = {name: spec for name, spec in held.items() if name in base}
    wanted = dict(requested)
    for text, spec in zip(wish.install, specs, strict=True):
        wanted[spec_name(spec)] = text.strip()
    updated = set(base) if wish.update == "all" else set(wish.update)
    if wish.update != "all":
        wanted.update({name: name for name in updated if name in wanted})
    after = dict(base)
    if specs or updated or wish.repair or wish.exchange or wish.only is not None:
        solver = _Solver(
            channels=channels,
            base=base,
            wanted=wanted,
            pins=installed.pins,
            priority=priority,
            pinned=pinned,
            virtual=virtual,
            exchange=wish.exchange,
            everything_held=wish.only is None,
            explain=explain,
        )
        lost = [f"{name}=={version}={build}" for name, version, build in installed.lost if name not in wish.remove]
        after = await solver.solve(specs, updated, everything=wish.update == "all", lost=lost)
    return Outcome(
        link=[record for name, record in after.items() if before.get(name) is not record],
        remove=frozenset(name for name in before if name not in after),
        relink=frozenset(name for name in wish.repair if name in after and before.get(name) is after[name]),
        before=before,
        after=after,
        requested=wanted,
        asked=frozenset(spec_name(spec) for spec in specs)
        | wish.remove
        | wish.repair
        | (installed.requested.keys() - after.keys() if wish.only is not None else set())
        | (updated if wish.update != "all" else set(installed.requested)),
        dragged=sorted(name for name in dragged if name not in after),
        kept=sorted(name for name in wish.remove if name in after and name not in {spec_name(s) for s in specs}),
        seconds=time.perf_counter() - begin,
    )


def _check_names(wish: Wish, before: Mapping[str, RepoDataRecord], lost: Set[str]) -> None:
    named = set(wish.remove) | set(wish.repair) | (set() if wish.update == "all" else set(wish.update))
    if absent := sorted(name for name in named if name not in before and name not in lost):
        raise NotFound(
            f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed here.",
            hint="Refresh the list of packages.",
            field="specs",
            spec=absent[0],
        )


def _without(
    before: Mapping[str, RepoDataRecord], requested: Mapping[str, str], remove: Set[str]
) -> tuple[dict[str, RepoDataRecord], set[str]]:
    """What is left when packages go, with what needs them and what only they needed; and what of it was asked for."""
    if not remove:
        return dict(before), set()
    gone = closure(remove, needed_by(before))
    left = {name: record for name, record in before.items() if name not in gone}
    # Of what they needed, only what nobody else needs goes too.
    theirs = closure(gone, {name: depends(record) for name, record in before.items()})
    needed = closure(roots(before, requested) - gone, {name: depends(record) for name, record in left.items()})
    kept = {name: record for name, record in left.items() if name not in theirs or name in needed}
    return kept, {name for name in gone if name in requested and name not in remove}


@dataclass(frozen=True, kw_only=True)
class _Solver:
    """One change to be solved, and solved again with less when there is no answer, to find what is in the way."""

    channels: Channels
    base: Mapping[str, RepoDataRecord]
    wanted: Mapping[str, str]
    pins: Mapping[str, str]
    priority: str
    pinned: Sequence[str]
    virtual: Virtual
    exchange: Mapping[str, str]
    everything_held: bool
    explain: bool

    async def solve(
        self, specs: Sequence[MatchSpec], updated: Set[str], *, everything: bool, lost: Sequence[str]
    ) -> dict[str, RepoDataRecord]:
        """All records in the end, by name; the installed one wherever it stays."""
        asked = {spec_name(spec) for spec in specs}
        free = updated | self.exchange.keys()
        locked = [] if everything else [record for name, record in self.base.items() if name not in free]
        constraints = self._constraints(asked | (set() if everything else updated))
        held = roots(self.base, self.wanted) if self.everything_held else self.wanted.keys()
        hold = {name: MatchSpec(self.wanted.get(name, name)) for name in held - asked}
        wish = [*specs, *parse_specs(lost)]
        try:
            found = await self._find([*wish, *hold.values()], constraints, locked)
        except Unsatisfiable as error:
            if not self.explain:
                raise
            raise await self._explained(error, wish, hold, constraints, locked) from error
        after: dict[str, RepoDataRecord] = {}
        for record in found:
            name = record.name.normalized
            old = self.base.get(name)
            after[name] = old if old is not None and same(old, record) else record
        return after

    def _constraints(self, free: Set[str]) -> dict[str, list[str]]:
        """What must hold, by what it is called in an explanation."""
        found = {f"pin {spec}": [spec] for spec in self.pins.values()}
        found.update({f"pin {spec} of conda's configuration": [spec] for spec in self.pinned})
        python = self.base.get("python")
        if python is not None and "python" not in free:
            # As conda does: a new Python series is a new environment, so it comes only when it is asked for.
            series = ".".join(str(python.version).split(".")[:2])
            found[f"Python {series}"] = [f"python {series}.*"]
        found.update({f"the version of {name}": [spec] for name, spec in self.exchange.items() if spec})
        return found

    async def _find(
        self,
        specs: Sequence[MatchSpec],
        constraints: Mapping[str, Sequence[str]],
        locked: Sequence[RepoDataRecord],
        *,
        explain: bool = True,
    ) -> list[RepoDataRecord]:
        return await find_records(
            self.channels,
            specs,
            priority=self.priority,
            constraints=[text for texts in constraints.values() for text in texts],
            virtual=self.virtual,
            locked=locked,
            explain=explain,
        )

    async def _explained(
        self,
        error: EnvManagerError,
        wish: Sequence[MatchSpec],
        hold: Mapping[str, MatchSpec],
        constraints: Mapping[str, Sequence[str]],
        locked: Sequence[RepoDataRecord],
    ) -> EnvManagerError:
        """Which one thing has to be relaxed? Each is left out in turn; then, all that is held."""
        held = {name: spec for name, spec in hold.items() if str(spec) != name}
        tries: list[tuple[str, dict[str, MatchSpec], Mapping[str, Sequence[str]]]] = [
            (f"“{self.wanted[name]}”, which was asked for earlier", {**hold, name: MatchSpec(name)}, constraints)
            for name in held
        ]
        for label in constraints:
            tries.append((f"the {label}" if label.startswith("pin") else label, dict(hold), _less(constraints, label)))
        texts = {spec_name(spec): self.wanted.get(spec_name(spec), str(spec)) for spec in wish}
        for label, specs, rest in tries[:_RELAXATIONS]:
            with suppress(EnvManagerError):
                await self._find([*wish, *specs.values()], rest, [], explain=False)
                return standing.to_relax(error, label, list(texts.values()))
        with suppress(EnvManagerError):
            found = await self._find(wish, constraints, locked, explain=False)
            return await asyncio.to_thread(standing.installed, error, texts, self.base, found)
        return error


def _less(constraints: Mapping[str, Sequence[str]], label: str) -> dict[str, Sequence[str]]:
    return {key: value for key, value in constraints.items() if key != label}


def readable(name: str, spec: str) -> str:
    """A spec that another tool wrote down; the name alone where we cannot read it, or where it is another's."""
    try:
        return spec if spec_name(parse_specs([spec])[0]) == name else name
    except Invalid:
        return name
