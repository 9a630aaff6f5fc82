"""Whose packages does a change name, conda's or the Python package index's?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..environments.conda_records import canonical
from ..models import Change, Package
from ..pypi import PypiRequest

if TYPE_CHECKING:
    from ..engine.change import Wish


@dataclass(frozen=True, kw_only=True)
class Split:
    """A request by package manager: names are conda's or PyPI's, as they are installed."""

    update: frozenset[str]
    remove: frozenset[str]
    repair: frozenset[str]
    pypi: PypiRequest

    def wish(self, change: Change, specs: Sequence[str], only: Mapping[str, str] | None = None) -> Wish:
        """What the solver is asked, with these match specs to install; for ``only`` see `Wish`."""
        from ..engine.change import Wish

        update: Literal["all"] | frozenset[str] = "all" if change.update == "all" else self.update
        return Wish(install=specs, update=update, remove=self.remove, repair=self.repair, only=only)


def split_of(change: Change, packages: Iterable[Package]) -> Split:
    """Who installed the packages that are named only?"""
    conda = {one.name for one in packages if one.manager == "conda"}
    pypi = {canonical(one.name): one.name for one in packages if one.manager == "pypi"}

    def theirs(names: Iterable[str]) -> list[str]:
        return [pypi[canonical(name)] for name in names if name not in conda and canonical(name) in pypi]

    def ours(names: Iterable[str]) -> frozenset[str]:
        return frozenset(name for name in names if name in conda or canonical(name) not in pypi)

    update = [] if change.update == "all" else change.update
    upgrade = list(pypi.values()) if change.update == "all" else theirs(update)
    return Split(
        update=ours(update),
        remove=ours(change.remove),
        repair=ours(change.repair),
        pypi=PypiRequest(
            install=[line for line in change.pypi.install if line.strip()],
            requirements=change.pypi.requirements,
            remove=[*change.pypi.remove, *theirs(change.remove)],
            upgrade=upgrade,
            accept=change.accept,
        ),
    )
