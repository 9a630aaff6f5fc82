"""Templates: starts for new environments."""

from __future__ import annotations

from typing import Literal

from .wire import Problem, Wire


class EnvironmentTemplate(Wire, frozen=True, kw_only=True):
    """A start for a new environment, as it is for one `GpuTarget`.

    ``specs``, ``pypi`` and ``channels`` fill the form; ``channels`` None keeps the configured ones. ``gpu`` says that
    it is made for GPUs. ``note`` says what the target makes of it, where that matters; ``lacks`` what the target lacks
    for it, which leaves it without a solution.
    """

    name: str
    title: str
    description: str = ""
    origin: Literal["built-in", "site"] = "built-in"
    specs: list[str] = []
    pypi: list[str] = []
    channels: list[str] | None = None
    gpu: bool = False
    note: str = ""
    lacks: str = ""


class EnvironmentTemplates(Wire, frozen=True, kw_only=True):
    """The templates, and why some of the site's cannot be used."""

    templates: list[EnvironmentTemplate]
    problems: list[Problem] = []
