"""Make the files of an environment name another prefix than the one that they were installed for.

As conda bakes a prefix in (https://docs.conda.io/projects/conda-build/en/stable/resources/make-relocatable.html): in
texts it is replaced; in programs and libraries it is replaced within its NUL-terminated string, and the string filled
up with NULs, so that nothing behind it moves. Packages are built with a placeholder of usually 255 bytes there, and
what the prefix has left of it is the room for a longer one.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import os
import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ..environments.plainfile import read_plain
from ..errors import Invalid

# Longer or with blanks, and the kernel does not read it: then a shell finds the interpreter.
_LONGEST_SHEBANG = 127
_TRAMPOLINE = re.compile(rb"#!/bin/sh\n'''exec' '?([^\n]+?)'? \"\$0\" \"\$@\"\n' '''\n")
_SHEBANG = re.compile(rb"#! *(/[^\n]*)\n")
_PYTHON = re.compile(rb"(python|pypy)[\d.]*")
# Not the tail of a longer path; but compilers take “-L/prefix”, and texts have “\n/prefix”.
_BEFORE = rb"(?:(?<![\w.~})\x80-\xff])|(?<=-[A-Za-z])|(?<=\\[nrt]))"
_AFTER = rb"(?![\w~\x80-\xff-]|\.[\w.])"
# Environments may be called “one+more” or “one@2”. In what a package was built with, these only divide: “=/usr/local”.
_END = _AFTER + rb"(?![+!@%=]+[\w-]|[+!]+/)"
# Whatever is put together from packages is smaller.
_LARGEST = 1 << 40
_NOT_PLAIN = frozenset({errno.ELOOP, errno.EINVAL, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES})


@dataclass(frozen=True)
class Baked:
    """A file that names the prefix: its path within it, and whether it is a text.

    ``room`` is the length of the placeholder that a package was built with; where there was none, the new prefix must
    not be longer than the old one in a program.
    """

    path: str
    text: bool
    room: int = 0


def relocate(stage: Path, old: str | Sequence[str], new: str, files: Iterable[Baked]) -> dict[str, str]:
    """Write the prefix ``new`` into files of a stage that name ``old``.

    Other links to a file keep what they have, as a new one takes its place; with the same mode, and the same time, but
    for Python sources, whose bytecode would pass for theirs. What such sources were compiled to goes.

    Parameters
    ----------
    old:
        The prefix that they were installed for; several where it has several names.

    Returns
    -------
    The sha256 of each file that was rewritten, by path.

    Raises
    ------
    Invalid
        There is no room for the new prefix in a program.
    """
    names = _Names([old] if isinstance(old, str) else old, new)
    inside = _Inside(stage)
    digests = {}
    for file in files:
        try:
            # Thousands of files, most of which do not hold it: no Path objects before that is known.
            content = read_plain(f"{stage}{os.sep}{file.path}", _LARGEST, follow=False)
        except OSError as error:
            if error.errno not in _NOT_PLAIN:
                raise
            continue
        made = names.replaced(content, file)
        if made != content and inside(file.path):
            _write(stage / file.path, made, text=file.text)
            digests[file.path] = hashlib.sha256(made).hexdigest()
    return digests


class _Inside:
    """Whether a path is in the stage, also when links to folders on its way are followed."""

    def __init__(self, stage: Path) -> None:
        self._stage, self._true = stage, os.path.realpath(stage)
        self._known: dict[str, bool] = {}

    def __call__(self, path: str) -> bool:
        folder = path.rpartition("/")[0]
        if folder not in self._known:
            true = os.path.realpath(self._stage / folder)
            self._known[folder] = true == self._true or true.startswith(self._true + os.sep)
        return self._known[folder]


def relocated(content: bytes, old: Sequence[str], new: str, *, anywhere: bool = True) -> bytes:
    """A script or text with ``new`` wherever it names ``old``; the shebang in the form that the new path needs.

    In a text of the user's, not ``anywhere``: there it may be the tail of a longer path, or begin another name.
    """
    return _Names(old, new).text(content, anywhere=anywhere)


def relocated_values(variables: Mapping[str, str], old: Sequence[str], new: str) -> dict[str, str]:
    """Variables of an environment as its copy has them: with ``new`` wherever they name ``old``."""
    return {name: relocated(value.encode(), old, new, anywhere=False).decode() for name, value in variables.items()}


def shebang(interpreter: bytes, arguments: bytes = b"") -> bytes:
    """The first line, or lines, of a script for this interpreter."""
    line = interpreter + (arguments and b" " + arguments)
    if len(line) + 3 <= _LONGEST_SHEBANG and b" " not in interpreter:
        return b"#!" + line + b"\n"
    name = interpreter.rpartition(b"/")[2]
    if not _PYTHON.fullmatch(name):
        # Only Python takes the lines below for a string; conda does the same.
        return b"#!/usr/bin/env " + name + b"\n"
    run = b"'" + interpreter + b"'" + (arguments and b" " + arguments)
    return b"#!/bin/sh\n'''exec' " + run + b' "$0" "$@"\n' + b"' '''\n"


class _Names:
    """The names of the old prefix, and the one of the new prefix."""

    def __init__(self, old: Sequence[str], new: str) -> None:
        # One pass for all: the new name may end like an old one, and an old one like another.
        self._old = sorted({os.fsencode(one) for one in old}, key=len, reverse=True)
        self._new = os.fsencode(new)
        self._address = b"file://" + quote(self._new).encode()
        addresses = [quote(one).encode() for one in self._old]
        self._all = {*self._old, *addresses}
        address, self._name = (b"(?:" + b"|".join(map(re.escape, some)) + b")" for some in (addresses, self._old))
        both = (
            b"(?:file://" + address + b"|" + before + self._name + b")" + after
            for before, after in ((b"", _AFTER), (_BEFORE, _END))
        )
        self._anywhere, self._careful = (re.compile(one) for one in both)
        self._string = re.compile(b"(" + self._name + rb"[^\0]*)(\0+)")
        self._within = re.compile(self._name + _AFTER)

    def replaced(self, content: bytes, file: Baked) -> bytes:
        """The content of a file with the new name for the old ones."""
        if not any(one in content for one in self._all):
            return content
        return self.text(content, anywhere=file.room > 0) if file.text else self._program(content, file)

    def text(self, content: bytes, *, anywhere: bool = True) -> bytes:
        """``anywhere`` takes a name for the prefix's also where it may be the tail of a longer path."""
        start = _TRAMPOLINE.match(content) or _SHEBANG.match(content)
        first = b""
        for old in self._old if start is not None else ():
            if start is not None and start.group(1).startswith(old + b"/"):
                interpreter, _, arguments = start.group(1)[len(old) :].partition(b" ")
                first = shebang(self._new + interpreter.rstrip(b"'"), arguments.strip())
                content = content[start.end() :]
                break
        pattern = self._anywhere if anywhere else self._careful
        return first + pattern.sub(lambda m: self._address if m.group().startswith(b"file:") else self._new, content)

    def _program(self, content: bytes, file: Baked) -> bytes:
        """As long as it was: https://github.com/conda/conda/blob/main/conda/core/portability.py (binary_replace)."""

        def fill(found: re.Match[bytes]) -> bytes:
            text, nuls = found.group(1), found.group(2)
            there = self._within.findall(text)
            longer = sum(len(self._new) - len(one) for one in there)
            # One NUL ends the string; those that the placeholder has not left may be somebody else's.
            if longer > min(len(nuls) - 1, sum(max(file.room - len(one), 0) for one in there)):
                raise Invalid(
                    f"The folder's path is too long to be written into {file.path}.",
                    hint="Choose a shorter name, or a folder nearer to the root.",
                    field="prefix",
                )
            made = self._within.sub(lambda _: self._new, text)
            return made + (nuls[longer:] if longer > 0 else nuls + b"\0" * -longer)

        return self._string.sub(fill, content)


def _write(path: Path, content: bytes, *, text: bool) -> None:
    status = path.stat()
    handle, partial = tempfile.mkstemp(prefix=".envmanager-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(partial).chmod(stat.S_IMODE(status.st_mode))
    if path.suffix == ".py":
        for compiled in path.parent.glob(f"__pycache__/{glob.escape(path.stem)}.*.pyc"):
            compiled.unlink(missing_ok=True)
    else:
        os.utime(partial, ns=(status.st_atime_ns, status.st_mtime_ns))
    Path(partial).replace(path)
    if sys.platform == "darwin" and not text:
        _sign(path)


def _sign(path: Path) -> None:
    """Apple's machines run no program that was changed after it was signed; what is no program, this leaves alone."""
    with contextlib.suppress(OSError):
        subprocess.run(["/usr/bin/codesign", "--force", "--sign", "-", str(path)], capture_output=True, check=False)
