"""A libnvidia-ml.so.1 that plays the driver, for tests, browser stories and benchmarks (see tests/nvml_stub.c)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

NAME = "libnvidia-ml.so.1"
_SOURCE = Path(__file__).resolve().parents[1] / "tests" / "nvml_stub.c"


def build(folder: Path) -> Path | None:
    """Compile the library into a folder, which goes to the ``LD_LIBRARY_PATH`` of a program that is to load it.

    What the library answers is up to the program's environment variable ``NVML_STUB``.

    Returns
    -------
    Path | None
        The library; None without gcc, or where there is no Linux.
    """
    return compiled(_SOURCE, folder)


def compiled(source: Path, folder: Path) -> Path | None:
    """As `build`, from another source: a driver that lacks functions, for example."""
    compiler = shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    library = folder / NAME
    subprocess.run([compiler, "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def hide(folder: Path) -> Path:
    """A file that is no library stands in front of the driver that this machine may have: no driver."""
    library = folder / NAME
    library.write_text("not a library")
    return library
