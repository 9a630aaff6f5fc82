"""Which location of environments does somebody mean who types its label, or its folder?"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import Invalid
from ..models import Location
from ..service import EnvManagerService
from ..words import some


def add_option(parser: argparse.ArgumentParser) -> None:
    """The option of commands that make an environment by name."""
    parser.add_argument(
        "--location",
        metavar="LABEL-OR-FOLDER",
        help="where to make it, as the panel names the place, such as that of a group; or its folder",
    )


async def chosen(service: EnvManagerService, options: argparse.Namespace) -> str | None:
    """The folder of the location that the options name; None for the default one.

    Raises
    ------
    Invalid
        It is none, or not the only one of that label; or a folder is given for the environment itself.
    """
    if options.location is None:
        return None
    if options.prefix:
        raise Invalid("--prefix says where the environment is already.", hint="Leave out --location, or give a name.")
    return meant(options.location, (await service.status()).locations)


def meant(text: str, places: Sequence[Location]) -> str:
    """The folder of the location with this label, or path. Raises Invalid where there is none, or several."""
    by_path = [place.path for place in places if os.path.realpath(place.path) == _folder(text)]
    exact = [place.path for place in places if place.label == text]
    alike = [place.path for place in places if _plain(place.label) == _plain(text)]
    # A label is no folder that happens to be where the command runs.
    written_as_path = text.startswith("~") or os.sep in text
    found = by_path or exact or alike if written_as_path else exact or alike or by_path
    if len(found) > 1:
        raise Invalid(
            f"{len(found)} locations are called “{text}”: {some(found, 5)}.",
            hint="Give the folder of the one you mean.",
        )
    if not found:
        known = some([f"“{place.label}” ({place.path})" for place in places], 8)
        raise Invalid(f"There is no location “{text}”.", hint=f"There are: {known}.")
    return found[0]


def _plain(label: str) -> str:
    return label.strip().casefold()


def _folder(text: str) -> str | None:
    # There may be no such user, and no such path.
    with suppress(RuntimeError, ValueError):
        return os.path.realpath(Path(text).expanduser())
    return None
