"""The use of an environment outside Jupyter."""

from __future__ import annotations

from http import HTTPStatus

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import BaseHandler


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
