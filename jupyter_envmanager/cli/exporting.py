"""``jupyter envmanager export``: an environment as a file that another tool, or another machine, makes it from."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import get_args

from ..errors import Conflict, Invalid
from ..models import ExportFormat
from ..service import EnvManagerService
from .terminal import print_json


async def export(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Print the file, or write it; what it cannot hold is told beside it."""
    environment = await service.find(options.environment)
    made = await service.exports.export(environment.id, options.format)
    if options.json:
        return print_json(made)
    if options.output is None:
        sys.stdout.write(made.content)
    else:
        _write(Path(options.output).expanduser(), made.content, replace=options.force)
    for problem in made.problems:
        print(f"Warning: {problem.message} {problem.hint}".rstrip(), file=sys.stderr)
    return 0


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options beside the environment."""
    parser.add_argument(
        "--format", choices=get_args(ExportFormat), default="environment.yml", help="what to write (environment.yml)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file")
    parser.add_argument("--force", action="store_true", help="replace the file where there is one")


def _write(file: Path, content: str, *, replace: bool) -> None:
    try:
        with file.open("w" if replace else "x", encoding="utf-8", newline="\n") as stream:
            stream.write(content)
    except FileExistsError as error:
        raise Conflict(f"{file} is there already.", hint="Choose another name, or add --force.") from error
    except OSError as error:
        raise Invalid(f"{file} cannot be written: {error.strerror}.", hint="Choose another place.") from error
