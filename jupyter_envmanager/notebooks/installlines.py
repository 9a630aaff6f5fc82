"""What does a line like ``!pip install -q pandas`` ask for, of whom, and where is it to go?"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PypiRequirement

from ..models import Manager
from ..redaction import redact
from .installoptions import CONDA_VALUES, PIP_VALUES
from .requirementfiles import RequirementFiles

Program = Literal["pip", "uv", "conda"]

#: So many characters of a line are read.
LONGEST = 20_000
_CONDAS = {"conda", "mamba", "micromamba"}
_PIP = re.compile(r"pip[\d.]*")
_PYTHON = re.compile(r"python[\d.]*|\{sys\.executable\}|\$\{?PYTHON\}?")
_CONDA_SPEC = re.compile(r"(?:(?P<channel>[\w./:-]+)::)?(?P<spec>[A-Za-z0-9_][\w.-]*(?:\s*[=<>!~].*)?(?:\[.*\])?)")


@dataclass(frozen=True)
class Requirement:
    """Something that an install line asks for. ``spec`` is None where it cannot be asked for here: see ``reason``."""

    text: str
    manager: Manager
    spec: str | None
    origin: str = ""
    reason: str = ""


@dataclass(frozen=True)
class InstallCommand:
    """One install command.

    ``by`` is ``!`` for the shell and ``%`` for a magic; ``executable`` is the program's first word,
    ``interpreter`` that of ``python -m pip``. ``options`` are those that were given, with their values.
    """

    program: Program
    by: str
    executable: str
    interpreter: str = ""
    wanted: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()


def commands(line: str) -> Iterator[InstallCommand]:
    """The install commands of one line of IPython's (``!…``, ``%…``). Never raises."""
    if len(line) > LONGEST or "install" not in line:
        return
    by = "!" if line.startswith("!") else "%"
    text = line.lstrip("!%").strip()
    for words in _split(text) if by == "!" else [_words(text)]:
        if found := _command(words, by):
            yield found


def requirements(line: str, origin: str, files: RequirementFiles | None) -> Iterator[Requirement]:
    """What the install commands of a line ask for, and what the files do that they name."""
    for command in commands(line):
        yield from of_command(command, origin, files)


def of_command(
    command: InstallCommand, origin: str = "", files: RequirementFiles | None = None
) -> Iterator[Requirement]:
    """What one command asks for: as much as its line, and its files, have room for."""
    read = _conda if command.program == "conda" else _pypi
    wanted = list(command.wanted)
    for file in command.files:
        lines = files.read(file) if files else None
        if lines is None:
            manager: Manager = "conda" if command.program == "conda" else "pypi"
            yield Requirement(redact(file), manager, None, origin, "It names a file that cannot be read from here.")
        wanted += lines or []
    for text in wanted:
        yield read(text, origin)
    for text in command.editable:
        reason = "It is a project of one's own: install it from its folder."
        yield Requirement(redact(text), "pypi", None, origin, reason)


def _split(text: str) -> list[list[str]]:
    """The commands of a shell's line."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in _lexed(lexer, text):
        if word and not word.strip(";&|"):
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    return _lexed(lexer, text)


def _lexed(lexer: shlex.shlex, text: str) -> list[str]:
    try:
        return list(lexer)
    except ValueError:
        # A quote that is never closed.
        return text.split()


def _command(words: Sequence[str], by: str) -> InstallCommand | None:
    left = list(words)
    while left and (left[0] in ("sudo", "time", "yes", "exec") or re.fullmatch(r"[A-Za-z_]\w*=.*", left[0])):
        left.pop(0)
    if not left:
        return None
    executable, interpreter = left.pop(0), ""
    name = executable.rpartition("/")[2]
    if _PYTHON.fullmatch(name) and left[:1] == ["-m"] and len(left) > 1:
        interpreter, name = executable, left[1]
        left = left[2:]
    program: Program
    if name == "uv" and left[:1] == ["pip"]:
        program, left = "uv", left[1:]
    elif _PIP.fullmatch(name):
        program = "pip"
    elif name in _CONDAS:
        program = "conda"
    else:
        return None
    # Options may come before the verb, too: “conda -q install”.
    verb = next((number for number, word in enumerate(left) if not word.startswith("-")), None)
    if verb is None or left[verb] != "install":
        return None
    left.pop(verb)
    return _with_options(InstallCommand(program, by, executable, interpreter), left)


def _with_options(command: InstallCommand, words: Sequence[str]) -> InstallCommand:
    takes = CONDA_VALUES if command.program == "conda" else PIP_VALUES
    wanted: list[str] = []
    options: dict[str, str] = {}
    files: list[str] = []
    editable: list[str] = []
    left = iter(words)
    for word in left:
        if re.fullmatch(r"\d?>>?.*|<.*", word):
            break
        if not word.startswith("-") or word == "-":
            wanted.append(word)
            continue
        option, equals, value = word.partition("=")
        if not equals and len(option) > 2 and option[1] != "-" and option[:2] in takes:
            option, value = option[:2], option[2:]
        elif not equals and option in takes:
            value = next(left, "")
        options[option] = value
        if option in (("--file", "-f") if command.program == "conda" else ("-r", "--requirement")):
            files.append(value)
        elif command.program != "conda" and option in ("-e", "--editable"):
            editable.append(value)
    return InstallCommand(
        command.program,
        command.by,
        command.executable,
        command.interpreter,
        tuple(wanted),
        options,
        tuple(files),
        tuple(editable),
    )


def _pypi(text: str, origin: str) -> Requirement:
    said = redact(text)

    def no(reason: str) -> Requirement:
        return Requirement(said, "pypi", None, origin, reason)

    if re.search(r"[{}$*`]", text):
        return no("It holds a variable, whose value only the running notebook knows.")
    if said != text:
        return no("It holds a password or a token, which is not passed on.")
    if text.startswith((".", "/", "~", "-")) or (text.endswith((".whl", ".tar.gz", ".zip")) and "://" not in text):
        return no("It is a file or a folder of the notebook's machine.")
    if "://" in text and " @ " not in text:
        scheme = text.partition("://")[0]
        allowed = scheme in ("http", "https") or scheme.startswith(("git+", "hg+", "svn+", "bzr+"))
        return Requirement(text, "pypi", text, origin) if allowed else no("It is no address of a package.")
    try:
        return Requirement(text, "pypi", str(PypiRequirement(text)), origin)
    except (InvalidRequirement, RecursionError):
        return no("It is no requirement that can be read.")


def _conda(text: str, origin: str) -> Requirement:
    said = redact(text)
    match = _CONDA_SPEC.fullmatch(text)
    if said != text or match is None or "{" in text or "$" in text:
        return Requirement(said, "conda", None, origin, "It is no package name with a version that can be read.")
    channel = match["channel"]
    plain = channel is None or re.fullmatch(r"[A-Za-z0-9][\w.-]*(?:/[\w.-]+)*", channel)
    return Requirement(text, "conda", text if plain else match["spec"], origin)
