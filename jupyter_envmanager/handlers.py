"""REST: every route in one table, body -> struct, error class -> status. No logic, no try.

Base ``<base_url>/envmanager/``; every route is authenticated and authorized for the resource ``envmanager``.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from .errors import (
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
from .models import (
    Change,
    CompareRequest,
    FileAddress,
    FileText,
    InstallLine,
    JobEvents,
    Jobs,
    KernelCopy,
    KernelEdit,
    KernelMove,
    NewEnvironment,
    NewKernel,
    NotebookCode,
    PackRequest,
    Problem,
    Request,
    Rollback,
)
from .redaction import redact
from .service import EnvManagerService

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

SERVICE = "jupyter_envmanager_service"
_LIMIT = 20
_MOST = 200
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


class StatusHandler(BaseHandler):
    """``GET status``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.service.status())


class EnvironmentsHandler(BaseHandler):
    """``GET environments``, ``POST environments``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.service.environments())

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.accepted(await self.service.create(self.body(NewEnvironment)))


class PreviewHandler(BaseHandler):
    """``POST environments/preview``."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.answer(await self.service.preview(self.body(NewEnvironment)))


class EnvironmentHandler(BaseHandler):
    """``GET environments/<id>``, ``DELETE environments/<id>``."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.environment(environment))

    @web.authenticated
    @authorized
    async def delete(self, environment: str) -> None:
        self.accepted(await self.service.remove(environment))


class RemovalHandler(BaseHandler):
    """``GET environments/<id>/removal``."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.removal(environment))


class EnvironmentPackagesHandler(BaseHandler):
    """``GET environments/<id>/packages``."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.packages(environment))


class ChangePreviewHandler(BaseHandler):
    """``POST environments/<id>/preview``: what a change would do."""

    @web.authenticated
    @authorized
    async def post(self, environment: str) -> None:
        self.answer(await self.service.changes.preview(environment, self.body(Change)))


class ChangesHandler(BaseHandler):
    """``POST environments/<id>/changes``: do it."""

    @web.authenticated
    @authorized
    async def post(self, environment: str) -> None:
        self.accepted(await self.service.changes.change(environment, self.body(Change)))


class UpdatesHandler(BaseHandler):
    """``GET environments/<id>/updates``: newer versions of what is installed."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.changes.updates(environment))


class HealthHandler(BaseHandler):
    """``GET environments/<id>/health?full=``: compare the files with the packages' records; ``full=1`` by content."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        full = self.get_query_argument("full", "0") == "1"
        self.answer(await self.service.changes.health(environment, full=full))


class HistoryHandler(BaseHandler):
    """``GET environments/<id>/history``: the generations."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.changes.history(environment))


class GenerationHandler(BaseHandler):
    """``DELETE environments/<id>/history/<number>``: forget a kept generation."""

    @web.authenticated
    @authorized
    async def delete(self, environment: str, number: str) -> None:
        self.answer(await self.service.changes.forget_generation(environment, int(number)))


class RollbackHandler(BaseHandler):
    """``POST environments/<id>/rollback``: make another generation the current one."""

    @web.authenticated
    @authorized
    async def post(self, environment: str) -> None:
        self.accepted(await self.service.changes.rollback(environment, self.body(Rollback).generation))


class SearchHandler(BaseHandler):
    """``GET packages?q=&limit=&environment=&pypi=``; ``environment`` searches the channels of that one, ``pypi=1``
    also looks the name up in the Python package index.
    """

    @web.authenticated
    @authorized
    async def get(self) -> None:
        limit = min(_MOST, self.number("limit", _LIMIT))
        environment = self.get_query_argument("environment", None)
        pypi = self.get_query_argument("pypi", "0") == "1"
        query = self.get_query_argument("q", "")
        self.answer(await self.service.search(query, limit, environment=environment, pypi=pypi))


class PackageHandler(BaseHandler):
    """``GET packages/<name>?environment=&manager=``; ``manager`` is ``conda`` or ``pypi``."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        environment = self.get_query_argument("environment", None)
        manager = self.get_query_argument("manager", "conda")
        self.answer(await self.service.package(name, environment=environment, manager=manager))


class OffersHandler(BaseHandler):
    """``GET environments/<id>/kernels``: what can be a kernel there."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.kernels.offers(environment))


class DescriptionHandler(BaseHandler):
    """``GET environments/<id>/description``: what it is made of, in words that make sense elsewhere."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.notebooks.description(environment))


class ExportHandler(BaseHandler):
    """``GET environments/<id>/export?format=``: it as a file to make it from elsewhere."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        format = self.get_query_argument("format", "environment.yml")
        self.answer(await self.service.exports.export(environment, format))


