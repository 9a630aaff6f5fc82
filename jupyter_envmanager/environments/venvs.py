"""What is in a ``pyvenv.cfg``? The mark of a virtual environment: https://docs.python.org/3/library/site.html."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..models import Language
from .plainfile import read_plain


@dataclass(frozen=True, kw_only=True)
class Venv:
    """A virtual environment; ``modified`` in seconds since the epoch, ``owner`` by number."""

    language: Language | None
    modified: float
    owner: int


def read(prefix: str) -> Venv | None:
    """The venv at a folder, or None when it is no venv."""
    try:
        status = Path(prefix, "pyvenv.cfg").stat()
    except OSError:
        return None
    settings = _settings(prefix)
    # venv writes ``version``; virtualenv and uv write ``version_info``, uv in the short form, virtualenv with a suffix.
    version = settings.get("version") or ".".join(settings.get("version_info", "").split(".")[:3])
    language = Language(name="Python", version=version) if version else None
    return Venv(language=language, modified=status.st_mtime, owner=status.st_uid)


def base_prefixes(prefix: str) -> set[str]:
    """Real paths of the prefix whose Python a venv uses; empty when ``prefix`` is no venv.

    ``home`` names the folder of the interpreter: the prefix itself on Windows, its ``bin`` elsewhere.
    """
    home = _settings(prefix).get("home")
    if not home:
        return set()
    real = Path(home).resolve()
    return {str(real if os.name == "nt" else real.parent)}


def _settings(prefix: str) -> dict[str, str]:
    try:
        text = read_plain(Path(prefix, "pyvenv.cfg")).decode(errors="replace")
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, _, value in pairs}
