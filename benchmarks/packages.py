"""The package table of a large environment, and the check of its files.

python benchmarks/packages.py [--quick] [--repetitions N] [--requests N] [--json FILE]
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

from benchmarks.home import Home  # noqa: E402
from benchmarks.report import Figure, Group, end_cleanly, machine, options, show  # noqa: E402
from benchmarks.server import Server, running  # noqa: E402

TABLE_TARGET = 0.015
TABLE_PACKAGES = 400
HEALTH_TARGET = 1.0
_OLD = 1_700_000_000
_SITE = "lib/python3.12/site-packages"
_FILES = 125
_NEEDS = 6


@dataclass(frozen=True)
class Invented:
    """An environment that the benchmark makes up: so many conda packages, a tenth as many from PyPI.

    Attributes:
        name: of the environment.
        packages: how many conda packages, of 125 files each.
        files: whether the files are there, too, or only on record.
    """

    name: str
    packages: int
    files: bool

    @property
    def rows(self) -> int:
        """Lines of the table."""
        return self.packages + self.packages // 10

    def write(self, envs: Path) -> Path:
        """Make it: records as the engine writes them, a history, pins, and old time stamps."""
        prefix = envs / self.name
        (prefix / "conda-meta").mkdir(parents=True)
        (prefix / "bin").mkdir()
        (prefix / "bin" / "python").touch()
        for number in range(self.packages):
            _write_package(prefix, number, files=self.files)
        for number in range(self.packages // 10):
            _write_distribution(prefix, number)
        asked = [f"package-{number} >=1" for number in range(0, self.packages, 10)]
        history = f"==> 2024-01-01 00:00:00 <==\n# cmd: conda create\n# update specs: {asked}\n"
        (prefix / "conda-meta" / "history").write_text(history)
        (prefix / "conda-meta" / "pinned").write_text("package-3 1.*\n")
        for folder, _, names in os.walk(prefix, topdown=False):
            for name in (*names, "."):
                os.utime(Path(folder, name), (_OLD, _OLD))
        return prefix


def _write_package(prefix: Path, number: int, *, files: bool) -> None:
    name = "python" if number == 0 else f"package-{number}"
    version = "3.12.4" if number == 0 else f"1.{number}.0"
    paths = []
    for path, content in _content(name.replace("-", "_"), version, metadata=number % 2 == 1):
        digest = hashlib.sha256(content).hexdigest()
        paths.append({"_path": path, "path_type": "hardlink", "sha256": digest, "size_in_bytes": len(content)})
        # The distributions' own files are what tells conda's from pip's.
        if files or "dist-info" in path:
            (prefix / path).parent.mkdir(parents=True, exist_ok=True)
            (prefix / path).write_bytes(content)
    record = {
        "name": name,
        "version": version,
        "build": "py312_0",
        "build_number": 0,
        "depends": ["__glibc >=2.17", *(f"package-{(number * 7 + k) // 2} >=1,<2" for k in range(_NEEDS))],
        "subdir": "linux-64",
        "fn": f"{name}-{version}-py312_0.conda",
        "channel": "https://conda.example/lab/linux-64",
        "files": [entry["_path"] for entry in paths],
        "paths_data": {"paths_version": 1, "paths": paths},
        "link": {"source": f"/pkgs/{name}-{version}-py312_0", "type": 1},
    }
    (prefix / "conda-meta" / f"{name}-{version}-py312_0.json").write_text(json.dumps(record, indent=2))


def _content(name: str, version: str, *, metadata: bool) -> Iterator[tuple[str, bytes]]:
    yield from ((f"{_SITE}/{name}/part_{k % 5}/module_{k}.py", f"# {name} {k}\n".encode() * 20) for k in range(_FILES))
    if metadata:
        info = f"{_SITE}/{name}-{version}.dist-info"
        yield f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
        yield f"{info}/INSTALLER", b"conda"
        yield f"{info}/RECORD", f"{name}/__init__.py,,0\n".encode()


def _write_distribution(prefix: Path, number: int) -> None:
    folder = prefix / _SITE / f"from_pypi_{number}-2.0.dist-info"
    folder.mkdir(parents=True)
    needs = [f"package-{number + k} >=1; python_version >= '3.{k}'" for k in range(_NEEDS)]
    lines = [
        "Metadata-Version: 2.1",
        f"Name: from-pypi-{number}",
        "Version: 2.0",
        *(f"Requires-Dist: {n}" for n in needs),
    ]
    (folder / "METADATA").write_text("\n".join([*lines, "", "What it is.", ""]))
    (folder / "INSTALLER").write_text("uv")
    (folder / "RECORD").write_text("".join(f"from_pypi_{number}/module_{k}.py,sha256=x,{k}\n" for k in range(_FILES)))


def tables(home: Home, environment: Invented, prefix: Path, repetitions: int, requests: int) -> list[Figure]:
    """GET packages: the first time, again, and after one record has changed."""
    what = f"{environment.packages:,} conda packages"
    first = Figure(f"{what}: first time", "ms")
    known = Figure(f"{what}: known", "ms", target=TABLE_TARGET if environment.packages <= TABLE_PACKAGES else None)
    changed = Figure(f"{what}: after a change", "ms")
    record = next((prefix / "conda-meta").glob("package-1-*.json"))
    for _ in range(repetitions):
        with running(home) as server:
            path = f"environments/{_id(server, environment.name)}/packages"
            first.samples.append(_timed(server, path, environment))
            known.samples += [_timed(server, path, environment) for _ in range(requests)]
            for number in range(10):
                os.utime(record, (_OLD, _OLD + number + 1))
                changed.samples.append(_timed(server, path, environment))
    return [first, known, changed]


def _id(server: Server, name: str) -> str:
    # Sizes are measured after the first listing: a walk over all files, which nothing here is about.
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found: list[dict[str, Any]] = server.get("environments")["environments"]
        if all(environment["size"] is not None for environment in found if environment["kind"] == "named"):
            break
        time.sleep(0.2)
    return next(str(environment["id"]) for environment in found if environment["name"] == name)


def _timed(server: Server, path: str, environment: Invented) -> float:
    begin = time.perf_counter()
    answer = server.get(path)
    seconds = time.perf_counter() - begin
    if len(answer["packages"]) != environment.rows or answer["problems"]:
        raise RuntimeError(f"{len(answer['packages'])} of {environment.rows} packages were listed as they are.")
    return seconds


def health(home: Home, environment: Invented, repetitions: int) -> list[Figure]:
    """GET health: what is seen without reading files, and with reading all."""
    figures = [
        Figure("presence, kind and size", "s", target=HEALTH_TARGET),
        Figure("content, too", "s"),
    ]
    with running(home) as server:
        path = f"environments/{_id(server, environment.name)}/health"
        for _ in range(repetitions):
            for figure, query in zip(figures, ("", "?full=1"), strict=True):
                begin = time.perf_counter()
                answer = server.get(path + query)
                figure.samples.append(time.perf_counter() - begin)
                if answer["problems"] or answer["files"] < environment.packages * _FILES:
                    raise RuntimeError(f"The check found {answer['problems'][:3]} in {answer['files']} files.")
    return figures


def main() -> None:
    """Measure and report."""
    parser = options(__doc__.splitlines()[0], repetitions=5)
    parser.add_argument(
        "--requests", type=int, default=200, metavar="N", help="tables asked of a server; default: %(default)s"
    )
    arguments = parser.parse_args()
    end_cleanly()
    before = machine()
    repetitions, requests = (1, 20) if arguments.quick else (arguments.repetitions, arguments.requests)
    folder = Path(tempfile.mkdtemp(prefix="envmanager-benchmark-"))
    try:
        home = Home(folder / "home", ["http://127.0.0.1:9/none"])
        usual, large = Invented("usual", 400, files=True), Invented("large", 2000, files=False)
        figures = [
            figure
            for environment in (usual, large)
            for figure in tables(home, environment, environment.write(home.envs), repetitions, requests)
        ]
        groups = [
            Group("GET packages", figures),
            Group(f"GET health, {usual.packages * _FILES:,} files", health(home, usual, repetitions)),
        ]
        show(groups, before, arguments.json)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
