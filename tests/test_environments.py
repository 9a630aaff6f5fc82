"""Environments as they lie on disk: found, told apart, read, measured."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_envmanager.environments import (
    EnvironmentReader,
    Places,
    add_to_environments_txt,
    environment_id,
    fingerprint,
    is_environment,
    remove_from_environments_txt,
    venvs,
)
from jupyter_envmanager.environments.asked import read_history
from jupyter_envmanager.environments.condameta import summarise
from jupyter_envmanager.environments.health import check
from jupyter_envmanager.environments.managers import managed_by
from jupyter_envmanager.environments.pins import read_pins
from jupyter_envmanager.environments.plainfile import read_plain
from jupyter_envmanager.models import Environment, Package, Problem

PYTHON = "python-3.12.4-h194c7f8_0_cpython"
posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX links")


class Site:
    """A machine's places in one folder, and a reader for them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.envs = root / "envs"
        self.txt = root / "home" / "environments.txt"
        self.reader = EnvironmentReader(root / "cache" / "sizes.json")
        self.base: Path | None = None
        self.server = root / "nowhere"
        self.extra: tuple[Path, ...] = ()
        self.envs_dirs: tuple[Path, ...] = (self.envs,)

    def make(self, prefix: Path, *records: str, history: bool = True, age: float = 3600) -> Path:
        """An environment with these records; ``python`` also gets its program."""
        meta = prefix / "conda-meta"
        meta.mkdir(parents=True, exist_ok=True)
        if history:
            (meta / "history").touch()
        for record in records:
            name, version, build = record.rsplit("-", 2)
            content = {"name": name, "version": version, "build": build, "channel": "conda-forge"}
            (meta / f"{record}.json").write_text(json.dumps(content))
            if name == "python":
                program = prefix / ("python.exe" if os.name == "nt" else "bin/python")
                program.parent.mkdir(parents=True, exist_ok=True)
                program.touch()
        past = meta.stat().st_mtime - age
        os.utime(meta, (past, past))
        return prefix

    def read(self) -> tuple[list[Environment], list[Problem]]:
        places = Places(
            envs_dirs=self.envs_dirs,
            extra_roots=self.extra,
            root_prefix=self.base,
            server_prefix=self.server,
            environments_txt=self.txt,
        )
        return self.reader.list(places)

    def list(self) -> list[Environment]:
        environments, problems = self.read()
        assert problems == []
        return environments

    def only(self) -> Environment:
        (environment,) = self.list()
        return environment


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path.resolve())


def write_record(prefix: Path, name: str, **fields: Any) -> None:
    record = {"name": name, "version": "1.0", "build": "0", **fields}
    path = prefix / "conda-meta" / f"{name}-1.0-0.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))


def write_dist_info(prefix: Path, name: str, installer: str = "pip", requested: bool = True) -> None:
    folder = prefix / "lib" / "python3.12" / "site-packages" / f"{name}-2.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n\nName: not-a-header\n")
    (folder / "INSTALLER").write_text(f"{installer}\n")
    (folder / "RECORD").write_text(
        f'{name}/__init__.py,sha256=x,100\n"a,b.py",sha256=y,23\n{name}-2.0.dist-info/RECORD,,\n'
    )
    if requested:
        (folder / "REQUESTED").touch()


def test_a_named_environment_is_read_from_its_file_names(site: Site) -> None:
    prefix = site.make(site.envs / "hfrl", PYTHON, "cuda-version-12.6-h7c4d2b_3", "python-dateutil-2.9.0-py_0")
    environment = site.only()
    assert environment.id == environment_id(prefix)
    assert (environment.name, environment.prefix, environment.location) == ("hfrl", str(prefix), str(site.envs))
    assert (environment.kind, environment.state, environment.problem) == ("named", "ready", None)
    assert (environment.python, environment.cuda, environment.packages) == ("3.12.4", "12.6", 3)
    assert [(language.name, language.version) for language in environment.languages] == [("Python", "3.12.4")]
    assert environment.modified == (prefix / "conda-meta" / "history").stat().st_mtime
    assert (environment.writable, environment.protected, environment.size) == (True, False, None)
    assert (environment.kernels, environment.job) == ([], None)


