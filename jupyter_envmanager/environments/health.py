"""Is this environment whole? Its records, and every file that they list, against what is on disk."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import NotFound
from ..models import Health, Problem
from . import distributions, record_files
from .conda_records import CondaRecord, canonical
from .condameta import summarise
from .distributions import Distribution
from .footprint import Footprint, look
from .installed import pypi_of, record_problems
from .leftovers import leftovers
from .places import is_environment
from .record_files import Difference, PackageFile
from .shadowing import foreign_folders, shadows
from .verdicts import Verdict, of_package

Contents = Sequence[tuple[CondaRecord, list[PackageFile]]]


def check(prefix: Path, *, full: bool = False) -> Health:
    """Compare an environment with its records.

    Files that a PyPI package has overwritten and edited configuration (``etc/``) are reported, and not called damaged;
    bytecode is left out. Blocks; call it in a thread.

    Parameters
    ----------
    full:
        Read every file and compare its SHA-256; without, what can be seen without reading most of them. Leftovers of
        killed tools are then searched for in all folders.

    Raises
    ------
    NotFound
        There is no environment at ``prefix``.
    """
    begin = time.perf_counter()
    if not is_environment(prefix):
        raise NotFound(f"There is no environment at {prefix}.", hint="It may have been removed or renamed meanwhile.")
    real = os.path.realpath(prefix)
    meta = Path(real, "conda-meta")
    footprint = look(real, None, time.time_ns())
    contents = [record_files.read(meta, file) for file in footprint.records]
    records = [record for record, _ in contents]
    foreign = [
        distributions.read(Path(real), folder) for folder in foreign_folders(real, records, footprint.distributions)
    ]
    verdicts = _verdicts(real, contents, pypi_of(foreign), full=full)
    problems = [
        *_of_folder(meta),
        *record_problems(Path(real), records),
        *(problem for verdict in verdicts for problem in verdict.problems),
        *_incomplete(records, foreign),
        *_left_behind(real, footprint, full=full),
    ]
    often = Counter(record.name for record in records)
    damaged = {record.name for record in records if record.damage or often[record.name] > 1}
    damaged |= {verdict.name for verdict in verdicts if verdict.damaged}
    return Health(
        problems=problems,
        damaged=sorted(damaged),
        files=sum(not file.path.endswith(".pyc") for _, files in contents for file in files),
        seconds=time.perf_counter() - begin,
    )


def _verdicts(prefix: str, contents: Contents, pypi: Sequence[Distribution], *, full: bool) -> list[Verdict]:
    found = {
        record.file: differences
        for record, files in contents
        if (differences := record_files.compare(prefix, files, full=full))
    }
    if not found:
        return []
    listed = {path: distribution for distribution in pypi for path in distributions.files(Path(prefix), distribution)}
    shadowed = shadows((record for record, _ in contents), pypi)
    settled = _settled_by_others(contents, found)
    return [
        of_package(record.name, rest, listed, shadowed.get(record.name))
        for record, _ in contents
        if (rest := [difference for difference in found.get(record.file, ()) if difference.path not in settled])
    ]


def _settled_by_others(contents: Contents, found: Mapping[str, Sequence[Difference]]) -> set[str]:
    """Files that several packages bring, and that are as one of them brought them: the last one wins."""
    differing = Counter(difference.path for differences in found.values() for difference in differences)
    claims: dict[str, int] = defaultdict(int)
    for _, files in contents:
        for file in files:
            if file.path in differing:
                claims[file.path] += 1
    return {path for path, count in differing.items() if claims[path] > count}


def _of_folder(meta: Path) -> Iterator[Problem]:
    problem = summarise(str(meta)).problem if meta.is_dir() else None
    # Damaged records are reported one by one.
    if problem is not None and problem.code != "record_damaged":
        yield problem


def _incomplete(records: Iterable[CondaRecord], foreign: Iterable[Distribution]) -> Iterator[Problem]:
    unreadable = {canonical(record.name) for record in records if record.damage or record.closed}
    for distribution in foreign:
        name = distribution.name or distributions.folder_name(distribution)
        if distribution.installer == "conda":
            if canonical(name) not in unreadable:
                yield Problem(
                    code="record_missing",
                    message=f"conda has installed {name} {distribution.version}, but its record is gone.",
                    hint=f"Install {name} again.",
                    details={"package": name, "folder": distribution.folder},
                )
        elif not distribution.recorded or not distribution.named:
            what = "no list of its files (RECORD)" if distribution.named else "no name or version in its metadata"
            yield Problem(
                code="distribution_incomplete",
                message=f"The PyPI package {name} has {what}: its installation was cut off.",
                hint=f"Install {name} again, or remove {distribution.folder}.",
                details={"package": name, "folder": distribution.folder},
            )


def _left_behind(prefix: str, footprint: Footprint, *, full: bool) -> Iterator[Problem]:
    found = leftovers(prefix, footprint.places, everywhere=full)
    if found:
        yield Problem(
            code="leftovers",
            message=f"An interrupted tool has left {len(found):,} files or folders behind, for example {found[0]}.",
            hint="Nothing uses them. Delete them to free their space.",
            details={"files": found[:20], "count": len(found)},
        )
