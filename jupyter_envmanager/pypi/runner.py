"""Running uv so that it sees the site's settings and nothing of the user's surroundings."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import uv as package

from ..errors import EnvManagerError, Internal
from .state import PypiSettings

# What says where indexes, credentials, certificates and proxies are
# (https://docs.astral.sh/uv/reference/environment/); everything else of uv's would change what a plan means.
_KEPT = re.compile(
    r"UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INDEX_STRATEGY|INDEX_\w+_(USERNAME|PASSWORD)|KEYRING_PROVIDER"
    r"|INSECURE_HOST|SYSTEM_CERTS|NATIVE_TLS|HTTP_PROXY|HTTPS_PROXY|ALL_PROXY|NO_PROXY|HTTP_TIMEOUT|HTTP_RETRIES"
    r"|CREDENTIALS_DIR)"
)
# Where Python looks for code, what pip would do, which environment is active, and the server's own secrets.
_DROPPED = re.compile(
    r"PYTHON.*|__PYVENV_LAUNCHER__|PIP_.*|VIRTUAL_ENV.*|CONDA.*|_CE_.*|_CONDA.*|MAMBA.*|PIXI.*|UV_.*|SETUPTOOLS_.*"
    r"|DISTUTILS.*|JUPYTER.*|JPY_.*"
)
_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
_FIRST_BYTES = 50_000
_LAST_BYTES = 200_000
_LONGEST_LINE = 8_000
_CHUNK = 1 << 16


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What uv said; ``errors`` is its standard error."""

    code: int
    output: str
    errors: str


def environment(settings: PypiSettings, source: Mapping[str, str], first: str = "") -> dict[str, str]:
    """The variables uv and the builds it starts are given.

    Parameters
    ----------
    source:
        The variables of this process.
    first:
        URL of an index that is asked before all others.
    """
    kept = {name: text for name, text in source.items() if _KEPT.fullmatch(name) or not _DROPPED.fullmatch(name)}
    if settings.index is not None:
        kept = {name: text for name, text in kept.items() if name not in _INDEXES}
        kept["UV_DEFAULT_INDEX"] = settings.index
    if settings.extra_indexes:
        kept.pop("UV_EXTRA_INDEX_URL", None)
        kept["UV_INDEX"] = " ".join(settings.extra_indexes)
    if first:
        kept["UV_INDEX"] = f"{first} {kept.get('UV_INDEX', '')}".strip()
    for scheme, proxy in settings.proxies.items():
        if scheme in ("http", "https"):
            kept[f"{scheme}_proxy"] = kept[f"{scheme.upper()}_PROXY"] = proxy
    kept.update(_trust(settings, kept.get("UV_DEFAULT_INDEX") or kept.get("UV_INDEX_URL") or "https://pypi.org"))
    if settings.offline:
        kept["UV_OFFLINE"] = "1"
    return kept | {
        "UV_CACHE_DIR": settings.cache,
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "NO_COLOR": "1",
        # Builds run Python, and some of them pip, on their own.
        "PYTHONNOUSERSITE": "1",
        # They run an interpreter of the prefix, in which nothing may be written.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }


def _trust(settings: PypiSettings, index: str) -> dict[str, str]:
    if settings.verify is True:
        return {}
    if settings.verify is False:
        urls = [index, *settings.extra_indexes, settings.torch_index]
        hosts = {host for url in urls if (host := urlsplit(url).hostname)}
        # They name these hosts for their files.
        hosts |= {"files.pythonhosted.org"} if "pypi.org" in hosts else set()
        hosts |= {"download-r2.pytorch.org"} if "download.pytorch.org" in hosts else set()
        return {"UV_INSECURE_HOST": " ".join(sorted(hosts))}
    if settings.verify == "truststore":
        return {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
    return {"SSL_CERT_FILE": str(settings.verify)}


class _Excerpt:
    """The beginning and the end of a long text: a build may print without end, what matters is said first or last."""

    def __init__(self) -> None:
        self._first = b""
        self._last = b""

    def add(self, more: bytes) -> None:
        """Take in some more."""
        room = _FIRST_BYTES - len(self._first)
        self._first += more[:room]
        self._last = (self._last + more[room:])[-_LAST_BYTES:]

    @property
    def text(self) -> str:
        """What is left of it."""
        return (self._first + self._last).decode("utf-8", "replace")


def _login(settings: PypiSettings, folder: Path) -> dict[str, str]:
    """Have uv know the password of PyTorch's index, whose files a lock names, without asking that index for anything.

    https://docs.astral.sh/uv/concepts/indexes/#pinning-a-package-to-an-index
    """
    url = settings.torch_index.replace("{variant}", "cpu")
    if "@" not in urlsplit(url).netloc:
        return {}
    file = folder / "login.toml"
    file.touch(mode=0o600)
    file.write_text(f'[[index]]\nname = "own"\nurl = {json.dumps(url)}\nexplicit = true\n', encoding="utf-8")
    return {"UV_CONFIG_FILE": str(file)}


async def ask(arguments: Sequence[str], settings: PypiSettings, folder: Path, first: str = "") -> Answer:
    """Run uv in ``folder`` without blocking the loop; ended, with its builds, when the caller is cancelled.

    Parameters
    ----------
    first:
        URL of an index that is asked before all others.
    """
    process = await asyncio.create_subprocess_exec(
        _binary(),
        *arguments,
        cwd=folder,
        env=environment(settings, os.environ, first) | _login(settings, folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        output, errors = await asyncio.gather(_all(process.stdout), _excerpt(process.stderr))
        code = await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return Answer(code=code, output=output.decode("utf-8", "replace"), errors=errors)


async def _all(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream else b""


async def _excerpt(stream: asyncio.StreamReader | None) -> str:
    excerpt = _Excerpt()
    while stream and (more := await stream.read(_CHUNK)):
        excerpt.add(more)
    return excerpt.text


def run(arguments: Sequence[str], settings: PypiSettings, heard: Callable[[str], None]) -> Answer:
    """Run uv and wait; in the worker's process group, so that it ends with the worker.

    Parameters
    ----------
    heard:
        Told every line of its standard error as it comes.
    """
    excerpt = _Excerpt()
    with (
        tempfile.TemporaryDirectory(prefix="envmanager-uv-") as folder,
        subprocess.Popen(
            [_binary(), *arguments],
            cwd=folder,
            env=environment(settings, os.environ) | _login(settings, Path(folder)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        try:
            for line in process.stderr or ():
                excerpt.add(line)
                heard(line[:_LONGEST_LINE].decode("utf-8", "replace").rstrip("\n"))
        except BaseException:
            process.kill()
            raise
    return Answer(code=process.returncode, output="", errors=excerpt.text)


def _binary() -> str:
    try:
        return package.find_uv_bin()
    except FileNotFoundError as error:
        raise _missing() from error


def _missing() -> EnvManagerError:
    return Internal(
        "The program uv, which installs packages from PyPI, is missing.",
        hint="Install uv in the environment that runs Jupyter.",
    )
