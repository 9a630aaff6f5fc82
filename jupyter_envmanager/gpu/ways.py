"""Several packages, one button: which ways lead to the GPU builds of all of them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ..models import GpuRemedy

MOST = 4
_WITH = ", with "


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """What leads to a GPU build of a package, the least change first.

    ``here`` are those for the target, ``elsewhere`` those for others, by name; ``wanted`` names the targets that bring
    builds which nothing but this one keeps out. ``without`` is to do without a GPU, None where that is no way.
    """

    name: str
    here: Sequence[GpuRemedy] = ()
    elsewhere: Mapping[str, GpuRemedy] = {}
    wanted: frozenset[str] = frozenset()
    without: GpuRemedy | None = None


def merged(ways: Sequence[Ways]) -> list[GpuRemedy]:
    """What helps all of some packages at once, at most `MOST`; what helps only some, where nothing else does."""
    if not ways:
        return []
    here = _all_here(ways)
    elsewhere = elsewhere_for_all(ways)
    if not here and not elsewhere:
        best = {each.name: each.here[0] for each in ways if each.here}
        here = [msgspec.structs.replace(way, title=f"{way.title}, for {name} alone") for name, way in best.items()]
    without = [each.without for each in ways if each.without is not None]
    last = [together(without)] if len(without) == len(ways) else []
    return [*_different([*here, *elsewhere])[: MOST - len(last)], *last]


def elsewhere_for_all(ways: Sequence[Ways]) -> list[GpuRemedy]:
    """The targets that one of some packages wants, and that there is a way to for all."""
    possible = [target for target in ways[0].elsewhere if all(target in each.elsewhere for each in ways)]
    wanted = frozenset[str]().union(*(each.wanted for each in ways))
    return [together([each.elsewhere[target] for each in ways]) for target in possible if target in wanted]


def _all_here(ways: Sequence[Ways]) -> list[GpuRemedy]:
    """The best of each together, then those that all have."""
    if len(ways) == 1 or not all(each.here for each in ways):
        return [*ways[0].here] if len(ways) == 1 else []
    by_title = [{remedy.title.partition(_WITH)[0]: remedy for remedy in each.here} for each in ways]
    common = [title for title in by_title[0] if all(title in each for each in by_title)]
    return [together([each.here[0] for each in ways]), *(together([e[title] for e in by_title]) for title in common)]


def together(remedies: Sequence[GpuRemedy]) -> GpuRemedy:
    """Several remedies as one."""
    parts = [small(remedy.title).partition(_WITH) for remedy in remedies]
    clauses = [clause for what, _, _ in parts for clause in what.split(", ")]
    versions = [version for _, _, those in parts if those for version in those.split(" and ")]
    title = ", ".join(dict.fromkeys(clauses)) + with_versions(list(dict.fromkeys(versions)))
    return GpuRemedy(
        title=title[:1].upper() + title[1:],
        add=list(dict.fromkeys(text for remedy in remedies for text in remedy.add)),
        remove=list(dict.fromkeys(text for remedy in remedies for text in remedy.remove)),
        unpin=list(dict.fromkeys(name for remedy in remedies for name in remedy.unpin)),
        channels=next((remedy.channels for remedy in remedies if remedy.channels), None),
        gpu=next((remedy.gpu for remedy in remedies if remedy.gpu), None),
    )


def with_versions(versions: Sequence[str]) -> str:
    """How a title ends that means these versions."""
    return _WITH + " and ".join(versions) if versions else ""


def _different(remedies: Sequence[GpuRemedy]) -> list[GpuRemedy]:
    return list({remedy.title: remedy for remedy in reversed(remedies)}.values())[::-1]


def small(title: str) -> str:
    """How a title goes on in another."""
    return title[:1].lower() + title[1:]
