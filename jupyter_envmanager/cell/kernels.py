"""Kernels from a cell: ``from jupyter_envmanager import kernels``, then ``kernels.create()``."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping, Sequence

from ..errors import NotAllowed
from ..models import Kernel, LogoInitials, NewKernel
from ..service import EnvManagerService
from ..words import table
from .running import run


class KernelInfo:
    """A kernelspec, as a cell shows it; has all attributes of `models.Kernel`."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def __getattr__(self, name: str) -> object:
        return getattr(self._kernel, name)

    def __dir__(self) -> builtins.list[str]:
        return [*self._kernel.__struct_fields__]

    def __repr__(self) -> str:
        kernel = self._kernel
        where = f"runs in {kernel.prefix}" if kernel.prefix else "runs in no environment that is known"
        troubles = "".join(f"\n  {problem.message} {problem.hint}".rstrip() for problem in kernel.problems)
        return f"Kernel “{kernel.display_name}” ({kernel.name}) {where}{troubles}"


class KernelInfos(builtins.list[KernelInfo]):
    """Several of them, shown as a table."""

    def __repr__(self) -> str:
        kernels = [one._kernel for one in self]
        rows = [[one.name, one.display_name, one.language, one.prefix or ""] for one in kernels]
        return table(["NAME", "DISPLAY NAME", "LANGUAGE", "ENVIRONMENT"], rows) or "No kernels."


def create(
    environment: str | None = None,
    display_name: str | None = None,
    name: str | None = None,
    *,
    source: str | None = None,
    template: str = "",
    variables: Mapping[str, str] | None = None,
    modules: Sequence[str] = (),
    arguments: Sequence[str] = (),
    user_site: bool = False,
    initials: str | None = None,
    color: str | None = None,
) -> KernelInfo:
    """Register a kernel in the user's folder; launcher and kernel picker show it at once.

    Parameters
    ----------
    environment:
        Name, folder or id; by default the one that this very Python runs in.
    display_name, name:
        What the launcher shows, and the name of its folder. By default they are made from the environment's name.
    source:
        Which of the kernels that the environment brings.
    template:
        The template to make it from.
    variables, modules, arguments:
        Variables to set, environment modules to load first, and more words for its command line.
    user_site:
        Let it see the packages of ``~/.local``.
    initials, color:
        One to three letters on a colour (``#rrggbb``) as its logo.

    Raises
    ------
    NotFound, Invalid, Conflict, NotAllowed
        With a sentence that says what to do.
    """
    logo = LogoInitials(initials=initials, color=color) if initials or color else None

    async def register(service: EnvManagerService) -> Kernel:
        found = await service.find(environment or sys.prefix)
        request = NewKernel(
            environment=found.id,
            display_name=display_name,
            name=name,
            source=source,
            template=template,
            variables=dict(variables or {}),
            modules=[*modules],
            arguments=[*arguments],
            user_site=user_site,
            logo=logo,
        )
        return await service.kernels.register(request)

    return KernelInfo(run(register))


def list() -> KernelInfos:
    """All kernels that Jupyter sees, with the environment of each."""

    async def listed(service: EnvManagerService) -> builtins.list[Kernel]:
        return (await service.kernels.list()).kernels

    return KernelInfos(KernelInfo(kernel) for kernel in run(listed))


def remove(name: str, *, force: bool = False) -> None:
    """Remove a kernelspec; one that was not written by us only with ``force``.

    Raises
    ------
    NotFound, NotAllowed
    """

    async def gone(service: EnvManagerService) -> None:
        kernel = await service.kernels.named(name)
        if not kernel.stamped and not force:
            raise NotAllowed(
                f"The kernel “{kernel.display_name}” was not written by jupyter_envmanager.",
                hint=f"Its folder is {kernel.path}. Use force=True if it should go.",
            )
        await service.kernels.remove(kernel.name, force=force)

    run(gone)
