"""Does a CUDA version, or a compute capability, fit what a package asks for?

The constraints are conda's (https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html), the
versions numbers with dots. What is written otherwise gives None, “cannot tell”: advice must never fail.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Of digits that no version has, Python makes no number.
_DIGITS = r"[0-9]{1,18}"
_NUMBERS = re.compile(rf"{_DIGITS}(?:\.{_DIGITS})*")
# “<11.3.0a0” shuts out pre-releases, too; to a version of numbers it is “<11.3.0”.
_BOUND = re.compile(
    rf"(?P<operator>>=|<=|==|!=|~=|=|>|<)?\s*(?P<version>{_DIGITS}(?:\.{_DIGITS})*)(?:\.?a0|\.dev0)?(?P<star>\.?\*)?"
)


@lru_cache(maxsize=4096)
def numbers(version: str) -> tuple[int, ...] | None:
    """``12.6`` -> ``(12, 6)``; zeros at the end do not count. None for what is not numbers with dots."""
    if not _NUMBERS.fullmatch(version):
        return None
    parts = [int(part) for part in version.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


@lru_cache(maxsize=4096)
def fits(version: str, constraint: str) -> bool | None:
    """Whether a version fits a constraint such as ``>=12.6,<13`` or ``11.8|11.8.*``; None where that cannot be told."""
    found = numbers(version)
    return None if found is None else _any([_all([_one(found, term) for term in part]) for part in _terms(constraint)])


@lru_cache(maxsize=1024)
def lowest(constraint: str) -> str | None:
    """The lowest version that fits a constraint, as ``major.minor`` or longer; None where nothing tells."""
    bounds = [_BOUND.fullmatch(term) for part in _terms(constraint) for term in part]
    if None in bounds:
        return None
    starts = [_start(bound) for bound in bounds if bound is not None]
    fitting = [start for start in starts if start is not None and fits(start, constraint)]
    return min(fitting, key=_order, default=None)


def older(version: str | None, than: str | None) -> bool:
    """Whether a version is older than another; false where one is not known."""
    mine, other = numbers(version or ""), numbers(than or "")
    return mine is not None and other is not None and mine < other


def newest(versions: list[str]) -> str | None:
    """The newest of some versions."""
    return max((v for v in versions if numbers(v) is not None), key=_order, default=None)


@lru_cache(maxsize=1024)
def overlap(one: str, other: str, versions: tuple[str, ...]) -> bool:
    """Whether one of the versions, or one that a constraint names, fits both; true where that cannot be told."""
    named = [version for version in (lowest(one), lowest(other)) if version is not None]
    return any(fits(v, one) is not False and fits(v, other) is not False for v in (*named, *versions))


def _order(version: str) -> tuple[int, ...]:
    return numbers(version) or ()


def _terms(constraint: str) -> list[list[str]]:
    """The alternatives of a constraint, each with what must hold together: “,” binds closer than “|”."""
    text = constraint.strip() or "*"
    return [[term.strip() for term in part.split(",")] for part in text.split("|")]


def _one(version: tuple[int, ...], term: str) -> bool | None:
    if term == "*":
        return True
    bound = _BOUND.fullmatch(term)
    wanted = numbers(bound["version"]) if bound else None
    if bound is None or wanted is None:
        return None
    written = bound["version"].split(".")
    operator = bound["operator"] or "=="
    if operator in ("==", "!=", "=") and (bound["star"] or operator == "="):
        same = _begins(version, written)
    elif operator == "~=":
        same = version >= wanted and _begins(version, written[:-1])
    else:
        return {
            ">=": version >= wanted,
            "<=": version <= wanted,
            ">": version > wanted,
            "<": version < wanted,
            "==": version == wanted,
            "!=": version != wanted,
        }[operator]
    return not same if operator == "!=" else same


def _begins(version: tuple[int, ...], written: list[str]) -> bool:
    """Whether a version begins with these numbers, zeros included: 12.0.* is not 12.*."""
    padded = (*version, *(0,) * len(written))
    return padded[: len(written)] == tuple(int(part) for part in written)


def _all(answers: list[bool | None]) -> bool | None:
    return False if False in answers else None if None in answers else True


def _any(answers: list[bool | None]) -> bool | None:
    return True if True in answers else None if None in answers else False


def _start(bound: re.Match[str]) -> str | None:
    """Where a bound lets versions begin; CUDA versions have at least two numbers."""
    version = bound["version"] if "." in bound["version"] else f"{bound['version']}.0"
    if bound["operator"] in (None, ">=", "==", "=", "~="):
        return version
    if bound["operator"] == ">":
        *head, last = version.split(".")
        return ".".join([*head, str(int(last) + 1)])
    return None
