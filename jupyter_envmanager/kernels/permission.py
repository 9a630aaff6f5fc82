"""May a kernelspec be changed? It can be written, and it is ours or the user has agreed."""

from __future__ import annotations

from ..errors import NotAllowed
from .kernelspec import Spec
from .looking import is_writable


def check(spec: Spec, what: str, force: bool) -> None:
    """Raises NotAllowed where a spec may not be changed; ``what`` would be done to it, in words."""
    shown = spec.display_name or spec.name
    if not is_writable(spec):
        raise NotAllowed(
            f"The kernel “{shown}” cannot be {what}: {spec.folder} is read-only.",
            hint="It was installed for everyone, or comes with JupyterLab. Make a copy, or ask who installed it.",
            path=str(spec.folder),
        )
    if not spec.stamp and not force:
        raise NotAllowed(
            f"The kernel “{shown}” in {spec.folder} was not made by this environment manager.",
            hint=f"Confirm that it shall be {what} all the same.",
            path=str(spec.folder),
            needs_force=True,
        )
