"""What goes with an environment, and the job that removes it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from ..environments import EnvironmentReader
from ..errors import Busy, NotAllowed
from ..jobs.queue import JobQueue
from ..jobs.store import RemoveAction
from ..models import Environment, Job, Kernel, Kernels, RemovalPreview
from ..siteconfig import Site


class RemovalService:
    """Removes environments.

    Parameters
    ----------
    find:
        An environment by id; raises NotFound.
    kernels:
        All kernelspecs.
    """

    def __init__(
        self,
        site: Site,
        queue: JobQueue,
        reader: EnvironmentReader,
        *,
        find: Callable[[str], Awaitable[Environment]],
        kernels: Callable[[], Awaitable[Kernels]],
    ) -> None:
        self._site = site
        self._queue = queue
        self._reader = reader
        self._find = find
        self._kernels = kernels

    async def preview(self, environment: str) -> RemovalPreview:
        """What removing an environment takes away.

        Raises
        ------
        NotAllowed
            It is protected, or the folder that holds it cannot be written.
        """
        found = await self._find(environment)
        _check_removable(found)
        await self._queue.prepare()
        size, files = await asyncio.to_thread(self._reader.measure, Path(found.prefix))
        kernels = await self._kernels_of(found)
        return RemovalPreview(environment=found.id, prefix=found.prefix, kernels=kernels, size=size, files=files)

    async def remove(self, environment: str) -> Job:
        """Submit the job that removes an environment and its kernels.

        Raises
        ------
        NotAllowed, Busy
        """
        found = await self._find(environment)
        if found.job is not None:
            raise Busy(
                f"A job works on {found.name}.",
                hint="Wait for it, or cancel it under “Activity”.",
                job=found.job,
            )
        _check_removable(found)
        action = RemoveAction(
            prefix=found.prefix,
            environment=found.id,
            kernels=[kernel.name for kernel in await self._kernels_of(found)],
            kernels_dir=str(self._site.kernels_dir),
            shared_kernels_dir=str(self._site.group_kernels_dir) if self._site.group_kernels_dir else None,
            environments_txt=str(self._site.environments_txt),
        )
        return await self._queue.submit(action, kind="remove", title=f"Remove {found.name}")

    async def _kernels_of(self, environment: Environment) -> list[Kernel]:
        """The kernelspecs that are of no use, and ours to remove, once their environment is gone."""
        kernels = (await self._kernels()).kernels
        return [kernel for kernel in kernels if kernel.environment == environment.id and kernel.writable]


def _check_removable(environment: Environment) -> None:
    if environment.protected:
        raise NotAllowed(
            f"{environment.name} cannot be removed: {environment.protected_reason}", hint="Choose another environment."
        )
    if environment.kind == "venv":
        raise NotAllowed(
            f"{environment.name} is a virtual environment of another tool.",
            hint=f"Remove the folder {environment.prefix} yourself.",
        )
    parent = Path(environment.prefix).parent
    if not os.access(parent, os.W_OK | os.X_OK):
        raise NotAllowed(
            f"You may not write in {parent}, which holds {environment.name}.", hint="Ask the owner of that folder."
        )
