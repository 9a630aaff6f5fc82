"""Kernelspecs."""

from __future__ import annotations

from http import HTTPStatus

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..models import KernelCopy, KernelEdit, KernelMove, NewKernel
from .base import BaseHandler


class OffersHandler(BaseHandler):
    """``GET environments/<id>/kernels``: what can be a kernel there."""

    @web.authenticated
    @authorized
    async def get(self, environment: str) -> None:
        self.answer(await self.service.kernels.offers(environment))


class KernelsHandler(BaseHandler):
    """``GET kernels``, ``POST kernels``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(await self.service.kernels.list())

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.answer(await self.service.kernels.register(self.body(NewKernel)), HTTPStatus.CREATED)


class KernelHandler(BaseHandler):
    """``GET``, ``PATCH`` and ``DELETE kernels/<name>?force=``; ``force=1`` changes also one that we did not write."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        self.answer(await self.service.kernels.settings(name))

    @web.authenticated
    @authorized
    async def patch(self, name: str) -> None:
        self.answer(await self.service.kernels.edit(name, self.body(KernelEdit), force=self.forced))

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        await self.service.kernels.remove(name, force=self.forced)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class KernelCopyHandler(BaseHandler):
    """``POST kernels/<name>/copy``."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        self.answer(await self.service.kernels.copy(name, self.body(KernelCopy)), HTTPStatus.CREATED)


class KernelMoveHandler(BaseHandler):
    """``POST kernels/<name>/move?force=``: to the user's folder, or to the group's."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        self.answer(await self.service.kernels.move(name, self.body(KernelMove), force=self.forced))


class KernelRewriteHandler(BaseHandler):
    """``POST kernels/<name>/rewrite?force=``: write it anew for its environment."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        self.answer(await self.service.kernels.rewrite(name, force=self.forced))


class KernelCheckHandler(BaseHandler):
    """``POST kernels/<name>/check``: a test start."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        self.answer(await self.service.kernels.check(name))
