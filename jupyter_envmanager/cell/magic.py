"""``%envmanager …``: the command line in a cell, about the kernel's own environment."""

from __future__ import annotations

import argparse
import importlib
import shlex
import sys
from pathlib import Path
from typing import Any

from ..cli.changes import remove as remove_command
from ..cli.main import parser_of
from ..errors import EnvManagerError, Invalid
from ..words import some
from .loaded import changed, stamps
from .running import run

_EXAMPLES = "Examples: %envmanager install pandas --yes · %envmanager history · %envmanager save my-analysis --yes"


def envmanager(line: str) -> None:
    """Run one command; errors are told in two lines, and not raised.

    Parameters
    ----------
    line:
        As after ``jupyter envmanager``, with the kernel's environment where none is named (``-e`` names another one).
        Nobody is asked anything: what changes something needs ``--yes``.
    """
    try:
        options = _options(line)
    except SystemExit:
        # argparse has said what was wrong, or shown its help.
        return
    except EnvManagerError as error:
        _tell(error)
        return
    before = stamps(Path(sys.prefix))
    try:
        run(lambda service: options.run(service, options))
    except EnvManagerError as error:
        _tell(error)
    importlib.invalidate_caches()
    if names := changed(before):
        print(f"Restart the kernel: it has loaded {some(names, 5)}, and that has changed.")


def _options(line: str) -> argparse.Namespace:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise Invalid("A quote is opened and never closed.", hint="Close it.") from error
    parser = parser_of(sys.prefix, "%envmanager")
    parser.epilog = _EXAMPLES
    options = parser.parse_args(words or ["--help"])
    options.asks = False
    if options.run is remove_command and not options.package and options.environment == sys.prefix:
        raise Invalid(
            "A kernel cannot remove the environment that it runs in.",
            hint="Say which packages to remove, or which other environment (-e).",
        )
    return options


def _tell(error: EnvManagerError) -> None:
    print(f"Error: {error.message}", file=sys.stderr)
    if error.hint:
        print(error.hint, file=sys.stderr)


def load(shell: Any) -> None:
    """Register the magic with an IPython shell."""
    shell.register_magic_function(envmanager, magic_kind="line", magic_name="envmanager")
