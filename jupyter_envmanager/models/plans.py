"""What a change will do, exactly; and what the former ones did."""

from __future__ import annotations

from typing import Literal

import msgspec

from .gpu import PlanGpu
from .wire import Manager, Problem, Wire

Operation = Literal["install", "remove", "upgrade", "downgrade", "rebuild"]


class PlanAction(Wire, frozen=True, kw_only=True):
    """One line of a plan. ``reason`` says why it is there: asked for, needed, or for the kernel.

    ``variant`` says in words what a rebuild means for the GPU: ``CUDA 12.9 → CPU build``; empty where nothing changes.
    """

    op: Operation
    name: str
    manager: Manager = "conda"
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    build: str | None = None
    channel: str | None = None
    size: int | None = None
    reason: Literal["asked", "needed", "kernel"] = "needed"
    variant: str = ""


class PlanVariable(Wire, frozen=True, kw_only=True):
    """What becomes of a variable that is set when the environment is active; values as far as they may be shown."""

    name: str
    op: Literal["set", "change", "remove"]
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None


class Plan(Wire, frozen=True, kw_only=True):
    """What a change will do, exactly. Valid for an hour and for the prefix as it was (``fingerprint``).

    ``title`` is the request in words; ``pin`` and ``unpin`` what becomes of the pins. ``download_size`` counts what is
    not in the package cache yet, ``cached_size`` what is; ``disk_size`` is an upper bound, as hard
    links share files with the cache. ``solve_time`` in seconds. ``gpu`` says what it means for the GPU.
    ``variables`` are those that are set, changed and removed.
    """

    id: str
    prefix: str
    fingerprint: str
    actions: list[PlanAction]
    download_size: int
    cached_size: int
    disk_size: int
    solve_time: float
    title: str = ""
    pin: list[str] = []
    unpin: list[str] = []
    variables: list[PlanVariable] = []
    environment: str | None = None
    gpu: PlanGpu | None = None
    warnings: list[Problem] = []


class Generation(Wire, frozen=True, kw_only=True):
    """A state of an environment: the current one, or a kept former (or later) one.

    ``title`` is the request in words, ``actions`` the difference to the generation it was made from (``parent``).
    ``size`` counts the bytes that no other generation and no package cache shares; None for the current one.
    ``changed_since`` says that another tool has changed it after we made it.
    """

    number: int
    title: str
    current: bool = False
    created: float | None = None
    parent: int | None = None
    actions: list[PlanAction] = []
    pin: list[str] = []
    unpin: list[str] = []
    packages: int = 0
    python: str | None = None
    size: int | None = None
    changed_since: bool = False


class History(Wire, frozen=True, kw_only=True):
    """The generations of an environment, newest first. ``keep`` former ones are kept; ``size`` is what all kept ones
    together hold in bytes that nothing else shares.
    """

    generations: list[Generation]
    keep: int
    size: int
