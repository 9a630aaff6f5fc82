"""What does one kernelspec say?

The format: https://jupyter-client.readthedocs.io/en/latest/kernels.html#kernel-specs. ``argv`` goes to the operating
system without a shell, after jupyter_client has put values in for ``{connection_file}``, ``{prefix}`` and
``{resource_dir}``; ``env`` values are templates in which ``$`` is special.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import reading

STAMP = "jupyter_envmanager"
PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_]+)\}")
#: More is no kernel.json.
MAX_BYTES = 1_000_000


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
        """What we wrote into it: see `recipe`; empty if it is not ours."""
        stamp = self.metadata.get(STAMP)
        return stamp if isinstance(stamp, dict) else {}


def read(folder: Path, name: str) -> Spec:
    """Read a kernelspec folder; a broken one is returned with its ``fault``, never raised."""
    file = folder / "kernel.json"
    try:
        data = json.loads(reading.read(file, MAX_BYTES).decode("utf-8"))
        json.dumps(data, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return Spec(name=name, folder=folder, fault=f"{file}, line {error.lineno}: {error.msg}.")
    except UnicodeError:
        return Spec(name=name, folder=folder, fault=f"{file} is no valid UTF-8.")
    except (OSError, ValueError, RecursionError) as error:
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
    elif any("\0" in word for word in argv):
        argv, fault = [], f"{file} has an “argv” with a NUL: no system can start it."
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


def absolute(program: str, prefix: Path) -> str:
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


def literal(text: str) -> str:
    """Text as it must stand in an ``env`` value, where ``$NAME`` is replaced."""
    return text.replace("$", "$$")


def content(spec: Spec) -> dict[str, Any]:
    """A spec as it stands in its kernel.json."""
    return {
        **spec.extra,
        "argv": spec.argv,
        "display_name": spec.display_name,
        "language": spec.language,
        "env": spec.env,
        "metadata": spec.metadata,
    }
