"""What is the recipe of a kernel that somebody else made? Asked when it is copied, or written anew."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from . import building, offering, plain, reading, recipe, target
from .kernelspec import Spec
from .recipe import Recipe

_SCRIPT_BYTES = 64_000
_LOADS = {("module", "load"), ("module", "add")}
_EXPORT = re.compile(r"export[ \t]+([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


@dataclass
class Understood:
    """What a launch script does, when it does nothing that a recipe cannot say."""

    modules: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


def environment_of(spec: Spec) -> Path | None:
    """The environment that a spec leads to, if it is one and is there."""
    programs = target.programs(spec)
    found = target.prefix(spec, programs)
    if found is None or spec.fault or target.orphan_reason(spec, programs):
        return None
    prefix = Path(found)
    # A folder that we may not enter holds nothing for us: os.path says so, and Path raises.
    whole = os.path.isdir(prefix / "conda-meta") or os.path.isfile(prefix / "pyvenv.cfg")  # noqa: PTH112, PTH113
    return prefix if whole and offering.like(prefix, spec) is not None else None


def adopted(spec: Spec, environment: str, prefix: Path) -> Recipe:
    """The recipe that comes closest to a spec, for an environment."""
    offer = offering.like(prefix, spec) if not spec.fault else None
    script = script_of(spec) or Understood()
    variables = {name: value for name, value in spec.env.items() if "$" not in value} | script.variables
    words = plain.arguments(spec)
    logos = building.current_logos(spec.folder)
    common = offer is not None and building.current_logos(offer.folder) == logos
    return Recipe(
        environment=environment,
        prefix=str(prefix),
        source=offer.name if offer else None,
        variables={name: value for name, value in variables.items() if _can_be_set(name, value)},
        modules=script.modules,
        arguments=words if offer is None or plain.arguments(offer) != words else [],
        logo="uploaded" if logos and not common else None,
    )


def _can_be_set(name: str, value: str) -> bool:
    return (
        re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None and not recipe.is_reserved(name) and "\0" not in value
    )


def script_of(spec: Spec) -> Understood | None:
    """What the launch script of a spec does; None when it has one that does more than a recipe can say."""
    path = target.script(spec)
    if path is None:
        return Understood()
    try:
        return understood(reading.read(Path(path), _SCRIPT_BYTES).decode("utf-8"))
    except (OSError, UnicodeError):
        return None


def understood(text: str) -> Understood | None:
    """A script of comments, ``module load``, ``export NAME=value``, and ``exec program "$@"``; None for any other."""
    found = Understood()
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            continue
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            return None
        # What a shell would replace cannot be kept as a value.
        literal = not re.search(r"[$`;&|<>()*?~]", line)
        if literal and tuple(words[:2]) in _LOADS:
            found.modules += words[2:]
        elif literal and words[0] == "ml" and not any(word.startswith("-") for word in words):
            found.modules += words[1:]
        elif literal and len(words) == 2 and (match := _EXPORT.fullmatch(" ".join(words))):
            found.variables[match[1]] = match[2]
        elif not (words[0] == "exec" and words[-1] == "$@"):
            return None
    return found
