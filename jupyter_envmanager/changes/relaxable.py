"""What a file asks for has no answer in an environment -> the error that says what could stand for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import EnvManagerError
from ..previews import Previewer
from ..pypi import PypiSettings
from ..specfiles.condaspecs import name_of
from ..words import some
from .likeness import Asked
from .present import Present

if TYPE_CHECKING:
    from ..engine.change import Record
    from ..engine.channels import Channels


async def relaxable(
    error: EnvManagerError, asked: Asked, present: Present, channels: Channels, previewer: Previewer, pypi: PypiSettings
) -> EnvManagerError:
    """The error with the relaxations of the file's specs, beside what stays of the environment."""
    from ..engine import relaxing, solve

    settings, installed = asked.settings, present.installed
    stays = installed.requested if asked.only is None else asked.only
    virtual = await previewer.virtual_packages(present.target)

    async def answer(texts: list[str], preferred: Sequence[Record]) -> Sequence[Record]:
        named = {name_of(text) for text in texts}
        wanted = [*texts, *(spec for name, spec in stays.items() if name not in named)]
        return await solve.find_records(
            channels,
            await asyncio.to_thread(solve.parse_specs, wanted),
            priority=settings.channel_priority,
            constraints=[*installed.pins.values(), *settings.pinned_packages],
            virtual=virtual,
            locked=preferred,
            explain=False,
        )

    strict = settings.channel_priority == "strict"
    if asked.only is None and (names := [one["name"] for one in error.details.get("against", ())]):
        error.hint = (
            f"Update with everything else removed (“prune”), remove {some(names)} first, or ask for another version."
        )
    return await relaxing.explained(error, asked.file_specs, channels, answer, pypi, strict=strict)
