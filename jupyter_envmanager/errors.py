"""Everything that can go wrong for a user, as one tree.

::

    EnvManagerError
    ├── Invalid             400  a field of the request cannot be used
    ├── NotAllowed          403  the site, or our own safety rules, forbid it
    ├── NotFound            404  no such environment, kernel, job, plan or package
    ├── Conflict            409  something is already there, or has changed meanwhile
    ├── Unsatisfiable       422  the solver has no answer
    ├── Overwrites          422  a package from PyPI would replace one that conda installed
    ├── CpuBuild            422  a GPU was wanted and the plan brings a CPU build
    ├── BuildFailed         422  a package could not be built from its source
    ├── Busy                423  another job holds the prefix
    ├── ChannelUnreachable  502  a channel does not answer, or answers nonsense
    ├── NoSpace             507  the disk or the quota is full
    ├── Damaged             500  an installed file, a record or a package archive is broken
    ├── Cancelled           499  the user stopped it (never leaves a job)
    └── Internal            500  ours to fix; carries what a bug report needs

The domain raises these and never speaks HTTP; ``handlers`` maps the classes to a status along the MRO.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .models import Problem


class EnvManagerError(Exception):
    """Base of every error that a user may see.

    Parameters
    ----------
    message:
        What happened, one sentence, for a person.
    hint:
        What to do next, one sentence; may be empty.
    field:
        The request field that is at fault (``name``, ``specs`` …), so that a form can show the error there.
    details:
        Evidence for programs and bug reports; JSON-compatible, never credentials.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, hint: str = "", field: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field
        self.details = details

    def problem(self) -> Problem:
        """This error as it goes over the wire."""
        return Problem(code=self.code, message=self.message, hint=self.hint, field=self.field, details=self.details)


class Invalid(EnvManagerError):
    """A field of the request cannot be used."""

    code = "invalid"


class NotAllowed(EnvManagerError):
    """The site's policy, or our own safety rules, forbid it."""

    code = "not_allowed"


class NotFound(EnvManagerError):
    """No such environment, kernel, job, plan or package."""

    code = "not_found"


class Conflict(EnvManagerError):
    """Something is already there, or has changed since the preview."""

    code = "conflict"


class Unsatisfiable(EnvManagerError):
    """The solver has no answer; ``message`` carries its explanation."""

    code = "unsatisfiable"


class Overwrites(EnvManagerError):
    """A package from PyPI would replace one that conda installed; ``details["packages"]`` says which."""

    code = "overwrites_conda"


class CpuBuild(EnvManagerError):
    """A GPU was wanted and the plan brings a CPU build; ``details["remedies"]`` are ways out."""

    code = "cpu_build"


class BuildFailed(EnvManagerError):
    """A package could not be built from its source; ``details["log"]`` is the end of the build log."""

    code = "build_failed"


class Busy(EnvManagerError):
    """Another job holds the prefix."""

    code = "busy"


class ChannelUnreachable(EnvManagerError):
    """A channel does not answer, or answers something that is no repodata."""

    code = "channel_unreachable"


class NoSpace(EnvManagerError):
    """The disk or the quota is full."""

    code = "no_space"


class Damaged(EnvManagerError):
    """An installed file, a record or a package archive is broken."""

    code = "damaged"


class Cancelled(EnvManagerError):
    """The user stopped the job."""

    code = "cancelled"


class Internal(EnvManagerError):
    """A fault of ours."""

    code = "internal"
