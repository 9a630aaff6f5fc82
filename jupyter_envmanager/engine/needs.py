"""Which of some packages need which others?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from rattler import RepoDataRecord

from ..environments.conda_records import dependency_name


def depends(record: RepoDataRecord) -> set[str]:
    """Names of the packages that a record needs."""
    return {dependency_name(text) for text in record.depends} - {""}


def roots(records: Mapping[str, RepoDataRecord], requested: Iterable[str]) -> set[str]:
    """Packages that are there for their own sake: asked for, needed by nobody, or needed in a circle only."""
    edges = {name: depends(record) for name, record in records.items()}
    needed = set().union(*edges.values()) if edges else set()
    found = {name for name in records if name not in needed} | (set(requested) & set(records))
    return found | (set(records) - closure(found, edges))


def needed_by(records: Mapping[str, RepoDataRecord]) -> dict[str, set[str]]:
    """By name: the packages that need it."""
    needs: dict[str, set[str]] = {}
    for name, record in records.items():
        for other in depends(record):
            needs.setdefault(other, set()).add(name)
    return needs


def closure(start: Iterable[str], edges: Mapping[str, Set[str]]) -> set[str]:
    """Everything that edges lead to, the start included."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(edges.get(name, ()))
    return found
