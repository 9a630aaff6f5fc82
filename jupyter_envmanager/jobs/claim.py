"""Who adds a job for an environment is alone while it looks whether there is one."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

# It takes a few milliseconds.
_FORGOTTEN_SECONDS = 5.0


@contextlib.contextmanager
def claimed(claim: Path) -> Iterator[None]:
    """Hold the file ``claim``; one that was forgotten is taken over. Blocking."""
    _take(claim)
    try:
        yield
    finally:
        claim.unlink(missing_ok=True)


def _take(claim: Path) -> None:
    while True:
        try:
            os.close(os.open(claim, os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - claim.stat().st_mtime > _FORGOTTEN_SECONDS:
                    claim.unlink()
            time.sleep(0.005)
        else:
            return
