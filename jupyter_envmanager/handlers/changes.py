"""Changes of an environment, and the way back."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..models import Change, Rollback
from .base import BaseHandler


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
