"""What requirement lines and files may say, checked before uv sees them.

The format is pip's (https://pip.pypa.io/en/stable/reference/requirements-file-format/), less what only the site
decides: indexes, and folders outside the allowed roots.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..errors import Invalid, NotAllowed
from .reference import Place, Requirement, parse
from .requirementfile import read_lines

_INCLUDE = re.compile(r"(-r|-c|--requirement|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s*=\s*|\s+|(?<=-e))(\S.*)")
_FORMAT = re.compile(r"(--no-binary|--only-binary)(?:\s*=\s*|\s+)(:all:|:none:|[A-Za-z0-9][\w.,-]*)")
_INDEX = re.compile(
    r"-[if]|(--index-url|--extra-index-url|--find-links|--trusted-host|--no-index|--cert|--client-cert|--proxy)(?![\w-])"
)
_DEEPEST = 10
_MOST = 20_000


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, in a form that uv may be given.

    ``options`` are uv's own, from ``--pre``, ``--no-binary`` … in files; ``exchanged`` are installed, and nobody asks
    for them by name.
    """

    requirements: list[Requirement] = []
    exchanged: list[Requirement] = []
    constraints: list[Requirement] = []
    options: list[str] = []

    @property
    def names(self) -> set[str]:
        """Normalised names, as far as the lines tell them."""
        return {requirement.name for requirement in self.requirements if requirement.name}


def read(lines: Sequence[str], files: Sequence[str], roots: Sequence[str]) -> Wanted:
    """Check requirement lines and files.

    Parameters
    ----------
    lines:
        As in a requirements file, one requirement each.
    files:
        Absolute paths of requirements files.
    roots:
        Folders below which files and projects may be read. Blocks for as long as reading the files takes.

    Raises
    ------
    Invalid, NotAllowed
        With file and line; ``field="pypi"``.
    """
    reader = _Reader(roots)
    for line in lines:
        if "\n" in line or "\r" in line:
            raise Invalid("A requirement is one line.", hint="Give each line of its own.", field="pypi")
        for number, text in read_lines(line.encode("utf-8", "surrogatepass"), "the list"):
            reader.line(text, Place(roots=list(roots), number=number))
    for file in files:
        reader.file(_full(file), Place(roots=list(roots)), constraint=False)
    return Wanted(
        requirements=reader.requirements, constraints=reader.constraints, options=list(dict.fromkeys(reader.options))
    )


def _full(file: str) -> Path:
    path = Path(file)
    if not file.isprintable() or not path.is_absolute():
        raise Invalid(f"“{file}” is not the full path of a file.", hint="Begin with /.", field="pypi")
    return path


class _Reader:
    """Collects what lines and nested files say."""

    def __init__(self, roots: Sequence[str]) -> None:
        self.roots = roots
        self.requirements: list[Requirement] = []
        self.constraints: list[Requirement] = []
        self.options: list[str] = []
        self._open: list[Path] = []

    def file(self, path: Path, place: Place, constraint: bool) -> None:
        """Take in a file and those it names."""
        true = place.below_roots(path)
        if true in self._open or len(self._open) >= _DEEPEST:
            chain = " → ".join(str(file) for file in [*self._open, true])
            raise place.error(
                f"Requirements files name each other in a circle, or too deeply: {chain}",
                "Put all their lines into one file, or take one of these “-r” out.",
            )
        self._open.append(true)
        for number, text in read_lines(_content(true, place), str(path)):
            self.line(text, Place(roots=list(self.roots), file=str(path), number=number), constraint)
        self._open.pop()

    def line(self, text: str, place: Place, constraint: bool = False) -> None:
        """Take in one line, comments and continuations done with."""
        if len(self.requirements) + len(self.constraints) >= _MOST:
            raise place.error(f"There are more than {_MOST} requirements")
        if included := _INCLUDE.fullmatch(text):
            target = place.path(included.group(2).strip("'\""))
            self.file(target, place, constraint or included.group(1) in ("-c", "--constraint"))
        elif editable := _EDITABLE.fullmatch(text):
            if constraint:
                raise place.error("A constraint cannot be editable", "Take “-e” out.")
            self.requirements.append(parse(editable.group(1), place, editable=True))
        elif text.startswith("-"):
            self.options += _option(text, place)
        else:
            (self.constraints if constraint else self.requirements).append(parse(text, place))


def _option(text: str, place: Place) -> list[str]:
    """uv's spelling of an option line."""
    if _INDEX.match(text):
        raise place.error(
            f"“{_INDEX.findall(text)[0] or text[:2]}” is not read: packages come from the index in the site's settings",
            "Take the line out, or ask whoever runs this site to add the index.",
        )
    if text == "--pre":
        return ["--prerelease=allow"]
    if chosen := _FORMAT.fullmatch(text):
        return [f"{chosen.group(1)}={name}" for name in chosen.group(2).split(",") if name]
    raise place.error(f"“{text[:80]}” is not an option that is understood here", "Take it out.")


def _content(path: Path, place: Place) -> bytes:
    try:
        if not path.is_file():
            problem = "is not a file" if path.exists() else "does not exist"
            raise place.error(f"{path} {problem}")
        if path.stat().st_size > 2_000_000:
            raise place.error(f"{path} is too large for a requirements file")
        return path.read_bytes()
    except PermissionError as error:
        raise NotAllowed(f"You may not read {path}.", hint="Choose another file.", field="pypi") from error
    except OSError as error:
        raise place.error(f"{path} cannot be read: {error.strerror}") from error
