"""The use cases of kernels: listed, registered, edited, moved, test-started, removed."""

from __future__ import annotations

import asyncio
import builtins
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from ..checks import CheckStore
from ..errors import Invalid, NotAllowed, NotFound
from ..kernels import KernelRegistry, check_kernel, offers
from ..models import (
    Environment,
    Kernel,
    KernelCheck,
    KernelCopy,
    KernelEdit,
    KernelMove,
    KernelOffers,
    Kernels,
    KernelSettings,
    NewKernel,
    Packages,
)
from ..siteconfig import Site

KERNEL_CHECK_SECONDS = 60.0


class KernelService:
    """Everything a user can do with kernels.

    Parameters
    ----------
    site:
        The site's settings.
    registry:
        The kernelspecs.
    checks:
        The results of test starts.
    listing:
        The environments on disk; may block.
    find:
        One of them by id; raises NotFound.
    packages:
        The installed packages of one, by id.
    """

    def __init__(
        self,
        site: Site,
        registry: KernelRegistry,
        checks: CheckStore,
        *,
        listing: Callable[[], Sequence[Environment]],
        find: Callable[[str], Awaitable[Environment]],
        packages: Callable[[str], Awaitable[Packages]],
    ) -> None:
        self._site = site
        self._registry = registry
        self._checks = checks
        self._listing = listing
        self._find = find
        self._packages = packages
        self._checking: dict[str, asyncio.Future[KernelCheck]] = {}
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="kernel-check")

    async def list(self) -> Kernels:
        """All kernelspecs with the environment of each, the templates for new ones, and where they can be moved."""
        return await asyncio.to_thread(self._all)

    def _all(self) -> Kernels:
        me, group = self._registry.folders()
        templates, problems = self._registry.templates()
        return Kernels(
            kernels=self._kernels(),
            templates=templates,
            me=me,
            group=group,
            problems=problems,
        )

    def _kernels(self) -> builtins.list[Kernel]:
        environments = self._listing()
        changed = {environment.id: environment.modified for environment in environments}
        kernels = self._registry.list(environments, self._checks.all())
        return [_since(kernel, changed.get(kernel.environment or "")) for kernel in kernels]

    async def named(self, name: str) -> Kernel:
        """One kernel; raises NotFound."""
        for kernel in await asyncio.to_thread(self._kernels):
            if kernel.name == name.lower():
                return kernel
        raise NotFound(f"There is no kernel “{name}”.", hint="Refresh the list.")

    async def settings(self, name: str) -> KernelSettings:
        """What an editor shows of one kernel; raises NotFound."""
        return await asyncio.to_thread(
            lambda: self._registry.settings(name, self._listing(), self._checks.all()),
        )

    async def offers(self, environment: str) -> KernelOffers:
        """What can be a kernel in an environment.

        Raises
        ------
        NotFound, NotAllowed
        """
        found = await self._find(environment)
        names = [package.name for package in (await self._packages(environment)).packages]
        try:
            return await asyncio.to_thread(offers, Path(found.prefix), names)
        except OSError as error:
            raise NotAllowed(
                f"What {found.name} has as kernels cannot be read: {error.strerror or error}.",
                hint="Ask the owner of its folder for the right to read it.",
                field="environment",
            ) from error

    async def register(self, request: NewKernel) -> Kernel:
        """Register a kernel for an environment that is there.

        Raises
        ------
        NotFound
            There is no such environment.
        Invalid
            It has no kernel package, or a field of the request cannot be used.
        Conflict
            The name is taken.
        """
        found = await self._find(request.environment)
        can = await self.offers(request.environment)
        if not can.offers:
            packages = ", ".join(proposal.package for proposal in can.proposals)
            raise Invalid(
                f"{found.name} has no kernel package.",
                hint=f"Install {packages} there first." if packages else "Install the kernel of your language first.",
                field="environment",
            )
        kernel = await asyncio.to_thread(
            lambda: self._registry.register(
                prefix=Path(found.prefix),
                environment=found.id,
                display_name=request.display_name or found.name,
                name=request.name or self._registry.propose_name(found.name),
                request=request,
            )
        )
        return await self.named(kernel.name)

    async def edit(self, name: str, edit: KernelEdit, *, force: bool = False) -> Kernel:
        """Change a kernelspec; one that we did not write only with ``force``.

        Raises
        ------
        NotFound, NotAllowed, Invalid
        """
        kernel = await self._ours_to_change(name)
        await asyncio.to_thread(self._registry.edit, kernel.name, edit, force=force)
        self._checks.forget(kernel.name)
        return await self.named(kernel.name)

    async def copy(self, name: str, request: KernelCopy) -> Kernel:
        """Make a copy in the user's folder.

        Raises
        ------
        NotFound, Invalid, Conflict
        """
        return await self.named(await asyncio.to_thread(self._registry.copy, name, request))

    async def move(self, name: str, request: KernelMove, *, force: bool = False) -> Kernel:
        """Move a kernelspec between the user's folder and the group's.

        Raises
        ------
        NotFound, NotAllowed, Conflict
        """
        await self._ours_to_change(name)
        await asyncio.to_thread(self._registry.move, name, request.to, force=force)
        return await self.named(name)

    async def rewrite(self, name: str, *, force: bool = False) -> Kernel:
        """Write a kernelspec anew for its environment: the remedy for one that leads nowhere, or elsewhere.

        Raises
        ------
        NotFound, NotAllowed, Invalid
        """
        kernel = await self._ours_to_change(name)
        if kernel.environment is None:
            raise Invalid(
                f"It is not known which environment “{kernel.display_name}” belongs to.",
                hint="Remove it, and register a kernel for the environment you want.",
            )
        environment = await self._find(kernel.environment)
        await asyncio.to_thread(self._registry.rewrite, kernel.name, environment, force=force)
        self._checks.forget(kernel.name)
        return await self.named(name)

    async def check(self, name: str) -> KernelCheck:
        """Start a kernel once and say what it answered; the result is kept.

        Raises
        ------
        NotFound
        """
        kernel = await self.named(name)
        name = kernel.name
        if name in self._checking:
            return await asyncio.shield(self._checking[name])
        if kernel.prefix is None:
            raise Invalid(f"It is not known which environment “{kernel.display_name}” runs in.", field="name")
        self._checks.put(name, KernelCheck(state="running", time=time.time()))
        spec = Path(kernel.path) / "kernel.json"
        # Threads of their own: kernels that hang must not keep others from being answered.
        task = asyncio.ensure_future(
            asyncio.get_running_loop().run_in_executor(
                self._threads, check_kernel, spec, Path(kernel.prefix), KERNEL_CHECK_SECONDS
            )
        )
        self._checking[name] = task
        try:
            result = await asyncio.shield(task)
        finally:
            self._checking.pop(name, None)
        self._checks.put(name, result)
        return result

    async def remove(self, name: str, *, force: bool = False) -> None:
        """Remove a kernelspec; one that we did not write only with ``force``.

        Raises
        ------
        NotFound, NotAllowed
        """
        kernel = await self._ours_to_change(name)
        await asyncio.to_thread(self._registry.remove, kernel.name, force=force)
        self._checks.forget(kernel.name)

    async def _ours_to_change(self, name: str) -> Kernel:
        kernel = await self.named(name)
        if Path(kernel.path).is_relative_to(self._site.server_prefix):
            raise NotAllowed(
                f"The kernel “{kernel.display_name}” belongs to the environment that JupyterLab runs from.",
                hint="It goes with its package. Make a copy to change: “Duplicate”.",
            )
        return kernel

    def stop(self) -> None:
        """Wait for no test start any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _since(kernel: Kernel, changed: float | None) -> Kernel:
    """A kernel without a result that is older than what is installed in its environment now."""
    check = kernel.check
    if check is None or check.state not in ("passed", "failed") or changed is None or check.time is None:
        return kernel
    return msgspec.structs.replace(kernel, check=None) if changed > check.time else kernel
