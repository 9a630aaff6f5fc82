"""What the code of a notebook needs."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..models import InstallLine, NotebookCode
from .base import BaseHandler


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
