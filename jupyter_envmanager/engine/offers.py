"""The newest of a package, in the few words that a search result has room for."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from rattler import RepoDataRecord


class Offer(msgspec.Struct, frozen=True):
    """The newest version of a package on a channel; ``size`` in bytes, of its newest build."""

    version: str
    size: int | None = None
    license: str | None = None


def newest_record(records: Iterable[RepoDataRecord]) -> RepoDataRecord | None:
    """The record with the highest version, the highest build number and the latest time; None of none."""
    return max(records, key=age, default=None)


def age(record: RepoDataRecord) -> tuple[object, int, float]:
    """A key that sorts the records of a package from old to new."""
    return record.version, record.build_number, record.timestamp.timestamp() if record.timestamp else 0.0


def offer(record: RepoDataRecord) -> Offer:
    """What a search result says of a record."""
    return Offer(version=str(record.version), size=record.size, license=record.license)


def channel_label(url: str | None) -> str:
    """A channel as people write it: the last part of its URL."""
    return (url or "").rstrip("/").rsplit("/", 1)[-1]
