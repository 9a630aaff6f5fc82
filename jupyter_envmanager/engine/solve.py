"""A request for packages -> the exact records to install."""

from __future__ import annotations

import asyncio
import datetime
import os
import re
import time
from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from rattler import (
    BuildString,
    ChannelPriority,
    GenericVirtualPackage,
    MatchSpec,
    Override,
    PackageName,
    RepoDataRecord,
    Version,
    VirtualPackage,
    VirtualPackageOverrides,
    solve,
)
from rattler.exceptions import SolverError

from ..errors import EnvManagerError, Invalid, NotFound, Unsatisfiable
from ..models import GpuTarget
from ..specfiles.condaspecs import MOST_LETTERS
from ..specfiles.draft import shown
from .channels import Channels
from .failures import translate, unreachable
from .withoutnetwork import not_known

_PRIORITY = {
    "strict": ChannelPriority.Strict,
    # Rattler has no third mode; conda's "flexible" falls back to lower channels, as "disabled" does.
    "flexible": ChannelPriority.Disabled,
    "disabled": ChannelPriority.Disabled,
}
# A spec is one argument of a person, never an option or a path of ours.
_LEADING = re.compile(r"^[A-Za-z0-9_*]")
# A popular package has thousands of records, and each becomes an object.
_AT_ONCE = 20
# To find a name that is spelt otherwise takes a tenth of a second.
_MOST_SUGGESTIONS = 8
_TIMEOUT = datetime.timedelta(seconds=60)
KERNEL_PACKAGE = "ipykernel"


@dataclass(frozen=True, kw_only=True)
class Solution:
    """What the solver chose.

    ``asked`` and ``for_kernel`` are names; every other record is there because one of these needs it. ``seconds`` is
    the time the solver took.
    """

    records: list[RepoDataRecord]
    specs: list[str]
    asked: frozenset[str]
    for_kernel: frozenset[str]
    seconds: float


def parse_specs(texts: Iterable[str]) -> list[MatchSpec]:
    """Match specs as people write them (https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html).

    Raises
    ------
    Invalid
        Names the spec that cannot be read, with ``field="specs"``.
    """
    return [_parse_spec(text) for text in texts]


def _parse_spec(text: str) -> MatchSpec:
    stripped = text.strip()
    if len(stripped) > MOST_LETTERS:
        # rattler descends into parentheses until the whole process is gone.
        raise Invalid(
            f"{shown(stripped)} is too long for a package.",
            hint=f"A package has at most {MOST_LETTERS:,} letters.",
            field="specs",
        )
    if "://" in stripped or re.search(r"\burl\s*=", stripped):
        what = "names its channel by address" if "::" in stripped else "is an address"
        raise Invalid(
            f"“{text}” {what}; a package is given by name.",
            hint="Add its channel under “Channels”, then give the name.",
            field="specs",
            spec=text,
        )
    if not _LEADING.match(stripped):
        raise Invalid(
            f"“{text}” is not a package.",
            hint="Write it like “numpy”, “python=3.12” or “pandas>=2,<3”.",
            field="specs",
            spec=text,
        )
    try:
        spec = MatchSpec(stripped)
    except Exception as error:
        problem = translate(error)
        raise Invalid(
            f"“{text}” is not a package: {_reason(error)}.", hint=problem.hint, field="specs", spec=text
        ) from error
    if not spec_name(spec):
        raise Invalid(f"“{text}” names no package.", hint="Begin with the package's name.", field="specs", spec=text)
    if spec.condition is not None:
        # The solver leaves it out without a word where the condition is not met.
        raise Invalid(
            f"“{text}” has a condition, which cannot be used here.",
            hint="Take out “when”.",
            field="specs",
            spec=text,
        )
    return spec


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")


def spec_name(spec: MatchSpec) -> str:
    """The package name of a spec that `parse_specs` accepted."""
    return spec.name.normalized


def spec_names(texts: Iterable[str]) -> list[str]:
    """The package names of match specs; what cannot be read has none."""
    names = []
    for text in texts:
        # Another tool may have written it down in its own way.
        with suppress(Invalid):
            names.append(spec_name(_parse_spec(text)))
    return names


