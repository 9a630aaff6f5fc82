"""Environments whose packages cannot be changed, and why: frozen, read only, mounted, a root of others, a project's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_installed import age, posix, record

from jupyter_envmanager.environments import EnvironmentReader, Places
from jupyter_envmanager.environments.managers import managed_by
from jupyter_envmanager.models import Environment

not_root = pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root reads and writes everything")


class Listing:
    """A folder of environments, and a reader of it."""

    def __init__(self, root: Path) -> None:
        self.envs = root / "envs"
        self.reader = EnvironmentReader()

    def make(self, name: str = "env") -> Path:
        record(self.envs / name, "numpy")
        return self.envs / name

    def only(self) -> Environment:
        (found,) = self.all()
        return found

    def all(self) -> list[Environment]:
        nowhere = self.envs / "nowhere"
        places = Places(
            envs_dirs=(self.envs,), extra_roots=(), root_prefix=None, server_prefix=nowhere, environments_txt=nowhere
        )
        return self.reader.list(places)[0]


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    return Listing(tmp_path.resolve())


def test_an_ordinary_environment_can_be_changed(listing: Listing) -> None:
    listing.make()
    environment = listing.only()
    assert (environment.frozen, environment.unchangeable) == (False, "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "It is frozen by those who care for it."),
        (b"{}", "It is frozen by those who care for it."),
        (b'{"message": null}', "It is frozen by those who care for it."),
        (b'{"message": 3}', "It is frozen by those who care for it."),
        (b"not json \xff", "It is frozen by those who care for it."),
        (b'{"message": "Course 101.\\nAsk Ada."}', "It is frozen by those who care for it: Course 101. Ask Ada."),
    ],
)
def test_a_frozen_one_says_why(listing: Listing, content: bytes, said: str) -> None:
    (listing.make() / "conda-meta" / "frozen").write_bytes(content)
    environment = listing.only()
    assert (environment.frozen, environment.state) == (True, "ready")
    assert environment.unchangeable == f"{said} Create a new environment instead."


def test_the_marker_comes_and_goes(listing: Listing) -> None:
    marker = listing.make() / "conda-meta" / "frozen"
    age(listing.envs)
    assert not listing.only().frozen
    marker.touch()
    assert listing.only().frozen
    marker.unlink()
    assert not listing.only().frozen


def test_a_root_of_other_environments_says_so(listing: Listing) -> None:
    prefix = listing.make()
    age(listing.envs)
    assert listing.only().unchangeable == ""
    (prefix / "pkgs").mkdir()
    assert listing.only().unchangeable.startswith("It holds “pkgs”, which other environments depend on.")
    (prefix / "envs").mkdir()
    assert listing.only().unchangeable.startswith("It holds “envs” and “pkgs”")


def test_a_venv_says_so(listing: Listing) -> None:
    (listing.envs / "venv").mkdir(parents=True)
    (listing.envs / "venv" / "pyvenv.cfg").write_text("version = 3.12.4\n")
    assert listing.only().unchangeable.startswith("It is a virtual environment")


@posix
@not_root
def test_what_cannot_be_written_says_so(listing: Listing) -> None:
    prefix = listing.make()
    for folder, said in ((prefix, "read only for you"), (listing.envs, f"{listing.envs}, is read only")):
        folder.chmod(0o555)
        try:
            assert said in listing.only().unchangeable
        finally:
            folder.chmod(0o755)


@pytest.mark.skipif(not Path("/proc/self/mounts").exists(), reason="needs a list of mounts")
def test_a_mount_point_says_so(listing: Listing, tmp_path: Path) -> None:
    prefix = listing.make()
    subprocess.run(["cp", "-a", prefix, tmp_path / "saved"], check=True)
    program = tmp_path / "ask.py"
    program.write_text(
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from pathlib import Path; from test_unchangeable import Listing\n"
        f"print(Listing(Path({str(tmp_path.resolve())!r})).only().unchangeable)\n"
    )
    script = f"mount -t tmpfs none {prefix} && cp -a {tmp_path}/saved/. {prefix} && exec {sys.executable} {program}"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], capture_output=True, text=True
    )
    if "unshare" in done.stderr or "permission denied" in done.stderr.lower():
        pytest.skip("this machine does not let us mount")
    assert done.stdout.startswith("Something is mounted at or below it"), done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b'{"manifest_path": "/home/ada/weather/pixi.toml", "environment_name": "default"}',
            "pixi (/home/ada/weather)",
        ),
        (b'{"manifest_path": 3}', "pixi"),
        (b"", "pixi"),
        (b"\xff", "pixi"),
        (None, None),
    ],
)
def test_an_environment_of_a_pixi_project_is_known(tmp_path: Path, content: bytes | None, said: str | None) -> None:
    (tmp_path / "conda-meta").mkdir()
    if content is not None:
        (tmp_path / "conda-meta" / "pixi").write_bytes(content)
    assert managed_by(tmp_path) == said
