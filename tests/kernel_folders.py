"""Folders of kernelspecs, of the user, a group, a site and the server; and kernels that are made there."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from test_kernels import environment, make_prefix

from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.kernels import KernelRegistry
from jupyter_envmanager.kernels.logos import generated
from jupyter_envmanager.models import (
    Kernel,
    KernelSettings,
    NewKernel,
)

PICTURE = base64.b64encode(generated("X", "#123456")["logo-64x64.png"]).decode()
LAUNCH = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


@pytest.fixture
def me(tmp_path: Path) -> Path:
    return tmp_path / "me" / "kernels"


@pytest.fixture
def group(tmp_path: Path) -> Path:
    folder = tmp_path / "group" / "kernels"
    folder.mkdir(parents=True)
    folder.chmod(0o2775)
    return folder


@pytest.fixture
def registry(tmp_path: Path, me: Path, group: Path) -> KernelRegistry:
    server = tmp_path / "server"
    return KernelRegistry(
        me,
        [me, server / "share" / "jupyter" / "kernels", tmp_path / "site"],
        group_dir=group,
        server_prefix=server,
        templates=[tmp_path / "site-templates"],
        user_templates=tmp_path / "user-templates",
    )


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    return make_prefix(tmp_path / "envs" / "lab")


def settings(registry: KernelRegistry, name: str, *prefixes: Path) -> KernelSettings:
    return registry.settings(name, [environment(prefix) for prefix in prefixes], {})


def request(prefix: Path, **fields: Any) -> NewKernel:
    return NewKernel(environment=environment_id(prefix), **fields)


def make(registry: KernelRegistry, prefix: Path, name: str = "lab", **fields: Any) -> Kernel:
    return registry.register(
        prefix=prefix,
        environment=environment_id(prefix),
        display_name="Lab",
        name=name,
        request=request(prefix, **fields),
    )


def stamp(kernel: Kernel | Path) -> Any:
    folder = Path(kernel.path) if isinstance(kernel, Kernel) else kernel
    return json.loads((folder / "kernel.json").read_text())["metadata"]["jupyter_envmanager"]
