"""The lines of a requirements file, as pip reads them: continuations joined, comments gone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import Invalid

_COMMENT = re.compile(r"(^|\s+)#.*$")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST = 10_000


def read_lines(content: bytes, where: str) -> Iterator[tuple[int, str]]:
    """Number of the first physical line, and text, of every line that says something.

    Raises
    ------
    Invalid
        Names ``where`` and the line: not UTF-8 text, control characters, far too long; ``field="pypi"``.
    """
    lines = _decode(content, where).splitlines()
    joined, first = "", 0
    for number, line in enumerate(lines, start=1):
        first = first if joined else number
        comment = line.lstrip().startswith("#")
        # A comment ends a continuation, as for pip.
        ends = comment or not line.endswith("\\")
        joined += " " + line if comment and joined else line.removesuffix("\\") if not ends else line
        if len(joined) > _LONGEST:
            raise _wrong(where, first, f"is longer than {_LONGEST} characters")
        if ends:
            if text := _COMMENT.sub("", joined).strip():
                yield first, text
            joined = ""
    if text := _COMMENT.sub("", joined).strip():
        yield first, text


def _decode(content: bytes, where: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _wrong(where, 1, "is UTF-16 text, where UTF-8 is read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(where, content.count(b"\n", 0, error.start) + 1, "is not UTF-8 text") from error
    # Form feeds and the like would split lines where an editor shows none.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _CONTROL.search(text):
        number = text.count("\n", 0, found.start()) + 1
        raise _wrong(where, number, f"holds the control character U+{ord(found.group(0)):04X}")
    return text


def _wrong(where: str, number: int, problem: str) -> Invalid:
    return Invalid(
        f"Line {number} of {where} {problem}.",
        hint="Save the file as plain UTF-8 text with one requirement a line.",
        field="pypi",
        line=number,
    )
