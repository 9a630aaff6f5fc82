"""Which Python distributions does a conda package bring? PyPI packages are resolved around them.

Their names differ: conda's ``pytorch`` brings ``torch``, ``matplotlib-base`` brings ``matplotlib``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.extracted import folder_of
from .installed import InstalledDist, distributions, site_folders
from .state import Dist

if TYPE_CHECKING:
    from ..engine.change import Record
    from ..engine.client import Network

# https://packaging.python.org/en/latest/specifications/recording-installed-packages/, and setuptools' older form.
_INFO = re.compile(
    r"(?:.*/)?site-packages/([^/]+?)-([^/-]+)(?:-py[\d.]+)?\.(?:dist-info/METADATA|egg-info(?:/PKG-INFO)?)"
)


class Brought:
    """What each of a plan's conda packages brings, as far as it can be known without installing them.

    Parameters
    ----------
    records:
        The packages that come.
    pkgs_dirs:
        The package caches: what is in them is read.
    """

    def __init__(self, records: Sequence[Record], pkgs_dirs: Sequence[Path]) -> None:
        self._records = records
        self._known = {record.name.normalized: _from_cache(record, pkgs_dirs) for record in records}

    @property
    def dists(self) -> list[Dist]:
        """All of them; by the conda package's name where nothing else is known."""
        return [dist for record in self._records for dist in self._of(record)]

    async def ask(self, reach: Network) -> None:
        """Have the channels tell which files those packages bring that are not in a cache."""
        from ..engine.archives import listed_files

        unknown = [r for r in self._records if self._known[r.name.normalized] is None and _needs_python(r)]
        told = await listed_files(unknown, reach)
        self._known.update((name, list(_from_paths(paths))) for name, paths in told.items())

    def _of(self, record: Record) -> list[Dist]:
        known = self._known[record.name.normalized]
        if known is not None:
            return known
        return [Dist(name=record.name.normalized, version=str(record.version))] if _needs_python(record) else []


def plain(dist: InstalledDist) -> Dist:
    """What counts of a distribution for a plan."""
    return Dist(name=dist.name, version=dist.version, requires=dist.requires, source=dist.source)


def _from_cache(record: Record, pkgs_dirs: Sequence[Path]) -> list[Dist] | None:
    stem = folder_of(record.file_name)
    for folder in pkgs_dirs:
        package = folder / stem
        if (package / "info" / "index.json").is_file():
            places = [package / "site-packages", *site_folders(package)]
            return [plain(dist) for place in places for dist in distributions(place)]
    return None


def _from_paths(paths: Sequence[str]) -> Iterator[Dist]:
    found = {match.group(1, 2) for path in paths if (match := _INFO.fullmatch(path))}
    return (Dist(name=name, version=version) for name, version in sorted(found))


def _needs_python(record: Record) -> bool:
    return any(text.split()[0] == "python" for text in record.depends)
