"""Why can this lock not be read? What rattler's parser says, in plain words, and the line where it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import Invalid
from ..redaction import redact

_NEWER = re.compile(r"version (\d+), but only up to including version (\d+)")
_AT = re.compile(r"\s*at line (\d+) column (\d+)")
_GIT = re.compile(r"^ *(?:- )?url: *[\"']?git\+", re.MULTILINE)
_TAB = re.compile(r"^ *\t", re.MULTILINE)
_VERSION = re.compile(r"^version:", re.MULTILINE)
_HASH = re.compile(r"(?:^|[ {])(sha256|md5): *[\"']?([^\s\"',}]+)", re.MULTILINE)
_NO_TEXT = re.compile(r"invalid type: .*?`(.+?)`, expected a string")
_LACKS = re.compile(r"missing field `(\w+)`")
_UNKNOWN = re.compile(r"unknown variant `(.+?)`, expected (?:one of )?(.+)|'(.+?)' is not a valid subdir name")
_LISTS = ("package", "packages", "environments")
_DIGITS = {"md5": 32, "sha256": 64}
_WRITE = "Check that it is a conda-lock.yml or pixi.lock, and whole; if it was edited by hand, write it again."
_QUOTE = "Put it into quotes, or let the lock's own tool write it again."


def unreadable(reason: str, text: str) -> Invalid:
    """The refusal of a lock.

    Parameters
    ----------
    reason:
        What rattler says.
    text:
        The lock.
    """
    if newer := _NEWER.search(reason):
        hint = "Update this extension, or write the lock with an older version of the tool."
        message = f"the lock has the format version {newer[1]}, and versions up to {newer[2]} can be read"
        return _refusal(_line(text, _VERSION.search(text)), message, hint)
    if git := _GIT.search(text):
        message = "a package comes from a Git repository, which has no hash to check"
        return _refusal(_line(text, git), message, "Take it out of the lock, and add it after creating.")
    return next(_known(reason, text))


def _known(reason: str, text: str) -> Iterator[Invalid]:
    """The first fits."""
    if "`version` field" in reason:
        found = _VERSION.search(text)
        what = "the “version” of the lock is no whole number" if found else "the file is no lock: it has no “version:”"
        yield _refusal(_line(text, found) or 1, what, _WRITE)
    if no_text := _NO_TEXT.search(reason):
        yield _refusal(_of_value(text, no_text[1]), f"“{no_text[1]}” stands where a text is due", _QUOTE)
    if lacks := _LACKS.search(reason):
        name, whole = lacks[1], lacks[1] in _LISTS
        what = f"the lock has no “{name}:”" if whole else f"an entry has no “{name}:”"
        yield _refusal(None if whole else _lacking(text, name), what, _WRITE)
    if unknown := _UNKNOWN.search(reason):
        value = unknown[1] or unknown[3]
        what = f"is none of {unknown[2].replace('`', '')}" if unknown[2] else "is no platform such as linux-64"
        yield _refusal(_of_value(text, value), f"“{value}” {what}", _WRITE)
    if "digest" in reason:
        wrong = next((one for one in _HASH.finditer(text) if not _is_hash(one[1], one[2])), None)
        what = f"“{wrong[2][:80]}” is no {wrong[1]} hash" if wrong else "a hash cannot be read"
        yield _refusal(_line(text, wrong), what, _WRITE)
    if tab := _TAB.search(text):
        yield _refusal(_line(text, tab), "the line is indented with a tab", "Use blanks: YAML forbids tabs.")
    if place := _AT.search(reason):
        message = "the lock cannot be read: a bracket, a quotation mark, a colon or blanks are wrong here or just above"
        yield _refusal(int(place[1]), message, _WRITE)
    plain = redact(reason.strip().splitlines()[0].rstrip(".")) if reason.strip() else "no reason given"
    yield _refusal(None, f"the lock cannot be read: {plain}", _WRITE)


def _refusal(line: int | None, message: str, hint: str) -> Invalid:
    whole = f"Line {line}: {message}." if line else f"{message[:1].upper()}{message[1:]}."
    return Invalid(redact(whole), hint=hint, field="source", **({"line": line} if line else {}))


def _line(text: str, found: re.Match[str] | None) -> int | None:
    """The line that something was found in, from 1."""
    return text.count("\n", 0, found.start()) + 1 if found else None


def _of_value(text: str, value: str) -> int | None:
    """The line whose value this is; numbers may be written with more zeros than the parser says."""
    return _line(text, re.search(rf"^.*[:-] +{re.escape(value)}0*[ \r]*$", text, re.MULTILINE))


def _lacking(text: str, name: str) -> int | None:
    """The first line of the first package that lacks something."""
    items = [found.start() for found in re.finditer(r"^- ", text, re.MULTILINE)]
    for begin, end in zip(items, [*items[1:], len(text)], strict=True):
        if not re.search(rf"^(?:- |  ){name}:", text[begin:end], re.MULTILINE):
            return text.count("\n", 0, begin) + 1
    return None


def _is_hash(kind: str, value: str) -> bool:
    return len(value) == _DIGITS[kind] and all(letter in "0123456789abcdefABCDEF" for letter in value)
