"""Records -> lock files that other tools read, as text. A string of JSON is one of YAML, too."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rattler import RepoDataRecord

from ..pypi.locked import LockedDist
from .client import clean_url
from .explicit import write_explicit

__all__ = ["write_conda_lock", "write_explicit", "write_pixi_lock"]

# Words that no YAML takes for a number, a truth value, a date or the beginning of something else.
_PLAIN = re.compile(
    r"(?!(?:true|false|yes|no|on|off|null|nan|y|n)$)[A-Za-z_/][A-Za-z0-9_./:+%@=~-]*(?<!:)", re.IGNORECASE
)
_NEED = re.compile(r"([A-Za-z0-9_][\w.-]*)(?:\[[^\]]*\])?(.*)", re.DOTALL)
# In the order of rattler's own files.
_PIXI_FIELDS = (
    *("build_number", "sha256", "md5", "depends", "constrains", "features", "track_features", "license"),
    *("license_family", "noarch", "size", "timestamp", "python_site_packages_path"),
)


def write_pixi_lock(
    records: Sequence[RepoDataRecord], channels: Sequence[str], platform: str, pypi: Sequence[LockedDist] = ()
) -> str:
    """A ``pixi.lock`` with one environment, *default*.

    Of version 6 (https://github.com/conda/rattler/tree/main/crates/rattler_lock), which older pixis read as well.

    Parameters
    ----------
    records:
        The conda packages.
    channels:
        Their channels, in order of priority.
    platform:
        conda's name of the platform that they are for.
    pypi:
        See `pypi.locked.pinned`.
    """
    ours = sorted(records, key=_name)
    theirs = sorted(pypi, key=lambda dist: dist.name)
    lines = ["version: 6", "environments:", "  default:", "    channels:"]
    lines += [f"    - url: {_text(clean_url(channel) + '/')}" for channel in channels] or ["    []"]
    lines += ["    packages:", f"      {_text(platform)}:"]
    lines += [f"      - conda: {_text(clean_url(record.url))}" for record in ours]
    lines += [f"      - pypi: {_text(dist.url)}" for dist in theirs]
    lines += ["packages:"]
    for record in ours:
        lines += _entry({"conda": clean_url(record.url), **_pixi_fields(record)})
    for dist in theirs:
        fields = {"name": dist.name, "version": dist.version, "sha256": dist.sha256}
        needs = {"requires_dist": dist.requires, "requires_python": dist.requires_python}
        lines += _entry({"pypi": dist.url, **fields, **needs})
    return "\n".join([*lines, ""])


def _pixi_fields(record: RepoDataRecord) -> dict[str, Any]:
    known = json.loads(record.to_json())
    plain = {"name": known["name"], "version": known["version"], "build": known["build"], "subdir": known["subdir"]}
    return {**plain, **{field: known[field] for field in _PIXI_FIELDS if field in known}}


def write_conda_lock(
    records: Sequence[RepoDataRecord], channels: Sequence[str], platform: str, pypi: Sequence[LockedDist] = ()
) -> str:
    """A ``conda-lock.yml`` of version 1 (https://conda.github.io/conda-lock/); parameters as for `write_pixi_lock`."""
    ours = sorted(records, key=_name)
    urls = "\n".join(sorted([*(clean_url(record.url) for record in ours), *(dist.url for dist in pypi)]))
    lines = ["version: 1", "metadata:", "  content_hash:"]
    # conda-lock compares it with the files that it made the lock of: there is none here.
    lines += [f"    {_text(platform)}: {hashlib.sha256(urls.encode()).hexdigest()}", "  channels:"]
    for channel in channels:
        lines += [f"  - url: {_text(clean_url(channel))}", "    used_env_vars: []"]
    # Nobody opens it to install a lock, but micromamba refuses one that names none.
    lines += ["  platforms:", f"  - {_text(platform)}", "  sources:", "  - environment.yml", "package:"]
    for record in ours:
        hashes = {"md5": record.md5 and record.md5.hex(), "sha256": record.sha256 and record.sha256.hex()}
        needs = _needs(record.depends)
        lines += _package(record.name.normalized, str(record.version), "conda", platform, needs, record.url, hashes)
    for dist in sorted(pypi, key=lambda dist: dist.name):
        needs = _needs(need.partition(";")[0] for need in dist.requires if "extra ==" not in need)
        lines += _package(dist.name, dist.version, "pip", platform, needs, dist.url, {"sha256": dist.sha256})
    return "\n".join([*lines, ""])


def _package(
    name: str, version: str, manager: str, platform: str, needs: dict[str, str], url: str, hashes: dict[str, Any]
) -> Iterator[str]:
    yield from _entry({"name": name, "version": version, "manager": manager, "platform": platform})
    yield "  dependencies:" if needs else "  dependencies: {}"
    yield from (f"    {_text(need)}: {_text(versions)}" for need, versions in needs.items())
    yield f"  url: {_text(clean_url(url))}"
    yield "  hash:"
    yield from (f"    {kind}: {_text(digest)}" for kind, digest in hashes.items() if digest)
    yield "  category: main"
    yield "  optional: false"


def _needs(texts: Iterable[str]) -> dict[str, str]:
    """Dependencies by name; two for one name hold both."""
    needs: dict[str, str] = {}
    for text in texts:
        found = _NEED.match(text.strip())
        if found is not None:
            name, versions = found[1], found[2].strip()
            needs[name] = ",".join(filter(None, (needs.get(name, ""), versions)))
    return needs


def _name(record: RepoDataRecord) -> str:
    return record.name.normalized


def _entry(fields: dict[str, Any]) -> list[str]:
    """An item of a list, with those fields that say something."""
    lines = []
    for key, value in fields.items():
        if isinstance(value, list):
            lines += [f"{key}:", *(f"- {_text(item)}" for item in value)] if value else []
        elif value not in (None, ""):
            lines.append(f"{key}: {_text(value) if isinstance(value, str) else json.dumps(value)}")
    return [f"{'- ' if number == 0 else '  '}{line}" for number, line in enumerate(lines)]


def _text(text: str) -> str:
    """A string as YAML has it, quoted where it could be taken for something else."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
