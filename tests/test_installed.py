"""What is installed, and why: asked for, needed, overwritten by another tool."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rattler
from local_channel import LocalChannel, serve

from jupyter_envmanager.environments.asked import read_history, shown, spec_name
from jupyter_envmanager.environments.installed import PackageReader
from jupyter_envmanager.environments.reasons import applies
from jupyter_envmanager.models import Package, Packages

REAL_RECORDS = Path(__file__).parents[2] / "shared" / "data" / "conda-meta"
SITE = "lib/python3.12/site-packages"
posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions and folders")


def record(prefix: Path, name: str, version: str = "1.0", build: str = "0", **fields: Any) -> Path:
    path = prefix / "conda-meta" / f"{name}-{version}-{build}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": name, "version": version, "build": build, **fields}))
    return path


def metadata(name: str, version: str, requires: Iterable[str]) -> str:
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    return head + "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)


def dist_info(
    prefix: Path, name: str, version: str = "1.0", *, installer: str = "pip", requires: tuple[str, ...] = ()
) -> Path:
    folder = prefix / SITE / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"{metadata(name, version, requires)}\nRequires-Dist: not-a-header")
    (folder / "INSTALLER").write_text(f"{installer}\n")
    (folder / "RECORD").write_text(f"{folder.name}/METADATA,,100\n")
    return folder


def age(prefix: Path) -> None:
    """Let everything be old, as most files are when somebody looks at them."""
    for path in [prefix, *prefix.rglob("*")]:
        os.utime(path, (1_700_000_000, 1_700_000_000), follow_symlinks=False)


def packages(prefix: Path) -> dict[tuple[str, str], Package]:
    return {(package.name, package.manager): package for package in PackageReader().read(prefix).packages}


@pytest.fixture(scope="session")
def linked(real_channel: LocalChannel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python and comm, linked by the engine; to be copied, not to be changed."""
    return link(real_channel, tmp_path_factory.mktemp("linked"), "python", "comm")


def link(channel: LocalChannel, folder: Path, *wanted: str) -> Path:
    """Let the engine alone link an environment from a channel."""

    async def make() -> None:
        channels = [rattler.Channel(server.url)]
        gateway = rattler.Gateway(cache_dir=folder / "index")
        specs = [rattler.MatchSpec(spec) for spec in wanted]
        found = await rattler.solve(
            channels, specs, gateway=gateway, virtual_packages=list(rattler.VirtualPackage.detect())
        )
        cache = rattler.PackageCache(folder / "pkgs")
        await rattler.install(found, target_prefix=folder / "env", package_cache=cache, show_progress=False)

    with serve(channel.directory) as server:
        asyncio.run(make())
    return folder / "env"


@pytest.fixture
def real(linked: Path, tmp_path: Path) -> Path:
    """An environment of one's own."""
    prefix = tmp_path / "env"
    subprocess.run(["cp", "-a", linked, prefix], check=True)
    return prefix


