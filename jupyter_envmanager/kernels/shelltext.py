"""Where are the quotes in a shell script, and what does it execute?

No shell is imitated: nested substitutions and here-documents are read as plain text. It is enough for launch scripts.
"""

from __future__ import annotations

import re
import shlex
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

# A launch script has one or two.
_MAX_EXECS = 50
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
    before = bisect_left(parts, position, key=lambda part: part[0]) - 1
    return parts[before][2] if before >= 0 and position < parts[before][1] else "bare"


def executed(text: str) -> Iterator[Executed]:
    """The programs that the first ``exec`` lines name; a line within quotes is a value and no command."""
    tokens = _TOKEN.finditer(text)
    token, lines = next(tokens, None), 0
    for match in _EXEC.finditer(text):
        last = match.end() - 1
        while token is not None and token.end() <= last:
            token = next(tokens, None)
        if token is not None and token.start() < last:
            continue
        lines += 1
        if lines > _MAX_EXECS:
            return
        word = _WORD.match(text, match.end())
        if word is None:
            continue
        try:
            words = shlex.split(word[0]) if _QUOTING.search(word[0]) else [word[0]]
        except ValueError:
            continue
        if words:
            yield Executed(words[0], word.start(), word.end())


def within(text: str, quoting: Quoting) -> str:
    """Text as it must be written where such quotes are open already."""
    if quoting == "double":
        return re.sub(r'([\\"$`])', r"\\\1", text)
    if quoting == "single":
        return text.replace("'", "'\"'\"'")
    if quoting == "comment":
        return text.replace("\n", " ").replace("\r", " ")
    return shlex.quote(text)
