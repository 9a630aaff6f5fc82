"""PyPI packages of a lock file <-> a plan: exact files with their hashes, nothing is resolved."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence, Set
from urllib.parse import unquote, urlsplit

import msgspec
from packaging.utils import InvalidSdistFilename, parse_sdist_filename

from ..errors import ChannelUnreachable, EnvManagerError, Invalid, Unsatisfiable
from ..models import Problem
from ..redaction import excerpt, redact
from . import lock
from .dryrun import Changes
from .index import indexes, page_of
from .names import normal
from .planning import describe
from .resolve import check_protection
from .simplepage import File
from .state import Dist, PypiPlan, PypiSettings, PypiState

_NEED = re.compile(r"[A-Za-z0-9][\w.-]*")
_DIRECT = re.compile(r"(?:direct|archive)\+")
# Where https://pypi.org/simple keeps its files.
_PYPI_FILES = ("files.pythonhosted.org", "pypi.org")


class LockedDist(msgspec.Struct, frozen=True, kw_only=True):
    """A PyPI package of a lock file.

    Attributes
    ----------
    url:
        Of the wheel or the source; anything in a file that somebody else wrote.
    sha256:
        In hexadecimal digits; empty for none.
    requires, requires_python:
        As in its metadata.
    line:
        Where the lock names it.
    """

    name: str
    version: str
    url: str
    sha256: str = ""
    requires: list[str] = []
    requires_python: str = ""
    line: int | None = None


def check(dists: Sequence[LockedDist]) -> list[EnvManagerError]:
    """What keeps packages of a lock from being installed, one error each."""
    return [error for dist in dists if (error := _wrong(dist)) is not None]


def _wrong(dist: LockedDist) -> EnvManagerError | None:
    where = f"Line {dist.line}: " if dist.line else ""
    url = _DIRECT.sub("", dist.url)
    try:
        parts = urlsplit(url)
        known, login = parts.hostname is not None and parts.scheme in ("https", "http"), parts.username is not None
    except ValueError:
        known = login = False
    if url.startswith(("git+", "git:", "hg+", "svn+", "bzr+")):
        what, hint = "comes from a repository, which has no hash to check", "Take it out, and add it after creating."
    elif not known:
        what, hint = f"is a file or folder beside the lock ({excerpt(url)})", "Install it after creating."
    elif login or redact(url) != url:
        what, hint = "has an address with a password", "Take the password out, and put it into ~/.netrc."
    elif not re.fullmatch(r"[0-9a-f]{64}", dist.sha256):
        what, hint = "has no SHA-256 hash, so its file cannot be checked", "Write the lock again with hashes."
    else:
        return None
    return Invalid(
        f"{where}{dist.name} {what}.",
        hint=hint,
        field="source",
        package=dist.name,
        **({"line": dist.line} if dist.line else {}),
    )


def roots(dists: Iterable[LockedDist]) -> set[str]:
    """The normalised names of those that no other needs: they were probably asked for."""
    known = list(dists)
    needed = {normal(found[0]) for dist in known for need in dist.requires if (found := _NEED.match(need))}
    return {normal(dist.name) for dist in known} - needed


async def plan(
    dists: Sequence[LockedDist],
    state: PypiState,
    settings: PypiSettings,
    accept: Sequence[str] = (),
    *,
    removed: Set[str] = frozenset(),
) -> PypiPlan:
    """The plan that installs exactly these, which `check` has nothing against.

    Parameters
    ----------
    removed:
        Normalised names of installed ones that go.

    Raises
    ------
    Unsatisfiable
        A wheel is not for this Python or platform.
    Overwrites
        conda brings one of them as well.
    """
    ready = [msgspec.structs.replace(dist, url=_DIRECT.sub("", dist.url)) for dist in dists]
    unfit = [dist.name for dist in ready if not _fits(dist, state.python_version)]
    if unfit:
        raise Unsatisfiable(
            f"{', '.join(unfit)} of the lock cannot be installed with Python {state.python_version} on this machine.",
            hint="Write the lock again for this platform.",
            field="source",
        )
    files = await asyncio.gather(*(_place(dist, settings) for dist in ready))
    text = "".join(_pylock(ready, files)) if ready else ""
    changes = Changes(installed={normal(dist.name): dist.version for dist in ready}, sources={})
    check_protection(changes, set(changes.installed), state, accept)
    described = describe(state, changes, lock.read(text), removed=set(removed), asked=roots(ready) | removed)
    return msgspec.structs.replace(described, lock=text, accept=list(accept))


def _fits(dist: LockedDist, python_version: str) -> bool:
    name = _filename(dist.url)
    return not name.endswith(".whl") or bool(set(lock.fitting_tags(python_version)) & lock.wheel_tags(name))


def _filename(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]


async def _place(dist: LockedDist, settings: PypiSettings) -> File | None:
    """Where this site's index has the very file, if that is not where the lock says; by its hash."""
    addresses = indexes(settings, os.environ)
    host = urlsplit(dist.url).hostname or ""
    known = {urlsplit(address).hostname for address in addresses}
    if host in known or (host in _PYPI_FILES and "pypi.org" in known) or settings.offline:
        return None
    for address in addresses:
        try:
            page = await page_of(address, normal(dist.name), settings)
        except ChannelUnreachable:
            continue
        for file in page.files if page else ():
            if file.sha256 == dist.sha256:
                return file
    return None