def virtual_packages(target: GpuTarget | None = None) -> list[VirtualPackage | GenericVirtualPackage]:
    """What this machine, and the GPU that is aimed at, offer to packages: ``__glibc``, ``__cuda`` … (https://docs.conda.io/projects/conda/en/latest/dev-guide/plugins/virtual_packages.html).

    Blocking. ``CONDA_OVERRIDE_*`` variables are honoured, except for the GPU: that is the target's alone.

    Parameters
    ----------
    target:
        Says ``__cuda`` and ``__cuda_arch`` (https://conda.org/learn/ceps/cep-0046); no GPU for None.
    """
    overrides = VirtualPackageOverrides.from_env()
    # Told a version, rattler does not load the driver to ask it: one that hangs would hold us up for ever.
    overrides.cuda = Override.string("0")
    here = [one for one in VirtualPackage.detect(overrides) if one.into_generic().name.normalized != "__cuda"]
    return [*here, *_gpu_packages(target)]


def _gpu_packages(target: GpuTarget | None) -> list[GenericVirtualPackage]:
    if target is None or target.cuda is None:
        return []
    versions = {"__cuda": target.cuda, "__cuda_arch": target.compute_capability}
    return [
        GenericVirtualPackage(PackageName(name), Version(version), BuildString("0"))
        for name, version in versions.items()
        if version is not None
    ]


async def solve_new(
    channels: Channels,
    texts: Sequence[str],
    *,
    priority: str,
    pinned: Sequence[str],
    with_kernel: bool,
    virtual: Sequence[VirtualPackage | GenericVirtualPackage],
    kernel_packages: frozenset[str],
) -> Solution:
    """Solve a new environment.

    Parameters
    ----------
    texts:
        Match specs.
    priority:
        ``strict``, ``flexible`` or ``disabled``.
    pinned:
        Match specs that constrain packages without asking for them.
    with_kernel:
        Add ``ipykernel`` when the answer has Python and none of ``kernel_packages``.

    Raises
    ------
    Invalid
        A spec cannot be read.
    NotFound
        A package, or a version of it, is on no channel; the hint names the nearest.
    Unsatisfiable
        The specs contradict each other.
    ChannelUnreachable
        A channel does not answer.
    """
    specs = await asyncio.to_thread(parse_specs, texts)
    begin = time.perf_counter()
    records = await find_records(channels, specs, priority=priority, constraints=pinned, virtual=virtual)
    names = {record.name.normalized for record in records}
    for_kernel: frozenset[str] = frozenset()
    if with_kernel and "python" in names and not names & kernel_packages:
        kernel_specs = [*specs, MatchSpec(KERNEL_PACKAGE)]
        records = await find_records(channels, kernel_specs, priority=priority, constraints=pinned, virtual=virtual)
        for_kernel = frozenset({KERNEL_PACKAGE})
    return Solution(
        records=records,
        specs=[*[text.strip() for text in texts], *sorted(for_kernel)],
        asked=frozenset(spec_name(spec) for spec in specs),
        for_kernel=for_kernel,
        seconds=time.perf_counter() - begin,
    )


def addressed(spec: MatchSpec, channels: Channels) -> MatchSpec:
    """A spec that names its channel, as in ``lab::numpy``, with the address that the configuration gives that name."""
    name, found, rest = str(spec).partition("::")
    subdir = f"/{spec.subdir}" if spec.subdir else ""
    last = name.removesuffix(subdir).rpartition("/")[2]
    urls = [url for url in channels.reach.channels if url.rstrip("/").rpartition("/")[2] == last]
    return MatchSpec(f"{urls[0].rstrip('/')}{subdir}::{rest}") if found and len(urls) == 1 else spec


async def find_records(
    channels: Channels,
    specs: Sequence[MatchSpec],
    *,
    priority: str,
    constraints: Sequence[str],
    virtual: Sequence[VirtualPackage | GenericVirtualPackage],
    locked: Sequence[RepoDataRecord] = (),
    explain: bool = True,
) -> list[RepoDataRecord]:
    """The records that satisfy ``specs``.

    Parameters
    ----------
    constraints:
        Match specs that hold for packages without asking for them.
    locked:
        Records that are preferred to all others of their name.
    explain:
        Whether to find out what is missing where there is no answer: of many specs that takes a while.

    Raises
    ------
    Invalid, NotFound, Unsatisfiable, ChannelUnreachable
    """

    subdirs = await asyncio.to_thread(_subdirs, specs)

    def wanted(record: RepoDataRecord) -> bool:
        return subdirs.get(record.name.normalized, set()) <= {record.subdir}

    async def answer(sources: Sequence[Any]) -> list[RepoDataRecord] | SolverError:
        try:
            return await solve(
                sources,
                [addressed(spec, channels) for spec in specs],
                gateway=channels.gateway,
                locked_packages=[record for record in locked if wanted(record)],
                virtual_packages=virtual,
                channel_priority=_PRIORITY[priority],
                constraints=parse_specs(constraints),
                timeout=_TIMEOUT,
            )
        except SolverError as error:
            return error

    async def answer_online() -> list[RepoDataRecord] | SolverError:
        # The solver does not look at the platform in a spec, so it must get no other records: they pass through here.
        chosen = channels.stored(wanted) if subdirs else []
        found = await answer(chosen or channels.channels)
        if isinstance(found, SolverError) and any(one.unread for one in chosen):
            raise unreachable("", channels.reach.channels) from found
        return found

    async def answer_offline() -> list[RepoDataRecord] | SolverError:
        # What needs no download goes before what is newer.
        found = await answer(channels.stored(wanted, cached=True))
        if isinstance(found, SolverError):
            known = channels.stored(wanted)
            found = await answer(known)
            unread = set().union(*(one.unread for one in known))
            if isinstance(found, SolverError) and unread:
                raise not_known(unread) from found
        return found

    found = await channels.in_time(answer_offline() if channels.reach.offline else answer_online())
    if isinstance(found, SolverError) and not explain:
        raise Unsatisfiable("The packages do not fit together.", field="specs") from found
    if isinstance(found, SolverError):
        raise await _explain(channels, specs, found, {record.name.normalized for record in locked}) from found
    return found


