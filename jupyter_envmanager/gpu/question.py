"""What advice depends on, and its answer; and the same by name, to look things up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from itertools import groupby
from operator import attrgetter

import msgspec

from ..models import GpuBuild, GpuTarget, Problem
from .builds import Build, Kind, build_sign, selector, sign_of
from .specs import Spec, read
from .versions import numbers

Preference = tuple[bool, tuple[int, ...], int]

_SUBDIR = re.compile(r"noarch|(?:linux|osx|win|emscripten|wasi|freebsd|zos)-\w+")
_HASH = re.compile(r"h[0-9a-f]{7,8}(?:_\d+)?|_\d+$")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What advice depends on.

    Attributes
    ----------
    plan:
        All records of the environment as it will be; empty where the solver had no answer.
    variants:
        All records of the channels that have the names of `candidates`.
    specs:
        Match specs that were asked for, as written, with those of earlier changes.
    pins:
        Match specs that hold packages (``conda-meta/pinned``, ``pinned_packages``).
    channels:
        The channels in order of priority, by name or address.
    targets:
        Where else the environment could be for.
    strict:
        Whether a channel hides the packages of those after it that have the same name.
    offers:
        Channels that may be proposed beside those: the site allows them.
    python_stays:
        Whether the plan's Python is installed already, and only a spec moves it.
    channels_stay:
        Whether the channels cannot be changed with the request: those of an environment that is there.
    """

    target: GpuTarget
    plan: Sequence[Build]
    variants: Sequence[Build]
    specs: Sequence[str]
    pins: Sequence[str] = ()
    channels: Sequence[str] = ()
    targets: Sequence[GpuTarget] = ()
    strict: bool = True
    offers: Sequence[str] = ()
    python_stays: bool = False
    channels_stay: bool = False


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """The answer; ``stop`` and ``problems`` as in `PlanGpu`."""

    builds: list[GpuBuild] = []
    problems: list[Problem] = []
    stop: bool = False


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """A spec that holds: asked for, or pinned."""

    spec: Spec
    pinned: bool = False


class Scene:
    """A question, indexed. Channels have thousands of variants of a name: each name is looked at when it matters."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.target = question.target
        self.plan: dict[str, Build] = {record.name: record for record in question.plan}
        self.demands = [Demand(spec=spec) for text in question.specs if (spec := read(text)) is not None]
        self.demands += [Demand(spec=spec, pinned=True) for text in question.pins if (spec := read(text)) is not None]
        self.asked = {demand.spec.name for demand in self.demands if not demand.pinned}
        self._distinct: dict[str, tuple[list[Build], list[Build]]] = {}
        self._first: dict[str, int] = {}
        self._only_gpu: dict[tuple[str, str], bool] = {}
        self._best: dict[str, tuple[Preference | None, Preference | None]] = {}

    @cached_property
    def variants(self) -> Mapping[str, list[Build]]:
        """The variants by name."""
        found: dict[str, list[Build]] = {}
        for name, variants in groupby(self.question.variants, attrgetter("name")):
            found.setdefault(name, []).extend(variants)
        return found

    def gpu_variants(self, name: str) -> list[Build]:
        """One of each kind of GPU build that a package has: versions, Pythons, CUDA versions, channels."""
        return self._split(name)[0]

    def cpu_variants(self, name: str) -> list[Build]:
        """The same of its other builds."""
        return self._split(name)[1]

    @cached_property
    def channels(self) -> dict[str, int]:
        """The place of each channel in the order of priority."""
        return {channel_name(channel): place for place, channel in reversed([*enumerate(self.question.channels)])}

    def first_channel(self, name: str) -> int:
        """The place of the first channel that has a package."""
        if name not in self._first:
            places = {self.channels.get(channel_name(each)) for each in {v.channel for v in self.variants[name]}}
            self._first[name] = min((place for place in places if place is not None), default=0)
        return self._first[name]

    def only_gpu(self, name: str, glob: str) -> bool:
        """Whether no other than GPU builds of a package have such a build string."""
        if (name, glob) not in self._only_gpu:
            others = self.cpu_variants(name)
            self._only_gpu[name, glob] = not any(fnmatchcase(variant.build, glob) for variant in others)
        return self._only_gpu[name, glob]

    def best(self, name: str) -> tuple[Preference | None, Preference | None]:
        """What a solver prefers most among the GPU builds of a package, and among its others."""
        if name not in self._best:
            gpu, others = (max(map(preference, variants), default=None) for variants in self._split(name))
            self._best[name] = gpu, others
        return self._best[name]

    def _split(self, name: str) -> tuple[list[Build], list[Build]]:
        if name not in self._distinct:
            self._distinct[name] = _distinct(self.variants.get(name, ()))
        return self._distinct[name]


@lru_cache(maxsize=256)
def channel_name(channel: str) -> str:
    """``https://conda.example.org/conda-forge/linux-64`` -> ``conda-forge``."""
    parts = [part for part in channel.split("/") if part]
    if parts and _SUBDIR.fullmatch(parts[-1]):
        parts.pop()
    return parts[-1] if parts else ""


def _distinct(variants: Sequence[Build]) -> tuple[list[Build], list[Build]]:
    """GPU builds and others, each without those that differ by hash and build number only."""
    gpu: dict[object, Build] = {}
    others: dict[object, Build] = {}
    for variant in variants:
        kind, shape = _kind_and_shape(variant.build)
        if kind is None or variant.subdir == "noarch":
            # The build string does not tell apart what was built for different CUDA versions.
            sign, needs = sign_of(variant), selector(variant)
            kind, shape = sign.kind if sign else None, f"{shape} {needs.text if needs else ''}"
        found = gpu if kind == "gpu" else others
        key = variant.version, shape, variant.channel
        known = found.get(key)
        if known is None or known.build_number < variant.build_number:
            found[key] = variant
    return list(gpu.values()), list(others.values())


@lru_cache(maxsize=16384)
def _kind_and_shape(build: str) -> tuple[Kind | None, str]:
    """What a build string says, and how it looks without hash and number."""
    sign = build_sign(build)
    return sign.kind if sign is not None else None, _HASH.sub("", build)


def preference(variant: Build) -> Preference:
    """How a solver orders the builds of a package, other things being equal."""
    return not variant.track_features, numbers(variant.version) or (), variant.build_number
