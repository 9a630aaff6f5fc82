"""What a file asks for, piece by piece, and what is asked for in its stead."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import Invalid
from ..models import Manager, Problem
from ..pypi.names import normal
from ..redaction import redact
from .condaspecs import MOST_LETTERS, name_of, problem_of
from .draft import Draft, Item, shown

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\]\s*)?(?:[=<>!~]=|[<>;(]|@\s*(\S+)|$)")


class FileSpec(NamedTuple):
    """A spec as the file has it, and as it is ``asked`` for; ``line`` counts from 1, 0 for what no line says."""

    spec: str
    asked: str
    line: int = 0
    manager: Manager = "conda"


def relax(draft: Draft, relaxed: Mapping[str, str]) -> list[FileSpec]:
    """Put other specs in the place of those of a file; all that it asks for then.

    Parameters
    ----------
    relaxed:
        Specs as the file has them -> those that are asked for instead.

    Raises
    ------
    Invalid
        The file has no such spec, or the other one is of another package, or from another place.
    """
    if any(len(one) > MOST_LETTERS for pair in relaxed.items() for one in pair):
        raise Invalid(
            f"A package is relaxed that has more than {MOST_LETTERS:,} letters.",
            hint="Choose one of the offered ones.",
            field="source",
        )
    used: set[str] = set()
    found: list[FileSpec] = []
    for items, manager in ((draft.specs, "conda"), (draft.pypi, "pypi")):
        specs = [_relaxed(item, relaxed, "conda" if manager == "conda" else "pypi", draft.platform) for item in items]
        used.update(one.spec for one in specs)
        items[:] = [Item(one.asked, one.line) for one in specs]
        found += specs
    if unknown := [spec for spec in relaxed if spec not in used]:
        raise Invalid(
            f"The file does not ask for {shown(unknown[0])}, so this cannot be relaxed.",
            hint="Read the file again: it has changed since.",
            field="source",
            spec=unknown[0],
        )
    return found


def _relaxed(item: Item, relaxed: Mapping[str, str], manager: Manager, platform: str) -> FileSpec:
    asked = relaxed.get(item.text, item.text).strip()
    if asked != item.text and (reason := _objection(asked, item.text, manager, platform)):
        raise Invalid(
            redact(f"{shown(asked)} cannot stand for {shown(item.text)}: {reason}."),
            hint="Choose one of the offered ones.",
            field="source",
            spec=item.text,
            **({"line": item.line} if item.line else {}),
        )
    return FileSpec(item.text, asked, item.line, manager)


def _objection(asked: str, spec: str, manager: Manager, platform: str) -> str:
    """Why one spec cannot stand for another; empty where it can."""
    name = name_of if manager == "conda" else requirement_name
    if not name(asked) or name(asked) != name(spec):
        return "it is another package"
    if manager == "pypi":
        return "it comes from another place" if _address(asked) not in ("", _address(spec)) else ""
    problem = problem_of(asked, platform)
    return problem[0].rstrip(".") if problem else ""


def requirement_name(line: str) -> str:
    """The normalised name of the package in a requirement line; empty where it has none."""
    found = _REQUIREMENT.match(line)
    return normal(found.group(1)) if found else ""


def _address(line: str) -> str:
    found = _REQUIREMENT.match(line)
    return (found.group(2) or "") if found else ""


def told(specs: Sequence[FileSpec]) -> list[Problem]:
    """A warning for each that is asked for otherwise than the file has it."""
    return [
        Problem(
            code="relaxed",
            message=f"{shown(one.spec)} is relaxed to {shown(one.asked)}.",
            field="source",
            details={"spec": one.spec, "relaxed": one.asked, **({"line": one.line} if one.line else {})},
        )
        for one in specs
        if one.asked != one.spec
    ]
