"""The builds that packages come in, with and without GPU: what advice needs of a plan and of the channels."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rattler import RepoDataRecord

from ..errors import ChannelUnreachable, EnvManagerError, Unsatisfiable
from ..gpu.advice import Advice, Question, advise, explain
from ..gpu.builds import Build, gpu_build
from ..gpu.candidates import candidates
from ..models import GpuTarget, Problem
from .channels import Channels
from .client import clean_url

_log = logging.getLogger(__name__)
# More than any driver and any device: what has no answer even for this one fails for another reason than the GPU.
ANY_GPU = GpuTarget(name="any", title="Any GPU", origin="custom", cuda="99", compute_capability="99")
_clean = lru_cache(maxsize=64)(clean_url)


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What a request says that matters for the GPU; the fields are those of `Question`."""

    target: GpuTarget
    targets: Sequence[GpuTarget]
    specs: Sequence[str]
    pins: Sequence[str] = ()
    offers: Sequence[str] = ()
    python_stays: bool = False
    channels_stay: bool = False
    strict: bool = True


def as_builds(records: Iterable[RepoDataRecord]) -> list[Build]:
    """What advice reads of records. Blocking: a popular package has thousands.

    Of nothing that the garbage collector keeps looking at: its full rounds hold up all threads.
    """
    return [
        Build(
            name=record.name.normalized,
            version=str(record.version),
            build=str(record.build),
            build_number=record.build_number,
            depends=tuple(record.depends),
            constrains=tuple(record.constrains),
            track_features=tuple(record.track_features),
            channel=_clean(record.channel or ""),
            subdir=record.subdir,
        )
        for record in records
    ]


async def variants(channels: Channels, plan: Sequence[Build], specs: Iterable[str]) -> list[Build]:
    """All builds of those packages of a plan that may come with and without GPU; without any, no channel is asked.

    Raises
    ------
    ChannelUnreachable
    """

    names = sorted(candidates(plan, specs))
    return await channels.about(names, as_builds) if names else []


async def advice(channels: Channels, aim: Aim, plan: Sequence[Build]) -> Advice:
    """What a plan means for the GPU.

    Raises
    ------
    ChannelUnreachable
    """
    try:
        found = await variants(channels, plan, aim.specs)
    except ChannelUnreachable:
        if not channels.reach.offline:
            raise
        return await asyncio.to_thread(advice_alone, channels, aim, plan)
    return await asyncio.to_thread(_advised, _question(channels, aim, plan, found))


def advice_alone(channels: Channels, aim: Aim, plan: Sequence[Build]) -> Advice:
    """As `advice`, without asking the channels what else they have. Blocking."""
    return _advised(_question(channels, aim, plan, plan))


def _advised(question: Question) -> Advice:
    """Advice; none where it fails, as a strange record must not cost the plan."""
    try:
        return advise(question)
    except Exception:
        _log.exception("No advice on GPU builds.")
        return Advice()


def _reason(question: Question) -> Problem | None:
    try:
        return explain(question)
    except Exception:
        _log.exception("No explanation by the GPU.")
        return None


async def explained(
    channels: Channels, aim: Aim, error: Unsatisfiable, answer: Callable[[], Awaitable[Iterable[RepoDataRecord]]]
) -> EnvManagerError:
    """The error to show where the solver had no answer: the GPU's own, where the GPU is the reason.

    Parameters
    ----------
    answer:
        Solves the same for `ANY_GPU`.
    """
    try:
        plan = await asyncio.to_thread(as_builds, await answer())
        found = await variants(channels, plan, aim.specs)
    except EnvManagerError:
        return error
    problem = await asyncio.to_thread(_reason, _question(channels, aim, (), found))
    if problem is not None:
        return Unsatisfiable(problem.message, hint=problem.hint, field="gpu", **problem.details)
    return Unsatisfiable(
        error.message,
        hint="It needs another GPU than this one, or a newer driver: choose another GPU target.",
        field="gpu",
    )


async def switchable(channels: Channels, installed: Sequence[Build], specs: Iterable[str]) -> frozenset[str]:
    """Names of installed packages that come with and without GPU.

    Raises
    ------
    ChannelUnreachable
    """
    found = await variants(channels, installed, specs)
    return await asyncio.to_thread(_switchable, installed, found)


def _switchable(installed: Sequence[Build], found: Sequence[Build]) -> frozenset[str]:
    here = {build.name: build for build in installed}
    known = {build.name for build in installed if gpu_build(build, here) is not None}
    offered = {build.name for build in found if (kind := gpu_build(build, {})) is not None and kind.kind == "gpu"}
    return frozenset(known | (offered & here.keys()))


def _question(channels: Channels, aim: Aim, plan: Sequence[Build], found: Sequence[Build]) -> Question:
    return Question(
        target=aim.target,
        plan=plan,
        variants=found,
        specs=aim.specs,
        pins=aim.pins,
        channels=channels.reach.channels,
        targets=aim.targets,
        offers=aim.offers,
        python_stays=aim.python_stays,
        channels_stay=aim.channels_stay,
        strict=aim.strict,
    )
