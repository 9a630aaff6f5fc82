"""In which state is this environment? A plan is for one state, and refused in another."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from .footprint import look


def state(prefix: Path) -> str:
    """What is installed in a prefix, by any tool, as one hash; ``""`` where there is no environment.

    Two equal answers: no package, conda's or Python's, was installed or removed in between, and none was asked for or
    pinned. Blocking: a look at every record, none is opened.
    """
    real = os.path.realpath(prefix)
    if not os.path.isdir(os.path.join(real, "conda-meta")):  # noqa: PTH112, PTH118
        return ""
    seen = look(real, None, time.time_ns())
    digest = hashlib.sha256()
    # Not when rights or names changed: a clone gives a file one name more.
    for stamps in (seen.records, seen.distributions):
        content = sorted((name, stamp[:3]) for name, stamp in stamps.items())
        digest.update(repr(content).encode(errors="surrogateescape"))
    digest.update(repr(tuple(stamp and stamp[:3] for stamp in seen.texts)).encode())
    return digest.hexdigest()
