"""Which spec brings the build that is wanted, and is one needed?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from .builds import Build
from .obstacles import OF_TARGET, Look
from .question import Scene, preference
from .specs import read
from .versions import numbers

#: Build strings that only GPU builds have, the plainest first.
_GLOBS = ("cuda*", "gpu*", "*cuda*", "*gpu*", "*_cu*")
_CPU_GLOBS = ("cpu*", "*cpu*")
_FOR_CUDA = re.compile(r"(?P<before>.*?)(?P<cuda>cuda?_?\d+(?:\.\d+)*)")


def ask_for(scene: Scene, name: str, found: Sequence[Look], exact: bool = False) -> str:
    """A spec that only GPU builds fit; with ``exact``, those for the CUDA version of the newest one."""
    best = best_of(found)
    if not exact and (meta := _metapackage(scene, name, found)) is not None:
        return meta
    if not scene.cpu_variants(name) and not exact:
        return name
    for glob in _for_cuda(best) if exact else _GLOBS:
        if fnmatchcase(best.variant.build, glob) and scene.only_gpu(name, glob):
            return f"{name}=*={glob}"
    return f"{name}={best.variant.version}={best.variant.build}"


def ask_for_cpu(scene: Scene, name: str) -> str:
    """A spec that only CPU builds fit; the name alone where there is none."""
    if f"{name}-cpu" in scene.variants:
        return f"{name}-cpu"
    gpu = [variant.build for variant in scene.gpu_variants(name)]
    cpu = [variant.build for variant in scene.cpu_variants(name)]
    for glob in _CPU_GLOBS:
        if any(fnmatchcase(build, glob) for build in cpu) and not any(fnmatchcase(build, glob) for build in gpu):
            return f"{name}=*={glob}"
    return name


def best_of(found: Sequence[Look]) -> Look:
    """The newest version, for the newest CUDA."""
    return max(found, key=lambda look: (numbers(look.variant.version) or (), numbers(look.build.cuda or "") or ()))


def must_be_exact(found: Sequence[Look], too_new: Sequence[Look]) -> bool:
    """Whether newer builds are too new for the target: then not every GPU build will do."""
    if not too_new:
        return False
    newest_one = best_of(too_new)
    newer = (numbers(newest_one.variant.version) or ()) > (numbers(best_of(found).variant.version) or ())
    return newer or not _is_enforced(newest_one)


def comes_first(scene: Scene, name: str, found: Sequence[Look]) -> bool:
    """Whether a solver prefers one of these builds by itself: by version, then by number."""
    others = scene.best(name)[1]
    if others is not None and max(preference(look.variant) for look in found) <= others:
        return False
    # Where a relative has builds of both kinds and the same number, it may draw the package to either.
    relatives = [scene.best(each) for each in found[0].family - {name}]
    return all(gpu is None or other is None or gpu > other for gpu, other in relatives)


def may_come_without_driver(scene: Scene, name: str) -> bool:
    """Whether a solver may take a GPU build where there is no GPU: not all ask for a driver."""
    mine = [demand.spec for demand in scene.demands if demand.spec.name == name]
    mine = [spec for spec in mine if spec.version or spec.build]

    def fits(variant: Build) -> bool:
        return all(spec.allows_version(variant.version) and spec.allows_build(variant.build) for spec in mine)

    best = max(map(preference, filter(fits, scene.cpu_variants(name))), default=None) if mine else scene.best(name)[1]
    taken = [each for each in scene.gpu_variants(name) if best is None or preference(each) >= best]
    return any(fits(each) and not any(map(_is_on_driver, each.depends)) for each in taken)


def _is_on_driver(text: str) -> bool:
    return text == "__cuda" or text.startswith("__cuda ")


def _is_enforced(look: Look) -> bool:
    """Whether a build tells the solver what keeps it out: what few say of the device, and none of the pytorch channel
    of the driver."""
    texts = (*look.variant.depends, *look.variant.constrains)
    told = {
        "driver": any(_is_on_driver(text) or text.startswith("cuda-version ") for text in texts),
        "capability": any(text.startswith(("__cuda_arch", "cuda-arch")) for text in texts),
    }
    return any(told[kind] for kind in OF_TARGET & look.kinds)


def _metapackage(scene: Scene, name: str, found: Sequence[Look]) -> str | None:
    """``pytorch-gpu``, where the channels have it for one of these builds."""
    meta = f"{name}-gpu"
    for record in scene.variants.get(meta, ()):
        for text in record.depends:
            spec = read(text)
            if spec is None or spec.name != name:
                continue
            if any(spec.allows_version(f.variant.version) and spec.allows_build(f.variant.build) for f in found):
                return meta
    if meta in scene.variants:
        return None
    # conda-forge's builds name the metapackage that goes with them.
    implied = any(text.startswith(f"{meta} ") for look in found for text in look.variant.constrains)
    return meta if implied else None


def _for_cuda(look: Look) -> list[str]:
    """``cuda118*``, for the build of one CUDA version."""
    match = _FOR_CUDA.match(look.variant.build)
    return [f"{'*' if match['before'] else ''}{match['cuda']}*"] if match is not None else []
