"""What is to be said of records that this user may not read? Nothing is wrong with them, and their owner can help."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from ..errors import NotAllowed
from ..models import Packages, Problem
from ..sharing import user_name
from ..words import some

_CODE = "records_closed"


def records_closed(prefix: Path, files: Sequence[str]) -> Problem:
    """The problem with the records of these file names, which cannot be read for want of rights."""
    meta = prefix / "conda-meta"
    return Problem(
        code=_CODE,
        message=f"You may not read the package records of {prefix.name}: {some(files)}.",
        hint=f"{_remedy(meta)} Until then it can be used, but neither cloned nor changed.",
        details={"records": list(files), "folder": str(meta)},
    )


def check_open(packages: Packages, field: str | None = None) -> None:
    """Refuse to build on records that this user may not read.

    Raises
    ------
    NotAllowed
    """
    for problem in packages.problems:
        if problem.code == _CODE:
            raise NotAllowed(problem.message, hint=problem.hint, field=field)


def _remedy(meta: Path) -> str:
    try:
        status = meta.stat()
    except OSError:
        return ""
    if os.name == "nt":
        return "Ask its owner to let you read them."
    if status.st_uid == os.geteuid():
        return f"Make them readable: chmod -R u+rX {shlex.quote(str(meta))}."
    who = "g" if status.st_gid in (os.getegid(), *os.getgroups()) else "o"
    command = f"chmod -R {who}+rX {shlex.quote(str(meta))}"
    return f"Ask {user_name(status.st_uid)} to make them readable ({command}), or create an environment of your own."
