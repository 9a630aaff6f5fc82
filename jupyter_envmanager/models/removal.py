"""What removing an environment takes away."""

from __future__ import annotations

from .kernels import Kernel
from .wire import Wire


class RemovalPreview(Wire, frozen=True, kw_only=True):
    """What removing an environment takes away; shown before it happens."""

    environment: str
    prefix: str
    kernels: list[Kernel]
    size: int
    files: int
