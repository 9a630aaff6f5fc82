"""One requirement: a name with versions, an address, or a project on this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

import msgspec
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from ..errors import Invalid, NotAllowed
from ..redaction import excerpt, redact
from .names import normal

_HINT = "Write it like “requests”, “pandas>=2,<3” or “name @ https://…/name-1.0-py3-none-any.whl”."
_HASH = re.compile(r"\s+--hash(?:=|\s+)(\S+)")
_DIGEST = re.compile(r"(sha256|sha384|sha512):([0-9a-f]{64,128})")
_NAMED_URL = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(\[[\w., -]*\])?\s*@\s*(\S+)(\s*;.*)?")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|file:|git\+")
_SCHEMES = ("https", "http", "file", "git+https", "git+http", "git+ssh", "git+file")
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """A requirement that has been checked.

    Attributes
    ----------
    text:
        How uv is given it: one line that does not begin with a dash, but for ``-e``.
    name:
        Normalised; empty where only the project itself knows its name.
    url:
        For one that is not from an index.
    hashes:
        ``sha256:…``; one of them must be that of the file.
    """

    text: str
    name: str = ""
    url: str = ""
    editable: bool = False
    hashes: list[str] = []


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a requirement stands, and what it may refer to: nothing outside of ``roots``."""

    roots: list[str]
    file: str = ""
    number: int = 1

    def error(self, problem: str, hint: str = _HINT) -> Invalid:
        """What is wrong at this place."""
        where = f"Line {self.number} of {self.file}: " if self.file else ""
        return Invalid(redact(f"{where}{problem}."), hint=hint, field="pypi", line=self.number)

    def path(self, text: str) -> Path:
        """A path as it stands at this place: full, or from the folder of the requirements file.

        Raises
        ------
        Invalid
            It is an address, another user's home, or from nowhere.
        """
        if "://" in text:
            raise self.error(f"“{text[:200]}” is not a file on this machine", "Download it and name its path.")
        if text.startswith("~") and not text.startswith("~/"):
            raise self.error(f"“{text[:200]}” is not a path that is understood", "Begin with / or ~/.")
        path = Path(text).expanduser()
        if not path.is_absolute() and not self.file:
            raise self.error(f"“{text[:200]}” is not a full path", "Begin with / or ~/.")
        return path if path.is_absolute() else Path(self.file).parent / path

    def below_roots(self, path: Path) -> Path:
        """The true path of a file or folder that may be read.

        Raises
        ------
        NotAllowed
            It is outside of the allowed roots; names the path.
        """
        true = Path(os.path.realpath(path))
        if any(true.is_relative_to(os.path.realpath(root)) for root in self.roots):
            return true
        raise NotAllowed(
            f"{path} is outside the folders that packages may be installed from.",
            hint=f"Choose one below {', '.join(self.roots)}." if self.roots else "This site allows none.",
            field="pypi",
            path=str(path),
        )


def parse(text: str, place: Place, *, editable: bool = False) -> Requirement:
    """Check one requirement, without comments and continuations.

    Raises
    ------
    Invalid, NotAllowed
        With file and line; ``field="pypi"``.
    """
    if "${" in text:
        raise place.error("Variables are not read in requirements", "Write the value itself; passwords go to ~/.netrc.")
    hashes = [_digest(found, place) for found in _HASH.findall(text)]
    text = _unquoted(_HASH.sub("", text).strip())
    if not text or text.startswith("-") or re.search(r"\s--?[a-z]", text):
        raise place.error(f"“{text[:80]}” cannot be read as a requirement")
    named = _NAMED_URL.fullmatch(text)
    if named is not None and (":" in named.group(3) or _is_path(named.group(3))):
        name, extras, target, marker = named.groups()
        return _direct(target, place, name=name, extras=extras or "", marker=marker or "", hashes=hashes)
    if editable or _URL.match(text) or _is_path(text):
        target, marker = _split_marker(text)
        return _direct(target, place, marker=marker, editable=editable, hashes=hashes)
    try:
        requirement = Pep508(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise place.error(f"“{text[:200]}” cannot be read as a requirement: {reason}") from error
    return Requirement(text=_line(str(requirement), hashes), name=normal(requirement.name), hashes=hashes)


def _unquoted(text: str) -> str:
    """As shells and environment files leave them."""
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _digest(text: str, place: Place) -> str:
    if _DIGEST.fullmatch(text):
        return text
    raise place.error(f"“{text[:80]}” is not a hash", "Write it like “--hash=sha256:…”, in 64 hexadecimal digits.")


def _is_path(text: str) -> bool:
    return text.startswith((".", "/", "~")) or text.lower().endswith(_ARCHIVES) or "/" in text.partition(";")[0]


def _split_marker(text: str) -> tuple[str, str]:
    """Target and marker; for a URL a blank must stand before the semicolon, which it may hold itself."""
    found = re.fullmatch(r"(.*?)(\s+;.*)", text)
    return (found.group(1), found.group(2)) if found else (text, "")


def _direct(
    target: str,
    place: Place,
    *,
    hashes: list[str],
    name: str = "",
    extras: str = "",
    marker: str = "",
    editable: bool = False,
) -> Requirement:
    if re.search(r"\s", target):
        raise place.error(f"“{target[:200]}” holds blanks", "Write blanks in an address as %20.")
    found = re.fullmatch(r"(.*?)(\[[\w., -]*\])", target) if not extras else None
    target, extras = (found.group(1), found.group(2)) if found else (target, extras)
    url = _checked_url(target, place) if _URL.match(target) else _path_url(target, place)
    if editable and not url.startswith("file:"):
        raise place.error("Only a project on this machine can be editable", "Take “-e” out to install it as it is.")
    name = name or _name_of(url)
    if editable:
        text = f"-e {unquote(urlsplit(url).path)}{extras}{marker}"
        # uv reads the rest of such a line as it stands.
        if re.search(r"\s|#", text.removeprefix("-e ").partition(" ;")[0]):
            raise place.error(f"“{target}” holds blanks or “#”", "Rename the folder.")
    else:
        text = f"{name}{extras} @ {url}{marker}" if name else f"{url}{extras}{marker}"
    return Requirement(
        text=_line(text, hashes),
        name=normal(name) if name else "",
        url=url,
        editable=editable,
        hashes=hashes,
    )


def _checked_url(text: str, place: Place) -> str:
    shown = f"“{excerpt(text)}”"
    try:
        parts = urlsplit(text)
        host, user, password = parts.hostname or "", parts.username, parts.password
    except ValueError as error:
        raise place.error(f"{shown} is not an address") from error
    if parts.scheme.lower() not in _SCHEMES:
        raise place.error(f"{shown}: {parts.scheme} is not supported", "Use https, git+https or git+ssh.")
    # Git would take what begins with a dash for an option.
    if host.startswith("-") or "@-" in parts.path:
        raise place.error(f"{shown} is not an address")
    if parts.scheme.endswith("file"):
        return _file_url(parts, place)
    if not host:
        raise place.error(f"{shown} names no host")
    bare = parts._replace(netloc=host).geturl()
    if (password if parts.scheme == "git+ssh" else user or password) or redact(bare) != bare:
        raise place.error(
            f"{shown} carries a user name or a password",
            "Put them into ~/.netrc or Git's credential store: a plan is kept, and may be seen by others.",
        )
    return text


def _file_url(parts: SplitResult, place: Place) -> str:
    if parts.netloc not in ("", "localhost"):
        raise place.error(f"“{parts.geturl()[:200]}” names another machine")
    folder, _, last = parts.path.rpartition("/")
    last, at, revision = last.partition("@") if parts.scheme == "git+file" else (last, "", "")
    true = place.below_roots(Path(unquote(f"{folder}/{last}")))
    if not true.exists():
        raise place.error(f"{true} does not exist", "Check the path.")
    return f"{parts.scheme}://{quote(str(true))}{at}{revision}" + (f"#{parts.fragment}" if parts.fragment else "")


def _path_url(text: str, place: Place) -> str:
    path = place.path(text)
    true = place.below_roots(path)
    if not true.exists():
        raise place.error(f"{path} does not exist", "Check the path.")
    return f"file://{quote(str(true))}"


def _name_of(url: str) -> str:
    """The name an address tells: a file's, or ``#egg=name``."""
    parts = urlsplit(url)
    if egg := re.search(r"(?:^|&)egg=([A-Za-z0-9][\w.-]*)", parts.fragment):
        return egg.group(1)
    file = unquote(parts.path).rpartition("/")[2]
    try:
        if file.endswith(".whl"):
            return parse_wheel_filename(file)[0]
        if file.endswith((".tar.gz", ".zip")):
            return parse_sdist_filename(file)[0]
    except (InvalidWheelFilename, InvalidSdistFilename):
        pass
    return ""


def _line(text: str, hashes: list[str]) -> str:
    return " ".join([text, *(f"--hash={digest}" for digest in hashes)])
