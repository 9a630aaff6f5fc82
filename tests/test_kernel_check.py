"""What a test start tells: of a kernel that runs where, and of one that fails why and what to do about it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from jupyter_envmanager.kernels import check_kernel
from jupyter_envmanager.kernels.symptoms import reason
from jupyter_envmanager.models import KernelCheck, Problem

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX paths")
TIMEOUT = 60.0


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv that sees this interpreter's ipykernel."""
    prefix = tmp_path_factory.mktemp("envs") / "lab"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (prefix / "lib" / version / "site-packages" / "kernel.pth").write_text(sysconfig.get_path("purelib") + "\n")
    # A venv leaves the user's packages out by itself; this one lets them in, as conda environments do.
    settings = prefix / "pyvenv.cfg"
    settings.write_text(settings.read_text().replace("packages = false", "packages = true"))
    return prefix


def spec(prefix: Path, *options: str, **env: str) -> dict[str, Any]:
    program = str(prefix / "bin" / "python")
    return {
        "argv": [program, *options, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Lab",
        "language": "python",
        "env": {"PATH": f"{prefix}/bin:/usr/bin:/bin", **env},
    }


def problem(check: KernelCheck) -> Problem:
    assert check.state == "failed"
    assert check.problem is not None
    assert check.problem.hint
    return check.problem


def test_a_kernel_that_passes_says_where_it_runs(prefix: Path) -> None:
    check = check_kernel(spec(prefix, PYTHONNOUSERSITE="1"), prefix, TIMEOUT)
    assert (check.state, check.problem) == ("passed", None)
    assert check.prefix == str(prefix)
    assert check.path == [f"{prefix}/bin", "/usr/bin", "/bin"]
    assert check.user_site is False
    assert check.banner.startswith("Python 3")
    assert "\n" not in check.banner
    assert check.seconds is not None


def test_a_test_start_writes_no_bytecode(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is importing when its environment is removed would make the folder of it again."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    (site_packages,) = prefix.glob("lib/python*/site-packages")
    (site_packages / "imported.py").write_text("import os\nos.environ['IMPORTED'] = '1'\n")
    (site_packages / "at_start.pth").write_text("import imported\n")
    assert check_kernel(spec(prefix), prefix, TIMEOUT).state == "passed"
    assert not (site_packages / "__pycache__").exists()
    subprocess.run([prefix / "bin" / "python", "-c", ""], check=True)
    assert (site_packages / "__pycache__").exists()


def test_seeing_the_users_packages_is_a_fact_where_it_is_meant(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONNOUSERSITE", raising=False)
    check = check_kernel(spec(prefix), prefix, TIMEOUT)
    assert (check.state, check.user_site) == ("passed", True)


def test_seeing_them_all_the_same_is_a_failure(prefix: Path) -> None:
    # -E makes Python ignore the variable.
    check = check_kernel(spec(prefix, "-E", PYTHONNOUSERSITE="1"), prefix, TIMEOUT)
    found = problem(check)
    assert "~/.local" in found.message
    assert found.details["remedy"] == "register"
    assert (check.user_site, check.prefix) == (True, str(prefix))


def test_what_is_known_of_a_kernel_elsewhere_is_told(prefix: Path, tmp_path: Path) -> None:
    check = check_kernel(spec(prefix), tmp_path, TIMEOUT)
    assert problem(check).details["remedy"] == "register"
    assert check.prefix == str(prefix)
    assert check.path[0] == f"{prefix}/bin"
    assert check.banner


def test_a_folder_of_the_environment_may_come_before_its_programs(prefix: Path) -> None:
    wish = spec(prefix, PATH=f"{prefix}/cuda/bin:{prefix}/bin:/bin")
    assert check_kernel(wish, prefix, TIMEOUT).state == "passed"


def test_a_test_start_as_a_notebook_would_meets_the_notebooks_files(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "tomllib.py").write_text("from nowhere import nothing\n")
    wish = {**spec(prefix), "argv": [str(prefix / "bin" / "python"), "-c", "import tomllib", "{connection_file}"]}
    assert "tomllib.py" in problem(check_kernel(wish, prefix, TIMEOUT, folder=tmp_path)).message
    assert "tomllib.py" not in problem(check_kernel(wish, prefix, TIMEOUT)).message


def test_what_it_wrote_is_kept(tmp_path: Path) -> None:
    wish = {"argv": [sys.executable, "-c", "print('x' * 9000); exit('no licence')"], "language": "python"}
    check = check_kernel(wish, tmp_path, TIMEOUT)
    assert check.output == problem(check).details["stderr"]
    assert len(check.output) == 4000
    assert check.output.endswith("no licence\n")


@pytest.mark.parametrize(
    ("output", "words", "remedy"),
    [
        ("/x/python: No module named ipykernel_launcher", "ipykernel is not installed", "install"),
        ("ModuleNotFoundError: No module named 'traitlets.config'", "traitlets.config", "install"),
        (
            "ImportError: libzmq.so.5: cannot open shared object file: No such file or directory",
            "libzmq.so.5",
            "install",
        ),
        (
            "error while loading shared libraries: libR.so: cannot open shared object file: No such",
            "libR.so",
            "install",
        ),
        ("ImportError: /lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found", "GLIBCXX_3.4.30", None),
        ("sqlite3.OperationalError\nOSError: [Errno 28] No space left on device: 'x'", "full", None),
        ('Lmod has detected the following error:  The following module(s) are unknown: "cuda/99"', "cuda/99", None),
        ("/k/run.sh: line 9: /gone/bin/python: No such file or directory", "/gone/bin/python", "register"),
        ("/k/run.sh: 9: exec: /gone/bin/python: not found", "/gone/bin/python", "register"),
        ("OSError: [Errno 12] Cannot allocate memory", "memory", None),
        ("first\nlast words\n\n", "last words", None),
        ("", "stopped while it started", None),
    ],
)
def test_the_reason_is_read_from_what_a_kernel_wrote(output: str, words: str, remedy: str | None) -> None:
    found = reason(output, Path("/envs/lab"))
    assert words in found.message
    assert found.remedy == remedy
    assert found.hint
