"""Which part of a cell is Python, and which lines are IPython's?

IPython's syntax: https://ipython.readthedocs.io/en/stable/interactive/python-ipython-diff.html. IPython itself is not
needed, as it is no part of a server; what is left when its lines are gone is parsed by ``ast``, and nothing is run.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

#: So many characters of a cell are read: Python's parser lets nobody else in the process run meanwhile.
LARGEST = 200_000
_MOST_MENDED = 50
# So many characters are parsed again while a cell is mended.
_MENDED = 1_000_000
# ``!cmd``, ``%magic``, ``?name`` and ``name?``, also as ``files = !ls``, and what is a magic without “%”.
_SPECIAL = re.compile(
    r"""\s*(?:
      (?P<line>(?:[!%?]|(?:pip3?|conda|mamba|micromamba|uv)\s+(?:pip\s+)?install\s).*)
      | [^\s=!%(,]+(?:\s*,\s*[^\s=!%(,]+)*\s*=\s*(?P<assigned>[!%].*)
      | %{0,2}[\w.*]+\?{1,2}\s*$
    )""",
    re.VERBOSE,
)
_CELL_MAGIC = re.compile(r"\s*%%(!|[\w.]+)(.*)")
# Cell magics whose body is Python; the body of all others is something else.
_PYTHON_BODY = {"time", "timeit", "capture", "prun", "memit", "mprun", "debug", "python", "python3", "px", "heat"}
_SHELL_BODY = {"bash", "sh", "script", "system", "sx", "!", "zsh"}


@dataclass(frozen=True)
class Cell:
    """A cell's Python as a tree, None where it makes no sense; ``lines`` are IPython's, as ``!pip install x``."""

    tree: ast.AST | None
    lines: tuple[str, ...]


def read(source: str) -> Cell:
    """Take a cell apart. Never raises, whatever is in it; one that is larger than ``LARGEST`` is not read."""
    if len(source) > LARGEST:
        return Cell(None, ())
    magic = _CELL_MAGIC.match(source)
    if magic is None:
        return _python(source, ())
    body = source[magic.end() :]
    head = f"%{magic[1]}{magic[2]}"
    if magic[1] in _SHELL_BODY:
        return Cell(ast.Module([], []), (head, *(f"!{line}" for line in _joined(body))))
    if magic[1] in _PYTHON_BODY:
        return _python(body, (head,))
    return Cell(ast.Module([], []), (head,))


def _python(source: str, before: tuple[str, ...]) -> Cell:
    # What is Python as it stands has no magic: a line that begins with “%” may continue an expression.
    tree = _parse(source)
    if isinstance(tree, ast.AST):
        return Cell(tree, before)
    lines, special = _without_special(source)
    for _ in range(min(_MOST_MENDED, 1 + _MENDED // (len(source) + 1))):
        tree = _parse("\n".join(lines))
        if isinstance(tree, ast.AST):
            return Cell(tree, (*before, *special))
        # Magics that are not told by their first character: the line at fault goes, if it is alone.
        if not 0 < tree <= len(lines) or not _looks_like_magic(lines[tree - 1]):
            break
        special.append(lines[tree - 1].strip())
        lines[tree - 1] = _nothing(lines[tree - 1])
    return Cell(None, (*before, *special))


def _parse(source: str) -> ast.AST | int:
    """The tree, or the number of the line at fault."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            tree = compile(source, "<cell>", "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        return error.lineno or 0
    except (ValueError, RecursionError, MemoryError, OverflowError):
        return 0
    assert isinstance(tree, ast.AST)
    return tree


def _without_special(source: str) -> tuple[list[str], list[str]]:
    """The lines without IPython's, and those."""
    kept, special = [], []
    lines = source.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        found = _SPECIAL.match(line)
        number += 1
        if not found:
            kept.append(line)
            continue
        parts = [found["line"] or found["assigned"] or ""]
        kept.append(_nothing(line))
        while parts[-1].endswith("\\") and number < len(lines):
            parts[-1] = parts[-1][:-1]
            parts.append(lines[number].strip())
            kept.append("")
            number += 1
        special.append(" ".join(parts))
    return kept, special


def _joined(body: str) -> list[str]:
    return [line.strip() for line in body.replace("\\\n", " ").splitlines() if line.strip()]


def _nothing(line: str) -> str:
    """A statement that does nothing, so that a block that held only magics stays a block."""
    return line[: len(line) - len(line.lstrip())] + "pass"


def _looks_like_magic(line: str) -> bool:
    return re.match(r"\s*[A-Za-z]\w*(\s+[-\w./~]|$)", line) is not None