def wheel(folder: Path, name: str, version: str, *requires: str) -> Path:
    """A wheel, as small as one can be."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    content = {
        f"{name}/__init__.py": f"__version__ = {version!r}\n",
        f"{info}/METADATA": metadata(name, version, requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    content[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in content.items():
            archive.writestr(member, text)
    return path


def uv(prefix: Path, *arguments: str | Path) -> None:
    program = Path(sys.executable).with_name("uv")
    command = [program, "pip", *arguments, "--python", prefix / "bin" / "python", "--offline", "--no-config", "-q"]
    subprocess.run(command, check=True, env={"HOME": str(prefix.parent), "PATH": os.environ["PATH"]})


class TestAsked:
    """What the history says, in conda's way of reading it."""

    def test_later_wishes_win_and_neutered_specs_overrule_them(self) -> None:
        text = (
            "==> 2024-01-01 10:00:00 <==\n# cmd: conda create python=3.9 numpy pandas\n# conda version: 4.8.3\n"
            "+conda-forge/linux-64::numpy-1.0-0\n"
            "# update specs: ['python=3.9', 'numpy', \"pandas[version='>=1,<2']\"]\n"
            "==> 2024-01-02 10:00:00 <==\n# cmd: conda install numpy=2\n"
            "# update specs: ['numpy=2']\n# neutered specs: [\"python[version='3.9.*']\"]\n"
            "==> 2024-01-03 10:00:00 <==\n# cmd: conda remove pandas\n# remove specs: ['pandas']\n"
        )
        assert read_history(text) == {"python": "python[version='3.9.*']", "numpy": "numpy=2", "pandas": None}

    def test_what_was_taken_back_can_be_asked_for_again_in_the_same_revision(self) -> None:
        text = "==> 2024 <==\n# update specs: ['numpy=2']\n# remove specs: ['numpy']\n"
        assert read_history(text) == {"numpy": "numpy=2"}

    def test_the_old_form_with_commas_is_read(self) -> None:
        text = "==> 2015 <==\n# install specs: param >=1.5.1,<2.0,jupyter,python 3.5*\n"
        assert read_history(text) == {"param": "param >=1.5.1,<2.0", "jupyter": "jupyter", "python": "python 3.5*"}

    @pytest.mark.parametrize(
        "line",
        [
            "# update specs: [broken",
            "# update specs: [1, None]",
            "# update specs: []",
            "# update specs:",
            "# strange specs: ['numpy']",
            "# update specs: ['[version=1]', '', '::']",
            "# update specs: " + "[" * 5000,
            "# update specs: ['*']",
            "\0\xff",
        ],
    )
    def test_lines_that_make_no_sense_are_skipped(self, line: str) -> None:
        assert read_history(f"==> 1 <==\n{line}\n# update specs: ['good']\n") == {"good": "good"}

    @pytest.mark.parametrize(
        ("spec", "name", "text"),
        [
            ("numpy", "numpy", "numpy"),
            ("NumPy >=1,<2", "numpy", "NumPy >=1,<2"),
            ("conda-forge::numpy=1.26", "numpy", "conda-forge::numpy=1.26"),
            ("conda-forge/linux-64::numpy==1.0=py_0", "numpy", "conda-forge/linux-64::numpy==1.0=py_0"),
            ("numpy[version='>=1',build=py*]", "numpy", "numpy[version='>=1',build=py*]"),
            ("https://user:secret@host.example/lab::tool", "tool", "lab::tool"),
            ("https://host.example/t/se-cret/lab/noarch/my-tool-1.0-py_0.conda", "my-tool", "my-tool=1.0=py_0"),
            ("/srv/pkgs/tool-1.0-0.tar.bz2#0123456789abcdef", "tool", "tool=1.0=0"),
            ("*", "", "*"),
        ],
    )
    def test_a_spec_is_shown_without_credentials(self, spec: str, name: str, text: str) -> None:
        assert (spec_name(spec), shown(spec)) == (name, text)

    def test_history_wins_over_records_and_records_speak_where_it_is_silent(self, tmp_path: Path) -> None:
        record(tmp_path, "numpy", requested_spec="numpy=1")
        record(tmp_path, "pandas", requested_spec="pandas")
        record(tmp_path, "by-rattler", requested_specs=["by-rattler", "by-rattler >=1"])
        record(tmp_path, "dependency", requested_spec="None", requested_specs=[])
        (tmp_path / "conda-meta" / "history").write_text(
            "==> 1 <==\n# cmd: conda\n# update specs: ['numpy=2', 'absent']\n# remove specs: ['pandas']\n"
        )
        found = {name: (package.requested, package.spec) for (name, _), package in packages(tmp_path).items()}
        assert found == {
            "by-rattler": (True, "by-rattler >=1"),
            "dependency": (False, None),
            "numpy": (True, "numpy=2"),
            "pandas": (False, None),
        }


