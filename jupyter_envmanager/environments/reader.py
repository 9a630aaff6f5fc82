"""Which environments are there, and in what state? Read without running anything.

An environment is a folder with ``conda-meta/`` (conda) or ``pyvenv.cfg`` (venv,
https://docs.python.org/3/library/venv.html). Its identity is its real path; names are for display, and two
environments may share one.
"""

# A listing makes thousands of system calls; Path objects would cost more than they do.
# ruff: noqa: PTH110, PTH116, PTH118, PTH120

from __future__ import annotations

import builtins
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from ..models import Environment, EnvironmentKind, Packages, Problem
from ..sharing import SharedPlace, innermost, user_name
from . import sizes, stamps, unchangeable, venvs
from .condameta import MetaSummary, fingerprint, settled, summarise
from .installed import PackageReader
from .places import Candidate, Contents, Finder, Places
from .stamps import Stamp
from .unchangeable import Surroundings

_BASE_REASON = "It is conda's base environment: conda itself lives here."
_SERVER_REASON = "JupyterLab runs from it."


def environment_id(prefix: Path) -> str:
    """The id of the environment at ``prefix``: 16 hex digits that depend on its real path alone."""
    return hashlib.sha256(os.fsencode(os.path.realpath(prefix))).hexdigest()[:16]


@dataclass
class _Seen:
    """What was read of a prefix, and the version of the folder it was read from; () when it must be read again.

    The strings are here because a listing needs them for every prefix, every time.
    """

    version: tuple[int, ...]
    summary: MetaSummary
    modified: float
    id: str
    meta: str
    history: str
    interpreter: str
    site_packages: str
    roots: tuple[Stamp | None, tuple[str, ...]] = (None, ())
    conda: bool = True
    owner: int | None = None
    fingerprint: str | None = None
    answer: Environment | None = None
    asked: tuple[Candidate, str, SharedPlace | None] | None = None
    trusted_until: float = 0.0


class EnvironmentReader:
    """Lists environments and reads one in full; remembers what it saw while a ``conda-meta`` folder does not change.

    Safe to use from several threads: a race costs a second reading.

    Parameters
    ----------
    size_cache:
        JSON file in which measured sizes outlive the server; None keeps them in memory.
    trust:
        For so many seconds, believe what can change without ``conda-meta`` changing: permissions, the interpreter,
        what pip installs.
    """

    def __init__(self, size_cache: Path | None = None, *, trust: float = 0.0) -> None:
        self._trust = trust
        self._seen: dict[str, _Seen] = {}
        self._contents: Contents = {}
        self._sizes = sizes.SizeCache(size_cache)
        self._packages = PackageReader()

    def list(self, places: Places) -> tuple[builtins.list[Environment], builtins.list[Problem]]:
        """All environments of ``places``, in their order, and what kept us from reading some places.

        ``kernels`` and ``job`` are left empty.
        """
        finder = Finder(self._contents)
        server = os.path.realpath(places.server_prefix)
        base = os.path.realpath(places.root_prefix) if places.root_prefix is not None else None
        bases = {server, *venvs.base_prefixes(server)}
        environments: builtins.list[Environment] = []
        seen: dict[str, _Seen] = {}
        around = Surroundings()
        for real, candidate in finder.find(places).items():
            known = self._look(real)
            if known is None:
                continue
            seen[real] = known
            reason = _BASE_REASON if real == base else ""
            if not reason and (real in bases or server.startswith(real + os.sep)):
                reason = _SERVER_REASON
            shared = innermost(real, places.shared) if places.shared else None
            environments.append(self._environment(candidate, known, reason, shared, around))
        self._seen = seen
        return environments, finder.problems

    def packages(self, prefix: Path) -> Packages:
        """What is installed in a prefix, conda and PyPI together, by name, and the records that are damaged. Blocks.

        Remembered while no file that it depends on changes.
        """
        return self._packages.read(prefix)

    def measure(self, prefix: Path) -> tuple[int, int]:
        """Allocated bytes and number of files of a prefix, see :func:`sizes.measure`. Blocks."""
        return sizes.measure(prefix)

    def remember_size(self, prefix: Path, size: int) -> None:
        """Let :meth:`list` report this size (bytes) until something is installed or removed."""
        real = os.path.realpath(prefix)
        known = self._look(real)
        if known is not None:
            self._sizes.remember(real, _size_version(real, known), size)
            known.answer = None

    def _look(self, real: str) -> _Seen | None:
        """What a prefix holds, from memory while it is unchanged; None if it is no environment."""
        known = self._seen.get(real)
        meta = known.meta if known is not None else os.path.join(real, "conda-meta")
        try:
            status = os.stat(meta)
        except OSError:
            return _look_at_venv(real)
        version = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
        if known is not None and known.version == version:
            known.owner = status.st_uid
            return known
        summary = summarise(meta)
        # A broken prefix may be one that is being written: look again next time.
        final = summary.problem is None and settled(status.st_mtime_ns, time.time_ns())
        return _seen(real, version if final else (), summary, status.st_mtime, status.st_uid)

    def _environment(
        self, found: Candidate, known: _Seen, reason: str, shared: SharedPlace | None, around: Surroundings
    ) -> Environment:
        now, asked = time.monotonic(), (found, reason, shared)
        if known.answer is not None and known.version and now < known.trusted_until and known.asked == asked:
            return known.answer
        known.answer = self._look_closely(found, known, reason, shared, around)
        known.asked, known.trusted_until = asked, now + self._trust
        return known.answer

    def _look_closely(
        self, found: Candidate, known: _Seen, reason: str, shared: SharedPlace | None, around: Surroundings
    ) -> Environment:
        summary = known.summary
        problem = summary.problem or _interpreter_problem(known)
        writable = os.access(found.real, os.W_OK) and (not known.conda or os.access(known.meta, os.W_OK))
        return Environment(
            id=known.id,
            name=found.name,
            prefix=found.prefix,
            kind=_kind(found, known, shared),
            location=os.path.dirname(found.prefix),
            python=summary.python,
            languages=summary.languages,
            packages=summary.packages,
            size=self._size(found.real, known),
            writable=writable,
            protected=bool(reason),
            protected_reason=reason,
            state="ready" if problem is None else "broken",
            problem=problem,
            cuda=summary.cuda,
            modified=_modified(known),
            frozen=summary.frozen is not None,
            owner=user_name(known.owner) if known.owner is not None else "",
            group=shared.group if shared is not None else None,
            unchangeable=unchangeable.reason(
                found.real,
                venv=not known.conda,
                protected=reason,
                frozen=summary.frozen,
                writable=writable,
                roots=_roots(found.real, known),
                owner=known.owner,
                shared=shared,
                around=around,
            ),
        )

    def _size(self, real: str, known: _Seen) -> int | None:
        return self._sizes.get(real, _size_version(real, known)) if real in self._sizes else None


