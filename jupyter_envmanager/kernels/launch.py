"""What is the shell script that starts a kernel in an environment, without conda?

It does for one shell what ``conda activate`` does
(https://docs.conda.io/projects/conda/en/latest/dev-guide/deep-dives/activation.html), and ends in ``exec``: signals
reach the kernel, and no shell waits for it. The same lines, shorter, are for people to copy.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .kernelspec import folder_of_programs, interpreter

_HEAD = "# Starts a kernel in its environment. Written by jupyter_envmanager; changing the kernel there writes it anew."

_BAKING_SECONDS = 5.0

# Prints the variables that conda keeps for an environment as shell lines. Run by the environment's own Python at each
# start of the kernel, so that `conda env config vars set` is seen; and by ours for environments without Python.
_PRINT_VARIABLES = r"""
import json, os, re, sys
prefix, found = sys.argv[1], {}
folder = os.path.join(prefix, "etc", "conda", "env_vars.d")
names = sorted(os.listdir(folder))[:1000] if os.path.isdir(folder) else []
for file in [os.path.join(folder, name) for name in names] + [os.path.join(prefix, "conda-meta", "state")]:
    if not os.path.isfile(file):
        continue
    try:
        with open(file, encoding="utf-8") as stream:
            data = json.loads(stream.read(1 << 20))
        found.update(data if file.startswith(folder + os.sep) else data.get("env_vars", {}))
    except FileNotFoundError:
        pass
    except Exception as error:
        sys.stderr.write("The variables in " + ascii(file) + " are left out: " + ascii(error) + "\n")
for name, value in found.items():
    usable = isinstance(value, str) and "\0" not in value and value != "***unset***"
    if usable and re.match(r"[A-Za-z_][A-Za-z0-9_]*\Z", name):
        line = "export " + name + "='" + value.replace("'", "'\"'\"'") + "'\n"
        sys.stdout.buffer.write(line.encode("utf-8", "replace"))
""".strip()


def shell() -> str:
    """The shell that launch scripts are written for: bash, which environment modules know best, or the system's."""
    return "/bin/bash" if os.access("/bin/bash", os.X_OK) else "/bin/sh"


def script(
    prefix: Path,
    program: str,
    *,
    variables: Mapping[str, str] | None = None,
    modules: Sequence[str] = (),
    arguments: Sequence[str] = (),
    user_site: bool = False,
) -> str:
    """The text of a ``run.sh``; its own arguments go to the program, before ``arguments``.

    Parameters
    ----------
    prefix:
        The environment.
    program:
        What to start, an absolute path.
    variables:
        Set after the activation; names are taken as they are, so check them before.
    modules:
        Environment modules to load before the activation.
    user_site:
        Whether a Python kernel sees the packages of ``~/.local``.
    """
    # What is sourced may make errors fatal, for us too.
    lines = [f"#!{shell()}", _HEAD, '_envmanager_source() { . "$_envmanager_file" || :; set +eu; }']
    if modules:
        lines += _modules(modules)
    lines += _activation(prefix)
    lines += ["unset -f _envmanager_source", "unset _envmanager_file"]
    lines.append("unset PYTHONNOUSERSITE" if user_site else "export PYTHONNOUSERSITE=1")
    lines += [f"export {name}={shlex.quote(value)}" for name, value in (variables or {}).items()]
    lines.append(" ".join(["exec", shlex.quote(program), '"$@"', *map(shlex.quote, arguments)]))
    return "\n".join(lines) + "\n"


def _modules(modules: Sequence[str]) -> list[str]:
    """A shell that is no login shell may have modules and not know the command."""
    kind = Path(shell()).name
    places = f'"${{LMOD_PKG:-}}/init/{kind}" "${{MODULESHOME:-}}/init/{kind}"'
    return [
        "if ! command -v module >/dev/null 2>&1; then",
        f"  for _envmanager_file in {places} \\",
        "    /etc/profile.d/lmod.sh /etc/profile.d/z00_lmod.sh /etc/profile.d/modules.sh; do",
        '    if [ -r "$_envmanager_file" ]; then _envmanager_source; fi',
        "    if command -v module >/dev/null 2>&1; then break; fi",
        "  done",
        "fi",
        "if command -v module >/dev/null 2>&1; then",
        *(f"  module load {shlex.quote(module)} >&2" for module in modules),
        "else",
        f"  echo {shlex.quote(_no_modules(modules))} >&2",
        "fi",
    ]


