"""What a framework has told of the GPU -> does it work, and if not, why and what helps? Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from ..models import FrameworkCheck, GpuReport, GpuState, Problem
from .archs import covers, needed_cuda
from .figures import numbers, shortened
from .nvml import NO_DRIVER

#: From the worst to the best.
ORDER: tuple[GpuState, ...] = ("failed", "cannot_see", "cpu_build", "not_checkable", "works")
# They come along with others, and many use them without a GPU: beside another framework they do not decide.
_BESIDES = ("numba", "onnxruntime", "xgboost", "lightgbm")
_STEPS = {"import": "while it was imported", "look": "while it looked for the GPU", "compute": "while it computed"}
_NO_CODE = (
    "no kernel image",
    "not compatible with the current",
    "unsupported gpu architecture",
    "invalid device function",
)
_LONGEST = 300
_LONGEST_MESSAGE = 1000
# No machine has more devices, and no build is for more architectures.
_MOST = 64


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of ``asking.py``, as far as it came.

    Attributes
    ----------
    gpu:
        Whether it is a build for GPUs; None where it has not come to tell.
    right:
        Whether the numbers that the GPU computed are right.
    step:
        What it was doing last: ``import``, ``look``, ``compute`` or ``done``.
    """

    version: str = ""
    gpu: bool | None = None
    cuda: str | None = None
    cudnn: str | None = None
    devices: list[str] = []
    capabilities: list[str] = []
    archs: list[str] = []
    right: bool | None = None
    product_ms: float | None = None
    error: str = ""
    step: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How a framework was asked, and how that ended.

    Attributes
    ----------
    status:
        The exit status, negative for a signal; None where it had to be ended after ``seconds``.
    visible:
        ``CUDA_VISIBLE_DEVICES`` as the framework has it.
    """

    name: str
    answer: Answer | None
    status: int | None
    seconds: float
    visible: str | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The state, a sentence that says why, and what to do about it."""

    state: GpuState
    message: str
    hint: str = ""


def framework(asked: Asked, report: GpuReport) -> tuple[FrameworkCheck, str]:
    """What is to be thought of one framework, and a hint where it does not work.

    Parameters
    ----------
    report:
        What NVML says of this machine.
    """
    answer = _tidied(asked.answer or Answer())
    verdict = _verdict(asked, answer, report)
    check = FrameworkCheck(
        name=asked.name,
        version=answer.version,
        state=verdict.state,
        cuda=answer.cuda,
        cudnn=answer.cudnn,
        devices=answer.devices,
        archs=answer.archs,
        product_ms=answer.product_ms,
        message=shortened(verdict.message, _LONGEST_MESSAGE),
    )
    return check, verdict.hint


def _tidied(answer: Answer) -> Answer:
    """An answer that is fit to be shown: any package may have written it."""

    def tidied(value: Any) -> Any:
        if isinstance(value, list):
            return [shortened(one) for one in value[:_MOST]]
        return shortened(value) if isinstance(value, str) else value

    facts = msgspec.structs.asdict(answer)
    # Of an error, its first line is what is shown.
    return Answer(**{name: value if name == "error" else tidied(value) for name, value in facts.items()})


def _verdict(asked: Asked, answer: Answer, report: GpuReport) -> Verdict:
    name = asked.name
    if answer.right:
        # How it ended does not matter any more: some crash when they clean up.
        return Verdict(state="works", message=f"{name} computes on {_devices(answer)}.{_unfit(answer)}")
    if answer.right is False:
        return Verdict(
            state="failed",
            message=f"{name} computes on {_devices(answer)}, and gets wrong numbers.",
            hint="Do not trust its results. Update the environment, and tell your administrator: it may be broken.",
        )
    if answer.gpu is False:
        return Verdict(
            state="cpu_build",
            message=f"{name} is a CPU build: it never uses a GPU.",
            hint="Change what the environment is for to a GPU, and preview: the plan shows the GPU builds.",
        )
    return _ended(asked, answer) or _unseen(asked, answer, report)


def _ended(asked: Asked, answer: Answer) -> Verdict | None:
    """What is wrong with a framework that came to no end by itself."""
    name, when = asked.name, _STEPS.get(answer.step, "")
    if asked.status is None:
        return Verdict(
            state="failed",
            message=f"{name} did not answer within {asked.seconds:.0f} s ({when or 'before it was imported'}).",
            hint="The first import is slow on a shared disk: check again. If it stays so, look at the machine.",
        )
    if asked.status < 0:
        memory = "The machine may be short of memory: check again." if asked.status == -9 else ""
        return Verdict(
            state="failed",
            message=" ".join(filter(None, [name, "ended by signal", str(-asked.status), when])) + ".",
            hint=memory or "Its libraries do not fit each other or this machine: update it.",
        )
    if asked.answer is None or (not answer.error and answer.step != "done"):
        return Verdict(
            state="failed",
            message=f"{name} ended with exit status {asked.status}, without an answer.",
            hint=f"Start Python in this environment, write “import {name}”, and read what it says.",
        )
    return None


