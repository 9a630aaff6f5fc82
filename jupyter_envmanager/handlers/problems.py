"""What a handler raised -> status and `Problem`."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from tornado import web

from ..errors import (
    BuildFailed,
    Busy,
    Cancelled,
    ChannelUnreachable,
    Conflict,
    CpuBuild,
    Damaged,
    EnvManagerError,
    Internal,
    Invalid,
    NoSpace,
    NotAllowed,
    NotFound,
    Overwrites,
    Unsatisfiable,
)
from ..models import Problem
from ..redaction import redact

STATUS: dict[type[BaseException], int] = {
    Invalid: 400,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Unsatisfiable: 422,
    Overwrites: 422,
    CpuBuild: 422,
    BuildFailed: 422,
    Busy: 423,
    Cancelled: 499,
    ChannelUnreachable: 502,
    NoSpace: 507,
    Damaged: 500,
    Internal: 500,
    EnvManagerError: 500,
    msgspec.ValidationError: 400,
    msgspec.DecodeError: 400,
}


def problem_of(error: BaseException | None, status: int) -> Problem:
    """The problem to show for what a handler raised; never credentials, never a stack."""
    if isinstance(error, EnvManagerError):
        return error.problem()
    if isinstance(error, msgspec.MsgspecError):
        return Problem(code="invalid", message=f"The request cannot be read: {error}.", hint="Reload the page.")
    if isinstance(error, web.HTTPError):
        reason = error.reason or error.log_message or HTTPStatus(status).phrase
        return Problem(code=f"http_{status}", message=redact(str(reason)))
    return Problem(
        code="internal",
        message="The server met an error of its own; nothing was changed by this request.",
        hint="Try again. If it stays, the server's log has the details.",
    )
