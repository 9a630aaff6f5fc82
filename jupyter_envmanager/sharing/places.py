"""Which folders of environments are shared, with whom, and for what?

A site names them in ``EnvManagerApp.shared_locations``. An entry that cannot be used is said, and left out.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..models import GroupAccess, Problem

_SETTING = "EnvManagerApp.shared_locations"


class SharedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of environments that the Unix group ``gid`` shares; ``access`` is what its members may do.

    ``path`` is its real path.
    """

    path: str
    label: str
    group: str
    gid: int
    access: GroupAccess

    def holds(self, real: str) -> bool:
        """Whether a real path lies in it."""
        return real != self.path and real.startswith(self.path.rstrip(os.sep) + os.sep)


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    group: str | int | None = None
    access: Literal["read", "write"] = "read"
    label: str = ""


def shared_places(entries: Sequence[Mapping[str, Any]]) -> tuple[list[SharedPlace], list[Problem]]:
    """The shared folders, and what is wrong with the entries that are none.

    Parameters
    ----------
    entries:
        The site's ``shared_locations``.
    """
    places: list[SharedPlace] = []
    problems: list[Problem] = []
    for number, entry in enumerate(entries, start=1):
        try:
            place = _place(msgspec.convert(dict(entry), type=_Entry))
            if any(known.path == place.path for known in places):
                raise ValueError(f"{place.path} is named twice")
            places.append(place)
            problems += _doubts(place)
        except (ValueError, TypeError) as error:
            problems.append(_problem(number, entry, str(error)))
    return places, problems


def shared_place(prefix: Path, places: Sequence[Mapping[str, Any]]) -> SharedPlace | None:
    """The shared folder that a prefix is in, the innermost one; None where it is in none.

    Parameters
    ----------
    places:
        The site's ``shared_locations``.
    """
    # Most sites share nothing, and need not ask for the real path.
    return innermost(os.path.realpath(prefix), shared_places(places)[0]) if places else None


def innermost(real: str, places: Sequence[SharedPlace]) -> SharedPlace | None:
    """The innermost of the places that a real path lies in; None where it is in none."""
    return max((place for place in places if place.holds(real)), key=lambda place: len(place.path), default=None)


def _place(entry: _Entry) -> SharedPlace:
    if os.name == "nt":
        raise ValueError("Windows has no Unix groups")
    path = os.path.expanduser(entry.path)  # noqa: PTH111
    if not os.path.isabs(path) or not path.isprintable():  # noqa: PTH117
        raise ValueError(f"“{entry.path}” is not a full path")
    real = os.path.realpath(path)
    try:
        status = os.stat(real)  # noqa: PTH116
    except OSError as error:
        raise ValueError(f"{path} cannot be used: {error.strerror}") from error
    if not os.path.isdir(real):  # noqa: PTH112
        raise ValueError(f"{path} is not a folder")
    gid = status.st_gid if entry.group is None else _gid(entry.group)
    return SharedPlace(
        path=real,
        label=entry.label or os.path.basename(real),  # noqa: PTH119
        group=group_name(gid),
        gid=gid,
        access=entry.access,
    )


def _gid(group: str | int) -> int:
    try:
        return _gid_of(group)
    except (KeyError, ImportError, OverflowError) as error:
        raise ValueError(f"there is no group “{group}” on this machine") from error


@cache
def _gid_of(group: str | int) -> int:
    # A directory service may take its time; what it does not know is asked for again, as errors are not kept.
    import grp

    if isinstance(group, int) or group.isdigit():
        return grp.getgrgid(int(group)).gr_gid
    return grp.getgrnam(group).gr_gid


@cache
def group_name(gid: int) -> str:
    """The name of a group; its number where it has none."""
    try:
        import grp

        return grp.getgrgid(gid).gr_name
    except (KeyError, ImportError):
        return str(gid)


@cache
def user_name(uid: int) -> str:
    """The name of a user; the number where it has none."""
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (KeyError, ImportError):
        return str(uid)


def _doubts(place: SharedPlace) -> list[Problem]:
    """What the folder itself denies to the members, whatever the setting says."""
    status = os.stat(place.path)  # noqa: PTH116
    if place.access == "read" or (status.st_gid == place.gid and status.st_mode & 0o2020 == 0o2020):
        return []
    folder = shlex.quote(place.path)
    return [
        Problem(
            code="shared_location",
            message=f"Members of {place.group} cannot change environments in {place.path}: the folder is not theirs.",
            hint=f"Let its owner run: chgrp {shlex.quote(place.group)} {folder} && chmod g+rwxs {folder}",
            details={"path": place.path},
        )
    ]


def _problem(number: int, entry: Mapping[str, Any], why: str) -> Problem:
    return Problem(
        code="shared_location",
        message=f"Entry {number} of {_SETTING} is not used: {why.rstrip('.')}.",
        hint="Each entry has a path, and may have a group, an access (“read” or “write”) and a label.",
        details={"entry": str(entry)},
    )
