"""Apply a plan: build aside, verify, swap. Remove: swap out, then delete.

The rename is the only moment at which anything changes for others; before it the prefix was never touched, after it
the new state is whole.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

from rattler import MatchSpec, PackageCache, PathsJson, RepoDataRecord, install

from ..errors import Conflict, Damaged, NotAllowed
from .base import Base
from .bytecode import BytecodeCache
from .cachenotes import kept_honest
from .client import Network, client
from .extracted import folder_of
from .failures import translated
from .finishing import Finisher
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
    stem = folder_of(str(record["fn"]))
    return any((folder / stem / "info" / "index.json").is_file() for folder in pkgs_dirs)


def drop_damaged(names: Set[str], records: Sequence[RepoDataRecord], pkgs_dirs: Sequence[Path]) -> None:
    """Take packages out of the cache whose files are not the ones that they were made of any more.

    A program that writes into an installed file in place writes into the cache, too: they share it.
    """
    for record in records:
        if record.name.normalized not in names:
            continue
        stem = folder_of(record.file_name)
        for folder in (cache / stem for cache in pkgs_dirs):
            if folder.is_dir() and os.access(folder.parent, os.W_OK) and not _is_as_made(folder):
                remove_tree(folder)


def _is_as_made(folder: Path) -> bool:
    """Whether the files of an extracted package are those of its ``info/paths.json``, by their content."""
    try:
        for entry in PathsJson.from_package_directory(folder).paths:
            file = folder / entry.relative_path
            if entry.sha256 and not file.is_symlink() and hashlib.sha256(file.read_bytes()).digest() != entry.sha256:
                return False
    except Exception:
        # Not even that can be read.
        return False
    return True


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
    base: Base | None = None,
    shared: bool = False,
) -> None:
    """Download what is missing and link ``records`` into ``stage``, with ``prefix`` baked into their files.

    When this returns, every package that was linked is whole and has the bytecode that the cache has of it. A damaged
    download is tried a second time, from a fresh stage.

    Parameters
    ----------
    specs:
        What the user asked for, of all that is installed in the end.
    base:
        What the stage holds to begin with, and what of it goes; nothing when it is None.
    shared:
        Whether others may write into it.

    Raises
    ------
    Damaged, ChannelUnreachable, NoSpace, NotAllowed
    """

    async def once() -> None:
        if base is None:
            stage.mkdir(parents=True)
        else:
            base.lay(stage)
        after = list(records) if base is None else base.after(records)
        new = list(records) if base is None else base.to_link(after, records)
        if base is not None:
            base.make_room(stage, new)
            drop_damaged(base.relink, after, pkgs_dirs)
        cache = package_cache(pkgs_dirs)
        python = next((str(r.version) for r in after if r.name.normalized == "python"), None)
        finisher = Finisher(stage, new, BytecodeCache(writable_cache(pkgs_dirs), copies=shared), python)
        progress = InstallProgress(report, packages=len(new), download_size=download_size, linked=finisher.linked)
        try:
            with kept_honest(new, pkgs_dirs), translated(str(stage.parent.parent.parent)):
                await install(
                    after,
                    target_prefix=stage,
                    alternative_target_prefix=prefix,
                    installed_packages=[] if base is None else base.installed,
                    reinstall_packages=None if base is None else set(base.relink),
                    package_cache=cache,
                    execute_link_scripts=run_link_scripts,
                    client=client(reach),
                    # py-rattler 0.28 wants the inner objects here, in spite of its annotation.
                    requested_specs=[MatchSpec(spec)._match_spec for spec in specs],
                    reporter=progress,
                )
        except BaseException:
            finisher.stop()
            raise
        report("verify", f"{len(new)} packages", 0.96)
        with translated(str(stage.parent.parent.parent)):
            finisher.finish()

    try:
        await once()
    except Damaged as error:
        report("download", f"Trying once more: {error.message}", 0.0)
        remove_tree(stage)
        await once()


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
    if mounted := mounts_in(prefix):
        raise NotAllowed(
            f"Something is mounted at {mounted[0]}, so {prefix} cannot be removed as a whole.",
            hint="Unmount it, or ask who mounted it. Nothing was changed.",
        )
    try:
        prefix.rename(trash)
    except OSError:
        with translated(str(prefix.parent)):
            raise


def mounts_in(prefix: Path) -> list[str]:
    """Mount points at or below a folder, as far as the system says (proc(5), ``mounts``)."""
    try:
        lines = Path("/proc/self/mounts").read_bytes().splitlines()
    except OSError:
        return []
    real = os.path.realpath(prefix)
    # Blanks and the like are octal escapes there.
    points = [os.fsdecode(line.split()[1].decode("unicode_escape").encode("latin-1")) for line in lines if line.strip()]
    return [point for point in points if point == real or point.startswith(real + os.sep)]