class TestReasons:
    """Who needs what."""

    def test_dependencies_are_told_backwards_without_virtual_ones(self, tmp_path: Path) -> None:
        depends = ["numpy >=1.19,<3", "conda-forge::libgcc>=13", "__glibc >=2.17", "absent", "", "pandas"]
        record(tmp_path, "pandas", depends=depends)
        record(tmp_path, "scipy", depends=["numpy", "numpy >=1"])
        record(tmp_path, "numpy")
        record(tmp_path, "libgcc")
        found = {name: package.needed_by for (name, _), package in packages(tmp_path).items()}
        assert found == {"libgcc": ["pandas"], "numpy": ["pandas", "scipy"], "pandas": [], "scipy": []}

    def test_a_pypi_package_needs_what_a_conda_package_of_another_name_brings(self, tmp_path: Path) -> None:
        record(tmp_path, "python", "3.12.4")
        record(tmp_path, "pytorch", files=[f"{SITE}/torch-1.0.dist-info/METADATA"])
        dist_info(tmp_path, "torch", installer="conda")
        dist_info(
            tmp_path,
            "Trainer",
            requires=(
                "torch>=1",
                "Little_Helper ; python_version < '4'",
                "old; python_version < '3'",
                "tests; extra == 'dev'",
                "windows; sys_platform == 'never'",
                "trainer[all]",
                "odd ===== requirement",
            ),
        )
        for name in ("little-helper", "old", "tests", "windows", "odd"):
            dist_info(tmp_path, name)
        found = packages(tmp_path)
        assert found["pytorch", "conda"].needed_by == ["Trainer"]
        needed = {name for (name, manager), package in found.items() if package.needed_by and manager == "pypi"}
        # A requirement that cannot be read is rather believed than not.
        assert needed == {"little-helper", "odd"}

    def test_markers_are_of_the_environments_python_and_not_of_ours(self) -> None:
        requirement = "tomli; python_version < '3.11'"
        assert applies(requirement, "3.10.14")
        assert not applies(requirement, "3.12.4")
        assert applies("x; python_full_version >= '3.12.4' and implementation_name == 'cpython'", "3.12.4")

    def test_vendored_copies_are_nobodys_distribution(self, tmp_path: Path) -> None:
        record(tmp_path, "setuptools", files=[f"{SITE}/setuptools/_vendor/wheel-0.45.dist-info/METADATA"])
        dist_info(tmp_path, "wheel", "0.46")
        dist_info(tmp_path, "user", requires=("wheel",))
        found = packages(tmp_path)
        assert found["setuptools", "conda"].needed_by == []
        assert (found["setuptools", "conda"].shadowed_by, found["wheel", "pypi"].needed_by) == (None, ["user"])


