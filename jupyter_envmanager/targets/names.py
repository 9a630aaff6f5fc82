"""What may a new environment be called?"""

from __future__ import annotations

import os
import re

from ..errors import Invalid

# What conda refuses (https://docs.conda.io/projects/conda/en/stable/commands/create.html), and control characters.
_FORBIDDEN = re.compile(r"[/\\:#\x00-\x1f\x7f]")
_RESERVED = frozenset({"base", "root"})
NAME_LENGTH = 100


def check_name(name: str) -> str:
    """The name, if an environment may be called that.

    Raises
    ------
    Invalid
        Says which character or length is at fault; ``field="name"``.
    """
    if not name.strip():
        raise Invalid("The environment needs a name.", field="name")
    if not name.isprintable() and not any(letter.isspace() for letter in name):
        raise Invalid("The name holds characters that cannot be seen.", hint="Type it anew.", field="name")
    if any(letter.isspace() for letter in name):
        raise Invalid("A name cannot contain blanks.", hint=_instead(name), field="name")
    if found := _FORBIDDEN.search(name):
        raise Invalid(
            f"A name cannot contain “{found.group(0)}”.",
            hint=f"{_instead(name)} To choose a folder, use “choose a folder instead”.".lstrip(),
            field="name",
        )
    if name[0] in "-.":
        raise Invalid(f"A name cannot begin with “{name[0]}”.", hint="Begin with a letter or a digit.", field="name")
    if len(name) > NAME_LENGTH or len(os.fsencode(name)) > 255:
        raise Invalid(f"The name has {len(name)} characters, {NAME_LENGTH} are allowed.", field="name")
    if name.lower() in _RESERVED:
        raise Invalid(f"“{name}” is conda's name for its own environment.", hint="Choose another.", field="name")
    return name


def _instead(name: str) -> str:
    """The name without anything that is forbidden, as a hint; empty where nothing is left."""
    legal = re.sub(r"[\s/\\:#\x00-\x1f\x7f]+", "-", name).strip("-.")
    return f"Try “{legal}”." if legal else ""
