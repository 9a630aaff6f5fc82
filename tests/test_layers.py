"""Imports go down only, and foreign libraries stay behind their walls (the drawing is in the README)."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jupyter_envmanager

PACKAGE = Path(jupyter_envmanager.__file__).parent

LAYERS: list[set[str]] = [
    {"models", "ownmodules", "apart", "redaction", "errors", "words"},
    {"config"},
    {"engine", "environments", "kernels", "gpu", "packs", "pypi", "sharing", "specfiles"},
    {"notebooks", "templates"},
    {"plans"},
    {"jobs"},
    {
        "archives",
        "checks",
        "copies",
        "lockedplans",
        "previews",
        "pypisettings",
        "siteconfig",
        "solvedplans",
        "sources",
        "targets",
    },
    {"changes"},
    {"service"},
    {"handlers"},
    {"app"},
    {"cli"},
    {"cell"},
]
ROOMS = {room: number for number, layer in enumerate(LAYERS) for room in layer}
# Which rooms may import a library that the others must not know.
WALLS = {
    "rattler": {"engine"},
    "pynvml": {"gpu"},
    "tornado": {"handlers"},
    "jupyter_server": {"app", "handlers"},
    "jupyter_client": {"kernels"},
    "uv": {"pypi"},
    "conda_pack": {"packs"},
    "yaml": {"config", "specfiles"},
}


def sources() -> Iterator[tuple[str, Path]]:
    """Every source file and the room it is in."""
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts not in (("__init__",), ("_version",)) and "labextension" not in parts:
            yield parts[0], path


@functools.cache
def imports(path: Path) -> list[tuple[int, str]]:
    """Level and module of every import in a file."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found += [(node.level, name) for name in names]
        elif isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
    return found


def test_every_file_is_in_a_known_room() -> None:
    assert {room for room, _ in sources()} == set(ROOMS)


def test_imports_go_down_only() -> None:
    wrong = []
    for room, path in sources():
        depth = len(path.relative_to(PACKAGE).parts)
        for level, name in imports(path):
            target = name.split(".")[0]
            if level != depth or target not in ROOMS or target == room:
                continue
            # app and cli are both on top; errors carry the wire type Problem.
            if ROOMS[target] > ROOMS[room]:
                wrong.append(f"{path.relative_to(PACKAGE)} imports {target}")
    assert wrong == []


def test_foreign_libraries_stay_behind_their_walls() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for room, path in sources()
        for level, name in imports(path)
        if level == 0 and room not in WALLS.get(name.split(".")[0], {room})
    ]
    assert wrong == []


def test_no_room_imports_by_absolute_name() -> None:
    wrong = [
        str(path.relative_to(PACKAGE))
        for _, path in sources()
        for level, name in imports(path)
        if level == 0 and name.split(".")[0] == "jupyter_envmanager"
    ]
    assert wrong == []


def test_starting_a_server_does_not_load_the_engine_or_the_driver() -> None:
    code = (
        "import sys; from jupyter_envmanager.app import EnvManagerApp; "
        "print([name for name in ('rattler', 'pynvml') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
