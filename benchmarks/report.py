"""Figures as people and as programs read them."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_UNITS = {"s": (1.0, "{:.3f}"), "share": (1.0, "{:.2f}"), "ms": (1e3, "{:.1f}"), "MB": (1e-6, "{:.0f}")}


@dataclass
class Figure:
    """One thing that was measured, several times.

    Attributes:
        name: what.
        unit: ``s`` or ``ms`` (samples are seconds) or ``MB`` (samples are bytes).
        samples: what was measured, in the order in which it was.
        target: what the median should not exceed; in the samples' unit.
        judged: which of the figures is compared with the target: ``median`` or ``max``.
        note: what to say in place of numbers when there are none.
    """

    name: str
    unit: str = "s"
    samples: list[float] = field(default_factory=list)
    target: float | None = None
    judged: str = "median"
    note: str = ""

    @property
    def median(self) -> float | None:
        """The middle one; None when nothing was measured."""
        return statistics.median(self.samples) if self.samples else None

    @property
    def verdict(self) -> str:
        """``ok``, ``missed``, or nothing."""
        if self.target is None or not self.samples:
            return ""
        value = max(self.samples) if self.judged == "max" else statistics.median(self.samples)
        return "ok" if value <= self.target else "missed"

    def row(self) -> list[str]:
        """Its line in the table."""
        if not self.samples:
            return [self.name, "", "", "", "", "", self.note or "not measured"]
        values = (min(self.samples), statistics.median(self.samples), max(self.samples))
        target = "" if self.target is None else f"{'max ' * (self.judged == 'max')}≤ {self._text(self.target)}"
        return [self.name, *map(self._text, values), self.unit, target, self.verdict or self.note]

    def _text(self, value: float) -> str:
        factor, form = _UNITS[self.unit]
        return form.format(value * factor)

    def as_json(self) -> dict[str, Any]:
        """Everything, samples included."""
        return {
            "name": self.name,
            "unit": {"MB": "bytes", "share": "share"}.get(self.unit, "s"),
            "samples": self.samples,
            "median": self.median,
            "target": self.target,
            "judged": self.judged,
            "verdict": self.verdict,
            "note": self.note,
        }


@dataclass
class Group:
    """Figures below one heading."""

    title: str
    figures: list[Figure]


def machine() -> dict[str, Any]:
    """Where and when it was measured; the load tells how far to believe it."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg(),
    }


def show(groups: Sequence[Group], before: dict[str, Any], file: Path | None, **more: Any) -> None:
    """Print the table and the JSON; write the JSON to ``file``, too."""
    load = f"{before['load'][0]:.1f} before, {os.getloadavg()[0]:.1f} after"
    print(f"{before['system']}, {before['cores']} cores, Python {before['python']}, load {load}\n")
    for group in groups:
        print("\n".join(_table(group)), end="\n\n")
    figures = {group.title: [figure.as_json() for figure in group.figures] for group in groups}
    text = json.dumps(
        {"machine": before, "load_after": os.getloadavg(), "figures": figures, **more}, ensure_ascii=False, indent=1
    )
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
    print(text)


def _table(group: Group) -> list[str]:
    head = [group.title, "min", "median", "max", "", "target", ""]
    rows = [head, *(figure.row() for figure in group.figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [row[column].rjust(widths[column]) for column in (1, 2, 3)]
        cells += [row[column].ljust(widths[column]) for column in (4, 5, 6)]
        lines.append("  ".join(cells).rstrip())
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def options(description: str, repetitions: int) -> argparse.ArgumentParser:
    """The arguments that all benchmarks take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="one repetition of everything: does it run?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE, too")
    parser.add_argument("--repetitions", type=int, default=repetitions, metavar="N", help="default: %(default)s")
    return parser


def end_cleanly() -> None:
    """Let SIGTERM unwind as an exception does, so that no server and no folder is left behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
