"""Does another tool keep this environment in line with a project? It would undo what is changed behind its back."""

from __future__ import annotations

from pathlib import Path

import msgspec

from .plainfile import read_plain


class _PixiMarker(msgspec.Struct):
    """``conda-meta/pixi``, which pixi writes into each environment that it installs
    (https://pixi.sh/latest/workspace/environment/#conda-meta-directory).
    """

    manifest_path: str | None = None


def managed_by(prefix: Path) -> str | None:
    """The tool that manages a prefix from a project, with the project's folder where that is known; None for nobody.

    Examples: ``pixi``, ``pixi (/home/ada/weather)``.
    """
    marker = prefix / "conda-meta" / "pixi"
    try:
        manifest = msgspec.json.decode(read_plain(marker), type=_PixiMarker).manifest_path
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        # It is pixi's all the same.
        return "pixi"
    return f"pixi ({Path(manifest).parent})" if manifest and manifest.isprintable() else "pixi"
