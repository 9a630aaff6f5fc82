"""What an environment is made of, for somewhere else; notebooks carry it with them."""

from __future__ import annotations

from .wire import Wire


class Description(Wire, frozen=True, kw_only=True):
    """An environment in a form that makes sense elsewhere: no path of this machine, no build of this platform.

    ``specs`` are the packages that were asked for, ``pypi`` the ones from the Python package index, ``lock`` a
    sha256 over exactly what is installed: two environments of one lock are the same, file by file.
    """

    name: str
    specs: list[str]
    pypi: list[str] = []
    channels: list[str] = []
    lock: str = ""
    python: str | None = None
