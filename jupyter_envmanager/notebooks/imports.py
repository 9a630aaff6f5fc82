"""Which modules do the cells of a notebook import, and what do they install?"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..models import Problem
from . import cells as cell_reader
from .installlines import LONGEST, Requirement, requirements
from .localmodules import LocalFile, LocalModules
from .requirementfiles import RequirementFiles

_MISSING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_LOADED = re.compile(r"%(?:load_ext|reload_ext)\s+([A-Za-z_][\w.]*)\s*$")
# What comes with IPython itself.
_OWN_EXTENSIONS = {"autoreload", "storemagic", "cythonmagic"}
# Anybody may send a notebook: what is beyond these is left out, and said to be.
_MOST_CELLS = 2000
_MOST_CODE = 2_000_000
_MOST_IMPORTS = 5000
_MOST_NAMES = 500
_MOST_PARTS = 20
_LONGEST_NAME = 1000
_MOST_REQUIREMENTS = 1000


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
    """An import as it is written; ``level`` counts the dots before it; ``more`` is whether names were left out."""

    module: str
    names: tuple[str, ...]
    optional: bool
    level: int = 0
    more: bool = False


@dataclass
class _Import:
    """What is known of a module so far."""

    origin: str
    optional: bool
    paths: dict[str, None] = field(default_factory=dict)


def modules(cells: Sequence[str], folder: Path | None = None) -> Needs:
    """Read the cells, and the local modules that they import.

    Parameters
    ----------
    cells:
        The sources of the code cells. Nothing of them is run. 2000 cells are read at most, of 200,000 characters each
        and 2,000,000 in all; what is left out is told in ``problems``.
    folder:
        The notebook's folder: modules and requirements files are looked for there, and nowhere else. Blocks for as
        long as reading them takes; a few hundred files and a few megabytes are read at most.
    """
    reader = _Reader(LocalModules(folder) if folder is not None else None)
    code = 0
    for number, source in enumerate(cells, start=1):
        code += len(source) if len(source) <= cell_reader.LARGEST else 0
        if number > _MOST_CELLS or code > _MOST_CODE:
            reader.leave_out("too_much_code", f"The notebook has very much code: it was read up to cell {number - 1}.")
            break
        reader.cell(source, f"cell {number}")
    return reader.needs()


class _Reader:
    """Collects what cells and local modules say."""

    def __init__(self, local: LocalModules | None) -> None:
        self._local = local
        self._files = RequirementFiles(local.folder) if local else None
        self._unread: list[str] = []
        self._met: set[tuple[str, str]] = set()
        self._lines: set[str] = set()
        self._imports: dict[str, _Import] = {}
        self._requirements: dict[tuple[str, str], Requirement] = {}
        self._problems: list[Problem] = []
        self._left_out: dict[str, Problem] = {}

    def leave_out(self, code: str, message: str) -> None:
        """Say that something was not read; once for each kind of thing."""
        self._left_out.setdefault(code, Problem(code=code, message=message))

    def cell(self, source: str, origin: str) -> None:
        """Take in a cell."""
        cell = cell_reader.read(source)
        for line in cell.lines:
            self._line(line, origin)
        if cell.tree is not None:
            self._tree(cell.tree, origin, "")
        elif source.strip():
            why = "is no Python that can be read"
            if len(source) > cell_reader.LARGEST:
                why = f"has more than {cell_reader.LARGEST:,} characters"
            message = f"{origin.capitalize()} {why}: what it imports is not known."
            self._problems.append(Problem(code="unreadable_cell", message=message))
        while self._unread and self._local is not None:
            for file in self._local.unread([self._unread.pop()]):
                self._file(file)

    def _file(self, file: LocalFile) -> None:
        tree = cell_reader.read(file.source).tree
        if tree is not None:
            self._tree(tree, file.name, file.package)
        elif file.source.strip():
            message = f"{file.name} is no Python that can be read: what it imports is not known."
            self._problems.append(Problem(code="unreadable_module", message=message))

    def _line(self, line: str, origin: str) -> None:
        if line in self._lines:
            return
        self._lines.add(line)
        if (loaded := _LOADED.match(line)) and loaded[1] not in _OWN_EXTENSIONS:
            self._add(_Found(loaded[1], (), optional=False), origin)
        if re.match(r"%(?:matplotlib|pylab)\b", line):
            self._add(_Found("matplotlib", (), optional=False), origin)
            if re.match(r"%matplotlib\s+(widget|ipympl)\b", line):
                self._add(_Found("ipympl", (), optional=False), origin)
        if len(line) > LONGEST and "install" in line:
            self.leave_out("long_line", f"A line of {origin} is too long to be read: what it installs is not known.")
        for requirement in requirements(line, origin, self._files):
            if len(self._requirements) >= _MOST_REQUIREMENTS:
                message = f"The notebook installs very many packages: the first {_MOST_REQUIREMENTS} are shown."
                self.leave_out("too_many_requirements", message)
                return
            self._requirements.setdefault((requirement.manager, requirement.text), requirement)

    def _tree(self, tree: ast.AST, origin: str, package: str) -> None:
        for found in _imports(tree):
            if found.more:
                message = f"An import of {origin} names very many modules: the first {_MOST_NAMES} of them count."
                self.leave_out("too_many_names", message)
            if found.level:
                self._relative(found, package)
            else:
                self._add(found, origin)

    def _relative(self, found: _Found, package: str) -> None:
        """An import inside a local package."""
        parts = package.split(".") if package else []
        base = parts[: max(len(parts) - found.level + 1, 0)]
        if self._local is not None and base:
            module = ".".join([*base, *([found.module] if found.module else [])])
            new = self._new(module, found.names)
            self._unread += [module, *new] if new else []

    def _add(self, found: _Found, origin: str) -> None:
        new = self._new(found.module, found.names)
        known = self._imports.get(found.module)
        if known is not None:
            known.paths.update(dict.fromkeys(new))
            known.optional = known.optional and found.optional
            return
        parts = found.module.split(".")
        if not new or not all(part.isidentifier() for part in parts):
            return
        if self._local is not None and self._local.has(parts[0]):
            self._unread += [found.module, *new]
        elif parts[0] not in sys.stdlib_module_names:
            self._imports[found.module] = _Import(origin, found.optional, dict.fromkeys(new))

    def _new(self, module: str, names: Sequence[str]) -> list[str]:
        """The dotted names of an import that are met for the first time, as far as there is room for them."""
        new = []
        for name in names or ("",):
            path = f"{module}.{name}" if name else module
            if (module, path) in self._met:
                continue
            if len(path) > _LONGEST_NAME or path.count(".") > _MOST_PARTS:
                self.leave_out("long_name", f"The import of {path[:60]}… is left out: its name is too long.")
                continue
            if len(self._met) >= _MOST_IMPORTS:
                message = f"The notebook imports very many names: the first {_MOST_IMPORTS} of them count."
                self.leave_out("too_many_imports", message)
                break
            self._met.add((module, path))
            new.append(path)
        return new

    def needs(self) -> Needs:
        """All of it, in the order of the notebook."""
        imports = (
            Imported(module, tuple(one.paths), one.origin, one.optional) for module, one in self._imports.items()
        )
        more = self._local.problems if self._local else []
        problems = (*self._left_out.values(), *self._problems, *more)
        return Needs(tuple(imports), tuple(self._requirements.values()), problems)


def _imports(tree: ast.AST) -> Iterator[_Found]:
    """All imports of a tree, wherever they are; a stack of our own, since a tree may be deeper than Python's."""
    left: list[tuple[ast.AST, bool]] = [(tree, False)]
    while left:
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
        for alias in node.names[:_MOST_NAMES]:
            yield _Found(alias.name, (), optional, more=len(node.names) > _MOST_NAMES)
    elif isinstance(node, ast.ImportFrom):
        names = tuple(alias.name for alias in node.names[:_MOST_NAMES] if alias.name != "*")
        yield _Found(node.module or "", names, optional, node.level, len(node.names) > _MOST_NAMES)
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
