"""Check that a wheel brings all that a user needs: the frontend, the server configuration, the schemas.

python scripts/check_wheel.py FOLDER_WITH_ONE_WHEEL
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

SHARE = "data/share/jupyter/labextensions/jupyter-envmanager"
NEEDED = (
    f"{SHARE}/package.json",
    f"{SHARE}/install.json",
    f"{SHARE}/schemas/jupyter-envmanager/plugin.json",
    "data/etc/jupyter/jupyter_server_config.d/jupyter_envmanager.json",
    "jupyter_envmanager/py.typed",
    "jupyter_envmanager/jobs/events.yaml",
    "jupyter_envmanager/notebooks/importnames.json",
)


def main(arguments: list[str]) -> int:
    """Print what is missing; the exit status is 1 if anything is."""
    (wheel,) = Path(arguments[0]).glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        missing = [needed for needed in NEEDED if not any(name.endswith(needed) for name in names)]
        entry = next((name for name in names if name.endswith(f"{SHARE}/package.json")), None)
        load = json.loads(archive.read(entry))["jupyterlab"]["_build"]["load"] if entry else ""
        if not any(name.endswith(f"{SHARE}/{load}") for name in names):
            missing.append(load or "the frontend's entry")
    for name in missing:
        print(f"{wheel.name} lacks {name}", file=sys.stderr)
    if not missing:
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, {len(names)} files, complete")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
