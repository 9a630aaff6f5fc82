"""Two Unix users and a group, made for tests and removed afterwards, and commands that run as one of them."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import jupyter_envmanager

_PACKAGE = Path(jupyter_envmanager.__file__).parent.parent
_LIBRARIES = [str(_PACKAGE), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]


@dataclass
class Member:
    """A user of this machine, with a home of their own, a mask that lets nobody in, and the group of the test."""

    name: str
    home: Path
    python: str
    groups: list[int]
    variables: dict[str, str] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """What a subprocess is started with to be this user's."""
        user = pwd.getpwnam(self.name)
        variables = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(_LIBRARIES),
            # A copied interpreter has its library beside it, and the old place built in.
            "LD_LIBRARY_PATH": str(Path(self.python).parent.parent / "lib"),
        }
        return {
            "user": user.pw_uid,
            "group": user.pw_gid,
            "extra_groups": self.groups,
            "umask": 0o077,
            "cwd": self.home,
            "env": {**variables, "PYTHONDONTWRITEBYTECODE": "1", **self.variables},
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
        }

    def run(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        process = self.start(*words)
        out, err = process.communicate("", timeout=120)
        assert process.returncode == status, out + err
        return subprocess.CompletedProcess(words, status, out, err)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a program."""
        return subprocess.Popen(words, **self.options())

    def manage(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command of ours."""
        return self.run(*self.command(*words), status=status)

    def manage_each(self, *commands: list[str]) -> subprocess.CompletedProcess[str]:
        """Run commands of ours, one after the other in one process."""
        program = "import json, sys; from jupyter_envmanager.cli.main import main as do; "
        program += "sys.exit(max(map(do, json.loads(sys.argv[1]))))"
        return self.run(self.python, "-c", program, json.dumps(commands))

    def command(self, *words: str) -> list[str]:
        """A command of ours, as it is started."""
        return [self.python, "-m", "jupyter_envmanager.cli", *words]

    def environment(self, name: str) -> dict[str, Any]:
        """An environment as this user's list has it."""
        listed = json.loads(self.manage("list", "--json").stdout)["environments"]
        return next(one for one in listed if one["name"] == name)

    def condarc(self, channel: str) -> None:
        """Let this user have a channel."""
        (self.home / ".condarc").write_text(f"channels:\n  - {channel}\n")
        (self.home / ".condarc").chmod(0o644)

    def configure(self, **settings: Any) -> None:
        """Write settings of ours into this user's Jupyter configuration."""
        folder = self.home / ".jupyter"
        folder.mkdir(exist_ok=True)
        lines = [f"c.EnvManagerApp.{name} = {value!r}\n" for name, value in settings.items()]
        (folder / "jupyter_server_config.py").write_text("".join(lines))


@dataclass
class Lab:
    """A group, its folder, and two of its members."""

    group: str
    gid: int
    folder: Path
    eva: Member
    ann: Member


@contextmanager
def made_lab() -> Iterator[Lab]:
    """Make the users and the group; skips where that cannot be."""
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("making users needs root")
    if not all(map(shutil.which, ("useradd", "userdel", "groupadd", "groupdel"))):
        pytest.skip("this machine has no useradd")
    mark = f"jem{os.getpid()}"
    group, names = f"{mark}_lab", (f"{mark}_eva", f"{mark}_ann")
    # pytest's own folders are closed to others.
    root = Path(tempfile.mkdtemp(prefix=mark, dir="/tmp"))
    root.chmod(0o755)
    try:
        _system("groupadd", group)
        for name in names:
            _system("useradd", "--no-create-home", "--home-dir", str(root / name), "--groups", group, name)
        gid = grp.getgrnam(group).gr_gid
        folder = root / "lab"
        folder.mkdir()
        shutil.chown(folder, "root", group)
        folder.chmod(0o2775)
        python = _public_python(root)
        eva, ann = (_member(name, root, python, gid) for name in names)
        with eva.start(python, "-c", "import jupyter_envmanager.cli.main, rattler") as tried:
            if tried.wait(60) != 0:
                pytest.skip(f"other users cannot run this checkout: {tried.communicate()[1][-300:]}")
        yield Lab(group, gid, folder, eva, ann)
    finally:
        _end_workers(names)
        for name in names:
            subprocess.run(["userdel", "--force", name], capture_output=True, check=False)
        subprocess.run(["groupdel", group], capture_output=True, check=False)
        shutil.rmtree(root, ignore_errors=True)


def _end_workers(names: Iterable[str]) -> None:
    """End what these users still run: a worker outlives the command that started it."""
    uids = set()
    for name in names:
        with suppress(KeyError):
            uids.add(pwd.getpwnam(name).pw_uid)
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.stat().st_uid in uids:
                os.kill(int(process.name), signal.SIGKILL)


def _system(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{words[0]} does not work here: {done.stderr.strip()}")


def _member(name: str, root: Path, python: str, gid: int) -> Member:
    home = root / name
    home.mkdir(mode=0o700)
    shutil.chown(home, name, name)
    return Member(name, home, python, [gid])


def _public_python(root: Path) -> str:
    """This Python where everybody can run it; a copy where it lies in a folder that is closed to others."""
    program = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}").resolve()
    if all(folder.stat().st_mode & 0o001 for folder in program.parents):
        return str(program)
    library = Path("lib", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    copy = root / "python"
    for folder in (Path("bin"), library):
        (copy / folder.parent).mkdir(parents=True, exist_ok=True)
        ignored = shutil.ignore_patterns("site-packages", "test", "tests", "idlelib", "config-*", "*.a")
        shutil.copytree(
            Path(sys.base_prefix) / folder, copy / folder, symlinks=True, ignore=ignored, copy_function=_link
        )
    for shared in Path(sys.base_prefix, "lib").glob("libpython*.so*"):
        with suppress(FileExistsError):
            shutil.copy2(shared, copy / "lib", follow_symlinks=False)
    return str(copy / "bin" / program.name)


def _link(source: str, copy: str) -> None:
    try:
        os.link(source, copy, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, copy, follow_symlinks=False)
