"""Kernelspecs: listed, written, changed, moved, removed, and test-started."""

from .check import check_kernel
from .languages import KERNEL_PACKAGES, has_kernel_package
from .launch import activation_lines
from .offering import offers
from .registry import KernelRegistry

__all__ = [
    "KERNEL_PACKAGES",
    "KernelRegistry",
    "activation_lines",
    "check_kernel",
    "has_kernel_package",
    "offers",
]


def __getattr__(name: str) -> object:
    # For people in a cell; by name, since the service lies above this room.
    if name in ("create", "list", "remove"):
        from importlib import import_module

        return getattr(import_module("..cell.kernels", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
