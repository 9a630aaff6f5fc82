"""How a module of this package is run in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

# ``python -m`` would import from the folder that the server was started in first: a user's random.py, say.
# These processes are short: collecting garbage while they load what they need would be a tenth of their start.
_CODE = """\
import gc, sys
gc.set_threshold(50_000)
sys.path = [*filter(None, sys.path), {root!r}]
import runpy
runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""


def command(module: str) -> tuple[str, ...]:
    """The command that runs a module, by its name below this package, as ``python -m`` does; arguments may follow.

    Nothing is imported from the working folder. The package need not be installed.
    """
    root = str(Path(__file__).parents[1])
    return sys.executable, "-c", _CODE.format(root=root, module=f"{__package__}.{module}")
