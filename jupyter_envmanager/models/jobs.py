"""Jobs and their logs."""

from __future__ import annotations

from typing import Literal

from .kernels import KernelCheck
from .wire import Problem, Wire

JobState = Literal["queued", "waiting", "running", "succeeded", "failed", "cancelled", "lost"]
Phase = Literal["solve", "download", "link", "pypi", "verify", "swap", "kernel", "bytecode", "remove", "pack"]
JobAction = Literal["create", "change", "rollback", "remove", "pack"]


class Job(Wire, frozen=True, kw_only=True):
    """One action that changes something: stored, watchable, cancellable.

    ``environment`` and ``prefix`` name what it works on. ``generation`` is the one that it made current. ``aftercare``
    is true while a succeeded job still test-starts its kernel and compiles bytecode; nobody needs to wait for that.
    ``waiting_for`` says for whom a waiting job waits. ``file`` is the archive that a finished job has written.
    """

    id: str
    action: JobAction
    environment: str
    prefix: str
    title: str
    state: JobState
    progress: float = 0.0
    phase: Phase | None = None
    message: str = ""
    created: float
    started: float | None = None
    finished: float | None = None
    bytes_done: int | None = None
    bytes_total: int | None = None
    waiting_for: str | None = None
    generation: int | None = None
    kernel: str | None = None
    check: KernelCheck | None = None
    aftercare: bool = False
    file: str | None = None
    error: Problem | None = None


class Jobs(Wire, frozen=True, kw_only=True):
    """Jobs, newest first."""

    jobs: list[Job]


class JobEvent(Wire, frozen=True, kw_only=True):
    """One line of a job's log."""

    job: str
    seq: int
    time: float
    phase: Phase
    message: str
    progress: float
    bytes: int | None = None
    bytes_total: int | None = None


class JobEvents(Wire, frozen=True, kw_only=True):
    """A job's log from a sequence number on."""

    events: list[JobEvent]