class TestShadows:
    """PyPI packages over conda packages, made by uv itself."""

    @posix
    def test_uv_over_a_conda_package_is_told_with_its_version(self, real: Path, tmp_path: Path) -> None:
        assert packages(real)["comm", "conda"].shadowed_by is None
        uv(real, "install", wheel(tmp_path, "comm", "99.0"))
        uv(real, "install", wheel(tmp_path, "needy", "1.0", "comm>=1"))
        found = packages(real)
        comm = found["comm", "conda"]
        assert (comm.shadowed_by, comm.damaged, comm.needed_by) == ("99.0", False, ["needy"])
        pypi = found["comm", "pypi"]
        assert (pypi.version, pypi.needed_by, pypi.requested) == ("99.0", ["needy"], True)
        assert pypi.spec is not None
        assert pypi.spec.startswith("comm @ file://")

    @posix
    def test_the_same_version_from_elsewhere_is_told_too(self, real: Path, tmp_path: Path) -> None:
        version = packages(real)["comm", "conda"].version
        uv(real, "install", "--reinstall", wheel(tmp_path, "comm", version))
        found = packages(real)
        assert (found["comm", "conda"].shadowed_by, found["comm", "pypi"].version) == (version, version)

    @posix
    def test_a_conda_package_that_uv_uninstalled_is_damaged(self, real: Path) -> None:
        uv(real, "uninstall", "comm")
        comm = packages(real)["comm", "conda"]
        assert (comm.damaged, comm.shadowed_by) == (True, None)
        assert ("comm", "pypi") not in packages(real)

    def test_what_is_left_of_another_python_shadows_nothing(self, tmp_path: Path) -> None:
        record(tmp_path, "numpy", files=["lib/python3.13/site-packages/numpy-2.0.dist-info/METADATA"])
        dist_info(tmp_path, "numpy", "1.0")
        assert packages(tmp_path)["numpy", "conda"].shadowed_by is None

    def test_a_package_whose_record_is_cut_off_is_conda_s_all_the_same(self, tmp_path: Path) -> None:
        (tmp_path / "conda-meta").mkdir()
        (tmp_path / "conda-meta" / "numpy-2.0-py_0.json").write_text('{"name": "numpy", "ver')
        dist_info(tmp_path, "numpy", "2.0", installer="conda")
        ((key, numpy),) = packages(tmp_path).items()
        assert (key, numpy.version, numpy.build, numpy.damaged) == (("numpy", "conda"), "2.0", "py_0", True)

    def test_where_a_distribution_came_from_is_told_without_credentials(self, tmp_path: Path) -> None:
        folder = dist_info(tmp_path, "tool")
        direct = {"url": "https://ada:secret@host.example/t.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}
        (folder / "direct_url.json").write_text(json.dumps(direct))
        spec = packages(tmp_path)["tool", "pypi"].spec or ""
        assert spec.startswith("tool @ git+https://")
        assert spec.endswith("@host.example/t.git@abc")
        assert "secret" not in spec
        for broken in ("", "[1]", '{"url": 3}', '{"url": "http://[half"}'):
            (folder / "direct_url.json").write_text(broken)
            assert packages(tmp_path)["tool", "pypi"].spec is None


class TestRecords:
    """Records that are whole, and others."""

    @pytest.mark.skipif(not REAL_RECORDS.is_dir(), reason="real records are not on this machine")
    def test_records_of_other_tools_and_systems_are_read(self, tmp_path: Path) -> None:
        (tmp_path / "conda-meta").symlink_to(REAL_RECORDS)
        found = PackageReader().read(tmp_path)
        assert found.problems == []
        by_name = {package.name: package for package in found.packages}
        assert sorted(by_name) == ["libsqlite", "menuinst", "python_abi", "requests", "xz"]
        assert (by_name["requests"].channel, by_name["requests"].requested) == ("conda-forge", False)
        assert by_name["python_abi"].needed_by == ["menuinst"]
        assert by_name["libsqlite"].spec == (
            "conda-forge/win-64::libsqlite==3.40.0=hcfcfb64_0[md5=5e5a97795de72f8cc3baf3d9ea6327a2]"
        )

    @pytest.mark.parametrize(
        "content", [b"", b"{", b"[1]", b"null", b'{"name": "\xff"}', b'{"name": "numpy"}', b"\0" * 99]
    )
    def test_a_broken_record_is_known_by_its_file_name(self, tmp_path: Path, content: bytes) -> None:
        record(tmp_path, "good")
        (tmp_path / "conda-meta" / "my-tool-1!2.0-py_0.json").write_bytes(content)
        found = PackageReader().read(tmp_path)
        tool = found.packages[1]
        assert (tool.name, tool.version, tool.build, tool.damaged) == ("my-tool", "1!2.0", "py_0", True)
        (problem,) = found.problems
        assert (problem.code, problem.details["package"]) == ("record_damaged", "my-tool")
        assert problem.message.startswith("The package record my-tool-1!2.0-py_0.json cannot be read: ")

    def test_a_record_under_another_name_is_damaged_but_not_one_of_a_renamed_archive(self, tmp_path: Path) -> None:
        record(tmp_path, "numpy").rename(tmp_path / "conda-meta" / "numpy-2.0-0.json")
        path = record(tmp_path, "tool", fn="my-own-tool.tar.bz2")
        path.rename(path.with_name("my-own-tool.json"))
        found = PackageReader().read(tmp_path)
        assert {package.name: package.damaged for package in found.packages} == {"numpy": True, "tool": False}
        assert [problem.code for problem in found.problems] == ["record_damaged"]

    def test_two_records_of_one_package_are_a_problem(self, tmp_path: Path) -> None:
        record(tmp_path, "numpy", "1.0")
        record(tmp_path, "numpy", "2.0")
        found = PackageReader().read(tmp_path)
        assert [(package.version, package.damaged) for package in found.packages] == [("1.0", True), ("2.0", True)]
        assert [problem.code for problem in found.problems] == ["record_duplicate"]

    @posix
    def test_a_record_that_is_a_folder_or_a_link_to_nowhere_is_damaged(self, tmp_path: Path) -> None:
        (tmp_path / "conda-meta" / "folder-1.0-0.json").mkdir(parents=True)
        (tmp_path / "conda-meta" / "link-1.0-0.json").symlink_to("gone")
        assert [package.damaged for package in PackageReader().read(tmp_path).packages] == [True, True]

    @pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="needs a filesystem that takes any bytes as a name"
    )
    def test_a_record_whose_file_name_is_no_text_can_be_shown(self, tmp_path: Path) -> None:
        (tmp_path / "conda-meta").mkdir()
        (tmp_path / "conda-meta" / os.fsdecode(b"latin-\xe9-1.json")).touch()
        found = PackageReader().read(tmp_path)
        assert [package.damaged for package in found.packages] == [True]
        assert msgspec.json.decode(msgspec.json.encode(found), type=Packages) == found

    def test_no_environment_has_no_packages(self, tmp_path: Path) -> None:
        assert PackageReader().read(tmp_path / "gone") == Packages(packages=[])


