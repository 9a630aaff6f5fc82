"""Bytes -> text -> lines, and what is no text at all."""

from __future__ import annotations

import re

from .draft import Draft, shown

LARGEST = 1_000_000
# Tab and line feed are text. U+0085, U+2028 and U+2029 would break lines where an editor shows none.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_MARKER = re.compile(r"^(?:<{7}(?: .*)?|={7}|>{7}(?: .*)?|\|{7}(?: .*)?)$", re.MULTILINE)
_UNREADABLE = "\ufffd"


def decode(content: bytes) -> str:
    """The text of a file as browsers read it: UTF-8, or UTF-16 with its mark; U+FFFD for what is neither.

    ``conda env export > environment.yml`` in Windows PowerShell writes UTF-16.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    return content.decode("utf-8-sig", errors="replace")


def clean(text: str, draft: Draft) -> str | None:
    """``text`` with line feeds only; None, with problems in ``draft``, for what can be read in no format."""
    if len(text) > LARGEST:
        size = f"{len(text) / 1e6:.1f}".removesuffix(".0")
        draft.error(0, f"The file is too large: {size} MB.", "Files of up to 1 MB are read; real ones have a few KB.")
        return None
    # A browser that takes UTF-16 for UTF-8 leaves this behind.
    if text.startswith(_UNREADABLE * 2) and "\0" in text:
        hint = "Save it as UTF-8, in PowerShell with “… | Out-File -Encoding utf8 environment.yml”."
        draft.error(1, "The file is UTF-16 text, where UTF-8 is read.", hint)
        return None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    before = len(draft.problems)
    for line, found in _by_line(_CONTROL, text):
        code = f"U+{ord(found.group()):04X}"
        draft.error(
            line, f"The line holds a character that is no text ({code}).", "Take it out, or type the line anew."
        )
    if _UNREADABLE in text:
        for line, _ in _by_line(re.compile(_UNREADABLE), text):
            draft.error(line, "The line holds a character that is not UTF-8.", "Save the file with the encoding UTF-8.")
    for line, found in _by_line(_MARKER, text):
        message = f"{shown(found.group())} is left of a merge in Git."
        draft.error(line, message, "Decide between the two versions, and take the marks out.")
    return text if len(draft.problems) == before else None


def _by_line(pattern: re.Pattern[str], text: str) -> list[tuple[int, re.Match[str]]]:
    """The first match in each line, a few of them."""
    found: dict[int, re.Match[str]] = {}
    line, position = 1, 0
    for match in pattern.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        found.setdefault(line, match)
        if len(found) >= 20:
            break
    return list(found.items())
