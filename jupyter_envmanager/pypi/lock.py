"""The lock of a plan: what exactly is installed, from which URL, with which hash.

The format is ``pylock.toml`` (https://packaging.python.org/en/latest/specifications/pylock-toml/), as uv writes it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from ..errors import Damaged, Invalid
from .names import normal
from .reference import Place


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A wheel or an sdist; ``size`` in bytes where the index told it."""

    url: str = ""
    path: str = ""
    size: int | None = None
    hashes: dict[str, str] = {}


class Locked(msgspec.Struct, frozen=True, kw_only=True):
    """One distribution of a lock; exactly one kind of source is set."""

    name: str
    version: str = ""
    wheels: list[Artifact] = []
    sdist: Artifact | None = None
    archive: Artifact | None = None
    directory: dict[str, Any] | None = None
    vcs: dict[str, Any] | None = None

    @property
    def direct(self) -> bool:
        """Whether it comes from an address of its own, not from an index."""
        return self.archive is not None or self.directory is not None or self.vcs is not None

    @property
    def source(self) -> str:
        """Where it comes from, in a word: a host, or ``local``."""
        first = self.archive or self.sdist or (self.wheels[0] if self.wheels else None)
        url = first.url if first else str((self.vcs or {}).get("url", ""))
        host = urlsplit(url).hostname or "local"
        # pypi.org keeps its files there.
        return "pypi.org" if host == "files.pythonhosted.org" else host

    def artifact(self, python_version: str) -> Artifact | None:
        """The file that would be installed: the wheel that fits best, else the source."""
        ranks = {tag: rank for rank, tag in enumerate(fitting_tags(python_version))}
        rated = [
            (min((ranks[tag] for tag in wheel_tags(wheel.url or wheel.path) if tag in ranks), default=-1), wheel)
            for wheel in self.wheels
        ]
        fitting = [pair for pair in rated if pair[0] >= 0]
        return min(fitting, key=lambda pair: pair[0])[1] if fitting else self.sdist or self.archive

    def from_source(self, python_version: str) -> bool:
        """Whether somebody else's source is fetched and built. A folder is the user's own project."""
        file = self.artifact(python_version)
        return self.vcs is not None or (file is not None and not _is_wheel(file.url or file.path))


class _Lock(msgspec.Struct, frozen=True, kw_only=True):
    packages: list[Locked] = []


def read(text: str) -> list[Locked]:
    """The distributions of a lock; none for an empty text.

    Raises
    ------
    Damaged
        It is no lock.
    """
    if not text:
        return []
    try:
        return msgspec.toml.decode(text, type=_Lock).packages
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Damaged("The plan's list of PyPI packages cannot be read.", hint="Preview the change again.") from error


def keep_hashes(text: str, hashes: Mapping[str, list[str]]) -> str:
    """The lock with only those files whose hashes were demanded.

    Parameters
    ----------
    hashes:
        Name -> ``sha256:…``, one of which a file must have.

    Raises
    ------
    Invalid
        No file of a distribution has one of its hashes; ``field="pypi"``.
    """
    if not hashes:
        return text
    lock = msgspec.toml.decode(text)
    for package in lock.get("packages", []):
        wanted = hashes.get(normal(package["name"]))
        if not wanted:
            continue
        for key in ("wheels", "sdist", "archive"):
            files = package.pop(key, [])
            kept = [file for file in (files if isinstance(files, list) else [files]) if _matches(file, wanted)]
            if kept:
                package[key] = kept if key == "wheels" else kept[0]
        if not any(key in package for key in ("wheels", "sdist", "archive")):
            raise Invalid(
                f"No file of {package['name']} {package.get('version', '')} has a hash that was given.",
                hint="Check the hashes, or take them out to trust those of the index.",
                field="pypi",
            )
    return "".join(_render(lock))


def with_index(text: str, index: str) -> str:
    """The lock with every file of an index said to be from this one.

    uv looks for what it has by the index, and downloads again what names none, unless the server allows otherwise. Two
    indexes may share a name here: what has another hash is not taken.

    Parameters
    ----------
    index:
        URL of an index that uv is told of, to the letter; may hold credentials.
    """
    lock = msgspec.toml.decode(text)
    for package in lock.get("packages", []):
        if "wheels" in package or "sdist" in package:
            package["index"] = index
    return "".join(_render(lock))


def check_roots(packages: list[Locked], roots: list[str]) -> None:
    """Check that nothing is taken from a folder outside of ``roots``, also where a project refers to another.

    Raises
    ------
    NotAllowed
        Names the path.
    """
    place = Place(roots=roots)
    for package in packages:
        local = [package.archive.path if package.archive else "", (package.directory or {}).get("path", "")]
        url = urlsplit(str((package.vcs or {}).get("url", "")))
        for path in [*local, *(wheel.path for wheel in package.wheels), url.path if url.scheme == "file" else ""]:
            if path:
                place.below_roots(Path(path))


def fitting_tags(python_version: str) -> Iterator[Tag]:
    """Tags of the wheels that CPython of this version can use on this machine, best first."""
    numbers = tuple(int(part) for part in python_version.split(".")[:2])
    yield from cpython_tags(numbers)
    yield from compatible_tags(numbers, f"cp{numbers[0]}{numbers[1]}")


def wheel_tags(url: str) -> frozenset[Tag]:
    """Tags in a wheel's file name; none for what is not a wheel."""
    try:
        return parse_wheel_filename(unquote(urlsplit(url).path.rpartition("/")[2]))[3]
    except InvalidWheelFilename:
        return frozenset()


def _is_wheel(url: str) -> bool:
    return urlsplit(url).path.endswith(".whl")


def _matches(file: Mapping[str, Any], wanted: list[str]) -> bool:
    return any(f"{kind}:{digest}" in wanted for kind, digest in file.get("hashes", {}).items())


def _render(lock: Mapping[str, Any]) -> Iterator[str]:
    for key, value in lock.items():
        if key != "packages":
            yield f"{key} = {_value(value)}\n"
    for package in lock.get("packages", []):
        yield "\n[[packages]]\n"
        yield from (f"{key} = {_value(value)}\n" for key, value in package.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    # TOML's basic strings, numbers and truth values are written as JSON's.
    return json.dumps(value)
