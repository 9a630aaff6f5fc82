"""A request for a change in words, as the history and the activity show it."""

from __future__ import annotations

from collections.abc import Sequence

from ..models import Change, Environment, FileSource, GpuTarget
from ..redaction import redact
from ..words import first

_MOST = 4
_LIKE = "Make it like "


def title(change: Change, target: GpuTarget | None = None, *, other: Environment | None = None) -> str:
    """One line, e.g. ``Install tqdm, numpy<2; remove pandas``.

    Parameters
    ----------
    target:
        The one that the environment is to be for from now on; None where it stays.
    other:
        The one that it becomes like.
    """
    parts = [
        f"{_LIKE}{other.name}" if other is not None else "",
        f"Update from {_file(change.source)}" if isinstance(change.source, FileSource) else "",
        _part("Install", [*change.install, *change.pypi.install]),
        _part("Install from", [path.rpartition("/")[2] for path in change.pypi.requirements]),
        "Update all" if change.update == "all" else _part("Update", change.update),
        _part("Remove", [*change.remove, *change.pypi.remove]),
        _part("Pin", change.pin),
        _part("Unpin", change.unpin),
        _part("Repair", change.repair),
        f"Switch to {_builds(target)}" if target is not None else "",
    ]
    said = [part for part in parts if part]
    return "; ".join([*said[:1], *(part[0].lower() + part[1:] for part in said[1:])]) or "No change"


def title_in(title: str, name: str) -> str:
    """As `title` has it, where it is not said already which environment changes."""
    return f"Make {name} like {title[len(_LIKE) :]}" if title.startswith(_LIKE) else f"{title} in {name}"


def _file(source: FileSource) -> str:
    name = redact(" ".join(source.filename.rpartition("/")[2].split()))
    return name[:60] or source.format or "a file"


def _part(verb: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"{verb} {first([' '.join(name.split())[:60] for name in names], _MOST)}"


def _builds(target: GpuTarget) -> str:
    if target.origin == "cpu":
        return "CPU builds"
    return f"builds for {'this machine' if target.origin == 'machine' else target.title}"
