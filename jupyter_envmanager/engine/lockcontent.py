"""A lock -> what the panel shows of it before anything runs; nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ..config import Settings
from ..errors import EnvManagerError
from ..models import FileContent, Problem, SpecFormat
from ..specfiles import Draft
from . import lockorigins
from .locked import Locked, read
from .solve import platform

# The line is beside the message; what begins with a package's name stays as it is.
_LINE = re.compile(r"Line \d+: (the |an? |this )?")


def content(text: str, format: SpecFormat, settings: Settings, roots: Sequence[str]) -> FileContent:
    """How many packages a lock has, for which platforms, and all that is wrong with it. Blocking.

    Parameters
    ----------
    roots:
        Folders below which local channels may be.
    """
    draft = Draft(format=format, platform=platform())
    try:
        found = read(text, format, draft.platform)
        _take(found, draft)
        lockorigins.check(found.records, found.lines, settings, [], roots)
    except EnvManagerError as error:
        problems = msgspec.convert(error.details.get("problems") or [error.problem()], list[Problem])
        for problem in problems:
            message = _LINE.sub(lambda match: (match[1] or "").capitalize(), problem.message, count=1)
            draft.error(problem.details.get("line", 0), message, problem.hint)
    return draft.content()


def _take(found: Locked, draft: Draft) -> None:
    draft.locked = len(found.records) + len(found.dists)
    draft.platforms = found.platforms
    for problem in found.problems:
        draft.warn(problem.details.get("line", 0), problem.message, problem.hint)
