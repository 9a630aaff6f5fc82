"""A wish has no answer beside what is there -> what stands against it, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from rattler import MatchSpec, RepoDataRecord

from ..environments.conda_records import dependency_name
from ..errors import EnvManagerError, Unsatisfiable
from ..words import some
from .needs import closure, depends


def to_relax(error: EnvManagerError, label: str, asked: Sequence[str]) -> EnvManagerError:
    """The error where one thing has to be asked for less.

    Parameters
    ----------
    error:
        What the solver said.
    label:
        That thing, as in “without …”.
    asked:
        The specs of the wish.
    """
    return Unsatisfiable(
        f"{_not_fit(asked)} to {label}." if asked else error.message,
        hint=f"It works without {label}: relax or remove that, then preview again.",
        field=error.field,
        relax=label,
        engine=error.message,
    )


def installed(
    error: EnvManagerError,
    wish: Mapping[str, str],
    base: Mapping[str, RepoDataRecord],
    found: Sequence[RepoDataRecord],
) -> EnvManagerError:
    """The error where installed packages are in the way; ``error`` itself where none can be named. Blocking.

    Parameters
    ----------
    error:
        What the solver said.
    wish:
        The specs of the wish, by name.
    base:
        What is installed, by name.
    found:
        What the wish alone comes to: what it leaves no room for is in the way.

    Returns
    -------
    EnvManagerError
        With ``against`` in its details: name and version of each, and what it ``needs`` and would miss.
    """
    # Whatever else would miss something can be exchanged along with it: the solver does not complain of that.
    blamed = set(error.message.split())
    missed = _missed(base, {record.name.normalized: record for record in found})
    pairs = [pair for pair in missed if pair[0].name.normalized in blamed]
    if not pairs:
        return error
    first, need = pairs[0]
    edges = {record.name.normalized: depends(record) for record in found}
    asked = [text for name, text in wish.items() if dependency_name(need) in closure([name], edges)]
    names = [record.name.normalized for record, _ in pairs]
    others = f", nor to {some(names[1:])}" if len(names) > 1 else ""
    misfit = _not_fit(asked or list(wish.values()))
    return Unsatisfiable(
        f"{misfit} to the installed {names[0]} {first.version}, which needs “{need}”{others}.",
        hint=f"Ask for another version, or remove {some(names)} first.",
        field=error.field,
        against=[{"name": one.name.normalized, "version": str(one.version), "needs": text} for one, text in pairs],
        engine=error.message,
    )


def _not_fit(asked: Sequence[str]) -> str:
    quoted = [f"“{text}”" for text in asked]
    return f"{some(quoted)} {'does' if len(quoted) == 1 else 'do'} not fit"


def _missed(
    base: Mapping[str, RepoDataRecord], found: Mapping[str, RepoDataRecord]
) -> Iterator[tuple[RepoDataRecord, str]]:
    """Installed packages that would miss something, each with the first of it."""
    for name, record in base.items():
        needs = () if name in found else (*record.depends, *record.constrains)
        unmet = (text for text in needs if (other := found.get(dependency_name(text))) and not _meets(text, other))
        if (first := next(unmet, None)) is not None:
            yield record, first


def _meets(need: str, record: RepoDataRecord) -> bool:
    # A need that rattler cannot read is nothing to go by.
    with suppress(Exception):
        return MatchSpec(need).matches(record)
    return True
