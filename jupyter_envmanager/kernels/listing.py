"""How is each kernelspec shown: with its environment, whose it is, and what is wrong with it?"""

from __future__ import annotations

import builtins
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from ..models import Environment, Kernel, KernelCheck, KernelProblem, KernelScope
from . import problems, target
from .kernelspec import Spec
from .looking import Read, is_writable

log = logging.getLogger(__name__)

_INTERPRETER = f"{os.sep}python.exe" if os.name == "nt" else "/bin/python"


class Scopes:
    """Whose a kernelspec is, by its folder.

    Parameters
    ----------
    me:
        The user's ``kernels`` folder.
    group:
        The one that a group shares.
    server:
        The prefix that the server runs from.
    """

    def __init__(self, me: Path, group: Path | None, server: Path | None) -> None:
        self._me, self._group = str(me), str(group) if group else None
        self._server = f"{server}{os.sep}" if server else None

    def of(self, spec: Spec) -> KernelScope:
        """The scope of one spec."""
        place = os.path.dirname(spec.folder)  # noqa: PTH120
        if place == self._me:
            return "me"
        if place == self._group:
            return "group"
        return "server" if self._server and str(spec.folder).startswith(self._server) else "site"


class Listing:
    """One look at all kernels with the environments that are known.

    Parameters
    ----------
    environments:
        All of them.
    checks:
        The results of test starts, by kernel name.
    """

    def __init__(self, environments: Sequence[Environment], checks: Mapping[str, KernelCheck], scopes: Scopes) -> None:
        self._environments = {environment.id: environment for environment in environments}
        self._known = target.Known(environments)
        self._checks = checks
        self._scopes = scopes
        self._writable: dict[str, bool] = {}

    def all(self, reads: Mapping[str, Read]) -> builtins.list[Kernel]:
        """Every kernel, by display name."""
        kernels = [self._guarded(name, read) for name, read in reads.items()]
        kernels.sort(key=lambda kernel: (kernel.display_name.lower(), kernel.name))
        return problems.with_duplicates(kernels, self._environments)

    def _guarded(self, name: str, read: Read) -> Kernel:
        """One kernel; whatever is the matter with it must not hide the others."""
        try:
            kernel = self.one(name, read)
            msgspec.json.encode(kernel)
        except Exception as error:
            log.debug("kernel %s", read.spec.folder, exc_info=True)
            reason = f"It cannot be looked at: {str(error) or type(error).__name__}."
            return self._unreadable(read.spec, reason.encode("utf-8", "backslashreplace").decode())
        return kernel

    def _unreadable(self, spec: Spec, reason: str) -> Kernel:
        return Kernel(
            name=spec.name,
            display_name=spec.name,
            language="",
            path=os.fsencode(spec.folder).decode("utf-8", "backslashreplace"),
            environment=None,
            prefix=None,
            stamped=bool(spec.stamp),
            writable=is_writable(spec),
            scope=self._scopes.of(spec),
            orphan=True,
            orphan_reason=reason,
            problems=problems.of_one(replace(spec, fault=reason), None),
        )

    def one(self, name: str, read: Read) -> Kernel:
        """One kernel; what needs the others to be seen is not said."""
        programs = read.starts()
        found = self._known.direct(programs)
        check, writable = self._checks.get(name), self._is_writable(read)
        asked = (found, check, writable)
        seen = found is not None and found.state == "ready" and found.python is not None
        if found is None or not seen or programs[-1] != f"{found.prefix}{_INTERPRETER}":
            return self._described(read, found, check, writable)
        # The listing has just seen this environment with its interpreter: neither need be looked for again.
        answer = read.answer
        if answer is None or any(now is not then for now, then in zip(asked, read.asked, strict=True)):
            answer = self._described(read, found, check, writable, seen=True)
            read.answer, read.asked = answer, asked
        return answer

    def _is_writable(self, read: Read) -> bool:
        if read.version is None:
            return is_writable(read.spec)
        if read.place not in self._writable:
            self._writable[read.place] = os.access(read.place, os.W_OK)
        return self._writable[read.place]

    def _described(
        self, read: Read, found: Environment | None, check: KernelCheck | None, writable: bool, *, seen: bool = False
    ) -> Kernel:
        spec, programs = read.spec, read.starts()
        found = found or self._known.environment(spec, programs)
        gone = "" if spec.fault or (seen and len(programs) == 1) else target.orphan_reason(spec, programs)
        claimed = self._known.claimed(spec, programs) if not (spec.fault or gone) else None
        launcher = "" if spec.fault or gone or claimed else _launcher(spec, found, programs)
        found = claimed or found
        return Kernel(
            name=spec.name,
            display_name=spec.display_name or spec.name,
            language=spec.language,
            path=str(spec.folder),
            environment=found.id if found else None,
            prefix=found.prefix if found else target.prefix(spec, programs),
            stamped=bool(spec.stamp),
            writable=writable,
            scope=self._scopes.of(spec),
            orphan=bool(spec.fault or gone or launcher),
            orphan_reason=spec.fault or gone or launcher,
            problems=self._problems(spec, found, programs, gone, launcher, claimed),
            check=check,
        )

    def _problems(
        self,
        spec: Spec,
        found: Environment | None,
        programs: Sequence[str],
        gone: str,
        launcher: str,
        claimed: Environment | None,
    ) -> builtins.list[KernelProblem]:
        elsewhere = programs[-1] if claimed and programs else ""
        return problems.of_one(spec, found, gone=gone, no_launcher=launcher, elsewhere=elsewhere)


def _launcher(spec: Spec, found: Environment | None, programs: Sequence[str]) -> str:
    ours = found is not None and bool(programs) and programs[-1].startswith(f"{found.prefix}{_INTERPRETER}")
    return target.missing_launcher(spec, found) if found is not None and ours else ""
