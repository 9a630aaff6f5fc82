"""Is there anything about a kernel that will keep it from starting? Seen from its files, before or after a try."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from ..environments import environment_id
from ..models import Environment
from . import target
from .kernelspec import Spec, interpreter
from .symptoms import Reason


def prefix_of(spec: Spec) -> Path | None:
    """The environment that a kernel belongs to, whether it is there or not."""
    found = target.prefix(spec, target.programs(spec))
    return Path(found) if found else None


def doubt(spec: Spec) -> Reason | None:
    """Why a kernel will hardly start; None where nothing seems wrong, or cannot be seen. Looks at a few files."""
    try:
        return _doubt(spec)
    except Exception:  # whatever is strange about a kernelspec: a suspicion must not break a kernel that runs
        return None


def _doubt(spec: Spec) -> Reason | None:
    prefix = prefix_of(spec)
    if gone := target.orphan_reason(spec, target.programs(spec)):
        return _gone(prefix, gone)
    if prefix is not None and (python := _python(prefix)):
        environment = Environment(
            id=environment_id(prefix),
            name=prefix.name,
            prefix=str(prefix),
            kind="path",
            location=str(prefix.parent),
            python=python,
        )
        if target.missing_launcher(spec, environment):
            return Reason(
                f"ipykernel is not installed in {prefix}, so no notebook can run there.",
                f"Install it: {install_command(prefix, 'ipykernel')}. Then restart the kernel.",
                "install",
            )
    return None


def _gone(prefix: Path | None, gone: str) -> Reason:
    if prefix is None:
        return Reason(f"The kernel cannot start. {gone}", "Choose another kernel, or remove this one.", "remove")
    if not os.path.isdir(prefix):  # noqa: PTH112 - Path.is_dir raises where we may not look
        return Reason(
            f"The environment of this kernel is gone: {prefix} is not there any more.",
            "Create it again under the same name and restart the kernel, or choose another kernel.",
            "create",
        )
    if str(interpreter(prefix)) in gone:
        return Reason(
            f"Python is not installed in {prefix} any more, so the kernel cannot start.",
            f"Install it: {install_command(prefix, 'python', 'ipykernel')}. Then restart the kernel.",
            "install",
        )
    return Reason(
        f"The kernel cannot start. {gone}",
        "Register the kernel again for its environment, then restart it.",
        "register",
    )


def install_command(prefix: Path, *packages: str) -> str:
    """What to type in a terminal, as one line to copy."""
    return " ".join(["jupyter envmanager install", shlex.quote(str(prefix)), *packages])


def _python(prefix: Path) -> str | None:
    """The version (“3.12”) of a conda environment's Python, by its folder; None for other environments."""
    if not os.path.isdir(prefix / "conda-meta"):  # noqa: PTH112
        return None
    found = sorted(path.name.removeprefix("python") for path in (prefix / "lib").glob("python3.*[0-9]"))
    return found[0] if len(found) == 1 else None