def _kind(found: Candidate, known: _Seen, shared: SharedPlace | None) -> EnvironmentKind:
    if not known.conda:
        return "venv"
    return "group" if shared is not None and found.kind in ("named", "path") else found.kind


def _seen(
    real: str,
    version: tuple[int, ...],
    summary: MetaSummary,
    modified: float,
    owner: int | None,
    conda: bool = True,
) -> _Seen:
    parts = ("bin", "python")
    if os.name == "nt":
        parts = (".", "python.exe") if conda else ("Scripts", "python.exe")
    return _Seen(
        version,
        summary,
        modified,
        id=hashlib.sha256(os.fsencode(real)).hexdigest()[:16],
        meta=os.path.join(real, "conda-meta"),
        history=os.path.join(real, "conda-meta", "history"),
        interpreter=os.path.normpath(os.path.join(real, *parts)),
        site_packages=_site_packages(real, summary.python),
        conda=conda,
        owner=owner,
    )


def _look_at_venv(real: str) -> _Seen | None:
    venv = venvs.read(real)
    if venv is None:
        return None
    languages = [venv.language] if venv.language else []
    python = venv.language.version if venv.language else None
    return _seen(real, (), MetaSummary(python=python, languages=languages), venv.modified, venv.owner, conda=False)


def _roots(real: str, known: _Seen) -> tuple[str, ...]:
    stamp = stamps.of_path(real)
    if stamp is None or stamp != known.roots[0]:
        known.roots = (stamp, unchangeable.root_folders(real))
    return known.roots[1]


def _modified(known: _Seen) -> float:
    """When something was last installed or removed: seconds since the epoch."""
    try:
        return os.stat(known.history).st_mtime if known.conda else known.modified
    except OSError:
        return known.modified


def _size_version(real: str, known: _Seen) -> str:
    """Changes whenever the size may: with conda's records, and with what pip puts beside them."""
    if known.fingerprint is None or not known.version:
        known.fingerprint = fingerprint(Path(real))
    try:
        pip = os.stat(known.site_packages).st_mtime_ns
    except OSError:
        pip = 0
    return f"{known.fingerprint}:{pip}"


def _site_packages(real: str, python: str | None) -> str:
    if os.name == "nt":
        return os.path.join(real, "Lib", "site-packages")
    return os.path.join(real, "lib", "python" + ".".join((python or "").split(".")[:2]), "site-packages")


def _interpreter_problem(known: _Seen) -> Problem | None:
    """Python is on record and its program is not there; for a venv, most often because its base was removed."""
    if (known.conda and known.summary.python is None) or os.path.exists(known.interpreter):
        return None
    return Problem(
        code="interpreter_missing",
        message=f"Python is installed here, but {known.interpreter} is missing.",
        hint="Install python again, or create the environment anew."
        if known.conda
        else "The Python that this venv was made from is gone; create the venv anew.",
        details={"path": known.interpreter},
    )