def test_other_languages_are_known(site: Site) -> None:
    site.make(site.envs / "stats", "r-base-4.4.1-h0_0", "julia-1.10.4-h0_0", "cudatoolkit-11.8.0-h0_13")
    environment = site.only()
    assert environment.python is None
    assert [(language.name, language.version) for language in environment.languages] == [
        ("R", "4.4.1"),
        ("Julia", "1.10.4"),
    ]
    assert environment.cuda == "11.8"


def test_two_of_the_same_name_are_both_there(site: Site) -> None:
    other = site.root / "group"
    site.envs_dirs = (site.envs, other)
    site.make(site.envs / "lab", PYTHON)
    site.make(other / "lab", PYTHON)
    environments = site.list()
    assert [environment.name for environment in environments] == ["lab", "lab"]
    assert len({environment.id for environment in environments}) == 2
    assert {environment.location for environment in environments} == {str(site.envs), str(other)}


def test_every_kind_of_place_is_searched(site: Site) -> None:
    site.base = site.make(site.root / "conda", PYTHON, "conda-24.1-0")
    site.make(site.envs / "named", PYTHON)
    listed = site.make(site.root / "project" / "env", PYTHON)
    site.txt.parent.mkdir()
    site.txt.write_text(f"{listed}\n{site.envs / 'named'}\n\n/gone/env\nrelative/env\n")
    root = site.root / "shared"
    site.make(root / "below", PYTHON)
    site.make(root / "below" / "deeper" / "still", PYTHON)
    itself = site.make(site.root / "itself", PYTHON)
    site.extra = (root, itself, site.root / "missing")
    assert [(e.name, e.kind) for e in site.list()] == [
        ("base", "base"),
        ("named", "named"),
        ("env", "path"),
        ("below", "path"),
        ("itself", "path"),
    ]


def test_work_folders_are_no_environments(site: Site) -> None:
    site.make(site.envs / ".envmanager" / "0123" / "stage", PYTHON)
    stage = site.make(site.envs / ".envmanager", PYTHON)
    add_to_environments_txt(stage / "0123" / "stage", site.txt)
    assert site.list() == []


@posix
def test_a_link_and_its_target_are_one_environment(site: Site) -> None:
    real = site.make(site.root / "scratch" / "big", PYTHON)
    site.envs.mkdir()
    (site.envs / "short").symlink_to(real)
    (site.root / "alias").symlink_to(site.root / "scratch")
    site.txt.parent.mkdir()
    site.txt.write_text(f"{site.root}/alias/big\n{real}\n")
    environment = site.only()
    assert (environment.name, environment.kind, environment.prefix) == ("short", "named", str(real))
    assert environment.id == environment_id(real) == environment_id(site.envs / "short")


def test_base_and_the_server_are_protected(site: Site) -> None:
    site.base = site.make(site.root / "conda", PYTHON)
    site.server = site.make(site.envs / "lab", PYTHON)
    site.make(site.envs / "other", PYTHON)
    reasons = {environment.name: environment.protected_reason for environment in site.list()}
    assert "base environment" in reasons["base"]
    assert "JupyterLab runs" in reasons["lab"]
    assert reasons["other"] == ""
    assert {e.name for e in site.list() if e.protected} == {"base", "lab"}


def test_the_base_of_the_servers_venv_is_protected_too(site: Site) -> None:
    home = site.make(site.envs / "py", PYTHON)
    site.server = site.root / "venv"
    site.server.mkdir()
    folder = home if os.name == "nt" else home / "bin"
    (site.server / "pyvenv.cfg").write_text(f"home = {folder}\nversion = 3.12.4\n")
    assert {(e.name, e.kind, e.protected) for e in site.list()} == {("py", "named", True), ("venv", "venv", True)}


