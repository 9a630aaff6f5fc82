"""A large unsharded channel, read from the index that `indexing` made: nothing of it stays in memory."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from rattler import Channel, PackageName, RepoDataRecord, SparseRepoData, Subdir
from rattler.exceptions import InvalidPackageNameError

from .indexing import Runs, open_index
from .offers import Offer


class IndexedChannel:
    """A channel as rattler's gateway takes it (``rattler.RepoDataSource``), and as we search it.

    Parameters
    ----------
    channel:
        It.
    path:
        Its index.

    Raises
    ------
    OSError, sqlite3.Error
        The index, or a file it was made of, is not there or cannot be read.
    """

    def __init__(self, channel: Channel, path: Path) -> None:
        self.channel = channel
        self._files: dict[str, int] = {}
        self._info: dict[str, bytes] = {}
        self._database = open_index(path)
        try:
            for subdir, file, info in self._database.execute("SELECT subdir, file, info FROM files"):
                self._files[subdir] = os.open(path.with_name(file), os.O_RDONLY)
                self._info[subdir] = info
        except (OSError, sqlite3.Error):
            self.close()
            raise

    def close(self) -> None:
        """Let go of the files."""
        self._database.close()
        while self._files:
            os.close(self._files.popitem()[1])

    def __del__(self) -> None:
        # A solve may still read what a newer index has replaced.
        with suppress(AttributeError):
            self.close()

    def names(self) -> list[str]:
        """All names."""
        return [name for (name,) in self._database.execute("SELECT DISTINCT name FROM names")]

    def package_names(self, platform: Subdir) -> list[str]:
        """The names of one subdir."""
        rows = self._database.execute("SELECT name FROM names WHERE subdir = ?", (str(platform),))
        return [name for (name,) in rows]

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        """The records of a name in one subdir."""
        return self._records(str(platform), name.normalized)

    def records(self, names: Iterable[str], subdirs: Sequence[str]) -> list[RepoDataRecord]:
        """The records of some names in some subdirs."""
        return [record for name in names for subdir in subdirs for record in self._records(subdir, name)]

    def offers(self, name: str) -> list[Offer]:
        """The newest version of a name in each subdir."""
        rows = self._database.execute("SELECT offer FROM names WHERE name = ?", (name,))
        return [msgspec.msgpack.decode(row, type=Offer) for (row,) in rows]

    def _records(self, subdir: str, name: str) -> list[RepoDataRecord]:
        query = "SELECT runs FROM names WHERE name = ? AND subdir = ?"
        row = self._database.execute(query, (name, subdir)).fetchone()
        if row is None:
            return []
        runs = msgspec.msgpack.decode(row[0], type=Runs)
        text = b'{"info":%b,"packages":{%b},"packages.conda":{%b},"repodata_version":1}' % (
            self._info[subdir],
            self._read(subdir, runs.packages),
            self._read(subdir, runs.conda),
        )
        # rattler reads records from files only.
        with tempfile.NamedTemporaryFile(prefix="envmanager-", suffix=".json") as file:
            file.write(text)
            file.flush()
            repodata = SparseRepoData(self.channel, subdir, file.name)
            try:
                return repodata.load_records(name)
            except InvalidPackageNameError:
                return []
            finally:
                repodata.close()

    def _read(self, subdir: str, runs: Sequence[tuple[int, int]]) -> bytes:
        return b",".join(os.pread(self._files[subdir], end - begin, begin) for begin, end in runs)
