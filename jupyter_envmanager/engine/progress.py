"""rattler's installation callbacks -> phase, message, bytes and a fraction."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from ..models import Phase

# Linking tells nothing within a package, downloading tells bytes: half the bar each, unless all is cached.
_DOWNLOAD_SHARE = 0.6
_LINK_END = 0.95
# A person sees no more than ten numbers a second; each costs a line in the log.
_INTERVAL = 0.1


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


def part(report: Report, begin: float, end: float) -> Report:
    """A report for one part of a job: its 0..1 becomes ``begin``..``end`` of the whole."""

    def told(
        phase: Phase,
        message: str,
        progress: float,
        bytes_done: int | None = None,
        bytes_total: int | None = None,
        *,
        passing: bool = False,
    ) -> None:
        report(phase, message, begin + (end - begin) * progress, bytes_done, bytes_total, passing=passing)

    return told


class InstallProgress:
    """An ``InstallerReporter`` that turns many callbacks, from many threads, into few lines.

    Parameters
    ----------
    report:
        Where the lines go.
    packages:
        Number of packages to link.
    download_size:
        Bytes to download; 0 when everything is cached.
    linked:
        Told the name of each package that has been linked.
    """

    def __init__(self, report: Report, *, packages: int, download_size: int, linked: Callable[[str], None]) -> None:
        self._report = report
        self._tell_linked = linked
        self._packages = max(1, packages)
        self._download_size = download_size
        self._lock = threading.Lock()
        self._names: dict[int, str] = {}
        self._sizes: dict[int, int] = {}
        self._linked = 0
        self._next = 0
        self._last = 0.0

    def _token(self, name: str) -> int:
        with self._lock:
            self._next += 1
            self._names[self._next] = name
            return self._next

    def _send(self, phase: Phase, message: str, passing: bool = False) -> None:
        now = time.monotonic()
        with self._lock:
            if passing and now - self._last < _INTERVAL:
                return
            self._last = now
            done = sum(self._sizes.values())
        total = self._download_size
        share = _DOWNLOAD_SHARE if total else 0.0
        fraction = share * min(1.0, done / total) if total else 0.0
        fraction += (_LINK_END - share) * self._linked / self._packages
        shown = min(done, total) if total else None
        self._report(phase, message, fraction, shown, total or None, passing=passing)

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:
        """Remember the name for the callbacks that follow."""
        return self._token(package_name)

    def on_download_start(self, cache_entry: int) -> int:
        """A download begins."""
        self._send("download", self._names.get(cache_entry, ""), passing=True)
        return cache_entry

    def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
        """Bytes of one download."""
        self._sizes[download_idx] = progress
        self._send("download", self._names.get(download_idx, ""), passing=True)

    def on_download_completed(self, download_idx: int) -> None:
        """A download is complete."""
        self._send("download", self._names.get(download_idx, ""))

    def on_link_start(self, operation: int, package_name: str) -> int:
        """A package is about to be linked."""
        return self._token(package_name)

    def on_link_complete(self, index: int) -> None:
        """A package is linked."""
        with self._lock:
            self._linked += 1
            linked = self._linked
        name = self._names.get(index, "")
        self._tell_linked(name)
        message = f"{linked} of {self._packages} · {name}"
        self._send("link", message, passing=1 < linked < self._packages)

    # The protocol is checked structurally, so the callbacks we have no use for must be there, too.
    def on_transaction_start(self, total_operations: int) -> None:
        """Nothing to say yet."""

    def on_transaction_operation_start(self, operation: int) -> None:
        """Nothing to say."""

    def on_validate_start(self, cache_entry: int) -> int:
        """A cached package is being checked."""
        return cache_entry

    def on_validate_complete(self, validate_idx: int) -> None:
        """Nothing to say."""

    def on_populate_cache_complete(self, cache_entry: int) -> None:
        """Nothing to say."""

    def on_unlink_start(self, operation: int, package_name: str) -> int:
        """A package is about to be unlinked."""
        return self._token(package_name)

    def on_unlink_complete(self, index: int) -> None:
        """Nothing to say."""

    def on_transaction_operation_complete(self, operation: int) -> None:
        """Nothing to say."""

    def on_transaction_complete(self) -> None:
        """Nothing to say."""

    def on_post_link_start(self, package_name: str, script_path: str) -> int:
        """A package's link script begins (only where the site allows it)."""
        return self._token(package_name)

    def on_post_link_complete(self, index: int, success: bool) -> None:
        """Nothing to say."""

    def on_pre_unlink_start(self, package_name: str, script_path: str) -> int:
        """A package's unlink script begins (only where the site allows it)."""
        return self._token(package_name)

    def on_pre_unlink_complete(self, index: int, success: bool) -> None:
        """Nothing to say."""
