"""Where may a user make environments, and read files?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..config import Settings
from ..engine.workplace import FOLDER
from ..environments import is_environment
from ..errors import Invalid, NotAllowed
from ..models import FolderListing, NewEnvironment
from ..sharing import SharedPlace, innermost, may_give, not_a_member, shared_places
from .free import check_free
from .locations import default_location
from .names import check_name
from .picker import listing

# Longer ones no file can have (limits.h: PATH_MAX, NAME_MAX).
_PATH_BYTES, _PART_BYTES = 4095, 255


class Targets:
    """The places that this user, on this site, may create environments in.

    Parameters
    ----------
    allowed_roots:
        Folders below which path environments may be made; the settings' ``envs_dirs`` are always allowed.
    home:
        What ``~`` stands for.
    shared:
        The site's ``shared_locations``.
    root:
        The server's own, that relative paths start from.
    """

    def __init__(
        self,
        allowed_roots: Sequence[Path],
        home: Path,
        shared: Sequence[Mapping[str, Any]] = (),
        root: Path | None = None,
    ) -> None:
        self._shared = shared
        self.root = root
        self.roots = [root.expanduser() if str(root).startswith("~") else root for root in allowed_roots]
        self.home = home

    def resolve(self, request: NewEnvironment, settings: Settings) -> Path:
        """The prefix that a request asks for.

        Raises
        ------
        Invalid, NotAllowed, Conflict
            With the ``field`` of the request that is at fault.
        """
        if (request.name is None) == (request.prefix is None):
            raise Invalid("Give the environment a name or a folder.", hint="One of the two, not both.", field="name")
        if request.name is not None:
            folder = self._location(request.location, settings)
            prefix, field = folder / check_name(request.name), "name"
        else:
            prefix, field = self._folder(request.prefix or ""), "prefix"
            self._check_allowed(prefix, settings)
        check_free(prefix, field)
        self._check_group(prefix)
        return prefix

    def folders(self, settings: Settings) -> list[Path]:
        """Where environments may be made by name: the ``envs_dirs``, then what groups share."""
        return list(dict.fromkeys([*settings.envs_dirs, *(Path(place.path) for place in self._places())]))

    def _places(self) -> list[SharedPlace]:
        return shared_places(self._shared)[0] if self._shared else []

    def _check_group(self, prefix: Path) -> None:
        place = innermost(os.path.realpath(prefix), self._places())
        if place is not None and not may_give(place):
            raise not_a_member(place)

    def _location(self, wanted: str | None, settings: Settings) -> Path:
        if wanted is None:
            return default_location(settings)
        if wanted.isprintable():
            for folder in self.folders(settings):
                if os.path.realpath(folder) == os.path.realpath(wanted):
                    return folder
        raise Invalid(f"{wanted} is not a location for environments.", hint="Choose one of the list.", field="location")

    def _folder(self, text: str, field: str = "prefix") -> Path:
        if not text.isprintable():
            raise Invalid("The folder holds characters that no path can have.", field=field)
        expanded = str(self.home) + text[1:] if text == "~" or text.startswith("~/") else text
        path = Path(expanded)
        if not path.is_absolute():
            raise Invalid(f"“{text}” is not a full path.", hint="Begin with / or ~/.", field=field)
        if ".." in path.parts:
            raise Invalid("A folder may not contain “..”.", hint="Write the full path.", field=field)
        if FOLDER in path.parts:
            raise Invalid(f"“{FOLDER}” is where environments are built.", hint="Choose another folder.", field=field)
        if len(os.fsencode(path)) > _PATH_BYTES or any(len(os.fsencode(part)) > _PART_BYTES for part in path.parts):
            raise Invalid("The path is longer than any can be.", hint="Check it.", field=field)
        return path

    def _check_allowed(self, prefix: Path, settings: Settings) -> None:
        true = Path(os.path.realpath(prefix))
        roots = [*self.roots, *self.folders(settings)]
        if not any(true.is_relative_to(os.path.realpath(root)) for root in roots):
            raise NotAllowed(
                f"{prefix} is outside the folders where environments may be made.",
                hint=f"Choose a folder below {', '.join(str(root) for root in self.roots)}.",
                field="prefix",
            )
        for folder in true.parents:
            if is_environment(folder):
                raise Invalid(
                    f"{prefix} lies inside the environment {folder}.",
                    hint="Choose a folder that is not part of an environment.",
                    field="prefix",
                )

    def file(self, text: str, root: Path | None = None) -> Path:
        """The file, or folder, that a request names: absolute, or relative to ``root`` (the server's).

        Raises
        ------
        Invalid, NotAllowed
        """
        root = root or self.root or self.home
        path = self._folder(text if text.startswith(("/", "~")) else f"{root}/{text}", "source")
        true = Path(os.path.realpath(path))
        roots = list(dict.fromkeys([root, *self.roots]))
        if not any(true.is_relative_to(os.path.realpath(one)) for one in roots):
            raise NotAllowed(
                f"{path} is outside the folders that may be used here.",
                hint=f"Choose a place below {', '.join(str(one) for one in roots)}.",
                field="source",
            )
        for folder in (true, *true.parents):
            if is_environment(folder):
                raise Invalid(
                    f"{path} lies inside the environment {folder}.", hint="Choose another folder.", field="source"
                )
        return path

    def listing(self, text: str | None, settings: Settings) -> FolderListing:
        """The sub-folders of a folder, for the folder picker; of the first allowed root when ``text`` is None."""
        roots = [root for root in dict.fromkeys([*self.roots, *self.folders(settings)]) if root.is_dir()]
        path = self._folder(text) if text else (roots[0] if roots else self.home)
        true = Path(os.path.realpath(path))
        if not any(true.is_relative_to(os.path.realpath(root)) for root in roots):
            raise NotAllowed(f"{path} is not a folder to choose from.", hint="Choose one of the roots.", field="prefix")
        return listing(path, roots)
