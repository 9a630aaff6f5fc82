"""What the last test start of each kernel found, kept over restarts."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec

from .models import KernelCheck


class CheckStore:
    """Results by kernel name.

    Parameters
    ----------
    file:
        Where they are kept; an unreadable file counts as empty.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        try:
            kept = msgspec.json.decode(file.read_bytes(), type=dict[str, KernelCheck])
            # A test start does not outlive the server that waits for it; a job that still runs one says so again.
            self._checks = {name: check for name, check in kept.items() if check.state in ("passed", "failed")}
        except (OSError, msgspec.DecodeError):
            self._checks = {}

    def all(self) -> dict[str, KernelCheck]:
        """Every result there is."""
        with self._lock:
            return dict(self._checks)

    def put(self, kernel: str, check: KernelCheck) -> None:
        """Keep a result."""
        with self._lock:
            if self._checks.get(kernel) != check:
                self._checks[kernel] = check
                self._save()

    def give_up(self, kernel: str) -> None:
        """Forget a test start that was begun and never ended."""
        with self._lock:
            known = self._checks.get(kernel)
            if known is not None and known.state in ("pending", "running"):
                del self._checks[kernel]
                self._save()

    def forget(self, kernel: str) -> None:
        """Forget a kernel that is gone."""
        with self._lock:
            if self._checks.pop(kernel, None) is not None:
                self._save()

    def _save(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode(self._checks))
        partial.replace(self._file)
