"""Can the group use an environment, and who can change it?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from ..environments import environment_id
from ..environments.unchangeable import root_folders
from ..errors import Busy, NotAllowed
from ..models import Environment, Sharing
from ..sharing import SharedPlace, shared_place, shared_places
from ..siteconfig import Site


class SharingService:
    """What others may do with environments.

    Parameters
    ----------
    find:
        An environment by id; raises NotFound.
    """

    def __init__(self, site: Site, *, find: Callable[[str], Awaitable[Environment]]) -> None:
        self._site = site
        self._find = find

    async def check(self, environment: str) -> Sharing:
        """Who can read an environment really, folders on the way included; raises NotFound."""
        return await asyncio.to_thread(self._check, Path((await self._find(environment)).prefix))

    def _check(self, prefix: Path) -> Sharing:
        from ..sharing.check import check

        return check(prefix, shared_place(prefix, self._site.shared_locations))

    async def repair(self, environment: str) -> Sharing:
        """Put right what this user may put right; what is left is in the answer.

        Raises
        ------
        NotFound, NotAllowed, Busy
        """
        found = await self._find(environment)
        if found.job is not None:
            raise Busy(
                f"A job works on {found.name}.", hint="Wait for it, or cancel it under “Activity”.", job=found.job
            )
        return await asyncio.to_thread(self._repair, found)

    def _repair(self, found: Environment) -> Sharing:
        from ..engine.workplace import Workplace
        from ..jobs.lock import read_holder
        from ..sharing.check import repair

        prefix = Path(found.prefix)
        place = shared_place(prefix, self._site.shared_locations)
        if place is None:
            raise NotAllowed(
                f"{found.name} is in no location that a group shares.",
                hint="To share it, clone it into a location of your group.",
            )
        self._refuse_what_others_need(found, prefix, place)
        holder = read_holder(Workplace(prefix, environment_id(prefix)).lock_file)
        if holder is not None:
            raise Busy(f"{found.name} is in use: {holder.words()}.", hint="Try again when that is done.")
        return repair(prefix, place)

    def _refuse_what_others_need(self, found: Environment, prefix: Path, place: SharedPlace) -> None:
        """Refuse to touch what holds more than one group's environment, or what is kept as it is."""
        real = Path(os.path.realpath(prefix))
        others = shared_places(self._site.shared_locations)[0]
        if any(other != place and real in (path := Path(other.path), *path.parents) for other in others):
            why = "another shared location lies in it"
        elif roots := root_folders(str(real)):
            why = f"it holds {' and '.join(f'“{name}”' for name in roots)}, which other environments depend on"
        elif found.protected or found.frozen:
            why = found.unchangeable.rstrip(".") or "it is kept as it is"
            raise NotAllowed(f"{found.name} is not put right here. {why}.", hint="Its owner can, with chgrp and chmod.")
        else:
            return
        raise NotAllowed(
            f"{found.name} is not put right as a whole: {why}.", hint="Put right the environments that are in it."
        )
