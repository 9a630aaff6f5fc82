"""What can an environment be made for? This machine, a target of the site, a CUDA version that was typed, or no GPU."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import structs

from ..errors import Invalid
from ..models import GpuDevice, GpuReport, GpuTarget, Problem
from .figures import as_capability, as_cuda, numbers, shortened

MACHINE = "machine"
CPU = "cpu"
CPU_ONLY = GpuTarget(name=CPU, title="CPU only", origin="cpu", detail="smaller, runs everywhere")
_KEYS = ("name", "title", "description", "cuda", "compute_capability", "memory")
# As the names of cards and nvidia-smi count.
_GB = 2**30
_LONGEST_NAME = 100
_LONGEST_TITLE = 100
_LONGEST_DETAIL = 500


def machine_target(report: GpuReport, override: str | None) -> tuple[GpuTarget, list[Problem]]:
    """This machine as a target, and what is odd about it.

    Parameters
    ----------
    override:
        The text of ``CONDA_OVERRIDE_CUDA``; None where it is not set. An empty text means: no CUDA
        (https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html). One that is no version
        is ignored.
    """
    chosen, problems = _override(report, override)
    cuda = report.cuda if chosen is None and report.devices else chosen or None
    devices = report.devices if cuda else []
    capabilities = [device.compute_capability for device in devices if device.compute_capability]
    target = GpuTarget(
        name=MACHINE,
        title="This machine",
        origin="machine",
        detail=_in_words(report, chosen),
        cuda=cuda,
        compute_capability=min(capabilities, key=numbers, default=None),
        memory=min((size for device in devices for size in _sizes(device)), default=None),
    )
    return target, problems


def _override(report: GpuReport, text: str | None) -> tuple[str | None, list[Problem]]:
    """The version that counts in place of the driver's, "" for no CUDA, None for no override."""
    if text is None or not text.strip():
        return text and text.strip(), []
    cuda = as_cuda(text)
    if cuda is None:
        problem = Problem(
            code="cuda_override_invalid",
            message=f"CONDA_OVERRIDE_CUDA is “{shortened(text)}”, which is no CUDA version; it is ignored.",
            hint="Set it to a version such as 12.4, or to an empty text for CPU builds, and restart JupyterLab.",
        )
        return None, [problem]
    if report.cuda is None or numbers(cuda) <= numbers(report.cuda):
        return cuda, []
    problem = Problem(
        code="cuda_override_differs",
        message=f"CONDA_OVERRIDE_CUDA says CUDA {cuda}, but the driver here runs CUDA {report.cuda} at most.",
        hint="What is installed for it may not work here. Unset the variable to get what the driver can run.",
        details={"override": cuda, "driver": report.cuda},
    )
    return cuda, [problem]


def _in_words(report: GpuReport, chosen: str | None) -> str:
    names = Counter(f"{device.name} (MIG)" if device.mig else device.name for device in report.devices)
    devices = ", ".join(name if count == 1 else f"{name} × {count}" for name, count in names.items())
    if chosen is not None:
        cuda = f"CUDA {chosen}" if chosen else "no CUDA"
        return " · ".join(filter(None, [devices, f"{cuda}, set by CONDA_OVERRIDE_CUDA"]))
    if devices:
        return f"{devices} · CUDA {report.cuda}" if report.cuda else f"{devices} · the driver tells no CUDA version"
    return "no GPU can be seen here" if report.problems else "no GPU here"


def _sizes(device: GpuDevice) -> Iterator[int]:
    """The memory that one program can have."""
    sizes = [part.memory_total for part in device.instances] if device.mig else [device.memory_total]
    yield from (size for size in sizes if size is not None)


def site_targets(entries: Sequence[Mapping[str, Any]]) -> tuple[list[GpuTarget], list[Problem]]:
    """The targets of the site's configuration, and a problem for each that cannot be used.

    Parameters
    ----------
    entries:
        Each has ``name`` and ``cuda``, and may have ``title``, ``description``, ``compute_capability`` and ``memory``
        (GB of one device).
    """
    targets: list[GpuTarget] = []
    problems: list[Problem] = []
    taken = {MACHINE, CPU}
    for number, entry in enumerate(entries, start=1):
        faults = list(_faults(entry, taken))
        if not faults:
            targets.append(_site_target(entry))
            taken.add(targets[-1].name)
            continue
        problems.append(
            Problem(
                code="gpu_target_invalid",
                message=f"The site's GPU target {_called(entry, number)} is left out: {'; '.join(faults)}.",
                hint="It is set in EnvManagerApp.gpu_targets: ask the administrator of this JupyterLab.",
                details={"number": number},
            )
        )
    return targets, problems


def _called(entry: object, number: int) -> str:
    name = entry.get("name") if isinstance(entry, Mapping) else None
    return f"“{shortened(name)}”" if isinstance(name, str) and name.strip() else f"number {number}"


