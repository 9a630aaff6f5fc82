"""The tools that people use today: create, ``ipykernel install``, first cell."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .home import Home, remove
from .kernel import argv_of, start_alone

NAMES = ("conda", "mamba", "micromamba")
_SECONDS = 600.0
_ENGINE = Path(__file__).with_name("engine.py")


@dataclass(frozen=True)
class ToolTimes:
    """Seconds of one creation by a tool: of the tool, of ``ipykernel install``, and of all with the first cell."""

    create: float
    register: float
    cell: float


def found() -> dict[str, str | None]:
    """The program of each tool; None where it is not on PATH."""
    return {name: shutil.which(name) for name in NAMES}


async def create(program: str, home: Home, specs: Sequence[str], *, cold: bool) -> ToolTimes:
    """Create an environment with a tool, register its kernel, and run a cell in it."""
    name = f"by-{Path(program).name}"
    prefix = home.envs / name
    if cold:
        home.empty_package_cache()
    remove(prefix)
    variables = {
        **home.variables(),
        "CONDA_PKGS_DIRS": str(home.pkgs),
        "MAMBA_ROOT_PREFIX": str(home.path / "mamba"),
        "CONDARC": str(home.path / ".condarc"),
    }
    channel = ["--override-channels", "--channel", home.channels[0]]
    begin = time.perf_counter()
    _run([program, "create", "--yes", "--quiet", "--prefix", str(prefix), *channel, *specs], variables)
    created = time.perf_counter()
    python = str(prefix / "bin" / "python")
    _run([python, "-m", "ipykernel", "install", "--user", "--name", name], variables)
    registered = time.perf_counter()
    seconds, _ = await start_alone(argv_of(home.data / "kernels", name), variables)
    remove(prefix)
    remove(home.data / "kernels" / name)
    return ToolTimes(created - begin, registered - created, registered - begin + seconds)


def bare_engine(home: Home, prefix: Path, specs: Sequence[str]) -> str:
    """Solve and install with the engine alone; returns what `engine` prints."""
    arguments = [sys.executable, str(_ENGINE), home.channels[0], str(home.pkgs), str(prefix), *specs]
    return _run(arguments, home.variables())


def _run(arguments: Sequence[str], variables: dict[str, str]) -> str:
    done = subprocess.run(list(arguments), env=variables, capture_output=True, text=True, check=False, timeout=_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout
