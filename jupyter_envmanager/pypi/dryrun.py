"""Asking uv what it would do to an environment, without one.

uv is shown a *phantom*: a folder with nothing but the metadata of what will be installed. So a preview writes nothing
into the prefix, and may be about a prefix that does not exist yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from packaging.version import InvalidVersion, Version

from ..errors import Internal
from .failures import translate
from .names import normal
from .needs import needs
from .runner import ask
from .state import Dist, PypiSettings, PypiState

_SOURCE = re.compile(r"^ \+ (?P<name>[\w.-]+)(?:==\S+)?(?: @ | \(from )(?P<url>\S+?)\)?$", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?")


class _Change(msgspec.Struct, frozen=True):
    name: str
    action: str
    version: str | None = None


class _Report(msgspec.Struct, frozen=True):
    changes: list[_Change]


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What uv would do.

    ``installed`` maps normalised names to versions (None where only a build would tell), ``sources`` to the addresses
    of those that are not from an index; credentials in them are hidden.
    """

    installed: dict[str, str | None]
    sources: dict[str, str]


class DryRun:
    """uv, a phantom of the environment, and a folder for both.

    Parameters
    ----------
    folder:
        An empty folder.
    gone:
        Normalised names that will not be there any more.
    """

    def __init__(self, folder: Path, state: PypiState, settings: PypiSettings, gone: Iterable[str]) -> None:
        self.folder = folder
        self.settings = settings
        self._python = ["--python", state.python, "--python-version", state.python_version]
        self._phantom = folder / "phantom"
        present = state.conda if state.moved else [*state.conda, *state.pypi]
        self._write_phantom(present, frozenset(gone), state.python_version)
        pins = [f"{dist.name}=={dist.version}" for dist in state.conda if _is_usual(dist)]
        (folder / "protected.txt").write_text("\n".join([*pins, ""]))

    async def changes(
        self,
        lines: Sequence[str],
        constraints: Sequence[str],
        options: Sequence[str],
        *,
        protected: bool,
        first: str = "",
    ) -> Changes:
        """What installing these requirements would do.

        Parameters
        ----------
        protected:
            Whether conda's packages keep their versions.
        first:
            URL of an index that is asked before all others.

        Raises
        ------
        Unsatisfiable, NotFound, ChannelUnreachable, BuildFailed, Damaged, NoSpace
        """
        self._put("requirements.txt", lines)
        self._put("constraints.txt", constraints)
        guard = ["--constraint", "protected.txt"] if protected else []
        told = await ask(
            [
                *("pip", "install", "--dry-run", "--output-format", "json", "--no-progress", "--no-sources"),
                *("--break-system-packages", "--target", str(self._phantom), *self._python, *options),
                *("--requirements", "requirements.txt", "--constraint", "constraints.txt", *guard),
            ],
            self.settings,
            self.folder,
            first,
        )
        if told.code != 0:
            raise translate(told.errors)
        try:
            changes = msgspec.json.decode(told.output, type=_Report).changes
        except msgspec.DecodeError as error:
            raise Internal("uv answered in a form that is not known here.", hint="Update this extension.") from error
        return Changes(
            installed={normal(c.name): c.version for c in changes if c.action == "installed"},
            sources={normal(found["name"]): found["url"] for found in _SOURCE.finditer(told.errors)},
        )

    async def lock(self, lines: Sequence[str], options: Sequence[str], first: str = "") -> str:
        """The lock of exactly these requirements, in the form of ``pylock.toml``; the same errors as ``changes``."""
        self._put("exact.txt", lines)
        told = await ask(
            [
                *("pip", "compile", "--no-deps", "--format", "pylock.toml", "--no-header", "--no-annotate"),
                *("--no-sources", "--no-progress", "--quiet", *self._python, *options, "exact.txt"),
            ],
            self.settings,
            self.folder,
            first,
        )
        if told.code != 0:
            raise translate(told.errors)
        return told.output

    def _put(self, name: str, lines: Sequence[str]) -> None:
        (self.folder / name).write_text("\n".join([*lines, ""]), encoding="utf-8")

    def _write_phantom(self, dists: Sequence[Dist], gone: frozenset[str], python_version: str) -> None:
        self._phantom.mkdir()
        for dist in dists:
            if not _is_usual(dist) or normal(dist.name) in gone:
                continue
            info = self._phantom / f"{dist.name.replace('-', '_')}-{dist.version}.dist-info"
            info.mkdir(exist_ok=True)
            requires = (f"Requires-Dist: {requirement}" for requirement in needs(dist, python_version))
            lines = ["Metadata-Version: 2.1", f"Name: {dist.name}", f"Version: {dist.version}", *requires, "", ""]
            (info / "METADATA").write_text("\n".join(lines), encoding="utf-8")
            (info / "INSTALLER").write_text("envmanager\n", encoding="utf-8")


def _is_usual(dist: Dist) -> bool:
    """Whether uv can read the name and the version: it stops at the first that it cannot."""
    try:
        Version(dist.version)
    except InvalidVersion:
        return False
    return _NAME.fullmatch(dist.name) is not None
