"""A real channel on loopback, a home of its own for every test, and the service on top of both."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from forking import Forker, forker
from local_channel import ChannelServer, LocalChannel, Synthetic, build_channel, serve, write_channel
from pypi_index import IndexServer, serve_index

from jupyter_envmanager.config import SettingsSource
from jupyter_envmanager.jobs.queue import JobQueue
from jupyter_envmanager.jobs.store import JobStore
from jupyter_envmanager.models import Job, NewEnvironment, SpecsSource
from jupyter_envmanager.service import EnvManagerService
from jupyter_envmanager.siteconfig import Site

pytest_plugins = ["pytest_jupyter.jupyter_server"]

TINY = (
    Synthetic("tiny", "1.0", files={"share/tiny/version": b"1.0\n", "bin/tiny": b"#!/bin/sh\necho tiny 1.0\n"}),
    Synthetic("tiny", "2.0", files={"share/tiny/version": b"2.0\n"}),
    Synthetic("tinier", "1.0", depends=("tiny >=1,<2",), files={"share/tinier/readme": b"needs an old tiny\n"}),
    Synthetic("clash", "1.0", depends=("tinier", "tiny >=2")),
    Synthetic("some-files", "1.0", depends=("fewer-files",), file_count=200),
    Synthetic("fewer-files", "1.0", file_count=100),
    Synthetic("files", "1.0", file_count=3000),
    Synthetic("more-files", "1.0", depends=("files",), file_count=3000),
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the conda, pip or proxy settings of the machine that runs it."""
    # Each of hundreds of workers would compile everything that it imports.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for name in list(os.environ):
        if name.startswith(("CONDA", "MAMBA", "_CE_", "PIP_USER", "PYTHONUSERBASE")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def real_channel() -> LocalChannel:
    """Python, ipykernel, pandas and friends, as conda packages."""
    return build_channel()


@pytest.fixture(scope="session")
def tiny_channel(tmp_path_factory: pytest.TempPathFactory) -> LocalChannel:
    """Invented packages: variants, a conflict, many files."""
    return write_channel(tmp_path_factory.mktemp("channel") / "tiny", TINY)


@pytest.fixture(scope="session")
def forked() -> Iterator[Forker]:
    """Runs commands without loading the package for each."""
    with forker() as running:
        yield running


@pytest.fixture
def channel(real_channel: LocalChannel) -> Iterator[ChannelServer]:
    """The real channel, served for one test."""
    with serve(real_channel.directory) as server:
        yield server


@pytest.fixture
def tiny(tiny_channel: LocalChannel) -> Iterator[ChannelServer]:
    """The invented channel, served for one test."""
    with serve(tiny_channel.directory) as server:
        yield server


@pytest.fixture(scope="session")
def shared_pkgs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package cache for the real channel: downloads are tested with empty ones."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return tmp_path_factory.mktemp("pkgs")
    # One for all processes of a run: to extract and compile is most of the work, and a cache is there to be shared.
    shared = base.parent / "pkgs"
    shared.mkdir(exist_ok=True)
    return shared


@dataclass
class Home:
    """A user's home and the service that works in it."""

    path: Path
    service: EnvManagerService
    changes: list[Job] = field(default_factory=list)

    @property
    def envs(self) -> Path:
        """The default location."""
        return self.path / ".conda" / "envs"

    @property
    def kernels(self) -> Path:
        """Where kernelspecs go."""
        return self.service.site.kernels_dir

    def request(self, name: str, *specs: str, **more: Any) -> NewEnvironment:
        """A request for packages."""
        return NewEnvironment(name=name, source=SpecsSource(specs=list(specs)), **more)

    async def create(self, name: str, *specs: str, **more: Any) -> Job:
        """Create and wait for the end."""
        job = await self.service.create(self.request(name, *specs, **more))
        return await self.service.queue.wait(job.id)

    def leftovers(self) -> list[Path]:
        """What a job should never leave behind: stages, journals, locks, half-written files."""
        # Generations are whole environments, and no place to look for leftovers.
        roots = []
        for folder, below, _ in os.walk(self.path):
            if ".envmanager" in below:
                below.remove(".envmanager")
                roots.append(Path(folder, ".envmanager"))
        return [path for root in roots for path in (*root.glob("*"), *root.glob("*/*")) if not _stays(path)]


def _stays(path: Path) -> bool:
    inside = path.parts[path.parts.index(".envmanager") + 1 :]
    # Caches beside the packages; the generations of an environment, and the note of its last rollback.
    return not inside or inside[0] in ("bytecode", "uv") or inside[1:2] in ((), ("generations",), ("rolled-back",))


MakeHome = Callable[..., Home]


@pytest.fixture
def make_home(
    tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeHome]:
    """Build a home whose ``.condarc`` names these channels; the same ``path`` twice is a server that restarts.

    Without channels, the ``.condarc`` stays as it is. ``index`` is the Python package index,
    ``torch_index`` that of PyTorch's wheels; ``shared`` are the site's shared locations.
    """
    # Tests wait for what nobody else waits for.
    monkeypatch.setattr("jupyter_envmanager.jobs.queue._AFTERCARE_SECONDS", 0.05)
    homes: list[Home] = []

    def make(
        *channels: str,
        pkgs: Path | None = None,
        path: Path | None = None,
        parallel: int = 2,
        index: str = "",
        torch_index: str = "",
        shared: Sequence[dict[str, str]] = (),
    ) -> Home:
        home = path or tmp_path / "home"
        home.mkdir(exist_ok=True)
        lines = ["channels:", *(f"  - {channel}" for channel in channels)]
        if pkgs is not None:
            lines += ["pkgs_dirs:", f"  - {pkgs}"]
        if channels:
            (home / ".condarc").write_text("\n".join(lines) + "\n")
        made: Home

        def changed(job: Job) -> None:
            made.changes.append(job)
            made.service.job_changed(job)

        site = Site(
            state_dir=home / "state",
            home=home,
            server_prefix=Path(sys.prefix),
            server_root=home,
            kernels_dir=home / "jupyter" / "kernels",
            kernel_path=[home / "jupyter" / "kernels"],
            allowed_roots=[home],
            environments_txt=home / ".conda" / "environments.txt",
            pypi_index=index,
            torch_index=torch_index,
            shared_locations=shared,
        )
        queue = JobQueue(JobStore(site.state_dir / "jobs"), parallel=parallel, changed=changed)
        source = SettingsSource(env={}, home=home, server_prefix=Path(sys.prefix))
        made = Home(home, EnvManagerService(site, source, queue))
        homes.append(made)
        return made

    yield make
    for home in homes:
        jp_asyncio_loop.run_until_complete(end_jobs(home.service))


async def end_jobs(service: EnvManagerService) -> None:
    """Workers outlive their server by design; none outlives its test."""
    await service.stop()
    for worker in service.queue.workers.values():
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


@pytest.fixture
def tiny_home(make_home: MakeHome, tiny: ChannelServer) -> Home:
    """A home with the invented channel and an empty package cache."""
    return make_home(tiny.url)


@pytest.fixture
def real_home(make_home: MakeHome, channel: ChannelServer, shared_pkgs: Path) -> Home:
    """A home with the real channel and a package cache that other tests have filled."""
    return make_home(channel.url, pkgs=shared_pkgs)


@pytest.fixture
def index() -> Iterator[IndexServer]:
    """A Python package index of one's own."""
    with serve_index() as server:
        yield server


@pytest.fixture
def pypi_home(make_home: MakeHome, channel: ChannelServer, shared_pkgs: Path, index: IndexServer) -> Home:
    """A home with the real channel and an index."""
    return make_home(channel.url, pkgs=shared_pkgs, index=index.url)


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a condition, and fail when it does not come true."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")
