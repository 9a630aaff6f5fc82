"""Another environment -> the plan of its copy: the same packages, file by file, and the user's own files."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

from .engine.copying import Outlook, look
from .engine.relocation import relocated_values
from .environments import environment_id, fingerprint
from .environments.closed import check_open
from .environments.installed import PackageReader
from .environments.shownvariables import changes
from .environments.state import state
from .environments.variables import read_variables
from .errors import Busy, Invalid
from .kernels import has_kernel_package
from .models import Environment, NewEnvironment, Package, Plan, PlanAction, Problem
from .plans import PlanStore, StoredPlan
from .pypi.carrying import content
from .targets import nearest_folder, too_full
from .words import amount, some


async def preview(request: NewEnvironment, prefix: Path, source: Environment) -> StoredPlan:
    """The plan of a copy of ``source`` at ``prefix``.

    Raises
    ------
    Invalid, Busy
        It cannot be copied.
    """
    _check(request, source)
    return await asyncio.to_thread(_plan, request, prefix, source)


def _check(request: NewEnvironment, source: Environment) -> None:
    if source.kind == "venv":
        raise Invalid(
            f"{source.name} is a virtual environment without conda's records, which cannot be copied.",
            hint="Export its requirements.txt, and create an environment from that.",
            field="source",
        )
    if source.job is not None:
        raise Busy(
            f"A job is changing {source.name} just now.", hint="Wait for its end, then try again.", field="source"
        )
    if source.state != "ready":
        why = source.problem.message if source.problem is not None else "It is not complete."
        raise Invalid(
            f"{source.name} cannot be copied as it is. {why}", hint="Repair it first, or go back.", field="source"
        )
    for field, given in (("channels", request.channels), ("gpu", request.gpu)):
        if given:
            raise Invalid(
                "A clone has the channels and the GPU target of the environment that it is made from.",
                hint="Make the clone as it is, then change it.",
                field=field,
            )


def _plan(request: NewEnvironment, prefix: Path, source: Environment) -> StoredPlan:
    place = Path(source.prefix)
    # First of all: what changes while the rest is read must be noticed.
    origin = state(place)
    installed = PackageReader().read(place)
    check_open(installed, "source")
    packages = installed.packages
    parent = nearest_folder(prefix.parent)
    together = parent.stat().st_dev == place.stat().st_dev
    outlook = look(place, prefix, content(place)[0], together=together)
    conda = [one for one in packages if one.manager == "conda"]
    plan = Plan(
        id=PlanStore.new_id(),
        prefix=str(prefix),
        environment=environment_id(prefix),
        fingerprint=fingerprint(prefix),
        title=f"Clone of {source.name}",
        actions=sorted((_action(one) for one in packages), key=lambda one: (one.manager, one.reason, one.name)),
        variables=changes({}, relocated_values(read_variables(place), [str(place)], str(prefix))),
        download_size=0,
        cached_size=0,
        disk_size=outlook.unshared,
        solve_time=0.0,
        warnings=[
            *_warnings(request, prefix, source, conda, outlook.unshared, together=together),
            *_about_content(source, outlook),
        ],
    )
    return StoredPlan(
        plan=plan,
        request=request,
        records=[
            {"name": one.name, "version": one.version, "build": one.build, "channel": one.channel} for one in conda
        ],
        specs=[one.spec or one.name for one in conda if one.requested],
        copies=str(place),
        origin=origin,
        created=time.time(),
    )


def _action(package: Package) -> PlanAction:
    return PlanAction(
        op="install",
        name=package.name,
        manager=package.manager,
        to=package.version,
        build=package.build or None,
        channel=package.channel or None,
        size=package.size,
        reason="asked" if package.requested else "needed",
    )


def _warnings(
    request: NewEnvironment,
    prefix: Path,
    source: Environment,
    conda: Sequence[Package],
    size: int,
    *,
    together: bool,
) -> list[Problem]:
    found = []
    theirs = os.name != "nt" and Path(source.prefix).stat().st_uid != os.geteuid()
    if theirs or not together:
        reason = "is on another filesystem" if not together else "belongs to somebody else"
        found.append(
            Problem(
                code="copied_whole",
                message=f"All files are copied ({amount(size)}), as {source.name} {reason} and nothing can be shared.",
                hint="" if together else "In a location on the same filesystem, the clone would need hardly any space.",
            )
        )
    if request.kernel is not None and not has_kernel_package(one.name for one in conda):
        found.append(
            Problem(
                code="no_kernel",
                message=f"No kernel will be registered: {source.name} has no kernel package from conda.",
                hint="Install one afterwards, such as ipykernel; the kernel comes with it.",
            )
        )
    return [*found, *too_full(prefix, size, "clone")]


def _about_content(source: Environment, outlook: Outlook) -> list[Problem]:
    found = []
    if outlook.inner:
        found.append(
            Problem(
                code="inner_environments",
                message=f"What is in {some(outlook.inner)} is left out: these are environments of their own inside "
                f"{source.name}.",
                hint="Clone each by itself, if it is wanted.",
                details={"folders": outlook.inner},
            )
        )
    if outlook.dangling:
        found.append(
            Problem(
                code="dangling_links",
                message="What these links lead to is left out, so they lead to nothing in the clone: "
                f"{some(outlook.dangling)}.",
                hint="Remove them there, or let them lead elsewhere.",
                details={"files": outlook.dangling},
            )
        )
    if outlook.large:
        found.append(
            Problem(
                code="not_searched",
                message=f"Too large to be searched for the folder of {source.name}: {some(outlook.large)}. "
                "What names it there goes on doing so in the clone.",
                hint="Look for the old folder there, if these are settings or programs.",
                details={"files": outlook.large},
            )
        )
    if outlook.left:
        found.append(
            Problem(
                code="old_prefix_stays",
                message=f"The new folder’s path is longer than that of {source.name}, and has no room in "
                f"{some(outlook.left)}: compiled for the old one, they would go on looking for files there.",
                hint="Choose a shorter name or folder, or install what they belong to again in the clone.",
                details={"files": outlook.left},
            )
        )
    return found
