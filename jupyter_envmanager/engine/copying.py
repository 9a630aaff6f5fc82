"""A copy of an environment at another place: it shares the files of packages, and names its own prefix.

Which of its files hold the prefix? Of conda's packages, those whose records say so, and the scripts that were made for
entry points. Of Python's packages and of the user's own files, those that are texts and name it; these are read.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ..environments import record_files
from ..environments.boundary import Boundary
from ..environments.condameta import is_record
from ..environments.plainfile import read_plain
from ..environments.record_files import PackageFile
from ..environments.variables import read_variables
from . import variables
from .clone import LARGEST_COPY, STATE, CloneReport, Owner, clone, is_shared, listed
from .relocation import Baked, relocate, relocated_values
from .workplace import MARKER, put

# Larger ones of packages are libraries and data, which no installer writes paths into.
_LARGEST_TEXT = 2_000_000
# Enough to tell a text.
_START = 4096
# ELF, and Mach-O of 64 bits: other files with NULs may say elsewhere how long their texts are.
_PROGRAMS = (b"\x7fELF", b"\xcf\xfa\xed\xfe")
# What says that another tool, or an admin, keeps an environment: nobody keeps the copy
# (https://github.com/conda/ceps/blob/main/cep-0022.md, https://pixi.sh/latest/workspace/environment/).
KEEPERS = ("frozen", "pixi", "pixi_env_prefix")


@dataclass(frozen=True)
class Content:
    """What packages have put into an environment: conda's files by the name of their record, and those of Python's
    packages; ``built`` are libraries among these that were made on this machine.
    """

    conda: Mapping[str, Sequence[PackageFile]]
    python: Collection[str] = ()
    built: Collection[str] = ()

    def owned(self) -> set[str]:
        """All of them, relative to the prefix, with slashes."""
        return {file.path for files in self.conda.values() for file in files} | set(self.python)

    def baked(self) -> Iterator[Baked]:
        """conda's files that hold the prefix."""
        for files in self.conda.values():
            for file in files:
                if file.prefix_placeholder:
                    yield Baked(file.path, file.file_mode != "binary", len(os.fsencode(file.prefix_placeholder)))
                elif "entry_point" in file.path_type:
                    yield Baked(file.path, text=True)


@dataclass
class Copied:
    """How a copy was made; ``rewritten`` are the sha256 of files that named the old prefix, ``left`` files that still
    do, as there is no room in them for the new one.
    """

    clone: CloneReport
    rewritten: dict[str, str]
    left: list[str] = field(default_factory=list)


def read_content(prefix: Path) -> dict[str, list[PackageFile]]:
    """The files of conda's packages by the name of their record; of one that cannot be read, none. Blocks."""
    folder = prefix / "conda-meta"
    names = sorted(entry.name for entry in os.scandir(folder) if is_record(entry.name))
    return {name: record_files.read(folder, name)[1] for name in names}


def copy(source: Path, stage: Path, prefix: Path, content: Content) -> Copied:
    """Build a copy of ``source`` in ``stage``, which must not exist, for the place ``prefix``. Blocks.

    Raises
    ------
    Invalid
        The prefix is too long for a program.
    NotAllowed
        A file cannot be read.
    OSError
    """
    old, new = _names(source), os.fspath(prefix)
    owned = content.owned()
    report = clone(source, stage, owned, away=True, skip=Boundary(source, owned).is_beyond)
    # Written anew, it would be a file of its own, that a group may be let into.
    kept = report.private.keys()
    for name in (*KEEPERS, MARKER.name):
        (stage / "conda-meta" / name).unlink(missing_ok=True)
    baked = {file.path: file for file in content.baked() if file.path not in kept}
    records = {f"conda-meta/{name}" for name in content.conda} | {"conda-meta/history", STATE}
    own = [path for path in report.seen if path not in baked and path not in records]
    found = [*_naming(stage, own, old, LARGEST_COPY), *_naming(stage, content.built, old, LARGEST_COPY)]
    found += _naming(stage, (path for path in content.python if not path.endswith(".pyc")), old, _LARGEST_TEXT)
    found = [file for file in found if file.path not in kept]
    left = [file.path for file in found if not file.text] if _is_longer(new, old) else []
    rewritten = relocate(stage, old, new, [*baked.values(), *(file for file in found if file.path not in left)])
    for name, files in content.conda.items():
        if any(file.path in rewritten for file in files):
            _renew(stage, name, rewritten)
    if STATE not in kept:
        _rename_in_variables(stage, old, new)
    return Copied(report, rewritten, left)


@dataclass
class Outlook:
    """What a copy would be like: how many bytes it cannot share with its source, which environments inside that are
    left out, and which links would lead there; which programs would go on naming the old prefix, as there is no room
    in them for the new one, and which files are too large to be looked into.
    """

    unshared: int = 0
    inner: list[str] = field(default_factory=list)
    dangling: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    large: list[str] = field(default_factory=list)


