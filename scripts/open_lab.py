"""Open JupyterLab; with a channel of this machine's own where the configured ones cannot be reached."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from jupyter_envmanager.config import load
from jupyter_envmanager.engine.channels import Channels
from jupyter_envmanager.engine.client import network
from jupyter_envmanager.errors import EnvManagerError


def main(arguments: list[str]) -> int:
    """Run JupyterLab until it ends; returns its exit status."""
    local = "--local-channel" in arguments
    options = [argument for argument in arguments if argument != "--local-channel"]
    environment = dict(os.environ)
    if not local and (problem := unreachable()):
        print(f"{problem.message}\nUsing a channel built on this machine instead: few packages, but all of it works.")
        local = True
    if not local:
        return lab(options, environment)
    from local_channel import build_channel, serve

    channel = build_channel(report=lambda line: print(f"  {line}", flush=True))
    with serve(channel.directory) as server:
        environment["CONDA_CHANNELS"] = server.url
        return lab(options, environment)


def unreachable() -> EnvManagerError | None:
    """Why the configured channels cannot be used; None when they can."""
    settings = load(os.environ, Path.home(), Path(sys.prefix))

    async def ask() -> None:
        with tempfile.TemporaryDirectory() as folder:
            await Channels(network(settings), Path(folder)).records(["python"])

    try:
        asyncio.run(ask())
    except EnvManagerError as error:
        return error
    return None


def lab(options: list[str], environment: dict[str, str]) -> int:
    """JupyterLab, in this terminal."""
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    try:
        return subprocess.call([sys.executable, "-m", "jupyterlab", *as_root, *options], env=environment)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
