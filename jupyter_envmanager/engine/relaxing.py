"""Specs of a file that no channel meets, or that do not fit together -> all of them at once, and what to ask instead.

Where an answer was found, the mildest choices of all relaxations together have one.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec
from rattler import MatchSpec, RepoDataRecord

from ..errors import EnvManagerError
from ..models import Relaxation, Relaxed, RelaxedSpec
from ..pypi.relaxing import missing
from ..pypi.state import PypiSettings
from ..specfiles.condaspecs import name_of
from ..specfiles.filespecs import FileSpec
from .channels import Channels
from .client import clean_url
from .offers import age
from .renamed import renamed
from .solve import addressed, meets, parse_specs, platform, spec_name

# Specs, and the records that are preferred -> the records that meet them.
Solve = Callable[[list[str], Sequence[RepoDataRecord]], Awaitable[Sequence[RepoDataRecord]]]

# So many names at a time: a popular package has thousands of records, and each is an object.
_CHUNK = 40
# To find a name among thirty thousand that is spelt otherwise takes a tenth of a second.
_MOST_SUGGESTIONS = 8
_LEVELS: tuple[Relaxed, ...] = ("build", "patch", "version")
_PLAIN = re.compile(r"={0,2}((?:\d+!)?[\w.+]+?)(?:\.?\*)?")
_SERIES = re.compile(r"((?:\d+!)?\d+\.\d+)\.\w+.*")


@dataclass(frozen=True)
class _Choice:
    """A choice as people see it, and as the engine has it: a package may have another name there."""

    shown: RelaxedSpec
    text: str
    spec: MatchSpec


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A spec, the newest record that meets it, what could stand for it, and why none does.

    ``unknown`` says that nothing has its name.
    """

    spec: FileSpec
    wanted: MatchSpec
    met: RepoDataRecord | None
    choices: list[_Choice] = field(default_factory=list)
    message: str = ""
    unknown: bool = False

    def milder(self, level: Relaxed | None) -> str | None:
        """What to ask for where this level may be dropped; the mildest choice without one, None for nothing."""
        if level is None:
            return self.spec.asked if self.met else self.choices[0].text if self.choices else None
        allowed = [one for one in self.choices if _LEVELS.index(one.shown.drops) <= _LEVELS.index(level)]
        return allowed[-1].text if allowed else self.milder(None)


async def explained(
    error: EnvManagerError,
    specs: Sequence[FileSpec],
    channels: Channels,
    solve: Solve,
    pypi: PypiSettings,
    *,
    strict: bool,
) -> EnvManagerError:
    """The error to show where what a file asks for has no answer: it says of all specs what could stand for them.

    Parameters
    ----------
    error:
        What the solver, or the Python package index, said. Its details stay.
    specs:
        All that the file asks for.
    solve:
        Finds the records for specs like these, all else being equal.
    strict:
        Whether a package comes from the first channel that has it, and from no other.

    Returns
    -------
    EnvManagerError
        Of the same class, with `Relaxation` objects in ``details["relaxations"]``; ``error`` itself where nothing can
        be said.
    """
    lines = [(one.spec, one.asked, one.line) for one in specs if one.manager == "pypi"]
    conda = [] if error.field == "pypi" else [one for one in specs if one.manager == "conda"]
    try:
        (found, conflict), theirs = await asyncio.gather(
            _relaxations(conda, channels, solve, strict=strict), missing(lines, pypi)
        )
    except EnvManagerError:
        return error
    every = [*found, *theirs]
    return await asyncio.to_thread(_told, error, every, only_conflict=conflict) if every else error


def _told(error: EnvManagerError, found: Sequence[Relaxation], *, only_conflict: bool) -> EnvManagerError:
    """Blocking: a file may have thousands."""
    every = sorted(found, key=lambda one: one.line or 0)
    message, hint = error.message, error.hint
    if not (only_conflict or error.field == "gpu"):
        message, hint = _words(every)
    first = next((one.line for one in every if one.line), None)
    details = {**error.details, "relaxations": msgspec.to_builtins(every), **({"line": first} if first else {})}
    return type(error)(message, hint=hint, field="gpu" if error.field == "gpu" else "source", **details)


