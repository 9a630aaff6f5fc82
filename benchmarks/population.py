"""Many environments that look like real ones: records, history, interpreter and kernelspec of a true one."""

from __future__ import annotations

import json
import os
from pathlib import Path

_OLD = 1_700_000_000


def populate(template: Path, envs: Path, kernels: Path | None, count: int) -> None:
    """Fill ``envs`` with environments that share the records of ``template``.

    With ``kernels``, each has a kernelspec of its own there.

    Records are hard links, as the package cache's are; time stamps are old, as those of most environments.
    """
    for number in range(count):
        prefix = envs / f"project-{number:03d}"
        meta = prefix / "conda-meta"
        meta.mkdir(parents=True)
        for record in (template / "conda-meta").glob("*.json"):
            os.link(record, meta / record.name)
        (meta / "history").write_bytes((template / "conda-meta" / "history").read_bytes())
        (prefix / "bin").mkdir()
        os.link((template / "bin" / "python").resolve(), prefix / "bin" / "python")
        for path in (meta / "history", meta, prefix):
            os.utime(path, (_OLD, _OLD))
        if kernels is not None:
            _register(kernels / prefix.name, prefix)


def _register(folder: Path, prefix: Path) -> None:
    folder.mkdir(parents=True)
    argv = [str(prefix / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": prefix.name, "language": "python", "metadata": {"debugger": True}}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def write_index(folder: Path, records: int) -> None:
    """A channel with an index of so many records, eight versions a package, and no packages to download."""
    name, packages = "", {}
    for number in range(records):
        version = number % 8
        name = name if version else f"invented-package-{number // 8:06d}"
        file = f"{name}-1.{version}.0-py312h{number:07x}_0.conda"
        packages[file] = {
            "build": f"py312h{number:07x}_0",
            "build_number": 0,
            "depends": [
                "python >=3.12,<3.13.0a0",
                "numpy >=1.19,<3",
                "libgcc >=13",
                "libstdcxx >=13",
                "__glibc >=2.17",
            ],
            "license": "BSD-3-Clause",
            "md5": f"{number:032x}",
            "name": name,
            "sha256": f"{number:064x}",
            "size": 100_000 + number,
            "subdir": "linux-64",
            "timestamp": 1_700_000_000_000 + number,
            "version": f"1.{version}.0",
        }
    for subdir, content in (("linux-64", packages), ("noarch", {})):
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": content, "repodata_version": 1}
        (folder / subdir / "repodata.json").write_text(json.dumps(index), encoding="utf-8")
