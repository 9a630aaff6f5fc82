"""Previews, kept for an hour so that *Create* applies exactly what was shown."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

import msgspec

from .errors import NotFound
from .models import NewEnvironment, Plan

PLAN_SECONDS = 3600.0


class StoredPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with all that its worker needs: the records to link and the specs that were asked for."""

    plan: Plan
    request: NewEnvironment
    records: list[dict[str, Any]]
    specs: list[str]
    created: float


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

    def put(self, stored: StoredPlan) -> None:
        """Keep a plan, and forget those that are older than an hour."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._forget_old()
        path = self.folder / f"{stored.plan.id}.json"
        partial = path.with_suffix(".partial")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            file.write(msgspec.json.encode(stored))
        partial.replace(path)

    def get(self, plan: str) -> StoredPlan:
        """The plan with this id.

        Raises
        ------
        NotFound
            It never existed or is older than an hour.
        """
        path = self.folder / f"{plan}.json"
        if plan.isalnum() and path.is_file() and time.time() - path.stat().st_mtime < PLAN_SECONDS:
            return msgspec.json.decode(path.read_bytes(), type=StoredPlan)
        raise NotFound("This preview is no longer kept.", hint="Preview again, then create.", field="plan")

    def _forget_old(self) -> None:
        for path in self.folder.glob("*.json"):
            if time.time() - path.stat().st_mtime > PLAN_SECONDS:
                path.unlink(missing_ok=True)
