"""Environments: listed, made, removed, and what is in them."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..models import NewEnvironment
from .base import BaseHandler


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
        self.accepted(await self.service.removals.remove(environment))


class RemovalHandler(BaseHandler):
    """``GET environments/<id>/removal``."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.removals.preview(environment))


class EnvironmentPackagesHandler(BaseHandler):
    """``GET environments/<id>/packages``."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.packages(environment))
