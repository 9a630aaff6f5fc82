"""How do the packages of an environment differ from others, or from what a file asks for?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from packaging.requirements import Requirement as Pep508

from ..environments.conda_records import canonical, channel_name
from ..environments.reasons import applies
from ..environments.shownvariables import printable
from ..models import Difference, DifferenceKind, Manager, Package
from ..notebooks.description import asked
from ..pypi.needs import fits
from ..pypi.reference import Requirement
from ..redaction import redact, redact_value
from ..specfiles import split_spec

if TYPE_CHECKING:
    from ..engine.change import Record

# What a file asks for that names no version.
ANY = "any"
# Search paths may have thousands of letters, which no table has room for.
_LONGEST_VALUE = 60


@dataclass(frozen=True, kw_only=True)
class Here:
    """An environment: its packages, conda's ``records`` by name, and the versions of Python's ``distributions`` by
    normalised name, whoever brought them. ``python`` is its version.
    """

    packages: Sequence[Package]
    records: Mapping[str, Record] = field(default_factory=dict)
    distributions: Mapping[str, str] = field(default_factory=dict)
    python: str = ""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The differences, and how many packages agree."""

    differences: list[Difference]
    same: int


def exactly(here: Iterable[Package], there: Iterable[Package], managers: Sequence[Manager]) -> Compared:
    """Compare packages with packages.

    Parameters
    ----------
    managers:
        Whose packages count: a list may name conda's only.
    """
    mine = {_key(one): one for one in here if one.manager in managers}
    theirs = {_key(one): one for one in there if one.manager in managers}
    found = [_between(mine.get(key), theirs.get(key)) for key in {*mine, *theirs}]
    return _sorted(found)


def asked_for(
    here: Here,
    specs: Iterable[str],
    requirements: Iterable[Requirement],
    *,
    conda: bool = True,
    leave: Iterable[str] = (),
) -> Compared:
    """Compare packages with what a file asks for.

    Parameters
    ----------
    conda:
        Whether the file speaks of conda's packages: else none of these is missing in it.
    leave:
        Names of conda packages that nobody expects in a file.
    """
    found: list[Difference | None] = []
    named: dict[Manager, set[str]] = {"conda": set(leave), "pypi": set()}
    for spec in specs:
        name, difference = _held(here, spec)
        named["conda"].add(name)
        found.append(difference)
    counting = [one for one in requirements if _counts(one, here.python)]
    for requirement in counting:
        name, difference = _fulfilled(here, requirement)
        named["pypi"].add(name)
        found.append(difference)
    managers: list[Manager] = ["conda", "pypi"] if conda else ["pypi"]
    for manager in managers:
        mine = [one for one in here.packages if one.manager == manager]
        found += [_between(one, None) for one in asked(mine) if _key(one)[1] not in named[manager]]
    return _sorted(found)


def variables(here: Mapping[str, str], there: Mapping[str, str]) -> list[Difference]:
    """Compare what is set when environments are active."""
    differences = []
    for name in sorted({*here, *there}):
        mine, theirs = here.get(name), there.get(name)
        if mine != theirs:
            kind: DifferenceKind = "only_there" if mine is None else "only_here" if theirs is None else "value"
            shown = ["" if value is None else printable(redact_value(name, value)) for value in (mine, theirs)]
            differences.append(
                Difference(
                    name=name,
                    variable=True,
                    kind=kind,
                    here=None if mine is None else _short(shown[0], shown[1]),
                    there=None if theirs is None else _short(shown[1], shown[0]),
                )
            )
    return differences


def _short(value: str, other: str) -> str:
    """What a table has room for: where two values begin alike, the part that differs."""
    if len(value) <= _LONGEST_VALUE:
        return value
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(value, other, strict=False)))
    rest = value if same < _LONGEST_VALUE // 2 else f"…{value[same - _LONGEST_VALUE // 4 :]}"
    return rest if len(rest) <= _LONGEST_VALUE else f"{rest[: _LONGEST_VALUE - 1]}…"


def _key(package: Package) -> tuple[Manager, str]:
    return package.manager, canonical(package.name) if package.manager == "pypi" else package.name


def _sorted(found: Sequence[Difference | None]) -> Compared:
    differences = [one for one in found if one is not None]
    return Compared(
        differences=sorted(differences, key=lambda one: (one.name.lower(), one.manager)),
        same=len(found) - len(differences),
    )


