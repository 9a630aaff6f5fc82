"""Carry out a plan in a stage, which then takes the prefix's place.

uv installs into an empty folder beside the stage, never into the stage: there every file may be a hard link to the live
prefix, to a former generation or to a package cache, and uv writes some in place. From that folder the files are moved.
"""

from __future__ import annotations

import functools
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..engine.progress import Report
from ..errors import Conflict, Invalid, Overwrites
from ..words import some
from . import lock
from .condafiles import CondaFiles
from .failures import translate
from .files import Stage, no_space
from .index import indexes
from .installed import InstalledDist, distributions, site_folders
from .names import normal
from .needs import conflicts
from .relocate import finish, mark_requested
from .runner import run
from .state import PypiPlan, PypiSettings


def apply(plan: PypiPlan, *, stage: Path, prefix: Path, settings: PypiSettings, report: Report) -> None:
    """Install and remove what the plan says, in the stage. Blocks; nothing is resolved anew.

    Parameters
    ----------
    stage:
        A complete environment that nobody uses; left half changed by an error.
    prefix:
        Where the stage will be: scripts and metadata say so already.
    report:
        Told what happens; progress is 0..1 of this part.

    Raises
    ------
    BuildFailed
        ``details["log"]`` is the end of the build log.
    ChannelUnreachable, Damaged, NoSpace, NotAllowed
    Conflict
        The stage is not what the plan is for.
    Overwrites
        Files of conda packages would be replaced, and that has not been accepted.
    """
    packages = lock.read(plan.lock)
    lock.check_roots(packages, settings.allowed_roots)
    scratch = stage.with_name(f"{stage.name}-pypi")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        with no_space():
            # Nobody else's: the address of the index may hold a password.
            scratch.mkdir(mode=0o700)
            fresh = _installed(plan, packages, scratch, stage, settings, report) if packages else []
            place, conda = Stage(stage), CondaFiles(stage)
            if Overwrites.code not in plan.accept:
                _check_names(fresh, conda)
            there = list(_there(stage))
            gone = {normal(name) for name in [*plan.remove, *(dist.name for _, dist in fresh)]}
            leaving = [(site, dist) for site, dist in there if normal(dist.name) in gone]
            staying = [(site, dist) for site, dist in there if normal(dist.name) not in gone]
            _remove(leaving, {normal(name) for name in plan.remove}, place, conda, report)
            names = [normal(name) for name in plan.requested]
            root = scratch / "new"
            finish(fresh, root=root, stage=stage, prefix=prefix, requested=names, report=report)
            for site, dist in fresh:
                if Overwrites.code not in plan.accept:
                    _check_owners(site, dist, root, place, conda)
                _move(site, dist, root, place, report)
            _mark(names, staying)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _complain([dist for _, dist in [*staying, *fresh]], plan.python_version, report)
    report("pypi", f"{len(plan.actions)} PyPI packages changed", 1.0)


def _installed(
    plan: PypiPlan,
    packages: Sequence[lock.Locked],
    scratch: Path,
    stage: Path,
    settings: PypiSettings,
    report: Report,
) -> list[tuple[Path, InstalledDist]]:
    """Let uv install the lock into the scratch folder; what came, with the site-packages folder it is in."""
    python = _python(stage)
    # uv knows the format by the name.
    file = scratch / "pylock.toml"
    file.write_text(lock.with_index(plan.lock, indexes(settings, os.environ)[-1]), encoding="utf-8")
    heard = Counter[str]()

    def hear(line: str) -> None:
        word = line.split(" ", 1)[0] if line[:1].isalpha() else line.strip().partition(" ")[0]
        if word in ("Building", "Built", "Downloading", "Downloaded", "Updating", "Updated", "Prepared", "Installed"):
            heard[word] += word in ("Built", "Downloaded")
            report("pypi", line.strip(), min(0.8, 0.8 * heard.total() / (len(packages) + 1)))

    report("pypi", f"Installing {len(packages)} PyPI packages", 0.0)
    told = run(
        [
            *("pip", "install", "--no-deps", "--no-sources", "--no-progress", "--break-system-packages"),
            *("--preview-features", "pylock", "--python", str(python), "--prefix", str(scratch / "new")),
            *("--requirements", str(file)),
        ],
        settings,
        hear,
    )
    if told.code != 0:
        raise translate(told.errors)
    fresh = list(_there(scratch / "new"))
    missing = {normal(p.name) for p in packages} - {normal(dist.name) for _, dist in fresh}
    if missing:
        raise Conflict(
            f"{', '.join(sorted(missing))} cannot be installed with the Python of this environment.",
            hint="Preview the change again.",
            field="pypi",
        )
    return fresh


