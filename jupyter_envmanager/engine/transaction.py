"""Apply a plan: build aside, verify, swap. Remove: swap out, then delete.

The rename is the only moment at which anything changes for others; before it the prefix was never touched, after it
the new state is whole.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from rattler import MatchSpec, PackageCache, RepoDataRecord, install

from ..errors import Conflict, Damaged, NotAllowed
from .bytecode import BytecodeCache
from .client import Network, client
from .failures import translated
from .progress import InstallProgress, Report
from .workplace import remove_tree


def package_cache(pkgs_dirs: Sequence[Path]) -> PackageCache:
    """The package caches, layered: the first writable one takes downloads, the others are only read."""
    return PackageCache.new_layered(list(dict.fromkeys([writable_cache(pkgs_dirs), *pkgs_dirs])))


def writable_cache(pkgs_dirs: Sequence[Path]) -> Path:
    """The package cache that downloads go to: the first one that can be written; made if it is not there.

    Raises
    ------
    NotAllowed
        None of them can be written.
    """
    for folder in pkgs_dirs:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    tried = ", ".join(str(folder) for folder in pkgs_dirs)
    raise NotAllowed(
        f"None of the package caches can be written: {tried}.", hint="Set pkgs_dirs in ~/.condarc to a folder of yours."
    )


def is_cached(record: dict[str, Any], pkgs_dirs: Sequence[Path]) -> bool:
    """Whether a record's package is extracted in one of the caches, so that it needs no download."""
    stem = str(record["fn"]).removesuffix(".conda").removesuffix(".tar.bz2")
    return any((folder / stem / "info" / "index.json").is_file() for folder in pkgs_dirs)


async def link(
    records: Sequence[RepoDataRecord],
    *,
    stage: Path,
    prefix: Path,
    specs: Sequence[str],
    reach: Network,
    pkgs_dirs: Sequence[Path],
    run_link_scripts: bool,
    download_size: int,
    report: Report,
) -> None:
    """Download what is missing and link ``records`` into ``stage``, with ``prefix`` baked into their files.

    A damaged download is tried a second time, from an empty stage.

    Raises
    ------
    Damaged, ChannelUnreachable, NoSpace, NotAllowed
    """
    try:
        await _link_once(records, stage, prefix, specs, reach, pkgs_dirs, run_link_scripts, download_size, report)
    except Damaged as error:
        report("download", f"Trying once more: {error.message}", 0.0)
        remove_tree(stage)
        await _link_once(records, stage, prefix, specs, reach, pkgs_dirs, run_link_scripts, download_size, report)


async def _link_once(
    records: Sequence[RepoDataRecord],
    stage: Path,
    prefix: Path,
    specs: Sequence[str],
    reach: Network,
    pkgs_dirs: Sequence[Path],
    run_link_scripts: bool,
    download_size: int,
    report: Report,
) -> None:
    stage.mkdir(parents=True)
    with translated(str(stage.parent.parent.parent)):
        await install(
            list(records),
            target_prefix=stage,
            alternative_target_prefix=prefix,
            installed_packages=[],
            package_cache=package_cache(pkgs_dirs),
            execute_link_scripts=run_link_scripts,
            client=client(reach),
            # py-rattler 0.28 wants the inner objects here, in spite of its annotation.
            requested_specs=[MatchSpec(spec)._match_spec for spec in specs],
            reporter=InstallProgress(report, packages=len(records), download_size=download_size),
        )


class _Path(msgspec.Struct, frozen=True):
    path: str = msgspec.field(name="_path")


class _Paths(msgspec.Struct, frozen=True):
    paths: list[_Path] = []


class _Record(msgspec.Struct, frozen=True):
    """The part of an installed record that tells which files there must be."""

    name: str
    paths_data: _Paths = _Paths()


def verify(stage: Path, names: Sequence[str]) -> None:
    """Check that each package has its record and each record its files.

    Raises
    ------
    Damaged
        Names the packages that are not whole.
    """
    decode = msgspec.json.Decoder(_Record).decode
    found: set[str] = set()
    for file in (stage / "conda-meta").glob("*.json"):
        record = decode(file.read_bytes())
        if all(os.path.lexists(stage / entry.path) for entry in record.paths_data.paths):
            found.add(record.name)
    if missing := sorted(set(names) - found):
        raise Damaged(
            f"These packages were not installed whole: {', '.join(missing)}.",
            hint="Nothing was changed. Try again; if it stays, the channel's packages are damaged.",
            packages=missing,
        )


def link_bytecode(stage: Path, cache: Path) -> int:
    """Hard-link the bytecode that earlier environments left in the package cache; returns the number of files."""
    return BytecodeCache(cache).link_into(stage)


def swap_in(stage: Path, prefix: Path) -> None:
    """Put the finished stage in its place, atomically.

    Raises
    ------
    Conflict
        Something is there by now.
    """
    try:
        if os.name == "nt" and prefix.is_dir():
            prefix.rmdir()
        stage.rename(prefix)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise Conflict(
                f"{prefix} came to be while the environment was built; it was left alone.",
                hint="Choose another name, or remove what is there.",
                field="name",
            ) from error
        with translated(str(prefix)):
            raise


def swap_out(prefix: Path, trash: Path) -> None:
    """Take an environment out of its place, atomically.

    Raises
    ------
    NotAllowed
        The folder that holds it cannot be written, or the prefix is a mount point.
    """
    try:
        prefix.rename(trash)
    except OSError as error:
        if error.errno in (errno.EBUSY, errno.EXDEV):
            raise NotAllowed(
                f"{prefix} is a mount point, so it cannot be removed as a whole.", hint="Ask who mounted it."
            ) from error
        with translated(str(prefix.parent)):
            raise
