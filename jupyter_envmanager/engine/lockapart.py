"""Read a lock in a process of its own: one that is large, or made for it, would hold up or take down a whole server.

rattler reads in one go, and nothing else runs meanwhile. It descends into brackets until there is no stack left, and a
dozen conditions for a package from PyPI can take it for ever.
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys

import msgspec

from ..errors import EnvManagerError, Invalid
from ..models import Problem
from ..ownmodules import command

_log = logging.getLogger(__name__)
# Somebody waits; the largest of real projects takes two.
_SECONDS = 20.0
_MOST_BYTES = 1_000_000_000
_TAIL = 4_000
_SMALL, _FEW = 500_000, 1_000
# Conditions come after a semicolon, and a backslash could stand for one, or for a bracket.
_CONDITION = re.compile(r"[;\\]")
_BRACKET = re.compile(r"[(\[{]")


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    locked: msgspec.Raw = msgspec.Raw(b"null")
    problem: Problem | None = None


def is_plain(text: str) -> bool:
    """Whether a lock may be read by the server's process."""
    return len(text) <= _SMALL and _CONDITION.search(text) is None and len(_BRACKET.findall(text)) <= _FEW


def read_apart(text: str, platform: str) -> bytes:
    """What `locked.parse` finds, as JSON. Blocking, though not for others.

    Raises
    ------
    Invalid
        As there, or it takes too long or too much.
    """
    try:
        done = subprocess.run(
            [*command("engine.lockapart"), platform],
            input=text.encode(errors="surrogatepass"),
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        said = (error.stderr or b"")[-_TAIL:].decode(errors="replace")
        _log.warning("The process that reads a lock ended with %s: %s", getattr(error, "returncode", "its time"), said)
        raise Invalid(
            "The lock cannot be read: that takes too long, or too much memory.",
            hint="Write the lock again where it was made, or use an environment.yml.",
            field="source",
        ) from error
    told = msgspec.json.decode(done.stdout, type=_Told)
    if (problem := told.problem) is not None:
        raise Invalid(problem.message, hint=problem.hint, field=problem.field, **problem.details)
    return bytes(told.locked)


def _tell(text: str, platform: str) -> bytes:
    from .locked import parse

    try:
        return msgspec.json.encode(_Told(locked=msgspec.Raw(msgspec.json.encode(parse(text, platform)))))
    except EnvManagerError as error:
        return msgspec.json.encode(_Told(problem=error.problem()))


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES if most < 0 else min(_MOST_BYTES, most), most))


if __name__ == "__main__":
    _limit()
    sys.stdout.buffer.write(_tell(sys.stdin.buffer.read().decode(errors="surrogatepass"), sys.argv[1]))