def test_an_environment_around_the_server_is_protected(site: Site) -> None:
    outer = site.make(site.envs / "outer", PYTHON)
    site.server = site.make(outer / "inner", PYTHON)
    assert all(environment.protected for environment in site.list())


def test_a_real_venv_is_listed_with_its_python(site: Site) -> None:
    folder = site.root / "venvs"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "mine"], check=True)
    site.extra = (folder,)
    environment = site.only()
    assert (environment.kind, environment.name, environment.state) == ("venv", "mine", "ready")
    assert environment.python == ".".join(map(str, sys.version_info[:3]))
    assert fingerprint(folder / "mine") == ""
    assert is_environment(folder / "mine")


@posix
def test_a_venv_whose_base_python_is_gone_is_broken(site: Site) -> None:
    venv = site.root / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text("home = /gone/bin\nversion_info = 3.11.2.final.0\n")
    (venv / "bin" / "python").symlink_to("/gone/bin/python3")
    site.extra = (venv,)
    environment = site.only()
    assert environment.python == "3.11.2"
    assert environment.state == "broken"
    assert environment.problem is not None
    assert environment.problem.code == "interpreter_missing"


def _empty_record(prefix: Path) -> None:
    (prefix / "conda-meta" / "numpy-2.0-0.json").touch()


def _dangling_record(prefix: Path) -> None:
    (prefix / "conda-meta" / "numpy-2.0-0.json").symlink_to("gone.json")


def _no_interpreter(prefix: Path) -> None:
    (prefix / ("python.exe" if os.name == "nt" else "bin/python")).unlink()


def _nothing(prefix: Path) -> None:
    for file in (prefix / "conda-meta").iterdir():
        file.unlink()


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (_empty_record, "record_damaged"),
        pytest.param(_dangling_record, "record_damaged", marks=posix),
        (_no_interpreter, "interpreter_missing"),
        (_nothing, "environment_incomplete"),
    ],
)
def test_a_broken_environment_says_what_is_wrong(site: Site, damage: Callable[[Path], None], code: str) -> None:
    damage(site.make(site.envs / "env", PYTHON))
    environment = site.only()
    assert environment.state == "broken"
    assert environment.problem is not None
    assert environment.problem.code == code
    assert environment.problem.hint


def test_what_conda_considers_fine_is_fine(site: Site) -> None:
    site.make(site.envs / "empty")
    site.make(site.envs / "no-history", PYTHON, history=False)
    odd = site.make(site.envs / "odd", PYTHON)
    for name in ("pixi", "state", "settings.json", "._numpy-2.0-0.json", "numpy-2.0-0.json.c~"):
        (odd / "conda-meta" / name).touch()
    environments = site.list()
    assert [environment.problem for environment in environments] == [None] * 3
    assert [environment.packages for environment in environments] == [0, 1, 1]


def test_a_second_listing_sees_what_changed(site: Site) -> None:
    prefix = site.make(site.envs / "env", PYTHON)
    assert site.only().packages == 1
    site.make(prefix, "numpy-2.0-0", age=1800)
    assert site.only().packages == 2
    _no_interpreter(prefix)
    assert site.only().state == "broken"


