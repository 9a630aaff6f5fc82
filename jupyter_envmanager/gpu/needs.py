"""What can be had on a target? Driver and device decide, and what else was asked for.

A build depends on the driver through ``__cuda`` and on the device through ``__cuda_arch``, itself or through what it
needs.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ..models import GpuTarget
from .builds import Build
from .obstacles import PYTHONS, python_of
from .question import Scene
from .specs import Spec, read
from .versions import fits, lowest, newest, numbers, overlap

State = Literal["runs", "blocked", "out"]
_CUDA = "__cuda"
_ARCH = "__cuda_arch"


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """Whether something can be had: it ``runs``, is ``blocked`` by the GPU, or is ``out`` for another reason.

    ``cuda`` and ``capability`` are what driver and device must have at least, where they are what blocks it.
    """

    state: State
    cuda: str | None = None
    capability: str | None = None


RUNS = Need(state="runs")
OUT = Need(state="out")


class Needs:
    """What can be had on a target, of the channels' records and under what was asked for."""

    def __init__(self, scene: Scene, target: GpuTarget) -> None:
        self._scene = scene
        self._target = target
        self._known: dict[tuple[str, str, str], Need] = {}

    def of_spec(self, spec: Spec) -> Need:
        """Of the variants that fit a spec, the easiest; ``out`` where there are none."""
        key = spec.name, spec.version, spec.build
        if key not in self._known:
            self._known[key] = RUNS  # What needs itself asks nothing more.
            self._known[key] = self._easiest(spec)
        return self._known[key]

    def _easiest(self, spec: Spec) -> Need:
        variants = [*self._scene.cpu_variants(spec.name), *self._scene.gpu_variants(spec.name)]
        blocked = []
        for variant in variants:
            if spec.allows_version(variant.version) and spec.allows_build(variant.build):
                need = self._of_variant(variant)
                if need.state == "runs":
                    return need
                if need.state == "blocked":
                    blocked.append(need)
        return min(blocked, key=_hardness, default=OUT)

    def _of_variant(self, variant: Build) -> Need:
        if self._is_out(variant):
            return OUT
        needs = [self._own(variant)]
        for text in variant.depends:
            spec = read(text)
            if spec is not None and spec.name in self._scene.variants and spec.name != variant.name:
                needs.append(self.of_spec(spec))
        if any(need.state == "out" for need in needs):
            return OUT
        blocked = [need for need in needs if need.state == "blocked"]
        if not blocked:
            return RUNS
        cuda = newest([need.cuda for need in blocked if need.cuda])
        capability = newest([need.capability for need in blocked if need.capability])
        return Need(state="blocked", cuda=cuda, capability=capability)

    def _is_out(self, variant: Build) -> bool:
        """Whether something else than the GPU keeps a variant out."""
        python = python_of(variant)
        for demand in self._scene.demands:
            spec = demand.spec
            if spec.name == variant.name:
                if not spec.allows_version(variant.version) or not spec.allows_build(variant.build):
                    return True
            elif spec.name == "python" and python is not None and not overlap(python, spec.version, PYTHONS):
                return True
        return False

    def _own(self, variant: Build) -> Need:
        """What a variant itself asks of driver and device; a constraint asks nothing where there is none."""
        cuda: list[str] = []
        capability: list[str] = []
        for hard, texts in ((True, variant.depends), (False, variant.constrains)):
            for text in texts:
                spec = read(text) if text.startswith((_CUDA, "cuda-arch")) else None
                if spec is None or spec.name not in (_CUDA, _ARCH, "cuda-arch"):
                    continue
                there = self._target.cuda if spec.name == _CUDA else self._target.compute_capability
                if (hard and spec.name != "cuda-arch") if there is None else fits(there, spec.version or "*") is False:
                    (cuda if spec.name == _CUDA else capability).append(lowest(spec.version) or "")
        if not cuda and not capability:
            return RUNS
        return Need(state="blocked", cuda=newest(cuda), capability=newest(capability))


def _hardness(need: Need) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return numbers(need.cuda or "") or (), numbers(need.capability or "") or ()