def _unseen(asked: Asked, answer: Answer, report: GpuReport) -> Verdict:
    """Why a framework that has ended by itself has not computed."""
    name, said = asked.name, _said(answer.error)
    needs_driver = bool(answer.gpu) or "libcuda.so" in answer.error or "nvcuda.dll" in answer.error
    if not report.devices and needs_driver:
        return Verdict(state="not_checkable", message=f"{name} is a GPU build. {no_gpu(report)}")
    if answer.step == "import":
        return Verdict(
            state="failed",
            message=f"{name} cannot be imported: {said}",
            hint=f"Install {name} again, or go back to the environment's former state.",
        )
    causes = list(_causes(asked, answer, report))
    if answer.step == "compute" and not causes:
        busy = "memory" in answer.error.lower()
        return Verdict(
            state="failed",
            message=f"{name} sees {_devices(answer)}, and cannot compute on it: {said}",
            hint="Others use it: look at the GPU section, and check again when there is free memory."
            if busy
            else "Check again; if it stays so, update the environment or ask your administrator to look at the GPU.",
        )
    why = " ".join([cause for cause, _ in causes] or ([f"It says: {said}"] if said else []))
    hint = causes[0][1] if causes else "Read the output of the check; it may name a library that is missing."
    return Verdict(state="cannot_see", message=f"{name} does not see the GPU. {why}".rstrip(), hint=hint)


def _causes(asked: Asked, answer: Answer, report: GpuReport) -> list[tuple[str, str]]:
    """What is likely to hide the GPU, and what helps."""
    found: list[tuple[str, str]] = []
    if asked.visible is not None and not re.match(r"\d|GPU-|MIG-", asked.visible.strip()):
        found.append(
            (
                f"CUDA_VISIBLE_DEVICES is “{shortened(asked.visible)}”, which hides all GPUs.",
                "Start JupyterLab in a job that has a GPU, or without this variable.",
            )
        )
    needed = needed_cuda(answer.cuda)
    if needed is not None and report.cuda is not None and numbers(report.cuda) < numbers(needed):
        found.append(
            (
                f"It was built for CUDA {answer.cuda} and needs a driver for CUDA {needed} or newer; this one"
                f" ({report.driver}) runs CUDA {report.cuda}.",
                "Change what the environment is for to this machine's CUDA, or ask for a newer driver.",
            )
        )
    missing = [one for one in answer.capabilities or _capabilities(report) if covers(answer.archs, one) is False]
    if missing or any(words in answer.error.lower() for words in _NO_CODE):
        has = f"It has code for {', '.join(answer.archs)}, and" if answer.archs else "It has"
        found.append(
            (
                f"{has} none for the compute capability {' or '.join(missing or _capabilities(report))} of this GPU.",
                "Choose another version: old ones do not know new GPUs, and new ones leave old GPUs out.",
            )
        )
    if report.devices and all(device.mig and not device.instances for device in report.devices):
        found.append(("The GPU is split (MIG) and has no instance.", "Ask your administrator to make instances."))
    return found


def whole(found: Sequence[tuple[FrameworkCheck, str]], report: GpuReport) -> tuple[Verdict, Problem | None]:
    """The environment's verdict: the worst of its main frameworks'; and a problem where something is to be done.

    Parameters
    ----------
    found:
        Each framework and its hint.
    """
    main = [one for one in found if one[0].name not in _BESIDES] or found
    state = next(state for state in ORDER if any(check.state == state for check, _ in main))
    worst = [(check, hint) for check, hint in main if check.state == state]
    if state == "not_checkable":
        return Verdict(state=state, message=no_gpu(report)), None
    message = " ".join(check.message for check, _ in worst)
    if state == "cpu_build" and len(worst) > 1:
        message = f"These are CPU builds and never use a GPU: {', '.join(check.name for check, _ in worst)}."
    if state == "works":
        besides = [check.message for check, _ in found if check.state != state]
        return Verdict(state=state, message=" ".join([message, *besides])), None
    codes = {"failed": "gpu_check_failed", "cannot_see": "gpu_not_seen", "cpu_build": "cpu_build"}
    hint = next((hint for _, hint in worst if hint), "")
    return Verdict(state=state, message=message, hint=hint), Problem(code=codes[state], message=message, hint=hint)


def no_gpu(report: GpuReport) -> str:
    """Why nothing can be said here, and where it can."""
    reason = "No NVIDIA driver here" if report.message in ("", NO_DRIVER) else report.message.rstrip(".")
    return f"{reason}: check where the GPU is."


def _devices(answer: Answer) -> str:
    names = {name: answer.devices.count(name) for name in answer.devices}
    return ", ".join(name if count == 1 else f"{name} × {count}" for name, count in names.items()) or "the GPU"


def _unfit(answer: Answer) -> str:
    unfit = [
        name
        for name, capability in zip(answer.devices, answer.capabilities, strict=False)
        if covers(answer.archs, capability) is False
    ]
    return f" It has no code for {', '.join(dict.fromkeys(unfit))}." if unfit else ""


def _said(error: str) -> str:
    """The first line of an error, without the name of a class that says nothing."""
    text = next((line.strip() for line in error.splitlines() if line.strip()), "")
    text = re.sub(r"^(RuntimeError|Exception|ImportError|OSError): ", "", text)
    return shortened(text, _LONGEST)


def _capabilities(report: GpuReport) -> list[str]:
    return list(dict.fromkeys(one.compute_capability for one in report.devices if one.compute_capability))