def test_a_change_within_the_clocks_grain_is_seen(site: Site) -> None:
    prefix = site.make(site.envs / "env", PYTHON, age=0)
    record = prefix / "conda-meta" / f"{PYTHON}.json"
    stamp = (prefix / "conda-meta").stat()
    assert site.only().packages == 1
    record.unlink()
    os.utime(prefix / "conda-meta", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert site.only().packages == 0


def test_a_broken_environment_is_read_again(site: Site) -> None:
    prefix = site.make(site.envs / "env", PYTHON)
    record = prefix / "conda-meta" / f"{PYTHON}.json"
    content = record.read_text()
    record.write_text("")
    assert site.only().state == "broken"
    record.write_text(content)
    assert site.only().state == "ready"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads and writes everything")
def test_permissions_are_reported(site: Site) -> None:
    prefix = site.make(site.envs / "env", PYTHON)
    (prefix / "conda-meta").chmod(0o555)
    try:
        assert not site.only().writable
        site.envs.chmod(0)
        assert [problem.code for problem in site.read()[1]] == ["place_unreadable"]
    finally:
        site.envs.chmod(0o755)
        (prefix / "conda-meta").chmod(0o755)


def test_a_place_that_cannot_be_read_is_a_problem_and_no_crash(site: Site) -> None:
    site.make(site.envs / "env", PYTHON)
    site.txt.mkdir(parents=True)
    environments, problems = site.read()
    assert [environment.name for environment in environments] == ["env"]
    assert [problem.code for problem in problems] == ["place_unreadable"]
    assert str(site.txt) in problems[0].message


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a filesystem that takes any bytes as a name")
def test_a_folder_whose_name_is_no_text_is_a_problem_and_hides_no_other(site: Site) -> None:
    site.make(site.envs / "env", PYTHON)
    site.make(site.envs / os.fsdecode(b"latin-\xe9"), PYTHON)
    (site.envs / "env" / "conda-meta" / os.fsdecode(b"bad-\xe9-0.json")).touch()
    site.txt.parent.mkdir()
    site.txt.write_bytes(b"/a\0b\n")
    environments, problems = site.read()
    assert [environment.name for environment in environments] == ["env"]
    assert [problem.code for problem in problems] == ["place_unreadable"]
    msgspec.json.encode((environments, problems))


def test_a_fingerprint_changes_with_the_records_alone(site: Site) -> None:
    prefix = site.make(site.envs / "env", PYTHON)
    before = fingerprint(prefix)
    (prefix / "conda-meta" / "history").write_text("more")
    assert fingerprint(prefix) == before != ""
    write_record(prefix, "numpy")
    assert fingerprint(prefix) != before
    assert fingerprint(site.root / "gone") == ""


def packages(prefix: Path) -> dict[str, Package]:
    return {package.name: package for package in EnvironmentReader().packages(prefix).packages}


def test_conda_and_pypi_packages_are_listed_together(tmp_path: Path) -> None:
    owned = "lib/python3.12/site-packages/owned-2.0.dist-info/METADATA"
    write_record(tmp_path, "numpy", channel="conda-forge", size=10, files=[owned])
    write_record(
        tmp_path, "big", paths_data={"paths": [{"_path": "a", "size_in_bytes": 40}, {"size_in_bytes": 2}]}, size=1
    )
    write_dist_info(tmp_path, "owned")
    write_dist_info(tmp_path, "hydra-core")
    write_dist_info(tmp_path, "dependency", installer="uv", requested=False)
    write_dist_info(tmp_path, "by-conda", installer="conda")
    write_dist_info(tmp_path, "~leftover")
    found = packages(tmp_path)
    assert list(found) == ["big", "dependency", "hydra-core", "numpy"]
    assert (found["numpy"].manager, found["numpy"].size, found["big"].size) == ("conda", 10, 42)
    assert (found["hydra-core"].manager, found["hydra-core"].version, found["hydra-core"].size) == ("pypi", "2.0", 123)
    assert (found["hydra-core"].requested, found["dependency"].requested) == (True, False)


@posix
def test_folders_with_two_names_are_read_once(tmp_path: Path) -> None:
    owned = "lib/python3.12/site-packages/owned-2.0.dist-info/METADATA"
    write_record(tmp_path, "numpy", files=[owned])
    write_dist_info(tmp_path, "owned")
    write_dist_info(tmp_path, "mine")
    (tmp_path / "lib" / "python3.1").symlink_to("python3.12")
    (tmp_path / "lib64").symlink_to("lib")
    assert sorted(packages(tmp_path)) == ["mine", "numpy"]


def test_requested_packages_are_known_from_records_and_history(tmp_path: Path) -> None:
    write_record(tmp_path, "by-conda", requested_spec="by-conda=1")
    write_record(tmp_path, "by-rattler", requested_specs=["by-rattler"])
    write_record(tmp_path, "by-history")
    write_record(tmp_path, "taken-back")
    write_record(tmp_path, "dependency", requested_spec="None", requested_specs=[])
    (tmp_path / "conda-meta" / "history").write_text(
        "==> 2024-01-01 10:00:00 <==\n# cmd: conda install by-history\n"
        "# update specs: ['conda-forge::by-history[version=\\'>=1\\']', 'taken-back>=1']\n+x::by-history-1.0-0\n"
        "==> 2024-01-02 10:00:00 <==\n# remove specs: ['taken-back']\n# update specs: [broken\n"
    )
    requested = {name for name, package in packages(tmp_path).items() if package.requested}
    assert requested == {"by-conda", "by-rattler", "by-history"}


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("['mod', \"other[build='a']\", u'third']", {"mod", "other", "third"}),
        ("mod >=1,<2, other ,<3,third", {"mod", "other", "third"}),
        ("['https://f.example/t/x/noarch/mod-1.0-0.conda#5a', './other-1.0-0.tar.bz2']", {"mod", "other"}),
        (f"['mod', 'other {'1' * 2_000}']", {"mod"}),
        # What would take its time.
        (f"[{'0,' * 480_000}]", set()),
        (f"[{'(' * 100_000}'mod{')' * 100_000}]", set()),
        (f"['.{'a-' * 10_000}']", set()),
        (f"mod{',>1' * 100_000}", set()),
    ],
)
def test_what_a_history_says_is_read_whoever_has_written_it(said: str, asked: set[str]) -> None:
    assert read_history(f"==> 2024-01-01 10:00:00 <==\n# update specs: {said}\n").keys() == asked


