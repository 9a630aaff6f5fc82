"""conda's configuration files: where they are, in which order they count, and what is written in them.

See https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/use-condarc.html#searching-for-condarc
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import yaml

from ..models import Problem
from .layers import Flag, Layer, Node, problem

Stamp = tuple[str, tuple[int, ...] | None]

_NAMES = (".condarc", "condarc")
_SUFFIXES = (".yml", ".yaml")
_LARGEST = 1 << 20
_DEEPEST = 4
# What may be nested in a file at all.
_DEEPEST_FILE = 50
# An alias counts as often as it is used: a few lines of them can stand for millions of values.
_MOST_VALUES = 20_000
_COMMENT = re.compile(r"[ \t]*:?[ \t]*(#[^\r\n]*)")
_MERGE = "tag:yaml.org,2002:merge"
_FLAGS: dict[str, Flag] = {"final": "final", "top": "top", "bottom": "bottom"}


def search_path(env: Mapping[str, str], home: Path, root: Path | None) -> tuple[Path, ...]:
    """Every file and folder that conda would look for, lowest priority first.

    Parameters
    ----------
    env:
        The environment variables; ``XDG_CONFIG_HOME``, ``CONDA_ROOT``, ``CONDA_PREFIX`` and ``CONDARC`` count.
    home:
        What ``~`` means.
    root:
        conda's root prefix where it is known: it stands in for a missing ``CONDA_ROOT`` and ``CONDA_PREFIX``.
    """
    system = ("C:/ProgramData/conda",) if os.name == "nt" else ("/etc/conda", "/var/lib/conda")
    folders = [Path(folder) for folder in system]
    folders += _known(env.get("CONDA_ROOT"), root)
    if xdg := env.get("XDG_CONFIG_HOME"):
        folders.append(Path(xdg) / "conda")
    folders += [home / ".config" / "conda", home / ".conda"]
    paths = [folder / name for folder in folders for name in (*_NAMES, "condarc.d")]
    paths.append(home / ".condarc")
    for prefix in _known(env.get("CONDA_PREFIX"), root):
        paths += [prefix / name for name in (*_NAMES, "condarc.d")]
    if condarc := env.get("CONDARC"):
        expanded = home / condarc[2:] if condarc.startswith("~/") else Path(condarc)
        paths.append(Path(os.path.abspath(expanded)))  # noqa: PTH100  resolve() would follow links
    return tuple(dict.fromkeys(paths))


def files(path: Path) -> Iterator[Path]:
    """The configuration files at ``path``: itself, or the YAML files in it, by name. Nothing there is no error.

    A file that cannot even be looked at is among them: reading it tells why.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode) and (path.name in _NAMES or path.suffix in _SUFFIXES):
            yield path
        elif stat.S_ISDIR(mode):
            with os.scandir(path) as entries:
                names = sorted(entry.name for entry in entries if _may_be_file(entry))
            yield from (path / name for name in names if Path(name).suffix in _SUFFIXES)
    except OSError:
        return


def _may_be_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return True


