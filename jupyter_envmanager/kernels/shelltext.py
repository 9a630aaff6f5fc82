"""Where are the quotes in a shell script, and what does it execute?

No shell is imitated: nested substitutions and here-documents are read as plain text. It is enough for launch scripts.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Quoting = Literal["bare", "single", "double", "comment"]
_TOKEN = re.compile(r"""'[^']*'?|"(?:\\.|[^"\\])*"?|\\.|(?<![^\s;&|()])\#[^\n]*""", re.DOTALL)
_KINDS: dict[str, Quoting] = {"'": "single", '"': "double", "#": "comment"}
_QUOTING = re.compile(r"""['"\\]""")
_EXEC = re.compile(r"^[ \t]*exec[ \t]+", re.MULTILINE)
_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s;&|()<>'"\\])+""", re.DOTALL)


@dataclass(frozen=True)
class Executed:
    """The program of an ``exec`` line, unquoted, and where it stands in the text."""

    program: str
    start: int
    end: int


def quoted(text: str) -> list[tuple[int, int, Quoting]]:
    """The quoted parts of a script and its comments, with where they begin and end."""
    found = ((match.start(), match.end(), _KINDS.get(match[0][0])) for match in _TOKEN.finditer(text))
    return [(start, end, kind) for start, end, kind in found if kind]


def quoting_at(parts: list[tuple[int, int, Quoting]], position: int) -> Quoting:
    """How the character at a position is quoted."""
    return next((kind for start, end, kind in parts if start < position < end), "bare")


def executed(text: str) -> Iterator[Executed]:
    """The programs that ``exec`` lines name; a line within quotes is a value and no command."""
    for match in _EXEC.finditer(text):
        word = _WORD.match(text, match.end())
        if word is None or _is_within_quotes(text, match.end() - 1):
            continue
        try:
            words = shlex.split(word[0]) if _QUOTING.search(word[0]) else [word[0]]
        except ValueError:
            continue
        if words:
            yield Executed(words[0], word.start(), word.end())


def _is_within_quotes(text: str, position: int) -> bool:
    for token in _TOKEN.finditer(text):
        if token.start() >= position:
            return False
        if token.end() > position:
            return True
    return False


def within(text: str, quoting: Quoting) -> str:
    """Text as it must be written where such quotes are open already."""
    if quoting == "double":
        return re.sub(r'([\\"$`])', r"\\\1", text)
    if quoting == "single":
        return text.replace("'", "'\"'\"'")
    if quoting == "comment":
        return text.replace("\n", " ").replace("\r", " ")
    return shlex.quote(text)
