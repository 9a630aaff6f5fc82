"""Why is this package here? Who needs it: the direct dependencies between installed packages, backwards.

Needs by name, as installed: whether the versions fit is for the solver to say.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .conda_records import CondaRecord, canonical
from .distributions import Distribution

_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def needed_by(
    records: Sequence[CondaRecord], distributions: Sequence[Distribution], python: str
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Who needs each package: conda packages by name, and distributions (PyPI) by canonical name.

    A distribution may need one that a conda package brings, under whatever name. Where a distribution has taken the
    place of a conda package, what needs the one needs the other, too.

    Parameters
    ----------
    python:
        Version of the prefix's Python, for environment markers; the rest of them is taken from this machine.
    """
    conda: dict[str, set[str]] = {record.name: set() for record in records}
    pypi: dict[str, set[str]] = {distribution.canonical: set() for distribution in distributions}
    providers: dict[str, list[str]] = {}
    for record in records:
        for owned in record.distributions:
            providers.setdefault(owned.name, []).append(record.name)
    for record in records:
        for name in record.needs:
            if name in conda:
                conda[name].add(record.name)
    installed = {*pypi, *providers}
    for distribution in distributions:
        for name in _needs(distribution, installed, python):
            for provider in providers.get(name, ()):
                conda[provider].add(distribution.name)
            if name in pypi:
                pypi[name].add(distribution.name)
    for name, needers in pypi.items():
        for provider in providers.get(name, ()):
            needers |= conda[provider]
    return _sorted(conda), _sorted(pypi)


def _needs(distribution: Distribution, installed: set[str], python: str) -> Iterator[str]:
    for line in distribution.requires:
        match = _NAME.match(line)
        # Most lines are of extras that nobody installed: the cheap question first.
        name = canonical(match[1]) if match else ""
        if name in installed and name != distribution.canonical and applies(line, python):
            yield name


@functools.lru_cache(maxsize=4096)
def applies(requirement: str, python: str) -> bool:
    """Whether a requirement (PEP 508) counts here, when no extras were asked for. One we cannot read does."""
    # It takes a tenth of a second to load, and a worker does not ask.
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        marker = Requirement(requirement).marker
        short = ".".join(python.split(".")[:2])
        here = {"python_version": short, "python_full_version": python, "implementation_version": python}
        return marker is None or marker.evaluate({"extra": "", **(here if python else {})})
    except (InvalidRequirement, ValueError):
        return True


def _sorted(needers: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {name: sorted({*who} - {name}, key=str.lower) for name, who in needers.items()}