def _subdirs(specs: Sequence[MatchSpec]) -> dict[str, set[str]]:
    """The platforms that specs name, by package."""
    found: dict[str, set[str]] = {}
    for spec in specs:
        if spec.subdir:
            found.setdefault(spec_name(spec), set()).add(spec.subdir)
    return found


def meets(spec: MatchSpec, record: RepoDataRecord) -> bool:
    """Whether a record is what a spec asks for: rattler does not look at the platform in it."""
    return spec.matches(record) and (not spec.subdir or record.subdir == spec.subdir)


async def _explain(
    channels: Channels, specs: Sequence[MatchSpec], error: SolverError, installed: Set[str]
) -> EnvManagerError:
    """Before the solver's own words: is one of the names or versions simply not there?"""
    known = {*await channels.names(), *installed}
    names = await asyncio.to_thread(lambda: list(map(spec_name, specs)))
    unknown = [name for name in names if name not in known and not name.startswith("__")]
    if len(unknown) == 1:
        hint = await channels.suggestion(unknown[0])
        return NotFound(f"No channel has a package “{unknown[0]}”.", hint=hint, field="specs", spec=unknown[0])
    if unknown:
        quoted = ", ".join(f"“{name}”" for name in unknown)
        hints = [f"{name}: {await channels.suggestion(name)}" for name in unknown[:_MOST_SUGGESTIONS]]
        message = f"No channel has these packages: {quoted}."
        return NotFound(message, hint=" ".join(hints), field="specs", spec=unknown[0])
    for start in range(0, len(specs), _AT_ONCE):
        some = specs[start : start + _AT_ONCE]
        asked = list(dict.fromkeys(map(spec_name, some)))
        if (missing := await channels.about(asked, partial(_first_unmet, some))) is not None:
            return missing
    conflict = translate(error)
    return Unsatisfiable(conflict.message, hint=conflict.hint, field="specs")


def _first_unmet(specs: Sequence[MatchSpec], records: Sequence[RepoDataRecord]) -> NotFound | None:
    """The error for the first of these specs that has records, and none that matches."""
    by_name: dict[str, list[RepoDataRecord]] = {}
    for record in records:
        by_name.setdefault(record.name.normalized, []).append(record)
    for spec in specs:
        mine = by_name.get(spec_name(spec), [])
        if mine and not any(meets(spec, record) for record in mine):
            return NotFound(
                f"No channel has “{spec}” for this platform.",
                hint=f"Available: {_nearest_versions(spec, mine)}.",
                field="specs",
                spec=str(spec),
            )
    return None


def _nearest_versions(spec: MatchSpec, records: Sequence[RepoDataRecord]) -> str:
    """The newest versions, those that begin like the wanted one first."""
    newest = sorted(records, key=lambda record: record.version, reverse=True)
    versions = list(dict.fromkeys(str(record.version) for record in newest))
    wanted = re.search(r"\d+", str(spec.version or ""))
    close = [v for v in versions if wanted is not None and v.split(".")[0] == wanted.group(0)]
    shown = list(dict.fromkeys([*close[:5], *versions]))[:6]
    more = len(versions) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def platform() -> str:
    """conda's name of this machine's platform, e.g. ``linux-64``."""
    from rattler import Subdir

    override = os.environ.get("CONDA_SUBDIR")
    return override or str(Subdir.current())
