"""Repodata records as text, so that a plan outlives the process that solved it.

The text is a repodata.json with one record a package (https://github.com/conda/ceps/blob/main/cep-0036.md) plus the
``url`` and ``channel`` of each.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rattler import Channel, RepoData, RepoDataRecord

from .client import clean_url


def to_json(records: Iterable[RepoDataRecord]) -> list[dict[str, Any]]:
    """The records as JSON objects, each with its ``fn``, ``url`` and ``channel``; without credentials."""
    objects = [json.loads(record.to_json()) for record in records]
    # The gateway writes the address it was led to, token and all, into records that came from a shard.
    return [{**entry, "url": clean_url(entry["url"]), "channel": clean_url(entry["channel"])} for entry in objects]


def from_json(objects: Sequence[dict[str, Any]]) -> list[RepoDataRecord]:
    """The records back, in the same order."""
    by_file = {entry["fn"]: entry for entry in objects}
    repodata = {
        "info": {"subdir": "noarch"},
        "packages": {fn: entry for fn, entry in by_file.items() if not fn.endswith(".conda")},
        "packages.conda": {fn: entry for fn, entry in by_file.items() if fn.endswith(".conda")},
        "repodata_version": 1,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "repodata.json"
        path.write_text(json.dumps(repodata), encoding="utf-8")
        # The channel given here is thrown away: each record gets its own below.
        parsed = {record.file_name: record for record in RepoData.from_path(path).into_repo_data(Channel("plan"))}
    return [RepoDataRecord(parsed[fn], fn, entry["url"], entry["channel"]) for fn, entry in by_file.items()]