def _words(found: Sequence[Relaxation]) -> tuple[str, str]:
    """Message and hint for specs that nothing meets."""
    hopeless = [one for one in found if not one.choices]
    if len(found) == 1:
        line = f"Line {found[0].line}: " if found[0].line else ""
        instead = (
            f"Ask for “{found[0].choices[0].spec}” instead." if found[0].choices else "Correct it, or take it out."
        )
        return f"{line}{found[0].message}", instead
    hint = "Ask for less of those that have a choice, one by one or together."
    if len(hopeless) == len(found):
        hint = "Correct their names, or take them out."
    elif hopeless:
        them = "it" if len(hopeless) == 1 else "them"
        hint += f" There is no choice for {_listed(hopeless)}: correct {them}, or take {them} out."
    return f"{len(found)} packages cannot be had as the file asks for them: {_listed(found)}.", hint


def _listed(found: Sequence[Relaxation]) -> str:
    quoted = [f"“{one.spec}”" for one in found]
    more = f" and {len(quoted) - 5} more" if len(quoted) > 6 else ""
    return ", ".join(quoted[:5] if more else quoted) + more


async def _relaxations(
    specs: Sequence[FileSpec], channels: Channels, solve: Solve, *, strict: bool
) -> tuple[list[Relaxation], bool]:
    """What could stand for specs that are not met or do not fit; and whether the latter is all that is wrong."""
    seen = await _look(specs, channels, strict=strict)
    chosen = await _fitting(seen, solve)
    return await asyncio.to_thread(_answers, seen, chosen)


def _answers(seen: Sequence[_Seen], chosen: dict[str, RepoDataRecord] | None) -> tuple[list[Relaxation], bool]:
    """Blocking: it holds all choices of thousands of specs against an answer."""
    if chosen is None:
        found = [one for one in seen if one.met is None]
    else:
        found = [one for one in seen if one.met is None or not _holds(one.wanted, chosen)]
    answers = []
    for one in found:
        able = [choice.shown for choice in one.choices if chosen is None or _holds(choice.spec, chosen)]
        message = one.message or f"“{one.spec.spec}” does not fit to the rest."
        answers.append(Relaxation(spec=one.spec.spec, line=one.spec.line or None, message=message, choices=able))
    return answers, bool(found) and all(one.met is not None for one in found)


def _holds(spec: MatchSpec, chosen: dict[str, RepoDataRecord]) -> bool:
    record = chosen.get(spec_name(spec))
    return record is not None and meets(spec, record)


async def _fitting(seen: Sequence[_Seen], solve: Solve) -> dict[str, RepoDataRecord] | None:
    """An answer as near as can be to what was asked for, by name: less is asked for step by step until there is one."""
    if not any(one.choices for one in seen):
        return None
    # Where all are met, that they do not fit together is known already.
    levels: tuple[Relaxed | None, ...] = _LEVELS if all(one.met for one in seen) else (None, *_LEVELS)
    tried: list[list[str]] = []
    for level in levels:
        texts = await asyncio.to_thread(_milder, seen, level)
        if texts in tried:
            continue
        tried.append(texts)
        try:
            records = await solve(texts, [one.met for one in seen if one.met is not None])
        except EnvManagerError:
            continue
        return await asyncio.to_thread(_named, records)
    return None


def _named(records: Sequence[RepoDataRecord]) -> dict[str, RepoDataRecord]:
    return {record.name.normalized: record for record in records}


def _milder(seen: Sequence[_Seen], level: Relaxed | None) -> list[str]:
    return [text for one in seen if (text := one.milder(level)) is not None]


async def _look(specs: Sequence[FileSpec], channels: Channels, *, strict: bool) -> list[_Seen]:
    texts, _ = await renamed(channels, [one.asked for one in specs])
    pairs = await asyncio.to_thread(_by_name, specs, texts, channels)
    names = list(pairs)
    seen: list[_Seen] = []
    order = [clean_url(url) for url in channels.reach.channels] if strict else []
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        mine = [pair for name in chunk for pair in pairs[name]]
        seen += await channels.about(chunk, partial(_judged, mine, order=order, channels=channels))
    return await _with_suggestions(seen, channels)


def _by_name(
    specs: Sequence[FileSpec], texts: Sequence[str], channels: Channels
) -> dict[str, list[tuple[FileSpec, MatchSpec]]]:
    """What is asked for, now by these texts. Blocking: a file may have thousands."""
    specs = [one._replace(asked=text) for one, text in zip(specs, texts, strict=True)]
    found: defaultdict[str, list[tuple[FileSpec, MatchSpec]]] = defaultdict(list)
    for one, spec in zip(specs, parse_specs([one.asked for one in specs]), strict=True):
        # Virtual packages are no channel's to have.
        if not (name := spec_name(spec)).startswith("__"):
            found[name].append((one, addressed(spec, channels)))
    return dict(found)


