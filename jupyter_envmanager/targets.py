"""Where may a new environment go, and what may it be called?"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .config import Settings
from .engine.workplace import FOLDER
from .environments import is_environment, is_vacant
from .errors import Conflict, Invalid, NotAllowed, NotFound
from .models import Folder, FolderListing, Location, NewEnvironment, Problem
from .sharing import SharedPlace, innermost, may_give, not_a_member, shared_places

# What conda refuses (https://docs.conda.io/projects/conda/en/stable/commands/create.html), and control characters.
_FORBIDDEN = re.compile(r"[/\\:#\x00-\x1f\x7f]")
_RESERVED = frozenset({"base", "root"})
NAME_LENGTH = 100
# Packages are built with a placeholder of 255 bytes where the prefix goes:
# https://docs.conda.io/projects/conda-build/en/stable/resources/make-relocatable.html
PREFIX_BYTES = 240
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
        try:
            entries = sorted(os.scandir(path), key=lambda entry: entry.name.lower())
        except FileNotFoundError as error:
            raise NotFound(f"{path} does not exist.", hint="Refresh the list.", field="prefix") from error
        except PermissionError as error:
            raise NotAllowed(f"You may not read {path}.", hint="Choose another folder.", field="prefix") from error
        except OSError as error:
            raise Invalid(
                f"{path} cannot be listed: {error.strerror}.", hint="Choose another folder.", field="prefix"
            ) from error
        folders = [
            Folder(
                name=entry.name,
                path=entry.path,
                writable=os.access(entry.path, os.W_OK | os.X_OK),
                environment=is_environment(Path(entry.path)),
            )
            for entry in entries
            if entry.is_dir() and not entry.name.startswith(".")
        ]
        at_root = any(true == Path(os.path.realpath(root)) for root in roots)
        free, files = free_space(path)
        return FolderListing(
            path=str(path),
            parent=None if at_root else str(path.parent),
            roots=[str(root) for root in roots],
            writable=os.access(path, os.W_OK | os.X_OK),
            free=free,
            free_files=files,
            folders=folders,
        )


def check_name(name: str) -> str:
    """The name, if an environment may be called that.

    Raises
    ------
    Invalid
        Says which character or length is at fault; ``field="name"``.
    """
    if not name.strip():
        raise Invalid("The environment needs a name.", field="name")
    if not name.isprintable() and not any(letter.isspace() for letter in name):
        raise Invalid("The name holds characters that cannot be seen.", hint="Type it anew.", field="name")
    if any(letter.isspace() for letter in name):
        raise Invalid("A name cannot contain blanks.", hint=_instead(name), field="name")
    if found := _FORBIDDEN.search(name):
        raise Invalid(
            f"A name cannot contain “{found.group(0)}”.",
            hint=f"{_instead(name)} To choose a folder, use “choose a folder instead”.".lstrip(),
            field="name",
        )
    if name[0] in "-.":
        raise Invalid(f"A name cannot begin with “{name[0]}”.", hint="Begin with a letter or a digit.", field="name")
    if len(name) > NAME_LENGTH or len(os.fsencode(name)) > 255:
        raise Invalid(f"The name has {len(name)} characters, {NAME_LENGTH} are allowed.", field="name")
    if name.lower() in _RESERVED:
        raise Invalid(f"“{name}” is conda's name for its own environment.", hint="Choose another.", field="name")
    return name


def _instead(name: str) -> str:
    """The name without anything that is forbidden, as a hint; empty where nothing is left."""
    legal = re.sub(r"[\s/\\:#\x00-\x1f\x7f]+", "-", name).strip("-.")
    return f"Try “{legal}”." if legal else ""


def check_free(prefix: Path, field: str) -> None:
    """Check that an environment can be made at ``prefix``.

    Raises
    ------
    Conflict
        There is something already.
    NotAllowed
        The folder cannot be written.
    Invalid
        The path is too long to be baked into packages.
    """
    if len(os.fsencode(prefix)) > PREFIX_BYTES:
        raise Invalid(
            f"The folder's path has {len(os.fsencode(prefix))} bytes, {PREFIX_BYTES} are the limit of conda packages.",
            hint="Choose a shorter name or a folder nearer to the root.",
            field=field,
        )
    if os.path.lexists(prefix):
        if is_environment(prefix):
            raise Conflict(f"There is already an environment at {prefix}.", hint="Choose another name.", field=field)
        if not is_vacant(prefix):
            raise Conflict(f"{prefix} is there already and not empty.", hint="Choose another folder.", field=field)
    parent = nearest_folder(prefix.parent)
    if not parent.is_dir():
        raise Conflict(f"{parent} is a file, not a folder.", hint="Choose another folder.", field=field)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise NotAllowed(
            f"You may not write in {parent}.", hint="Choose a location that is yours, or ask its owner.", field=field
        )


def nearest_folder(path: Path) -> Path:
    """The nearest thing at or above ``path`` that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def free_space(path: Path) -> tuple[int | None, int | None]:
    """Bytes and files that can still be written at (or above) ``path``; None where the system does not say."""
    folder = nearest_folder(path)
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return None, None
    if not hasattr(os, "statvfs"):
        return free, None
    counts = os.statvfs(folder)
    # Some filesystems make inodes as they need them and say 0.
    return free, counts.f_favail if counts.f_files else None


def too_full(
    path: Path, needed: int, what: str, hint: str = "Free some space or choose another location."
) -> list[Problem]:
    """A warning where there is less room at ``path`` than the bytes that ``what`` may need."""
    free, _ = free_space(path)
    if free is None or free >= needed:
        return []
    return [
        Problem(
            code="no_space",
            message=f"The location may be too full for this {what}.",
            hint=hint,
            details={"free": free, "needed": needed},
        )
    ]


def default_location(settings: Settings) -> Path:
    """The first of the ``envs_dirs`` that can be written, as conda chooses.

    Raises
    ------
    NotAllowed
        None can.
    """
    for folder in settings.envs_dirs:
        if os.access(nearest_folder(folder), os.W_OK | os.X_OK):
            return folder
    tried = ", ".join(str(folder) for folder in settings.envs_dirs)
    raise NotAllowed(
        f"None of the folders for environments can be written: {tried}.",
        hint="Set envs_dirs in ~/.condarc, or choose a folder instead of a name.",
        field="name",
    )


def locations(settings: Settings, home: Path, shared: Sequence[SharedPlace] = ()) -> list[Location]:
    """The ``envs_dirs``, and the folders that groups share, as the panel shows them."""
    places = {place.path: place for place in shared}
    try:
        default = default_location(settings)
    except NotAllowed:
        default = None
    found: list[Location] = []
    for folder in [*settings.envs_dirs, *map(Path, places)]:
        real = os.path.realpath(folder)
        if any(os.path.realpath(known.path) == real for known in found):
            continue
        place = places.get(real)
        free, files = free_space(folder)
        writable = os.access(nearest_folder(folder), os.W_OK | os.X_OK)
        if not writable and not folder.is_dir():
            continue
        found.append(
            Location(
                path=str(folder),
                label=place.label if place is not None else _label(folder, home, folder == default),
                writable=writable,
                exists=folder.is_dir(),
                default=folder == default,
                free=free,
                free_files=files,
                group=place.group if place is not None else None,
                access=place.access if place is not None else None,
            )
        )
    return found


def _label(folder: Path, home: Path, default: bool) -> str:
    if default:
        return "My environments"
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
