"""Previews, kept for an hour so that *Create* and *Apply* do exactly what was shown."""

from __future__ import annotations

import os
import re
import time
import uuid
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from .errors import CpuBuild, NotFound
from .models import Change, NewEnvironment, Plan
from .pypi.state import PypiPlan

PLAN_SECONDS = 3600.0
_ID = re.compile(r"[0-9a-f]{1,32}")


class StoredPlan(msgspec.Struct, frozen=True, kw_only=True, tag="create"):
    """The plan of a new environment with all that its worker needs: the records to link and the specs asked for, and
    what comes from PyPI after them. ``channels`` are those it was made on, None for the configured ones; ``variables``
    are set when it is active. With ``copies`` (the prefix of an environment) or ``unpacks`` (an archive) nothing is
    linked: the files come from there, which was in the state ``origin`` when the plan was made. ``digest`` is of the
    archive's records.
    """

    plan: Plan
    request: NewEnvironment
    records: list[dict[str, Any]]
    specs: list[str]
    pypi: PypiPlan | None = None
    channels: list[str] | None = None
    variables: dict[str, str] = {}
    copies: str | None = None
    unpacks: str | None = None
    origin: str = ""
    digest: str = ""
    created: float


class StoredChange(msgspec.Struct, frozen=True, kw_only=True, tag="change"):
    """The plan of a change with all that its worker needs.

    ``records`` are to be linked, ``remove`` names to be unlinked, ``relink`` names to be linked anew. ``specs`` is all
    that is asked for in the end; ``update_specs`` and ``remove_specs`` go into conda's history. ``pins`` is the new
    content of the pins, None when it does not change. ``replaced`` are PyPI packages that make room for conda's.
    ``variables`` are those that change: what is set when it is active from now on, and None for each that goes.
    """

    plan: Plan
    request: Change
    records: list[dict[str, Any]]
    remove: list[str]
    relink: list[str]
    specs: list[str]
    update_specs: list[str]
    remove_specs: list[str]
    pins: dict[str, str] | None
    pypi: PypiPlan | None
    replaced: list[str]
    channels: list[str]
    variables: dict[str, str | None] | None = None
    created: float


Stored = StoredPlan | StoredChange
S = TypeVar("S", StoredPlan, StoredChange)


def origin(archive: Path) -> str:
    """Tells whether an archive is the one that a plan was made from; ``""`` where there is none."""
    try:
        status = archive.stat()
    except OSError:
        return ""
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"


def check_stop(plan: Plan) -> None:
    """Refuse a plan that brings a CPU build where a GPU was wanted and nobody has accepted that.

    Raises
    ------
    CpuBuild
        With the ways out as ``remedies``.
    """
    if plan.gpu is not None and plan.gpu.stop:
        said = [one for one in plan.warnings if one.code == CpuBuild.code]
        remedies = [remedy for one in said for remedy in one.details.get("remedies", [])]
        raise CpuBuild(
            " ".join(one.message for one in said) or "A GPU is wanted, and this plan brings a CPU build.",
            hint=said[0].hint if said else "",
            field="gpu",
            remedies=[remedy for number, remedy in enumerate(remedies) if remedy not in remedies[:number]],
        )


class PlanStore:
    """Plans as files; private, as package URLs may tell what a group works on.

    Parameters
    ----------
    folder:
        Where they are kept; made on first use.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def new_id() -> str:
        """A fresh plan id."""
        return uuid.uuid4().hex[:16]

    def put(self, stored: Stored) -> None:
        """Keep a plan, and forget those that are older than an hour."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._forget_old()
        path = self.folder / f"{stored.plan.id}.json"
        partial = path.with_suffix(".partial")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            file.write(msgspec.json.encode(stored))
        partial.replace(path)

    def get(self, plan: str, kind: type[S]) -> S:
        """The plan with this id.

        Raises
        ------
        NotFound
            It never existed, is of another kind, or is older than an hour.
        """
        path = self.folder / f"{plan}.json"
        if _ID.fullmatch(plan) and path.is_file() and time.time() - path.stat().st_mtime < PLAN_SECONDS:
            stored: Stored = msgspec.json.decode(path.read_bytes(), type=Stored)
            if isinstance(stored, kind):
                return stored
        raise NotFound("This preview is no longer kept.", hint="Preview again.", field="plan")

    def _forget_old(self) -> None:
        for path in self.folder.glob("*.json"):
            if time.time() - path.stat().st_mtime > PLAN_SECONDS:
                path.unlink(missing_ok=True)