def _no_modules(modules: Sequence[str]) -> str:
    return f"This machine has no environment modules: the kernel starts without {', '.join(modules)}."


def _activation(prefix: Path) -> list[str]:
    folder = shlex.quote(str(prefix))
    if not _is_conda(prefix):
        return ["unset PYTHONHOME", _path(prefix), f"export VIRTUAL_ENV={folder}"]
    return [
        "unset PYTHONHOME VIRTUAL_ENV",
        *_variables(prefix),
        _path(prefix),
        f"export CONDA_PREFIX={folder}",
        f"export CONDA_DEFAULT_ENV={shlex.quote(environment_name(prefix))}",
        f"for _envmanager_file in {folder}/etc/conda/activate.d/*.sh; do",
        '  if [ -f "$_envmanager_file" ] && [ -r "$_envmanager_file" ]; then _envmanager_source; fi',
        "done",
    ]


def _is_conda(prefix: Path) -> bool:
    return os.path.isdir(prefix / "conda-meta")  # noqa: PTH112 - Path.is_dir raises where we may not look


def _variables(prefix: Path) -> list[str]:
    python = interpreter(prefix)
    if not os.access(python, os.X_OK):
        return _baked(prefix)
    folder, program = shlex.quote(str(prefix)), shlex.quote(str(python))
    return [
        f"if [ -f {folder}/conda-meta/state ] || [ -d {folder}/etc/conda/env_vars.d ]; then",
        f'  eval "$({program} -I -S -c {shlex.quote(_PRINT_VARIABLES)} {folder})"',
        "fi",
    ]


def _baked(prefix: Path) -> list[str]:
    """The environment's own variables as they are now."""
    places = (prefix / "conda-meta" / "state", prefix / "etc" / "conda" / "env_vars.d")
    if not any(os.path.exists(place) for place in places):  # noqa: PTH110
        return []
    command = [sys.executable, "-I", "-S", "-c", _PRINT_VARIABLES, str(prefix)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_BAKING_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return []
    text = done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")
    # Not splitlines: a value may hold what Unicode takes for the end of a line.
    return text.split("\n") if text else []


def _path(prefix: Path) -> str:
    return f'export PATH={shlex.quote(str(folder_of_programs(prefix)))}"${{PATH:+:$PATH}}"'


def environment_name(prefix: Path) -> str:
    """What conda calls an environment: its name in an ``envs`` folder, else its path."""
    return prefix.name if prefix.parent.name == "envs" else str(prefix)


def activation_lines(prefix: Path, modules: Sequence[str] = (), *, variables: bool = True) -> tuple[str, str]:
    """How to use an environment outside Jupyter; without ``variables``, its own are left to whoever asks.

    Returns
    -------
    Lines that activate it in a POSIX shell, for a terminal; and the shorter ones for a batch script.
    """
    loads = [f"module load {shlex.quote(module)}" for module in modules]
    folder = shlex.quote(str(prefix))
    path = f'export PATH={shlex.quote(str(folder_of_programs(prefix)))}:"$PATH"'
    job = "\n".join([*loads, path])
    if not _is_conda(prefix):
        return "\n".join([*loads, path, f"export VIRTUAL_ENV={folder}"]), job
    shell_lines = [*loads, *(_baked(prefix) if variables else []), path, f"export CONDA_PREFIX={folder}"]
    shell_lines.append(f"export CONDA_DEFAULT_ENV={shlex.quote(environment_name(prefix))}")
    scripts = sorted((prefix / "etc" / "conda" / "activate.d").glob("*.sh"))
    # What is sourced may make errors fatal, and would end the terminal with the next one.
    sourced = (f". {shlex.quote(str(file))} || :; set +eu" for file in scripts if os.path.isfile(file))  # noqa: PTH113
    shell_lines += sourced
    return "\n".join(shell_lines), job