def _there(root: Path) -> Iterator[tuple[Path, InstalledDist]]:
    """The distributions below a folder, each with the site-packages folder it is in."""
    return ((site, dist) for site in site_folders(root) for dist in distributions(site))


def _python(stage: Path) -> Path:
    for name in ("bin/python", "python.exe", "Scripts/python.exe"):
        if (stage / name).exists():
            return stage / name
    raise Invalid(
        "The environment has no Python to install PyPI packages for.", hint="Add the package python.", field="pypi"
    )


def _remove(
    leaving: Sequence[tuple[Path, InstalledDist]], asked: set[str], place: Stage, conda: CondaFiles, report: Report
) -> None:
    """Remove distributions by their RECORD; replaced ones, and those of a Python that has left, as well.

    Files that other packages of conda own stay.
    """
    for site, dist in leaving:
        if not dist.record and normal(dist.name) in asked:
            raise Conflict(
                f"{dist.name} was installed without a list of its files, so it cannot be removed cleanly.",
                hint="Create the environment anew without it.",
                field="pypi",
            )
        owner = functools.partial(conda.owner, name=dist.name)
        place.remove(site, [row.path for row in dist.record] or [dist.info], owner)
        place.remove_tree(site / dist.info)
        report("pypi", f"Removed {dist.name} {dist.version}", 0.85)


def _check_names(fresh: Sequence[tuple[Path, InstalledDist]], conda: CondaFiles) -> None:
    """Refuse what conda brings as well: a preview cannot always tell, while a conda package is only its name."""
    both = [(dist, owner) for _, dist in fresh if (owner := conda.bringer(dist.name))]
    if both:
        names = sorted({owner for _, owner in both})
        raise Overwrites(
            f"{', '.join(dist.name for dist, _ in both)} from PyPI would replace what conda installed with"
            f" {' and '.join(names)}.",
            hint="Preview again: what conda's packages hold is known now.",
            field="pypi",
            packages=[{"name": name} for name in names],
        )


def _check_owners(site: Path, dist: InstalledDist, root: Path, place: Stage, conda: CondaFiles) -> None:
    """Refuse what would replace files of conda packages that bring something else."""
    target = place.root / site.relative_to(root)
    owner = functools.partial(conda.owner, name=dist.name)
    owned = place.owners(site, target, [row.path for row in dist.record], owner)
    if owned:
        names = sorted(set(owned.values()))
        raise Overwrites(
            f"{dist.name} {dist.version} from PyPI would replace files that conda installed with"
            f" {' and '.join(names)}: {some(list(owned), 5)}.",
            hint="Choose another version or a conda package, or allow conda's files to be replaced.",
            field="pypi",
            packages=[{"name": name} for name in names],
            files=list(owned),
        )


def _move(site: Path, dist: InstalledDist, root: Path, place: Stage, report: Report) -> None:
    target = place.root / site.relative_to(root)
    info = next(known for known in distributions(site) if known.info == dist.info)
    replaced = place.take(site, target, [row.path for row in info.record], root)
    if replaced:
        report("pypi", f"{dist.name} replaces files of other packages: {some(replaced, 5)}", 0.9)


def _mark(names: Sequence[str], staying: Sequence[tuple[Path, InstalledDist]]) -> None:
    """Mark as asked for what has been there before."""
    for site, dist in staying:
        if dist.record and not dist.requested and normal(dist.name) in names:
            mark_requested(site, dist, True)


def _complain(dists: Sequence[InstalledDist], python_version: str, report: Report) -> None:
    """Tell what does not fit together; a reason to know, not to fail."""
    if not python_version:
        return
    for dist, need, there in conflicts(dists, python_version):
        found = f"{need.name} is {there.version}" if there else "that is not installed"
        report("pypi", f"{dist.name} {dist.version} needs {need.name}{need.specifier}, but {found}", 0.95)
