"""The variables that come with what an environment is to become like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..environments.variables import read_variables, variables_of
from ..models import Environment, Problem


@dataclass(frozen=True, kw_only=True)
class Variables:
    """What a change does to variables, and what to know of it.

    ``values`` are those that are set, and None for each that goes: whatever else is there when it is written stays. It
    is None where nothing changes.
    """

    values: Mapping[str, str | None] | None = None
    problems: Sequence[Problem] = ()


def of_file(prefix: Path, named: Mapping[str, str]) -> Variables:
    """What a file names is set, all else stays. Blocks.

    Raises
    ------
    Invalid
        What is there cannot be read.
    """
    return _changed(variables_of(prefix), named, "the file", prune=False) if named else Variables()


def of_other(prefix: Path, other: Environment, *, own: bool, prune: bool) -> Variables:
    """What another environment has is set, and with ``prune`` all else goes. Blocks.

    Parameters
    ----------
    own:
        Whether nobody but this user decides what it has: a variable can make each program run what somebody else wrote.

    Raises
    ------
    Invalid
        What is there, or what it has, cannot be read.
    """
    there = Path(other.prefix)
    if own:
        theirs = moved(variables_of(there), there, prefix)
        return _changed(variables_of(prefix), theirs, other.name, prune=prune)
    before, theirs = read_variables(prefix), moved(read_variables(there), there, prefix)
    new = [name for name, value in theirs.items() if before.get(name) != value]
    return Variables(problems=[_not_trusted(other, new)] if new else [])


def moved(variables: Mapping[str, str], old: Path, new: Path) -> dict[str, str]:
    """Variables of one environment as another one would have them: with its own folder where they name the other's."""
    from ..engine.relocation import relocated_values

    return relocated_values(variables, [str(old)], str(new))


def _changed(before: Mapping[str, str], named: Mapping[str, str], whose: str, *, prune: bool) -> Variables:
    new = {name: value for name, value in named.items() if before.get(name) != value}
    gone = sorted(before.keys() - named.keys()) if prune else []
    if not new and not gone:
        return Variables()
    said = [f"Variables of {whose} are set: {', '.join(new)}."] if new else []
    if gone:
        said.append(f"Variables that are not in {whose} are removed: {', '.join(gone)}.")
    problem = Problem(
        code="sets_variables",
        message=" ".join(said),
        hint="Kernels see them after a restart." if new else "Kernels keep them until a restart.",
        details={"names": list(new), "gone": gone},
    )
    return Variables(values={**new, **dict.fromkeys(gone)}, problems=[problem])


def _not_trusted(other: Environment, names: Sequence[str]) -> Problem:
    return Problem(
        code="variables_left",
        message=f"Variables of {other.name} are left out, as others can change that environment: {', '.join(names)}.",
        hint="Look at them there, and set those that you want by “variables:” of an environment.yml.",
        details={"names": list(names)},
    )
