"""Why did a kernel that was started not answer? Read from what it wrote, with what to do about it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: What puts it right with one click: a `models.KernelRemedy`, "create" for an environment that is gone; None: nothing.
Remedy = str | None
_KERNEL_MODULES = {"ipykernel", "ipykernel_launcher"}


@dataclass(frozen=True)
class Reason:
    """What is wrong, what to do next, and the remedy."""

    message: str
    hint: str
    remedy: Remedy = None


def _module(match: re.Match[str], prefix: Path) -> Reason:
    if match[1] in _KERNEL_MODULES:
        return Reason(
            f"ipykernel is not installed in {prefix}.", "Install ipykernel there, then restart the kernel.", "install"
        )
    return Reason(
        f"The kernel needs the Python module {match[1]}, which is missing or broken in {prefix}.",
        "Install the kernel's package (for Python: ipykernel) there again, then restart the kernel.",
        "install",
    )


def _library(match: re.Match[str], prefix: Path) -> Reason:
    return Reason(
        f"The library {match[1]} cannot be loaded in {prefix}.",
        "A package there is missing or broken: look at the environment's health, reinstall the package that has the"
        " library, then restart the kernel.",
        "install",
    )


def _old_library(match: re.Match[str], _prefix: Path) -> Reason:
    return Reason(
        f"The kernel finds an older library than it was built for: {match[1]} is not in it.",
        "Another folder comes first: take LD_LIBRARY_PATH and environment modules out of the kernel's settings.",
    )


def _modules(match: re.Match[str], _prefix: Path) -> Reason:
    return Reason(
        f"An environment module that the kernel loads is not there: {match[1].strip()}.",
        "Change the modules in the kernel's settings, then restart the kernel.",
    )


def _program(match: re.Match[str], _prefix: Path) -> Reason:
    return Reason(
        f"{match[1]} is not there.",
        "Repair the environment, or register the kernel again for one that is there.",
        "register",
    )


def _no_space(_match: re.Match[str], _prefix: Path) -> Reason:
    return Reason(
        "The disk or your quota is full: the kernel cannot write the files that it needs.",
        "Remove files that you do not need, then restart the kernel.",
    )


def _memory(_match: re.Match[str], _prefix: Path) -> Reason:
    return Reason("There is not enough memory for the kernel.", "Shut down other kernels, then restart this one.")


# The first that is found counts: the likeliest and most telling first.
_SYMPTOMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Path], Reason]], ...] = (
    (re.compile(r"No space left on device|Disk quota exceeded"), _no_space),
    (re.compile(r"\bMemoryError\b|Cannot allocate memory|bad_alloc"), _memory),
    (re.compile(r"(\S+\.(?:so|dylib)[\w.]*): cannot open shared object file"), _library),
    (re.compile(r"Library not loaded: (\S+)"), _library),
    (re.compile(r"version [`'‘](\S+?)['’] not found"), _old_library),
    (re.compile(r"No module named '?([\w.]+)'?"), _module),
    (re.compile(r"following module\(s\) are unknown: (.+)"), _modules),
    (re.compile(r"Unable to locate a modulefile for (.+)"), _modules),
    (re.compile(r"(?:exec: |: )(/[^:\n]+): (?:not found|No such file or directory|cannot execute)"), _program),
)


def reason(output: str, prefix: Path, folder: Path | None = None) -> Reason:
    """Why a kernel that has ended did not start.

    Parameters
    ----------
    output:
        The end of what it wrote.
    prefix:
        Its environment.
    folder:
        The folder it was started in, where a file may stand in for a module.
    """
    if folder is not None and (file := _shadow(output, folder)):
        return Reason(
            f"The file {file} in the notebook's folder stands in for a module of the same name, and breaks the kernel.",
            f"Give {file} another name, then restart the kernel.",
        )
    for pattern, make in _SYMPTOMS:
        if match := pattern.search(output):
            return make(match, prefix)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    last = f": {lines[-1][:500]}" if lines else ""
    return Reason(
        f"The kernel stopped while it started{last}",
        "What it wrote says more. If packages were changed, go back to an earlier state of the environment.",
    )


def _shadow(output: str, folder: Path) -> str:
    """The file of a folder that the last error came through, where a module of that name cannot be imported."""
    if "ImportError" not in output and "AttributeError" not in output and "ModuleNotFoundError" not in output:
        return ""
    found = re.findall(rf'File "{re.escape(str(folder) + os.sep)}([\w]+\.py)", line', output)
    return str(found[-1]) if found else ""
