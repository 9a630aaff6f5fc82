"""What an index says of one project: the simple repository API, as JSON or as HTML.

https://packaging.python.org/en/latest/specifications/simple-repository-api/
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a project: ``size`` in bytes, ``uploaded`` in seconds since the epoch and ``sha256`` in hexadecimal
    digits, where the index tells them.

    ``metadata`` says that the file's METADATA can be had at its URL with ``.metadata`` behind.
    """

    filename: str
    url: str
    version: Version
    size: int | None = None
    uploaded: float | None = None
    python: str = ""
    metadata: bool = False
    sha256: str = ""

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel, not a source."""
        return self.filename.endswith(".whl")


class Page(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The files of a project that can be had: yanked ones and those without a version are left out."""

    files: list[File]

    @cached_property
    def versions(self) -> list[Version]:
        """Newest first."""
        return sorted({file.version for file in self.files}, reverse=True)

    @property
    def newest(self) -> Version | None:
        """The newest version; a pre-release only where there is nothing else."""
        stable = (version for version in self.versions if not version.is_prerelease)
        return next(stable, self.versions[0] if self.versions else None)


class _JsonFile(msgspec.Struct, rename="kebab"):
    filename: str
    url: str
    size: int | None = None
    upload_time: str | None = None
    yanked: bool | str = False
    requires_python: str | None = None
    core_metadata: bool | dict[str, Any] = False
    dist_info_metadata: bool | dict[str, Any] = False
    hashes: dict[str, str] = {}


class _JsonPage(msgspec.Struct):
    files: list[_JsonFile]


def read(body: bytes, kind: str, url: str) -> Page:
    """The page that an index sent.

    Parameters
    ----------
    kind:
        The media type it was sent as.
    url:
        Where it was found, for relative addresses.

    Raises
    ------
    ValueError
        It is no such page.
    """
    if "json" in kind:
        found = [_from_json(file, url) for file in msgspec.json.decode(body, type=_JsonPage).files if not file.yanked]
    else:
        parser = _Anchors(url)
        parser.feed(body.decode("utf-8", "replace"))
        if "<" not in body[:2000].decode("utf-8", "replace"):
            raise ValueError("no HTML")
        found = parser.files
    return Page(files=[file for file in found if file is not None])


def _from_json(file: _JsonFile, base: str) -> File | None:
    version = _version(file.filename)
    if version is None:
        return None
    return File(
        filename=file.filename,
        url=urljoin(base, file.url),
        version=version,
        size=file.size,
        uploaded=_time(file.upload_time),
        python=file.requires_python or "",
        metadata=bool(file.core_metadata or file.dist_info_metadata),
        sha256=file.hashes.get("sha256", ""),
    )


class _Anchors(HTMLParser):
    """Collects the links of a page."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.files: list[File | None] = []
        self._base = url

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A link, or the address that links are relative to."""
        told = {name: value or "" for name, value in attrs}
        if tag == "base" and told.get("href"):
            self._base = urljoin(self._base, told["href"])
        if tag != "a" or not told.get("href") or "data-yanked" in told:
            return
        url = urljoin(self._base, told["href"])
        url, _, fragment = url.partition("#")
        filename = urlsplit(url).path.rpartition("/")[2].replace("%2B", "+")
        if (version := _version(filename)) is not None:
            self.files.append(
                File(
                    filename=filename,
                    url=url,
                    version=version,
                    python=told.get("data-requires-python", ""),
                    metadata="data-core-metadata" in told or "data-dist-info-metadata" in told,
                    sha256=fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else "",
                )
            )


def _version(filename: str) -> Version | None:
    """None for eggs, installers and names of long ago."""
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[1]
        return parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


def _time(text: str | None) -> float | None:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else None
    except ValueError:
        return None
