"""Who is in a group, and what may each of them do with a folder of somebody else?"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from .rights import PASS, READ, allows

# A course may have hundreds: what is right for so many is right for the others.
MOST = 200


@dataclass(frozen=True, kw_only=True)
class Members:
    """The members of a group as far as this machine tells, and all groups of each; ``gid`` is the group's own."""

    gid: int | None
    groups: dict[str, frozenset[int]]
    uids: dict[str, int]

    def but(self, uid: int) -> list[str]:
        """Their names, without that of one user."""
        return sorted(name for name in self.groups if self.uids[name] != uid)

    def may(self, status: os.stat_result, bits: int) -> bool:
        """Whether all members may do this with a file or folder.

        Of those who are known, each one's groups count: a file of another group may be closed to just that one. Where
        nobody is known, it is the group's own bits.
        """
        others = self.but(status.st_uid)
        if not others:
            return allows(status, self.gid) & bits == bits
        return all(self._allowed(name, status) & bits == bits for name in others)

    def _allowed(self, name: str, status: os.stat_result) -> int:
        return (status.st_mode >> 3 if status.st_gid in self.groups[name] else status.st_mode) & 0o7


def members_of(gid: int | None) -> Members:
    """The members of a group: those on its list, and those whose first group it is. Nobody for None; blocks."""
    if gid is None or os.name == "nt":
        return Members(gid=gid, groups={}, uids={})
    import grp
    import pwd

    try:
        listed = set(grp.getgrgid(gid).gr_mem)
    except KeyError:
        listed = set()
    found: dict[str, int] = {}
    first: dict[str, int] = {}
    for user in pwd.getpwall():
        first[user.pw_name] = user.pw_gid
        if user.pw_gid == gid:
            found[user.pw_name] = user.pw_uid
    for name in sorted(listed)[:MOST]:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        found[name], first[name] = user.pw_uid, user.pw_gid
    names = sorted(found)[:MOST]
    return Members(
        gid=gid,
        groups={name: frozenset(os.getgrouplist(name, first[name])) for name in names},
        uids={name: found[name] for name in names},
    )


def closed_folders(path: str, members: Members) -> list[tuple[str, os.stat_result]]:
    """The folders on the way to a real path that members cannot pass, from the root on."""
    found = []
    folder = os.path.dirname(path)  # noqa: PTH120
    while True:
        status = os.stat(folder)  # noqa: PTH116
        if not members.may(status, PASS):
            found.append((folder, status))
        if folder == os.path.dirname(folder):  # noqa: PTH120
            return found[::-1]
        folder = os.path.dirname(folder)  # noqa: PTH120


def can_use(path: str, members: Members) -> bool:
    """Whether members can read what is at a path, and run it where its owner can."""
    try:
        real = os.path.realpath(path)
        status = os.stat(real)  # noqa: PTH116
        runs = stat.S_ISDIR(status.st_mode) or bool(status.st_mode & stat.S_IXUSR)
        return members.may(status, READ | (PASS if runs else 0)) and not closed_folders(real, members)
    except PermissionError:
        # This user cannot even look.
        return False
    except (OSError, ValueError):
        # What is not there keeps nobody out.
        return True
