"""Which files of an environment are conda's? PyPI packages neither replace nor remove them unasked.

The format: https://docs.conda.io/projects/conda/en/stable/dev-guide/api/conda/models/records/index.html (PrefixRecord).
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..environments.conda_records import RawRecord, describe, plain_files
from .names import normal

_decode = msgspec.json.Decoder(RawRecord).decode


class CondaFiles:
    """What the records of an environment list, read once.

    Parameters
    ----------
    root:
        Folder of the environment; records that cannot be read own nothing.
    """

    def __init__(self, root: Path) -> None:
        self._owners: dict[str, str] = {}
        self._brought: dict[str, set[str]] = {}
        for file in sorted((root / "conda-meta").glob("*.json")):
            try:
                raw = _decode(file.read_bytes())
                listed = raw.paths_data.paths if raw.paths_data else ()
                paths = [entry.path for entry in listed] or plain_files(raw)
            except (OSError, msgspec.DecodeError, UnicodeDecodeError):
                continue
            self._owners.update((path.replace("\\", "/"), raw.name) for path in paths)
            dists = describe(file.name, raw, listed).distributions
            self._brought.setdefault(raw.name, set()).update(normal(dist.name) for dist in dists)

    def owner(self, path: str, name: str) -> str | None:
        """The conda package that a file belongs to, as seen by a distribution; None for no other's.

        Parameters
        ----------
        path:
            Relative to the environment, with slashes.
        name:
            The distribution: where conda brought the same one, whoever asked for this one meant it to be replaced.
        """
        owner = self._owners.get(path)
        return None if owner is None or normal(name) in self._brought[owner] else owner

    def bringer(self, name: str) -> str | None:
        """The conda package that brings the distribution of this name; None when none does."""
        return next((owner for owner, dists in self._brought.items() if normal(name) in dists), None)
