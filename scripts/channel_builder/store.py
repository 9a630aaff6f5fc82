"""Keep what was built, so that the same inputs are built once; safe for several processes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .archive import Entry, Package, write_package

ENVIRONMENT_VARIABLE = "ENVMANAGER_LOCAL_CHANNEL"


def default_cache() -> Path:
    """Where channels and their parts are kept: `$ENVMANAGER_LOCAL_CHANNEL`, else the user's cache directory."""
    if chosen := os.environ.get(ENVIRONMENT_VARIABLE):
        return Path(chosen).expanduser().absolute()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "jupyter_envmanager" / "local-channel"


def key_of(*inputs: str) -> str:
    """A short name for `inputs`."""
    digest = hashlib.sha256()
    for text in inputs:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:20]


@cache
def builder_key() -> str:
    """A short name for this version of the builder, so that what another version built is not reused."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    # The server builds nothing, and what is invented is part of its own package's key.
    others = ("server.py", "gpu_")
    return key_of(*(path.read_text(encoding="utf-8") for path in sources if not path.name.startswith(others)))


@contextmanager
def staged(final: Path) -> Iterator[Path]:
    """A new directory that takes the place of `final` when the block succeeds, and vanishes when it fails.

    Readers see the old content or the new, never a part.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{final.name}."))
    try:
        # mkdtemp makes it private; a channel may be served by another user.
        stage.chmod(0o755)
        yield stage
        retired = stage.with_name(f"{stage.name}.old")
        if final.exists():
            final.rename(retired)
        stage.rename(final)
        shutil.rmtree(retired, ignore_errors=True)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@dataclass(frozen=True)
class Store:
    """The cache directory: downloaded wheels, finished packages, finished channels, locks.

    Attributes:
        root: the directory; made when needed.
    """

    root: Path

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Let one process at a time build what is called `name`; released by the system when the process dies."""
        path = self.root / "locks" / key_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def directory(self, kind: str, key: str, fill: Callable[[Path], None], *, refresh: bool = False) -> Path:
        """The directory of `key`, filled by `fill` when it does not exist or `refresh` is set."""
        final = self.root / kind / key
        with self.locked(f"{kind}/{key}"):
            if refresh or not final.exists():
                with staged(final) as stage:
                    fill(stage)
        return final

    def package(self, package: Package, content: str, entries: Iterable[Entry]) -> Path:
        """The `.conda` file of a package, written when it is new.

        Args:
            package: the metadata.
            content: a text that identifies the files, such as the hash of the wheel.
            entries: the files; not read when the package exists.
        """
        directory = self.root / "packages" / key_of(builder_key(), package.fingerprint, content)
        if not (directory / package.filename).exists():
            directory.mkdir(parents=True, exist_ok=True)
            write_package(package, entries, directory)
        return directory / package.filename
