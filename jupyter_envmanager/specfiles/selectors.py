"""``# [linux]``, ``# [not win]``, ``sel(osx)``: lines that are for some platforms only.

The comments are conda-build's (https://docs.conda.io/projects/conda-build/en/stable/resources/define-metadata.html#preprocessing-selectors),
which conda-lock reads in environment files, too; ``sel()`` is mamba's
(https://mamba.readthedocs.io/en/latest/user_guide/micromamba.html#specification-files).
"""

from __future__ import annotations

import re

_COMMENT = re.compile(r"#(.*)\[([^\[\]]+)\]")
_MAP = re.compile(r"sel\(([^()]*)\)")
_TOKEN = re.compile(r"\s*([\w-]+|[()])")
_LONGEST = 200
_SYSTEMS = {"linux", "osx", "win", "unix", "emscripten", "wasi", "freebsd", "zos"}
_MACHINES = {
    "64": {"x86", "x86_64"},
    "32": {"x86"},
    "aarch64": {"aarch64", "arm64"},
    "arm64": {"arm64", "aarch64"},
    "ppc64le": {"ppc64le"},
    "s390x": {"s390x"},
    "riscv64": {"riscv64"},
    "armv7l": {"armv7l"},
    "armv6l": {"armv6l"},
    "wasm32": {"wasm32"},
}
_BITS = {f"{system}{bits}" for system in ("linux", "osx", "win") for bits in ("32", "64")}
_WORDS = {*_SYSTEMS, *_BITS, *(word for words in _MACHINES.values() for word in words)}
_PLATFORM = re.compile(r"(?:linux|osx|win|emscripten|wasi|freebsd|zos)-\w+")


class Unknown(ValueError):
    """A selector that is not understood."""


def of_comment(rest: str) -> str | None:
    """The selector in what follows a value on its line, without brackets; None for none.

    A comment that merely ends in brackets is a selector only where these hold words of selectors.
    """
    comment = rest.strip().removeprefix(":").strip()
    found = _COMMENT.fullmatch(comment) if len(comment) <= _LONGEST else None
    if found is None:
        return None
    before, expression = found.groups()
    words = _TOKEN.findall(expression)
    known = all(word in ("and", "or", "not", "(", ")") or _known(word) for word in words)
    return expression if known or not before.strip() else None


def of_key(key: str) -> str | None:
    """The selector in a key ``sel(…)``; None for another key."""
    found = _MAP.fullmatch(key.strip())
    return found.group(1).strip() if found else None


def holds(expression: str, platform: str) -> bool:
    """Whether a selector is true on a platform such as ``linux-64``.

    Raises
    ------
    Unknown
        It has words that only a build knows, or cannot be read.
    """
    system, _, machine = platform.partition("-")
    true = {system, platform, f"{system}{machine}", *_MACHINES.get(machine, {machine})}
    if system != "win":
        true.add("unix")
    tokens = _tokens(expression)
    answer = _either(tokens, true)
    if tokens:
        raise Unknown(expression)
    return answer


def _tokens(expression: str) -> list[str]:
    """Last one first, so that ``pop`` takes the next."""
    if len(expression) > _LONGEST or _TOKEN.sub("", expression).strip():
        raise Unknown(expression)
    return _TOKEN.findall(expression)[::-1]


def _either(tokens: list[str], true: set[str]) -> bool:
    answer = _both(tokens, true)
    while tokens and tokens[-1] == "or":
        tokens.pop()
        other = _both(tokens, true)
        answer = answer or other
    return answer


def _both(tokens: list[str], true: set[str]) -> bool:
    answer = _one(tokens, true)
    while tokens and tokens[-1] == "and":
        tokens.pop()
        other = _one(tokens, true)
        answer = answer and other
    return answer


def _one(tokens: list[str], true: set[str]) -> bool:
    token = tokens.pop() if tokens else ""
    if token == "not":
        return not _one(tokens, true)
    if token == "(":
        answer = _either(tokens, true)
        if not tokens or tokens.pop() != ")":
            raise Unknown(token)
        return answer
    if not _known(token):
        raise Unknown(token)
    return token in true


def _known(word: str) -> bool:
    return word in _WORDS or _PLATFORM.fullmatch(word) is not None
