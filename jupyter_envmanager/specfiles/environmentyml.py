"""``environment.yml``, as conda, mamba and conda-lock write and read it.

See https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#creating-an-environment-file-manually
and https://github.com/conda/ceps/blob/main/cep-0024.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from . import condaspecs, piplines
from .draft import FEWER, MOST, TOO_MANY, Draft, Item, shown
from .selectors import Unknown, holds, of_comment, of_key
from .yamlreading import List, Map, Node, Text, compose

_KEYS = ("name", "prefix", "channels", "dependencies", "variables", "platforms")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Activation sets them by itself.
_SET = ("PATH", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_SHLVL")
# conda's mark in conda-meta/state for a variable that is taken away.
_UNSET = "***unset***"
# Linux starts no program with a variable of 128 KiB, and not with many of half of that.
_MOST_BYTES = 100_000
_NO_CHANNEL = ("<unknown>", "None", "None:///<unknown>")
_Take = Callable[[Text], None]


def read(text: str, draft: Draft) -> None:
    """Read an environment file into ``draft``."""
    root = compose(text, draft)
    if root is None:
        if draft.usable:
            draft.error(0, "The file is empty.", "Begin with “dependencies:” and the packages below it.")
        return
    if not isinstance(root, Map):
        hint = "Begin with “dependencies:”, and put the packages below it."
        draft.error(root.line, "The file holds no settings such as “dependencies:”.", hint)
        return
    _File(draft).read(root)


class _File:
    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._seen = 0

    def read(self, root: Map) -> None:
        keys = {key.value: key for key, _ in root.pairs}
        values = {key.value: value for key, value in root.pairs}
        if not any(key in keys for key in ("name", "channels", "dependencies")):
            names = ", ".join(shown(key) for key in list(keys)[:4])
            message = f"This is a file for something else: it has {names or 'nothing'}, and no “dependencies:”."
            self._draft.error(root.line, message, "Choose another file.")
            return
        self._others(keys, values)
        for name, take in (
            ("name", self._name),
            ("channels", self._channels),
            ("platforms", self._platforms),
            ("variables", self._variables),
        ):
            if name in values:
                take(values[name])
        if "dependencies" in values:
            self._dependencies(values["dependencies"])
        else:
            hint = "Add “dependencies:” and the packages below it."
            self._draft.error(root.line, "The file names no packages: it has no “dependencies:”.", hint)

    def _others(self, keys: dict[str, Text], values: dict[str, Node]) -> None:
        for name, key in keys.items():
            if name == "prefix" and not _is_nothing(values[name]):
                message = "“prefix” is passed over: it is a folder of the machine that the file was written on."
                self._draft.warn(key.line, message, "Name and folder are chosen when the environment is created.")
            elif name == "pip":
                message = "“pip:” stands beside “dependencies:”, where nothing reads it."
                self._draft.error(key.line, message, "Put it below “dependencies:”, as “- pip:”.")
            elif name == "<<":
                self._draft.error(key.line, "“<<” is not read here.", "Write out what it stands for.")
            elif name not in _KEYS:
                message = f"{shown(name)} is passed over: it is not known here."
                self._draft.warn(key.line, message, "Check how it is spelt; if it is for another tool, leave it.")

    def _name(self, node: Node) -> None:
        if not isinstance(node, Text):
            self._draft.error(node.line, "“name” must be a text.", "Write it like “name: my-environment”.")
        elif not _is_nothing(node) and node.value.strip():
            self._draft.name = node.value.strip()

    def _channels(self, node: Node) -> None:
        found: list[Item] = []

        def take(item: Text) -> None:
            name = item.value.strip()
            if name in _NO_CHANNEL:
                message = f"{shown(name)} is passed over: so conda calls packages whose channel it does not know."
                self._draft.warn(item.line, message)
                return
            if name == "default":
                hint = "Write “defaults” for those of conda itself."
                self._draft.warn(item.line, "“default” is a channel of that very name.", hint)
            found.append(Item(name, item.line))

        self._texts(node, "channels", "“- conda-forge”", take)
        if found:
            self._draft.channels = found

    def _platforms(self, node: Node) -> None:
        draft = self._draft
        self._texts(node, "platforms", "“- linux-64”", lambda item: draft.platforms.append(item.value.strip()))
        if draft.platforms and draft.platform not in draft.platforms:
            message = f"The file is for {', '.join(draft.platforms)}; this is {draft.platform}."
            draft.warn(node.line, message, "Some of its packages may not be there.")

    def _variables(self, node: Node) -> None:
        if _is_nothing(node):
            return
        if not isinstance(node, Map):
            self._draft.error(node.line, "“variables” must hold names and values.", "Write “NAME: value” below it.")
            return
        for key, value in node.pairs:
            if not _VARIABLE.fullmatch(key.value):
                hint = "Use letters, digits and “_”, and begin with a letter."
                self._draft.error(key.line, f"{shown(key.value)} is no name of a variable.", hint)
            elif key.value.upper() in _SET:
                hint = "Take it out: the environment sets it."
                self._draft.error(key.line, f"{key.value} cannot be set by a file.", hint)
            elif not isinstance(value, Text):
                self._draft.error(value.line, f"The value of {key.value} must be a text.", "Put it into quotes.")
            elif "\0" in value.value or value.value == _UNSET:
                hint = "Write another value, or take it out."
                self._draft.error(value.line, f"{key.value} cannot have the value {shown(value.value)}.", hint)
            else:
                self._draft.variables[key.value] = "" if _is_nothing(value) else value.value
        if sum(len(text.encode("utf-8", "surrogatepass")) for text in self._draft.variables.values()) > _MOST_BYTES:
            message = f"The variables have more than {_MOST_BYTES // 1000} KB; no program would start with them."
            self._draft.error(node.line, message, "Put long texts into files, and the paths of those here.")

    def _dependencies(self, node: Node) -> None:
        if _is_nothing(node):
            hint = "Add packages below “dependencies:”, each behind a dash."
            self._draft.error(node.line, "The file names no packages.", hint)
            return
        self._texts(node, "dependencies", "“- python=3.12”", self._spec, self._map)

    def _spec(self, item: Text) -> None:
        condaspecs.add(item.value, item.line, self._draft, column=item.column)

    def _map(self, node: Map) -> None:
        for key, value in node.pairs:
            selector = of_key(key.value)
            if selector is not None:
                if self._chosen(selector, key.line):
                    self._one_or_more(value)
            elif key.value == "pip":
                self._texts(value, "pip", "“- requests”", self._pip)
            else:
                meant = f"{key.value}={value.value}" if isinstance(value, Text) and value.value else key.value
                message = f"“{key.value}:” is no package, and no other list than “pip:” is known."
                self._draft.error(key.line, message, f"If the package is meant, write “- {meant}”.", column=key.column)

    def _one_or_more(self, value: Node) -> None:
        if isinstance(value, Text) and value.kind == "text":
            self._spec(value)
        else:
            self._texts(value, "sel()", "“- python=3.12”", self._spec)

    def _pip(self, item: Text) -> None:
        piplines.add(item.value, item.line, self._draft, column=item.column)

    def _texts(
        self, node: Node, name: str, example: str, take: _Take, take_map: Callable[[Map], None] | None = None
    ) -> None:
        """Hand on each item of a list that is for this platform."""
        if _is_nothing(node):
            return
        if not isinstance(node, List):
            what = "text" if isinstance(node, Text) else "a map"
            hint = f"Write each of them on a line of its own, like {example}."
            self._draft.error(node.line, f"“{name}” must be a list, and is {what}.", hint, column=node.column)
            return
        for item in self._counted(node):
            if isinstance(item, Text) and item.kind == "text" and item.value.strip():
                if self._for_platform(item):
                    take(item)
            elif isinstance(item, Map) and take_map is not None:
                if item.pairs and self._for_platform(item.pairs[0][0]):
                    take_map(item)
            else:
                self._draft.error(item.line, *_odd(item, name), column=item.column)

    def _counted(self, node: List) -> Iterator[Node]:
        self._seen += len(node.items)
        if self._seen > MOST:
            self._draft.error(node.line, TOO_MANY, FEWER)
            return
        yield from node.items

    def _for_platform(self, item: Text) -> bool:
        selector = of_comment(item.rest)
        return selector is None or self._chosen(selector, item.line)

    def _chosen(self, selector: str, line: int) -> bool:
        try:
            return holds(selector, self._draft.platform)
        except Unknown:
            message = f"“[{selector}]” is not understood; the line counts for every platform."
            self._draft.warn(line, message, "There are linux, osx, win, unix, and names like linux-64.")
            return True


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Text) and node.kind == "nothing"


def _odd(item: Node, name: str) -> tuple[str, str]:
    """Message and hint for an item that is no text."""
    if isinstance(item, List):
        return "This is a list within the list.", "Take one dash out."
    if isinstance(item, Map):
        first = item.pairs[0][0].value if item.pairs else ""
        return f"“{first}:” stands where a text is due in “{name}”.", "Take the colon out, or put it into quotes."
    if item.kind == "nothing" or not item.value.strip():
        return "There is nothing behind the dash.", "Take the line out, or write what is meant."
    hint = f"Write the name before it, or put it into quotes: “'{item.value}'”."
    return f"{shown(item.value)} is {item.kind}, not a text.", hint