def look(source: Path, prefix: Path, content: Content, *, together: bool) -> Outlook:
    """See what a copy of ``source`` at ``prefix`` would be like. Blocks: a look at every file.

    Parameters
    ----------
    together:
        Whether both are on one filesystem.
    """
    owned, owner = content.owned(), Owner()
    boundary = Boundary(source, owned)
    baked = {file.path for file in content.baked()}
    outlook, waiting = Outlook(), [(os.fspath(source), "")]
    own: list[str] = []
    links: list[str] = []
    beyond: list[str] = []
    while waiting:
        folder, inside = waiting.pop()
        with suppress(FileNotFoundError), listed(folder, inside) as entries:
            for entry in entries:
                path = f"{inside}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if not boundary.is_beyond(entry.path, path):
                        waiting.append((entry.path, f"{path}/"))
                        continue
                    beyond.append(path)
                    if os.path.isdir(f"{entry.path}{os.sep}conda-meta"):  # noqa: PTH112
                        outlook.inner.append(path)
                    continue
                if entry.is_symlink():
                    links.append(path)
                elif path not in owned:
                    own.append(path)
                # What is nobody's package may come and go meanwhile.
                with suppress(FileNotFoundError):
                    if not (together and path not in baked and is_shared(path, owned) and owner.shares(entry)):
                        outlook.unshared += entry.stat(follow_symlinks=False).st_size
    limits = {**dict.fromkeys(content.python, _LARGEST_TEXT), **dict.fromkeys([*own, *content.built], LARGEST_COPY)}
    outlook.left = sorted(_cramped(source, os.fspath(prefix), limits))
    outlook.large = sorted(path for path in [*own, *content.built] if _is_large(f"{source}{os.sep}{path}"))
    outlook.dangling = sorted(_leading_to(beyond, links, source))
    return outlook


def _is_large(path: str) -> bool:
    """Whether a program or a text is too large to be searched for the prefix; other files never are."""
    with suppress(OSError):
        if os.lstat(path).st_size > LARGEST_COPY:
            start = read_plain(path, _START, cut=True, follow=False)
            return start.startswith(_PROGRAMS) or b"\0" not in start
    return False


def _leading_to(folders: Sequence[str], links: Iterable[str], source: Path) -> Iterator[str]:
    """Those of the links that lead into folders of a prefix; all are paths from there."""
    beyond = tuple(os.path.join(os.path.realpath(source), folder, "") for folder in folders)  # noqa: PTH118
    for link in links if beyond else ():
        if (os.path.realpath(source / link) + os.sep).startswith(beyond):
            yield link


def _is_longer(new: str, old: Sequence[str]) -> bool:
    """Whether a prefix does not fit where one of the names of another one is."""
    return len(os.fsencode(new)) > min(len(os.fsencode(one)) for one in old)


def _names(source: Path) -> list[str]:
    return list(dict.fromkeys((os.fspath(source), os.path.realpath(source))))


def _cramped(source: Path, new: str, limits: Mapping[str, int]) -> Iterator[str]:
    """Those of the files that are programs and have no room for a longer prefix; each is read up to its limit."""
    old = _names(source)
    for path, limit in limits.items() if _is_longer(new, old) else ():
        # Thousands of files, a few of which are programs: of the others, the first bytes will do.
        with suppress(OSError):
            if read_plain(f"{source}{os.sep}{path}", 4, cut=True, follow=False) in _PROGRAMS:
                yield from (file.path for file in _naming(source, [path], old, limit) if not file.text)


def _naming(stage: Path, paths: Iterable[str], names: Sequence[str], limit: int) -> Iterator[Baked]:
    """Those of the files that name the prefix: texts, and programs."""
    wanted = [os.fsencode(name) for name in names]
    for path in paths:
        try:
            content = read_plain(f"{stage}{os.sep}{path}", limit, follow=False)
        except OSError:
            # It is too large, or what its package's list says of it is not true.
            continue
        if any(name in content for name in wanted):
            if b"\0" not in content:
                yield Baked(path, text=True)
            elif content.startswith(_PROGRAMS):
                yield Baked(path, text=False)


def _rename_in_variables(stage: Path, old: Sequence[str], new: str) -> None:
    """Let variables name the copy: by their values, as JSON may escape what a text is searched for."""
    before = read_variables(stage)
    after = relocated_values(before, old, new)
    if after != before:
        variables.change(stage, after)


def _renew(stage: Path, name: str, rewritten: Mapping[str, str]) -> None:
    """Let a record say what its files are now, so that no check takes them for damaged."""
    file = stage / "conda-meta" / name
    record = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    # Of old ones, which list names alone, no check knows what is in their files.
    for entry in (record.get("paths_data") or {}).get("paths") or ():
        if digest := rewritten.get(entry["_path"]):
            if not entry.get("prefix_placeholder"):
                # What was made for this environment is on record as it is, and not as an archive has it.
                entry.update(sha256=digest, size_in_bytes=(stage / entry["_path"]).stat().st_size)
            if entry.get("prefix_placeholder") or "sha256_in_prefix" in entry:
                entry["sha256_in_prefix"] = digest
    put(file, msgspec.json.format(msgspec.json.encode(record)))