class CompareHandler(BaseHandler):
    """``POST environments/<id>/compare``: how it differs from another one, or from a file."""

    @web.authenticated
    @authorized
    async def post(self, environment: str) -> None:
        self.answer(await self.service.comparisons.compare(environment, self.body(CompareRequest)))


class SharingHandler(BaseHandler):
    """``GET environments/<id>/sharing``: whether the group can use it; ``POST``: put right what keeps it from that."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.sharing.check(environment))

    @web.authenticated
    @authorized
    async def post(self, environment: str) -> None:
        self.answer(await self.service.sharing.repair(environment))


class PackHandler(BaseHandler):
    """``POST environments/<id>/pack``: write it as an archive."""

    @web.authenticated
    @authorized
    async def post(self, environment: str) -> None:
        self.accepted(await self.service.packs.pack(environment, self.body(PackRequest)))


class ActivationHandler(BaseHandler):
    """``GET environments/<id>/activation``: how to use it outside Jupyter."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.terminals.activation(environment))


class TerminalHandler(BaseHandler):
    """``POST environments/<id>/terminal``: start one in which it is active."""

    @web.authenticated
    @authorized
    async def post(self, environment: str) -> None:
        self.answer(await self.service.terminals.open(environment), HTTPStatus.CREATED)


class KernelsHandler(BaseHandler):
    """``GET kernels``, ``POST kernels``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.service.kernels.list())

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.answer(await self.service.kernels.register(self.body(NewKernel)), HTTPStatus.CREATED)


class KernelHandler(BaseHandler):
    """``GET``, ``PATCH`` and ``DELETE kernels/<name>?force=``; ``force=1`` changes also one that we did not write."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        self.answer(await self.service.kernels.settings(name))

    @web.authenticated
    @authorized
    async def patch(self, name: str) -> None:
        self.answer(await self.service.kernels.edit(name, self.body(KernelEdit), force=self.forced))

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        await self.service.kernels.remove(name, force=self.forced)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class KernelCopyHandler(BaseHandler):
    """``POST kernels/<name>/copy``."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        self.answer(await self.service.kernels.copy(name, self.body(KernelCopy)), HTTPStatus.CREATED)


class KernelMoveHandler(BaseHandler):
    """``POST kernels/<name>/move?force=``: to the user's folder, or to the group's."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        self.answer(await self.service.kernels.move(name, self.body(KernelMove), force=self.forced))


class KernelRewriteHandler(BaseHandler):
    """``POST kernels/<name>/rewrite?force=``: write it anew for its environment."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        self.answer(await self.service.kernels.rewrite(name, force=self.forced))


class KernelCheckHandler(BaseHandler):
    """``POST kernels/<name>/check``: a test start."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        self.answer(await self.service.kernels.check(name))


class NotebookImportsHandler(BaseHandler):
    """``POST notebooks/imports``: what the code of a notebook needs."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.answer(await self.service.notebooks.imports(self.body(NotebookCode)))


class InstallLinesHandler(BaseHandler):
    """``POST notebooks/install-lines``: whether the install lines of a cell reach the kernel's environment."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.answer(await self.service.notebooks.install_hint(self.body(InstallLine)))


class GpusHandler(BaseHandler):
    """``GET gpus``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.service.gpus.report())


class EnvironmentGpuHandler(BaseHandler):
    """``GET environments/<id>/gpu``: what it is for, what is installed, what the last check found."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.gpus.environment(environment))


class GpuCheckHandler(BaseHandler):
    """``POST environments/<id>/gpu/check``: begin one; ``DELETE``: end it."""

    @web.authenticated
    @authorized
    async def post(self, environment: str) -> None:
        self.answer(await self.service.gpus.check(environment), HTTPStatus.ACCEPTED)

    @web.authenticated
    @authorized
    async def delete(self, environment: str) -> None:
        await self.service.gpus.cancel(environment)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class TemplatesHandler(BaseHandler):
    """``GET templates?gpu=``: starts for new environments, as they are for a GPU target."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.service.gpus.templates(self.get_query_argument("gpu", None)))


class FileHandler(BaseHandler):
    """``POST files/read``: what a file asks for, and what is wrong with it."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.answer(await self.service.files.read(self.body(FileText)))


class FetchHandler(BaseHandler):
    """``POST files/fetch``: a file from an address that the site allows."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.answer(await self.service.files.fetch(self.body(FileAddress)))


class FoldersHandler(BaseHandler):
    """``GET folders?path=``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.service.folders(self.get_query_argument("path", None)))


