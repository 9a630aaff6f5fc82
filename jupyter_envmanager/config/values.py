"""The text of a setting -> its value. Each reader raises ValueError with the reason, for a person, when it cannot."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, cast

from .layers import Node, NodeValue

ChannelPriority = Literal["strict", "flexible", "disabled"]

_TRUE = ("true", "yes", "on", "y", "1")
_FALSE = ("false", "no", "off", "n", "non", "none", "0")
_FORCED = "server configuration"


def boolean(text: str) -> bool:
    """``true`` or ``false``, in any of the ways that conda knows."""
    word = text.strip().lower()
    if word not in _TRUE + _FALSE:
        raise ValueError(f"must be true or false, not {text!r}")
    return word in _TRUE


def priority(text: str) -> ChannelPriority:
    """``strict``, ``flexible`` or ``disabled``; older files say true for flexible and false for disabled."""
    word = text.strip().lower()
    if word in ("strict", "flexible", "disabled"):
        return cast(ChannelPriority, word)
    try:
        return "flexible" if boolean(word) else "disabled"
    except ValueError:
        raise ValueError(f"must be strict, flexible or disabled, not {text!r}") from None


def alias(text: str) -> str:
    """The base URL of plain channel names, without ``/`` at its end."""
    if "://" not in text:
        raise ValueError(f"must be a URL with a scheme such as https://, not {text!r}")
    return text.strip().rstrip("/")


def ssl_reader(home: Path) -> Callable[[str], bool | str]:
    """Reads ``ssl_verify``: true, false, ``truststore``, or a CA bundle that exists."""

    def read(text: str) -> bool | str:
        word = text.strip()
        if word.lower() in _TRUE + _FALSE:
            return boolean(word)
        if word == "truststore":
            return word
        path = _expand_home(word, home)
        if not Path(path).exists():
            raise ValueError(f"must be true, false, truststore or a CA bundle; there is no file {word!r}")
        return path

    return read


def folder_reader(home: Path) -> Callable[[str], str]:
    """Reads an absolute folder. ``~`` is ``home``."""

    def read(text: str) -> str:
        path = _expand_home(text.strip(), home)
        if unset := re.search(r"\$\{?\w+", path):
            # conda would make a folder of this very name.
            raise ValueError(f"names the variable {unset[0].strip('${')}, which is not set")
        if not Path(path).is_absolute():
            raise ValueError(f"names the relative folder {text!r}, but has to name a whole path")
        return os.path.normpath(path)

    return read


def node_of(value: object) -> Node:
    """A Python value, from the server's own configuration, as if it stood in a file."""
    return Node(_node_value(value), _FORCED)


def _node_value(value: object) -> NodeValue:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {str(key): node_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(node_of(item) for item in value)
    return str(value)


def _expand_home(text: str, home: Path) -> str:
    if text == "~" or text.startswith("~/"):
        return f"{home}{text[1:]}"
    return os.path.expanduser(text)  # noqa: PTH111  ~somebody, and no error for nobody
