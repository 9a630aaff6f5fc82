"""Every route, in one table; the base is ``<base_url>/envmanager/``."""

from __future__ import annotations

from typing import NoReturn

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..errors import NotFound
from .base import BaseHandler
from .changes import (
    ChangePreviewHandler,
    ChangesHandler,
    GenerationHandler,
    HealthHandler,
    HistoryHandler,
    RollbackHandler,
    UpdatesHandler,
)
from .environments import (
    EnvironmentHandler,
    EnvironmentPackagesHandler,
    EnvironmentsHandler,
    PreviewHandler,
    RemovalHandler,
)
from .exports import DescriptionHandler, ExportHandler, PackHandler
from .files import CompareHandler, FetchHandler, FileHandler
from .gpu import EnvironmentGpuHandler, GpuCheckHandler, GpusHandler
from .jobs import JobEventsHandler, JobHandler, JobsHandler
from .kernels import (
    KernelCheckHandler,
    KernelCopyHandler,
    KernelHandler,
    KernelMoveHandler,
    KernelRewriteHandler,
    KernelsHandler,
    OffersHandler,
)
from .notebooks import InstallLinesHandler, NotebookImportsHandler
from .packages import ChannelRefreshHandler, PackageHandler, SearchHandler
from .sharing import SharingHandler
from .site import FoldersHandler, StatusHandler, TemplatesHandler
from .terminals import ActivationHandler, TerminalHandler


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
