"""Kernelspecs as they are: listed, looked at, checked; and what can become one."""

from __future__ import annotations

from typing import Literal

from .wire import Problem, Wire

CheckState = Literal["pending", "running", "passed", "failed"]
KernelScope = Literal["me", "group", "server", "site"]
KernelRemedy = Literal["register", "install", "rename", "remove"]


class KernelCheck(Wire, frozen=True, kw_only=True):
    """Result of a kernel's test start; ``seconds`` to the first reply.

    A Python kernel also says where it runs: ``prefix`` is its ``sys.prefix``, ``path`` its ``PATH``, ``user_site``
    whether packages of ``~/.local`` are seen. ``banner`` is what it says of itself. ``output`` holds the end of what
    it wrote while it started.
    """

    state: CheckState
    time: float | None = None
    seconds: float | None = None
    prefix: str | None = None
    path: list[str] = []
    user_site: bool | None = None
    banner: str = ""
    output: str = ""
    problem: Problem | None = None


class KernelProblem(Wire, frozen=True, kw_only=True):
    """What is wrong with a kernelspec, and the ``remedy`` that puts it right with one click.

    ``register`` writes it anew for its environment, ``install`` installs the kernel packages ``packages`` there,
    ``rename`` takes ``proposal`` as its display name, ``remove`` removes it.
    """

    code: Literal["orphan", "broken", "no_launcher", "wrong_python", "duplicate_name"]
    message: str
    hint: str = ""
    remedy: KernelRemedy
    packages: list[str] = []
    proposal: str | None = None


class KernelLogo(Wire, frozen=True, kw_only=True):
    """A generated logo: one to three letters on a colour (``#rrggbb``)."""

    initials: str
    color: str


class Kernel(Wire, frozen=True, kw_only=True):
    """A kernelspec and the environment it runs in.

    ``stamped`` kernels were written by us (``metadata.jupyter_envmanager``) and are ours to change; ``orphan`` ones
    start an interpreter that is gone, ``orphan_reason`` says which. ``scope`` says whose it is: ``me`` and ``group``
    are the folders that kernels can be moved between; ``server`` ones come with the server's own environment, ``site``
    ones from anywhere else. ``problems`` are all there are, the gravest first.
    """

    name: str
    display_name: str
    language: str
    path: str
    environment: str | None = None
    prefix: str | None = None
    stamped: bool = False
    writable: bool = False
    scope: KernelScope = "me"
    orphan: bool = False
    orphan_reason: str = ""
    problems: list[KernelProblem] = []
    check: KernelCheck | None = None


class KernelTemplate(Wire, frozen=True, kw_only=True):
    """A folder that kernels can be made from; ``built-in`` for ours. ``editable`` ones take modules and variables."""

    name: str
    title: str
    origin: Literal["built-in", "user", "site"]
    path: str = ""
    editable: bool = True


class Kernels(Wire, frozen=True, kw_only=True):
    """All kernelspecs this server sees, the templates for new ones, and the folders that they can be moved to.

    ``problems`` says which templates cannot be used.
    """

    kernels: list[Kernel]
    templates: list[KernelTemplate] = []
    me: str = ""
    group: str | None = None
    problems: list[Problem] = []


class KernelSettings(Wire, frozen=True, kw_only=True):
    """What an editor shows of one kernel.

    ``editable`` names the fields that a `KernelEdit` may change here. ``variables`` are set for the kernel,
    ``modules`` are environment modules loaded before it, ``arguments`` are added to its command line. ``user_site``
    lets it see packages of ``~/.local``. ``logo`` is None for one that was not generated. ``script`` is its
    ``run.sh``, ``argv`` its command line, to look at. ``version`` goes into the `KernelEdit` that is made from it.
    """

    kernel: Kernel
    editable: list[str]
    template: str = ""
    variables: dict[str, str] = {}
    modules: list[str] = []
    arguments: list[str] = []
    user_site: bool = False
    logo: KernelLogo | None = None
    argv: list[str] = []
    script: str = ""
    version: str = ""


class KernelOffer(Wire, frozen=True, kw_only=True):
    """A kernelspec that an environment ships (``share/jupyter/kernels``), or the plain one of its Python.

    ``source`` names it in a `NewKernel`.
    """

    source: str
    display_name: str
    language: str


class KernelProposal(Wire, frozen=True, kw_only=True):
    """A kernel package that an environment lacks for a language that it has."""

    language: str
    package: str


class KernelOffers(Wire, frozen=True, kw_only=True):
    """What can be a kernel in an environment, and what could be after an install."""

    offers: list[KernelOffer]
    proposals: list[KernelProposal] = []
