"""``jupyter envmanager …``: the service's calls for a terminal."""

from .main import main

__all__ = ["main"]
