"""Could another member of the group really use an environment, and what is in the way?

What counts are the bits of files and folders (https://man7.org/linux/man-pages/man7/path_resolution.7.html): those of
the environment, and those of every folder on the way to it. Access control lists are not judged, only mentioned.
"""

# Tens of thousands of system calls one after the other; Path objects would cost more than they do.
# ruff: noqa: PTH116

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from ..environments.plainfile import read_plain
from ..models import Problem, Sharing
from . import hindrances
from .handles import FOLDER, opened, way
from .hindrances import is_mine
from .members import Members, can_use, closed_folders, members_of
from .places import SharedPlace, group_name, user_name
from .rights import PASS, READ, WRITE, give, is_environment, is_private

# Python is led elsewhere by these alone, and by lines of a few hundred letters in all.
_SITE_PACKAGES = "site-packages"
_LARGEST_PATHS = 50_000
# Each costs a look at every folder above it.
_MOST_LEADS = 1000


@dataclass
class _Survey:
    """What a walk has found: how many files and folders there are, and which of them members cannot use."""

    members: Members
    place: SharedPlace | None
    files: int = 0
    unreadable: list[str] = field(default_factory=list)
    unwritable: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)
    outside: dict[str, str] = field(default_factory=dict)
    owners: set[int] = field(default_factory=set)
    private_owners: set[int] = field(default_factory=set)
    _known: dict[tuple[int, int, int, int], bool] = field(default_factory=dict)
    _leads: dict[str, bool] = field(default_factory=dict)

    def may(self, status: os.stat_result, bits: int) -> bool:
        """What differs only in what does not matter here is judged once."""
        key = (status.st_uid, status.st_gid, status.st_mode, bits)
        if key not in self._known:
            self._known[key] = self.members.may(status, bits)
        return self._known[key]

    def folder(self, path: str, status: os.stat_result) -> None:
        """Judge a folder."""
        if not self.may(status, READ | PASS):
            self.unreadable.append(path)
            self.owners.add(status.st_uid)
        elif self.place is not None and self.place.access == "write" and not self.may(status, WRITE):
            self.unwritable.append(path)
            self.owners.add(status.st_uid)

    def file(self, path: str, status: os.stat_result) -> None:
        """Judge a plain file."""
        if self.may(status, READ | (PASS if status.st_mode & stat.S_IXUSR else 0)):
            return
        if self.place is not None and self.place.access == "write" and is_private(status):
            self.private.append(path)
            self.private_owners.add(status.st_uid)
        else:
            self.unreadable.append(path)
            self.owners.add(status.st_uid)

    def leads(self, path: str, leads: str) -> None:
        """Judge what a file or link leads to."""
        if leads not in self._leads and len(self._leads) < _MOST_LEADS:
            self._leads[leads] = can_use(leads, self.members)
        if not self._leads.get(leads, True):
            self.outside[path] = leads


def check(prefix: Path, place: SharedPlace | None) -> Sharing:
    """Who can use the environment at ``prefix``, and who can change it; blocks for a look at every file.

    Parameters
    ----------
    place:
        The group's place that it is in; None where it is in none.
    """
    real = os.path.realpath(prefix)
    owner = os.stat(real).st_uid
    if place is None:
        return _unshared(real, owner)
    members = members_of(place.gid)
    survey = _survey(real, members, place)
    closed = closed_folders(real, members)
    problems = [hindrances.closed(folder, status, place) for folder, status in closed]
    for code, verb, paths in (
        ("unreadable", "read", survey.unreadable),
        ("unwritable", "write into", survey.unwritable),
    ):
        if paths:
            problems.append(hindrances.kept_out(code, verb, sorted(paths), real, survey.owners, place))
    if survey.private:
        problems.append(hindrances.private(sorted(survey.private), real, survey.private_owners, place))
    problems += [hindrances.outside(path, leads) for path, leads in survey.outside.items()][: hindrances.SHOWN]
    problems += hindrances.acls([*(folder for folder, _ in closed), real])
    everybody = f"Every member of {place.group}"
    return Sharing(
        owner=user_name(owner),
        group=place.group,
        access=place.access,
        members=sorted(members.groups),
        writers=everybody if place.access == "write" else user_name(owner),
        files=survey.files,
        repairable=any(problem.details.get("repairable") for problem in problems),
        problems=problems,
    )


