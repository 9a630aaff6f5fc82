"""What the Python package index has of a name: exact names only, as an index can be asked nothing else."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from ..errors import ChannelUnreachable, NotFound
from ..models import PackageBuild, PackageHit, PackageInfo, PackageUpdate
from ..redaction import redact
from . import simplepage
from .about import describe
from .download import fetch
from .lock import fitting_tags, wheel_tags
from .names import normal
from .simplepage import File, Page
from .state import Dist, PypiSettings

_NAME = re.compile(r"[A-Za-z0-9]([\w.-]{0,98}[A-Za-z0-9])?", re.ASCII)
# Seconds that an answer counts, and how many are kept.
_FRESH = 300.0
_KEPT = 1000
_AT_ONCE = 8
_DEFAULT = "https://pypi.org/simple"

_pages: dict[tuple[str, str], tuple[float, Page | None]] = {}


async def lookup(name: str, settings: PypiSettings) -> PackageHit | None:
    """The package of exactly this name; None where there is none.

    Raises
    ------
    ChannelUnreachable
        The index does not answer, or answers nonsense.
    """
    found = await _find(name, settings)
    newest = found[1].newest if found else None
    if found is None or newest is None:
        return None
    index, page = found
    file = _best_file(page, newest)
    about = await describe(file, index, name, settings)
    return PackageHit(
        name=normal(name),
        version=str(newest),
        channel=_label(index),
        manager="pypi",
        summary=about.summary,
        license=about.license,
        size=file.size,
    )


async def info(name: str, settings: PypiSettings) -> PackageInfo:
    """All versions of a package, newest first, and what the newest says of itself.

    Raises
    ------
    NotFound
        There is none of this name.
    ChannelUnreachable
    """
    found = await _find(name, settings)
    newest = found[1].newest if found else None
    if found is None or newest is None:
        raise NotFound(
            f"There is no package “{name}” on the Python package index.", hint="Check the spelling.", field="pypi"
        )
    index, page = found
    about = await describe(_best_file(page, newest), index, name, settings)
    files = [_best_file(page, version) for version in page.versions]
    return PackageInfo(
        name=normal(name),
        versions=[str(version) for version in page.versions],
        builds=[
            PackageBuild(
                version=str(file.version),
                build="wheel" if file.is_wheel else "source",
                channel=_label(index),
                size=file.size,
                timestamp=file.uploaded,
            )
            for file in files
        ],
        license=about.license,
        manager="pypi",
        summary=about.summary,
        home=about.home,
    )


async def versions_of(name: str, settings: PypiSettings) -> list[Version]:
    """All versions of a package, newest first; none where there is no such package.

    Raises
    ------
    ChannelUnreachable
    """
    found = await _find(name, settings)
    return found[1].versions if found else []


async def outdated(dists: Sequence[Dist], settings: PypiSettings) -> list[PackageUpdate]:
    """The distributions of which the index has a newer version; those from other sources are passed over.

    Raises
    ------
    ChannelUnreachable
    """
    gate = asyncio.Semaphore(_AT_ONCE)

    async def newer(dist: Dist) -> PackageUpdate | None:
        async with gate:
            found = await _find(dist.name, settings)
        newest = found[1].newest if found else None
        if found is None or newest is None or not _is_newer(newest, dist.version):
            return None
        return PackageUpdate(name=dist.name, version=str(newest), manager="pypi", channel=_label(found[0]))

    answers = await asyncio.gather(*(newer(dist) for dist in dists if not dist.source))
    return [answer for answer in answers if answer is not None]


async def has_wheel(
    name: str, version: str, python_version: str, settings: PypiSettings, addresses: Sequence[str] | None = None
) -> bool:
    """Whether the index has a wheel of this version that fits this Python.

    Parameters
    ----------
    addresses:
        The indexes that the package comes from; the usual ones for None.
    """
    found = await _find(name, settings, addresses)
    tags = set(fitting_tags(python_version))
    return found is not None and any(
        file.is_wheel and str(file.version) == version and tags & wheel_tags(file.url) and _fits(file, python_version)
        for file in found[1].files
    )


def indexes(settings: PypiSettings, variables: Mapping[str, str]) -> list[str]:
    """URLs of the indexes, in the order in which uv asks them; may hold credentials."""
    extra = settings.extra_indexes
    if settings.index is None and not extra:
        text = variables.get("UV_INDEX") or variables.get("UV_EXTRA_INDEX_URL") or ""
        extra = [re.sub(r"^[\w-]+=", "", url) for url in text.split()]
    default = settings.index or variables.get("UV_DEFAULT_INDEX") or variables.get("UV_INDEX_URL") or _DEFAULT
    return [*extra, re.sub(r"^[\w-]+=", "", default)]


async def _find(name: str, settings: PypiSettings, addresses: Sequence[str] | None = None) -> tuple[str, Page] | None:
    """The first index that has the name, and its page."""
    if _NAME.fullmatch(name) is None:
        return None
    for index in addresses or indexes(settings, os.environ):
        page = await page_of(index, normal(name), settings)
        if page is not None:
            return index, page
    return None


async def page_of(
    index: str, name: str, settings: PypiSettings, *, absent: Collection[int] = (404, 410)
) -> Page | None:
    """What an index has of a normalised name; kept for some minutes.

    Parameters
    ----------
    absent:
        The answers of HTTP that mean: nothing of this name.

    Raises
    ------
    ChannelUnreachable
    """
    if urlsplit(index).scheme not in ("http", "https"):
        return None
    known = _pages.get((index, name))
    if known is not None and time.monotonic() - known[0] < _FRESH:
        return known[1]
    url = f"{index.rstrip('/')}/{name}/"
    answer = await fetch(
        url, settings, accept=f"{simplepage.JSON}, {simplepage.HTML};q=0.2, text/html;q=0.1", absent=absent
    )
    try:
        page = await asyncio.to_thread(simplepage.read, *answer) if answer else None
    except ValueError as error:
        raise ChannelUnreachable(
            f"The package index {_label(index)} cannot be used: its answer could not be read.",
            hint="Check the index in the site's settings.",
            field="pypi",
            index=redact(index),
        ) from error
    if len(_pages) >= _KEPT:
        _pages.clear()
    _pages[index, name] = (time.monotonic(), page)
    return page


def _best_file(page: Page, version: Version) -> File:
    """The file of a version that is likeliest to be installed here: a wheel for any machine or this one."""
    files = [file for file in page.files if file.version == version]
    wheels = [file for file in files if file.is_wheel]
    here = os.uname().machine if hasattr(os, "uname") else ""
    system = "win" if os.name == "nt" else "linux" if os.uname().sysname == "Linux" else "macosx"
    for wheel in reversed(wheels):
        platforms = {tag.platform for tag in wheel_tags(wheel.filename)}
        if any(name == "any" or (system in name and (here in name or "universal2" in name)) for name in platforms):
            return wheel
    sources = [file for file in files if not file.is_wheel]
    return (sources or wheels)[0]


def _fits(file: File, python_version: str) -> bool:
    try:
        return SpecifierSet(file.python).contains(python_version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def _is_newer(version: Version, installed: str) -> bool:
    try:
        return version > Version(installed)
    except InvalidVersion:
        return False


def _label(index: str) -> str:
    """An index by its host, as the panel shows it."""
    return urlsplit(index).netloc.rpartition("@")[2]
