"""``conda-meta/history``: the log by which conda knows what was asked for.

The format is conda's own: a date line, ``# cmd`` and ``# update specs`` comments, one ``+`` or ``-`` line a package
(https://docs.conda.io/projects/conda/en/stable/dev-guide/deep-dives/install.html). With it ``conda env export
--from-history`` and ``conda list --revisions`` keep working.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from rattler import RepoDataRecord

from .workplace import put


def distribution(record: RepoDataRecord) -> str:
    """A record as conda's history names it, e.g. ``conda-forge/linux-64::numpy-2.0.0-py312_0``."""
    channel = (record.channel or "").rstrip("/").rsplit("/", 1)[-1]
    return f"{channel}/{record.subdir}::{record.name.normalized}-{record.version}-{record.build}"


def append(
    prefix: Path,
    *,
    command: str,
    specs: Sequence[str],
    linked: Sequence[RepoDataRecord],
    unlinked: Sequence[RepoDataRecord] = (),
    removed_specs: Sequence[str] = (),
    before: Sequence[RepoDataRecord] = (),
) -> None:
    """Append one revision to the history of ``prefix`` (a stage, usually); nothing when nothing is to be said.

    Parameters
    ----------
    command:
        What was asked, as one line.
    specs:
        Match specs that the user asked for in this revision.
    linked, unlinked:
        Records that this revision adds and takes away.
    removed_specs:
        Names that the user asked to remove in this revision.
    before:
        Records that were installed before; with them, a history that another tool did not write begins.
    """
    path = prefix / "conda-meta" / "history"
    # A history that a package brings is a link into the package cache, and not this environment's.
    ours = not path.is_symlink() and path.is_file() and path.stat().st_nlink == 1
    written = path.read_bytes() if ours else b""
    if not written.strip() and before:
        written = _revision("jupyter envmanager: as it was found", [f"+{name}" for name in _names(before)])
    added, gone = set(_names(linked)), _as_written(written.decode(errors="replace"), _names(unlinked))
    # conda goes through a revision in no order: one name cannot both go and come.
    changes = [*(f"-{name}" for name in sorted(gone - added)), *(f"+{name}" for name in sorted(added - gone))]
    comments = [f"# remove specs: {list(removed_specs)!r}"] if removed_specs else []
    # Never an empty list: conda writes none, and libmamba looks for a quote in it, beyond its end.
    if specs:
        comments.append(f"# update specs: {list(specs)!r}")
    if not changes and comments:
        # conda takes a revision that adds and removes nothing for a full list, so a full list it is.
        changes = _names(before)
    if changes or not written:
        put(path, written + _revision(command, [*changes, *comments]))


def _revision(command: str, lines: Sequence[str]) -> bytes:
    header = [time.strftime("==> %Y-%m-%d %H:%M:%S <=="), f"# cmd: {' '.join(command.split())}"]
    return "\n".join([*header, *lines, ""]).encode()


def _as_written(text: str, names: Iterable[str]) -> set[str]:
    """Distributions as the history calls them: other tools write none, a short or a whole address for the channel."""
    lines = (line.strip().lstrip("+-") for line in text.splitlines() if not line.startswith(("#", "==>")))
    known = {line.rpartition("::")[2]: line for line in lines}
    return {known.get(name.rpartition("::")[2], name) for name in names}


def _names(records: Iterable[RepoDataRecord]) -> list[str]:
    return sorted(distribution(record) for record in records)
