"""A user's home for one benchmark: nothing of the person who runs it is read or written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FOREIGN = ("CONDA", "MAMBA", "_CE_", "PIP_", "PYTHON", "JUPYTER", "IPYTHON", "XDG_")


@dataclass(frozen=True)
class Home:
    """A home folder with a ``.condarc``.

    Parameters
    ----------
    path:
        The folder.
    channels:
        URLs of the channels.
    """

    path: Path
    channels: Sequence[str]

    def __post_init__(self) -> None:
        self.envs.mkdir(parents=True, exist_ok=True)
        lines = ["channels:", *(f"  - {channel}" for channel in self.channels)]
        lines += ["pkgs_dirs:", f"  - {self.pkgs}", "envs_dirs:", f"  - {self.envs}"]
        (self.path / ".condarc").write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def pkgs(self) -> Path:
        """The package cache."""
        return self.path / "pkgs"

    @property
    def envs(self) -> Path:
        """Where environments go."""
        return self.path / "envs"

    @property
    def data(self) -> Path:
        """Jupyter's data folder."""
        return self.path / "jupyter" / "data"

    def variables(self) -> dict[str, str]:
        """The environment of every process that runs in this home."""
        own = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(_FOREIGN) and not key.lower().endswith("_proxy")
        }
        jupyter = self.path / "jupyter"
        return {
            **own,
            "HOME": str(self.path),
            "JUPYTER_CONFIG_DIR": str(jupyter / "config"),
            "JUPYTER_DATA_DIR": str(self.data),
            "JUPYTER_RUNTIME_DIR": str(jupyter / "runtime"),
            "IPYTHONDIR": str(self.path / "ipython"),
        }

    def empty_package_cache(self) -> None:
        """Forget packages and bytecode; the channels' indexes stay, as an open panel has read them."""
        for entry in self.pkgs.iterdir() if self.pkgs.is_dir() else ():
            if entry.name != "cache":
                remove(entry)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
