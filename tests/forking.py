"""Commands as they are typed, each in a process of its own that need not load the package first.

To load it takes longer than most commands do. One process loads it and starts no thread; each command is a fork of it,
with the variables and streams that it is given, as after ``python -m jupyter_envmanager.cli``.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jupyter_envmanager

# Run as a program, or loaded for a user in a notebook.
_LEFT_OUT = ("__main__", ".app", ".cell", ".labextension")


class Forker:
    """Runs commands one after the other; `forker` starts and ends it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, *arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, with nothing on standard input."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            request = {"arguments": arguments, "env": dict(env), "out": str(out), "err": str(err)}
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            status = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(arguments, status, out.read_text(), err.read_text())


@contextlib.contextmanager
def forker() -> Iterator[Forker]:
    """The process that has loaded the package."""
    root = Path(jupyter_envmanager.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    with process:
        yield Forker(process)


def _serve() -> None:
    for module in pkgutil.walk_packages(jupyter_envmanager.__path__, f"{jupyter_envmanager.__name__}."):
        if not any(part in module.name for part in _LEFT_OUT):
            importlib.import_module(module.name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _become(request: dict[str, Any]) -> None:
    """The command's process, from beginning to end."""
    code = 1
    try:
        for number, path, flags in (
            (0, os.devnull, os.O_RDONLY),
            (1, request["out"], os.O_WRONLY | os.O_CREAT),
            (2, request["err"], os.O_WRONLY | os.O_CREAT),
        ):
            os.dup2(os.open(path, flags, 0o600), number)
        os.environ.clear()
        os.environ.update(request["env"])
        code = _command(request["arguments"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _command(arguments: list[str]) -> int:
    from jupyter_envmanager.cli.main import main

    try:
        return main(arguments)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1


if __name__ == "__main__":
    _serve()