async def _with_suggestions(seen: list[_Seen], channels: Channels) -> list[_Seen]:
    told = 0
    for number, one in enumerate(seen):
        if one.unknown and told < _MOST_SUGGESTIONS:
            told += 1
            hint = await channels.suggestion(spec_name(one.wanted))
            seen[number] = replace(one, message=f"{one.message} {hint}")
    return seen


def _judged(
    pairs: Sequence[tuple[FileSpec, MatchSpec]],
    records: Sequence[RepoDataRecord],
    order: Sequence[str],
    channels: Channels,
) -> list[_Seen]:
    """Blocking: a large file has a hundred thousand records."""
    by_name: defaultdict[str, list[RepoDataRecord]] = defaultdict(list)
    for record in records:
        by_name[record.name.normalized].append(record)
    for mine in by_name.values():
        mine.sort(key=age, reverse=True)
    found = []
    for one, wanted in pairs:
        there = _reachable(by_name[spec_name(wanted)], order) if wanted.channel is None else by_name[spec_name(wanted)]
        met = next((record for record in there if meets(wanted, record)), None)
        choices = list(_choices(one, wanted, there, channels))
        message = "" if met else _reason(wanted, there)
        found.append(_Seen(spec=one, wanted=wanted, met=met, choices=choices, message=message, unknown=not there))
    return found


def _reachable(records: Sequence[RepoDataRecord], order: Sequence[str]) -> Sequence[RepoDataRecord]:
    """Those of the first channel that has any, where only that one counts."""
    homes = {clean_url(record.channel or "") for record in records}
    first = next((url for url in order if url in homes), None)
    return [record for record in records if first is None or clean_url(record.channel or "") == first]


def _reason(wanted: MatchSpec, there: Sequence[RepoDataRecord]) -> str:
    name = spec_name(wanted)
    home = "No channel" if wanted.channel is None else f"The channel {wanted.channel.name or wanted.channel.base_url}"
    no = "has" if wanted.channel is None else "does not have"
    if not there:
        return f"{home} {no} a package “{name}” for {platform()}."
    version = str(wanted.version or "").removeprefix("==").removesuffix(".*")
    asked = f"{name} {version}".rstrip()
    if wanted.subdir and all(record.subdir != wanted.subdir for record in there):
        return f"{home} {no} a package “{name}” among those for {wanted.subdir}."
    any_build = MatchSpec(f"{name} {wanted.version or '*'}")
    if not any(any_build.matches(record) for record in there):
        return f"{home} {no} {asked} for {platform()}; the newest is {there[0].version}."
    in_build = MatchSpec(f"{name} {wanted.version or '*'} {wanted.build or '*'}")
    if not any(in_build.matches(record) for record in there):
        return f"{home} {no} {asked} in the build “{wanted.build}” for {platform()}."
    return f"{home} {no} {asked} with “{_brackets(wanted)}” for {platform()}."


def _brackets(spec: MatchSpec) -> str:
    """What is asked for in brackets."""
    return str(spec).partition("[")[2].removesuffix("]")


def _choices(
    one: FileSpec, wanted: MatchSpec, there: Sequence[RepoDataRecord], channels: Channels
) -> Iterator[_Choice]:
    """What asks for less, the mildest first, as far as a record meets it."""
    home, found, _ = one.asked.rpartition("::")
    where = f"[subdir={wanted.subdir}]" if wanted.subdir and not found else ""
    known: set[str] = set()
    for rest, drops in _weaker(wanted):
        text = f"{home}{found}{spec_name(wanted)}{rest}{where}"
        (spec,) = parse_specs([text])
        spec = addressed(spec, channels)
        newest = next((record for record in there if meets(spec, record)), None)
        if newest is not None and str(spec) not in known:
            known.add(str(spec))
            shown = f"{home}{found}{name_of(one.spec)}{rest}{where}"
            yield _Choice(RelaxedSpec(spec=shown, drops=drops, found=str(newest.version)), text, spec)


def _weaker(wanted: MatchSpec) -> Iterator[tuple[str, Relaxed]]:
    """Versions to ask for, in the place of version and build."""
    version = "" if wanted.version is None else str(wanted.version)
    plain = _PLAIN.fullmatch(version)
    if wanted.build is not None or _brackets(wanted):
        yield (f"={plain[1]}" if plain else version), "build"
    if plain and (series := _SERIES.fullmatch(plain[1])):
        yield f"={series[1]}", "patch"
    if version:
        yield "", "version"
