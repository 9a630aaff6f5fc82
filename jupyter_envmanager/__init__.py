"""The environment manager for JupyterLab."""

from __future__ import annotations

from typing import Any

try:
    from ._version import __version__
except ImportError:
    # A checkout that was never built.
    __version__ = "0+unknown"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-envmanager"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .app import EnvManagerApp

    return [{"module": "jupyter_envmanager", "app": EnvManagerApp}]


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext jupyter_envmanager``: registers ``%envmanager``."""
    from .cell.magic import load

    load(shell)


__all__ = ["__version__"]
