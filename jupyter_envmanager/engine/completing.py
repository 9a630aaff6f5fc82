"""Records of locks are held against cache and channel; those of lists and conda-lock files get the rest from there.

An installer does without; but what is written into ``conda-meta`` counts later on: what depends on what, and which
packages move with Python.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rattler import RepoDataRecord

from ..errors import EnvManagerError, Invalid
from ..models import Problem
from . import records
from .cachenotes import noted_hash
from .channels import Channels
from .client import clean_url
from .extracted import folder_of
from .failures import answered
from .gone import check_there
from .locked import MOST_PROBLEMS, at, refuse
from .memory import let_go

# Somebody waits, and can do without.
SECONDS = 30.0
# What is taken from elsewhere where a lock does not say it.
_HASHES = ("sha256", "md5")


async def complete(
    objects: Sequence[dict[str, Any]],
    lines: Mapping[str, int],
    channels: Channels,
    pkgs_dirs: Sequence[Path],
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The records with all that can be known, and what could not be asked; in the same order.

    What says its SHA-256 is believed to be what a cache has under its name with that hash; the others, and what is in
    no cache, are looked up in their channel by file name, and at their address if it does not list them.

    Parameters
    ----------
    objects:
        As `records.to_json` has them.
    lines:
        Where the lock names each package.
    channels:
        Those that the records are from.

    Raises
    ------
    Invalid
        A channel has another file of that name: the hashes differ. Or files are neither in a cache nor at their address
        any more. Names every such package.
    """
    cached = await asyncio.to_thread(lambda: [_from_cache(entry, pkgs_dirs) for entry in objects])
    known_here = {entry["url"] for entry, known in zip(objects, cached, strict=True) if known is not None}
    missing = [entry for entry in objects if entry["url"] not in known_here or not (_whole(entry) or "sha256" in entry)]
    found, listed, problems = await _from_channels(missing, lines, channels)
    wrong = [error for entry in missing if (error := _other(entry, found.get(entry["url"]), lines)) is not None]
    sure = {*found, *known_here}
    unlisted = [entry for entry in missing if entry["url"] not in sure and _may_answer(entry, channels)]
    try:
        problems += await check_there(unlisted, lines, channels, listed, warn=not problems)
    except Invalid as gone:
        if not wrong:
            raise
        raise _together(wrong, gone) from gone
    finally:
        await asyncio.to_thread(let_go, listed)
    refuse(wrong)
    made = [_joined(entry, found.get(entry["url"]) or known) for entry, known in zip(objects, cached, strict=True)]
    return made, problems


def _whole(entry: Mapping[str, Any]) -> bool:
    """Whether a record is as a channel has it: pixi's are."""
    return "size" in entry and "sha256" in entry


def _joined(entry: dict[str, Any], known: Mapping[str, Any] | None) -> dict[str, Any]:
    if known is None or _whole(entry):
        return entry
    return {**known, **{key: entry[key] for key in ("fn", "url", "channel", "subdir", *_HASHES) if key in entry}}


def _from_cache(entry: Mapping[str, Any], pkgs_dirs: Sequence[Path]) -> dict[str, Any] | None:
    """What an extracted package says of itself; nothing where it is known to be another one."""
    stem = folder_of(str(entry["fn"]))
    for folder in pkgs_dirs:
        try:
            known = json.loads((folder / stem / "info" / "index.json").read_bytes())
        except (OSError, ValueError):
            continue
        noted = noted_hash(folder / f"{stem}.lock")
        if isinstance(known, dict) and noted in (None, entry.get("sha256", noted)):
            return {"depends": [], "build_number": 0, **known}
    return None


async def _from_channels(
    wanted: Sequence[Mapping[str, Any]], lines: Mapping[str, int], channels: Channels
) -> tuple[dict[str, dict[str, Any]], list[RepoDataRecord], list[Problem]]:
    """The channels' own records by address, all that they have of these names, and why they do not answer."""
    if not wanted:
        return {}, [], []
    urls = {entry["url"] for entry in wanted}
    try:
        answer = channels.records(sorted({str(entry["name"]) for entry in wanted}))
        there = await asyncio.wait_for(answer, SECONDS)
    except (EnvManagerError, asyncio.TimeoutError) as error:
        return {}, [], list(_silent(error, wanted, lines, channels))
    objects = await asyncio.to_thread(
        lambda: records.to_json(record for record in there if clean_url(record.url) in urls)
    )
    return {entry["url"]: entry for entry in objects}, there, []


def _silent(
    error: Exception, wanted: Sequence[Mapping[str, Any]], lines: Mapping[str, int], channels: Channels
) -> Iterator[Problem]:
    """A warning for each channel that cannot be read, with the first line that names it."""
    silent: Mapping[str, Exception] = channels.silent if isinstance(error, EnvManagerError) else {}
    for channel, reason in (silent or {"": error}).items():
        theirs = [entry for entry in wanted if _is_from(entry, channel)]
        if not theirs:
            continue
        said = reason.message if isinstance(reason, EnvManagerError) else "The channel does not answer."
        count = len([entry for entry in theirs if not _whole(entry)])
        what = f"Sizes and dependencies of {count} packages are" if count else "Whether its packages are still there is"
        yield Problem(
            code="file_warning",
            message=f"{said} {what} not known.",
            hint="What is in the package cache can be installed all the same.",
            field="source",
            details=dict(at(lines, str(theirs[0]["name"]))),
        )


def _is_from(entry: Mapping[str, Any], channel: str) -> bool:
    return not channel or str(entry["url"]).startswith(f"{channel}/")


def _may_answer(entry: Mapping[str, Any], channels: Channels) -> bool:
    """Whether its server answers, be it that there is no index."""
    return all(answered(error) for channel, error in channels.silent.items() if _is_from(entry, channel))


def _other(entry: Mapping[str, Any], known: Mapping[str, Any] | None, lines: Mapping[str, int]) -> Invalid | None:
    """The error for a package whose channel has another hash."""
    if known is None or all(entry.get(key) in (None, known.get(key, entry.get(key))) for key in _HASHES):
        return None
    place = at(lines, str(entry["name"]))
    where = f"Line {place['line']}: " if place else ""
    return Invalid(
        f"{where}{entry['fn']} has another hash in the lock than in its channel.",
        hint="The file was replaced, or the lock was changed: write the lock again, or ask whoever gave it to you.",
        field="source",
        package=str(entry["name"]),
        **place,
    )


def _together(wrong: Sequence[Invalid], gone: Invalid) -> Invalid:
    """One error for packages with another hash and for those whose files are gone."""
    first = wrong[0]
    told = [msgspec.to_builtins(error.problem()) for error in wrong]
    told += gone.details.get("problems") or [msgspec.to_builtins(gone.problem())]
    told.sort(key=lambda problem: int(problem["details"].get("line", 0)))
    details = {**gone.details, **first.details, "problems": told[:MOST_PROBLEMS]}
    return Invalid(f"{first.message} {gone.message}", hint=first.hint, field="source", **details)
