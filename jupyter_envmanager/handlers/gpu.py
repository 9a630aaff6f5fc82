"""GPUs: of the machine, and of an environment."""

from __future__ import annotations

from http import HTTPStatus

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import BaseHandler


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
