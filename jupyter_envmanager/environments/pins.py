"""Which packages are pinned? ``conda-meta/pinned``: one match spec a line, ``#`` begins a comment
(https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-pkgs.html#preventing-packages-from-updating-pinning).
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..errors import Invalid
from .asked import spec_name
from .plainfile import read_plain

_SIMPLE = re.compile(r"^[\w.-]+\s*(?P<version>[^\s\[\]:]+)$")


def read_pins(prefix: Path) -> dict[str, str]:
    """The pin of each package, by name; empty where nothing is pinned or the file cannot be read.

    conda obeys all lines of a package: ``numpy >=1`` and ``numpy <2`` become ``numpy >=1,<2``. Of lines that cannot be
    written as one, the last counts.
    """
    pins: dict[str, str] = {}
    for line in _lines(prefix):
        spec = _spec(line)
        if name := spec_name(spec):
            pins[name] = _both(name, pins[name], spec) if name in pins else spec
    return pins


def write_pins(prefix: Path, pins: Mapping[str, str]) -> None:
    """Let exactly these packages be pinned: names with a match spec each.

    Lines of pins that stay, comments and their order are kept. The file is a new one, put in place by a rename, so
    that a copy of the environment that shares the old file keeps it. Without pins and comments there is no file.

    Raises
    ------
    Invalid
        A spec is not one line, or names another package.
    OSError
        The file cannot be written.
    """
    for name, spec in pins.items():
        if not name or spec_name(spec) != name or "#" in spec or not spec.isprintable():
            raise Invalid(
                f"“{spec}” cannot pin {name}.",
                hint="Write the name and what it is held at, for example “numpy 1.26.*”.",
                field="pin",
            )
    lines = _changed(_lines(prefix), read_pins(prefix), pins)
    file = prefix / "conda-meta" / "pinned"
    if any(line.strip() for line in lines):
        _replace(file, "".join(f"{line}\n" for line in lines))
    else:
        file.unlink(missing_ok=True)


def _changed(lines: list[str], before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    changed: list[str] = []
    written: set[str] = set()
    for line in lines:
        name = spec_name(_spec(line))
        if not name or (name in after and after[name] == before[name]):
            changed.append(line)
        elif name in after and name not in written:
            changed.append(after[name])
        written.add(name)
    return changed + [spec for name, spec in after.items() if name not in written]


def _spec(line: str) -> str:
    return line.partition("#")[0].strip()


def _both(name: str, one: str, other: str) -> str:
    versions = [match["version"] for spec in (one, other) if (match := _SIMPLE.match(spec))]
    return f"{name} {','.join(versions)}" if len(versions) == 2 else other


def _lines(prefix: Path) -> list[str]:
    try:
        return read_plain(prefix / "conda-meta" / "pinned").decode(errors="surrogateescape").splitlines()
    except OSError:
        return []


def _replace(file: Path, text: str) -> None:
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    handle, name = tempfile.mkstemp(prefix=".pinned", dir=file.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            stream.write(text)
        temporary.chmod(mode)
        temporary.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
