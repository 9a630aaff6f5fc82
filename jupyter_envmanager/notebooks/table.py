"""Which packages bring a Python module? A table that others maintain: see ``scripts/generate_import_names.py``."""

from __future__ import annotations

import functools
import re
from importlib.resources import files

import msgspec

Names = tuple[str, str]


class _Table(msgspec.Struct):
    names: dict[str, list[str]]
    sources: list[str] = []


def claimants(path: str) -> tuple[str, list[Names]]:
    """The module that a dotted name leads to, and the names (conda's, PyPI's) of the packages that may bring it.

    Parameters
    ----------
    path:
        Such as ``google.cloud.storage.Client``: the longest part of it that is known counts. Of an unknown module the
        name itself is the only guess.
    """
    names = _names()
    parts = path.split(".")
    for depth in range(min(len(parts), 6), 0, -1):
        module = ".".join(parts[:depth])
        if module in names:
            return module, [_pair(text) for text in names[module]]
    if len(parts) > 1 and parts[0] in _namespaces():
        # Whose packages are named after the module inside.
        module = ".".join(parts[:2])
        return module, [(name, name) for name in (_dashed(module), _dashed(parts[1]))]
    return parts[0], [(name, name) for name in dict.fromkeys((_dashed(parts[0]), parts[0].lower()))]


def is_known(module: str) -> bool:
    """Whether the table says who brings a module; one whose package shares its name everywhere is not in it."""
    return module in _names()


def conda_names(distribution: str) -> list[str]:
    """What a distribution of PyPI may be called on conda's channels, its own name last."""
    name = _dashed(distribution)
    return list(dict.fromkeys([*_by_distribution().get(name, []), name]))


@functools.cache
def _names() -> dict[str, list[str]]:
    content = files(__package__).joinpath("importnames.json").read_bytes()
    return msgspec.json.decode(content, type=_Table).names


@functools.cache
def _namespaces() -> frozenset[str]:
    """Modules that belong to no package, while modules inside them do."""
    return frozenset(top for name in _names() if "." in name and (top := name.partition(".")[0]) not in _names())


@functools.cache
def _by_distribution() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pairs in _names().values():
        for conda, pypi in map(_pair, pairs):
            if conda not in found.setdefault(pypi, []):
                found[pypi].append(conda)
    return found


def _pair(text: str) -> Names:
    conda, _, pypi = text.partition(" ")
    return conda, pypi or conda


def _dashed(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
