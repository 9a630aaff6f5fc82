"""``jupyter envmanager compare``: how an environment differs from another one, or from a file."""

from __future__ import annotations

import argparse
import sys

from ..errors import Invalid
from ..models import CompareRequest, Comparison, DifferenceKind, FileText
from ..service import EnvManagerService
from ..words import table
from . import fromfile
from .terminal import print_json

_SIGNS: dict[DifferenceKind, str] = {"only_here": "-", "only_there": "+"}


async def compare(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Show the differences; 1 where there are some, as diff does."""
    environment = await service.find(options.environment)
    if (options.other is None) == (options.file is None):
        raise Invalid("It is not said what to compare with.", hint="Name another environment, or a file with --file.")
    if options.file is not None:
        source, _ = await fromfile.read(service, options, "nothing was compared")
        # One of the formats, by now.
        text = FileText(content=source.content, filename=source.filename, format=source.format)  # type: ignore[arg-type]
        request = CompareRequest(file=text)
    else:
        request = CompareRequest(environment=(await service.find(options.other)).id)
    found = await service.comparisons.compare(environment.id, request)
    if options.json:
        print_json(found)
    else:
        _print(environment.name, found)
    return 1 if found.differences else 0


def _print(name: str, found: Comparison) -> None:
    rows = [
        [
            _SIGNS.get(one.kind, "≠"),
            one.name,
            " ".join(filter(None, [one.here, one.here_detail])),
            " ".join(filter(None, [one.there, one.there_detail])),
            "variable" if one.variable else "PyPI" if one.manager == "pypi" else "",
        ]
        for one in found.differences
    ]
    if rows:
        print(table(["", "PACKAGE", name.upper(), found.title.upper(), "FROM"], rows))
    differ, same = len(rows), found.same
    print(
        f"{name} and {found.title}: {differ} {'difference' if differ == 1 else 'differences'},"
        f" {same} {'package is' if same == 1 else 'packages are'} the same."
    )
    for problem in found.problems:
        print(f"Warning: {problem.message} {problem.hint}".rstrip(), file=sys.stderr)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it is compared with."""
    parser.add_argument("other", nargs="?", help="name, folder or id of another environment")
    parser.add_argument("-f", "--file", help="an environment.yml, requirements.txt, pyproject.toml or lock")
