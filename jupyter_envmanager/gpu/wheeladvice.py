"""What do the wheels of a plan mean for the GPU, and what helps where they are the wrong ones?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from ..models import GpuBuild, GpuRemedy, GpuTarget, Problem
from ..pypi.names import normal
from .question import Advice
from .reasons import come_as
from .remedies import CPU_ONLY
from .torchwheels import FAMILY, local_part, variants_for
from .versions import older
from .ways import MOST

# Nobody wants these for the CPU where there is a GPU, not even where others bring them along.
_FRAMEWORKS = frozenset({*FAMILY, "tensorflow", "tensorflow-cpu", "jax"})
# What a machine is offered that has no GPU: the newest that most clusters run.
_ANOTHER = GpuRemedy(title="For another machine with CUDA 12.8…", gpu="cuda=12.8")


def with_wheels(
    advice: Advice,
    builds: Sequence[GpuBuild],
    target: GpuTarget,
    lines: Sequence[str],
    targets: Sequence[GpuTarget] = (),
) -> Advice:
    """Advice on conda's packages, and on the wheels beside them.

    A CPU build of a framework stops the plan where a GPU is wanted, and so does any that was asked for.

    Parameters
    ----------
    lines:
        The requirement lines as they were typed.
    targets:
        Where else the environment could be for.
    """
    asked = _by_name(lines)
    cpu = [build for build in builds if build.kind == "cpu" and build.name in {*_FRAMEWORKS, *asked}]
    gpu = [build for build in builds if build.kind == "gpu" and build.name in {*_FRAMEWORKS, *asked}]
    if target.cuda is None:
        problems, stop = list(_without_gpu(cpu, gpu, target, targets)), False
    else:
        problems = list(_cpu_builds(cpu, asked, target))
        stop = bool(problems)
        problems += _too_new(gpu, target)
    return Advice(
        builds=[*advice.builds, *builds],
        problems=[*advice.problems, *problems],
        stop=advice.stop or stop,
    )


def _by_name(lines: Iterable[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        try:
            found[normal(Requirement(line.strip()).name)] = line
        except InvalidRequirement:
            continue
    return found


def _cpu_builds(cpu: Sequence[GpuBuild], asked: Mapping[str, str], target: GpuTarget) -> Iterable[Problem]:
    remedies = [remedy for build in cpu if (remedy := _to_gpu(build, asked, target)) is not None]
    if cpu:
        reasons = " ".join(dict.fromkeys(build.reason for build in cpu))
        hint = "Choose a way to a GPU build, or accept the CPU build."
        yield _problem("cpu_build", f"{_come_as(cpu, 'CPU')}. {reasons}", hint, cpu, [*remedies[: MOST - 1], CPU_ONLY])


def _without_gpu(
    cpu: Sequence[GpuBuild], gpu: Sequence[GpuBuild], target: GpuTarget, targets: Sequence[GpuTarget]
) -> Iterable[Problem]:
    others = [GpuRemedy(title=f"Make it for {one.title}", gpu=one.name) for one in targets if one.cuda is not None]
    ways = [*others[: MOST - 1], _ANOTHER]
    if cpu and target.origin == "machine":
        hint = "That is right for this machine. If the environment is for another one, choose that."
        yield _problem("gpu_elsewhere", f"{_come_as(cpu, 'CPU')}, as this machine has no GPU.", hint, cpu, ways)
    if gpu:
        where = "this machine" if target.origin == "machine" else f"“{target.title}”"
        message = f"{_come_as(gpu, 'GPU')}, but {where} has no GPU."
        hint = "GPU builds can be installed there, but not run. Choose the machine that the environment is for."
        yield _problem("cuda_without_driver", message, hint, gpu, ways)


def _too_new(gpu: Sequence[GpuBuild], target: GpuTarget) -> Iterable[Problem]:
    for build in gpu:
        if older(target.cuda, build.driver):
            message = (
                f"{build.name} is built for CUDA {build.cuda} and needs a driver that runs CUDA {build.driver} or"
                f" newer; that of {target.title} runs {target.cuda}."
            )
            hint = "It will not see the GPU there. Choose an older version, or another machine."
            yield _problem("driver_too_old", message, hint, [build], [CPU_ONLY])


def _to_gpu(build: GpuBuild, asked: Mapping[str, str], target: GpuTarget) -> GpuRemedy | None:
    """What leads to the GPU build of a package; None where the target runs none."""
    name = build.name.removesuffix("-cpu")
    line = asked.get(build.name)
    major = int((target.cuda or "0").partition(".")[0])
    if name in FAMILY:
        wish = _without_local(line) if line and variants_for(target) else None
    elif name in ("jax", "tensorflow", "onnxruntime") and major >= 12:
        wish = {"jax": f"jax[cuda{min(major, 13)}]", "tensorflow": "tensorflow[and-cuda]"}.get(name, name)
    else:
        wish = None
    if wish is None or wish == line:
        return None
    return GpuRemedy(title=f"Ask for {wish}", pypi_add=[wish], pypi_remove=[line] if line else [])


def _without_local(line: str) -> str | None:
    """``torch==2.9.0+cpu`` -> ``torch==2.9.0``; None where no such version was typed."""
    requirement = Requirement(line.strip())
    exact = [spec.version for spec in requirement.specifier if spec.operator == "==" and local_part(spec.version)]
    return line.replace(exact[0], Version(exact[0]).public) if exact else None


def _come_as(builds: Sequence[GpuBuild], kind: str) -> str:
    return come_as([build.name for build in builds], kind)


def _problem(code: str, message: str, hint: str, builds: Sequence[GpuBuild], remedies: Sequence[GpuRemedy]) -> Problem:
    details = {"packages": [build.name for build in builds], "remedies": msgspec.to_builtins(list(remedies))}
    return Problem(code=code, message=message, hint=hint, field="gpu", details=details)
