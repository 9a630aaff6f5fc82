"""Which installed package brought which Python module? What the environment itself says counts before any table."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..environments.conda_records import canonical
from ..environments.distributions import Distribution, files, is_distribution, read, site_packages, text
from ..models import Package, Packages
from .table import claimants, conda_names

_NATIVE = (".so", ".pyd")
_DEEPEST = 4


def installed_modules(prefix: Path, packages: Packages) -> dict[str, Package]:
    """The package of each module, by dotted name; blocks while the lists of files are read.

    Parameters
    ----------
    prefix:
        Of a conda environment or of a venv.
    packages:
        What is installed there.
    """
    conda = {package.name: package for package in packages.packages if package.manager == "conda"}
    pypi = {canonical(package.name): package for package in packages.packages if package.manager == "pypi"}
    found: dict[str, Package] = {}
    for folder in site_packages(prefix):
        for entry in _entries(folder):
            if not is_distribution(entry.name):
                continue
            distribution = read(prefix, entry.relative_to(prefix).as_posix())
            names = conda_names(distribution.name)
            package = pypi.get(distribution.canonical) or next((conda[name] for name in names if name in conda), None)
            if package is not None:
                for module in _modules(prefix, folder, distribution):
                    found.setdefault(module, package)
        for entry in _entries(folder):
            # Some conda packages bring modules, and no word about them.
            _by_table(entry, conda, found)
    return found


def _by_table(entry: Path, conda: dict[str, Package], found: dict[str, Package]) -> None:
    module = entry.name.partition(".")[0]
    if module in found or not module.isidentifier() or not (entry.is_dir() or entry.suffix in (".py", *_NATIVE)):
        return
    for name, _ in claimants(module)[1]:
        if name in conda:
            found[module] = conda[name]
            return


def _modules(prefix: Path, folder: Path, distribution: Distribution) -> Iterator[str]:
    """Packages and modules that a distribution lists, to some depth: namespaces are shared by several of them."""
    info = prefix / distribution.folder
    yield from (line for line in text(info / "top_level.txt").split() if line.isidentifier() and _owned(folder / line))
    place = folder.relative_to(prefix).as_posix()
    for path in files(prefix, distribution):
        parts = path.removeprefix(f"{place}/").split("/")
        if not path.startswith(f"{place}/") or len(parts) > _DEEPEST:
            continue
        if parts[-1] == "__init__.py":
            parts.pop()
        elif parts[-1].endswith((".py", *_NATIVE)):
            parts[-1] = parts[-1].partition(".")[0]
        else:
            continue
        if parts and all(part.isidentifier() for part in parts):
            yield ".".join(parts)


def _owned(place: Path) -> bool:
    """Whether a module is one package's: a folder without __init__.py is a namespace, and anybody's."""
    return not os.path.isdir(place) or os.path.exists(place / "__init__.py")  # noqa: PTH110, PTH112


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
