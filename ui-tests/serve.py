"""JupyterLab with the environment manager in a home of its own, a real conda channel that can be told to misbehave,
and a small Python package index.

    python ui-tests/serve.py

Needs only what runs it: jupyter_envmanager installed, or this checkout on its path with the frontend built. Everything
is below one temporary folder that goes when the server does. Environment variables:

ENVMANAGER_PORT
    Port of JupyterLab on loopback, 8898 by default; the control address is the next one.
ENVMANAGER_HOME
    Folder to use as the home; it must not exist, and goes as well.

The control address takes faults of the channel as JSON, by pattern of path, and says where things are:

    GET /                                    {"home": …, "condarc": …, "settings": …, "channel": …, "failing": …, …}
    POST / {"conda-forge/*/pandas-*": {"bytes_per_second": 100000}}
    DELETE /                                                  all faults but that of the failing channel end
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts"))

from channel_builder.gpu_variants import installable  # noqa: E402
from local_channel import ChannelServer, Fault, Synthetic, build_channel, serve  # noqa: E402
from pypi_index import IndexServer, sdist, serve_index  # noqa: E402

import jupyter_envmanager  # noqa: E402

PORT = int(os.environ.get("ENVMANAGER_PORT", "8898"))
# What a server needs of the machine; the rest, such as conda's variables and proxies, is none of a story's business.
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "NVML_STUB", "CI")
# Where JupyterLab keeps what its user has set.
SETTINGS = Path("config", "lab", "user-settings")
# In the environment of everything started from here.
MARK = "ENVMANAGER_SERVE"
# Noise does not compress: so many bytes are downloaded.
BIG = 2_000_000
PACKAGES = (
    Synthetic("big-download", "1.0", files={"share/big": random.Random(0).randbytes(BIG)}),
    Synthetic("bigger-download", "1.0", files={"share/bigger": random.Random(1).randbytes(BIG)}),
    # What can be updated, held back and changed to another build.
    Synthetic("weather-data", "1.0"),
    Synthetic("weather-data", "2.0"),
    Synthetic("weather-model", "1.0", depends=("weather-data >=1",), summary="Tomorrow's weather."),
    Synthetic("weather-model", "1.1", depends=("weather-data >=1",), summary="Tomorrow's weather."),
    Synthetic("weather-model", "2.0", depends=("weather-data >=2",), summary="Tomorrow's weather."),
    Synthetic("weather-model", "2.0", build="fast_1", build_number=1, depends=("weather-data >=2", "big-download")),
    # What does not go together with the newest of them.
    Synthetic("needs-old-data", "1.0", depends=("weather-data <2",)),
    # Builds with and without GPU.
    *installable(f"{sys.version_info.major}.{sys.version_info.minor}"),
)
# A template of the site.
TEMPLATE = """\
title: Torch of this site
description: What our courses on deep learning start from.
packages: [weather-data]
gpu:
  packages: [pytorch-gpu]
cpu:
  packages: [pytorch-cpu]
  note: The CPU build, as the target has no GPU.
"""
# What no story looks at makes each page slower: a quarter of its CPU time.
UNUSED = (
    *("audio", "celltags", "csvviewer", "debugger", "documentsearch", "extensionmanager", "help", "htmlviewer", "hub"),
    *("imageviewer", "inspector", "javascript", "json", "logconsole", "lsp", "markdownviewer", "mathjax", "mermaid"),
    *("metadataform", "pdf", "pluginmanager", "settingeditor", "theme-dark-high-contrast", "toc", "tooltip", "vega5"),
    "video",
)
# Settings without which JupyterLab asks the network, or the user.
QUIET = {"@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"}}
# A file at an address.
FILE = "name: fetched\nchannels: [conda-forge]\ndependencies: [weather-data=1.0]\n"


def main() -> int:
    """Run until JupyterLab ends or a signal comes; returns the exit status."""
    signal.signal(signal.SIGTERM, stop)
    with folder() as temporary, channels(temporary / "channels") as server, index() as shelf:
        home = Path(os.environ.get("ENVMANAGER_HOME") or temporary / "home" / "ann")
        home.mkdir(parents=True)
        try:
            condarc = write_condarc(home, server)
            places = {"home": str(home), "condarc": condarc, "settings": str(temporary / SETTINGS)}
            with control(server, {**places, **addresses(server, shelf)}):
                return lab(home, temporary, server, shelf)
        finally:
            end_processes(temporary)
            shutil.rmtree(home, ignore_errors=True)


def stop(*_: object) -> None:
    """End; further signals must not disturb the clearing away."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder."""
    path = Path(tempfile.mkdtemp(prefix="envmanager-ui-")).resolve()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def channels(directory: Path) -> Iterator[ChannelServer]:
    """The real channel under the name of the one everybody uses, as a site's mirror has it."""
    build_channel(directory / "conda-forge", synthetic=PACKAGES, report=lambda line: print(line, flush=True))
    # What the site lets users fetch.
    (directory / "files").mkdir()
    (directory / "files" / "environment.yml").write_text(FILE)
    with serve(directory) as server:
        heal(server)
        yield server


