"""Which packages are in this prefix, and why? conda's records and Python's own metadata, together."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from ..models import Package, Packages, Problem
from . import asked, conda_records, distributions, stamps, venvs
from .closed import records_closed
from .conda_records import CondaRecord
from .distributions import Distribution
from .footprint import Footprint, look
from .pins import read_pins
from .reasons import needed_by
from .shadowing import foreign_folders, is_gone, shadows
from .stamps import Stamp

_Read = TypeVar("_Read", CondaRecord, Distribution)


@dataclass(frozen=True)
class _Known:
    """What is remembered of a prefix. Never changed, always replaced: several threads may read at once."""

    footprint: Footprint | None = None
    answer: Packages | None = None
    records: dict[str, tuple[Stamp, CondaRecord]] = field(default_factory=dict)
    distributions: dict[str, tuple[Stamp, Distribution]] = field(default_factory=dict)


class PackageReader:
    """Reads what is installed, and remembers it while no file has changed. Safe to use from several threads.

    Parameters
    ----------
    environments:
        Of so many prefixes it remembers what it read, those asked for last.
    """

    def __init__(self, environments: int = 8) -> None:
        self._environments = environments
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, prefix: Path) -> Packages:
        """Everything installed in a prefix, by name, and the records that could not be read.

        ``size`` is in bytes as installed; for conda packages that do not record it, the size of the package archive.
        Works for conda environments and for virtual environments. Blocks; call it in a thread.
        """
        real = os.path.realpath(prefix)
        with self._lock:
            known = self._known.get(real, _Known())
        now = time.time_ns()
        footprint = look(real, known.footprint, now)
        if known.answer is not None and known.footprint == footprint:
            answer = known.answer
        else:
            records = _again(footprint.records, known.records, Path(real, "conda-meta"), conda_records.read)
            owned = [record for _, record in records.values()]
            foreign = foreign_folders(real, owned, footprint.distributions)
            found = _again(
                {folder: footprint.distributions[folder] for folder in foreign},
                known.distributions,
                Path(real),
                distributions.read,
            )
            answer = _packages(Path(real), footprint, owned, [distribution for _, distribution in found.values()])
            known = _Known(footprint, answer, _trusted(records, now), _trusted(found, now))
            if not footprint.settled(now):
                # What may be written at this very moment is read again next time.
                known = replace(known, footprint=None, answer=None)
        self._remember(real, known)
        return answer

    def _remember(self, prefix: str, known: _Known) -> None:
        with self._lock:
            self._known[prefix] = known
            self._known.move_to_end(prefix)
            while len(self._known) > self._environments:
                self._known.popitem(last=False)


def pypi_of(found: Iterable[Distribution]) -> list[Distribution]:
    """The distributions that are neither conda's nor unreadable: what pip, uv and the like have installed."""
    return [distribution for distribution in found if distribution.named and distribution.installer != "conda"]


def _again(
    seen: Mapping[str, Stamp],
    known: Mapping[str, tuple[Stamp, _Read]],
    folder: Path,
    read: Callable[[Path, str], _Read],
) -> dict[str, tuple[Stamp, _Read]]:
    """Read what has changed since it was last read."""
    return {
        name: known[name] if name in known and known[name][0] == stamp else (stamp, read(folder, name))
        for name, stamp in seen.items()
    }


def _trusted(read: Mapping[str, tuple[Stamp, _Read]], now_ns: int) -> dict[str, tuple[Stamp, _Read]]:
    return {name: entry for name, entry in read.items() if stamps.trusted(entry[0], now_ns)}


def _packages(
    prefix: Path, footprint: Footprint, records: Sequence[CondaRecord], found: Iterable[Distribution]
) -> Packages:
    pypi = pypi_of(found)
    conda_needed, pypi_needed = needed_by(records, pypi, _python(prefix, records))
    shadowed = shadows(records, pypi)
    specs = asked.requested_specs(records, distributions.text(prefix / "conda-meta" / "history"))
    pins = read_pins(prefix)
    often = {name for name, count in Counter(record.name for record in records).items() if count > 1}
    packages = [
        Package(
            name=record.name,
            version=record.version,
            build=record.build,
            channel=record.channel,
            requested=record.name in specs,
            spec=specs.get(record.name),
            needed_by=conda_needed[record.name],
            pinned=pins.get(record.name),
            shadowed_by=shadowed[record.name].version if record.name in shadowed else None,
            damaged=bool(record.damage) or record.name in often or _is_gone(record, footprint, shadowed),
            size=record.size,
        )
        for record in records
    ]
    packages += [
        Package(
            name=distribution.name,
            version=distribution.version,
            manager="pypi",
            requested=distribution.requested,
            spec=distribution.source,
            needed_by=pypi_needed[distribution.canonical],
            damaged=not distribution.recorded,
            size=distribution.size,
        )
        for distribution in pypi
    ]
    return Packages(
        packages=sorted(packages, key=lambda package: (package.name.lower(), package.manager)),
        problems=record_problems(prefix, records),
    )


def record_problems(prefix: Path, records: Sequence[CondaRecord]) -> list[Problem]:
    """What is wrong with the records themselves: closed to us, unreadable, misnamed, or several of one package."""
    closed = [record.file for record in records if record.closed]
    problems = [records_closed(prefix, closed)] if closed else []
    files: dict[str, list[str]] = {}
    for record in records:
        files.setdefault(record.name, []).append(record.file)
        if record.damage:
            problems.append(
                Problem(
                    code="record_damaged",
                    message=f"The package record {record.file} {record.damage.rstrip('.')}.",
                    hint=f"Repair {record.name}, or create the environment anew.",
                    details={"record": str(prefix / "conda-meta" / record.file), "package": record.name},
                )
            )
    for name, several in files.items():
        if len(several) > 1:
            problems.append(
                Problem(
                    code="record_duplicate",
                    message=f"{name} is on record {len(several)} times: {', '.join(several)}.",
                    hint=f"A tool was interrupted while it changed {name}. Repair {name}.",
                    details={"records": several, "package": name},
                )
            )
    return problems


def _is_gone(record: CondaRecord, footprint: Footprint, shadowed: Mapping[str, Distribution]) -> bool:
    return record.name not in shadowed and is_gone(record, footprint.distributions, footprint.places)


def _python(prefix: Path, records: Iterable[CondaRecord]) -> str:
    version = next((record.version for record in records if record.name == "python"), "")
    if not version and (venv := venvs.read(str(prefix))) and venv.language:
        version = venv.language.version
    return version
