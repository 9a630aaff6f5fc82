"""``jupyter envmanager gpu-check``: ask the frameworks of an environment for the GPU."""

from __future__ import annotations

import argparse

from ..models import FrameworkCheck, GpuCheck
from ..service import EnvManagerService
from ..words import table
from .terminal import print_json

_STATES = {
    "works": "works",
    "cannot_see": "does not see the GPU",
    "cpu_build": "CPU build",
    "not_checkable": "not checkable here",
    "failed": "failed",
}


async def check(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Check, and wait for the result; the exit status says whether the environment can use this machine's GPU."""
    environment = await service.find(options.environment)
    if not options.json:
        print(f"Asking the frameworks of {environment.name} …", flush=True)
    # An interrupt ends the service, and with it the check.
    begun = await service.gpus.check(environment.id)
    found = await service.gpus.wait(environment.id) or begun
    if options.json:
        print_json(found)
    else:
        _show(found)
    return 0 if found.state in ("works", "not_checkable") else 1


def _show(check: GpuCheck) -> None:
    rows = [[one.name, one.version, _STATES.get(one.state, one.state), _facts(one)] for one in check.frameworks]
    if rows:
        print(table(["FRAMEWORK", "VERSION", "GPU", "FACTS"], rows))
    print(check.message)
    if check.problem is not None and check.problem.hint:
        print(check.problem.hint)
    if check.state == "failed" and check.output:
        print(f"\n{check.output.rstrip()}")


def _facts(check: FrameworkCheck) -> str:
    product = f"matrix product {check.product_ms:g} ms" if check.product_ms is not None else ""
    cuda = f"CUDA {check.cuda}" if check.cuda else ""
    cudnn = f"cuDNN {check.cudnn}" if check.cudnn else ""
    devices = ", ".join(dict.fromkeys(check.devices))
    return " · ".join(filter(None, [cuda, cudnn, devices, " ".join(check.archs), product]))
