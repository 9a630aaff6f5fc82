"""An environment to take elsewhere: as a file, as an archive."""

from __future__ import annotations

from typing import Literal

from .wire import Problem, Request, Wire

ExportFormat = Literal[
    "environment.yml",
    "no-builds",
    "from-history",
    "cross-platform",
    "explicit",
    "requirements.txt",
    "pixi.lock",
    "conda-lock",
    "dockerfile",
    "apptainer",
    "job",
]
ArchiveFormat = Literal["tar.gz", "tar.zst", "zip"]


class PackRequest(Request, frozen=True, kw_only=True):
    """Where to write the archive of an environment: a ``folder`` of the server, absolute or relative to its root."""

    folder: str = ""
    filename: str = ""
    format: ArchiveFormat = "tar.gz"


class Export(Wire, frozen=True, kw_only=True):
    """An environment as a file that another tool, or another machine, makes it from."""

    format: ExportFormat
    filename: str
    content: str
    problems: list[Problem] = []
