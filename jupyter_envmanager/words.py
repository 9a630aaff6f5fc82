"""Numbers, lists and tables as people read them."""

from __future__ import annotations

import time
from collections.abc import Sequence


def amount(size: int) -> str:
    """Bytes in the unit that fits, decimal as disks are sold: ``412 MB``."""
    value = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def age(then: float) -> str:
    """How long ago a time (seconds since the epoch) was: ``3 min``."""
    seconds = max(0.0, time.time() - then)
    for length, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def some(names: Sequence[str], most: int = 3) -> str:
    """The first of them, where the rest does not matter: ``a, b, c …``."""
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def first(names: Sequence[str], most: int) -> str:
    """The first of them, and how many there are besides: ``a, b and 3 more``."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned by blanks; empty for no rows."""
    if not rows:
        return ""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
