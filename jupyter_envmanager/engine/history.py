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


def append(prefix: Path, *, command: str, specs: Sequence[str], linked: Iterable[RepoDataRecord]) -> None:
    """Append one revision to the history of ``prefix`` (a stage, usually).

    Parameters
    ----------
    command:
        What was asked, as one line.
    specs:
        Match specs that the user asked for in this revision.
    linked:
        Records that this revision adds.
    """
    lines = [
        time.strftime("==> %Y-%m-%d %H:%M:%S <=="),
        f"# cmd: {' '.join(command.split())}",
        *(f"+{name}" for name in sorted(distribution(record) for record in linked)),
        f"# update specs: {list(specs)!r}",
    ]
    path = prefix / "conda-meta" / "history"
    # A history that a package brings is a link into the package cache, and not this environment's.
    ours = not path.is_symlink() and path.is_file() and path.stat().st_nlink == 1
    before = path.read_bytes() if ours else b""
    put(path, before + "\n".join([*lines, ""]).encode())
