"""Build the channel: from Pythons, requirements and invented packages to an indexed directory."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from rattler import Subdir
from rattler.index import index_fs

from .archive import Entry
from .interpreter import Interpreter, probe
from .kernelspecs import kernelspec_entries
from .pypi import download, rounds
from .python_package import python_packages
from .requirements import conda_name
from .store import Store, builder_key, default_cache, key_of, staged
from .synthetic import Synthetic
from .wheel import Wheel, wheel_entries
from .wheel_packages import Target, wheel_packages

DEFAULT_PACKAGES = ("ipykernel", "numpy", "pandas", "requests", "flask", "pip", "bash_kernel")
_MARK = "local-channel.json"
_WORKERS = max(2, os.cpu_count() or 2)

Report = Callable[[str], None]


@dataclass(frozen=True)
class LocalChannel:
    """A finished channel.

    Attributes:
        directory: the channel, with its subdirs.
        reused: whether it had been built before.
    """

    directory: Path
    reused: bool

    @property
    def packages(self) -> tuple[Path, ...]:
        """Its package files."""
        return tuple(sorted(self.directory.glob("*/*.conda")))

    @property
    def size(self) -> int:
        """The bytes of all its packages."""
        return sum(path.stat().st_size for path in self.packages)


def build_channel(
    directory: Path | None = None,
    *,
    pythons: Sequence[Path] = (),
    packages: Sequence[str] = DEFAULT_PACKAGES,
    synthetic: Sequence[Synthetic] = (),
    cache: Path | None = None,
    refresh: bool = False,
    report: Report = lambda _line: None,
) -> LocalChannel:
    """Build a channel, or find the one that the same inputs built before.

    Args:
        directory: where; a former channel there is replaced. Default: in the cache, one directory for each set of
            inputs.
        pythons: interpreters to package; the running one by default.
        packages: PEP 508 requirements, several versions of one project allowed.
        synthetic: invented packages.
        cache: where parts are kept; `default_cache()` by default.
        refresh: ask the index again for the newest versions.
        report: receives a line for each step.

    Raises:
        InterpreterError: one of `pythons` cannot be packaged.
        DownloadError: a requirement has no wheel, or the index cannot be reached.
        FileExistsError: `directory` holds something that is not a channel of ours.
    """
    store = Store(cache or default_cache())
    interpreters = _distinct(probe(python) for python in pythons or [Path(sys.executable)])
    key = key_of(
        builder_key(),
        *(python.fingerprint for python in interpreters),
        *packages,
        *(f"{item.package.fingerprint} {item.content}" for item in synthetic),
    )
    final = (directory or store.root / "channels" / key).absolute()
    with store.locked(str(final)):
        if not refresh and _key_in(final) == key:
            report(f"reusing {final}")
            return LocalChannel(final, reused=True)
        files = _synthetic_files(store, synthetic)
        with ThreadPoolExecutor(1) as pool:
            # pip mostly waits for the index: the Pythons are packaged meanwhile.
            pending = pool.submit(_python_files, store, interpreters, report)
            files += _wheel_files(store, interpreters, packages, refresh, report)
            files += pending.result()
        _publish(files, final, key, report)
    return LocalChannel(final, reused=False)


def write_channel(directory: Path, synthetic: Iterable[Synthetic]) -> LocalChannel:
    """Write a channel of invented packages only: no Python, no network, no cache; milliseconds.

    Args:
        directory: where; a former channel there is replaced.
        synthetic: the packages.

    Raises:
        FileExistsError: `directory` holds something that is not a channel of ours.
    """
    items = tuple(synthetic)
    final = directory.absolute()
    final.parent.mkdir(parents=True, exist_ok=True)
    with staged(final.with_name(f"{final.name}.packages")) as scratch:
        files = _synthetic_files(Store(scratch), items)
        _publish(files, final, key_of(*(item.content for item in items)), lambda _line: None)
    shutil.rmtree(final.with_name(f"{final.name}.packages"))
    return LocalChannel(final, reused=False)


def _distinct(interpreters: Iterable[Interpreter]) -> list[Interpreter]:
    """One interpreter of each version: two builds of one version would be one package name."""
    return list({python.version: python for python in interpreters}.values())


def _key_in(directory: Path) -> str | None:
    try:
        return str(json.loads((directory / _MARK).read_text())["key"])
    except FileNotFoundError:
        return None


def _synthetic_files(store: Store, synthetic: Sequence[Synthetic]) -> list[tuple[str, Path]]:
    return [(item.package.subdir, store.package(item.package, item.content, item.entries())) for item in synthetic]


def _python_files(store: Store, interpreters: Sequence[Interpreter], report: Report) -> list[tuple[str, Path]]:
    files = []
    for python in interpreters:
        report(f"packaging Python {python.version} of {python.base_prefix}")
        for package, entries in python_packages(python):
            files.append((package.subdir, store.package(package, python.fingerprint, entries)))
    return files


def _wheel_files(
    store: Store, interpreters: Sequence[Interpreter], packages: Sequence[str], refresh: bool, report: Report
) -> list[tuple[str, Path]]:
    def target(python: Interpreter) -> Target:
        groups = [_wheels(store, python, group, refresh, report) for group in rounds(packages)]
        wheels = {wheel.path.name: wheel for group in groups for wheel in group}
        return Target(python, tuple(wheels.values()), _extras(packages))

    with ThreadPoolExecutor(_WORKERS) as pool:
        chosen = wheel_packages(list(pool.map(target, interpreters)))
        report(f"packaging {len(chosen)} packages made of wheels")
        paths = pool.map(lambda item: store.package(item[0], item[1].sha256, _entries(item[1], item[2])), chosen)
        return [(package.subdir, path) for (package, _, _), path in zip(chosen, paths, strict=True)]


def _entries(wheel: Wheel, interpreter: Interpreter | None) -> Iterator[Entry]:
    yield from wheel_entries(wheel, interpreter)
    yield from kernelspec_entries(wheel)


def _wheels(store: Store, python: Interpreter, group: tuple[str, ...], refresh: bool, report: Report) -> list[Wheel]:
    def fill(stage: Path) -> None:
        report(f"downloading for Python {python.version}: {' '.join(group)}")
        download(group, python, stage)

    directory = store.directory("wheels", key_of(python.fingerprint, *group), fill, refresh=refresh)
    return [Wheel(path) for path in sorted(directory.glob("*.whl"))]


def _extras(packages: Sequence[str]) -> dict[str, frozenset[str]]:
    extras: dict[str, frozenset[str]] = {}
    for requirement in map(Requirement, packages):
        name = conda_name(requirement.name)
        extras[name] = extras.get(name, frozenset()) | frozenset(requirement.extras)
    return extras


def _publish(files: Iterable[tuple[str, Path]], final: Path, key: str, report: Report) -> None:
    if final.exists() and any(final.iterdir()) and _key_in(final) is None:
        raise FileExistsError(f"{final} is not empty and holds no channel built here")
    with staged(final) as stage:
        # A client asks for its own subdir and noarch; both must exist, even when empty.
        for subdir in {"noarch", str(Subdir.current())}:
            (stage / subdir).mkdir()
        for subdir, path in files:
            (stage / subdir).mkdir(exist_ok=True)
            _link(path, stage / subdir / path.name)
        report("indexing")
        _index(stage)
        (stage / _MARK).write_text(json.dumps({"key": key}))


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        # Another filesystem, or one without hard links.
        shutil.copy2(source, target)


def _index(directory: Path) -> None:
    # In a thread of its own: callers may be inside a running event loop.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(index_fs(directory, write_zst=True, write_shards=True))).result()
    shutil.rmtree(directory / ".tmp", ignore_errors=True)
