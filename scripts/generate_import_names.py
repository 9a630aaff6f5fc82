"""Writes ``jupyter_envmanager/notebooks/importnames.json``: which packages bring which Python module.

    python scripts/generate_import_names.py POPULAR.tsv

Nobody keeps this by hand. The data comes from three projects that collect it, of which the wheels are read and nothing
is run or installed (``pip download --no-deps conda-pypi depfinder pigar``; 42 MB, too much for a dependency):

- conda-pypi (MIT): the table of conda-forge's bot, PyPI's name, conda's name and module of each recipe;
- depfinder (BSD-3-Clause): an older state of that table, with what conda-forge's people have added by hand;
- pigar (BSD-3-Clause): the top-level modules of everything on PyPI.

``POPULAR.tsv`` ranks packages by downloads: a line begins with name, two other columns, rank. Of several packages
that claim a module, the one that people use is meant. Modules whose package has the same name everywhere are left out.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name

TARGET = Path(__file__).parent.parent / "jupyter_envmanager" / "notebooks" / "importnames.json"
PROJECTS = ("conda-pypi", "depfinder", "pigar")
UNRANKED = 1_000_000
# A module of so many packages is a namespace, or a folder that nobody meant to ship ("tests").
CROWD = 12
MOST = 3

Claims = dict[str, dict[str, int]]


def main() -> int:
    """Write the file; returns the exit status."""
    ranks = dict(popular(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", name]
        subprocess.run([*pip, *PROJECTS], check=True)
        wheels = {project: next(folder.glob(f"{project.replace('-', '_')}-*.whl")) for project in PROJECTS}
        conda, claims = condas(wheels["conda-pypi"], wheels["depfinder"], ranks)
        for module, package in pypis(wheels["pigar"], folder, ranks):
            claims[module].setdefault(package, ranks[package])
    names = dict(sorted(ranked(conda, claims).items()))
    sources = [wheel.name.rsplit("-", 3)[0] for wheel in wheels.values()]
    write(sources, names)
    print(f"{len(names)} modules in {TARGET}")
    return 0


def popular(file: Path) -> Iterator[tuple[str, int]]:
    """Package and rank."""
    for line in file.read_text(encoding="utf-8").splitlines():
        name, _, _, rank, *_ = [*line.split("\t"), "", "", ""]
        if rank.isdecimal():
            yield canonicalize_name(name), int(rank)


def condas(table: Path, older: Path, ranks: dict[str, int]) -> tuple[dict[str, str], defaultdict[str, dict[str, int]]]:
    """conda's names by PyPI's, and who claims which module, with the rank of the claim."""
    entries: list[dict[str, Any]] = list(json.loads(content(table, "conda_pypi/grayskull_pypi_mapping.json")).values())
    entries += yaml.load(content(older, "depfinder/pkg_data/name_mapping.yml"), yaml.CSafeLoader)
    conda: dict[str, str] = {}
    claims: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for entry in entries:
        package, module = canonicalize_name(entry["pypi_name"]), entry["import_name"]
        conda.setdefault(package, entry["conda_name"])
        rank = 0 if entry["mapping_source"] == "static" and package in ranks else ranks.get(package, UNRANKED)
        claims[module].setdefault(package, rank)
    by_hand = yaml.load(content(older, "depfinder/pkg_data/pkg_data.yml"), yaml.CSafeLoader)
    for module, name in by_hand["_PACKAGE_MAPPING"].items():
        if name in ranks:
            claims[module].setdefault(name, ranks[name])
    for name, modules in by_hand["_FAKE_PACKAGES"].items():
        for module in modules:
            claims[module][name] = 0
    return conda, claims


def pypis(wheel: Path, folder: Path, ranks: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Module and package of what is popular on PyPI."""
    with zipfile.ZipFile(wheel) as archive:
        database = archive.extract("pigar/.db.sqlite3", folder)
    connection = sqlite3.connect(database)
    rows = connection.execute(
        "select t.name, d.name from top_level_module_names t join distributions d on d.id = t.distribution_id"
    )
    for module, package in rows:
        name = canonicalize_name(package)
        if name in ranks and all(part.isidentifier() for part in module.split(".")):
            yield module, name
    connection.close()


def ranked(conda: dict[str, str], claims: Claims) -> dict[str, list[list[str]]]:
    """conda's and PyPI's name for each module, the likeliest first."""
    found: dict[str, list[list[str]]] = {}
    for module, packages in claims.items():
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names or top.startswith("_"):
            continue
        if "." in module and not _apart(module, packages, claims):
            continue
        same = canonicalize_name(module.replace(".", "-"))
        if len(packages) >= CROWD:
            packages = {name: rank for name, rank in packages.items() if name == same}
        order = sorted(packages, key=lambda name: (packages[name] / (2 if name == same else 1), name))
        pairs = [[conda.get(name, name), name] for name in order[:MOST]]
        if pairs and pairs != [[module, module]]:
            found[module] = pairs
        if len(claims[module]) >= CROWD:
            found = {**_inside(module, claims[module], conda), **found}
    return found


def _inside(module: str, packages: dict[str, int], conda: dict[str, str]) -> dict[str, list[list[str]]]:
    """The modules of a namespace: most packages are named after theirs, and some (protobuf) leave the namespace out."""
    prefix = f"{canonicalize_name(module)}-"
    if sum(name.startswith(prefix) for name in packages) < CROWD // 2:
        return {}
    found = {}
    for name in packages:
        inner = name.removeprefix(prefix).replace("-", ".")
        found[f"{module}.{inner}"] = [[conda.get(name, name), name]]
    return found


def _apart(module: str, packages: dict[str, int], claims: Claims) -> bool:
    """Whether a module inside another one comes from a package of its own: nobody owns the ones above it."""
    parts = module.split(".")
    above = [claims.get(".".join(parts[:depth]), {}) for depth in range(1, len(parts))]
    owners = [owner for owner in above if 0 < len(owner) < CROWD]
    best = min(packages.values())
    return not any(min(owner.values()) < best or packages.keys() & owner.keys() for owner in owners)


def content(wheel: Path, member: str) -> bytes:
    """A file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(member)


def write(sources: list[str], names: dict[str, list[list[str]]]) -> None:
    """One module a line, so that a new state can be compared with the old one."""
    short = {module: [" ".join(dict.fromkeys(pair)) for pair in pairs] for module, pairs in names.items()}
    lines = ",\n".join(f"{json.dumps(module)}: {json.dumps(pairs)}" for module, pairs in short.items())
    notice = "Made by scripts/generate_import_names.py from conda-pypi (MIT), depfinder and pigar (BSD-3-Clause)."
    head = f'"notice": {json.dumps(notice)},\n"sources": {json.dumps(sources)}'
    TARGET.write_text(f'{{{head},\n"names": {{\n{lines}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
