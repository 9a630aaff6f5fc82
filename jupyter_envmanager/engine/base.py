"""What a change starts from: the installed packages, and a stage that is a clone of the environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from rattler import PrefixRecord, RepoDataRecord

from . import metarecords
from .bytecode import installed_tag, target
from .clone import CloneReport, clone


@dataclass
class Base:
    """The state of an environment before a change.

    Parameters
    ----------
    prefix:
        The environment.
    remove:
        Names of packages that go.
    relink:
        Names of packages that stay and are linked anew.
    owned:
        Files of packages that conda's records do not know: PyPI's.
    specs:
        What is asked for in the end.
    cloned:
        Told what each clone is made of.
    laid:
        Called with each stage before the engine links into it.
    """

    prefix: Path
    remove: Set[str] = frozenset()
    relink: Set[str] = frozenset()
    owned: Sequence[str] = ()
    specs: Sequence[str] = ()
    cloned: Callable[[CloneReport], None] = lambda report: None
    laid: Callable[[Path], None] = lambda stage: None

    def __post_init__(self) -> None:
        self.installed, self.unreadable = read_installed(self.prefix)

    def lay(self, stage: Path) -> None:
        """Make the stage: a clone."""
        records = metarecords.read_all(self.prefix)
        owned = {path for record in records for path in record.files()}
        owned.update(self.owned)
        self.cloned(clone(self.prefix, stage, owned, self._untouched()))
        self.laid(stage)

    def _untouched(self) -> set[str]:
        """File names of the records that the engine leaves alone: it rewrites those of what is, or was, asked for."""
        wanted = {spec.split()[0] for spec in self.specs if spec.strip()}
        return {
            f"{record.name.normalized}-{record.version}-{record.build}.json"
            for record in self.installed
            if not record.requested_specs
            and not record.requested_spec
            and not any(spec.startswith(record.name.normalized) for spec in wanted)
        }

    def after(self, new: Sequence[RepoDataRecord]) -> list[RepoDataRecord]:
        """Everything that is to be installed once ``new`` has come and ``remove`` has gone."""
        replaced = {record.name.normalized for record in new}
        stays = [
            record
            for record in self.installed
            if record.name.normalized not in replaced and record.name.normalized not in self.remove
        ]
        return [*stays, *new]

    def to_link(self, after: Sequence[RepoDataRecord], new: Sequence[RepoDataRecord]) -> list[RepoDataRecord]:
        """Those of ``after`` that the engine is going to link: ``new`` ones, wanted anew, moved to another Python."""
        names = {record.name.normalized for record in new} | self.relink
        moved = _python(self.installed) != _python(after)
        return [record for record in after if record.name.normalized in names or (moved and record.noarch.python)]

    def make_room(self, stage: Path, linked: Sequence[RepoDataRecord]) -> None:
        """Take out of the stage what would outlive what it belongs to.

        That is the bytecode of what goes or is linked anew, and the record of a package that could not be read and is
        linked anew now.
        """
        for name in self.unreadable:
            if name.rsplit("-", 2)[0] in {record.name.normalized for record in linked}:
                (stage / "conda-meta" / name).unlink(missing_ok=True)
        tag = installed_tag(self.prefix)
        names = {record.name.normalized for record in linked} | self.remove
        for record in metarecords.read_all(self.prefix) if tag is not None else ():
            if record.name in names:
                for path in record.files():
                    if path.endswith(".py") and "/" in path:
                        (stage / target(path, tag or "")).unlink(missing_ok=True)


def read_installed(prefix: Path) -> tuple[list[PrefixRecord], list[str]]:
    """The records of an environment, and the file names of those that cannot be read. Blocking."""
    installed, unreadable = [], []
    for file in sorted((prefix / "conda-meta").glob("*.json")):
        if file.name.count("-") < 2 or file.name.startswith("."):
            continue
        try:
            installed.append(PrefixRecord.from_path(file))
        except Exception:
            # Rattler raises what its parser raises; whatever it is, the record cannot be used.
            unreadable.append(file.name)
    return installed, unreadable


def same(one: RepoDataRecord, other: RepoDataRecord) -> bool:
    """Whether two records are of the same package; where both know their archive's hash, of the same archive."""
    if one.sha256 and other.sha256:
        return one.sha256 == other.sha256
    # Records that an older conda wrote have no hash.
    return identity(one) == identity(other)


def identity(record: RepoDataRecord) -> tuple[str, str, str, str]:
    """Name, version, build and platform of a record."""
    return record.name.normalized, str(record.version), str(record.build), record.subdir


def _python(records: Iterable[RepoDataRecord]) -> str | None:
    for record in records:
        if record.name.normalized == "python":
            return ".".join(str(record.version).split(".")[:2])
    return None
