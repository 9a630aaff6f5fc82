"""What the site and the user have set in Jupyter's configuration, with its defaults filled in."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir, jupyter_path
from traitlets import Bool, Dict, HasTraits, Int, List, Unicode


@dataclass(frozen=True, kw_only=True)
class Site:
    """What the site and the user have set in Jupyter's configuration; see `SiteTraits`."""

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
    gpu_targets: Sequence[Mapping[str, Any]] = ()
    torch_index: str = ""
    environment_templates: Sequence[Path] = ()
    shared_locations: Sequence[Mapping[str, Any]] = ()
    file_urls: Sequence[str] = ()
    environments_txt: Path = field(default_factory=lambda: Path("~/.conda/environments.txt").expanduser())


class SiteTraits(HasTraits):
    """The settings as they are written in ``jupyter_server_config.py``, under ``c.EnvManagerApp``."""

    allowed_roots = List(
        Unicode(),
        config=True,
        help="Folders below which path environments may be made. Default: the home folder and the server's root.",
    )
    extra_roots = List(
        Unicode(), config=True, help="More folders to look for environments in: each is one, or holds some."
    )
    parallel_jobs = Int(2, min=1, config=True, help="How many jobs run at once; the others wait.")
    run_link_scripts = Bool(
        False, config=True, help="Run the link scripts of packages. They are code of the packages' authors."
    )
    keep_generations = Int(3, min=0, config=True, help="How many former states of an environment are kept.")
    pypi_index = Unicode(
        config=True,
        help="URL of the Python package index (a simple index). Default: uv's, which is UV_DEFAULT_INDEX or PyPI.",
    )
    pypi_extra_indexes = List(
        Unicode(), config=True, help="URLs of more Python package indexes; what they have goes before the first."
    )
    gpu_targets = List(
        Dict(),
        config=True,
        help="GPUs that environments can be made for besides this machine's, such as a cluster's partitions. Each: "
        "name, cuda (the newest version that the driver there runs), compute_capability, memory (GB), description.",
    )
    torch_index = Unicode(
        config=True,
        help="URL of the index of PyTorch's wheels, with {variant} for cu126, cpu …. Default: download.pytorch.org.",
    )
    environment_templates = List(
        Unicode(), config=True, help="Folders of YAML files, each a start for new environments (see docs/admins.md)."
    )
    shared_locations = List(
        Dict(),
        config=True,
        help="Folders of environments that a group shares. Each: path, group (a Unix group; default: the folder's), "
        "access (“read” or “write”: what other members may do), label.",
    )
    file_urls = List(
        Unicode(),
        config=True,
        help="Beginnings of https addresses that environment files may be fetched from. Default: none.",
    )
    state_dir = Unicode(
        config=True, help="Folder for jobs, previews and results. Default: “envmanager” in Jupyter's data folder."
    )
    kernels_dir = Unicode(
        config=True, help="Folder that new kernelspecs go to. Default: “kernels” in Jupyter's data folder."
    )
    group_kernels_dir = Unicode(
        config=True,
        help="Folder of kernelspecs that a group shares, on Jupyter's path. Default: the first one on JUPYTER_PATH.",
    )
    kernel_templates = List(
        Unicode(), config=True, help="Folders that kernels can be made from: each is a template, or holds some."
    )

    def site(self, *, home: Path, server_root: Path) -> Site:
        """These settings, with their defaults filled in."""
        data = Path(jupyter_data_dir())
        path = [Path(folder) for folder in jupyter_path("kernels")]
        group = self.group_kernels_dir
        return Site(
            state_dir=Path(self.state_dir or data / "envmanager").expanduser(),
            home=home,
            server_prefix=Path(sys.prefix),
            server_root=server_root,
            kernels_dir=Path(self.kernels_dir or data / "kernels").expanduser(),
            kernel_path=path,
            group_kernels_dir=Path(group).expanduser() if group else _shared(path, data),
            kernel_templates=_folders(self.kernel_templates),
            user_kernel_templates=data / "envmanager" / "kernel_templates",
            allowed_roots=list(dict.fromkeys(_folders(self.allowed_roots or [str(home), str(server_root)]))),
            extra_roots=_folders(self.extra_roots),
            run_link_scripts=self.run_link_scripts,
            keep_generations=self.keep_generations,
            parallel_jobs=self.parallel_jobs,
            pypi_index=self.pypi_index,
            pypi_extra_indexes=self.pypi_extra_indexes,
            gpu_targets=self.gpu_targets,
            torch_index=self.torch_index,
            environment_templates=_folders(self.environment_templates),
            shared_locations=self.shared_locations,
            file_urls=self.file_urls,
            environments_txt=home / ".conda" / "environments.txt",
        )


def _folders(texts: Sequence[str]) -> list[Path]:
    return [Path(text).expanduser() for text in texts]


def _shared(path: Sequence[Path], data: Path) -> Path | None:
    """The folder of kernels that a group shares: the first on ``JUPYTER_PATH``."""
    named = [Path(folder) for folder in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if folder]
    return next((folder for folder in path if folder.parent in named and folder.parent != data), None)
