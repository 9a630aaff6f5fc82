"""Files that say what an environment is made of <-> structs; pure text, nothing is solved and nothing is fetched."""

from .condaspecs import split as split_spec
from .draft import ERROR, Draft
from .formats import format_of
from .plaintext import decode

__all__ = [
    "ERROR",
    "Draft",
    "decode",
    "format_of",
    "split_spec",
]
