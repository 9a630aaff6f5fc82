"""What a solved change does to each package, as lines of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Set

import msgspec
from rattler import RepoDataRecord

from ..gpu.builds import Build, numbered
from ..models import Operation, PlanAction
from .change import Outcome
from .channels import channel_name
from .variants import as_builds


def actions(outcome: Outcome) -> list[PlanAction]:
    """One line for each package that comes, goes or changes; what was asked for first."""
    moved = _moves_python(outcome)
    lines = []
    for name in {*outcome.before, *outcome.after}:
        old, new = outcome.before.get(name), outcome.after.get(name)
        relinked = name in outcome.relink or (moved and new is not None and new.noarch.python)
        if old is not new or relinked:
            lines.append(_line(name, old, new, name in outcome.asked))
    lines = _with_variants(lines, outcome)
    return sorted(lines, key=lambda line: (line.reason != "asked", line.name))


def downgraded(outcome: Outcome) -> list[str]:
    """Names of the packages that go back to an older version although nobody asked for it, sorted."""
    return sorted(line.name for line in actions(outcome) if line.op == "downgrade" and line.reason != "asked")


def _with_variants(lines: list[PlanAction], outcome: Outcome) -> list[PlanAction]:
    """Say of rebuilds what they mean for the GPU; who asked for a package once asks for its other build, too."""
    rebuilt = {line.name for line in lines if line.op == "rebuild"}
    if not rebuilt:
        return lines
    words = [_variants(records, rebuilt) for records in (outcome.before, outcome.after)]
    said = []
    for line in lines:
        old, new = (found.get(line.name, "") for found in words)
        if old and new and old != new:
            reason = "asked" if line.name in outcome.requested else line.reason
            line = msgspec.structs.replace(line, variant=f"{old} → {new}", reason=reason)
        said.append(line)
    return said


def _variants(records: Mapping[str, RepoDataRecord], names: Set[str]) -> dict[str, str]:
    """Which build each package is, in words: ``CUDA 12.9``, ``CPU build``."""
    plan: dict[str, Build] = {one.name: one for one in as_builds(records.values())}
    found = {name: numbered(plan[name], plan) for name in names if name in plan}
    return {
        name: "CPU build" if one.kind == "cpu" else f"CUDA {one.cuda}" if one.cuda else "GPU build"
        for name, one in found.items()
        if one is not None
    }


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