@contextmanager
def index() -> Iterator[IndexServer]:
    """A Python package index."""
    with serve_index() as server:
        server.wheel("tiny-plot", "1.0", summary="Plots that fit anywhere.")
        server.wheel("tiny-plot", "1.1", summary="Plots that fit anywhere.")
        server.wheel("tiny-board", "1.0", requires=["tiny-plot"], summary="A board of plots.")
        # conda has a newer one.
        server.wheel("wants-old-idna", "1.0", requires=["idna==2.0"], summary="Goes back in time.")
        server.wheel("idna", "2.0")
        server.add(sdist("unbuildable", "1.0", fail="error: the compiler of the last century is missing"))
        yield server


def addresses(server: ChannelServer, shelf: IndexServer) -> dict[str, str]:
    """The channel, one whose server is broken, and the package index."""
    return {
        "channel": f"{server.url}/conda-forge",
        "failing": f"{server.url}/failing",
        "files": f"{server.url}/files",
        "index": shelf.url,
    }


def heal(server: ChannelServer) -> None:
    """Let only the failing channel fail."""
    server.heal()
    server.fault("failing/*", Fault(status=500))


def write_condarc(home: Path, server: ChannelServer) -> str:
    """Name the channel; returns the text, for a story that has broken it."""
    text = f"channels:\n  - conda-forge\ncustom_channels:\n  conda-forge: {server.url}\n"
    (home / ".condarc").write_text(text)
    return text


@contextmanager
def control(server: ChannelServer, state: dict[str, str]) -> Iterator[None]:
    """Answer on the control address while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(state)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for pattern, fault in body.items():
                server.fault(pattern, Fault(**fault))
            self.answer({})

        def do_DELETE(self) -> None:
            heal(server)
            self.answer({})

        def answer(self, body: dict[str, str]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", PORT + 1), Handler) as listener:
        threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield
        finally:
            listener.shutdown()


def lab(home: Path, temporary: Path, server: ChannelServer, shelf: IndexServer) -> int:
    """JupyterLab as this home's owner starts it."""
    config, data = temporary / "config", home / ".local" / "share" / "jupyter"
    config.mkdir()
    write_page_config(config)
    (data / "labextensions").mkdir(parents=True)
    # What a group shares: kernels can be moved there.
    (temporary / "group" / "kernels").mkdir(parents=True)
    (temporary / "shared").mkdir()
    (temporary / "shared").chmod(0o2775)
    (temporary / "templates").mkdir()
    (temporary / "templates" / "torch.yml").write_text(TEMPLATE)
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {
        "HOME": str(home),
        MARK: str(temporary),
        "ENVMANAGER_PORT": str(PORT),
        "ENVMANAGER_INDEX": shelf.url,
        "ENVMANAGER_FILES": f"{server.url}/files",
        "ENVMANAGER_SHARED": str(temporary / "shared"),
        "ENVMANAGER_TEMPLATES": str(temporary / "templates"),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(data),
        "JUPYTER_PATH": str(temporary / "group"),
        "JUPYTER_RUNTIME_DIR": str(temporary / "runtime"),
        "JUPYTERLAB_GALATA_ROOT_DIR": str(home),
    }
    if not installed():
        link_checkout(config, data, environment)
    command = [sys.executable, "-m", "jupyterlab", "--config", str(HERE / "jupyter_server_test_config.py")]
    with subprocess.Popen(command, env=environment, cwd=home) as process:
        try:
            return process.wait()
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                # Whoever started this waits longer: see gracefulShutdown in playwright.config.js.
                process.wait(5)
            process.kill()


def write_page_config(config: Path) -> None:
    """Leave out of the page what no story looks at; pictures show JupyterLab as it is. No page asks for news."""
    # The page would ask at each start whether JupyterLab needs building: seconds of the server's time.
    page: dict[str, object] = {"buildAvailable": False, "buildCheck": False}
    if not os.environ.get("SCREENSHOTS"):
        unused = ["@jupyterlab/apputils-extension:splash", *(f"@jupyterlab/{name}-extension" for name in UNUSED)]
        page["disabledExtensions"] = dict.fromkeys(unused, True)
    (config / "labconfig").mkdir()
    (config / "labconfig" / "page_config.json").write_text(json.dumps(page))
    (config / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(QUIET))


def installed() -> bool:
    """Whether a wheel has put the extension where this Python's JupyterLab looks."""
    return (Path(sys.prefix) / "share/jupyter/labextensions/jupyter-envmanager/package.json").exists()


def link_checkout(config: Path, data: Path, environment: dict[str, str]) -> None:
    """What a wheel installs, for the checkout that is on the path."""
    package = Path(jupyter_envmanager.__file__).resolve().parent
    if not (package / "labextension" / "package.json").exists():
        sys.exit("The frontend is not built: run “jlpm build” first.")
    (data / "labextensions" / "jupyter-envmanager").symlink_to(package / "labextension")
    shutil.copytree(package.parent / "jupyter-config" / "server-config", config / "jupyter_server_config.d")
    environment["PYTHONPATH"] = str(package.parent)


def end_processes(temporary: Path) -> None:
    """Workers and kernels outlive their server by design; those of this one end with it."""
    mark = f"{MARK}={temporary}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)
    # What they were writing is written once they are gone.
    time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
