"""Has anything in this prefix changed? A stamp of every file that a package table depends on, and none is opened."""

# A table of 400 packages is known by 400 stamps; Path objects would cost more than the system calls.
# ruff: noqa: PTH118

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import distributions, stamps
from .condameta import is_record
from .stamps import Stamp

_LIBRARIES = ("lib", "lib64", "Lib")
_TEXTS = ("history", "pinned")


@dataclass(frozen=True)
class Footprint:
    """One look at a prefix; two equal ones: the same is installed, for the same reasons.

    ``records`` are conda's by file name, ``distributions`` Python's by folder, relative to the prefix, with slashes;
    ``places`` are the site-packages that hold them.
    """

    records: dict[str, Stamp]
    distributions: dict[str, Stamp]
    places: tuple[str, ...]
    texts: tuple[Stamp | None, ...]
    libraries: tuple[Stamp | None, ...]

    def settled(self, now_ns: int) -> bool:
        """Whether all stamps are old enough to be trusted next time."""
        single = [stamp for stamp in (*self.texts, *self.libraries) if stamp is not None]
        newest = max((stamp[1] for stamp in (*self.records.values(), *self.distributions.values(), *single)), default=0)
        return stamps.trusted((0, newest, 0, 0), now_ns)


def look(prefix: str, before: Footprint | None, now_ns: int) -> Footprint:
    """Look at a prefix (a real path). ``before`` is a former look, which spares a search for site-packages."""
    libraries = tuple(stamps.of_path(os.path.join(prefix, name)) for name in _LIBRARIES)
    if before is not None and before.places and before.libraries == libraries:
        places = before.places
    else:
        # ``lib`` of a large environment has thousands of entries.
        places = tuple(folder.relative_to(prefix).as_posix() for folder in distributions.site_packages(Path(prefix)))
    meta = os.path.join(prefix, "conda-meta")
    return Footprint(
        records=dict(_stamps(meta, is_record)),
        distributions={
            f"{place}/{name}": stamp
            for place in places
            for name, stamp in _stamps(os.path.join(prefix, place), distributions.is_distribution)
        },
        places=places,
        texts=tuple(stamps.of_path(os.path.join(meta, name)) for name in _TEXTS),
        libraries=libraries,
    )


def _stamps(folder: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Stamp]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if wanted(entry.name)), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in found:
        try:
            yield entry.name, stamps.of(entry.stat())
        except OSError:
            # A link that leads nowhere; whoever reads it says so.
            yield entry.name, (0, 0, 0, 0)
