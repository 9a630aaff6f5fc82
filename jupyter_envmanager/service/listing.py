"""Which environments are there, with which kernels, and what works on them?"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ..checks import CheckStore
from ..config import Settings
from ..environments import EnvironmentReader, Places
from ..errors import Conflict, NotFound
from ..jobs.queue import JobQueue
from ..jobs.store import ACTIVE
from ..kernels import KernelRegistry
from ..models import Environment, Environments, Job
from ..sharing import shared_places
from ..siteconfig import Site


class Listing:
    """Lists environments; all of it blocks.

    Parameters
    ----------
    settings:
        conda's configuration, as it is now.
    with_checks:
        Adds what the last GPU checks have found.
    """

    def __init__(
        self,
        site: Site,
        reader: EnvironmentReader,
        queue: JobQueue,
        registry: KernelRegistry,
        checks: CheckStore,
        *,
        settings: Callable[[], Settings],
        with_checks: Callable[[list[Environment]], list[Environment]],
    ) -> None:
        self._site = site
        self._reader = reader
        self._queue = queue
        self._registry = registry
        self._checks = checks
        self._settings = settings
        self._with_checks = with_checks
        #: The prefix of each environment that the last listing has found, by id.
        self.prefixes: dict[str, Path] = {}

    def on_disk(self) -> list[Environment]:
        """The environments on disk, without what works on them."""
        return self._reader.list(self._places())[0]

    def all(self) -> Environments:
        """All environments, with their kernels and the jobs that work on them."""
        found, problems = self._reader.list(self._places())
        self.prefixes = prefixes = {environment.id: Path(environment.prefix) for environment in found}
        active = {job.environment: job for job in self._queue.jobs() if job.state in ACTIVE}
        names = self._kernels(found)
        environments = [
            msgspec.structs.replace(
                environment,
                kernels=names.get(environment.id, []),
                job=active[environment.id].id if environment.id in active else None,
            )
            if environment.id in names or environment.id in active
            else environment
            for environment in self._with_checks(found)
        ]
        environments += [
            _building(job) for key, job in active.items() if key not in prefixes and job.action == "create"
        ]
        return Environments(environments=environments, problems=problems)

    def _kernels(self, found: Sequence[Environment]) -> dict[str | None, list[str]]:
        names: dict[str | None, list[str]] = {}
        for kernel in self._registry.list(found, self._checks.all()):
            if not kernel.orphan:
                names.setdefault(kernel.environment, []).append(kernel.name)
        return names

    def _places(self) -> Places:
        settings = self._settings()
        site = self._site
        return Places(
            envs_dirs=settings.envs_dirs,
            extra_roots=tuple(site.extra_roots),
            root_prefix=settings.root_prefix,
            server_prefix=site.server_prefix,
            environments_txt=site.environments_txt,
            shared=tuple(shared_places(site.shared_locations)[0]) if site.shared_locations else (),
        )


def named(listed: Sequence[Environment], text: str) -> Environment:
    """The one of them with this id, name or prefix.

    Raises
    ------
    NotFound
        There is none.
    Conflict
        Several have the name; the hint lists their folders.
    """
    real = os.path.realpath(Path(text).expanduser())
    exact = [env for env in listed if env.id == text or (os.sep in text and os.path.realpath(env.prefix) == real)]
    found = exact or [env for env in listed if env.name == text]
    if not found:
        raise NotFound(f"There is no environment “{text}”.", hint="See “jupyter envmanager list”.")
    if len(found) > 1:
        places = ", ".join(env.prefix for env in found)
        raise Conflict(f"Several environments are called “{text}”.", hint=f"Give the folder: {places}.")
    return found[0]


def _building(job: Job) -> Environment:
    prefix = Path(job.prefix)
    return Environment(
        id=job.environment,
        name=prefix.name,
        prefix=job.prefix,
        kind="named",
        location=str(prefix.parent),
        state="building",
        job=job.id,
        modified=job.created,
    )