class TestRemembering:
    """An answer is kept while nothing changes, and not a moment longer."""

    @pytest.fixture
    def prefix(self, tmp_path: Path) -> Path:
        prefix = tmp_path / "env"
        record(prefix, "numpy")
        (prefix / "conda-meta" / "history").write_text("==> 1 <==\n")
        dist_info(prefix, "tool")
        age(prefix)
        return prefix

    def test_the_same_answer_is_given_again(self, prefix: Path) -> None:
        reader = PackageReader()
        assert reader.read(prefix) is reader.read(prefix)

    @pytest.mark.parametrize(
        "change",
        [
            lambda prefix: record(prefix, "numpy", build="1"),
            lambda prefix: record(prefix, "numpy", requested_spec="numpy"),
            lambda prefix: (prefix / "conda-meta" / "numpy-1.0-0.json").write_text(""),
            lambda prefix: (prefix / "conda-meta" / "numpy-1.0-0.json").unlink(),
            lambda prefix: (prefix / "conda-meta" / "pinned").write_text("numpy 1.*\n"),
            lambda prefix: (prefix / "conda-meta" / "history").write_text("==> 1 <==\n# update specs: ['numpy']\n"),
            lambda prefix: dist_info(prefix, "other"),
            lambda prefix: (prefix / SITE / "tool-1.0.dist-info" / "REQUESTED").touch(),
            lambda prefix: (prefix / SITE / "tool-1.0.dist-info").rename(prefix / SITE / "~ool-1.0.dist-info"),
        ],
        ids=["added", "rewritten", "emptied", "removed", "pinned", "asked", "pip", "requested", "uninstalled"],
    )
    def test_every_change_is_seen(self, prefix: Path, change: Callable[[Path], object]) -> None:
        reader = PackageReader()
        before = reader.read(prefix)
        change(prefix)
        after = reader.read(prefix)
        assert after != before
        assert after == PackageReader().read(prefix)

    def test_what_changes_twice_within_a_moment_is_seen(self, prefix: Path) -> None:
        reader = PackageReader()
        for number in range(20):
            record(prefix, "numpy", requested_spec=f"numpy={number % 10}")
            assert reader.read(prefix).packages[0].spec == f"numpy={number % 10}"

    def test_another_environment_in_its_place_is_seen(self, prefix: Path, tmp_path: Path) -> None:
        reader = PackageReader()
        before = reader.read(prefix)
        other = tmp_path / "other"
        record(other, "numpy", requested_spec="numpy")
        age(other)
        prefix.rename(tmp_path / "old")
        other.rename(prefix)
        assert reader.read(prefix) != before
        prefix.rename(other)
        (tmp_path / "old").rename(prefix)
        assert reader.read(prefix) == before

    def test_only_so_many_environments_are_remembered(self, tmp_path: Path) -> None:
        reader = PackageReader(environments=2)
        for name in "abc":
            record(tmp_path / name, name)
            age(tmp_path / name)
        first = reader.read(tmp_path / "a")
        second = reader.read(tmp_path / "b")
        assert reader.read(tmp_path / "a") is first
        reader.read(tmp_path / "c")
        assert reader.read(tmp_path / "a") is first
        assert reader.read(tmp_path / "b") is not second

    @posix
    def test_a_link_and_its_target_are_one(self, prefix: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(prefix)
        reader = PackageReader()
        assert reader.read(tmp_path / "link") is reader.read(prefix)
