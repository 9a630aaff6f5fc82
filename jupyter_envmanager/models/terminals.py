"""The use of an environment outside Jupyter."""

from __future__ import annotations

from .wire import Wire


class Activation(Wire, frozen=True, kw_only=True):
    """How to use an environment outside Jupyter: ``shell`` for a terminal, ``job`` for a batch script."""

    shell: str
    job: str


class TerminalName(Wire, frozen=True, kw_only=True):
    """A terminal that was started, by the name that Jupyter's terminals have."""

    name: str
