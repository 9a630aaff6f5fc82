"""Which kernels go on with the old packages when a change is applied?"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..models import Problem
from ..plans import StoredChange


class RunningSession(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel that runs now: its kernelspec's name, and the notebook or console it is for."""

    kernel: str
    path: str


def with_sessions(stored: StoredChange, sessions: Sequence[RunningSession]) -> StoredChange:
    """A plan that warns of the kernels that run in its environment."""
    if not sessions or not stored.plan.actions:
        return stored
    one = len(sessions) == 1
    them = "it" if one else "them"
    warning = Problem(
        code="kernels_running",
        message=f"{'A kernel runs' if one else f'{len(sessions)} kernels run'} in this environment.",
        hint=f"{'It goes' if one else 'They go'} on with the old packages until you restart {them}.",
        details={"sessions": [msgspec.to_builtins(session) for session in sessions]},
    )
    plan = msgspec.structs.replace(stored.plan, warnings=[*stored.plan.warnings, warning])
    return msgspec.structs.replace(stored, plan=plan)
