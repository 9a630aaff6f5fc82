"""Environments and their group."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import BaseHandler


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
