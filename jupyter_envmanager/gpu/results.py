"""What the last check of each environment found, kept over restarts and shared with other processes of the user."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ..environments.plainfile import read_plain
from ..models import GpuCheck

_LARGEST = 1_000_000


class _Result(msgspec.Struct, frozen=True, kw_only=True):
    """A check, and the folder of its environment."""

    prefix: str
    check: GpuCheck


_Version = tuple[int, int]


class GpuResults:
    """Results by environment id. Safe to use from several threads.

    Each has a file of its own: the command line and the server write at the same time, and neither must lose what the
    other one has found.

    Parameters
    ----------
    folder:
        Where they are kept; an unreadable file counts as none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read: dict[str, tuple[_Version, _Result | None]] = {}
        # A full disk costs the memory of a result, not the result.
        self._unsaved: dict[str, _Result] = {}

    def all(self) -> dict[str, GpuCheck]:
        """Every result there is."""
        with self._lock:
            return {environment: result.check for environment, result in self._all().items()}

    def put(self, environment: str, prefix: str, check: GpuCheck) -> None:
        """Keep a result; those of environments that are gone are forgotten."""
        with self._lock:
            for other, result in self._all().items():
                if not os.path.isdir(result.prefix):  # noqa: PTH112
                    self._remove(other)
            self._save(environment, _Result(prefix=prefix, check=check))

    def forget(self, environment: str, before: float) -> None:
        """Forget a result that is older than this."""
        with self._lock:
            known = self._all().get(environment)
            if known is not None and known.check.time < before:
                self._remove(environment)

    def _all(self) -> dict[str, _Result]:
        self._read = {
            environment: (version, self._result(environment, version)) for environment, version in self._files()
        }
        saved = {environment: result for environment, (_, result) in self._read.items() if result is not None}
        return {**saved, **self._unsaved}

    def _files(self) -> Iterator[tuple[str, _Version]]:
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                name, extension = os.path.splitext(entry.name)  # noqa: PTH122
                with contextlib.suppress(OSError):
                    if extension == ".json":
                        status = entry.stat()
                        yield name, (status.st_ino, status.st_mtime_ns)

    def _result(self, environment: str, version: _Version) -> _Result | None:
        known = self._read.get(environment)
        if known is not None and known[0] == version:
            return known[1]
        try:
            return msgspec.json.decode(read_plain(self._file(environment), _LARGEST), type=_Result)
        except (OSError, ValueError, RecursionError):
            return None

    def _save(self, environment: str, result: _Result) -> None:
        file = self._file(environment)
        partial = file.with_suffix(f".{os.getpid()}")
        self._unsaved[environment] = result
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(msgspec.json.encode(result))
            partial.replace(file)
            del self._unsaved[environment]

    def _remove(self, environment: str) -> None:
        self._unsaved.pop(environment, None)
        with contextlib.suppress(OSError):
            self._file(environment).unlink()

    def _file(self, environment: str) -> Path:
        return self._folder / f"{environment}.json"
