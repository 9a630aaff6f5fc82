"""What Python's packages have brought to an environment that is copied, and what their lists then say of it."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from ..engine.copying import Content, read_content
from .files import replace
from .installed import InstalledDist, Row, distributions, read_record, site_folders, write_record


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution: its site-packages folder, and its files by their place in RECORD; both relative to the prefix."""

    site: str
    dist: InstalledDist
    files: Mapping[str, str]

    def built_here(self, prefix: Path) -> bool:
        """Whether it was made on this machine: a wheel of an index says for which machines it is.

        https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
        """
        try:
            text = (prefix / self.site / self.dist.info / "WHEEL").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return True
        tags = [line.rpartition("-")[2].strip() for line in text.splitlines() if line.startswith("Tag:")]
        return any(tag.startswith("linux_") for tag in tags)


def content(prefix: Path) -> tuple[Content, list[Carried]]:
    """What packages have put into an environment, and the distributions that are not conda's. Blocks."""
    conda = read_content(prefix)
    owned = {file.path for files in conda.values() for file in files}
    dists = [one for one in _carried(prefix) if f"{one.site}/{one.dist.info}/METADATA" not in owned]
    python = {path for one in dists for path in one.files.values()}
    built = [path for one in dists if one.built_here(prefix) for path in one.files.values() if path.endswith(".so")]
    return Content(conda, python, built), dists


def _carried(prefix: Path) -> Iterator[Carried]:
    for site in site_folders(prefix):
        inside = site.relative_to(prefix).as_posix()
        for dist in distributions(site):
            files = {row.path: os.path.normpath(f"{inside}/{row.path}").replace(os.sep, "/") for row in dist.record}
            yield Carried(site=inside, dist=dist, files=files)


def renew(stage: Path, dists: Sequence[Carried], rewritten: Mapping[str, str]) -> None:
    """Let RECORD say what the files are now.

    Parameters
    ----------
    rewritten:
        The sha256 of files that have changed, by their path in the stage.
    """
    for one in dists:
        record = f"{one.site}/{one.dist.info}/RECORD"
        if record in one.files.values() and any(path in rewritten for path in one.files.values()):
            # The list itself may have named the prefix, and been rewritten.
            rows = read_record((stage / record).read_text(encoding="utf-8"))
            renewed = [_renewed(stage, row, one.files.get(row.path, ""), rewritten) for row in rows]
            replace(stage / record, write_record(renewed).encode(), (stage / record).stat().st_mode & 0o777)


def _renewed(stage: Path, row: Row, path: str, rewritten: Mapping[str, str]) -> Row:
    if path not in rewritten or not row.digest:
        return row
    digest = base64.urlsafe_b64encode(bytes.fromhex(rewritten[path])).rstrip(b"=").decode()
    return Row(path=row.path, digest=f"sha256={digest}", size=str((stage / path).stat().st_size))
