"""Which modules do the cells of a notebook import, and what do they install?"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..models import Problem
from . import cells as cell_reader
from .installlines import Requirement, requirements
from .localmodules import LocalModules

_MISSING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_LOADED = re.compile(r"%(?:load_ext|reload_ext)\s+([A-Za-z_][\w.]*)\s*$")
# What comes with IPython itself.
_OWN_EXTENSIONS = {"autoreload", "storemagic", "cythonmagic"}
_MOST_NODES = 500_000
_MOST_NAMES = 100


@dataclass(frozen=True)
class Imported:
    """An import of something that is neither in Python's library nor beside the notebook.

    ``paths`` are the dotted names that it may mean: of ``from a import b, c`` both ``a.b`` and ``a.c``, as only the
    module knows whether these are modules. ``optional`` ones are tried, and done without.
    """

    module: str
    paths: tuple[str, ...]
    origin: str
    optional: bool = False


@dataclass(frozen=True)
class Needs:
    """What a notebook needs; cells and files that could not be read are in ``problems``."""

    imports: tuple[Imported, ...]
    requirements: tuple[Requirement, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _Found:
    """An import as it is written; ``level`` counts the dots before it."""

    module: str
    names: tuple[str, ...]
    optional: bool
    level: int = 0


def modules(cells: Sequence[str], folder: Path | None = None) -> Needs:
    """Read the cells, and the local modules that they import.

    Parameters
    ----------
    cells:
        The sources of the code cells. Nothing of them is run.
    folder:
        The notebook's folder: modules and requirements files are looked for there, and nowhere else. Blocks for as
        long as reading them takes; a few hundred files and a few megabytes are read at most.
    """
    reader = _Reader(LocalModules(folder) if folder is not None else None)
    for number, source in enumerate(cells, start=1):
        reader.cell(source, f"cell {number}")
    return reader.needs()


class _Reader:
    """Collects what cells and local modules say."""

    def __init__(self, local: LocalModules | None) -> None:
        self._local = local
        self._imports: dict[str, Imported] = {}
        self._requirements: dict[tuple[str, str], Requirement] = {}
        self._problems: list[Problem] = []

    def cell(self, source: str, origin: str) -> None:
        """Take in a cell."""
        cell = cell_reader.read(source)
        for line in cell.lines:
            self._line(line, origin)
        if cell.tree is not None:
            self._tree(cell.tree, origin, "")
        elif source.strip():
            message = f"{origin.capitalize()} is no Python that can be read: what it imports is not known."
            self._problems.append(Problem(code="unreadable_cell", message=message))

    def _line(self, line: str, origin: str) -> None:
        if (loaded := _LOADED.match(line)) and loaded[1] not in _OWN_EXTENSIONS:
            self._add(_Found(loaded[1], (), optional=False), origin)
        if re.match(r"%(?:matplotlib|pylab)\b", line):
            self._add(_Found("matplotlib", (), optional=False), origin)
            if re.match(r"%matplotlib\s+(widget|ipympl)\b", line):
                self._add(_Found("ipympl", (), optional=False), origin)
        folder = self._local.folder if self._local else None
        for requirement in requirements(line, origin, folder):
            self._requirements.setdefault((requirement.manager, requirement.text), requirement)

    def _tree(self, tree: ast.AST, origin: str, package: str) -> None:
        for found in _imports(tree):
            if found.level:
                self._relative(found, package)
            else:
                self._add(found, origin)

    def _relative(self, found: _Found, package: str) -> None:
        """An import inside a local package."""
        parts = package.split(".") if package else []
        base = parts[: len(parts) - found.level + 1]
        if self._local is not None and base:
            name = ".".join([*base, *([found.module] if found.module else [])])
            self._read_local([name, *(f"{name}.{one}" for one in found.names)])

    def _add(self, found: _Found, origin: str) -> None:
        top = found.module.partition(".")[0]
        paths: tuple[str, ...] = tuple(f"{found.module}.{name}" for name in found.names) or (found.module,)
        if self._local is not None and self._local.has(top):
            self._read_local([found.module, *paths])
            return
        if top in sys.stdlib_module_names or not top.isidentifier():
            return
        known = self._imports.get(found.module)
        if known and len(known.paths) >= _MOST_NAMES:
            paths = ()
        self._imports[found.module] = Imported(
            module=found.module,
            paths=tuple(dict.fromkeys([*(known.paths if known else ()), *paths])),
            origin=known.origin if known else origin,
            optional=found.optional and (known is None or known.optional),
        )

    def _read_local(self, names: Sequence[str]) -> None:
        assert self._local is not None
        for file in self._local.unread(names):
            tree = cell_reader.read(file.source).tree
            if tree is not None:
                self._tree(tree, file.name, file.package)

    def needs(self) -> Needs:
        """All of it, in the order of the notebook."""
        more = self._local.problems if self._local else []
        return Needs(tuple(self._imports.values()), tuple(self._requirements.values()), (*self._problems, *more))


def _imports(tree: ast.AST) -> Iterator[_Found]:
    """All imports of a tree, wherever they are; a stack of our own, since a tree may be deeper than Python's."""
    left: list[tuple[ast.AST, bool]] = [(tree, False)]
    for _ in range(_MOST_NODES):
        if not left:
            return
        node, optional = left.pop()
        yield from _found(node, optional)
        inside = optional or (isinstance(node, ast.Try) and _may_miss(node))
        if isinstance(node, ast.Try) and inside:
            # What is tried may be missing, and what is done then is for those who miss it; the rest is as before.
            children: list[tuple[ast.AST, bool]] = [(child, True) for child in (*node.body, *node.handlers)]
            children += [(child, optional) for child in (*node.orelse, *node.finalbody)]
        else:
            children = [(child, inside) for child in ast.iter_child_nodes(node)]
        # The first one is the next one: what is found is in the order of the text.
        left += reversed(children)


def _found(node: ast.AST, optional: bool) -> Iterator[_Found]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield _Found(alias.name, (), optional)
    elif isinstance(node, ast.ImportFrom):
        names = tuple(alias.name for alias in node.names[:_MOST_NAMES] if alias.name != "*")
        yield _Found(node.module or "", names, optional, node.level)
    elif isinstance(node, ast.Call) and node.args and _imports_by_call(node.func):
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and not first.value.startswith("."):
            yield _Found(first.value, (), optional)


def _imports_by_call(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr == "import_module"
    return isinstance(function, ast.Name) and function.id in ("import_module", "__import__")


def _may_miss(node: ast.Try) -> bool:
    """Whether a missing module is caught."""
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(kind is None or (isinstance(kind, ast.Name) and kind.id in _MISSING) for kind in kinds):
            return True
    return False
