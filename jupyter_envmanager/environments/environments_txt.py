"""``~/.conda/environments.txt``: conda's list of prefixes that live outside of ``envs_dirs``.

One absolute path a line, as conda writes it
(https://github.com/conda/conda/blob/main/conda/core/envs_manager.py). Others write there too, so lines that are not
ours stay as they are.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import tempfile
from pathlib import Path

from .plainfile import read_plain

log = logging.getLogger(__name__)


def read(file: Path) -> list[str]:
    """The prefixes in the file, in order; empty when it does not exist.

    Raises
    ------
    OSError
        The file is there and cannot be read.
    """
    return [text for line in _lines(file) if (text := line.strip())]


def add_to_environments_txt(prefix: Path, file: Path) -> None:
    """Append a prefix to the file, unless it is in there. A file that cannot be written is logged, not raised."""
    try:
        lines = _lines(file)
        if any(_same(line, prefix) for line in lines):
            return
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        _replace(file, [*lines, f"{prefix}\n"])
    except OSError as error:
        log.warning("Could not add %s to %s: %s", prefix, file, error)


def remove_from_environments_txt(prefix: Path, file: Path) -> None:
    """Take a prefix out of the file. A file that cannot be written is logged, not raised."""
    try:
        lines = _lines(file)
        kept = [line for line in lines if not _same(line, prefix)]
        if kept != lines:
            _replace(file, kept)
    except OSError as error:
        log.warning("Could not remove %s from %s: %s", prefix, file, error)


def _lines(file: Path) -> list[str]:
    try:
        text = read_plain(file).decode(errors="surrogateescape")
    except FileNotFoundError:
        return []
    return io.StringIO(text, newline="").readlines()


def _same(line: str, prefix: Path) -> bool:
    text = line.strip()
    if not text:
        return False
    if os.path.normcase(os.path.normpath(text)) == os.path.normcase(os.path.normpath(prefix)):
        return True
    # Only lines that may match are resolved: a line on a file server that is away would make us wait for nothing.
    return Path(text).name == prefix.name and os.path.realpath(text) == os.path.realpath(prefix)


def _replace(file: Path, lines: list[str]) -> None:
    target = Path(os.path.realpath(file))
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and not os.access(target, os.W_OK):
        # A rename would succeed; but whoever made the file read-only meant it.
        raise PermissionError(f"{target} is read-only")
    handle, name = tempfile.mkstemp(prefix=".environments", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            stream.writelines(lines)
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