def sendable(text: object) -> str:
    r"""A text or path that can go over the wire: YAML (``"\ud800"``) and file names may hold halves of characters."""
    return str(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def stamps(paths: tuple[Path, ...]) -> tuple[Stamp, ...]:
    """What tells whether a file at ``paths`` came, went or changed, without reading any."""
    seen: list[Stamp] = []
    for path in paths:
        stamp = _stamp(path)
        seen.append((str(path), stamp))
        if stamp is not None and stat.S_ISDIR(stamp[0]):
            seen += [(str(file), _stamp(file)) for file in files(path)]
    return tuple(seen)


def read(path: Path, largest: int = _LARGEST) -> tuple[Layer, list[Problem]]:
    """The settings in one file; a file that is broken gives none, and a Problem with its line.

    Parameters
    ----------
    largest:
        So many bytes at most.
    """
    origin = sendable(path)
    whole = Node(None, origin)
    try:
        if path.stat().st_size > largest:
            return Layer({}), [_broken(whole, "too large for a configuration file")]
        content = path.read_bytes()
    except OSError as error:
        return Layer({}), [_broken(whole, f"cannot be read: {error.strerror or error}")]
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Layer({}), [_broken(Node(None, origin, line), "not valid UTF-8 text")]
    return parse(text, origin)


@lru_cache(maxsize=100)
def parse(text: str, origin: str) -> tuple[Layer, list[Problem]]:
    """The settings in a file's ``text``. ``origin`` is the file's path, for messages.

    Remembered, as YAML takes its time: nobody may change what is returned.
    """
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return Layer({}), [_broken(Node(None, origin, line), f"holds a character that is not text: {error.reason}")]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        node = Node(None, origin, mark.line + 1 if mark else None)
        return Layer({}), [_broken(node, error.problem or error.context or "not valid YAML")]
    if root is None or _is_null(root):
        return Layer({}), []
    if not isinstance(root, yaml.MappingNode):
        node = Node(None, origin, root.start_mark.line + 1)
        return Layer({}), [_broken(node, "does not hold settings (`name: value`)")]
    reader = _Reader(text, origin)
    try:
        return Layer(reader.mapping(root, 0)), reader.problems
    except _TooMuch:
        return Layer({}), [_broken(Node(None, origin), "holds more values than a configuration file needs")]


def environment_layer(env: Mapping[str, str]) -> Layer:
    """The settings in ``CONDA_*`` variables."""
    return Layer(
        {
            name.removeprefix("CONDA_").lower(): Node(value, name)
            for name, value in env.items()
            if name.startswith("CONDA_")
        },
        environment=True,
    )


class _Loader(yaml.SafeLoader):
    """PyYAML composes by recursion: what is nested without end must stop before Python's stack is used up."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self._depth > _DEEPEST_FILE:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=self.get_mark())
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _TooMuch(Exception):
    pass


class _Reader:
    """YAML nodes -> our nodes, with the marks in comments that no YAML parser keeps."""

    def __init__(self, text: str, origin: str) -> None:
        self._text = text
        self._origin = origin
        self._left = _MOST_VALUES
        self.problems: list[Problem] = []

    def mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        merged: dict[str, Node] = {}
        own: dict[str, Node] = {}
        self._count(len(node.value))
        for key, value in node.value:
            if key.tag == _MERGE:
                sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
                self._count(len(sources))
                for source in sources:
                    if isinstance(source, yaml.MappingNode) and depth < _DEEPEST:
                        for name, inherited in self.mapping(source, depth + 1).items():
                            merged.setdefault(name, inherited)
            elif isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                name = sendable(key.value)
                if name in own:
                    first = own[name].line
                    self.problems.append(
                        problem(
                            "config_value",
                            f"{name} is set twice, first in line {first}. The last one counts.",
                            Node(None, self._origin, line),
                        )
                    )
                own[name] = self._node(value, depth + 1, line, self._flag(value, key))
        return {**merged, **own}

    def _node(self, node: yaml.Node, depth: int, line: int, flag: Flag | None) -> Node:
        if isinstance(node, yaml.ScalarNode):
            return Node(None if _is_null(node) else sendable(node.value), self._origin, line, flag)
        if isinstance(node, yaml.MappingNode) and depth < _DEEPEST:
            return Node(self.mapping(node, depth), self._origin, line, flag)
        if isinstance(node, yaml.SequenceNode) and depth < _DEEPEST:
            self._count(len(node.value))
            items = [self._node(item, depth + 1, item.start_mark.line + 1, self._flag(item)) for item in node.value]
            return Node(tuple(items), self._origin, line, flag)
        return Node((), self._origin, line, flag)

    def _count(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            raise _TooMuch

    def _flag(self, value: yaml.Node, key: yaml.Node | None = None) -> Flag | None:
        end = value.end_mark
        if isinstance(value, yaml.ScalarNode) and value.style in ("|", ">"):
            return None
        if key is not None and isinstance(value, yaml.CollectionNode) and not value.flow_style:
            end = key.end_mark
        match = _COMMENT.match(self._text, end.index)
        return _FLAGS.get(match[1].strip().strip("!#")) if match else None


def _known(named: str | None, otherwise: Path | None) -> list[Path]:
    if named:
        return [Path(named)]
    return [otherwise] if otherwise else []


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _broken(node: Node, reason: str) -> Problem:
    return problem(
        "config_file",
        f"{reason}. The file is ignored.",
        node,
        hint="Correct the file, or ask whoever maintains it.",
    )


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)  # noqa: PTH116  a third faster, and this is asked with every request
    except OSError:
        return None
    return (status.st_mode, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
