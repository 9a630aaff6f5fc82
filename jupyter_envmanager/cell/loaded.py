"""Has something changed under a running Python that it has loaded?"""

from __future__ import annotations

import sys
from pathlib import Path

Stamps = dict[str, tuple[str, int, int]]


def stamps(prefix: Path) -> Stamps:
    """File, size and time of each module that was loaded from an environment."""
    found: Stamps = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not Path(file).is_relative_to(prefix):
            continue
        try:
            status = Path(file).stat()
        except OSError:
            continue
        found[name] = (file, status.st_size, status.st_mtime_ns)
    return found


def changed(before: Stamps) -> list[str]:
    """The loaded packages of which a file is gone, or is another one by now."""
    found = set()
    for name, (file, size, time) in before.items():
        try:
            status = Path(file).stat()
        except OSError:
            found.add(name.partition(".")[0])
            continue
        if (status.st_size, status.st_mtime_ns) != (size, time):
            found.add(name.partition(".")[0])
    return sorted(found)
