"""Small modules that play frameworks, for an environment made of a real Python."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

from jupyter_envmanager.gpu import NO_DRIVER
from jupyter_envmanager.models import GpuDevice, GpuReport

NO_GPU = GpuReport(available=False, message=NO_DRIVER)
H100 = GpuReport(
    available=True,
    driver="550.54.15",
    cuda="12.4",
    devices=[GpuDevice(index=0, name="NVIDIA H100", compute_capability="9.0")],
)

#: A torch that prints, and computes.
TORCH = """
import sys
print('{"right": false} is no answer'); print("neither is this", file=sys.stderr)
__version__ = "2.6.0+cu124"
class version: cuda = "12.4"
class _C: _cuda_getArchFlags = staticmethod(lambda: "sm_80 sm_90 compute_90")
class backends:
    class cudnn: version = staticmethod(lambda: 90100)
class cuda:
    init = synchronize = staticmethod(lambda: None)
    device_count = staticmethod(lambda: 2)
    get_device_name = staticmethod(lambda index: "NVIDIA H100")
    get_device_capability = staticmethod(lambda index: (9, 0))
class tensor:
    def __init__(self, rows, device=None): self.rows = rows
    # Rows on the left and columns on the right are of one number each.
    def __matmul__(self, other):
        return tensor([[len(self.rows) * row[0] * value for value in other.rows[0]] for row in self.rows])
    def cpu(self): return self
    def tolist(self): return self.rows
"""
CPU_TORCH = "__version__ = '2.6.0'\nclass version: cuda = None\n"
#: As PyTorch says it on a machine without a driver.
BLIND_TORCH = (
    TORCH + "def init(): raise RuntimeError('Found no NVIDIA driver on your system.\\n\\nMore.')\ncuda.init = init\n"
)
SEGFAULT = "import ctypes; ctypes.string_at(0)\n"
#: Starts a process, notes the numbers of both in a file, and hangs.
HANGING = """
import os, subprocess, time
child = subprocess.Popen(["sleep", "600"])
with open({file!r} + ".part", "w") as stream: stream.write("%d %d" % (os.getpid(), child.pid))
os.rename({file!r} + ".part", {file!r})
time.sleep(600)
"""
CPU_JAX = {"jax.py": "__version__ = '0.7.2'\n", "jaxlib/__init__.py": ""}


def make_venv(prefix: Path) -> Path:
    """An environment with Python and nothing else."""
    venv.EnvBuilder(symlinks=True, with_pip=False).create(prefix)
    return prefix


def site_packages(prefix: Path) -> Path:
    """Where its modules are."""
    return prefix / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def put(folder: Path, files: dict[str, str]) -> Path:
    """Write modules into a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def runs(pid: int) -> bool:
    """Whether a process is there and does something."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
