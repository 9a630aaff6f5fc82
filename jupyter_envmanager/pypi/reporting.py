"""How the worker hears of progress."""

from __future__ import annotations

from typing import Protocol

from ..models import Phase


class Report(Protocol):
    """Takes progress: a line for the log, or (``passing``) a number that the next one replaces."""

    def __call__(
        self,
        phase: Phase,
        message: str,
        progress: float,
        bytes_done: int | None = None,
        bytes_total: int | None = None,
        *,
        passing: bool = False,
    ) -> None: ...
