"""Records that know little of their packages, from lists and conda-lock files, get the rest from cache or channel.

An installer does without; but what is written into ``conda-meta`` counts later on: what depends on what, and which
packages move with Python.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import EnvManagerError, Invalid
from ..models import Problem
from . import records
from .cachenotes import noted_hash
from .channels import Channels
from .client import clean_url
from .extracted import folder_of
from .locked import at, refuse

# Somebody waits, and can do without.
SECONDS = 30.0
_SHOWN = 5
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
    no cache, are looked up in their channel by file name.

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
        A channel has another file of that name: the hashes differ. Names every such package.
    """
    cached = await asyncio.to_thread(lambda: [_from_cache(entry, pkgs_dirs) for entry in objects])
    missing = [
        entry
        for entry, known in zip(objects, cached, strict=True)
        if not _whole(entry) and (known is None or "sha256" not in entry)
    ]
    found, problems = await _from_channels(missing, channels)
    refuse(error for entry in missing if (error := _other(entry, found.get(entry["url"]), lines)) is not None)
    if not problems:
        problems = list(_absent([entry for entry in missing if entry["url"] not in found], lines))
    made = [_joined(entry, found.get(entry["url"]) or known) for entry, known in zip(objects, cached, strict=True)]
    return made, problems


def _absent(gone: Sequence[Mapping[str, Any]], lines: Mapping[str, int]) -> Iterator[Problem]:
    """A warning of all packages that their channels do not list: some of those can be downloaded all the same."""
    if gone:
        files = [str(entry["fn"]) for entry in gone]
        more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
        yield Problem(
            code="file_warning",
            message=f"Not listed by their channels any more, and perhaps gone: {', '.join(files[:_SHOWN])}{more}.",
            hint="A lock is exact. If creating fails, use an environment.yml, which can be relaxed.",
            field="source",
            details={"names": [str(entry["name"]) for entry in gone], **at(lines, str(gone[0]["name"]))},
        )


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
    wanted: Sequence[Mapping[str, Any]], channels: Channels
) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """The channels' own records, by address; none, and why, where they do not answer."""
    if not wanted:
        return {}, []
    urls = {entry["url"] for entry in wanted}
    try:
        answer = channels.records(sorted({str(entry["name"]) for entry in wanted}))
        there = await asyncio.wait_for(answer, SECONDS)
    except (EnvManagerError, asyncio.TimeoutError) as error:
        reason = error.message if isinstance(error, EnvManagerError) else "The channel does not answer."
        return {}, [
            Problem(
                code="file_warning",
                message=f"{reason} Sizes and dependencies of {len(wanted)} packages are not known.",
                hint="What is in the package cache can be installed all the same.",
                field="source",
            )
        ]
    objects = await asyncio.to_thread(records.to_json, [record for record in there if clean_url(record.url) in urls])
    return {entry["url"]: entry for entry in objects}, []


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
