"""A file of the command line -> what a new environment starts from, or its problems with their lines."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from ..errors import Invalid
from ..models import FileSource, FileText, Problem
from ..service import EnvManagerService
from ..specfiles import ERROR, decode

_LARGEST = 16_000_000


async def read(
    service: EnvManagerService, options: argparse.Namespace, otherwise: str = "nothing was created"
) -> tuple[FileSource, str | None]:
    """The file and the name that it has for its environment; ``otherwise`` is what comes of one with problems.

    Raises
    ------
    Invalid
        It is not there, or cannot be used; then its problems have been printed.
    """
    path = Path(options.file).expanduser()
    text = FileText(content=decode(await asyncio.to_thread(_content, path)), filename=path.name)
    found = await service.files.read(text)
    if not found.usable:
        errors = [problem for problem in found.problems if problem.code == ERROR]
        for problem in errors:
            print(_line(path, problem), file=sys.stderr)
        count = "a problem" if len(errors) == 1 else f"{len(errors)} problems"
        raise Invalid(f"{path.name} has {count}; {otherwise}.", hint="Correct the file.", field="source")
    return FileSource(format=found.format, content=text.content, filename=path.name), found.name


def _content(path: Path) -> bytes:
    try:
        if path.is_file() and path.stat().st_size > _LARGEST:
            raise Invalid(f"{path} is too large.", hint="Choose another file.", field="source")
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.", hint="Check its path.", field="source") from error


def _line(path: Path, problem: Problem) -> str:
    """As compilers print it: editors jump to the place."""
    place = [str(problem.details[part]) for part in ("line", "column") if part in problem.details]
    return f"{':'.join([str(path), *place])}: {problem.message} {problem.hint}".rstrip()
