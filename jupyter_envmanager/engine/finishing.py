"""Check each package, and give it its bytecode, while the engine still links the others."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rattler import RepoDataRecord

from ..errors import Damaged
from . import metarecords
from .bytecode import BytecodeCache, cache_tag

_log = logging.getLogger(__name__)


class Finisher:
    """A thread that follows the engine through a stage.

    Parameters
    ----------
    stage:
        Where the engine links.
    records:
        What it links.
    cache:
        The bytecode to link; None for none.
    python:
        The version of Python that the stage will have; None for none.
    """

    def __init__(
        self, stage: Path, records: Sequence[RepoDataRecord], cache: BytecodeCache | None, python: str | None
    ) -> None:
        self._stage = stage
        self._cache = cache
        self._files = {
            record.name.normalized: f"{record.name.normalized}-{record.version}-{record.build}.json"
            for record in records
        }
        self._tag = cache_tag(python) if python is not None else None
        self._whole: set[str] = set()
        self._linked: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._follow, name="finisher", daemon=True)
        self._thread.start()

    def linked(self, name: str) -> None:
        """The engine is done with this package; from any thread."""
        self._linked.put(name)

    def stop(self) -> None:
        """End the thread; what it has not looked at yet stays so."""
        self._linked.put(None)
        self._thread.join()

    def finish(self) -> None:
        """Wait for the thread, and check whatever it was not told of.

        Raises
        ------
        Damaged
            Names the packages that are not whole.
        """
        self.stop()
        for name in self._files.keys() - self._whole:
            self._complete(name)
        if missing := sorted(self._files.keys() - self._whole):
            raise Damaged(
                f"These packages were not installed whole: {', '.join(missing)}.",
                hint="Nothing was changed. Try again; if it stays, the channel's packages are damaged.",
                packages=missing,
            )

    def _follow(self) -> None:
        while (name := self._linked.get()) is not None:
            self._complete(name)

    def _complete(self, name: str) -> None:
        try:
            record = metarecords.read(self._stage / "conda-meta" / self._files[name])
        except (KeyError, OSError, msgspec.DecodeError) as error:
            _log.debug("%s is looked at again later: %s", name, error)
            return
        if record.is_whole(self._stage):
            self._whole.add(name)
            if self._cache is not None and self._tag is not None:
                self._cache.link(record, self._tag, self._stage)
