"""Files of a lock that their channels do not list: are they still there?

Channels take a package off their index and keep its file (https://github.com/conda/ceps/blob/main/cep-0036.md), so only
the address can tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from rattler import RepoDataRecord

from ..errors import Invalid
from ..models import Problem
from ..words import first
from .channels import Channels
from .locked import MOST_PROBLEMS, at
from .offers import channel_label, newest_record

# Somebody waits. What was not told by then, a download will tell.
SECONDS = 4.0
# Of a lock that is this much out of date, the first say it all.
_MOST_ASKED = 200
_SHOWN = 5
_GONE = (404, 410)
# Servers hide private channels in one way or the other from whoever brings no credentials.
_HIDDEN = (401, 403, *_GONE)
_HINT = "Write the lock again where it was made, or use an environment.yml, whose versions can be relaxed."


async def check_there(
    unlisted: Sequence[Mapping[str, Any]],
    lines: Mapping[str, int],
    channels: Channels,
    listed: Sequence[RepoDataRecord],
    *,
    warn: bool,
) -> list[Problem]:
    """Ask for files at their addresses, all at once; a warning of those of which nothing is known then.

    Parameters
    ----------
    unlisted:
        Records, as `records.to_json` has them, that are neither listed nor in a cache.
    lines:
        Where the lock names each package.
    channels:
        Those that the records are from.
    listed:
        What the channels have of the same names.
    warn:
        Whether nobody has said yet that something is not known.

    Raises
    ------
    Invalid
        Files are gone; names them all, each with its line in ``problems``. Or their channel has no index, either.
    """
    if not unlisted:
        return []
    told: Mapping[str, int] = {}
    if not channels.reach.offline:
        told = await channels.statuses([str(entry["url"]) for entry in unlisted[:_MOST_ASKED]], SECONDS)
    silent = channels.silent
    if hidden := [one for one in unlisted if one["channel"] in silent and told.get(str(one["url"])) in _HIDDEN]:
        raise _hidden(hidden, lines)
    gone = [entry for entry in unlisted if told.get(str(entry["url"])) in _GONE]
    if gone:
        raise await asyncio.to_thread(_all_gone, gone, lines, listed)
    unknown = [entry for entry in unlisted if told.get(str(entry["url"]), 0) not in range(200, 300)]
    return list(_untold(unknown, lines)) if warn else []


def _hidden(hidden: Sequence[Mapping[str, Any]], lines: Mapping[str, int]) -> Invalid:
    place = at(lines, str(hidden[0]["name"]))
    home = channel_label(str(hidden[0]["channel"]))
    where = f"Line {place['line']}: " if place else ""
    return Invalid(
        f"{where}The channel {home} shows neither its index nor these packages of the lock: {_names(hidden)}.",
        hint=f"If it is private, put its password or token into ~/.condarc. If it is gone: {_HINT}",
        field="source",
        **place,
    )


def _all_gone(gone: Sequence[Mapping[str, Any]], lines: Mapping[str, int], listed: Sequence[RepoDataRecord]) -> Invalid:
    """Blocking: channels have thousands of records of a few names."""
    first = sorted(gone, key=lambda entry: lines.get(str(entry["name"]), 0))[:MOST_PROBLEMS]
    others: dict[str, list[RepoDataRecord]] = {str(entry["name"]): [] for entry in first}
    for record in listed:
        others.get(record.name.normalized, []).append(record)
    errors = [_one_gone(entry, lines, others[str(entry["name"])]) for entry in first]
    place = errors[0].details.get("line")
    message = errors[0].message
    if len(gone) > 1:
        message = f"{len(gone)} packages of the lock are gone: {_names(gone)}."
    return Invalid(
        f"Line {place}: {message}" if place else message,
        hint=f"{errors[0].hint} {_HINT}" if len(gone) == 1 else _HINT,
        field="source",
        missing=[str(entry["name"]) for entry in gone],
        problems=[msgspec.to_builtins(error.problem()) for error in errors],
        **({"line": place} if place else {}),
    )


def _one_gone(entry: Mapping[str, Any], lines: Mapping[str, int], there: Sequence[RepoDataRecord]) -> Invalid:
    name, version = str(entry["name"]), str(entry["version"])
    same = newest_record(record for record in there if str(record.version) == version)
    newest = newest_record(there)
    hint = "There is no other of that name."
    if same is not None:
        hint = f"There is {name} {version} in the build “{same.build}”."
    elif newest is not None:
        hint = f"There is {name} {newest.version}."
    home = channel_label(str(entry["channel"]))
    return Invalid(f"{entry['fn']} is gone from the channel {home}.", hint=hint, field="source", **at(lines, name))


def _untold(unknown: Sequence[Mapping[str, Any]], lines: Mapping[str, int]) -> Iterator[Problem]:
    if unknown:
        yield Problem(
            code="file_warning",
            message=f"Not listed by their channels any more, and perhaps gone: {_names(unknown)}.",
            hint="A lock is exact. If creating fails, use an environment.yml, which can be relaxed.",
            field="source",
            details={"names": [str(entry["name"]) for entry in unknown], **at(lines, str(unknown[0]["name"]))},
        )


def _names(entries: Sequence[Mapping[str, Any]]) -> str:
    return first([str(entry["fn"]) for entry in entries], _SHOWN)
