"""Packages that the channels and the Python package index offer."""

from __future__ import annotations

from http import HTTPStatus

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import BaseHandler

_LIMIT = 20
_MOST = 200


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
        self.answer(await self.service.catalogue.search(query, limit, environment=environment, pypi=pypi))


class PackageHandler(BaseHandler):
    """``GET packages/<name>?environment=&manager=``; ``manager`` is ``conda`` or ``pypi``."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        environment = self.get_query_argument("environment", None)
        manager = self.get_query_argument("manager", "conda")
        self.answer(await self.service.catalogue.info(name, environment=environment, manager=manager))


class ChannelRefreshHandler(BaseHandler):
    """``POST channels/refresh``: forget what was read of the channels."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        await self.service.refresh_channels()
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()
