"""What a resolution means to a person: actions, sizes and warnings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from packaging.version import InvalidVersion, Version

from ..models import Operation, PlanAction, Problem
from ..words import first
from .dryrun import Changes
from .lock import Locked
from .names import normal
from .needs import conflicts
from .state import Dist, PypiPlan, PypiState


def describe(
    state: PypiState, changes: Changes, locked: Sequence[Locked], *, removed: set[str], asked: set[str]
) -> PypiPlan:
    """A plan for these changes, but for its lock.

    Parameters
    ----------
    removed, asked:
        Normalised names that go, and all that the request named.
    """
    before = {normal(dist.name): dist for dist in state.pypi}
    conda = {normal(dist.name): dist for dist in state.conda}
    gone = {name for name in before if name not in changes.installed and (state.moved or name in removed)}
    files = {normal(package.name): package for package in locked}
    actions = [
        _action(name, to, before.get(name) or conda.get(name), files.get(name), state, name in asked)
        for name, to in sorted(changes.installed.items())
    ]
    actions += [_removal(before[name], name in asked) for name in sorted(gone)]
    changed = set(changes.installed)
    kept = {normal(name) for name in state.requested} - gone
    return PypiPlan(
        actions=actions,
        remove=[before[name].name for name in sorted(gone)],
        # What conda brings stays conda's, however often it is asked for.
        requested=sorted(kept | {name for name in asked - removed if name not in conda or name in changed}),
        python_version=state.python_version,
        warnings=[
            *_overwritten(conda, changes),
            *_rebuilt(before, changes, state),
            *_broken(state, changes, gone),
            *_from_source(locked, state.python_version),
        ],
    )


def _action(
    name: str, to: str | None, before: Dist | None, package: Locked | None, state: PypiState, asked: bool
) -> PlanAction:
    artifact = package.artifact(state.python_version) if package else None
    reason: Literal["asked", "needed"] = "asked" if asked else "needed"
    to = to or (package.version if package else "") or None
    return PlanAction(
        op=_operation(before, to, state.moved),
        name=name,
        manager="pypi",
        from_=before.version if before else None,
        to=to,
        channel=package.source if package else None,
        size=artifact.size if artifact else None,
        reason=reason,
    )


def _operation(before: Dist | None, to: str | None, moved: bool) -> Operation:
    if before is None:
        return "install"
    if moved or to is None or to == before.version:
        return "rebuild"
    try:
        return "upgrade" if Version(to) > Version(before.version) else "downgrade"
    except InvalidVersion:
        return "upgrade"


def _removal(dist: Dist, asked: bool) -> PlanAction:
    reason: Literal["asked", "needed"] = "asked" if asked else "needed"
    return PlanAction(op="remove", name=dist.name, manager="pypi", from_=dist.version, reason=reason)


def _overwritten(conda: dict[str, Dist], changes: Changes) -> Iterator[Problem]:
    for name, to in sorted(changes.installed.items()):
        if name in conda:
            yield Problem(
                code="overwrites_conda",
                message=f"{name} {to or ''} from PyPI replaces {name} {conda[name].version}, which conda installed.",
                hint="A later conda change may bring conda's package back.",
                details={"packages": [{"name": name, "from": conda[name].version, "to": to}]},
            )


def _rebuilt(before: dict[str, Dist], changes: Changes, state: PypiState) -> Iterator[Problem]:
    if not state.moved:
        return
    moves = [
        f"{dist.name} {dist.version} → {changes.installed[name]}"
        for name, dist in sorted(before.items())
        if changes.installed.get(name) not in (None, dist.version)
    ]
    if moves:
        yield Problem(
            code="pypi_versions_change",
            message=f"Not every PyPI package has its version for Python {state.python_version}: {', '.join(moves)}.",
            hint="Check that your code works with these versions.",
        )


def _broken(state: PypiState, changes: Changes, gone: set[str]) -> Iterator[Problem]:
    """What fits now and will not afterwards."""
    now = {normal(dist.name): dist for dist in [*state.conda, *state.pypi]}
    # What new distributions need, uv has seen to.
    new: dict[str, Dist] = {name: Dist(name=name, version=to or "") for name, to in changes.installed.items()}
    then = {name: dist for name, dist in {**now, **new}.items() if name not in gone}
    known = {(dist.name, str(need)) for dist, need, _ in conflicts(now.values(), state.python_version)}
    lost: dict[str, list[str]] = {}
    for dist, need, there in conflicts(then.values(), state.python_version):
        if (dist.name, str(need)) in known:
            continue
        if there is None:
            lost.setdefault(normal(need.name), []).append(dist.name)
        else:
            yield Problem(
                code="pypi_conflict",
                message=f"{dist.name} {dist.version} needs {need.name}{need.specifier}, but will find {there.version}.",
                hint=f"Update {dist.name} as well, or choose another version.",
            )
    for name, users in sorted(lost.items()):
        yield Problem(
            code="pypi_needed",
            message=f"{name} is needed by {', '.join(sorted(users))}.",
            hint=f"Keep {name}, or remove these as well.",
            details={"package": name, "needed_by": sorted(users)},
        )


def _from_source(locked: Sequence[Locked], python_version: str) -> Iterator[Problem]:
    """What takes longer than a download, and may fail on this machine."""
    built = sorted(normal(package.name) for package in locked if package.from_source(python_version))
    if built:
        yield Problem(
            code="builds_from_source",
            message=f"{first(built, 5)} will be built from source on this machine.",
            hint="That takes longer, may need compilers, and runs the package's own code: add only what you trust.",
            details={"packages": built},
        )
