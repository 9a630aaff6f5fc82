"""Explicit lists: one package's address a line, after ``@EXPLICIT``.

The format: https://github.com/conda/ceps/blob/main/cep-0023.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec

from ..errors import EnvManagerError, Invalid
from ..redaction import excerpt
from .client import clean_url

if TYPE_CHECKING:
    from rattler import RepoDataRecord

MARKER = "@EXPLICIT"
_HASH = re.compile(r"(?P<md5>[0-9a-f]{32})|(?:sha256:)?(?P<sha256>[0-9a-f]{64})")
_FILE = re.compile(r"(?P<name>[A-Za-z0-9_][\w.-]*)-(?P<version>[^-/\\]+)-(?P<build>[^-/\\]+)(?:\.conda|\.tar\.bz2)")
_PLATFORM = re.compile(r"#\s*platform:\s*([\w-]+)\s*")
_SUBDIR = re.compile(r"noarch|[a-z]+-[a-z0-9]+")
_BUILD_NUMBER = re.compile(r"(?:^|_)(\d+)$")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list; ``url`` is without credentials, ``md5`` and ``sha256`` are empty where it has no hash."""

    number: int
    url: str
    subdir: str
    file: str
    name: str
    version: str
    build: str
    md5: str = ""
    sha256: str = ""
    secret: bool = False

    def record(self) -> dict[str, Any]:
        """The repodata record that can be made from the line alone."""
        number = _BUILD_NUMBER.search(self.build)
        hashes = {"md5": self.md5, "sha256": self.sha256}
        return {
            "name": self.name.lower(),
            "version": self.version,
            "build": self.build,
            "build_number": int(number[1]) if number else 0,
            "depends": [],
            "subdir": self.subdir,
            **noarch(self.subdir, self.build),
            **{key: text for key, text in hashes.items() if text},
            "fn": self.file,
            "url": self.url,
            "channel": self.url.rsplit("/", 2)[0],
        }


def noarch(subdir: str, build: str) -> dict[str, str]:
    """The kind of a package for all platforms, as a field of its record: other tools tell it by the build as well."""
    return {"noarch": "python" if build.startswith("py") else "generic"} if subdir == "noarch" else {}


def read(text: str) -> tuple[list[Entry], list[EnvManagerError], str]:
    """The packages of a list, what is wrong with its lines, and the platform that its comments name, or nothing."""
    entries: list[Entry] = []
    wrong: list[EnvManagerError] = []
    platform = ""
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        stripped = line.strip()
        if said := _PLATFORM.fullmatch(stripped):
            platform = said[1]
        if not stripped or stripped.startswith("#") or stripped == MARKER:
            continue
        try:
            entries.append(_entry(stripped, number))
        except Invalid as error:
            wrong.append(error)
    return entries, wrong, platform


def _entry(line: str, number: int) -> Entry:
    shown = excerpt(line)
    if line.startswith(("~", "$", "/", ".")) or "://" not in line:
        raise _wrong(
            f"“{shown}” is not the address of a package", "Write it like “https://…/linux-64/….conda”.", number
        )
    url, _, fragment = line.partition("#")
    found = _HASH.fullmatch(fragment.strip().lower())
    if fragment and found is None:
        raise _wrong(f"The hash of “{shown}” cannot be read", "It has 32 (MD5) or 64 (SHA-256) digits.", number)
    clean = clean_url(url.strip())
    try:
        parts = urlsplit(clean)
        host = parts.hostname
    except ValueError:
        host, parts = None, urlsplit("")
    subdir, _, file = unquote(parts.path).removeprefix("/").rpartition("/")
    subdir = subdir.rpartition("/")[2]
    named = _FILE.fullmatch(file)
    if named is None or not _SUBDIR.fullmatch(subdir) or not (host or parts.scheme == "file") or parts.query:
        raise _wrong(f"“{shown}” is not the address of a package", "It ends like “/linux-64/….conda”.", number)
    return Entry(
        number=number,
        url=clean,
        subdir=subdir,
        file=file,
        **named.groupdict(),
        **(found.groupdict(default="") if found else {}),
        secret=clean != url.strip(),
    )


def _wrong(problem: str, hint: str, number: int) -> Invalid:
    return Invalid(f"Line {number}: {problem}.", hint=hint, field="source", line=number)


def write_explicit(records: Iterable[RepoDataRecord], platform: str = "") -> str:
    """An explicit list with hashes, as conda (24.9 or newer) and micromamba (2.1 or newer) read it.

    Parameters
    ----------
    records:
        Installed or planned ones.
    platform:
        conda's name of the platform that it is for.
    """
    lines = [
        "# This file may be used to create an environment using:",
        "# $ conda create --name <env> --file <this file>",
    ]
    lines += [f"# platform: {platform}"] if platform else []
    return "\n".join([*lines, MARKER, *map(_line, _in_order(records)), ""])


def _line(record: RepoDataRecord) -> str:
    url = clean_url(record.url)
    if record.sha256:
        return f"{url}#sha256:{record.sha256.hex()}"
    return f"{url}#{record.md5.hex()}" if record.md5 else url


def _in_order(records: Iterable[RepoDataRecord]) -> Sequence[RepoDataRecord]:
    """What others need comes before them: some tools link in the order of the list."""
    by_name = {record.name.normalized: record for record in sorted(records, key=lambda record: record.name.normalized)}
    done: dict[str, RepoDataRecord] = {}
    waiting: set[str] = set()

    def visit(name: str) -> None:
        if name in done or name in waiting or name not in by_name:
            return
        waiting.add(name)
        for need in by_name[name].depends:
            visit(need.split()[0].partition("[")[0])
        done[name] = by_name[name]

    for name in by_name:
        visit(name)
    return list(done.values())
