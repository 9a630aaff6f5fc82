"""Which Python packages are in an archive that conda has not brought? By the metadata that its members are."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from ..environments.conda_records import OwnedDistribution, named_by_folder
from ..environments.distributions import is_distribution
from .members import Member

# Names and versions come first, and a README last.
_LARGEST_HEADER, _LONGEST_WORD = 16_384, 200
_MOST = 5_000
# Other environments, and what a package has vendored, are none of this one.
_PLACE = re.compile(r"(?:lib\w*/python3[\w.]*|Lib)/site-packages/([^/]+)")
_METADATA = ("/METADATA", "/PKG-INFO", ".egg-info")
_HEADER = re.compile(r"^(name|version):(.*)$", re.IGNORECASE | re.MULTILINE)


class PackedDistribution(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution in an archive; ``requested`` says that it was asked for by name."""

    name: str
    version: str
    requested: bool = False


class Distributions:
    """Collects what the members of an archive say of distributions, one member after the other."""

    def __init__(self) -> None:
        self._named: dict[str, tuple[str, str]] = {}
        self._installers: dict[str, int] = {}
        self._requested: set[str] = set()

    def take(self, member: Member) -> bool:
        """Look at a member; returns whether it belongs to the description of a distribution."""
        folder = folder_of(member.path)
        if folder and member.kind == "file":
            inside = member.path[len(folder) :]
            if inside == "/INSTALLER":
                self._installers[folder] = member.size
            elif inside == "/REQUESTED":
                self._requested.add(folder)
            elif member.path.endswith(_METADATA) and len(self._named) < _MOST:
                self._named[folder] = _named(member, folder)
        return bool(folder)

    def foreign(self, owned: Iterable[OwnedDistribution]) -> list[PackedDistribution]:
        """All that are not, or no longer, those of conda packages, by name.

        As `environments.shadowing` tells them apart; what a distribution says of who has installed it does not count.
        """
        conda = {one.folder: one.installer_size for one in owned}
        found = [
            PackedDistribution(name=name, version=version, requested=folder in self._requested)
            for folder, (name, version) in self._named.items()
            if folder not in conda or conda[folder] not in (None, self._installers.get(folder, conda[folder]))
        ]
        return sorted(found, key=lambda one: (one.name.lower(), one.version))


def folder_of(path: str) -> str:
    """The distribution (its folder, or its file where it is one) that a path belongs to; ``""`` for none."""
    found = _PLACE.match(path)
    return found[0] if found and is_distribution(found[1]) else ""


def _named(member: Member, folder: str) -> tuple[str, str]:
    """Name and version, of which the folder speaks, too."""
    assert member.content is not None
    header = member.content.read(_LARGEST_HEADER).decode(errors="replace").replace("\r\n", "\n").partition("\n\n")[0]
    told = {key.lower(): word.strip() for key, word in reversed(_HEADER.findall(header))}
    if any(len(word) > _LONGEST_WORD or not word.isprintable() for word in told.values()):
        told = {}
    name, version = named_by_folder(folder)
    return told.get("name") or name, told.get("version") or version
