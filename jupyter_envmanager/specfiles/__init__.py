"""Files that say what an environment is made of <-> structs; pure text, nothing is solved and nothing is fetched."""

from .condaspecs import split as split_spec
from .draft import ERROR, Draft
from .filespecs import FileSpec, relax, told
from .formats import format_of
from .plaintext import decode
from .reading import LOCKS, read_draft, read_file

__all__ = [
    "ERROR",
    "LOCKS",
    "Draft",
    "FileSpec",
    "decode",
    "format_of",
    "read_draft",
    "read_file",
    "relax",
    "split_spec",
    "told",
]
