"""What is wrong with a kernel, and what puts it right? Decided from what a listing has seen; nothing is read here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, count

import msgspec

from ..models import Environment, Kernel, KernelProblem
from .kernelspec import Spec

_SCOPES = {"me": "mine", "group": "group", "server": "server", "site": "site"}


def of_one(
    spec: Spec, found: Environment | None, *, gone: str = "", no_launcher: str = "", elsewhere: str = ""
) -> list[KernelProblem]:
    """The problems of a kernel by itself, the gravest first.

    Parameters
    ----------
    found:
        The environment that it belongs to.
    gone:
        What it needs that is gone, in words.
    no_launcher:
        That its Python cannot be a kernel, in words.
    elsewhere:
        The program of another environment that it starts.
    """
    if spec.fault:
        return [_broken(spec, found)]
    if gone:
        return [_orphan(spec, gone, found)]
    problems = []
    if elsewhere and found is not None:
        problems.append(
            KernelProblem(
                code="wrong_python",
                message=f"It is a kernel of {found.name}, but starts {elsewhere}.",
                hint=f"Write it anew for {found.name}.",
                remedy="register",
            )
        )
    elif no_launcher:
        problems.append(_install(no_launcher))
    return problems


def _broken(spec: Spec, found: Environment | None) -> KernelProblem:
    hint = f"Write it anew for {found.name}." if found else "Remove it, and register a kernel for its environment."
    return KernelProblem(code="broken", message=spec.fault, hint=hint, remedy="register" if found else "remove")


def _orphan(spec: Spec, gone: str, found: Environment | None) -> KernelProblem:
    if found is None or found.state != "ready":
        return KernelProblem(code="orphan", message=gone, hint="Remove it.", remedy="remove")
    python = spec.language.lower() == "python" and found.kind != "venv"
    if python and found.python is None and not found.unchangeable:
        return KernelProblem(
            code="orphan",
            message=gone,
            hint=f"Install ipykernel in {found.name}: Python comes with it.",
            remedy="install",
            packages=["ipykernel"],
        )
    return KernelProblem(
        code="orphan", message=gone, hint=f"Its environment {found.name} is there: write it anew.", remedy="register"
    )


def _install(message: str) -> KernelProblem:
    return KernelProblem(
        code="no_launcher",
        message=message,
        hint="Install it there, or remove the kernel.",
        remedy="install",
        packages=["ipykernel"],
    )


def with_duplicates(kernels: Iterable[Kernel], environments: Mapping[str, Environment]) -> list[Kernel]:
    """The kernels, those of the same display name with a proposal each to tell them apart."""
    kernels = list(kernels)
    same: dict[str, list[Kernel]] = defaultdict(list)
    for kernel in kernels:
        same[kernel.display_name.casefold()].append(kernel)
    if len(same) == len(kernels):
        return kernels
    renamed: dict[str, KernelProblem] = {}
    for alike in same.values():
        # One that cannot be changed keeps its name; the others get out of its way.
        if len(alike) > 1:
            renamed |= _renamings(alike, environments, {*same})
    return [
        msgspec.structs.replace(kernel, problems=[*kernel.problems, renamed[kernel.name]])
        if kernel.name in renamed
        else kernel
        for kernel in kernels
    ]


def _renamings(
    alike: list[Kernel], environments: Mapping[str, Environment], taken: set[str]
) -> dict[str, KernelProblem]:
    found = {}
    # What tells one from all others is counted once for all of them: there may be very many.
    marks: list[Callable[[Kernel], str]] = [
        lambda kernel: _python(kernel, environments),
        lambda kernel: _SCOPES[kernel.scope],
        lambda kernel: _name(kernel, environments),
    ]
    counts = [Counter(map(mark, alike)) for mark in marks]
    numbers = count(2)
    for kernel in alike:
        if not kernel.writable:
            continue
        telling = [what for mark, seen in zip(marks, counts, strict=True) if (what := mark(kernel)) and seen[what] == 1]
        names = chain([*telling, kernel.name], map(str, numbers))
        proposal = next(name for what in names if (name := f"{kernel.display_name} ({what})").casefold() not in taken)
        taken.add(proposal.casefold())
        found[kernel.name] = KernelProblem(
            code="duplicate_name",
            message=f"{len(alike)} kernels are called “{kernel.display_name}”.",
            hint=f"Rename it, for example to “{proposal}”.",
            remedy="rename",
            proposal=proposal,
        )
    return found


def _python(kernel: Kernel, environments: Mapping[str, Environment]) -> str:
    found = environments.get(kernel.environment or "")
    if found is None or found.python is None or kernel.language.lower() != "python":
        return ""
    return f"Python {'.'.join(found.python.split('.')[:2])}"


def _name(kernel: Kernel, environments: Mapping[str, Environment]) -> str:
    found = environments.get(kernel.environment or "")
    return found.name if found and found.name.casefold() != kernel.display_name.casefold() else ""
