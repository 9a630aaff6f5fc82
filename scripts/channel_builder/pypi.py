"""Choose and download wheels with pip, for a Python that need not be the running one."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .interpreter import Interpreter


class DownloadError(Exception):
    """pip could not choose or fetch the wheels.

    Args:
        requirements: what was asked for.
        interpreter: for which Python.
        output: what pip said.
    """

    def __init__(self, requirements: Sequence[str], interpreter: Interpreter, output: str) -> None:
        wanted = " ".join(requirements)
        super().__init__(f"no wheels of {wanted} for Python {interpreter.version}: {output.strip()}")
        self.requirements = requirements
        self.interpreter = interpreter
        self.output = output


def rounds(requirements: Iterable[str]) -> list[tuple[str, ...]]:
    """Requirements in groups that can be resolved together: the second version of a project goes to the second."""
    groups: list[dict[str, str]] = []
    for text in requirements:
        name = canonicalize_name(Requirement(text).name)
        group = next((group for group in groups if name not in group), None)
        if group is None:
            groups.append(group := {})
        group[name] = text
    return [tuple(group.values()) for group in groups]


def download(requirements: Sequence[str], interpreter: Interpreter, directory: Path) -> None:
    """Download wheels of `requirements` and of all they need into `directory`.

    Indexes, proxies and certificates are those pip is configured with. pip itself comes through `uv` where this
    environment has none.

    Args:
        requirements: PEP 508 requirements that can be satisfied together.
        interpreter: the Python they are for; its markers and tags decide.
        directory: where the wheels go.

    Raises:
        DownloadError: pip failed; a project without a wheel is a failure too.
    """
    pip = [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("pip") is None:
        pip = [sys.executable, "-m", "uv", "tool", "run", "pip"]
    options = ["download", "--quiet", "--only-binary=:all:", "--dest", str(directory)]
    command = [*pip, "--python", str(interpreter.executable), *options, *requirements]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise DownloadError(requirements, interpreter, answer.stderr)
