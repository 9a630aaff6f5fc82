"""What does an editor show of a kernel, and what of it can be changed?"""

from __future__ import annotations

import os
from pathlib import Path

from ..models import Kernel, KernelLogo, KernelSettings
from . import making, plain, reading, recipe
from .building import SCRIPT
from .kernelspec import Spec

_SCRIPT_BYTES = 64_000
_FIELDS = ["display_name", "variables", "modules", "arguments", "user_site", "logo"]


def settings_of(spec: Spec, kernel: Kernel, version: str) -> KernelSettings:
    """The settings of one kernel.

    Parameters
    ----------
    spec:
        Its kernelspec.
    kernel:
        As it is listed.
    version:
        Of its kernel.json: see `looking.version_of`.
    """
    made, ours = recipe.of(spec), making.is_ours(spec)
    fields = [name for name in _FIELDS if name != "modules" or os.name != "nt"] if ours else plain.editable(spec)
    # What is behind a link is not changed through it.
    may_edit = kernel.writable and kernel.scope != "server" and not spec.fault and not spec.folder.is_symlink()
    return KernelSettings(
        kernel=kernel,
        editable=fields if may_edit else [],
        template=(made.template or recipe.BUILT_IN) if spec.stamp else "",
        variables=made.variables if ours else spec.env,
        modules=made.modules if ours else [],
        arguments=made.arguments if ours else plain.arguments(spec),
        user_site=made.user_site if ours else False,
        logo=made.logo if isinstance(made.logo, KernelLogo) else None,
        argv=spec.argv,
        script=_script(spec.folder),
        version=version,
    )


def _script(folder: Path) -> str:
    try:
        return reading.read(folder / SCRIPT, _SCRIPT_BYTES, within=folder, cut=True).decode("utf-8", "replace")
    except OSError:
        return ""
