"""What a project says of itself, as far as that costs one small document.

The metadata beside a wheel (PEP 658) where the index has it, else the JSON API of pypi.org, which other indexes offer
as well (https://docs.pypi.org/api/json/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.parser import BytesHeaderParser

import msgspec

from ..errors import ChannelUnreachable
from .download import fetch
from .names import normal
from .simplepage import File
from .state import PypiSettings

_HOMES = ("homepage", "home", "source", "repository")


class About(msgspec.Struct, frozen=True, kw_only=True):
    """A line on what it is, its licence, and its home page; None where nobody tells."""

    summary: str | None = None
    license: str | None = None
    home: str | None = None


class _Info(msgspec.Struct):
    summary: str | None = None
    license: str | None = None
    license_expression: str | None = None
    home_page: str | None = None
    project_urls: dict[str, str] | None = None


class _Document(msgspec.Struct):
    info: _Info


async def describe(file: File, index: str, name: str, settings: PypiSettings) -> About:
    """What is said of a file's project. It is an ornament, so what cannot be read is left out.

    Parameters
    ----------
    index:
        URL of the index that has the file; may hold credentials.
    """
    try:
        if file.metadata:
            answer = await fetch(f"{file.url}.metadata", settings, accept="*/*")
            return _from_metadata(answer[0]) if answer else About()
        if not index.rstrip("/").endswith("/simple"):
            return About()
        url = re.sub(r"/simple/?$", f"/pypi/{normal(name)}/json", index)
        answer = await fetch(url, settings, accept="application/json")
        return _from_json(msgspec.json.decode(answer[0], type=_Document).info) if answer else About()
    except (ChannelUnreachable, msgspec.DecodeError):
        return About()


def _from_metadata(text: bytes) -> About:
    told = BytesHeaderParser().parsebytes(text)
    urls = [str(line).partition(",") for line in told.get_all("Project-URL") or []]
    return About(
        summary=_line(told["Summary"]),
        license=_short(_line(told["License-Expression"]) or _line(told["License"])),
        home=_home([told["Home-page"], *_homes((label, url) for label, _, url in urls)]),
    )


def _from_json(info: _Info) -> About:
    return About(
        summary=_line(info.summary),
        license=_short(_line(info.license_expression) or _line(info.license)),
        home=_home([info.home_page, *_homes((info.project_urls or {}).items())]),
    )


def _line(text: object) -> str | None:
    line = " ".join(str(text or "").split())
    return None if line in ("", "UNKNOWN") else line


def _short(text: str | None) -> str | None:
    """A licence's name; some put its whole text there."""
    return text if text and len(text) < 100 else None


def _homes(urls: Iterable[tuple[str, str]]) -> list[str]:
    return [url.strip() for label, url in urls if label.strip().lower() in _HOMES]


def _home(urls: Iterable[object]) -> str | None:
    """The first that a browser may be sent to."""
    return next((text for url in urls if (text := str(url or "")).startswith(("https://", "http://"))), None)
