"""An environment -> the beginning of a batch script that runs in it.

The options are Slurm's (https://slurm.schedmd.com/sbatch.html), as comments: what a cluster wants is for the user to
say.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping


def write_job(name: str, activation: str, variables: Mapping[str, str], gpu: str) -> str:
    """The text of a batch script without a command.

    Parameters
    ----------
    name:
        What the environment is called.
    activation:
        Shell lines that activate it.
    variables:
        Those that are set before; the names are taken as they are.
    gpu:
        The GPU that it is for, in words; empty for none.
    """
    job = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-") or "job"
    lines = [
        "#!/bin/bash",
        "# Slurm reads the lines that begin with “#SBATCH”: take one “#” away from those you want.",
        f"##SBATCH --job-name={job}",
        "##SBATCH --time=01:00:00",
        "##SBATCH --cpus-per-task=4",
        "##SBATCH --mem=8G",
    ]
    if gpu:
        lines += [f"# The environment is for a GPU: {' '.join(gpu.split())}.", "##SBATCH --gres=gpu:1"]
    lines += ["", *(f"export {key}={shlex.quote(value)}" for key, value in variables.items())]
    return "\n".join([*lines, activation, "", "# Your command, such as: python analysis.py", ""])
