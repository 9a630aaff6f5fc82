"""Which format is it? By what only one of them has, then by the file's name, then by what it looks like."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ..models import SpecFormat

_HEAD = 200_000
_MARKS: dict[SpecFormat, tuple[str, ...]] = {
    "explicit": (r"^@EXPLICIT\s*$",),
    "pixi.lock": (r"^version: \d+\s*$", r"^environments:\s*$"),
    "conda-lock": (r"^metadata:\s*$", r"^package:\s*$"),
    "pyproject.toml": (r"^\[(?:project|build-system|tool\.[\w.\"-]+)\]\s*(?:#.*)?$",),
}
_NAMES: dict[SpecFormat, str] = {
    "pixi.lock": r"pixi\.lock",
    "conda-lock": r".*conda-lock.*\.ya?ml",
    "environment.yml": r".*\.ya?ml",
    "pyproject.toml": r".*\.toml",
    "requirements.txt": r".*requirements.*|.*\.in",
}
_YAML = re.compile(r"^(?:name|channels|dependencies|prefix|platforms|variables)\s*:", re.MULTILINE)
_ADDRESS = re.compile(r"(?:https?|file)://\S+\.(?:conda|tar\.bz2)(?:#\S*)?")
_REQUIREMENT = re.compile(r"-{1,2}[a-z].*|[A-Za-z0-9][\w.-]*\s*(?:$|[\[<>=!~;@(#].*)|(?:https?|git\+\w+)://\S+.*")


def format_of(filename: str, content: str) -> SpecFormat | None:
    """The format of a file; None for none that is known.

    Parameters
    ----------
    filename:
        Its name or path; may be empty, as for a text that was pasted.
    """
    head = content[:_HEAD].removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for name, marks in _MARKS.items():
        if all(re.search(mark, head, re.MULTILINE) for mark in marks):
            return name
    base = PurePosixPath(filename.replace("\\", "/")).name
    lines = [line.strip() for line in head.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    # The last line may be cut off.
    lines = lines[:-1] if len(content) > _HEAD else lines
    if lines and all(_ADDRESS.fullmatch(line) for line in lines):
        return "explicit"
    for name, pattern in _NAMES.items():
        if re.fullmatch(pattern, base, re.IGNORECASE):
            return name
    if _YAML.search(head):
        return "environment.yml"
    if lines and all(_REQUIREMENT.fullmatch(line) for line in lines):
        return "requirements.txt"
    return None
