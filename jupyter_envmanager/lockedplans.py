"""A lock -> a plan: the packages that it names, file by file, and nothing is solved."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from . import sources
from .config import Settings
from .engine import lockorigins, records, variants
from .engine.client import clean_url
from .engine.completing import complete
from .engine.locked import Locked, read
from .engine.machine import check_machine
from .engine.solve import Solution, platform
from .errors import ChannelUnreachable, EnvManagerError, Invalid
from .gpu.advice import Advice
from .gpu.wheeladvice import with_wheels
from .gpu.wheels import Wheels, gpu_builds
from .models import FileSource, GpuTarget, NewEnvironment, Plan
from .plans import StoredPlan
from .previews import Previewer
from .pypi import PypiPlan, PypiSettings, PypiState
from .pypi import locked as locked_dists
from .pypi.brought import Brought
from .solvedplans import plan_of, with_gpu

if TYPE_CHECKING:
    from .engine.change import Record
    from .engine.channels import Channels
    from .engine.client import Network

# What the channels offer besides is worth no longer a wait: a lock says what it says.
_ADVICE_SECONDS = 5.0


async def preview(
    previewer: Previewer,
    request: NewEnvironment,
    prefix: Path,
    settings: Settings,
    pypi: PypiSettings,
    target: GpuTarget,
    targets: Sequence[GpuTarget] = (),
) -> StoredPlan:
    """As `Previewer.preview`, for a source that is a lock.

    Raises
    ------
    Invalid, NotAllowed, Unsatisfiable, Overwrites
        Of a lock that cannot be used; ``field="source"``, with ``line`` and all ``problems``.
    """
    source = request.source
    assert isinstance(source, FileSource)
    found = await asyncio.to_thread(read, source.content, sources.format_of_lock(source) or "", platform())
    asked = request.channels or []
    await asyncio.to_thread(lockorigins.check, found.records, found.lines, settings, asked, pypi.allowed_roots)
    used = list(dict.fromkeys(str(entry["channel"]) for entry in found.records))
    channels = await previewer.channels(settings, used or asked or None)
    objects, problems = await complete(found.records, found.lines, channels, settings.pkgs_dirs)
    linked = await asyncio.to_thread(records.from_json, objects)
    virtual = await previewer.virtual_packages(target)
    await asyncio.to_thread(check_machine, linked, virtual)
    specs = _roots(linked)
    solution = Solution(records=linked, specs=specs, asked=frozenset(specs), for_kernel=frozenset(), seconds=0.0)
    python = await _python(channels.reach, request, found, linked, settings, pypi)
    aim = variants.Aim(target=target, targets=targets, specs=specs, pins=settings.pinned_packages)
    advice = await _advice(channels, aim, linked)
    theirs = gpu_builds(python.actions if python is not None else [], target, Wheels(lines=[]))
    advice = with_wheels(advice, theirs, target, [], targets)
    plan = await asyncio.to_thread(plan_of, prefix, solution, objects, settings, request, python)
    plan = with_gpu(_without_kernel(plan, linked), target, advice, request.accept, [*found.problems, *problems])
    return StoredPlan(
        plan=plan,
        request=request,
        records=objects,
        specs=specs,
        pypi=python,
        channels=_channels(asked or found.channels, used, settings) or None,
        created=time.time(),
    )


async def _python(
    reach: Network,
    request: NewEnvironment,
    found: Locked,
    linked: Sequence[Record],
    settings: Settings,
    pypi: PypiSettings,
) -> PypiPlan | None:
    if not found.dists:
        return None
    version = next((str(record.version) for record in linked if record.name.normalized == "python"), None)
    if version is None:
        raise Invalid(
            "The lock has packages from PyPI, but no Python.", hint="Write the lock again with Python.", field="source"
        )
    brought = await asyncio.to_thread(Brought, linked, settings.pkgs_dirs)
    await brought.ask(reach)
    state = PypiState(python=sys.executable, python_version=version, conda=brought.dists)
    return await locked_dists.plan(found.dists, state, pypi, request.accept)


def _channels(named: Iterable[str], used: Sequence[str], settings: Settings) -> list[str]:
    """The channels that are named, as far as they may be used, and those that the packages are from besides."""
    names: list[str] = []
    urls: set[str] = set()
    for name in named:
        with suppress(EnvManagerError):
            settings.check_channel_allowed(name)
            urls.update(clean_url(url) for url in settings.channel_urls(name))
            names.append(name)
    return [*names, *(url for url in used if url not in urls)]


async def _advice(channels: Channels, aim: variants.Aim, linked: Sequence[Record]) -> Advice:
    """What the packages mean for the GPU; from what they say themselves, where the channels do not answer soon."""
    builds = await asyncio.to_thread(variants.as_builds, linked)
    try:
        return await asyncio.wait_for(variants.advice(channels, aim, builds), _ADVICE_SECONDS)
    except (ChannelUnreachable, asyncio.TimeoutError):
        return await asyncio.to_thread(variants.advice_alone, channels, aim, builds)


def _roots(linked: Iterable[Record]) -> list[str]:
    """Names of what was probably asked for: Python, and what no other package needs.

    Locks do not say it. Of packages that only need each other, the first counts.
    """
    needs = {
        record.name.normalized: {need.split()[0].partition("[")[0] for need in record.depends} for record in linked
    }
    needed = {need for name, theirs in needs.items() for need in theirs if need != name}
    roots = [name for name in sorted(needs) if name not in needed or name == "python"]
    reached: set[str] = set()
    for name in [*roots, *sorted(needs)]:
        if name not in reached:
            roots += [] if name in roots else [name]
            waiting = [name]
            while waiting:
                one = waiting.pop()
                if one not in reached:
                    reached.add(one)
                    waiting += needs.get(one, ())
    return sorted(roots)


def _without_kernel(plan: Plan, linked: Iterable[Record]) -> Plan:
    """With the true reason why there is no kernel: to a lock, nothing is added."""
    if not any(record.name.normalized == "python" for record in linked):
        return plan
    message = "No kernel will be registered: the lock has no kernel package."
    hint = "Install ipykernel afterwards; the kernel comes with it."
    return msgspec.structs.replace(
        plan,
        warnings=[
            msgspec.structs.replace(one, message=message, hint=hint) if one.code == "no_kernel" else one
            for one in plan.warnings
        ],
    )
