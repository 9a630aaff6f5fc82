"""Lines that pip would read: requirements, and the options among them.

The format is pip's (https://pip.pypa.io/en/stable/reference/requirements-file-format/). Whether a requirement can be
read, and a path be used, is for ``pypi`` to say: that needs this machine.
"""

from __future__ import annotations

import re

from .draft import Draft, Item, shown

_OPTION = re.compile(r"(--[a-z][a-z-]*|-[a-zA-Z])(?:\s*=\s*|\s+|)(.*)", re.DOTALL)
_FILES = ("-r", "--requirement", "-c", "--constraint")
_EDITABLE = ("-e", "--editable")
_INDEXES = (
    "-i",
    "--index-url",
    "--pypi-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--no-index",
    "--trusted-host",
    "--cert",
    "--client-cert",
    "--proxy",
)
_KNOWN = ("--pre", "--no-binary", "--only-binary")


def add(text: str, line: int, draft: Draft, *, column: int = 0) -> None:
    """Take in one line, or say what is wrong with it or passed over."""
    text = text.strip()
    if "\n" in text:
        draft.error(line, f"{shown(text)} are several lines.", "Begin each with a dash.", column=column)
        return
    found = _OPTION.fullmatch(text)
    if found is None:
        draft.pypi.append(Item(text, line))
        return
    option, value = found.group(1), found.group(2).strip()
    if option in _FILES:
        _file(text, value.strip("'\""), line, draft)
    elif option in _EDITABLE:
        _editable(text, value.strip("'\""), line, draft)
    elif option in _INDEXES:
        message = f"{option} is passed over: packages come from the index in the site’s settings."
        draft.warn(line, message, "If one is not found there, ask whoever runs this site to add the index.")
    elif option in _KNOWN:
        draft.pypi.append(Item(text, line))
    else:
        draft.warn(line, f"{shown(text)} is passed over: the option is not understood here.", "Take it out.")


def _file(text: str, path: str, line: int, draft: Draft) -> None:
    """What lies beside a file does not come along with its text; a whole path is for ``pypi`` to follow."""
    if path.startswith(("/", "~/")):
        draft.pypi.append(Item(text, line))
        return
    where = "address" if "://" in path else "file"
    draft.error(
        line,
        f"The line names another {where}, {shown(path)}, which is not read along.",
        "Put the lines of both into this one file, or give its full path, which begins with “/”.",
    )


def _editable(text: str, target: str, line: int, draft: Draft) -> None:
    if not re.match(r"[a-z]+\+", target):
        draft.pypi.append(Item(text, line))
        return
    draft.warn(line, f"{shown(target)} is installed as it is: only a folder of this machine can be editable.")
    draft.pypi.append(Item(target, line))