def _pylock(dists: Sequence[LockedDist], files: Sequence[File | None]) -> Iterator[str]:
    yield 'lock-version = "1.0"\ncreated-by = "jupyter_envmanager"\n'
    for dist, file in zip(dists, files, strict=True):
        url = file.url if file else dist.url
        artifact = f'{{ url = {json.dumps(url)}, hashes = {{ sha256 = "{dist.sha256}" }} }}'
        yield f"\n[[packages]]\nname = {json.dumps(normal(dist.name))}\nversion = {json.dumps(dist.version)}\n"
        yield f"wheels = [{artifact}]\n" if _filename(url).endswith(".whl") else f"{_source(url)} = {artifact}\n"


def _source(url: str) -> str:
    try:
        parse_sdist_filename(_filename(url))
    except InvalidSdistFilename:
        return "archive"
    return "sdist"


async def pinned(
    dists: Sequence[Dist], python_version: str, settings: PypiSettings
) -> tuple[list[LockedDist], list[Problem]]:
    """The files of installed distributions, for a lock; and those that none can be named for.

    Parameters
    ----------
    dists:
        Those from PyPI.
    """
    found = await asyncio.gather(*(_file(dist, python_version, settings) for dist in dists))
    problems = [
        Problem(
            code="not_exported",
            message=f"{dist.name} {dist.version} from PyPI is not in the lock: no index has a file of it with a hash.",
            hint="Add it after creating from the lock.",
        )
        for dist, locked in zip(dists, found, strict=True)
        if locked is None
    ]
    return [locked for locked in found if locked is not None], problems


async def _file(dist: Dist, python_version: str, settings: PypiSettings) -> LockedDist | None:
    if dist.source:
        url, _, fragment = dist.source.rpartition("@")[2].strip().partition("#")
        digest = re.search(r"sha256=([0-9a-f]{64})", fragment)
        given = LockedDist(name=normal(dist.name), version=dist.version, url=url, sha256=digest[1] if digest else "")
        return None if _wrong(given) else given
    ranks = {tag: rank for rank, tag in enumerate(lock.fitting_tags(python_version))}

    def rank(file: File) -> int:
        if not file.is_wheel:
            return len(ranks)
        return min((ranks[tag] for tag in lock.wheel_tags(file.filename) if tag in ranks), default=len(ranks) + 1)

    for address in indexes(settings, os.environ):
        try:
            page = await page_of(address, normal(dist.name), settings)
        except ChannelUnreachable:
            continue
        mine = [file for file in (page.files if page else ()) if str(file.version) == dist.version and file.sha256]
        best = min(mine, key=rank, default=None)
        if best is not None and rank(best) <= len(ranks):
            return LockedDist(
                name=normal(dist.name),
                version=dist.version,
                url=redact(best.url),
                sha256=best.sha256,
                requires=dist.requires,
                requires_python=best.python,
            )
    return None
