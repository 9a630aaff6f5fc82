"""An environment to take elsewhere: described, as a file, as an archive."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..models import PackRequest
from .base import BaseHandler


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


class PackHandler(BaseHandler):
    """``POST environments/<id>/pack``: write it as an archive."""

    @web.authenticated
    @authorized
    async def post(self, environment: str) -> None:
        self.accepted(await self.service.packs.pack(environment, self.body(PackRequest)))
