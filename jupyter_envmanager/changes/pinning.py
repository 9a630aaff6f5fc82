"""Which pins will there be once a change is done, and do they fit?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..environments.pins import read_pins
from ..errors import Invalid
from ..models import Change

if TYPE_CHECKING:
    from ..engine.change import Outcome


def pins_after(prefix: Path, change: Change) -> dict[str, str]:
    """The pins of an environment as a change leaves them, by name.

    Raises
    ------
    Invalid
        One cannot be a pin; ``field="pin"``.
    """
    from ..engine.solve import parse_specs, spec_name

    for text in change.pin:
        if "#" in text or not text.isprintable():
            raise Invalid(f"“{text}” cannot be a pin.", hint="Write it like “numpy 1.26.*”.", field="pin")
    pins = {name: spec for name, spec in read_pins(prefix).items() if name not in change.unpin}
    names = [spec_name(spec) for spec in parse_specs(change.pin)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Invalid(f"{', '.join(sorted(twice))}: one pin for each package.", field="pin")
    return {**pins, **{name: text.strip() for name, text in zip(names, change.pin, strict=True)}}


def check_pins(change: Change, outcome: Outcome) -> None:
    """A pin that what is installed does not fit would stand in the way of every later change; raises Invalid."""
    from ..engine.solve import parse_specs, spec_name

    for text, spec in zip(change.pin, parse_specs(change.pin), strict=True):
        record = outcome.after.get(spec_name(spec))
        if record is not None and not spec.matches(record):
            raise Invalid(
                f"“{text}” does not fit {spec_name(spec)} {record.version}, which is installed.",
                hint=f"Install that version of {spec_name(spec)} in the same change, or pin the one that is there.",
                field="pin",
            )


def check_held(pins: Mapping[str, str], outcome: Outcome) -> None:
    """Refuse exact packages that a pin of the environment is against; raises Invalid."""
    from ..engine.solve import parse_specs

    for record in outcome.link:
        name = record.name.normalized
        spec = pins.get(name)
        if spec is not None and not parse_specs([spec])[0].matches(record):
            raise Invalid(
                f"{name} is pinned to “{spec}”, and would become {record.version}.",
                hint=f"Unpin {name} first.",
                field="source",
                package=name,
            )
