"""Jobs and their logs."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..models import JobEvents, Jobs
from .base import BaseHandler


class JobsHandler(BaseHandler):
    """``GET jobs``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        self.answer(Jobs(jobs=self.service.queue.jobs()))


class JobHandler(BaseHandler):
    """``GET jobs/<id>``, ``DELETE jobs/<id>`` (cancel)."""

    @web.authenticated
    @authorized
    async def get(self, job: str) -> None:
        self.answer(self.service.queue.job(job))

    @web.authenticated
    @authorized
    async def delete(self, job: str) -> None:
        self.accepted(await self.service.queue.cancel(job))


class JobEventsHandler(BaseHandler):
    """``GET jobs/<id>/events?since=``."""

    @web.authenticated
    @authorized
    async def get(self, job: str) -> None:
        self.answer(JobEvents(events=self.service.queue.events(job, self.number("since", 0))))
