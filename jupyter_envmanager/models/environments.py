"""An environment as the list and its page show it."""

from __future__ import annotations

from typing import Literal

from .gpu import GpuState
from .wire import Problem, Wire

EnvironmentKind = Literal["named", "path", "group", "base", "venv"]
EnvironmentState = Literal["ready", "building", "broken"]


class Language(Wire, frozen=True, kw_only=True):
    """A language an environment can run, e.g. ``Python`` ``3.12.4``."""

    name: str
    version: str


class Environment(Wire, frozen=True, kw_only=True):
    """An environment; ``id`` is the first 16 hex digits of sha256(realpath(prefix)).

    ``packages`` counts conda packages. ``size`` is None until it has been measured. ``protected`` environments
    (base, the one that runs the server) refuse removal for the reason in ``protected_reason``. ``problem`` says what
    is wrong with a broken one. ``job`` is the id of the job that works on it now. ``unchangeable`` says why packages
    cannot be changed here (protected, frozen, read only, a venv …), and is empty where they can. ``frozen`` ones carry
    the marker of CEP 22 (https://github.com/conda/ceps/blob/main/cep-0022.md). ``gpu`` is what the last GPU check
    found, ``gpu_checked`` when that was; it is ``gpu_outdated`` when packages have changed since. ``owner`` is the
    name of the user it belongs to, ``group`` the Unix group that it is shared with, None where it is not.
    """

    id: str
    name: str
    prefix: str
    kind: EnvironmentKind
    location: str
    python: str | None = None
    languages: list[Language] = []
    packages: int = 0
    size: int | None = None
    writable: bool = True
    protected: bool = False
    protected_reason: str = ""
    state: EnvironmentState = "ready"
    problem: Problem | None = None
    kernels: list[str] = []
    cuda: str | None = None
    modified: float | None = None
    job: str | None = None
    frozen: bool = False
    unchangeable: str = ""
    gpu: GpuState | None = None
    gpu_checked: float | None = None
    gpu_outdated: bool = False
    owner: str = ""
    group: str | None = None


class Environments(Wire, frozen=True, kw_only=True):
    """All environments, and what kept us from reading some of them."""

    environments: list[Environment]
    problems: list[Problem] = []
