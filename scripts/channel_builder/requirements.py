"""Say a Python requirement in conda's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import canonicalize_name


class Requiring(Protocol):
    """A distribution that can be asked what it requires."""

    @property
    def requires(self) -> tuple[Requirement, ...]:
        """Its `Requires-Dist`, markers and all."""


# Where conda-forge has another name than the normalised one.
_CONDA_NAMES = {"bash-kernel": "bash_kernel"}


def conda_name(name: str) -> str:
    """The conda name of a distribution: the normalised one of PEP 503, but for a few."""
    normalised = str(canonicalize_name(name))
    return _CONDA_NAMES.get(normalised, normalised)


def version_spec(specifiers: SpecifierSet) -> str:
    """The conda version spec equal to PEP 440 `specifiers`; empty for none.

    <https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html>
    """
    return ",".join(sorted(_clause(specifier) for specifier in specifiers))


def _clause(specifier: Specifier) -> str:
    operator, version = specifier.operator, specifier.version
    if operator == "==" and version.endswith(".*"):
        return version
    if operator == "~=":
        # conda reads ~= alike, but not every solver does; the two clauses are its definition in PEP 440.
        return f">={version},{version.rpartition('.')[0]}.*"
    if operator == "===":
        return f"=={version}"
    return f"{operator}{version}"


def match_specs(
    distribution: Requiring,
    environment: Mapping[str, str],
    *,
    extras: frozenset[str] = frozenset(),
    known: Mapping[str, Requiring],
) -> tuple[str, ...]:
    """What a distribution depends on, as match specs.

    conda has no extras: a requirement such as `jsonschema[format]` becomes `jsonschema` and what its extra
    `format` requires.

    Args:
        distribution: whose requirements.
        environment: marker values of the target Python.
        extras: extras of the distribution itself that were asked for.
        known: distributions by conda name, to look up the extras of requirements.
    """
    found: dict[str, SpecifierSet] = {}
    for requirement in _applicable(distribution, environment, extras, known, frozenset()):
        name = conda_name(requirement.name)
        found[name] = found.get(name, SpecifierSet()) & requirement.specifier
    return tuple(sorted(f"{name} {version_spec(specifiers)}".rstrip() for name, specifiers in found.items()))


def _applicable(
    distribution: Requiring,
    environment: Mapping[str, str],
    extras: frozenset[str],
    known: Mapping[str, Requiring],
    seen: frozenset[tuple[str, frozenset[str]]],
    *,
    extra_only: bool = False,
) -> Iterator[Requirement]:
    for requirement in distribution.requires:
        always = _applies(requirement, environment, "")
        if extra_only and always:
            continue
        if not always and not any(_applies(requirement, environment, extra) for extra in extras):
            continue
        other = known.get(conda_name(requirement.name))
        if other is not distribution:
            yield requirement
        visit = (conda_name(requirement.name), frozenset(requirement.extras))
        if requirement.extras and other is not None and visit not in seen:
            yield from _applicable(other, environment, visit[1], known, seen | {visit}, extra_only=True)


def _applies(requirement: Requirement, environment: Mapping[str, str], extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**environment, "extra": extra})
