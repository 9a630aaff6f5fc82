"""Which Python is this, and where are its parts?"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROBE = """
import json, os, platform, sys, sysconfig
base = os.path.realpath(sys.base_prefix)
info = sys.implementation.version
full = "{0.major}.{0.minor}.{0.micro}".format(info)
if info.releaselevel != "final":
    full += info.releaselevel[0] + str(info.serial)
short = "%d.%d" % sys.version_info[:2]
own = os.path.join(base, "bin", "python" + short)
libdir = sysconfig.get_config_var("LIBDIR") or ""
executable = own if os.path.exists(own) else getattr(sys, "_base_executable", sys.executable)
print(json.dumps({
    "executable": os.path.realpath(executable),
    "base_prefix": base,
    "given_prefix": sys.base_prefix,
    "version": platform.python_version(),
    "stdlib": os.path.realpath(sysconfig.get_path("stdlib")),
    "include": os.path.realpath(sysconfig.get_path("include")),
    "libdir": libdir if os.path.isdir(libdir) else os.path.join(base, "lib"),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "built": sys.version,
    "environment": {
        "implementation_name": sys.implementation.name,
        "implementation_version": full,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": short,
        "sys_platform": sys.platform,
    },
}))
"""

_PATHS = ("executable", "base_prefix", "stdlib", "include", "libdir")

SYSTEM_PREFIXES = (Path("/"), Path("/usr"), Path("/usr/local"))
"""Prefixes shared with everything else on the machine: what lies there is not the interpreter's alone."""


class InterpreterError(Exception):
    """A Python that cannot become a conda package: absent, broken, too old or of another kind.

    Args:
        python: the path asked for.
        reason: what is wrong with it.
    """

    def __init__(self, python: Path, reason: str) -> None:
        super().__init__(f"{python} cannot become a conda package: {reason}")
        self.python = python
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """The facts of one CPython, with a virtual environment already resolved to its base.

    Attributes:
        executable: the real binary.
        base_prefix: the prefix it was installed into, links resolved.
        given_prefix: the same as the interpreter spells it; this is what its text files contain.
        version: `3.12.1`.
        stdlib: the standard library's directory.
        include: the headers' directory; it may be absent.
        libdir: where its shared library is, if it has one.
        built: `sys.version`, which changes with every build.
        environment: the values of PEP 508 environment markers.
    """

    executable: Path
    base_prefix: Path
    given_prefix: str
    version: str
    stdlib: Path
    include: Path
    libdir: Path
    built: str
    environment: dict[str, str]

    @property
    def minor(self) -> str:
        """`3.12`."""
        return self.environment["python_version"]

    @property
    def abi(self) -> str:
        """`cp312`, as in the tag of a wheel."""
        return "cp" + self.minor.replace(".", "")

    @property
    def is_system(self) -> bool:
        """Whether it lives in a prefix that is not its own, as a distribution's Python does."""
        return self.base_prefix in SYSTEM_PREFIXES

    @property
    def python_spec(self) -> str:
        """The match spec that ties a package to this minor version."""
        major, minor = self.minor.split(".")
        return f"python >={self.minor},<{major}.{int(minor) + 1}.0a0"

    @property
    def abi_spec(self) -> str:
        """The match spec that ties a binary package to this interpreter's ABI."""
        return f"python_abi {self.minor}.* *_{self.abi}"

    @property
    def fingerprint(self) -> str:
        """A text that changes when the interpreter is replaced."""
        return f"{self.built} {self.base_prefix} {self.executable.stat().st_mtime_ns}"


def probe(python: Path) -> Interpreter:
    """Ask `python` what it is; a virtual environment answers for the Python it was made from.

    Args:
        python: path of an interpreter.

    Raises:
        InterpreterError: it does not run, is not CPython, is older than 3.8, or has no GIL.
    """
    try:
        answer = subprocess.run([python, "-I", "-c", _PROBE], capture_output=True, text=True, check=True)
        facts = json.loads(answer.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise InterpreterError(python, getattr(error, "stderr", None) or str(error)) from error
    if facts["environment"]["implementation_name"] != "cpython":
        raise InterpreterError(python, "it is not CPython")
    if facts.pop("free_threaded"):
        raise InterpreterError(python, "it is a free-threaded build")
    if tuple(int(part) for part in facts["environment"]["python_version"].split(".")) < (3, 8):
        raise InterpreterError(python, "it is older than 3.8")
    paths: dict[str, Any] = {name: Path(facts[name]) for name in _PATHS}
    return Interpreter(**{**facts, **paths})
