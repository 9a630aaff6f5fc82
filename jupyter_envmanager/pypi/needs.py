"""What Python distributions need of each other (https://packaging.python.org/en/latest/specifications/dependency-specifiers/)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from .names import normal
from .state import Dist


def conflicts(dists: Iterable[Dist], python_version: str) -> Iterator[tuple[Dist, Requirement, Dist | None]]:
    """What does not fit: who needs what, and what is there instead (None: nothing).

    Parameters
    ----------
    python_version:
        The full version for which the markers count.
    """
    present = {normal(dist.name): dist for dist in dists}
    for dist in present.values():
        for requirement in needs(dist, python_version):
            there = present.get(normal(requirement.name))
            if there is None or not fits(requirement, there.version):
                yield dist, requirement, there


def needs(dist: Dist, python_version: str) -> Iterator[Requirement]:
    """What a distribution needs on this machine, extras aside."""
    found = (_need(line, python_version) for line in dist.requires)
    return (requirement for requirement in found if requirement is not None)


# One preview reads the same lines several times.
@functools.lru_cache(maxsize=20_000)
def _need(line: str, python_version: str) -> Requirement | None:
    """The requirement of a line; None where it does not count, or cannot be read."""
    surroundings: dict[str, str] = {
        **_surroundings(),
        "python_full_version": python_version,
        "python_version": ".".join(python_version.split(".")[:2]),
        "extra": "",
    }
    try:
        requirement = Requirement(line)
        counts = requirement.marker is None or requirement.marker.evaluate(surroundings)
    except (InvalidRequirement, InvalidVersion):
        return None
    return requirement if counts else None


@functools.cache
def _surroundings() -> dict[str, str]:
    return {name: str(value) for name, value in default_environment().items()}


def fits(requirement: Requirement, version: str) -> bool:
    """Whether a version satisfies a requirement; one that is no version is given the benefit of the doubt."""
    try:
        return bool(requirement.url) or requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True
