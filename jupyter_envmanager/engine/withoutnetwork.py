"""What can be done without network: indexes as they were last read, and packages that a cache has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rattler.exceptions import GatewayError

from ..errors import ChannelUnreachable, EnvManagerError
from ..words import first
from .transaction import is_cached

if TYPE_CHECKING:
    from rattler import PackageName, RepoDataRecord, Subdir

    from .source import Source

_NAMED = 8


class StoredChannel:
    """A channel as we read it, for rattler's solver (``rattler.RepoDataSource``).

    Parameters
    ----------
    source:
        It.
    wanted:
        Whether a record may be chosen.
    """

    def __init__(self, source: Source, wanted: Callable[[RepoDataRecord], bool] = lambda record: True) -> None:
        self._source = source
        self._wanted = wanted
        #: Names that were asked for and never read while there was network.
        self.unread: set[str] = set()

    def package_names(self, platform: Subdir) -> list[str]:
        """All names; some have nothing in this subdir."""
        return sorted(self._source.names or ())

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        """The records of a name in one subdir."""
        try:
            records = await self._source.records([name.normalized])
        except (EnvManagerError, GatewayError):
            self.unread.add(name.normalized)
            return []
        return [record for record in records if record.subdir == str(platform) and self._wanted(record)]


def needs_no_download(record: RepoDataRecord, pkgs_dirs: Sequence[Path]) -> bool:
    """Whether a cache has the package."""
    return is_cached({"fn": record.file_name}, pkgs_dirs)


def not_known(names: Iterable[str]) -> ChannelUnreachable:
    """The error for packages of which the cache has not even the index."""
    missing = sorted(names)
    return ChannelUnreachable(
        f"What there is of {first(missing, _NAMED)} is not known here, and conda's configuration says offline.",
        hint="With network, set “offline” to false. Without, unpack an archive of an environment that has what you "
        "need, or make it from an explicit list or a lock of packages that are in the cache.",
        field="specs",
        missing=missing,
    )


def check_cached(objects: Iterable[dict[str, Any]], pkgs_dirs: Sequence[Path]) -> None:
    """Refuse a plan that would have to download.

    Parameters
    ----------
    objects:
        Its records, as `records.to_json` has them.

    Raises
    ------
    ChannelUnreachable
        Names every package that no cache has.
    """
    missing = sorted(f"{one['name']} {one['version']}" for one in objects if not is_cached(one, pkgs_dirs))
    if not missing:
        return
    one = len(missing) == 1
    folders = " or ".join(str(folder) for folder in pkgs_dirs)
    raise ChannelUnreachable(
        f"{'A package is' if one else f'{len(missing)} packages are'} not in the package cache, and conda's "
        f"configuration says offline: {first(missing, _NAMED)}.",
        hint=f"With network, set “offline” to false. Without, copy {'it' if one else 'them'}, unpacked, into "
        f"{folders}, or unpack an archive of an environment that has {'it' if one else 'them'}.",
        field="specs",
        missing=missing,
    )
