"""What all handlers have in common: the service, body -> struct, struct -> answer, error -> `Problem`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from jupyter_server.base.handlers import APIHandler

from ..errors import EnvManagerError, Invalid
from ..models import Request
from ..service import EnvManagerService
from .problems import STATUS, problem_of

SERVICE = "jupyter_envmanager_service"

# A notebook's code is the largest thing that anyone sends.
_LARGEST_BODY = 16_000_000

R = TypeVar("R", bound=Request)


class BaseHandler(APIHandler):
    """Encodes answers, and shows errors as `Problem`."""

    auth_resource = "envmanager"

    @property
    def service(self) -> EnvManagerService:
        """The one service of this server."""
        service = self.settings[SERVICE]
        assert isinstance(service, EnvManagerService)
        return service

    def body(self, kind: type[R]) -> R:
        """The request's body as a struct; a field that is missing, misspelt or of the wrong type is an error."""
        if len(self.request.body) > _LARGEST_BODY:
            raise Invalid("The request is too large.", hint="A logo may have up to 1 MB, a notebook 16 MB of code.")
        return msgspec.json.decode(self.request.body or b"null", type=kind)

    def number(self, name: str, default: int) -> int:
        """A query argument that is a number from 0 on.

        Raises
        ------
        Invalid
        """
        text = self.get_query_argument(name, str(default))
        if not text.isdecimal() or len(text) > 9:
            raise Invalid(f"“{name}” must be a number, not “{text}”.", field=name)
        return int(text)

    @property
    def forced(self) -> bool:
        """Whether the user has said yes to a change of what we did not write."""
        return self.get_query_argument("force", "0") == "1"

    def answer(self, result: Any, status: int = HTTPStatus.OK) -> None:
        """Finish with a struct as JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(result))

    def accepted(self, job: Any) -> None:
        """Finish with a job that goes on, and where to look for it."""
        self.set_header("Location", f"{self.settings['base_url']}envmanager/jobs/{job.id}")
        self.answer(job, HTTPStatus.ACCEPTED)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error is a `Problem`: expected ones with their own words, others without their insides."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), status_code)
        # Tornado has put 500 already.
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(problem_of(error, status)))

    def log_exception(self, *arguments: Any) -> None:
        """Expected errors are answers, not tracebacks."""
        if not isinstance(arguments[1], (EnvManagerError, msgspec.MsgspecError)):
            super().log_exception(*arguments)
