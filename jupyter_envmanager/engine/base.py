"""What a change starts from: the installed packages, and a stage that is a clone of the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from rattler import PrefixRecord, RepoDataRecord

from ..errors import NotAllowed
from ..specfiles.condaspecs import MOST_LETTERS
from . import metarecords
from .bytecode import installed_tag, target
from .clone import CloneReport, carry_over, clone


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
        self.inode: int | None = None
        self._hidden: list[tuple[Path, str]] = []
        self._all_owned: Set[str] = frozenset()
        self._seen: Mapping[str, tuple[int, int]] = {}
        self.suspects: Set[tuple[int, int]] = frozenset()

    def lay(self, stage: Path) -> None:
        """Make the stage: a clone."""
        records = metarecords.read_all(self.prefix)
        owned = {path for record in records for path in record.files()}
        owned.update(self.owned)
        report = clone(self.prefix, stage, owned, self._untouched())
        self._all_owned, self._seen, self.suspects = owned, report.seen, report.suspects
        self.inode = stage.lstat().st_ino
        self._hide(stage, report.folder_links)
        self.cloned(report)
        self.laid(stage)

    def _hide(self, stage: Path, links: Sequence[str]) -> None:
        """Take links that lead out of the stage away for now: nothing must be written or removed through them."""
        true = os.path.realpath(stage)
        self._hidden = []
        for link in links:
            real = os.path.realpath(link)
            if real != true and not real.startswith(true + os.sep):
                self._hidden.append((Path(link), os.readlink(link)))  # noqa: PTH115
                Path(link).unlink()

    def catch_up(self, stage: Path) -> list[str]:
        """Bring to the stage what users have put into the environment since; returns the paths."""
        return carry_over(self.prefix, stage, self._all_owned, self._seen)

    def show_links(self) -> None:
        """Put the links back that were taken away.

        Raises
        ------
        NotAllowed
            A package has files where a link leads out of the environment.
        """
        for link, leads in self._hidden:
            if os.path.lexists(link):
                raise NotAllowed(
                    f"{link.name} in the environment is a link to {leads}, and a package has files there.",
                    hint="Replace the link by a folder, then try again.",
                )
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(leads)

    def _untouched(self) -> set[str]:
        """File names of the records that the engine leaves alone: it rewrites those of what is, or was, asked for."""
        wanted = {spec.split()[0] for spec in self.specs if spec.strip()}
        names = {
            f"{record.name.normalized}-{record.version}-{record.build}.json"
            for record in self.installed
            if not record.requested_specs
            and not record.requested_spec
            and not any(spec.startswith(record.name.normalized) for spec in wanted)
        }
        # Those that are to be opened up get a file of their own: in kept generations they stay as they are.
        return {name for name in names if not metarecords.is_closed(self.prefix / "conda-meta" / name)}

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
    check_paths(prefix)
    for file in sorted((prefix / "conda-meta").glob("*.json")):
        if file.name.count("-") < 2 or file.name.startswith("."):
            continue
        if not file.is_file():
            # A pipe would hold us up for ever.
            unreadable.append(file.name)
            continue
        try:
            record = PrefixRecord.from_path(file)
        except Exception:
            # Rattler raises what its parser raises; whatever it is, the record cannot be used.
            unreadable.append(file.name)
            continue
        # The solver would descend into parentheses until the whole process is gone.
        if any(len(need) > MOST_LETTERS for need in [*record.depends, *record.constrains]):
            unreadable.append(file.name)
        else:
            installed.append(record)
    return installed, unreadable


def check_paths(prefix: Path) -> None:
    """Refuse records that name files outside of their environment: those would be removed with the package.

    Raises
    ------
    NotAllowed
    """
    for record in metarecords.read_all(prefix):
        for path in record.files():
            if path.startswith(("/", "\\")) or ".." in path.split("/"):
                raise NotAllowed(
                    f"The record of {record.name} names a file outside of the environment: {path}.",
                    hint="Somebody has tampered with it. Create the environment anew.",
                )


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
