"""The built channel makes environments that work, and says of every package what conda must know."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from conda_package_handling.api import extract  # type: ignore[import-untyped]
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from local_channel import (
    PLACEHOLDER,
    ChannelServer,
    InterpreterError,
    LocalChannel,
    Synthetic,
    build_channel,
    main,
    write_channel,
)

from .conftest import MakeEnvironment, Solve

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
ABI = f"py{sys.version_info.major}{sys.version_info.minor}"

Unpack = Callable[[str], Path]

FACTS = """
import bz2, ctypes, json, lzma, sqlite3, ssl, sys, sysconfig, zlib
import pandas
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(json.dumps({
    "prefix": sys.prefix,
    "base_prefix": sys.base_prefix,
    "purelib": sysconfig.get_path("purelib"),
    "include": sysconfig.get_path("include"),
    "config_prefix": sysconfig.get_config_var("prefix"),
    "strangers": [file for file in files if file and not file.startswith(sys.prefix)],
    "mapped": [line.split()[-1] for line in open("/proc/self/maps") if "libpython" in line],
    "rows": sqlite3.connect(":memory:").execute("select 1").fetchall(),
}))
"""


@pytest.fixture
def unpack(local_channel: LocalChannel, tmp_path: Path) -> Unpack:
    """Unpack the one package whose file name matches."""

    def run(pattern: str) -> Path:
        (path,) = local_channel.directory.glob(pattern)
        extract(str(path), str(tmp_path / path.stem))
        return tmp_path / path.stem

    return run


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_an_environment_made_of_the_channel_runs_and_knows_only_itself(
    served: ChannelServer, make_environment: MakeEnvironment
) -> None:
    prefix = make_environment(served.url, f"python={MINOR}", "ipykernel", "pandas")
    answer = subprocess.run([prefix / "bin/python", "-c", FACTS], capture_output=True, text=True, check=True)
    facts = json.loads(answer.stdout)
    assert facts["prefix"] == facts["base_prefix"] == facts["config_prefix"] == str(prefix)
    assert facts["purelib"] == str(prefix / f"lib/python{MINOR}/site-packages")
    assert facts["include"].startswith(str(prefix))
    assert facts["strangers"] == []
    assert all(path.startswith(str(prefix)) for path in facts["mapped"])
    assert run_cell(prefix, "import pandas, sys; print(sys.prefix)") == f"{prefix}\n"


def run_cell(prefix: Path, code: str) -> str:
    """Start the environment's own kernelspec and return what a cell prints."""
    specs = KernelSpecManager(kernel_dirs=[str(prefix / "share/jupyter/kernels")], ensure_native_kernel=False)
    spec = specs.get_kernel_spec("python3")
    spec.argv[0] = str(prefix / "bin" / spec.argv[0])
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs, transport="ipc")
    manager._kernel_spec = spec
    manager.start_kernel(stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    printed: list[str] = []
    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive(code, timeout=60, output_hook=lambda m: printed.append(m["content"].get("text", "")))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
    return "".join(printed)


def test_no_installed_file_mentions_the_prefix_it_came_from(
    served: ChannelServer, make_environment: MakeEnvironment
) -> None:
    prefix = make_environment(served.url, f"python={MINOR}", "flask")
    texts = [path for path in prefix.rglob("*") if path.is_file() and "conda-meta" not in path.parts]
    contents = {path: path.read_bytes() for path in texts}
    assert not [path for path, data in contents.items() if PLACEHOLDER.encode() in data]
    if len(Path(sys.base_prefix).parts) > 3:
        old = f"{sys.base_prefix}/".encode()
        assert not [path for path, data in contents.items() if old in data and b"\0" not in data]
    for script in (f"pydoc{MINOR}", "flask"):
        assert (prefix / "bin" / script).read_text().splitlines()[0].startswith(f"#!{prefix}/bin/python")
    version = subprocess.run([prefix / "bin/flask", "--version"], capture_output=True, text=True, check=True)
    assert "Flask 3.1" in version.stdout


def test_two_versions_of_one_project_are_both_installable(served: ChannelServer, solve_from: Solve) -> None:
    for wanted in ("3.0", "3.1"):
        records = solve_from(served.url, [f"python={MINOR}", f"flask={wanted}"])
        (flask,) = [record for record in records if record.name.normalized == "flask"]
        assert str(flask.version).startswith(wanted)


def test_paths_json_describes_every_file_exactly(unpack: Unpack) -> None:
    package = unpack(f"*/python-{MINOR}.*.conda")
    records = {record["_path"]: record for record in read(package / "info/paths.json")["paths"]}
    found = {
        str(path.relative_to(package)): path
        for path in package.rglob("*")
        if (path.is_symlink() or path.is_file()) and path.relative_to(package).parts[0] != "info"
    }
    assert sorted(records) == sorted(found) == (package / "info/files").read_text().split()
    for name, path in found.items():
        assert records[name]["path_type"] == ("softlink" if path.is_symlink() else "hardlink")
        if not path.is_symlink():
            assert records[name]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
            assert records[name]["size_in_bytes"] == path.stat().st_size
            assert (PLACEHOLDER.encode() in path.read_bytes()) == ("prefix_placeholder" in records[name])


def test_the_python_package_holds_no_tests_and_no_foreign_packages(unpack: Unpack) -> None:
    package = unpack(f"*/python-{MINOR}.*.conda")
    library = package / f"lib/python{MINOR}"
    assert (package / "bin/python").readlink() == Path(f"python{MINOR}")
    assert not (library / "test").exists()
    assert not list(library.glob("site-packages/*"))
    assert (library / "os.py").exists()


def test_a_pure_wheel_is_noarch_python_with_its_commands_as_entry_points(unpack: Unpack) -> None:
    package = unpack("noarch/flask-3.1.*.conda")
    index, link = read(package / "info/index.json"), read(package / "info/link.json")
    assert (index["noarch"], index["subdir"]) == ("python", "noarch")
    assert link["noarch"] == {"type": "python", "entry_points": ["flask = flask.cli:main"]}
    assert any(spec.startswith("werkzeug >=3.1") for spec in index["depends"])
    assert not any("dotenv" in spec for spec in index["depends"])
    assert read(package / "info/about.json")["summary"]
    assert read(package / "info/about.json")["license"] == "BSD-3-Clause"
    (installer,) = package.glob("site-packages/*.dist-info/INSTALLER")
    assert installer.read_text() == "conda\n"
    record = (installer.parent / "RECORD").read_text().splitlines()
    assert f"{installer.parent.name}/RECORD,," in record
    assert "../../../bin/flask,," in record


def test_a_binary_wheel_is_bound_to_its_python(unpack: Unpack) -> None:
    index = read(unpack("*/numpy-*.conda") / "info/index.json")
    assert index["build"].startswith(ABI)
    assert index["subdir"] != "noarch"
    major, minor = sys.version_info[:2]
    assert f"python >={MINOR},<{major}.{minor + 1}.0a0" in index["depends"]
    assert f"python_abi {MINOR}.* *_cp{major}{minor}" in index["depends"]


def test_data_files_of_a_wheel_land_in_the_prefix(unpack: Unpack) -> None:
    assert (unpack("noarch/ipykernel-*.conda") / "share/jupyter/kernels/python3/kernel.json").is_file()


def test_the_same_inputs_are_built_once(local_channel: LocalChannel) -> None:
    again = build_channel(packages=["ipykernel", "pandas", "flask==3.0.*", "flask==3.1.*"])
    assert again.reused
    assert again.directory == local_channel.directory


def build_small(directory: Path, cache: Path) -> bool:
    """Build a channel without PyPI; at module level so that another process can."""
    packages = [Synthetic("many", file_count=300)]
    return build_channel(directory, packages=[], synthetic=packages, cache=cache).reused


def test_two_processes_build_one_channel_once(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(build_small, tmp_path / "channel", tmp_path / "cache") for _ in range(2)]
        assert sorted(job.result() for job in jobs) == [False, True]


def test_a_failed_build_leaves_the_former_channel_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = write_channel(tmp_path / "channel", [Synthetic("one")])
    before = sorted(path.name for path in channel.directory.rglob("*"))

    def broken(_directory: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("channel_builder.channel._index", broken)
    with pytest.raises(OSError, match="disk full"):
        write_channel(tmp_path / "channel", [Synthetic("two")])
    assert sorted(path.name for path in channel.directory.rglob("*")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["channel"]


def test_a_directory_of_something_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("ten years of work")
    with pytest.raises(FileExistsError, match="no channel built here"):
        write_channel(tmp_path, [Synthetic("one")])
    assert (tmp_path / "thesis.tex").exists()


def test_the_command_reports_a_python_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "channel"), "--python", str(tmp_path / "no-python")]) == 1
    assert "cannot become a conda package" in capsys.readouterr().err
    with pytest.raises(InterpreterError, match="cannot become a conda package"):
        build_channel(tmp_path / "channel", pythons=[tmp_path / "no-python"])
    assert not (tmp_path / "channel").exists()
