"""Files that an environment is made from, or is like."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..models import CompareRequest, FileAddress, FileText
from .base import BaseHandler


class CompareHandler(BaseHandler):
    """``POST environments/<id>/compare``: how it differs from another one, or from a file."""

    @web.authenticated
    @authorized
    async def post(self, environment: str) -> None:
        self.answer(await self.service.comparisons.compare(environment, self.body(CompareRequest)))


class FileHandler(BaseHandler):
    """``POST files/read``: what a file asks for, and what is wrong with it."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.answer(await self.service.files.read(self.body(FileText)))


class FetchHandler(BaseHandler):
    """``POST files/fetch``: a file from an address that the site allows."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        self.answer(await self.service.files.fetch(self.body(FileAddress)))
