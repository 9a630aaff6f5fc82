"""What all wire types have in common: their base, what clients send, and how something wrong is told."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Manager = Literal["conda", "pypi"]


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all wire types."""


class Request(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what clients send: a misspelt field is an error, not silence."""


class Problem(Wire, frozen=True, kw_only=True):
    """An error or a warning, as a person reads it.

    ``field`` names the request field at fault, where there is one.
    """

    code: str
    message: str
    hint: str = ""
    field: str | None = None
    details: dict[str, Any] = {}
