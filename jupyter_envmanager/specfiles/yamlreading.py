"""YAML -> texts, lists and maps that know their line.

Events are put together here, not by PyYAML: that keeps duplicate keys, comments and texts as they are written
(``1.10`` is no number), shares what an alias repeats, and needs no recursion, however deep a file is nested.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import yaml

from .draft import Draft, shown

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_tag_of = partial(yaml.resolver.Resolver().resolve, yaml.ScalarNode, implicit=(True, False))
_STR = "tag:yaml.org,2002:str"
_KINDS = {
    _STR: "text",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:bool": "a yes or no",
    "tag:yaml.org,2002:timestamp": "a date",
}
_DEEPEST = 20
# A comment that is a selector is shorter; all of a line of a megabyte after each of its items would take for ever.
_REST = 300
_TOO_DEEP = "This is nested too deeply."
_LEVELS = "An environment file has three levels."
_MOST_ALIASES = 20
_TEMPLATE = re.compile(r"\{\{|\{%")
_TAB = re.compile(r"^ *\t", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as it is written. ``kind`` is what YAML takes it for, in words; ``rest`` what follows on its line."""

    value: str
    line: int
    column: int
    kind: str = "text"
    rest: str = ""


@dataclass(frozen=True, slots=True)
class List:
    """A sequence."""

    line: int
    column: int
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping; of a key that is there twice, both."""

    line: int
    column: int
    pairs: list[tuple[Text, Node]] = field(default_factory=list)


Node: TypeAlias = "Text | List | Map"


class _Unreadable(Exception):
    def __init__(self, line: int, column: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.place = line, column
        self.message = message
        self.hint = hint


def compose(text: str, draft: Draft) -> Node | None:
    """The one document in ``text``; None where it is empty or, with problems in ``draft``, cannot be read.

    Duplicate keys are problems, too.
    """
    lines = text.split("\n")
    if templates := _templates(lines):
        for line in templates:
            hint = "Fill it in with the tool that it is made for, and use what comes out."
            draft.error(line, f"{shown(lines[line - 1])} is a template, not finished text.", hint)
        return None
    try:
        return _Composer(lines, draft).compose(text)
    except yaml.MarkedYAMLError as error:
        _explain(error, text, lines, draft)
    except _Unreadable as error:
        draft.error(error.place[0], error.message, error.hint, column=error.place[1])
    except yaml.reader.ReaderError as error:
        draft.error(text.count("\n", 0, error.position) + 1, "The line holds a character that is no text.")
    return None


@dataclass(slots=True)
class _Open:
    """A collection that has not ended; for a map with the key that waits for its value, and the line of each key."""

    node: List | Map
    anchor: str | None
    key: Text | None = None
    known: dict[str, int] = field(default_factory=dict)


class _Composer:
    def __init__(self, lines: list[str], draft: Draft) -> None:
        self._lines = lines
        self._draft = draft
        self._anchors: dict[str, Node | None] = {}
        self._aliases = 0
        self._open: list[_Open] = []
        self._root: Node | None = None

    def compose(self, text: str) -> Node | None:
        documents = 0
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.ScalarEvent):
                node = self._text(event)
                if event.anchor:
                    self._anchors[event.anchor] = node
                self._add(node)
            elif isinstance(event, yaml.AliasEvent):
                self._add(self._aliased(event))
            elif isinstance(event, yaml.CollectionStartEvent):
                self._begin(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                ended = self._open.pop()
                if ended.anchor:
                    self._anchors[ended.anchor] = ended.node
                self._add(ended.node)
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    hint = "Keep one, and take the “---” out."
                    raise _Unreadable(*_place(event), "A second document begins here.", hint)
        return self._root

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        line, column = _place(event)
        if len(self._open) >= _DEEPEST:
            raise _Unreadable(line, column, _TOO_DEEP, _LEVELS)
        if event.anchor:
            self._anchors[event.anchor] = None
        node: List | Map = Map(line, column) if isinstance(event, yaml.MappingStartEvent) else List(line, column)
        self._open.append(_Open(node, event.anchor))

    def _text(self, event: yaml.ScalarEvent) -> Text:
        line, column = _place(event)
        tag = event.tag
        if tag is None:
            plain = event.implicit[0]
            tag = _tag_of(event.value) if plain else _STR
        rest = ""
        if event.style not in ("|", ">"):
            end_line, end_column = _position(event.end_mark)
            rest = self._lines[end_line][end_column : end_column + _REST] if end_line < len(self._lines) else ""
        return Text(event.value, line, column, _KINDS.get(tag, "something else than text"), rest)

    def _aliased(self, event: yaml.AliasEvent) -> Node:
        line, column = _place(event)
        self._aliases += 1
        node = self._anchors.get(event.anchor or "")
        if node is None:
            what = "stands inside of what it names" if event.anchor in self._anchors else "names nothing above it"
            raise _Unreadable(line, column, f"“*{event.anchor}” {what}.", "Write out what is meant.")
        if self._aliases > _MOST_ALIASES:
            message = f"There are more than {_MOST_ALIASES} references such as “*{event.anchor}”."
            raise _Unreadable(line, column, message, "Write out what is meant.")
        return node

    def _add(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if isinstance(parent.node, List):
            parent.node.items.append(node)
        elif parent.key is not None:
            parent.node.pairs.append((parent.key, node))
            parent.key = None
        elif isinstance(node, Text):
            parent.key = node
            if node.value in parent.known:
                message = f"{shown(node.value)} is there twice, first in line {parent.known[node.value]}."
                first = next(value for key, value in parent.node.pairs if key.value == node.value)
                hint = "Keep one of them." if isinstance(first, Text) else "Join the two."
                self._draft.error(node.line, message, hint, column=node.column)
            parent.known.setdefault(node.value, node.line)
        else:
            raise _Unreadable(node.line, node.column, "A text is due before the colon.", "Put it into quotes.")


def _place(event: yaml.Event) -> tuple[int, int]:
    line, column = _position(event.start_mark)
    return line + 1, column + 1


def _position(mark: Any) -> tuple[int, int]:
    return mark.line, mark.column


def _templates(lines: list[str]) -> list[int]:
    """Lines with ``{{ … }}`` or ``{% … %}`` (Jinja, https://jinja.palletsprojects.com) outside of comments."""
    found = []
    for number, line in enumerate(lines, start=1):
        if _TEMPLATE.search(line) and _TEMPLATE.search(re.sub(r"(^|\s)#.*", "", line)):
            found.append(number)
    return found


def _explain(error: yaml.MarkedYAMLError, text: str, lines: list[str], draft: Draft) -> None:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    said = f"{error.context or ''} {error.problem or ''}"
    tab = _TAB.search(text)
    if tab is not None and (number := text.count("\n", 0, tab.start()) + 1) <= line + 1:
        draft.error(number, "The line is indented with a tab.", "Use blanks: YAML forbids tabs.", column=tab.end())
    elif "maximum nesting depth" in said:
        draft.error(line, _TOO_DEEP, _LEVELS, column=column)
    elif "expected ':'" in said or "simple key" in said:
        # It is noticed where the next key begins.
        begun = error.context_mark.line + 1 if error.context_mark else line
        key = lines[begun - 1] if begun <= len(lines) else ""
        draft.error(begun, f"A colon is missing after {shown(key)}.", "Write “name: value”, or “name:” above a list.")
    elif "mapping values are not allowed" in said:
        hint = "Put the text into quotes, or begin a new line for what follows."
        draft.error(line, "There is a colon too many, or the line above lacks one.", hint, column=column)
    elif "block" in said or "indicator" in said:
        hint = "Begin items of one list in the same column."
        draft.error(line, "The line is not indented like its neighbours.", hint, column=column)
    elif "end of stream" in said or "quoted scalar" in said:
        begun = error.context_mark.line + 1 if error.context_mark else line
        draft.error(begun, "A quotation mark is not closed.", "Close it on the same line.")
    elif "flow" in said or "expected ','" in said:
        begun = error.context_mark.line + 1 if error.context_mark else line
        draft.error(begun, "A bracket is not closed, or a comma is missing.", "Close it, or put the text into quotes.")
    else:
        problem = (error.problem or error.context or "not valid YAML").rstrip(".")
        hint = "Put the text into quotes, or compare the line with its neighbours."
        draft.error(line, f"The line cannot be read: {problem}.", hint, column=column)
