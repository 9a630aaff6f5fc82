"""Lock files of other tools -> exact records for this platform; nothing is solved.

Explicit lists (see `explicit`), ``conda-lock.yml`` (https://conda.github.io/conda-lock/), and ``pixi.lock``
(https://pixi.sh/latest/workspace/lockfile/), the last two in all versions that rattler reads.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from rattler import LockFile
from rattler.lock import CondaLockedBinaryPackage, CondaLockedPackage, Environment, LockPlatform, PypiLockedPackage

from ..errors import EnvManagerError, Invalid
from ..models import Problem
from ..pypi.locked import LockedDist
from ..pypi.locked import check as check_dists
from . import explicit
from .client import clean_url
from .lockapart import is_plain, read_apart
from .lockwords import unreadable

LOCKED_FORMATS = ("explicit", "conda-lock", "pixi.lock")
# Locks of large projects for five platforms have two; a text of this size is read in about two seconds.
_MOST_BYTES = 10_000_000
MOST_PROBLEMS = 50
_CATEGORY = re.compile(r"^\s*(?:- )?category: *[\"']?([\w.-]+)", re.MULTILINE)
# conda-lock names them in its head, pixi where the lists of packages begin.
_PLATFORMS = re.compile(r"^ *(?:platforms|packages):", re.MULTILINE)


class Locked(msgspec.Struct, frozen=True, kw_only=True):
    """What a lock holds for one platform.

    Attributes
    ----------
    records:
        As `records.to_json` has them; those of explicit lists and of conda-lock know little of their packages.
    channels:
        Addresses or names, in order of priority.
    platforms:
        All that the lock is for.
    lines:
        Where the lock names each package.
    problems:
        What is passed over.
    """

    records: list[dict[str, Any]]
    channels: list[str]
    dists: list[LockedDist] = []
    platforms: list[str] = []
    lines: dict[str, int] = {}
    problems: list[Problem] = []


def read(text: str, format: str, platform: str) -> Locked:
    """Read a lock. Blocking; a large one takes a second.

    Parameters
    ----------
    format:
        One of `LOCKED_FORMATS`.
    platform:
        conda's name of the one to read it for.

    Raises
    ------
    Invalid
        It cannot be read, is for other platforms, or holds what cannot be installed; ``problems`` has everything that
        is wrong, ``line`` where the first is.
    """
    if len(text) > _MOST_BYTES:
        raise Invalid(
            f"The lock is larger than {_MOST_BYTES // 1_000_000} MB.",
            hint="Check that it is the right file.",
            field="source",
        )
    if format == "explicit":
        found = _explicit(text, platform)
    elif is_plain(text):
        found = parse(text, platform)
    else:
        found = msgspec.json.decode(read_apart(text, platform), type=Locked)
    twice = [name for name, count in Counter(str(record["name"]) for record in found.records).items() if count > 1]
    refuse(
        Invalid(f"{name} is in the lock twice.", hint="Write the lock again.", field="source", **at(found.lines, name))
        for name in twice
    )
    if not found.records and not found.dists:
        raise Invalid("The lock names no packages.", hint="Check that it is the right file.", field="source")
    return found


def refuse(errors: Iterable[EnvManagerError]) -> None:
    """Raise the first of these errors, with all of them in its ``problems``; nothing for none."""
    all_errors = list(errors)
    if all_errors:
        first = all_errors[0]
        first.details["problems"] = [msgspec.to_builtins(error.problem()) for error in all_errors[:MOST_PROBLEMS]]
        raise first


def at(lines: Mapping[str, int], name: str) -> dict[str, int]:
    """The details of an error about a package."""
    return {"line": lines[name]} if name in lines else {}


# Explicit lists


def _explicit(text: str, platform: str) -> Locked:
    entries, wrong, said = explicit.read(text)
    refuse(wrong)
    platforms = sorted({entry.subdir for entry in entries} - {"noarch"}) or ([said] if said else [])
    _check_platform(
        platforms, platform, [entry.number for entry in entries if entry.subdir not in (platform, "noarch")]
    )
    secret = [entry.file for entry in entries if entry.secret]
    problems = [
        _warning(
            f"The addresses of {len(secret)} packages hold a password or token, which is not used.",
            "Where the channel needs it, put it into ~/.condarc.",
        )
    ]
    records = [entry.record() for entry in entries]
    return Locked(
        records=records,
        channels=list(dict.fromkeys(str(record["channel"]) for record in records)),
        platforms=platforms,
        lines={str(record["name"]): entry.number for record, entry in zip(records, entries, strict=True)},
        problems=problems if secret else [],
    )


def _check_platform(platforms: Sequence[str], platform: str, lines: Sequence[int]) -> None:
    if platforms and list(platforms) != [platform]:
        others = ", ".join(one for one in platforms if one != platform)
        raise Invalid(
            f"The list is for {others}, and this machine is {platform}.",
            hint="Export an environment.yml instead, which is for any platform.",
            field="source",
            platforms=list(platforms),
            **({"line": lines[0]} if lines else {}),
        )


# Locks


def parse(text: str, platform: str) -> Locked:
    """As `read`, of a lock that rattler reads; see `lockapart` for which those should be."""
    file = _parse(text)
    environments = dict(file.environments())
    if not environments:
        raise Invalid("The lock has no environment.", hint="Check that it is the right file.", field="source")
    name = "default" if "default" in environments else sorted(environments)[0]
    environment = environments[name]
    problems = []
    if others := sorted(environments.keys() - {name}):
        problems.append(
            _warning(
                f"The lock has several environments; this is “{name}”, without {', '.join(others)}.",
                "Export the one that you want alone, or write a lock for it.",
            )
        )
    if groups := sorted(set(_CATEGORY.findall(text)) - {"main"}):
        problems.append(_warning(f"The packages of the groups {', '.join(groups)} are installed as well.", ""))
    chosen = _platform(environment, platform, text)
    lines = _Lines(text)
    packages = environment.packages(chosen) or []
    binaries = [package for package in packages if isinstance(package, CondaLockedBinaryPackage)]
    dists = [_dist(package, lines) for package in packages if isinstance(package, PypiLockedPackage)]
    refuse(
        [
            *(_source(package, lines) for package in packages if _is_source(package)),
            *check_dists(dists),
        ]
    )
    records = [_record(package) for package in binaries]
    return Locked(
        records=records,
        channels=list(dict.fromkeys(clean_url(str(channel)) for channel in environment.channels())),
        dists=dists,
        platforms=sorted({str(one.subdir) for one in environment.platforms()}),
        lines={
            str(record["name"]): line
            for record, package in zip(records, binaries, strict=True)
            if (line := lines.of(package.location)) is not None
        },
        problems=problems,
    )


def _parse(text: str) -> LockFile:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lock.yml"
        path.write_text(text.lstrip("\ufeff"), encoding="utf-8", errors="surrogatepass")
        try:
            return LockFile.from_path(path)
        except Exception as error:
            raise unreadable(str(error), text) from error


def _platform(environment: Environment, platform: str, text: str) -> LockPlatform:
    """The one of an environment's platforms that is this machine's; a lock may have variants of it."""
    mine = [one for one in environment.platforms() if str(one.subdir) == platform]
    if not mine:
        others = ", ".join(sorted({str(one.subdir) for one in environment.platforms()}))
        said = _PLATFORMS.search(text)
        raise Invalid(
            f"The lock is for {others}, and this machine is {platform}."
            if others
            else "The lock names no packages for any platform.",
            hint=f"Add {platform} to the platforms of its project and write the lock again.",
            field="source",
            platforms=others.split(", ") if others else [],
            **({"line": text.count("\n", 0, said.end()) + 1} if said else {}),
        )
    return next((one for one in mine if one.name == platform), mine[0])


def _is_source(package: object) -> bool:
    return isinstance(package, CondaLockedPackage) and not isinstance(package, CondaLockedBinaryPackage)


def _source(package: Any, lines: _Lines) -> Invalid:
    line = lines.of(package.location)
    where = f"Line {line}: " if line else ""
    return Invalid(
        f"{where}{package.name} is built from its source by pixi, which cannot be done here.",
        hint="Take it out of the lock, or publish it to a channel.",
        field="source",
        package=package.name,
        **({"line": line} if line else {}),
    )


def _record(package: CondaLockedBinaryPackage) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(package.repo_data_record().to_json())
    url = clean_url(entry["url"])
    channel, folder, _ = url.rsplit("/", 2)
    if folder == "noarch" != entry["subdir"]:
        # Version 4 and conda-lock say the platform that they were solved for.
        entry = {key: value for key, value in entry.items() if key not in ("arch", "platform")} | {"subdir": folder}
    # A lock may say another channel than the one that the file is taken from.
    return {**explicit.noarch(entry["subdir"], entry["build"]), **entry, "url": url, "channel": channel}


def _dist(package: PypiLockedPackage, lines: _Lines) -> LockedDist:
    digest = None
    # py-rattler 0.28 raises this for a package without any hash.
    with suppress(AttributeError):
        digest = package.hashes.sha256 if package.hashes is not None else None
    return LockedDist(
        name=package.name,
        version=str(package.version),
        url=package.location,
        sha256=digest.hex() if digest else "",
        requires=list(package.requires_dist),
        requires_python=package.requires_python or "",
        line=lines.of(package.location),
    )


class _Lines:
    """Where a text has an address, best as the whole value of a line."""

    def __init__(self, text: str) -> None:
        self._numbers: dict[str, int] = {}
        self._lines = text.splitlines()
        for number, line in enumerate(self._lines, 1):
            value = line.rpartition(": ")[2].strip().strip("\"'")
            if "/" in value or "." in value:
                # The list of packages with their details comes after the lists of environments.
                self._numbers[value] = number

    def of(self, address: str) -> int | None:
        """Its line, from 1."""
        if address in self._numbers:
            return self._numbers[address]
        return next((number for number in range(len(self._lines), 0, -1) if address in self._lines[number - 1]), None)


def _warning(message: str, hint: str) -> Problem:
    return Problem(code="file_warning", message=message, hint=hint, field="source")
