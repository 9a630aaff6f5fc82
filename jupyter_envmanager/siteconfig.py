"""What the site and the user have set in Jupyter's configuration, with its defaults filled in."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir, jupyter_path


@dataclass(frozen=True, kw_only=True)
class Site:
    """What the site and the user have set in Jupyter's configuration; see the traits of ``EnvManagerApp``."""

    state_dir: Path
    home: Path
    server_prefix: Path
    server_root: Path
    kernels_dir: Path
    kernel_path: Sequence[Path]
    group_kernels_dir: Path | None = None
    kernel_templates: Sequence[Path] = ()
    user_kernel_templates: Path | None = None
    allowed_roots: Sequence[Path] = ()
    extra_roots: Sequence[Path] = ()
    run_link_scripts: bool = False
    keep_generations: int = 3
    parallel_jobs: int = 2
    pypi_index: str = ""
    pypi_extra_indexes: Sequence[str] = ()
    environments_txt: Path = field(default_factory=lambda: Path("~/.conda/environments.txt").expanduser())


def site_from(
    *,
    home: Path,
    server_root: Path,
    state_dir: str = "",
    kernels_dir: str = "",
    group_kernels_dir: str = "",
    kernel_templates: list[str] | None = None,
    allowed_roots: list[str] | None = None,
    extra_roots: list[str] | None = None,
    run_link_scripts: bool = False,
    keep_generations: int = 3,
    parallel_jobs: int = 2,
    pypi_index: str = "",
    pypi_extra_indexes: list[str] | None = None,
) -> Site:
    """Traits, as they are written, with their defaults filled in."""
    data = Path(jupyter_data_dir())
    path = [Path(folder) for folder in jupyter_path("kernels")]
    roots = [Path(root).expanduser() for root in allowed_roots or [str(home), str(server_root)]]
    return Site(
        state_dir=Path(state_dir or data / "envmanager").expanduser(),
        home=home,
        server_prefix=Path(sys.prefix),
        server_root=server_root,
        kernels_dir=Path(kernels_dir or data / "kernels").expanduser(),
        kernel_path=path,
        group_kernels_dir=Path(group_kernels_dir).expanduser() if group_kernels_dir else _shared(path, data),
        kernel_templates=[Path(folder).expanduser() for folder in kernel_templates or []],
        user_kernel_templates=data / "envmanager" / "kernel_templates",
        allowed_roots=list(dict.fromkeys(roots)),
        extra_roots=[Path(root).expanduser() for root in extra_roots or []],
        run_link_scripts=run_link_scripts,
        keep_generations=keep_generations,
        parallel_jobs=parallel_jobs,
        pypi_index=pypi_index,
        pypi_extra_indexes=pypi_extra_indexes or [],
        environments_txt=home / ".conda" / "environments.txt",
    )


def _shared(path: Sequence[Path], data: Path) -> Path | None:
    """The folder of kernels that a group shares: the first on ``JUPYTER_PATH``."""
    named = [Path(folder) for folder in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if folder]
    return next((folder for folder in path if folder.parent in named and folder.parent != data), None)
