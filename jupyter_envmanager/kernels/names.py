"""What may a kernel be called, and which name is free?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from ..errors import Conflict, Invalid
from .kernelspec import Spec

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LONGEST = 200


def check(name: str) -> None:
    """Raises Invalid for a name that Jupyter refuses."""
    if not _NAME.fullmatch(name) or name[0] in ".-" or len(name) > _LONGEST:
        raise Invalid(
            f"“{name}” cannot be a kernel's name.",
            hint="Use letters, digits, and the signs . _ - only, no . or - first; the display name may have any.",
            field="name",
        )


def taken(spec: Spec) -> Conflict:
    """That a kernel of this name is there already."""
    return Conflict(
        f"There is a kernel of the name “{spec.name}” already: {spec.display_name or spec.folder}.",
        hint="Choose another name, or remove that kernel first.",
        field="name",
        path=str(spec.folder),
    )


def free(wish: str, is_taken: Callable[[str], bool]) -> str:
    """A free kernel name in ASCII that looks like a wish."""
    ascii_name = unicodedata.normalize("NFKD", wish).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9._-]+", "-", ascii_name.lower())[:100].strip("-._") or "environment"
    number, name = 1, slug
    while is_taken(name):
        number += 1
        name = f"{slug}-{number}"
    return name


def of_copy(display_name: str, is_taken: Callable[[str], bool]) -> str:
    """A free display name for a copy."""
    number, name = 1, f"{display_name} (copy)"
    while is_taken(name):
        number += 1
        name = f"{display_name} (copy {number})"
    return name
