"""Layers of configuration, lowest priority first, merged in the way of conda.

A layer is one file, or the environment variables. Lists of all layers are joined, maps are merged key by key, of any
other value the highest layer's counts; ``#!final``, ``#!top`` and ``#!bottom`` change that order.

See https://docs.conda.io/projects/conda/en/stable/user-guide/configuration/use-condarc.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from ..models import Problem
from ..redaction import redact

Flag = Literal["final", "top", "bottom"]
NodeValue: TypeAlias = "str | tuple[Node, ...] | dict[str, Node] | None"
_Scalar = TypeVar("_Scalar")

_VARIABLE = re.compile(r"\$(?:(\w+)|\{([^}]*)\})", re.ASCII)


@dataclass(frozen=True)
class Node:
    """A value as it is written: text, list, map or nothing; with the place it comes from.

    ``origin`` is a file's path or an environment variable's name; ``line`` counts from 1.
    """

    value: NodeValue
    origin: str
    line: int | None = None
    flag: Flag | None = None

    @property
    def final(self) -> bool:
        return self.flag == "final"


@dataclass(frozen=True)
class Layer:
    """The settings of one source; lists are still plain text in ``environment`` variables."""

    nodes: Mapping[str, Node]
    environment: bool = False


def problem(code: str, message: str, node: Node, hint: str = "") -> Problem:
    """A Problem that names the file and line, or the variable, of ``node``."""
    place = node.origin if node.line is None else f"{node.origin}, line {node.line}"
    details: dict[str, object] = {"origin": node.origin}
    if node.line is not None:
        details = {"file": node.origin, "line": node.line}
    return Problem(code=code, message=redact(f"{place}: {message}"), hint=hint, details=details)


class Layers:
    """All layers; each method merges one setting and remembers its origin and what was wrong with it.

    Parameters
    ----------
    layers:
        Lowest priority first.
    env:
        The environment variables that values may name.
    forced:
        Settings that replace whatever the layers say.
    """

    def __init__(self, layers: Sequence[Layer], env: Mapping[str, str], forced: Layer | None = None) -> None:
        self._layers = layers
        self._env = env
        self._forced = forced or Layer({})
        self.origins: dict[str, str] = {}
        self.item_origins: dict[str, dict[str, str]] = {}
        self.problems: list[Problem] = []

    def forces(self, name: str) -> bool:
        """Whether ``name`` is replaced by one of the forced settings."""
        return name in self._forced.nodes

    def scalar(
        self,
        name: str,
        read: Callable[[str], _Scalar],
        default: _Scalar,
        *,
        aliases: Iterable[str] = (),
        expand: bool = False,
    ) -> _Scalar:
        """One value; ``read`` turns its text into it and raises ValueError with the reason when it cannot."""
        found: list[tuple[Node, _Scalar]] = []
        for node, environment in self._find(name, aliases):
            if not isinstance(node.value, str):
                self._refuse(name, node, "must be one value, not a list or a map")
                continue
            text = node.value.split("!important")[0].strip() if environment else node.value
            try:
                found.append((node, read(self._expand(text) if expand else text)))
            except ValueError as error:
                self._refuse(name, node, str(error))
        if not found:
            self.origins[name] = "default"
            return default
        node, value = next((pair for pair in found if pair[0].final), found[-1])
        self.origins[name] = node.origin
        return value

    def sequence(
        self,
        name: str,
        *,
        aliases: Iterable[str] = (),
        default: tuple[str, ...] = (),
        read: Callable[[str], str] = str,
        separators: str = ",",
        expand: bool = True,
    ) -> tuple[str, ...]:
        """A list joined from all layers. ``separators`` are the characters that split it in a variable."""
        lists: list[Node] = []
        for node, environment in self._find(name, aliases):
            if environment and isinstance(node.value, str):
                node = _split(node, separators)
            checked = self._list(name, node, read, expand)
            if checked is not None:
                lists.append(checked)
        lists = _until_final(lists)
        if not lists:
            self.origins[name] = "default"
            return default
        self.origins[name] = next((node for node in reversed(lists) if node.value), lists[-1]).origin
        merged = join_lists(lists)
        self.item_origins[name] = {str(item.value): item.origin for item in merged}
        return tuple(str(item.value) for item in merged)

    def mapping(self, name: str, default: Mapping[str, str] | None = None) -> dict[str, str]:
        """A map of texts. A key that is null in a higher layer is gone."""
        merged: dict[str, str] = {}
        for key, nodes in self._keys(name).items():
            kept = next((node for node in nodes if node.final), nodes[-1])
            if isinstance(kept.value, str) and kept.value:
                merged[key] = self._expand(kept.value)
            elif kept.value is not None:
                self._refuse(f"{name}.{key}", kept, "must be one value")
        return dict(default or {}) if self.origins[name] == "default" else merged

    def multimapping(self, name: str) -> dict[str, tuple[str, ...]]:
        """A map of lists; lists of the same key are joined."""
        merged: dict[str, tuple[str, ...]] = {}
        for key, nodes in self._keys(name).items():
            lists = [self._list(f"{name}.{key}", node, str, True) for node in nodes]
            known = [checked for checked in lists if checked]
            final = next((checked for checked in known if checked.final), None)
            # conda leaves a locked list exactly as it is written: its marks do not move anything.
            items = list(_items(final)) if final else join_lists(known)
            merged[key] = tuple(str(item.value) for item in items)
        return merged

    def _keys(self, name: str) -> dict[str, list[Node]]:
        maps: list[tuple[Node, dict[str, Node]]] = []
        for node, environment in self._find(name, ()):
            if isinstance(node.value, dict):
                maps.append((node, node.value))
            else:
                kind = "cannot be set by a variable" if environment else "must be a map of names to values"
                self._refuse(name, node, kind)
        stop = next((index for index, (node, _) in enumerate(maps) if node.final), len(maps))
        maps = maps[: stop + 1]
        self.origins[name] = maps[-1][0].origin if maps else "default"
        grouped: dict[str, list[Node]] = {}
        for _, value in maps:
            for key, child in value.items():
                grouped.setdefault(key, []).append(child)
        return grouped

    def _find(self, name: str, aliases: Iterable[str]) -> list[tuple[Node, bool]]:
        names = (name, *aliases)
        found: list[tuple[Node, bool]] = []
        for layer in [self._forced] if any(key in self._forced.nodes for key in names) else self._layers:
            nodes = [layer.nodes[key] for key in names if key in layer.nodes]
            nodes = [node for node in nodes if not _empty(node, layer.environment)]
            if nodes:
                found.append((nodes[0], layer.environment))
            for other in nodes[1:]:
                self._refuse(name, other, f"is set twice in {nodes[0].origin}, by different names")
        return found

    def _list(self, name: str, node: Node, read: Callable[[str], str], expand: bool) -> Node | None:
        if node.value is None:
            return None
        if not isinstance(node.value, tuple):
            self._refuse(name, node, "must be a list")
            return None
        items: list[Node] = []
        for item in node.value:
            if not isinstance(item.value, str) or not item.value.strip():
                self._refuse(name, item, "holds an item that is not a text")
                continue
            try:
                text = read(self._expand(item.value) if expand else item.value)
            except ValueError as error:
                self._refuse(name, item, str(error))
            else:
                items.append(Node(text, item.origin, item.line, item.flag))
        return Node(tuple(items), node.origin, node.line, node.flag)

    def _expand(self, text: str) -> str:
        return _VARIABLE.sub(lambda match: self._env.get(match[1] or match[2], match[0]), text)

    def _refuse(self, name: str, node: Node, reason: str) -> None:
        message = f"{name} {reason}. This value is ignored."
        self.problems.append(problem("config_value", message, node))


def join_lists(lists: Sequence[Node]) -> list[Node]:
    """The items of all lists, highest priority first, each once; ``#!top`` and ``#!bottom`` move an item.

    Among several of either, the lowest layer has the outermost place: an administrator's word is last.
    """
    items = [_items(node) for node in lists]
    top = [item for layer in items for item in layer if item.flag == "top"]
    usual = [item for layer in reversed(items) for item in layer]
    bottom = [item for item in usual if item.flag == "bottom"]
    last = {item.value: item for item in reversed(_unique(reversed(bottom)))}
    return [item for item in _unique([*top, *usual]) if item.value not in last] + list(last.values())


def _items(node: Node) -> tuple[Node, ...]:
    return node.value if isinstance(node.value, tuple) else ()


def _unique(items: Iterable[Node]) -> list[Node]:
    first: dict[NodeValue, Node] = {}
    for item in items:
        first.setdefault(item.value, item)
    return list(first.values())


def _until_final(nodes: list[Node]) -> list[Node]:
    stop = next((index for index, node in enumerate(nodes) if node.final), len(nodes))
    return nodes[: stop + 1]


def _split(node: Node, separators: str) -> Node:
    parts = re.split(f"[{re.escape(separators)}]", str(node.value))
    return Node(tuple(Node(part.strip(), node.origin) for part in parts if part.strip()), node.origin)


def _empty(node: Node, environment: bool) -> bool:
    # conda reads an empty ssl_verify as "do not verify": nobody means that.
    return node.value is None or (environment and isinstance(node.value, str) and not node.value.strip())
