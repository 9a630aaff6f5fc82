"""Connections that end at a deadline, whatever the server does: a byte now and then would keep a thread for ever."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.request import AbstractHTTPHandler, Request

from ..pypi import PypiSettings
from ..pypi.download import trust


class Hangup(AbstractHTTPHandler):
    """Opens addresses in the place of an opener's own handlers, until another thread cuts it.

    Parameters
    ----------
    settings:
        Which certificates are believed.
    end:
        When it is cut at the latest, in the time of `time.monotonic`; nothing is opened any more then.
    """

    # Before urllib's own, which have 500.
    handler_order = 400

    def __init__(self, settings: PypiSettings, end: float) -> None:
        super().__init__()
        self._settings = settings
        self._end = end
        self._sockets: list[socket.socket] = []

    def http_open(self, request: Request) -> http.client.HTTPResponse:
        """Called by urllib."""
        return self.do_open(partial(_Connection, keep=self._keep), request)

    def https_open(self, request: Request) -> http.client.HTTPResponse:
        """Called by urllib."""
        return self.do_open(partial(_SecureConnection, keep=self._keep), request, context=trust(self._settings.verify))

    def _keep(self, line: socket.socket) -> None:
        self._sockets.append(line)
        if time.monotonic() > self._end:
            raise TimeoutError("timed out")

    def cut(self) -> None:
        """End all connections: whoever reads from one finds its end."""
        for line in self._sockets:
            # That of a TLS socket would let plain reads go on.
            with suppress(OSError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)


class _Connection(http.client.HTTPConnection):
    def __init__(self, *args: Any, keep: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._keep = keep

    def connect(self) -> None:
        super().connect()
        self._keep(self.sock)


class _SecureConnection(_Connection, http.client.HTTPSConnection):
    pass
