"""Exact records, and what is installed -> what is to be linked and unlinked; nothing is solved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from typing import Any

from rattler import MatchSpec, PrefixRecord, RepoDataRecord

from ..environments.conda_records import channel_name, dependency_name
from . import records
from .change import Installed, Outcome
from .needs import roots
from .solve import parse_specs

# What a prefix adds to a record of a channel: where and how the package was linked.
_LINKED = {"extracted_package_dir", "files", "link", "package_tarball_full_path", "paths_data"}
_LINKED |= {"requested_spec", "requested_specs"}
_HASHES = ("sha256", "md5")


def as_planned(installed: Sequence[PrefixRecord]) -> list[dict[str, Any]]:
    """Installed records as a channel has them, without credentials; see `records.to_json`."""
    known = records.to_json(installed)
    return [{key: value for key, value in entry.items() if key not in _LINKED} for entry in known]


def differing(objects: Sequence[dict[str, Any]], installed: Sequence[PrefixRecord]) -> list[dict[str, Any]]:
    """Those that are not installed as they are: another archive, or one from elsewhere.

    Parameters
    ----------
    objects:
        Records as `records.to_json` has them.
    """
    here = {record.name.normalized: record for record in installed}
    return [entry for entry in objects if not _is_here(entry, here.get(str(entry["name"])))]


def _is_here(entry: Mapping[str, Any], record: PrefixRecord | None) -> bool:
    if record is None:
        return False
    channels = {channel_name(str(entry["channel"])), channel_name(record.channel)} - {""}
    if len(channels) > 1:
        return False
    mine = {"sha256": record.sha256, "md5": record.md5}
    for key in _HASHES:
        digest = mine[key]
        if digest is not None and entry.get(key):
            return bool(digest.hex() == entry[key])
    plain = [str(entry[key]) for key in ("version", "build", "subdir")]
    return plain == [str(record.version), str(record.build), record.subdir]


def exact_change(
    installed: Installed,
    link: Sequence[RepoDataRecord],
    names: Set[str],
    requested: Mapping[str, str] | None,
    *,
    prune: bool,
) -> Outcome:
    """What it comes to when an environment gets exactly these records.

    Parameters
    ----------
    link:
        Those of the records that differ.
    names:
        Of all records.
    requested:
        What is asked for of them, with the specs; None where nobody says: what no other of them needs.
    prune:
        Everything else goes.
    """
    before: dict[str, RepoDataRecord] = {record.name.normalized: record for record in installed.records}
    new = {record.name.normalized: record for record in link}
    after = {name: record for name, record in before.items() if name in names or not prune} | new
    theirs = {name: after[name] for name in names if name in after}
    if requested is None:
        asked = {name: name for name in roots(theirs, ["python"])}
        asked |= _fitting(installed.requested, after)
    else:
        own = {name: spec for name, spec in installed.requested.items() if name not in theirs}
        asked = _fitting({**own, **requested}, after)
    return Outcome(
        link=list(link),
        remove=frozenset(before.keys() - after.keys()),
        # The engine leaves what it has already, although that was from another channel.
        relink=frozenset(name for name, record in new.items() if name in before and _same_file(before[name], record)),
        before=before,
        after=after,
        requested=dict(sorted(asked.items())),
        asked=frozenset(new) | (installed.requested.keys() - after.keys()),
        dragged=[],
        kept=[],
        seconds=0.0,
    )


def _same_file(one: RepoDataRecord, other: RepoDataRecord) -> bool:
    return one.sha256 is not None and one.sha256 == other.sha256


def _fitting(requested: Mapping[str, str], after: Mapping[str, RepoDataRecord]) -> dict[str, str]:
    """What was asked for, as far as it is there: a spec that does not fit would stand in the way of later changes."""
    specs = {name: spec for name, spec in requested.items() if name in after}
    return {name: spec if parse_specs([spec])[0].matches(after[name]) else name for name, spec in specs.items()}


def broken(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Packages that stay, each with a need of it that is not met any more; what was not met before does not count."""
    new = {record.name.normalized for record in outcome.link} | outcome.remove
    for name, record in outcome.after.items():
        if outcome.before.get(name) is not record:
            continue
        for need in record.depends:
            other = dependency_name(need)
            if other in new and not _meets(need, outcome.after.get(other)) and _meets(need, outcome.before.get(other)):
                yield name, need


def _meets(need: str, record: RepoDataRecord | None) -> bool:
    # A need that rattler cannot read is nothing to go by.
    with suppress(Exception):
        return record is not None and MatchSpec(need).matches(record)
    return True