@pytest.mark.parametrize(
    ("channel", "shown"),
    [
        ("https://host.example/conda-forge/linux-64", "conda-forge"),
        ("https://user:secret@host.example/conda-forge/noarch", "conda-forge"),
        ("https://host.example/t/se-cret/lab/osx-arm64", "lab"),
        ("https://host.example/pkgs/main/linux-64", "pkgs/main"),
        ("https://host.example/conda-forge/label/dev/win-64", "conda-forge/label/dev"),
        ("https://host.example/api/conda/mirror?token=secret", "mirror"),
        ("file:///srv/my%20channel/linux-64", "my channel"),
        ("conda-forge", "conda-forge"),
        (None, ""),
        ("https://host.example", ""),
    ],
)
def test_a_channel_is_short_and_without_credentials(tmp_path: Path, channel: str | None, shown: str) -> None:
    write_record(tmp_path, "numpy", channel=channel)
    assert packages(tmp_path)["numpy"].channel == shown


def test_broken_records_are_damaged_and_reported(tmp_path: Path) -> None:
    write_record(tmp_path, "good")
    for name, content in (
        ("empty", b""),
        ("cut", b'{"name": "cut", "ver'),
        ("shape", b"[1]"),
        ("bytes", b'{"name": "\xff"}'),
    ):
        (tmp_path / "conda-meta" / f"{name}-1.0-0.json").write_bytes(content)
    reader = EnvironmentReader()
    found = reader.packages(tmp_path)
    assert [package.name for package in found.packages if not package.damaged] == ["good"]
    problems = found.problems
    assert {problem.code for problem in problems} == {"record_damaged"}
    assert [Path(problem.details["record"]).name.split("-")[0] for problem in problems] == [
        "bytes",
        "cut",
        "empty",
        "shape",
    ]


def test_packages_of_this_very_interpreter_are_listed() -> None:
    if not (Path(sys.prefix) / "pyvenv.cfg").exists():
        pytest.skip("this interpreter is no venv")
    assert packages(Path(sys.prefix))["pytest"].version == pytest.__version__


