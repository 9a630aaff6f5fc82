"""``requirements.txt``: pip's, and what ``conda list --export`` writes, which many call the same.

See https://pip.pypa.io/en/stable/reference/requirements-file-format/ and
https://docs.conda.io/projects/conda/en/stable/commands/list.html.
"""

from __future__ import annotations

import re

from ..errors import Invalid
from ..pypi.requirementfile import read_lines
from . import condaspecs, piplines
from .draft import FEWER, MOST, TOO_MANY, Draft, Item

_CONDA = re.compile(r"([A-Za-z0-9_][\w.-]*)=([^=<>!~\s;]+)(?:=([^=\s]+))?")
_PLATFORM = re.compile(r"^# platform: (\S+)$", re.MULTILINE)


def read(text: str, draft: Draft) -> None:
    """Read requirements into ``draft``; Python is asked for along with them."""
    conda_line = 0
    try:
        for count, (number, line) in enumerate(read_lines(text.encode(), "the file")):
            if count >= MOST:
                draft.error(number, TOO_MANY, FEWER)
                break
            found = _CONDA.fullmatch(line)
            if found is None:
                piplines.add(line, number, draft)
            elif found.group(3) in ("pypi_0", "<pip>"):
                draft.pypi.append(Item(f"{found.group(1)}=={found.group(2)}", number))
            else:
                conda_line = conda_line or number
                condaspecs.add(line, number, draft)
    except Invalid as error:
        draft.error(error.details.get("line", 0), error.message, error.hint)
        return
    if conda_line:
        message = "The lines with a single “=” are read as packages of conda, as “conda list --export” writes them."
        draft.warn(conda_line, message)
        _check_platform(text, draft)
    if not draft.specs and not draft.pypi and draft.usable:
        draft.error(0, "The file names no packages.", "Write one requirement a line, such as “requests”.")
    elif draft.pypi and not any(condaspecs.name_of(spec) == "python" for spec, _ in draft.specs):
        draft.specs.append(Item("python"))


def _check_platform(text: str, draft: Draft) -> None:
    found = _PLATFORM.search(text)
    if found is None:
        return
    draft.platforms = [found.group(1)]
    if found.group(1) != draft.platform:
        line = text.count("\n", 0, found.start()) + 1
        message = f"The list is from {found.group(1)}; this is {draft.platform}."
        draft.warn(line, message, "If its builds are not there, take what follows the second “=” out of each line.")