def _between(here: Package | None, there: Package | None) -> Difference | None:
    if here is None or there is None:
        one = here or there
        assert one is not None
        return Difference(
            name=one.name,
            manager=one.manager,
            kind="only_there" if here is None else "only_here",
            here=here.version if here else None,
            there=there.version if there else None,
            here_detail=here.build if here else "",
            there_detail=there.build if there else "",
        )
    mine, theirs = _source(here), _source(there)
    if here.version != there.version:
        kind, details = "version", ("", "")
    elif here.build and there.build and here.build != there.build:
        kind, details = "build", (here.build, there.build)
    elif mine and theirs and mine != theirs:
        kind, details = "channel", (mine, theirs)
    else:
        return None
    return Difference(
        name=here.name,
        manager=here.manager,
        kind=kind,  # type: ignore[arg-type]
        here=here.version,
        there=there.version,
        here_detail=details[0],
        there_detail=details[1],
    )


def _source(package: Package) -> str:
    """The channel; the address of one from the index that came from elsewhere."""
    if package.manager == "conda":
        return package.channel
    return (package.spec or "").partition(" @ ")[2] or package.channel


def _held(here: Here, spec: str) -> tuple[str, Difference | None]:
    """The name in a match spec, and what is against it."""
    from ..engine.solve import parse_specs, spec_name

    parsed = parse_specs([spec])[0]
    name = spec_name(parsed)
    record = here.records.get(name)
    channel, _, rest = split_spec(spec)
    there = rest.strip()[len(name) :].strip() or ANY
    if record is None and name == "python" and here.python and there == ANY:
        # That of a virtual environment is no package.
        return name, None
    if record is None:
        return name, Difference(name=name, kind="only_there", there=there, there_detail=channel)
    home = channel_name(record.channel)
    if not parsed.matches(record):
        version = parse_specs([f"{name} {parsed.version}"])[0] if parsed.version else None
        only_build = version is None or version.matches(record)
        return name, Difference(
            name=name,
            kind="build" if only_build else "version",
            here=str(record.version),
            there=there,
            here_detail=str(record.build) if only_build else "",
            there_detail=str(parsed.build or "") if only_build else "",
        )
    if channel and channel_name(channel) != home and not (channel == "defaults" and home.startswith("pkgs/")):
        return name, Difference(
            name=name,
            kind="channel",
            here=str(record.version),
            there=there,
            here_detail=home,
            there_detail=redact(channel),
        )
    return name, None


def _counts(requirement: Requirement, python: str) -> bool:
    return bool(requirement.url) or applies(requirement.text.partition(" --hash")[0], python)


def _fulfilled(here: Here, requirement: Requirement) -> tuple[str, Difference | None]:
    """The normalised name of a requirement, and what is against it."""
    theirs = [one for one in here.packages if one.manager == "pypi"]
    mine = next((one for one in theirs if canonical(one.name) == requirement.name), None)
    if requirement.url:
        mine = mine or next((one for one in theirs if is_from(one, requirement.url)), None)
        name = canonical(mine.name) if mine else requirement.name or redact(requirement.url)
        if mine is not None and is_from(mine, requirement.url):
            return name, None
        return name, Difference(
            name=mine.name if mine else name,
            manager="pypi",
            kind="channel" if mine else "only_there",
            here=mine.version if mine else None,
            there=ANY,
            here_detail=(_source(mine) or "index") if mine else "",
            there_detail=redact(requirement.url),
        )
    version = mine.version if mine is not None else here.distributions.get(requirement.name)
    wanted = Pep508(requirement.text.partition(" --hash")[0])
    there = str(wanted.specifier) or ANY
    if version is None:
        return requirement.name, Difference(name=requirement.name, manager="pypi", kind="only_there", there=there)
    if fits(wanted, version):
        return requirement.name, None
    return requirement.name, Difference(
        name=mine.name if mine else requirement.name, manager="pypi", kind="version", here=version, there=there
    )


def is_from(package: Package, url: str) -> bool:
    """Whether a package came from this address: Git's is on record with the revision that was found."""
    source = _source(package)
    return bool(source) and source.partition("#")[0].startswith(url.partition("#")[0].rstrip("/"))