@posix
def test_measure_counts_a_file_with_two_names_once(tmp_path: Path) -> None:
    prefix = tmp_path / "env"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "python3.12").write_bytes(b"x" * 100_000)
    (tmp_path / "elsewhere").write_bytes(b"x" * 900_000)
    reader = EnvironmentReader()
    size, files = reader.measure(prefix)
    os.link(prefix / "bin" / "python3.12", prefix / "bin" / "python3")
    assert reader.measure(prefix) == (size, files)
    (prefix / "bin" / "python").symlink_to(tmp_path / "elsewhere")
    assert reader.measure(prefix)[1] == files + 1 == 2
    assert 100_000 <= size < 900_000
    os.link(tmp_path / "elsewhere", prefix / "shared-with-the-cache")
    assert reader.measure(prefix)[0] >= 1_000_000
    assert reader.measure(tmp_path / "gone") == (0, 0)


def test_a_size_is_reported_until_something_changes(site: Site) -> None:
    prefix = site.make(site.envs / "env", PYTHON)
    site.reader.remember_size(prefix, 5_300)
    assert site.only().size == 5_300
    site.reader = EnvironmentReader(site.root / "cache" / "sizes.json")
    assert site.only().size == 5_300
    write_dist_info(prefix, "by-pip")
    assert site.only().size is None
    site.reader.remember_size(prefix, 5_400)
    site.make(prefix, "numpy-2.0-0", age=1800)
    assert site.only().size is None


