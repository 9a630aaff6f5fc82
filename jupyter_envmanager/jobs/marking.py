"""What we write into a new environment of what we know of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..engine import generations
from ..engine.workplace import write_marker
from ..environments import fingerprint


def write_first(
    stage: Path, job: str, title: str, *, channels: Sequence[str], specs: Sequence[str], gpu: Any = None
) -> None:
    """Write the marker of a first generation, as the last file of all.

    Parameters
    ----------
    title:
        How it came to be.
    channels, specs:
        What it was made from, and what for.
    gpu:
        The `GpuTarget` that it is for; None where nobody has said.
    """
    write_marker(
        stage,
        {
            "job": job,
            "generation": generations.FIRST,
            "title": title,
            "version": __version__,
            "created": time.time(),
            "channels": list(channels),
            "specs": list(specs),
            "gpu": gpu,
            "fingerprint": fingerprint(stage),
        },
    )