class ChannelRefreshHandler(BaseHandler):
    """``POST channels/refresh``: forget what was read of the channels."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        await self.service.refresh_channels()
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class JobsHandler(BaseHandler):
    """``GET jobs``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(Jobs(jobs=self.service.queue.jobs()))


class JobHandler(BaseHandler):
    """``GET jobs/<id>``, ``DELETE jobs/<id>`` (cancel)."""

    @web.authenticated
    @authorized
    async def get(self, job: str) -> None:
        self.answer(self.service.queue.job(job))

    @web.authenticated
    @authorized
    async def delete(self, job: str) -> None:
        self.accepted(await self.service.queue.cancel(job))


class JobEventsHandler(BaseHandler):
    """``GET jobs/<id>/events?since=``."""

    @web.authenticated
    @authorized
    async def get(self, job: str) -> None:
        self.answer(JobEvents(events=self.service.queue.events(job, self.number("since", 0))))


class NoRouteHandler(BaseHandler):
    """Anything else below our base is a `Problem`, too."""

    @web.authenticated
    @authorized
    async def get(self) -> NoReturn:
        raise NotFound("There is no such address in the environment manager.", hint="Reload the page.")

    post = put = patch = delete = get


_ID = r"([0-9a-f]{16})"
_NAME = r"([^/]+)"

ROUTES: list[tuple[str, type[BaseHandler]]] = [
    (r"/envmanager/status", StatusHandler),
    (r"/envmanager/environments", EnvironmentsHandler),
    (r"/envmanager/environments/preview", PreviewHandler),
    (rf"/envmanager/environments/{_ID}", EnvironmentHandler),
    (rf"/envmanager/environments/{_ID}/removal", RemovalHandler),
    (rf"/envmanager/environments/{_ID}/packages", EnvironmentPackagesHandler),
    (rf"/envmanager/environments/{_ID}/preview", ChangePreviewHandler),
    (rf"/envmanager/environments/{_ID}/changes", ChangesHandler),
    (rf"/envmanager/environments/{_ID}/updates", UpdatesHandler),
    (rf"/envmanager/environments/{_ID}/health", HealthHandler),
    (rf"/envmanager/environments/{_ID}/history", HistoryHandler),
    (rf"/envmanager/environments/{_ID}/history/(\d{{1,9}})", GenerationHandler),
    (rf"/envmanager/environments/{_ID}/rollback", RollbackHandler),
    (rf"/envmanager/environments/{_ID}/gpu", EnvironmentGpuHandler),
    (rf"/envmanager/environments/{_ID}/gpu/check", GpuCheckHandler),
    (rf"/envmanager/environments/{_ID}/kernels", OffersHandler),
    (rf"/envmanager/environments/{_ID}/description", DescriptionHandler),
    (rf"/envmanager/environments/{_ID}/export", ExportHandler),
    (rf"/envmanager/environments/{_ID}/compare", CompareHandler),
    (rf"/envmanager/environments/{_ID}/sharing", SharingHandler),
    (rf"/envmanager/environments/{_ID}/pack", PackHandler),
    (rf"/envmanager/environments/{_ID}/activation", ActivationHandler),
    (rf"/envmanager/environments/{_ID}/terminal", TerminalHandler),
    (r"/envmanager/packages", SearchHandler),
    (rf"/envmanager/packages/{_NAME}", PackageHandler),
    (r"/envmanager/kernels", KernelsHandler),
    (rf"/envmanager/kernels/{_NAME}", KernelHandler),
    (rf"/envmanager/kernels/{_NAME}/check", KernelCheckHandler),
    (rf"/envmanager/kernels/{_NAME}/copy", KernelCopyHandler),
    (rf"/envmanager/kernels/{_NAME}/move", KernelMoveHandler),
    (rf"/envmanager/kernels/{_NAME}/rewrite", KernelRewriteHandler),
    (r"/envmanager/notebooks/imports", NotebookImportsHandler),
    (r"/envmanager/notebooks/install-lines", InstallLinesHandler),
    (r"/envmanager/gpus", GpusHandler),
    (r"/envmanager/templates", TemplatesHandler),
    (r"/envmanager/files/read", FileHandler),
    (r"/envmanager/files/fetch", FetchHandler),
    (r"/envmanager/folders", FoldersHandler),
    (r"/envmanager/channels/refresh", ChannelRefreshHandler),
    (r"/envmanager/jobs", JobsHandler),
    (rf"/envmanager/jobs/{_NAME}", JobHandler),
    (rf"/envmanager/jobs/{_NAME}/events", JobEventsHandler),
    (r"/envmanager/.*", NoRouteHandler),
]