def _faults(entry: object, taken: set[str]) -> Iterator[str]:
    """What is wrong with an entry of the configuration."""
    if not isinstance(entry, Mapping):
        yield "it is no dictionary"
        return
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        yield "it has no name" if name in (None, "") else "its name is no text"
    elif len(name) > _LONGEST_NAME or not name.isprintable() or set(name) & set(" =,"):
        yield f"a name has no spaces, “=” or “,”, and no more than {_LONGEST_NAME} characters"
    elif name in taken:
        yield "this name is taken"
    if entry.get("cuda") is None:
        yield "it has no cuda"
    elif as_cuda(entry["cuda"]) is None:
        yield f"cuda is “{shortened(entry['cuda'])}” and should be a version such as 12.8"
    if (capability := entry.get("compute_capability")) is not None and as_capability(capability) is None:
        yield f"compute_capability is “{shortened(capability)}” and should be one such as 9.0"
    if (memory := entry.get("memory")) is not None and not _is_size(memory):
        yield f"memory is “{shortened(memory)}” and should be a number of GB"
    for key in ("title", "description"):
        if not isinstance(entry.get(key) or "", str):
            yield f"{key} is no text"
    for key in entry:
        if key not in _KEYS:
            yield f"“{shortened(key)}” is unknown: there are {', '.join(_KEYS)}"


def _is_size(memory: object) -> bool:
    return isinstance(memory, int | float) and not isinstance(memory, bool) and 0 < memory < 10**6


def _site_target(entry: Mapping[str, Any]) -> GpuTarget:
    cuda, memory = as_cuda(entry["cuda"]), entry.get("memory")
    facts = [entry.get("description") or "", f"CUDA {cuda}", "" if memory is None else f"{memory:g} GB"]
    return GpuTarget(
        name=entry["name"],
        title=shortened(entry.get("title") or entry["name"], _LONGEST_TITLE),
        origin="site",
        detail=shortened(" · ".join(filter(None, facts)), _LONGEST_DETAIL),
        cuda=cuda,
        compute_capability=as_capability(entry.get("compute_capability")),
        memory=None if memory is None else round(memory * _GB),
    )


def sound(target: GpuTarget) -> GpuTarget | None:
    """A target that was read from a file, with texts that can be shown; None where its figures cannot be meant."""
    cuda, capability = as_cuda(target.cuda), as_capability(target.compute_capability)
    if (cuda is None) != (target.cuda is None) or (capability is None) != (target.compute_capability is None):
        return None
    if target.memory is not None and not 0 <= target.memory < 10**6 * _GB:
        return None
    return structs.replace(
        target,
        name=shortened(target.name, _LONGEST_NAME),
        title=shortened(target.title, _LONGEST_TITLE),
        detail=shortened(target.detail, _LONGEST_DETAIL),
        cuda=cuda,
        compute_capability=capability,
    )


def find_target(name: str | None, targets: Sequence[GpuTarget]) -> GpuTarget:
    """The target that a request names; this machine for None.

    Parameters
    ----------
    name:
        The name of a target, or a CUDA version as ``cuda=12.8`` or ``cuda=12.8,arch=9.0``.

    Raises
    ------
    Invalid
        There is none, or ``cuda=…`` is no version; ``field`` is ``gpu``.
    """
    wanted = MACHINE if name is None else name.strip()
    for target in targets:
        if target.name == wanted:
            return target
    if "=" in wanted:
        return _typed(wanted)
    known = ", ".join(target.name for target in targets)
    raise Invalid(
        f"There is no GPU target “{shortened(wanted)}”.",
        hint=f"Choose one of {known}, or write a CUDA version as cuda=12.8.",
        field="gpu",
    )


def _typed(text: str) -> GpuTarget:
    """``cuda=12.8,arch=9.0``"""
    pairs = [part.partition("=") for part in text.split(",")]
    given = {key.strip().lower(): value.strip() for key, _, value in pairs}
    if len(given) < len(pairs) or not {"cuda"} <= given.keys() <= {"cuda", "arch"}:
        raise _refused(f"“{shortened(text)}” is no GPU target")
    cuda = as_cuda(given["cuda"])
    if cuda is None:
        raise _refused(f"“{shortened(given['cuda'])}” is no CUDA version")
    arch = as_capability(given.get("arch"))
    if "arch" in given and arch is None:
        raise _refused(f"“{shortened(given['arch'])}” is no compute capability")
    return GpuTarget(
        name=f"cuda={cuda},arch={arch}" if arch else f"cuda={cuda}",
        title=f"CUDA {cuda}",
        origin="custom",
        detail=f"compute capability {arch}" if arch else "",
        cuda=cuda,
        compute_capability=arch,
    )


def _refused(message: str) -> Invalid:
    return Invalid(
        f"{message}.",
        hint="Write cuda=12.8, or cuda=12.8,arch=9.0 with the compute capability of the GPU.",
        field="gpu",
    )
