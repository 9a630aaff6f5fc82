"""What to know before a change is applied: the things that a plan's lines do not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import Settings
from ..environments.managers import managed_by
from ..kernels import KERNEL_PACKAGES
from ..models import Packages, Problem
from ..targets import too_full

if TYPE_CHECKING:
    from ..engine.change import Outcome


def warnings(outcome: Outcome, packages: Packages, prefix: Path, disk: int, newer: Mapping[str, str]) -> list[Problem]:
    """What to know before a change is applied.

    Parameters
    ----------
    disk:
        Bytes that the change may need.
    newer:
        Newer versions of what was to be updated and is held, by name.
    """
    found = [
        *_about_held(packages, newer),
        *_about_versions(outcome, packages),
        *_about_removals(outcome),
        *_about_python(outcome, packages),
    ]
    if manager := managed_by(prefix):
        found.append(
            Problem(
                code="managed",
                message=f"This environment is managed by {manager}, which may undo the change.",
                hint="Add the packages to that project as well.",
            )
        )
    return [*found, *too_full(prefix, disk, "change", "Free some space first.")]


def _about_held(packages: Packages, newer: Mapping[str, str]) -> list[Problem]:
    """Packages that stay although there is a newer version, because somebody said so."""
    found = []
    for one in packages.packages:
        version = newer.get(one.name) if one.manager == "conda" else None
        if version is None:
            continue
        found.append(
            Problem(
                code="pinned" if one.pinned else "held",
                message=f"{one.name} stays at {one.version}: "
                + (f"it is pinned to “{one.pinned}”." if one.pinned else f"“{one.spec}” was asked for."),
                hint=f"There is {version}. "
                + ("Unpin it" if one.pinned else f"Update {one.name} by name")
                + " to get it.",
                details={"packages": [one.name], "newest": version},
            )
        )
    return found


def _about_versions(outcome: Outcome, packages: Packages) -> list[Problem]:
    from ..engine.planned import downgraded

    found = []
    if lower := downgraded(outcome):
        found.append(
            Problem(
                code="downgrade",
                message=f"{_list(lower)} {'goes' if len(lower) == 1 else 'go'} back to an older version.",
                hint="The new packages need it so. Choose other versions if that is not wanted.",
                details={"packages": lower},
            )
        )
    shadowed = [one.name for one in packages.packages if one.shadowed_by and one.name in outcome.asked]
    if shadowed:
        found.append(
            Problem(
                code="shadowed",
                message=f"{_list(shadowed)}: a PyPI package has overwritten the conda package.",
                hint="Remove the PyPI package if the conda package shall count.",
                details={"packages": shadowed},
            )
        )
    return found


def _about_removals(outcome: Outcome) -> list[Problem]:
    found = []
    if outcome.dragged:
        found.append(
            Problem(
                code="removes_more",
                message=f"{_list(outcome.dragged)} {'is' if len(outcome.dragged) == 1 else 'are'} removed as well.",
                hint="They need what you remove.",
                details={"packages": outcome.dragged},
            )
        )
    if outcome.kept:
        found.append(
            Problem(
                code="still_needed",
                message=f"{_list(outcome.kept)} {'stays' if len(outcome.kept) == 1 else 'stay'}: needed.",
                hint="The packages that you install need them.",
                details={"packages": outcome.kept},
            )
        )
    if gone := sorted(name for name in outcome.remove if name in KERNEL_PACKAGES or name in ("python", "r-base")):
        found.append(
            Problem(
                code="kernel_removed",
                message=f"Without {_list(gone)} the kernels of this environment do not start any more.",
                hint="Kernels that run now fail as soon as they need a file that is gone.",
                details={"packages": gone},
            )
        )
    return found


def _about_python(outcome: Outcome, packages: Packages) -> list[Problem]:
    old, new = outcome.before.get("python"), outcome.after.get("python")
    if old is None or new is None or _series(old) == _series(new):
        return []
    pypi = [one.name for one in packages.packages if one.manager == "pypi"]
    return [
        Problem(
            code="python_changes",
            message=f"Python changes from {_series(old)} to {_series(new)}.",
            hint="All Python packages are replaced"
            + (f"; those from PyPI are installed again: {_list(pypi)}." if pypi else "."),
            details={"pypi": pypi},
        )
    ]


def _series(record: Any) -> str:
    return ".".join(str(record.version).split(".")[:2])


def _list(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def new_channels(used: Sequence[str], own: Sequence[str] | None, settings: Settings) -> list[Problem]:
    """What another user's environment brings besides packages: the channels that later ones come from."""
    from ..engine.client import clean_url

    known = {clean_url(url) for name in own or settings.channels for url in settings.channel_urls(name)}
    urls = {clean_url(url) for name in used for url in settings.channel_urls(name)}
    if not (new := sorted(urls - known)):
        return []
    return [
        Problem(
            code="new_channels",
            message=f"The other environment brings channels that this one does not have: {', '.join(new)}.",
            hint="Somebody else chose them. Go on only if you trust them.",
            details={"channels": new},
        )
    ]
