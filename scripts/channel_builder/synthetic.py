"""Invent small packages: variants, conflicts, platforms and sizes that tests need and no index has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from .archive import Entry, Package


@dataclass(frozen=True)
class Synthetic:
    """A package that exists only for a test.

    Attributes:
        name: its name.
        version: its version.
        build: its build string.
        build_number: its build number.
        depends: match specs it needs.
        constrains: match specs it restricts without needing them.
        noarch: None for a package of `subdir`, else its kind.
        subdir: the platform, as in `linux-64`; `noarch` packages are always in `noarch`. Default: `noarch: generic`.
        files: content by path in the prefix; `PLACEHOLDER` in a text becomes the prefix on installation.
        links: target by path, for softlinks.
        file_count: so many further small files under `share/<name>/`.
        track_features: features that make a solver prefer other builds.
        entry_points: commands of a `noarch: python` package, `name = module:function`.
        license: its license.
        summary: its one-line description.
        timestamp: when it was built, in milliseconds; fixed by default, so that rebuilding gives equal metadata.
    """

    name: str
    version: str = "1.0"
    build: str = "0"
    build_number: int = 0
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    noarch: Literal["generic", "python"] | None = None
    subdir: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    file_count: int = 0
    track_features: tuple[str, ...] = ()
    entry_points: tuple[str, ...] = ()
    license: str | None = None
    summary: str | None = None
    timestamp: int = 1_700_000_000_000

    @property
    def package(self) -> Package:
        """Its metadata.

        Raises:
            ValueError: it claims to be both `noarch` and of a platform.
        """
        platform = self.subdir not in (None, "noarch")
        if platform and self.noarch:
            raise ValueError(f"{self.name} is noarch: {self.noarch} and of {self.subdir} at once")
        return Package(
            name=self.name,
            version=self.version,
            build=self.build,
            build_number=self.build_number,
            subdir=self.subdir or "noarch",
            noarch=None if platform else self.noarch or "generic",
            depends=tuple(self.depends),
            constrains=tuple(self.constrains),
            track_features=tuple(self.track_features),
            license=self.license,
            timestamp=self.timestamp,
            entry_points=tuple(self.entry_points),
            about={"summary": self.summary} if self.summary else {},
        )

    @property
    def content(self) -> str:
        """A text equal for equal files."""
        digest = hashlib.sha256(repr((sorted(self.links.items()), self.file_count)).encode())
        for path, data in sorted(self.files.items()):
            digest.update(f"{path}\0{len(data)}\0".encode() + data)
        return digest.hexdigest()

    def entries(self) -> Iterator[Entry]:
        """Its files. Those under `bin/` and `python-scripts/` are executable."""
        for path, data in self.files.items():
            executable = path.startswith(("bin/", "python-scripts/"))
            yield Entry(path=path, data=data, mode=0o755 if executable else 0o644)
        for path, target in self.links.items():
            yield Entry(path=path, target=target, mode=0o777)
        for number in range(self.file_count):
            # Directories of a thousand, as large packages have; one flat directory would measure something else.
            path = f"share/{self.name}/{number // 1000:04d}/{number % 1000:03d}.txt"
            yield Entry(path=path, data=f"{self.name} {self.version} {number}\n".encode())
