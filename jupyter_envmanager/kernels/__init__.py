"""Kernelspecs: listed, written, removed, and test-started."""

from .check import check_kernel
from .registry import KERNEL_PACKAGES, KernelRegistry, has_kernel_package

__all__ = ["KERNEL_PACKAGES", "KernelRegistry", "check_kernel", "has_kernel_package"]