def repair(prefix: Path, place: SharedPlace) -> Sharing:
    """Put right what this user may put right in an environment, and on the way to it from its location on.

    The folders above the location stay as they are: they hold other things, too.

    Returns
    -------
    What is left.
    """
    real = os.path.realpath(prefix)
    with contextlib.suppress(OSError), way(os.path.dirname(real), place) as handles:  # noqa: PTH120
        for handle in handles:
            _open(handle, place)
    give(Path(real), place)
    return check(Path(real), place)


def _open(folder: int, place: SharedPlace) -> None:
    """Let members pass an open folder of this user; what they may do there otherwise is not ours to say."""
    status = os.fstat(folder)
    if is_mine({status.st_uid}) and not members_of(place.gid).may(status, PASS):
        same = status.st_gid == place.gid
        with opened(".", FOLDER, folder) as handle:
            os.fchmod(handle, stat.S_IMODE(status.st_mode) | (0o010 if same else 0o001))


def _survey(real: str, members: Members, place: SharedPlace | None) -> _Survey:
    """Look at everything inside that is no other environment's."""
    survey = _Survey(members, place)
    waiting = [real]
    while waiting:
        folder = waiting.pop()
        try:
            status = os.lstat(folder)
            entries = _entries(folder)
            if folder != real and is_environment(entries):
                continue
        except OSError:
            # It is gone, or this user may not even look at it: then its folder, which is told, is closed.
            continue
        survey.folder(folder, status)
        for entry in entries:
            with contextlib.suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(entry.path)
                    continue
                if stat.S_ISLNK(status.st_mode):
                    _follow(entry.path, real, survey)
                elif stat.S_ISREG(status.st_mode):
                    survey.file(entry.path, status)
                    if entry.name.endswith(".pth") and os.path.basename(folder) == _SITE_PACKAGES:  # noqa: PTH119
                        _follow_lines(entry.path, survey)
            survey.files += 1
    return survey


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing where this user may not look."""
    try:
        return list(os.scandir(folder))
    except PermissionError:
        return []


def _follow(path: str, real: str, survey: _Survey) -> None:
    leads = os.readlink(path)  # noqa: PTH115
    # What goes neither up nor to the root stays inside, or goes through a link that is judged itself.
    if os.path.isabs(leads) or f"{os.sep}..{os.sep}" in f"{os.sep}{leads}{os.sep}":  # noqa: PTH117
        whole = os.path.realpath(path)
        if whole != real and not whole.startswith(real + os.sep):
            survey.leads(path, whole)


def _follow_lines(path: str, survey: _Survey) -> None:
    """Folders that Python is led to, as by editable installs (https://docs.python.org/3/library/site.html)."""
    text = read_plain(path, _LARGEST_PATHS, cut=True, follow=False).decode("utf-8", errors="replace")
    for line in text.splitlines():
        if line.startswith(os.sep):
            survey.leads(path, line.strip())


def _unshared(real: str, owner: int) -> Sharing:
    """Of an environment that is in no group's place: who can read it as it is."""
    gid = os.stat(real).st_gid
    files = 0
    readers = f"Only {user_name(owner)} can read it."
    for members, words in (
        (members_of(None), "Everybody on this machine can read it."),
        (members_of(gid), f"Members of the group {group_name(gid)} can read it."),
    ):
        survey = _survey(real, members, None)
        files = survey.files
        if not survey.unreadable and not closed_folders(real, members):
            readers = words
            break
    problem = Problem(
        code="not_shared",
        message=f"It is in no location that a group shares. {readers}",
        hint="To share it, clone it into a location of your group."
        if Path(real, "conda-meta").is_dir()
        else "To share it, export it, and create a new environment from the file in a location of your group.",
    )
    return Sharing(owner=user_name(owner), writers=user_name(owner), files=files, problems=[problem])
