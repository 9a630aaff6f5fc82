"""Environments as archives, to carry to machines without network."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import get_args

from ..errors import Busy, Conflict, Invalid, NotAllowed, NotFound
from ..jobs.queue import JobQueue
from ..jobs.store import PackAction
from ..models import ArchiveFormat, Environment, Job, PackRequest
from ..pypi.installed import distributions, site_folders
from ..siteconfig import Site
from ..targets import Targets

_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f]")
_LONGEST = 200


class PackService:
    """Submits the jobs that pack.

    Parameters
    ----------
    find:
        An environment by id; raises NotFound.
    targets:
        Where files may be written.
    """

    def __init__(
        self,
        site: Site,
        queue: JobQueue,
        *,
        find: Callable[[str], Awaitable[Environment]],
        targets: Targets,
    ) -> None:
        self._site = site
        self._queue = queue
        self._find = find
        self._targets = targets

    async def pack(self, environment: str, request: PackRequest) -> Job:
        """Submit the job that writes the archive of an environment.

        Raises
        ------
        NotFound, NotAllowed, Invalid, Conflict, Busy
            With the field at fault.
        """
        found = await self._find(environment)
        await asyncio.to_thread(_check, found)
        archive = await asyncio.to_thread(self._archive, found, request)
        await self._queue.prepare()
        action = PackAction(
            prefix=found.prefix,
            environment=found.id,
            archive=str(archive),
            format=request.format,
            kernels_dir=str(self._site.kernels_dir),
            environments_txt=str(self._site.environments_txt),
        )
        return await self._queue.submit(action, kind="pack", title=f"Pack {found.name}")

    def _archive(self, environment: Environment, request: PackRequest) -> Path:
        folder = self._targets.file(request.folder or str(self._site.server_root))
        if not folder.is_dir():
            raise NotFound(f"There is no folder {folder}.", hint="Choose another one.", field="folder")
        archive = folder / _filename(environment, request)
        if os.path.lexists(archive):
            raise Conflict(f"{archive} is there already.", hint="Choose another name.", field="filename")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise NotAllowed(f"You may not write in {folder}.", hint="Choose a folder that is yours.", field="folder")
        return archive


def _check(environment: Environment) -> None:
    """Refuse what could not be unpacked elsewhere."""
    name = environment.name
    if environment.state == "building":
        raise Busy(f"{name} is not there yet.", hint="Wait for its job.")
    if environment.kind == "venv":
        raise Invalid(
            f"{name} is a venv, whose Python lies elsewhere, so it would not work on another machine.",
            hint="Export its requirements.txt, and make an environment from that there.",
        )
    if projects := _editable(Path(environment.prefix)):
        one = len(projects) == 1
        raise Invalid(
            f"{', '.join(projects)} {'is' if one else 'are'} installed from a folder outside of {name} (editable), "
            "which would not be in the archive.",
            hint=f"Install {'it' if one else 'them'} without -e first, then pack.",
        )


def _editable(prefix: Path) -> list[str]:
    installed = (dist for folder in site_folders(prefix) for dist in distributions(folder))
    return sorted({dist.name for dist in installed if dist.source.startswith("-e ")})


def _filename(environment: Environment, request: PackRequest) -> str:
    """The archive's name; what it ends with says its format.

    Raises
    ------
    Invalid
        ``field="filename"``
    """
    ending = f".{request.format}"
    plain = re.sub(r"[^\w.-]+", "-", environment.name).strip("-.") or "environment"
    name = request.filename.strip() or f"{plain}-{time.strftime('%Y-%m-%d')}{ending}"
    if _FORBIDDEN.search(name) or name.startswith(".") or len(os.fsencode(name)) > _LONGEST:
        raise Invalid(
            f"“{name[:_LONGEST]}” cannot be a file's name here.",
            hint="Use letters, digits, dots and dashes.",
            field="filename",
        )
    others = [one for one in get_args(ArchiveFormat) if one != request.format and name.endswith(f".{one}")]
    if others:
        raise Invalid(
            f"“{name}” ends like a {others[0]}, and a {request.format} was asked for.",
            hint=f"Let it end with {ending}, or choose the other format.",
            field="filename",
        )
    return name if name.endswith(ending) else name + ending
