"""CUDA versions and compute capabilities as people write them, in a terminal or in a configuration."""

from __future__ import annotations

import re

# “12.8.1” is a toolkit's version; drivers count by its first two parts.
_CUDA = re.compile(r"([1-9][0-9]?)(?:\.([0-9]{1,2}))?(?:\.[0-9]{1,5})?")
_CAPABILITY = re.compile(r"([1-9][0-9]?)(?:\.([0-9]))?")
# https://developer.nvidia.com/cuda-gpus goes to 12: what is far above is an sm_90 that lacks its point.
_CAPABILITIES = range(1, 30)


def as_cuda(value: object) -> str | None:
    """``"12.8"``, ``12.8`` -> ``12.8``; ``12`` -> ``12.0``; None for what is no CUDA version."""
    found = _CUDA.fullmatch(_text(value))
    return f"{int(found[1])}.{int(found[2] or 0)}" if found else None


def as_capability(value: object) -> str | None:
    """``"9.0"``, ``9.0``, ``9`` -> ``9.0``; None for what no device has."""
    found = _CAPABILITY.fullmatch(_text(value))
    return f"{found[1]}.{found[2] or 0}" if found and int(found[1]) in _CAPABILITIES else None


def numbers(version: str) -> tuple[int, ...]:
    """For comparisons: ``12.10`` is above ``12.9``."""
    return tuple(map(int, version.split(".")))


def shortened(value: object, length: int = 60) -> str:
    """A value for a message: on one line, with an end, and harmless to a terminal."""
    try:
        line = " ".join(str(value).split())
    except (ValueError, RecursionError):
        # Python writes out no number of thousands of digits, and nothing that is nested without end.
        return "…"
    line = line if len(line) <= length else f"{line[:length]}…"
    return "".join(character if character.isprintable() else "�" for character in line)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    # Not all numbers can be written out; those that are meant can.
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 100 else ""
