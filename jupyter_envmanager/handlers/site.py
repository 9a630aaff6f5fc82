"""The site: its status, the templates for environments, the folders for the picker."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import BaseHandler


class StatusHandler(BaseHandler):
    """``GET status``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.service.status())


class TemplatesHandler(BaseHandler):
    """``GET templates?gpu=``: starts for new environments, as they are for a GPU target."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.service.gpus.templates(self.get_query_argument("gpu", None)))


class FoldersHandler(BaseHandler):
    """``GET folders?path=``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.service.folders(self.get_query_argument("path", None)))
