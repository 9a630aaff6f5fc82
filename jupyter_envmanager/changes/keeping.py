"""What stays although everything goes that is not named: the package that a kernel starts with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import Unsatisfiable
from ..kernels import KERNEL_PACKAGES
from ..models import Environment, Packages, Problem
from .present import Present

if TYPE_CHECKING:
    from ..engine.change import Outcome, Record


def for_kernels(environment: Environment, packages: Packages) -> set[str]:
    """Packages that kernels of an environment start with: nobody means those when a file does not name them."""
    if not environment.kernels:
        return set()
    return {one.name for one in packages.packages if one.manager == "conda" and one.name in KERNEL_PACKAGES}


async def solved(
    solve: Callable[[Mapping[str, str] | None], Awaitable[Outcome]], only: Mapping[str, str] | None, kernels: Set[str]
) -> tuple[Outcome, Set[str]]:
    """What a change comes to, and which of ``kernels`` stay: those that go with the rest.

    Parameters
    ----------
    only:
        As in `Wish`; ``kernels`` are some of its names.

    Raises
    ------
    Unsatisfiable
        There is no answer even without them.
    """
    try:
        return await solve(only), kernels
    except Unsatisfiable:
        if only is None or not kernels:
            raise
    stays = {name: spec for name, spec in only.items() if name not in kernels}
    outcome = await solve(stays)
    for name in sorted(kernels):
        with suppress(Unsatisfiable):
            outcome = await solve({**stays, name: only[name]})
            stays[name] = only[name]
    return outcome, kernels & stays.keys()


def exactly_beside(
    present: Present, link: Sequence[Record], names: Set[str], requested: Mapping[str, str] | None, *, prune: bool
) -> tuple[Outcome, Set[str]]:
    """What it comes to when an environment gets exactly some records, and which packages stay for kernels beside them.

    As `solved`, what of these does not go with the rest goes as well; for the other parameters see `exact_change`.
    """
    from ..engine.exact import exact_change

    outcome = exact_change(present.installed, link, names, requested, prune=prune)
    kept: Set[str] = frozenset()
    for package in sorted(for_kernels(present.environment, present.packages)) if prune else ():
        more = kept | _with_needs(present, package, names)
        before = {name: spec for name, spec in present.installed.requested.items() if name in more}
        asked = None if requested is None else {**before, **requested}
        other = exact_change(present.installed, link, names | more, asked, prune=prune)
        if _fits(more, other):
            outcome, kept = other, more
    return outcome, kept


def _with_needs(present: Present, package: str, names: Set[str]) -> frozenset[str]:
    """A package with what it needs, as far as that is none of ``names``."""
    from ..engine.needs import depends

    here = {record.name.normalized: record for record in present.installed.records}
    found: set[str] = set()
    waiting = {package}
    while waiting:
        name = waiting.pop()
        if name in here and name not in names and name not in found:
            found.add(name)
            waiting |= depends(here[name])
    return frozenset(found)


def _fits(kept: Set[str], outcome: Outcome) -> bool:
    """Whether packages that stay still have what they need beside the new ones."""
    from ..engine.exact import broken

    return not kept & {name for name, _ in broken(outcome)}


def about_kernels(kept: Iterable[str], whose: str) -> list[Problem]:
    """That packages of a kernel stay although ``whose`` packages are others."""
    stays = sorted(set(kept) & KERNEL_PACKAGES)
    if not stays:
        return []
    return [
        Problem(
            code="kernel_kept",
            message=f"{', '.join(stays)} stays although {whose} does not name it: the kernel starts with it.",
            hint="Remove the kernel first, then the package, if neither is wanted.",
            details={"packages": stays},
        )
    ]
