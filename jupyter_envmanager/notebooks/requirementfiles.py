"""The files of requirements beside a notebook that its install lines name."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..environments.plainfile import read_plain

_MOST_FILES = 20
_LARGEST = 200_000


class RequirementFiles:
    """Reads them, each once, and so many at most.

    Parameters
    ----------
    folder:
        The notebook's folder; what leads out of it is not read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, list[str] | None] = {}

    def read(self, name: str) -> list[str] | None:
        """The plain requirements of a file; None where it is not there, too large, or one too many."""
        if name not in self._known and len(self._known) < _MOST_FILES:
            self._known[name] = self._lines(os.path.join(self._folder, name))  # noqa: PTH118
        return self._known.get(name)

    def _lines(self, path: str) -> list[str] | None:
        # Unlike realpath, this says no of a name that no file can have.
        if not os.path.exists(path):  # noqa: PTH110
            return None
        real = os.path.realpath(path)
        if not real.startswith(os.path.realpath(self._folder).rstrip(os.sep) + os.sep):
            return None
        try:
            text = read_plain(real, _LARGEST).decode("utf-8-sig", errors="replace")
        except OSError:
            return None
        lines = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in text.replace("\\\n", " ").splitlines())
        return [line for line in lines if line and not line.startswith(("-", "@"))]
