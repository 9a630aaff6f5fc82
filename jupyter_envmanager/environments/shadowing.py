"""Which conda packages has pip overwritten? It takes conda's for its own: it removes their files and puts in others."""

# ruff: noqa: PTH116, PTH118

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from .conda_records import CondaRecord, OwnedDistribution
from .distributions import Distribution


def foreign_folders(prefix: str, records: Iterable[CondaRecord], folders: Iterable[str]) -> list[str]:
    """The distribution folders (relative, with slashes) that are not, or no longer, those of conda packages."""
    owned = {distribution.folder: distribution for record in records for distribution in record.distributions}
    return [folder for folder in folders if folder not in owned or _is_overwritten(prefix, owned[folder])]


def shadows(records: Iterable[CondaRecord], distributions: Iterable[Distribution]) -> dict[str, Distribution]:
    """For each conda package that was overwritten, by name, what took its place."""
    pypi = {(_parent(found.folder), found.canonical): found for found in distributions}
    return {
        record.name: pypi[key]
        for record in records
        for owned in record.distributions
        if (key := (_parent(owned.folder), owned.name)) in pypi
    }


def is_gone(record: CondaRecord, folders: Collection[str], places: Collection[str]) -> bool:
    """Whether somebody has uninstalled a conda package behind conda's back.

    Parameters
    ----------
    folders:
        The distribution folders that are there.
    places:
        The site-packages that were read, relative to the prefix; of others nothing is known.
    """
    known = [owned for owned in record.distributions if _parent(owned.folder) in places]
    return bool(known) and not any(owned.folder in folders for owned in known)


def _is_overwritten(prefix: str, owned: OwnedDistribution) -> bool:
    """The same version again, from elsewhere: conda's INSTALLER file says ``conda``, that of others is shorter."""
    if owned.installer_size is None:
        return False
    try:
        return os.stat(os.path.join(prefix, owned.folder, "INSTALLER")).st_size != owned.installer_size
    except OSError:
        return False


def _parent(folder: str) -> str:
    return folder.rpartition("/")[0]
