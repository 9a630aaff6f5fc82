"""Which kernelspecs does a conda package carry that its wheel does not?

Recipes of kernels run the kernel's own installation, whose result goes into the package:
``share/jupyter/kernels/<name>``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from zipfile import ZipFile

from .archive import Entry
from .wheel import Wheel

# By conda name: the kernelspec's name, what `python -m bash_kernel.install` writes, and the files that go with it. The
# program is the environment's own, as in recipes that keep their packages free of prefixes.
_KNOWN = {
    "bash_kernel": (
        "bash",
        {
            "argv": ["python", "-m", "bash_kernel", "-f", "{connection_file}"],
            "codemirror_mode": "shell",
            "display_name": "Bash",
            "env": {"PS1": "$"},
            "language": "bash",
        },
        ("bash_kernel/resources/logo-svg.svg",),
    ),
}


def kernelspec_entries(wheel: Wheel) -> Iterator[Entry]:
    """The kernelspec of the package made of `wheel`, if it is a kernel that needs one."""
    if wheel.name not in _KNOWN:
        return
    name, content, files = _KNOWN[wheel.name]
    folder = f"share/jupyter/kernels/{name}"
    yield Entry(path=f"{folder}/kernel.json", data=json.dumps(content, indent=1).encode())
    with ZipFile(wheel.path) as archive:
        for file in set(files) & set(archive.namelist()):
            yield Entry(path=f"{folder}/{PurePosixPath(file).name}", data=archive.read(file))