def test_a_broken_size_cache_costs_a_measurement_only(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    prefix = site.make(site.envs / "env", PYTHON)
    file = site.root / "cache" / "sizes.json"
    file.parent.mkdir()
    file.write_text('{"half": ')
    with caplog.at_level(logging.WARNING):
        reader = site.reader = EnvironmentReader(file)
    assert "measured anew" in caplog.text
    reader.remember_size(prefix, 7)
    assert site.only().size == 7
    assert list(json.loads(file.read_text())) == [str(prefix)]
    assert [path.name for path in file.parent.iterdir()] == ["sizes.json"]


def test_environments_txt_gains_and_loses_one_line(tmp_path: Path) -> None:
    file = tmp_path / ".conda" / "environments.txt"
    add_to_environments_txt(tmp_path / "a", file)
    add_to_environments_txt(tmp_path / "a", file)
    assert file.read_text() == f"{tmp_path / 'a'}\n"
    file.write_text(f"/gone/env\n{tmp_path / 'a'}\n/no/newline")
    add_to_environments_txt(tmp_path / "b", file)
    assert file.read_text().splitlines() == ["/gone/env", str(tmp_path / "a"), "/no/newline", str(tmp_path / "b")]
    remove_from_environments_txt(tmp_path / "a", file)
    assert file.read_text().splitlines() == ["/gone/env", "/no/newline", str(tmp_path / "b")]
    assert [path.name for path in file.parent.iterdir()] == ["environments.txt"]


@posix
def test_environments_txt_may_be_a_link_and_name_a_prefix_by_one(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.txt"
    (tmp_path / "env").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path)
    real.write_text(f"{tmp_path}/alias/env\n")
    real.chmod(0o600)
    file = tmp_path / "environments.txt"
    file.symlink_to(real)
    add_to_environments_txt(tmp_path / "env", file)
    assert real.read_text() == f"{tmp_path}/alias/env\n"
    remove_from_environments_txt(tmp_path / "env", file)
    assert (file.is_symlink(), real.read_text(), real.stat().st_mode & 0o777) == (True, "", 0o600)


def test_environments_txt_that_cannot_be_written_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    remove_from_environments_txt(tmp_path / "env", tmp_path / "missing" / "environments.txt")
    assert caplog.text == ""
    add_to_environments_txt(tmp_path / "env", tmp_path / "file" / "environments.txt")
    assert "Could not add" in caplog.text


# What is no plain file


@pytest.mark.skipif(os.name == "nt", reason="needs named pipes")
def test_pipes_where_files_should_be_keep_nobody_waiting(tmp_path: Path) -> None:
    prefix = tmp_path / "one"
    meta = prefix / "conda-meta"
    info = prefix / "lib" / "python3.11" / "site-packages" / "alpha-1.0.dist-info"
    for folder in (meta, info):
        folder.mkdir(parents=True)
    pipe = "pipe-1.0-0.json"
    for name in ("frozen", "history", "pinned", "pixi", pipe):
        os.mkfifo(meta / name)
    for name in ("METADATA", "INSTALLER", "RECORD", "direct_url.json"):
        os.mkfifo(info / name)
    os.mkfifo(prefix / "pyvenv.cfg")
    reader = EnvironmentReader()
    found = reader.packages(prefix)
    assert [(package.name, package.damaged) for package in found.packages] == [("pipe", True)]
    assert [problem.message for problem in found.problems] == [
        f"The package record {pipe} cannot be read: it is no plain file."
    ]
    assert f"The package record {pipe} cannot be read: it is no plain file." in [
        problem.message for problem in check(prefix).problems
    ]
    assert read_pins(prefix) == {}
    assert managed_by(prefix) == "pixi"
    assert venvs.base_prefixes(str(prefix)) == set()
    summary = summarise(str(meta))
    assert summary.frozen == ""
    assert summary.problem is not None
    assert pipe in summary.problem.message


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    assert read_plain(file, 5) == b"12345"
    with pytest.raises(OSError, match="larger than 4 bytes"):
        read_plain(file, 4)
    with pytest.raises(OSError, match="no plain file"):
        read_plain(tmp_path)


@posix
def test_records_that_may_not_be_read_are_not_damaged_and_seen_as_soon_as_they_may(tmp_path: Path) -> None:
    for name in ("open", "shut"):
        write_record(tmp_path, name)
    meta = tmp_path / "conda-meta"
    # Old enough to be remembered.
    for file in meta.glob("*.json"):
        os.utime(file, (1, 1))
    reader = EnvironmentReader()
    assert reader.packages(tmp_path).problems == []
    (meta / "shut-1.0-0.json").chmod(0)
    if os.access(meta / "shut-1.0-0.json", os.R_OK):
        pytest.skip("root reads everything")
    found = reader.packages(tmp_path)
    assert [(one.name, one.damaged) for one in found.packages] == [("open", False), ("shut", False)]
    (problem,) = found.problems
    assert (problem.code, problem.details["records"]) == ("records_closed", ["shut-1.0-0.json"])
    assert f"chmod -R u+rX {meta}" in problem.hint
    assert [one.code for one in check(tmp_path).problems] == ["records_closed"]
    assert summarise(str(meta)).problem is None
    (meta / "shut-1.0-0.json").chmod(0o644)
    assert reader.packages(tmp_path).problems == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")
def test_a_record_whose_name_is_no_text_is_damaged(tmp_path: Path) -> None:
    meta = tmp_path / "one" / "conda-meta"
    meta.mkdir(parents=True)
    for name in (b"caf\xe9-1.0-0.json", b"python-3.\xe9-0.json"):
        Path(os.fsdecode(os.fsencode(meta) + b"/" + name)).write_text('{"name": "x", "version": "1.0", "build": "0"}')
    messages = [problem.message for problem in EnvironmentReader().packages(meta.parent).problems]
    assert messages == [
        "The package record caf?-1.0-0.json cannot be read: its file name is no valid UTF-8.",
        "The package record python-3.?-0.json cannot be read: its file name is no valid UTF-8.",
    ]
    summary = summarise(str(meta))
    assert summary.problem is not None
    assert "caf?-1.0-0.json" in summary.problem.message
    msgspec.json.encode((summary.languages, summary.python, summary.problem))
    (meta / "text-1.0-0.json").write_bytes(b'{"name": "caf\xe9", "version": "1.0", "build": "0"}')
    text = EnvironmentReader().packages(meta.parent).problems[-1].message
    assert "codec" not in text
