"""What does one kernelspec say, and what is a good one for a prefix?

The format: https://jupyter-client.readthedocs.io/en/latest/kernels.html#kernel-specs. ``argv`` goes to the operating
system without a shell, after jupyter_client has put values in for ``{connection_file}``, ``{prefix}`` and
``{resource_dir}``; ``env`` values are templates in which ``$`` is special.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Invalid

STAMP = "jupyter_envmanager"
PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_]+)\}")
_LAUNCH = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A kernelspec folder as read; ``fault`` says why its kernel.json cannot be used."""

    name: str
    folder: Path
    argv: list[str] = field(default_factory=list)
    display_name: str = ""
    language: str = ""
    env: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    fault: str = ""

    @property
    def stamp(self) -> dict[str, Any]:
        """What we wrote into it: ``environment`` (id), ``prefix``, ``version``; empty if it is not ours."""
        stamp = self.metadata.get(STAMP)
        return stamp if isinstance(stamp, dict) else {}


@dataclass(frozen=True, kw_only=True)
class NewSpec:
    """A kernelspec to be written: kernel.json, the folder whose logos go with it, a launch script where needed."""

    content: dict[str, Any]
    shipped: Path | None
    script: str | None


def read(folder: Path, name: str) -> Spec:
    """Read a kernelspec folder; a broken one is returned with its ``fault``, never raised."""
    file = folder / "kernel.json"
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        json.dumps(data, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return Spec(name=name, folder=folder, fault=f"{file}, line {error.lineno}: {error.msg}.")
    except UnicodeError:
        return Spec(name=name, folder=folder, fault=f"{file} is no valid UTF-8.")
    except (OSError, RecursionError) as error:
        return Spec(name=name, folder=folder, fault=f"{file} cannot be read: {error}.")
    return parse(name, folder, data)


def parse(name: str, folder: Path, data: object) -> Spec:
    """The content of a kernel.json as a spec; what cannot be used is its ``fault``."""
    file = folder / "kernel.json"
    if not isinstance(data, dict):
        return Spec(name=name, folder=folder, fault=f"{file} holds no object.")
    data = dict(data)
    argv, env, metadata = (data.pop(key, None) for key in ("argv", "env", "metadata"))
    fault = ""
    if not (isinstance(argv, list) and argv and all(isinstance(word, str) for word in argv)):
        argv, fault = [], f"{file} has no “argv”: it does not say what to start."
    env = env if isinstance(env, dict) else {}
    return Spec(
        name=name,
        folder=folder,
        argv=argv,
        display_name=str(data.pop("display_name", None) or ""),
        language=str(data.pop("language", None) or ""),
        env={str(key): value for key, value in env.items() if isinstance(value, str)},
        metadata=metadata if isinstance(metadata, dict) else {},
        extra=data,
        fault=fault,
    )


def folder_of_programs(prefix: Path) -> Path:
    """``bin`` of a prefix, or what stands for it on Windows."""
    if os.name != "nt":
        return prefix / "bin"
    return prefix if (prefix / "conda-meta").is_dir() else prefix / "Scripts"


def interpreter(prefix: Path) -> Path:
    """Where Python is in a prefix that has it."""
    return folder_of_programs(prefix) / ("python.exe" if os.name == "nt" else "python")


def build(prefix: Path, *, environment: str, display_name: str) -> NewSpec:
    """The kernelspec for a prefix: the one that its kernel package ships, made absolute and stamped.

    Raises
    ------
    Invalid
        Nothing in the prefix can be a kernel.
    """
    shipped = _shipped(prefix)
    if shipped is None and not os.path.lexists(interpreter(prefix)):
        raise Invalid(
            f"{prefix.name} has no kernel: neither Python nor another language's kernel package is installed in it.",
            hint="Install ipykernel, or the kernel of your language such as r-irkernel.",
            field="environment",
        )
    source = shipped or Spec(name="python3", folder=prefix, argv=["python", *_LAUNCH], language="python")
    argv, script = _launchable([_absolute(source.argv[0], prefix), *source.argv[1:]])
    python = source.language.lower() == "python"
    content = {
        **source.extra,
        "argv": argv,
        "display_name": display_name,
        "language": source.language,
        "env": {**source.env, **_variables(prefix)},
        "metadata": {
            **source.metadata,
            **({"debugger": True} if python else {}),
            STAMP: {"environment": environment, "prefix": str(prefix), "version": 1},
        },
    }
    return NewSpec(content=content, shipped=shipped.folder if shipped else None, script=script)


def _shipped(prefix: Path) -> Spec | None:
    """The kernelspec that the environment brings along; ``python3`` if there are several."""
    folder = prefix / "share" / "jupyter" / "kernels"
    files = sorted(folder.glob("*/kernel.json"), key=lambda file: (file.parent.name != "python3", file.parent.name))
    specs = (read(file.parent, file.parent.name) for file in files)
    return next((spec for spec in specs if not spec.fault), None)


def _absolute(program: str, prefix: Path) -> str:
    """A program as a path in the prefix, where there is one of that name."""
    if Path(program).is_absolute() and os.access(program, os.F_OK):
        return program
    name = Path(program).name
    if re.fullmatch(r"python[0-9.]*(\.exe)?", name):
        return str(interpreter(prefix))
    suffixes = ("", ".exe", ".bat") if os.name == "nt" else ("",)
    folders = (folder_of_programs(prefix), prefix / "Scripts") if os.name == "nt" else (folder_of_programs(prefix),)
    places = (folder / f"{name}{suffix}" for folder in folders for suffix in suffixes)
    return next((str(place) for place in places if os.access(place, os.F_OK)), program)


def _launchable(argv: list[str]) -> tuple[list[str], str | None]:
    """An argv that jupyter_client leaves as it is, with a launch script if need be.

    There is no escape for ``{connection_file}`` in a program's path, so such a path goes into a script beside the
    spec. The script is replaced by the kernel (``exec``), so signals reach it.
    """
    if not PLACEHOLDER.search(argv[0].removeprefix("{resource_dir}/")):
        return argv, None
    if os.name == "nt":
        raise Invalid(
            f"Jupyter cannot start a kernel in {argv[0]}: braces in a path mean something else to it.",
            hint="Move the environment to a folder without braces in its name.",
        )
    script = f'#!/bin/sh\nexec {shlex.quote(argv[0])} "$@"\n'
    return ["/bin/sh", "{resource_dir}/run.sh", *argv[1:]], script


def _variables(prefix: Path) -> dict[str, str]:
    """What activation would set that a notebook relies on: ``!pip`` and ``!which`` must find this environment."""
    folders = [folder_of_programs(prefix)]
    if os.name == "nt" and (prefix / "conda-meta").is_dir():
        inside = ("Library/mingw-w64/bin", "Library/usr/bin", "Library/bin", "Scripts")
        folders += [prefix / folder for folder in inside]
    path = os.pathsep.join(_literal(str(folder)) for folder in folders)
    variables = {"PATH": f"{path}{os.pathsep}${{PATH}}", "PYTHONNOUSERSITE": "1"}
    if not (prefix / "conda-meta").is_dir():
        return {**variables, "VIRTUAL_ENV": _literal(str(prefix))}
    name = prefix.name if prefix.parent.name == "envs" else str(prefix)
    return {**variables, "CONDA_PREFIX": _literal(str(prefix)), "CONDA_DEFAULT_ENV": _literal(name)}


def _literal(text: str) -> str:
    """Text as it must stand in an ``env`` value, where ``$NAME`` is replaced."""
    return text.replace("$", "$$")
