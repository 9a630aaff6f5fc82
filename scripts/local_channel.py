"""Build a real conda channel out of running Pythons and PyPI wheels, and serve it: no conda channel is needed.

    python scripts/local_channel.py DIR [--python PYTHON …] [--package REQUIREMENT …] [--serve [--port PORT]]

Tests import the same names: `build_channel`, `write_channel`, `Synthetic`, `serve`, `Fault`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from channel_builder.archive import PLACEHOLDER
from channel_builder.channel import DEFAULT_PACKAGES, LocalChannel, build_channel, write_channel
from channel_builder.interpreter import InterpreterError
from channel_builder.pypi import DownloadError
from channel_builder.server import ChannelHandler, ChannelServer, Fault, serve
from channel_builder.store import default_cache
from channel_builder.synthetic import Synthetic

__all__ = [
    "DEFAULT_PACKAGES",
    "PLACEHOLDER",
    "ChannelHandler",
    "ChannelServer",
    "DownloadError",
    "Fault",
    "InterpreterError",
    "LocalChannel",
    "Synthetic",
    "build_channel",
    "default_cache",
    "main",
    "serve",
    "write_channel",
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parser().parse_args(arguments)
    start = time.monotonic()
    try:
        channel = build_channel(
            options.directory,
            pythons=options.python,
            packages=options.package or DEFAULT_PACKAGES,
            refresh=options.refresh,
            report=_say,
        )
    except (InterpreterError, DownloadError, FileExistsError) as error:
        print(error, file=sys.stderr)
        return 1
    seconds = time.monotonic() - start
    size = channel.size / 1e6
    print(f"{len(channel.packages)} packages, {size:.0f} MB, {seconds:.1f} s: {channel.directory}", flush=True)
    if options.serve:
        _serve_until_interrupted(channel.directory, options.port)
    return 0


def _say(line: str) -> None:
    # One write: threads report at once.
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="local_channel.py", description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("directory", type=Path, metavar="DIR", help="where the channel goes")
    add("--python", type=Path, action="append", default=[], help="an interpreter to package (repeatable)")
    add("--package", action="append", default=[], metavar="REQ", help="a requirement (repeatable)")
    add("--refresh", action="store_true", help="ask the index again for the newest versions")
    add("--serve", action="store_true", help="serve the channel on loopback until interrupted")
    add("--port", type=int, default=0, help="port to serve on; a free one by default")
    return parser


def _serve_until_interrupted(directory: Path, port: int) -> None:
    with serve(directory, port=port) as server:
        print(f"serving {server.url}", flush=True)
        try:
            server.wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    sys.exit(main())
