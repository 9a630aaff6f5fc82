"""Environments and their group."""

from __future__ import annotations

from typing import Literal

from .wire import Problem, Wire

GroupAccess = Literal["read", "write"]


class Sharing(Wire, frozen=True, kw_only=True):
    """Who can use an environment, and who can change it.

    ``group`` is the Unix group that it is shared with, None where it is not. ``problems`` is what keeps other members
    from reading it; ``repairable`` says that this user may put all or some of that right. ``members`` are the group's,
    as far as the system tells; ``writers`` those who can change it, in words.
    """

    owner: str
    group: str | None = None
    access: GroupAccess | None = None
    members: list[str] = []
    writers: str = ""
    files: int = 0
    repairable: bool = False
    problems: list[Problem] = []
