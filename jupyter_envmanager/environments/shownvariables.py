"""What is shown of an environment's variables, and of what becomes of them?

Names always; values as far as they look like no secret, and as no terminal would take for a command.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..models import PlanVariable, Variable
from ..redaction import redact_value

_LONGEST = 2_000


def listed(variables: Mapping[str, str]) -> list[Variable]:
    """The variables, each with as much of its value as is shown."""
    return [_variable(name, value) for name, value in sorted(variables.items())]


def changes(before: Mapping[str, str], values: Mapping[str, str | None]) -> list[PlanVariable]:
    """What becomes of variables: ``values`` are set, and go where they are None."""
    found = []
    for name, value in sorted(values.items()):
        old = before.get(name)
        if old != value:
            op = "set" if old is None else "remove" if value is None else "change"
            found.append(PlanVariable(name=name, op=op, from_=_of(name, old), to=_of(name, value)))  # type: ignore[arg-type]
    return found


def printable(value: str) -> str:
    """A value without what a terminal would do instead of showing it."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in value)


def _of(name: str, value: str | None) -> str | None:
    return None if value is None else _variable(name, value).value


def _variable(name: str, value: str) -> Variable:
    # Cut first: a value may be as large as a file.
    shown = printable(redact_value(name, value[: 2 * _LONGEST]))
    if len(value) > _LONGEST or len(shown) > _LONGEST:
        shown = f"{shown[: _LONGEST - 1]}…"
    return Variable(name=name, value=shown, hidden=shown != value)
