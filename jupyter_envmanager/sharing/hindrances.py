"""What keeps members of a group out, as a person reads it, and what to do."""

from __future__ import annotations

import os
import shlex

from ..models import Problem
from .places import SharedPlace, user_name

SHOWN = 5
_ACL = "system.posix_acl_access"


def closed(folder: str, status: os.stat_result, place: SharedPlace) -> Problem:
    """A folder on the way that members cannot pass, and what would let them."""
    same = status.st_gid == place.gid
    command = f"chmod {'g' if same else 'o'}+x {shlex.quote(folder)}"
    mine = is_mine({status.st_uid})
    inside = mine and (folder == place.path or place.holds(folder))
    who = "you own it" if mine else f"it belongs to {user_name(status.st_uid)}"
    if inside:
        hint = "“Repair” opens it."
    elif mine:
        hint = f"It holds other things, too, so it is left to you: {command}"
    else:
        hint = f"Ask {user_name(status.st_uid)} to run: {command}"
    return Problem(
        code="closed_folder",
        message=f"Other members of {place.group} cannot pass {folder}; {who}.",
        hint=hint,
        details={"path": folder, "command": command, "repairable": inside},
    )


def kept_out(code: str, verb: str, paths: list[str], real: str, owners: set[int], place: SharedPlace) -> Problem:
    """What members cannot read, or write into, in the environment at ``real``; its ``owners`` can change that."""
    count = len(paths)
    what = "a file or folder" if count == 1 else f"{count} files and folders"
    mine = is_mine(owners)
    hint = f"Ask {_names(owners)} to put it right with the same check."
    return Problem(
        code=code,
        message=f"Other members of {place.group} cannot {verb} {what}: {_inside(paths, real)}.",
        hint="“Repair” does what is yours to do." if mine else hint,
        details={"paths": paths[:100], "count": count, "repairable": mine},
    )


def private(paths: list[str], real: str, owners: set[int], place: SharedPlace) -> Problem:
    """Files in the environment at ``real`` that no repair touches: see `rights.is_private`."""
    count, first = len(paths), shlex.quote(paths[0])
    what = "a private file that has" if count == 1 else f"{count} private files that have"
    who = "" if is_mine(owners) else f"Ask {_names(owners)} to do it: "
    command = f"cp -p {first} {first}.new && mv {first}.new {first}"
    return Problem(
        code="private_names",
        message=f"Other members of {place.group} cannot read {what} another name elsewhere: {_inside(paths, real)}.",
        hint="“Repair” leaves them as they are, as somebody may keep the other name private. Where the group may read "
        f"it, put a copy in its place, then choose “Repair”. {who}{command}",
        details={"paths": paths[:100], "count": count, "command": command, "repairable": False},
    )


def _inside(paths: list[str], real: str) -> str:
    return ", ".join(os.path.relpath(path, real) for path in paths[:SHOWN]) + (", …" if len(paths) > SHOWN else "")


def _names(owners: set[int]) -> str:
    return ", ".join(sorted(user_name(uid) for uid in owners))


def outside(path: str, leads: str) -> Problem:
    """A link, or a line of a ``.pth`` file, that leads members to what they cannot use."""
    return Problem(
        code="outside",
        message=f"{path} leads to {leads}, which other members cannot use.",
        hint="Install it from a package instead, or let the group read that folder.",
        details={"path": path, "leads": leads},
    )


def acls(paths: list[str]) -> list[Problem]:
    """That some of these have an access control list (https://man7.org/linux/man-pages/man5/acl.5.html)."""
    listed = [path for path in paths if _has_acl(path)]
    if not listed:
        return []
    return [
        Problem(
            code="acl",
            message=f"{', '.join(listed)} has an access control list, which is not judged here.",
            hint=f"Look at it with: getfacl {shlex.quote(listed[0])}",
            details={"paths": listed},
        )
    ]


def _has_acl(path: str) -> bool:
    try:
        return bool(os.getxattr(path, _ACL))
    except (OSError, AttributeError):
        return False


def is_mine(owners: set[int]) -> bool:
    """Whether something of one of these users is this user's to change."""
    return os.geteuid() == 0 or os.geteuid() in owners
