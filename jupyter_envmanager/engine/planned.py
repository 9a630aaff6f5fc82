"""What a solved change does to each package, as lines of a plan."""

from __future__ import annotations

from rattler import RepoDataRecord

from ..models import Operation, PlanAction
from .change import Outcome
from .channels import channel_name


def actions(outcome: Outcome) -> list[PlanAction]:
    """One line for each package that comes, goes or changes; what was asked for first."""
    moved = _moves_python(outcome)
    lines = []
    for name in {*outcome.before, *outcome.after}:
        old, new = outcome.before.get(name), outcome.after.get(name)
        relinked = name in outcome.relink or (moved and new is not None and new.noarch.python)
        if old is not new or relinked:
            lines.append(_line(name, old, new, name in outcome.asked))
    return sorted(lines, key=lambda line: (line.reason != "asked", line.name))


def downgraded(outcome: Outcome) -> list[str]:
    """Names of the packages that go back to an older version although nobody asked for it, sorted."""
    return sorted(line.name for line in actions(outcome) if line.op == "downgrade" and line.reason != "asked")


def _line(name: str, old: RepoDataRecord | None, new: RepoDataRecord | None, asked: bool) -> PlanAction:
    record = new or old
    assert record is not None
    return PlanAction(
        op=_operation(old, new),
        name=name,
        from_=str(old.version) if old else None,
        to=str(new.version) if new else None,
        build=str(record.build),
        channel=channel_name(record),
        size=new.size if new else None,
        reason="asked" if asked else "needed",
    )


def _operation(old: RepoDataRecord | None, new: RepoDataRecord | None) -> Operation:
    if old is None:
        return "install"
    if new is None:
        return "remove"
    if new.version == old.version:
        return "rebuild"
    return "upgrade" if new.version > old.version else "downgrade"


def _moves_python(outcome: Outcome) -> bool:
    old, new = outcome.before.get("python"), outcome.after.get("python")
    return old is not None and new is not None and _series(old) != _series(new)


def _series(record: RepoDataRecord) -> str:
    return ".".join(str(record.version).split(".")[:2])
