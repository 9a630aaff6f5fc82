"""Does code that was built for these architectures, and for this CUDA version, run on that device and driver?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .figures import as_capability, as_cuda, numbers

_ARCH = re.compile(r"(?P<kind>sm|compute)_(?P<major>[0-9]{1,3})(?P<minor>[0-9])(?P<only>[af]?)")


def covers(archs: Sequence[str], capability: str) -> bool | None:
    """Whether code for these architectures runs on a device; None where that cannot be told.

    Machine code (``sm_80``) runs on later devices of the same major version, PTX (``compute_80``) on all later ones;
    what ends in ``a`` on this one only, in ``f`` on its family
    (https://docs.nvidia.com/cuda/cuda-compiler-driver-nvcc/#gpu-feature-list).

    Parameters
    ----------
    archs:
        As ``torch.cuda.get_arch_list`` has them.
    capability:
        The device's compute capability, such as ``9.0``.
    """
    known = [found for arch in archs if (found := _ARCH.fullmatch(arch))]
    fitting = as_capability(capability)
    if not known or fitting is None:
        return None
    device = numbers(fitting)
    for arch in known:
        built = (int(arch["major"]), int(arch["minor"]))
        if built == device or (built < device and arch["only"] != "a" and _forward(arch, built[0] == device[0])):
            return True
    return False


def _forward(arch: re.Match[str], same_major: bool) -> bool:
    return same_major or (arch["kind"] == "compute" and not arch["only"])


def needed_cuda(built: str | None) -> str | None:
    """The lowest CUDA version that a driver must be able to run for a build: from 11 on, any of the same major version
    (https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html).
    """
    cuda = as_cuda(built)
    if cuda is None:
        return None
    major = numbers(cuda)[0]
    return f"{major}.0" if major >= 11 else cuda
