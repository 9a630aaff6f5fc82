"""Which kernelspecs are there, and how does one come, change, move and go?

New ones go into the user's folder or the group's. What we write is marked (``metadata.jupyter_envmanager``, see
`recipe`); what others wrote is only changed when the user has agreed to it.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import msgspec

from ..errors import Conflict, NotAllowed, NotFound
from ..models import (
    Environment,
    Kernel,
    KernelCheck,
    KernelCopy,
    KernelEdit,
    KernelSettings,
    KernelTemplate,
    NewKernel,
    Problem,
)
from . import making, moving, names, permission, plain, recipe, writing
from . import templates as templating
from .holding import held
from .kernelspec import Spec
from .listing import Listing, Scopes
from .looking import NATIVE, Looker, version_of
from .settings import settings_of

_RESERVED = {"python", "python2", NATIVE}
Place = Literal["me", "group"]


_Verb = TypeVar("_Verb", bound=Callable[..., Any])


def _alone(verb: _Verb) -> _Verb:
    """One verb at a time: the server calls them from threads. Processes rely on what `writing` does in one step."""

    @functools.wraps(verb)
    def held(self: KernelRegistry, *args: Any, **keywords: Any) -> Any:
        with self._lock:
            return verb(self, *args, **keywords)

    return cast("_Verb", held)


class KernelRegistry:
    """The kernelspecs of one user.

    Parameters
    ----------
    user_dir:
        The ``kernels`` folder that new specs go to.
    search_path:
        All ``kernels`` folders in Jupyter's order; ``user_dir`` comes first when it is not one of them, ``group_dir``
        last.
    group_dir:
        The ``kernels`` folder that a group shares, if there is one.
    server_prefix:
        The environment that the server runs from.
    templates:
        The site's folders of templates; each is one, or holds some.
    user_templates:
        The user's folder of templates.
    """

    def __init__(
        self,
        user_dir: Path,
        search_path: Sequence[Path],
        *,
        group_dir: Path | None = None,
        server_prefix: Path | None = None,
        templates: Sequence[Path] = (),
        user_templates: Path | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self._swept = False
        self._user_dir = user_dir
        self._group_dir = group_dir
        path = list(search_path if user_dir in search_path else [user_dir, *search_path])
        self._looker = Looker(list(dict.fromkeys([*path, *([group_dir] if group_dir else [])])))
        self._scopes = Scopes(user_dir, group_dir, server_prefix)
        self._site_templates = templates
        self._user_templates = user_templates

    # What is there

    @_alone
    def list(self, environments: Sequence[Environment], checks: Mapping[str, KernelCheck]) -> builtins.list[Kernel]:
        """Every kernelspec that Jupyter sees, by display name, with the environment of each and what is wrong with it.

        ``checks`` maps kernel names to the results of their test starts.
        """
        if not self._swept:
            self._swept = True
            for place in (self._user_dir, self._group_dir):
                if place is not None:
                    writing.sweep(place)
        return Listing(environments, checks, self._scopes).all(self._looker.look())

    @_alone
    def settings(
        self, name: str, environments: Sequence[Environment], checks: Mapping[str, KernelCheck]
    ) -> KernelSettings:
        """What an editor shows of one kernel; raises NotFound."""
        # Looked at before it is read: what comes in between is refused later, not lost.
        version = version_of(self._named(name).folder)
        spec = self._named(name)
        found = {kernel.name: kernel for kernel in self.list(environments, checks)}
        return settings_of(spec, found[spec.name], version)

    def folders(self) -> tuple[str, str | None]:
        """The ``kernels`` folders of the user and of the group."""
        return str(self._user_dir), str(self._group_dir) if self._group_dir else None

    def templates(self) -> tuple[builtins.list[KernelTemplate], builtins.list[Problem]]:
        """What kernels can be made from, ours first; and why some folders of templates are left out."""
        found = self._templates()
        return templating.listed(found), templating.problems(found)

    def _templates(self) -> builtins.list[templating.Template]:
        return templating.find(self._user_templates, self._site_templates)

    # What comes, changes, moves and goes

    @_alone
    def register(
        self,
        *,
        prefix: Path,
        environment: str,
        display_name: str,
        name: str,
        request: NewKernel | None = None,
        to: Place = "me",
    ) -> Kernel:
        """Write the kernelspec of an environment, anew if it has been written before.

        It is there in one step: Jupyter never sees half of it. Without a ``request``, one that is there keeps its
        settings.

        Raises
        ------
        Invalid
            The name has characters that Jupyter refuses, the environment has no such kernel, or a field of the request
            cannot be used.
        NotFound
            There is no such template.
        Conflict
            A kernel of that name exists that is not this environment's.
        NotAllowed
            The folder cannot be written.
        """
        names.check(name)
        known = self._looker.specs().get(name.lower())
        if known is not None and known.stamp.get("environment") != environment:
            raise names.taken(known)
        place = self._place(to)
        folder = moving.there(place, name) or place / name
        shown = recipe.checked_display_name(display_name)
        logo = request.logo if request else None
        with held(folder):
            present = self._own(folder, environment)
            known = present or known
            if known is not None and request is None:
                made = replace(recipe.of(known), prefix=str(prefix))
            else:
                made = making.requested(recipe.from_request(request, environment, prefix))
            files = making.files(made, folder.name, shown, self._templates(), logo=logo, current=known)
            self._write(files, folder, new=not present)
        return self._described(folder, environment, prefix)

    @_alone
    def edit(self, name: str, edit: KernelEdit, *, force: bool = False) -> None:
        """Change a kernelspec; one that we did not write only with ``force``.

        Raises
        ------
        NotFound, NotAllowed, Invalid, NoSpace
        Conflict
            It is not the version any more that the edit was made from.
        """
        with self._to_change(name, "changed", force) as spec:
            recipe.check_edit(edit)
            if edit.version not in (None, version_of(spec.folder)):
                raise Conflict(
                    f"The kernel “{spec.display_name or name}” has been changed meanwhile.",
                    hint="Copy what you have typed, close this, and open it again: it shows what is there now.",
                    path=str(spec.folder),
                )
            if not making.is_ours(spec):
                self._write(plain.edited(spec, edit), spec.folder)
                return
            shown = edit.display_name or spec.display_name or spec.name
            made = making.with_edit(recipe.of(spec), edit, spec.display_name, shown)
            self._write(making.files(made, spec.folder.name, shown, [], logo=edit.logo, current=spec), spec.folder)

    @_alone
    def rewrite(self, name: str, environment: Environment, *, force: bool = False) -> None:
        """Write a kernelspec anew for its environment, with the settings that it has.

        Raises
        ------
        NotFound, NotAllowed, Invalid, Conflict, NoSpace
        """
        with self._to_change(name, "written anew", force) as spec:
            made = making.for_environment(spec, environment)
            known = self._templates()
            if not made.built_in and made.template not in {template.name for template in known if not template.fault}:
                made = replace(made, template="")
            shown = spec.display_name or environment.name
            files = making.files(made, spec.folder.name, shown, known, current=spec)
            if not spec.stamp:
                files = making.beside_others(files, spec.folder)
            self._write(files, spec.folder)

    @_alone
    def copy(self, name: str, request: KernelCopy) -> str:
        """Make a copy in the user's folder, which is ours to change; returns its name.

        Raises
        ------
        NotFound, Invalid, Conflict, NotAllowed, NoSpace
        """
        spec = self._named(name)
        old = spec.display_name or spec.name
        taken = {known.display_name.casefold() for known in self._looker.specs().values()}
        free = names.of_copy(old, lambda name: name.casefold() in taken)
        shown = recipe.checked_display_name(request.display_name or free)
        if request.name is not None:
            self.check_new_name(request.name)
        chosen = request.name or self.propose_name(shown)
        folder = self._user_dir / chosen
        made = making.for_copy(spec, shown)
        if made is None:
            writing.transfer(spec.folder, folder, files=making.as_it_is(spec, shown))
        else:
            self._write(making.files(made, chosen, shown, self._templates(), current=spec), folder, new=True)
        return chosen.lower()

    @_alone
    def move(self, name: str, to: Place, *, force: bool = False) -> None:
        """Move a kernelspec between the user's folder and the group's, where whoever may look in may use it.

        Raises
        ------
        NotFound, Conflict, NoSpace
        NotAllowed
            We did not write it, one of the folders cannot be written, or it is in neither of them.
        """
        with self._to_change(name, "moved", force) as spec:
            place, scope = self._place(to), self._scopes.of(spec)
            if scope == to:
                moving.finish(spec, (self._user_dir, self._group_dir))
                return
            if scope not in ("me", "group"):
                raise NotAllowed(
                    f"The kernel “{spec.display_name or name}” is neither yours nor your group's.",
                    hint="Make a copy: that one can be moved.",
                )
            moving.move(spec, place, shared=to == "group")

    @_alone
    def remove(self, name: str, *, force: bool = False) -> None:
        """Remove a kernelspec; one that we did not write only with ``force``.

        Raises
        ------
        NotFound
            There is no kernel of that name.
        NotAllowed
            We did not write it, or its folder cannot be written.
        """
        with self._to_change(name, "removed", force) as spec:
            writing.take_away(spec.folder)

    # Names

    def propose_name(self, environment_name: str) -> str:
        """A free kernel name in ASCII that looks like the environment's."""
        taken = {*self._looker.specs(), *_RESERVED}
        return names.free(environment_name, lambda name: name in taken or os.path.lexists(self._user_dir / name))

    def check_new_name(self, name: str) -> None:
        """Whether a kernel may be given this name.

        Raises
        ------
        Invalid
            The name has characters that Jupyter refuses.
        Conflict
            A kernel of that name exists; case does not count.
        """
        names.check(name)
        known = self._looker.specs().get(name.lower())
        if known is not None:
            raise names.taken(known)

    def _named(self, name: str) -> Spec:
        spec = self._looker.specs().get(name.lower())
        if spec is None:
            raise NotFound(f"There is no kernel “{name}”.", hint="Refresh the list.")
        return spec

    @contextlib.contextmanager
    def _to_change(self, name: str, what: str, force: bool) -> Iterator[Spec]:
        """A spec that may be changed, as it is at this moment; other processes keep their hands off it meanwhile."""
        spec = self._named(name)
        permission.check(spec, what, force)
        with held(spec.folder):
            spec = self._looker.read(spec.folder).spec
            permission.check(spec, what, force)
            yield spec

    def _own(self, folder: Path, environment: str) -> Spec | None:
        """The kernel of an environment in this very folder; Conflict where it is another's."""
        if not os.path.lexists(folder / "kernel.json"):
            return None
        spec = self._looker.read(folder).spec
        if spec.stamp.get("environment") != environment:
            raise names.taken(spec)
        return spec

    def _place(self, to: Place) -> Path:
        if to == "me":
            return self._user_dir
        if self._group_dir is None:
            raise NotAllowed(
                "There is no folder of kernels that a group shares.",
                hint="Set EnvManagerApp.group_kernels_dir, or put a shared folder on JUPYTER_PATH.",
            )
        return self._group_dir

    def _write(self, files: making.Files, folder: Path, *, new: bool = False) -> None:
        writing.put(files, folder, new=new, shared=folder.parent == self._group_dir)

    def _described(self, folder: Path, environment: str, prefix: Path) -> Kernel:
        read = self._looker.read(folder)
        kernel = Listing([], {}, self._scopes).one(read.spec.name, read)
        return msgspec.structs.replace(kernel, environment=environment, prefix=str(prefix), writable=True)
