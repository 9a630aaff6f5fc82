"""``jupyter envmanager pack``: an environment as an archive that can be unpacked elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from ..models import ArchiveFormat, ArchiveSource, PackRequest
from ..service import EnvManagerService
from .terminal import follow


async def pack(service: EnvManagerService, options: argparse.Namespace) -> int:
    """Write the archive and say where it is."""
    environment = await service.find(options.environment)
    output = Path(options.output).expanduser().absolute() if options.output else None
    format = options.format or _format_of(output)
    request = PackRequest(
        folder=str(output.parent if output is not None else Path.cwd()),
        filename=output.name if output is not None else "",
        format=format,
    )
    job = await service.packs.pack(environment.id, request)
    status = await follow(service, job, options)
    if status == 0 and not options.json:
        print(service.queue.job(job.id).file)
    return status


def archive(options: argparse.Namespace) -> ArchiveSource:
    """The archive that a new environment comes from."""
    return ArchiveSource(path=str(Path(options.archive).expanduser().absolute()))


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options beside the environment."""
    parser.add_argument("-o", "--output", metavar="FILE", help="where to (NAME-DATE.tar.gz in this folder)")
    parser.add_argument("--format", choices=get_args(ArchiveFormat), help="how; by default as FILE ends, or tar.gz")


def _format_of(output: Path | None) -> ArchiveFormat:
    formats: tuple[ArchiveFormat, ...] = get_args(ArchiveFormat)
    return next((one for one in formats if output is not None and output.name.endswith(f".{one}")), "tar.gz")
