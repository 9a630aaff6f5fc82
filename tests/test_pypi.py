"""Packages from an index, from previews to files: a real index on loopback, the real uv, real virtual environments."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from conftest import until
from pypi_index import Fault, IndexServer, project, sdist, serve_index, wheel
from test_disk_full import can_mount
from uv import find_uv_bin

from jupyter_envmanager.errors import (
    BuildFailed,
    ChannelUnreachable,
    Damaged,
    EnvManagerError,
    Invalid,
    NoSpace,
    NotAllowed,
    NotFound,
    Overwrites,
    Unsatisfiable,
)
from jupyter_envmanager.pypi import Dist, PypiPlan, PypiRequest, PypiSettings, PypiState
from jupyter_envmanager.pypi.apply import apply
from jupyter_envmanager.pypi.installed import InstalledDist, distributions, site_folders
from jupyter_envmanager.pypi.resolve import resolve

VERSION = ".".join(map(str, sys.version_info[:3]))


@pytest.fixture
def index() -> Iterator[IndexServer]:
    """A few packages that need each other."""
    with serve_index() as server:
        server.wheel("dep", "1.0")
        server.wheel("dep", "2.0")
        script = "import sys\n\ndef main():\n    print(sys.prefix)\n"
        server.wheel("app", "1.0", requires=["dep<2"], files={"app.py": script}, scripts={"app": "app:main"})
        server.wheel("app", "2.0", requires=["dep>=2"], files={"app.py": script}, scripts={"app": "app:main"})
        yield server


@dataclass
class Bench:
    """An environment with its generations, and what is needed to change it."""

    folder: Path
    settings: PypiSettings
    conda: list[Dist] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    @property
    def prefix(self) -> Path:
        return self.folder / "envs" / "mine"

    @property
    def stage(self) -> Path:
        return self.folder / "envs" / ".envmanager" / "0123" / "stage-1"

    def site(self, root: Path | None = None) -> Path:
        return site_folders(root or self.prefix)[0]

    def installed(self) -> dict[str, InstalledDist]:
        return {dist.name: dist for dist in distributions(self.site())}

    def versions(self) -> dict[str, str]:
        return {name: dist.version for name, dist in self.installed().items()}

    def state(self, **more: Any) -> PypiState:
        conda = {dist.name for dist in self.conda}
        here = [dist for name, dist in self.installed().items() if name not in conda]
        told: dict[str, Any] = {
            "python": str(self.prefix / "bin" / "python"),
            "python_version": VERSION,
            "conda": self.conda,
            "pypi": [as_dist(dist) for dist in here],
            "requested": [dist.name for dist in here if dist.requested],
        }
        return PypiState(**(told | more))

    async def plan(self, *install: str, **more: Any) -> PypiPlan:
        plan = await resolve(PypiRequest(install=list(install), **more), self.state(), self.settings)
        # Plans are stored between preview and apply.
        return msgspec.json.decode(msgspec.json.encode(plan), type=PypiPlan)

    def apply(self, plan: PypiPlan) -> None:
        """Clone, change the clone, and put it in the prefix's place; the former one stays as ``old-…``."""
        self.stage.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.prefix, self.stage, symlinks=True, copy_function=os.link)
        apply(plan, stage=self.stage, prefix=self.prefix, settings=self.settings, report=self.report)
        number = sum(1 for _ in self.stage.parent.glob("old-*"))
        self.prefix.rename(self.stage.parent / f"old-{number}")
        self.stage.rename(self.prefix)

    def report(self, phase: str, message: str, progress: float, *_: Any, **__: Any) -> None:
        assert phase == "pypi"
        assert 0 <= progress <= 1
        self.log.append(message)

    async def change(self, *install: str, **more: Any) -> PypiPlan:
        plan = await self.plan(*install, **more)
        self.apply(plan)
        return plan

    def run(self, *command: str, **variables: str) -> str:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **variables})
        return answer.stdout.strip()

    def add_conda(self, name: str, version: str, *requires: str) -> None:
        """What a conda package of a Python distribution leaves in site-packages."""
        info = self.site() / f"{name}-{version}.dist-info"
        info.mkdir()
        lines = "".join(f"Requires-Dist: {line}\n" for line in requires)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}\n")
        (info / "INSTALLER").write_text("conda\n")
        (self.site() / f"{name}.py").write_text(f"__version__ = {version!r}\n")
        (info / "RECORD").write_text(f"{name}.py,,\n{info.name}/METADATA,,\n{info.name}/RECORD,,\n")
        self.conda.append(Dist(name=name, version=version, requires=list(requires)))


def as_dist(dist: InstalledDist) -> Dist:
    return Dist(name=dist.name, version=dist.version, requires=dist.requires, source=dist.source)


def snapshot(folder: Path) -> dict[str, str]:
    """Every path below a folder with what it holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = str(path.relative_to(folder))
        if path.is_symlink():
            found[relative] = f"-> {path.readlink()}"
        elif path.is_file():
            found[relative] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[relative] = "folder"
    return found


def write_project(folder: Path, name: str, version: str, **more: Any) -> Path:
    for path, text in project(name, version, **more).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def commit(folder: Path) -> Path:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "more"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return folder


@pytest.fixture
def bench(tmp_path: Path, index: IndexServer, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An empty virtual environment, and the index."""
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    bench = Bench(
        tmp_path,
        PypiSettings(index=index.url, cache=str(tmp_path / "cache"), allowed_roots=[str(tmp_path / "work")]),
    )
    (tmp_path / "work").mkdir()
    subprocess.run([find_uv_bin(), "venv", "-q", "--no-config", "-p", sys.executable, str(bench.prefix)], check=True)
    return bench


def actions(plan: PypiPlan) -> list[tuple[str, str, str | None, str | None, str]]:
    return [(action.op, action.name, action.from_, action.to, action.reason) for action in plan.actions]


async def test_install_upgrade_and_remove(bench: Bench) -> None:
    plan = await bench.change("app<2")
    assert actions(plan) == [("install", "app", None, "1.0", "asked"), ("install", "dep", None, "1.0", "needed")]
    assert all(action.manager == "pypi" and action.size for action in plan.actions)
    assert bench.versions() == {"app": "1.0", "dep": "1.0"}
    assert {name for name, dist in bench.installed().items() if dist.requested} == {"app"}
    plan = await bench.change(upgrade=["app"])
    assert actions(plan) == [("upgrade", "app", "1.0", "2.0", "asked"), ("upgrade", "dep", "1.0", "2.0", "needed")]
    assert bench.versions() == {"app": "2.0", "dep": "2.0"}
    plan = await bench.change(remove=["App"])
    assert actions(plan) == [("remove", "app", "2.0", None, "asked")]
    assert bench.versions() == {"dep": "2.0"}
    assert not (bench.prefix / "bin" / "app").exists()
    assert not (bench.site() / "app.py").exists()


async def test_what_is_there_already_is_kept(bench: Bench) -> None:
    await bench.change("dep==1.0")
    plan = await bench.plan("dep")
    assert plan.empty
    assert plan.requested == ["dep"]


async def test_what_came_as_a_dependency_can_be_asked_for_later(bench: Bench) -> None:
    await bench.change("app")
    assert not bench.installed()["dep"].requested
    plan = await bench.change("dep")
    assert plan.actions == []
    assert bench.installed()["dep"].requested
    check_records(bench)


def check_records(bench: Bench) -> None:
    for dist in bench.installed().values():
        for row in dist.record:
            content = (bench.site() / row.path).read_bytes()
            told = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            assert row.digest in ("", f"sha256={told}"), row.path


async def test_a_preview_writes_nothing_into_the_prefix(bench: Bench) -> None:
    before = snapshot(bench.prefix)
    await bench.plan("app")
    assert snapshot(bench.prefix) == before


async def test_scripts_carry_the_final_prefix_and_run_after_the_swap(bench: Bench, index: IndexServer) -> None:
    files = {
        "tool.py": "",
        "tool-1.0.data/scripts/tool": "#!python\nimport sys\nprint(sys.prefix)\n",
        "tool-1.0.data/data/share/tool/data.txt": "data\n",
    }
    index.wheel("tool", "1.0", files=files)
    await bench.change("app", "tool")
    for name in ("app", "tool"):
        script = bench.prefix / "bin" / name
        assert script.read_text().startswith(f"#!{bench.prefix}/bin/python")
        assert bench.run(str(script)) == str(bench.prefix)
    assert (bench.prefix / "share/tool/data.txt").read_text() == "data\n"
    check_records(bench)
    for path in bench.prefix.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert str(bench.stage).encode() not in path.read_bytes(), path


@pytest.mark.parametrize("name", ["with blank", "n" * 130])
async def test_scripts_run_where_a_shebang_cannot_say_the_prefix(bench: Bench, name: str) -> None:
    target = bench.folder / name
    plan = await bench.plan("app")
    shutil.copytree(bench.prefix, bench.stage, symlinks=True)
    apply(plan, stage=bench.stage, prefix=target, settings=bench.settings, report=bench.report)
    bench.stage.rename(target)
    assert bench.run(str(target / "bin" / "app")) == str(target)


async def test_former_generations_keep_every_byte(bench: Bench, index: IndexServer) -> None:
    index.wheel("clash", "1.0", files={"mine.txt": "from the index\n"}, scripts={"own": "app:main"})
    for name, text in (("bin/own", "#!/bin/sh\necho own\n"), ("lib/mine.txt", "mine\n")):
        (bench.prefix / name).write_text(text)
    os.link(bench.prefix / "lib" / "mine.txt", bench.site() / "mine.txt")
    steps: list[Callable[[], Any]] = [
        lambda: bench.change("app<2"),
        lambda: bench.change("app>=2", "clash"),
        lambda: bench.change(remove=["app", "clash"]),
    ]
    for number, step in enumerate(steps):
        before = snapshot(bench.prefix)
        await step()
        assert snapshot(bench.stage.parent / f"old-{number}") == before
    assert any("clash replaces files of other packages" in line for line in bench.log)


async def test_files_of_the_user_survive(bench: Bench) -> None:
    await bench.change("app<2")
    (bench.site() / "notes.txt").write_text("mine\n")
    await bench.change("app>=2")
    await bench.change(remove=["app", "dep"])
    assert (bench.site() / "notes.txt").read_text() == "mine\n"


async def test_bytecode_goes_with_its_module(bench: Bench) -> None:
    await bench.change("app")
    bench.run(str(bench.prefix / "bin" / "python"), "-m", "py_compile", str(bench.site() / "app.py"))
    assert list(bench.site().glob("__pycache__/app.*.pyc"))
    await bench.change(remove=["app"])
    assert not list(bench.site().glob("__pycache__/app.*.pyc"))


async def test_source_distributions_are_built(bench: Bench, index: IndexServer) -> None:
    index.add(sdist("source", "1.0", requires=["dep"]))
    await bench.change("source")
    assert bench.versions() == {"source": "1.0", "dep": "2.0"}
    assert bench.run(str(bench.prefix / "bin/python"), "-c", "import source; print(source.__version__)") == "1.0"
    # What is there is not built again.
    index.wheel("app", "1.0")
    assert built(await bench.plan("app")) == []


def built(plan: PypiPlan) -> list[str]:
    """What a plan says that it builds."""
    told = [warning for warning in plan.warnings if warning.code == "builds_from_source"]
    assert all(warning.hint and name in warning.message for warning in told for name in warning.details["packages"])
    return [name for warning in told for name in warning.details["packages"]]


async def test_the_plan_says_what_will_be_built_from_source(bench: Bench, index: IndexServer) -> None:
    for name in ("source", "both", "elsewhere"):
        index.add(sdist(name, "1.0"))
    index.wheel("both", "1.0")
    # A wheel that is for another machine helps nobody here.
    index.add(wheel("elsewhere", "1.0", tag="cp311-cp311-win_amd64"))
    at = {
        name: index.add(file) for name, file in {"sent": sdist("sent", "1.0"), "ready": wheel("ready", "1.0")}.items()
    }
    repository = commit(write_project(bench.folder / "work" / "repo", "versioned", "1.0"))
    addressed = [*(f"{name} @ {url}" for name, url in at.items()), f"git+file://{repository}"]
    plan = await bench.plan("source", "both", "elsewhere", "app", *addressed)
    assert built(plan) == ["elsewhere", "sent", "source", "versioned"]
    assert built(await bench.plan("both", "app")) == []


async def test_a_failing_build_shows_its_log_without_passwords(bench: Bench, index: IndexServer) -> None:
    index.add(sdist("bad", "1.0", fail="cannot find https://me:hunter2@example.org/lib.h"))
    plan = await bench.plan("bad")
    before = snapshot(bench.prefix)
    with pytest.raises(BuildFailed, match=r"^bad 1\.0 could not be built") as caught:
        bench.apply(plan)
    assert "cannot find https://***@example.org/lib.h" in caught.value.details["log"]
    assert "hunter2" not in json.dumps(caught.value.details)
    assert snapshot(bench.prefix) == before
    assert [path.name for path in bench.stage.parent.iterdir()] == ["stage-1"]


async def test_a_long_build_log_is_cut_to_its_end(bench: Bench, index: IndexServer) -> None:
    index.add(sdist("bad", "1.0", fail="noise\n" * 100_000 + "the reason"))
    plan = await bench.plan("bad")
    with pytest.raises(BuildFailed) as caught:
        bench.apply(plan)
    assert len(caught.value.details["log"].encode()) <= 20_000
    assert "the reason" in caught.value.details["log"]


async def test_git_requirements_install_the_commit_of_the_preview(bench: Bench) -> None:
    repository = commit(write_project(bench.folder / "work" / "repo", "versioned", "1.0"))
    plan = await bench.plan(f"git+file://{repository}")
    assert [(action.op, action.name) for action in plan.actions] == [("install", "versioned")]
    assert plan.requested == ["versioned"]
    (repository / "backend.py").write_text("raise SystemExit('a later commit')\n")
    commit(repository)
    bench.apply(plan)
    dist = bench.installed()["versioned"]
    assert dist.requested
    assert dist.direct_url is not None
    assert dist.direct_url["vcs_info"]["commit_id"] in plan.lock
    assert dist.source.startswith(f"versioned @ git+file://{repository}@")


async def test_a_git_branch_that_is_not_there(bench: Bench) -> None:
    repository = commit(write_project(bench.folder / "work" / "repo", "versioned", "1.0"))
    with pytest.raises(NotFound, match="repository") as caught:
        await bench.plan(f"versioned @ git+file://{repository}@no-such-branch")
    assert caught.value.field == "pypi"


async def test_wheels_by_url_with_hash(bench: Bench, index: IndexServer) -> None:
    packed = wheel("direct", "3.0")
    url = index.add(packed)
    right = hashlib.sha256(packed[1]).hexdigest()
    plan = await bench.change(f"direct @ {url}#sha256={right}")
    assert right in plan.lock
    assert bench.versions() == {"direct": "3.0"}
    with pytest.raises(Damaged, match="checksum"):
        await bench.change(f"{url}#sha256={'0' * 64}")


async def test_a_demanded_hash_must_fit(bench: Bench, index: IndexServer) -> None:
    packed = wheel("hashed", "1.0")
    index.add(packed)
    right = hashlib.sha256(packed[1]).hexdigest()
    await bench.change(f"hashed==1.0 --hash=sha256:{right}")
    assert bench.versions() == {"hashed": "1.0"}
    index.wheel("other", "1.0")
    with pytest.raises(EnvManagerError, match="hash") as caught:
        await bench.plan(f"other==1.0 --hash=sha256:{'0' * 64}")
    assert caught.value.field == "pypi"


async def test_editable_projects_below_the_allowed_roots(bench: Bench) -> None:
    folder = write_project(bench.folder / "work" / "mine", "mine", "0.1")
    plan = await bench.change(f"-e {folder}")
    assert [(action.op, action.name) for action in plan.actions] == [("install", "mine")]
    assert bench.installed()["mine"].requested
    assert (bench.site() / "mine.pth").read_text().strip() == str(folder / "src")
    assert bench.installed()["mine"].source == f"-e {folder}"
    (folder / "src" / "mine.py").write_text("__version__ = 'edited'\n")
    python = str(bench.prefix / "bin" / "python")
    assert bench.run(python, "-c", "import mine; print(mine.__version__)") == "edited"


async def test_projects_outside_the_allowed_roots_are_refused(bench: Bench) -> None:
    outside = write_project(bench.folder / "elsewhere", "mine", "0.1")
    (bench.folder / "work" / "link").symlink_to(outside)
    for line in (f"-e {outside}", str(outside), f"mine @ file://{outside}", f"{bench.folder}/work/link"):
        with pytest.raises(NotAllowed, match="outside") as caught:
            await bench.plan(line)
        assert str(bench.folder) in caught.value.message


async def test_a_project_cannot_bring_another_from_outside(bench: Bench) -> None:
    outside = write_project(bench.folder / "elsewhere", "secret", "0.1")
    folder = write_project(bench.folder / "work" / "mine", "mine", "0.1", requires=[f"secret @ file://{outside}"])
    with pytest.raises((NotAllowed, Unsatisfiable)):
        await bench.plan(str(folder))


async def test_a_download_that_is_not_what_was_previewed(bench: Bench, index: IndexServer) -> None:
    plan = await bench.plan("app")
    index.fault("/files/app-2.0*", Fault(body=wheel("app", "2.0", files={"app.py": "evil = 1\n"})[1]))
    before = snapshot(bench.prefix)
    with pytest.raises(Damaged, match="checksum"):
        bench.apply(plan)
    assert snapshot(bench.prefix) == before


async def test_an_index_that_is_down_leaves_nothing_behind(bench: Bench, index: IndexServer) -> None:
    plan = await bench.plan("app")
    index.fault("/*", Fault(status=500))
    with pytest.raises(ChannelUnreachable, match=r"127\.0\.0\.1:\d+ cannot be used: it answered HTTP 500"):
        await bench.plan("dep", upgrade=[])
    before = snapshot(bench.prefix)
    with pytest.raises(ChannelUnreachable, match="HTTP 500"):
        bench.apply(plan)
    assert snapshot(bench.prefix) == before
    assert [path.name for path in bench.stage.parent.iterdir()] == ["stage-1"]


async def test_a_download_that_breaks_off(bench: Bench, index: IndexServer) -> None:
    plan = await bench.plan("app")
    index.fault("/files/*.whl", Fault(truncate=100))
    with pytest.raises(ChannelUnreachable, match="broke off"):
        bench.apply(plan)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/simple", "http://me:hunter2@127.0.0.1:9/simple"])
async def test_nothing_listens(bench: Bench, url: str) -> None:
    bench.settings = msgspec.structs.replace(bench.settings, index=url)
    with pytest.raises(ChannelUnreachable, match=r"index 127\.0\.0\.1:9 cannot be used: nothing answers") as caught:
        await bench.plan("app")
    assert "hunter2" not in msgspec.json.encode(caught.value.problem()).decode()
    assert "hunter2" not in repr(bench.settings)


async def test_nonsense_from_the_index(bench: Bench, index: IndexServer) -> None:
    index.fault("/simple/*", Fault(body=b"<<no json"))
    with pytest.raises(ChannelUnreachable, match="could not be read"):
        await bench.plan("app")


async def test_offline(bench: Bench) -> None:
    bench.settings = msgspec.structs.replace(bench.settings, offline=True)
    with pytest.raises(ChannelUnreachable, match="offline"):
        await bench.plan("app")


async def test_an_index_with_a_password(bench: Bench, index: IndexServer) -> None:
    index.shelves.password = ("me", "hunter2")
    index.shelves.html_only = True
    with pytest.raises(ChannelUnreachable, match="user name and password"):
        await bench.plan("app")
    url = index.url.replace("//", "//me:hunter2@")
    bench.settings = msgspec.structs.replace(bench.settings, index=url)
    plan = await bench.change("app")
    assert "hunter2" not in msgspec.json.encode(plan).decode()
    assert bench.versions() == {"app": "2.0", "dep": "2.0"}
    assert b"hunter2" not in b"".join(path.read_bytes() for path in bench.site().rglob("*") if path.is_file())


@pytest.fixture
def small_place(bench: Bench) -> Iterator[Path]:
    """Room for the stage, not for what is to be installed."""
    place = bench.stage.parent
    place.mkdir(parents=True)
    if not can_mount():
        pytest.skip("mounting a small filesystem needs root on Linux")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"this machine does not allow mounts: {mounted.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


async def test_a_full_disk(bench: Bench, index: IndexServer, small_place: Path) -> None:
    index.wheel("big", "1.0", files={"big.py": "#" * 8_000_000})
    plan = await bench.plan("big")
    shutil.copytree(bench.prefix, bench.stage, symlinks=True)
    with pytest.raises(NoSpace, match="No space is left"):
        apply(plan, stage=bench.stage, prefix=bench.prefix, settings=bench.settings, report=bench.report)
    assert [path.name for path in small_place.iterdir()] == ["stage-1"]


async def test_unknown_and_impossible_requirements(bench: Bench, index: IndexServer) -> None:
    with pytest.raises(NotFound, match="no package “no-such-thing”") as missing:
        await bench.plan("no-such-thing")
    assert missing.value.field == "pypi"
    with pytest.raises(Unsatisfiable, match="dep") as caught:
        await bench.plan("app==1.0", "dep>=2")
    assert caught.value.field == "pypi"
    assert "cause:" not in caught.value.message


async def test_conda_packages_keep_their_versions(bench: Bench, index: IndexServer) -> None:
    bench.add_conda("dep", "1.0")
    plan = await bench.plan("app")
    assert actions(plan) == [("install", "app", None, "1.0", "asked")]
    bench.apply(plan)
    assert bench.versions() == {"app": "1.0", "dep": "1.0"}
    assert (await bench.plan("dep")).empty


async def test_a_conda_package_that_no_index_has(bench: Bench, index: IndexServer) -> None:
    bench.add_conda("houseware", "1.0")
    index.wheel("user", "1.0", requires=["houseware"])
    assert [action.name for action in (await bench.plan("user")).actions] == ["user"]


async def test_replacing_a_conda_package_needs_a_yes(bench: Bench) -> None:
    bench.add_conda("dep", "1.0")
    with pytest.raises(Overwrites) as caught:
        await bench.plan("app==2.0")
    assert caught.value.message == ("Installing app from PyPI would replace dep 1.0, which conda installed.")
    assert caught.value.details["packages"] == [{"name": "dep", "from": "1.0", "to": "2.0"}]
    plan = await bench.plan("app==2.0", accept=["overwrites_conda"])
    assert [problem.code for problem in plan.warnings] == ["overwrites_conda"]
    bench.apply(plan)
    assert bench.versions() == {"app": "2.0", "dep": "2.0"}
    assert (bench.site() / "dep.py").read_text() == "__version__ = '2.0'\n"


async def test_what_conda_installed_is_removed_by_conda(bench: Bench) -> None:
    bench.add_conda("dep", "1.0")
    for more in ({"remove": ["dep"]}, {"upgrade": ["dep"]}):
        with pytest.raises(Invalid, match="installed by conda") as caught:
            await bench.plan(**more)
        assert caught.value.field == "pypi"
    with pytest.raises(NotFound, match="not installed"):
        await bench.plan(remove=["nothing"])


async def test_removing_what_others_need_warns(bench: Bench) -> None:
    await bench.change("app")
    plan = await bench.plan(remove=["dep"])
    assert [(problem.code, problem.message) for problem in plan.warnings] == [("pypi_needed", "dep is needed by app.")]
    bench.apply(plan)
    assert bench.versions() == {"app": "2.0"}
    assert any("dep" in line and "app" in line for line in bench.log)
    # What was taken away on purpose does not come back by itself.
    await bench.change("dep==1.0")
    await bench.change(remove=["dep"])
    assert bench.versions() == {"app": "2.0"}


async def test_an_install_does_not_break_what_is_there(bench: Bench) -> None:
    await bench.change("app==1.0")
    plan = await bench.plan("dep")
    assert plan.empty
    plan = await bench.plan("dep>=2")
    assert [(action.name, action.to) for action in plan.actions] == [("app", "2.0"), ("dep", "2.0")]
    with pytest.raises(Invalid, match="at once"):
        await bench.plan("app", remove=["app"])


async def test_an_install_that_breaks_another_says_so(bench: Bench, index: IndexServer) -> None:
    index.wheel("old", "1.0", requires=["dep<2"])
    await bench.change("old")
    plan = await bench.plan("dep>=2")
    assert [problem.message for problem in plan.warnings] == ["old 1.0 needs dep<2, but will find 2.0."]


async def test_another_python_installs_everything_anew(bench: Bench, index: IndexServer) -> None:
    minor = sys.version_info[1]
    tag = f"cp3{minor}-none-any"
    other = f"cp3{minor + 1}-none-any"
    index.add(wheel("bound", "1.0", tag=tag))
    index.add(wheel("bound", "1.1", tag=other))
    await bench.change("bound", "app<2")
    newer = f"3.{minor + 1}.0"
    state = bench.state(python=sys.executable, python_version=newer, moved=True)
    plan = await resolve(PypiRequest(), state, bench.settings)
    assert [(a.op, a.name, a.from_, a.to) for a in plan.actions] == [
        ("rebuild", "app", "1.0", "1.0"),
        ("rebuild", "bound", "1.0", "1.1"),
        ("rebuild", "dep", "1.0", "1.0"),
    ]
    assert [problem.code for problem in plan.warnings] == ["pypi_versions_change"]
    assert "bound 1.0 → 1.1" in plan.warnings[0].message
    assert plan.requested == ["app", "bound"]


async def test_what_was_for_the_former_python_goes(bench: Bench) -> None:
    await bench.change("app<2")
    former = bench.prefix / "lib" / "python3.8" / "site-packages"
    former.mkdir(parents=True)
    for path in [*bench.site().glob("app*"), *bench.site().glob("dep*")]:
        path.rename(former / path.name)
    (former / "notes.txt").write_text("mine\n")
    here = [as_dist(dist) for dist in distributions(former)]
    assert [dist.name for dist in here] == ["app", "dep"]
    state = bench.state(pypi=here, requested=["app"], moved=True)
    plan = await resolve(PypiRequest(install=["app>=2"]), state, bench.settings)
    bench.apply(plan)
    site = bench.prefix / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
    assert {dist.name: dist.version for dist in distributions(site)} == {"app": "2.0", "dep": "2.0"}
    assert [path.name for path in (bench.prefix / former.relative_to(bench.prefix)).iterdir()] == ["notes.txt"]
    assert bench.run(str(bench.prefix / "bin" / "app")) == str(bench.prefix)


async def test_a_project_is_installed_anew_from_its_folder(bench: Bench) -> None:
    folder = write_project(bench.folder / "work" / "mine", "mine", "0.1")
    repository = commit(write_project(bench.folder / "work" / "repo", "versioned", "1.0"))
    await bench.change(f"-e {folder}", f"git+file://{repository}")
    plan = await resolve(PypiRequest(), bench.state(moved=True), bench.settings)
    assert [(action.op, action.name) for action in plan.actions] == [("rebuild", "mine"), ("rebuild", "versioned")]
    bench.apply(plan)
    assert (bench.site() / "mine.pth").is_file()
    assert bench.versions() == {"mine": "0.1", "versioned": "1.0"}


async def test_nothing_of_the_user_leaks_in(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    home = bench.folder / "home"
    local = home / f".local/lib/python3.{sys.version_info[1]}/site-packages"
    info = local / "dep-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dep\nVersion: 2.0\n")
    (local / "sitecustomize.py").write_text(f"open({str(bench.folder / 'leaked')!r}, 'w')\n")
    for folder in (home / ".config/pip", home / ".config/uv", home / ".pip"):
        folder.mkdir(parents=True)
        (folder / "pip.conf").write_text("[global]\nindex-url = http://127.0.0.1:9/\nuser = true\n")
        (folder / "uv.toml").write_text("offline = true\n")
    (home / "pyproject.toml").write_text("[tool.uv.pip]\noffline = true\n[tool.uv]\noffline = true\n")
    variables = {
        "HOME": str(home),
        "PIP_USER": "1",
        "PIP_TARGET": str(bench.folder / "target"),
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": str(local),
        "PYTHONHOME": "/nowhere",
        "PYTHONUSERBASE": str(home / ".local"),
        "VIRTUAL_ENV": str(home / "venv"),
        "CONDA_PREFIX": str(home / "conda"),
        "UV_OFFLINE": "1",
        "UV_TARGET": str(bench.folder / "target"),
        "UV_INDEX": "http://127.0.0.1:9/simple",
        "UV_CONSTRAINT": "/nowhere",
        "UV_CONFIG_FILE": str(home / ".config/uv/uv.toml"),
        "JUPYTERHUB_API_TOKEN": "hunter2",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home)
    before = snapshot(home)
    await bench.change("app")
    assert bench.versions() == {"app": "2.0", "dep": "2.0"}
    assert not (bench.folder / "target").exists()
    assert not (bench.folder / "leaked").exists()
    assert snapshot(home) == before


async def test_builds_do_not_see_the_user_either(
    bench: Bench, index: IndexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = {"PYTHONPATH": "/nowhere", "PIP_USER": "1", "JUPYTERHUB_API_TOKEN": "hunter2", "CONDA_PREFIX": "/x"}
    for name, value in bad.items():
        monkeypatch.setenv(name, value)
    folder = write_project(bench.folder / "work" / "nosy", "nosy", "1.0")
    backend = (folder / "backend.py").read_text()
    (folder / "backend.py").write_text(f"import os\nassert not set(os.environ) & set({list(bad)!r})\n{backend}")
    await bench.change(str(folder))
    assert bench.versions() == {"nosy": "1.0"}


async def test_the_index_of_the_servers_environment_counts_where_the_site_names_none(
    bench: Bench, index: IndexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    bench.settings = msgspec.structs.replace(bench.settings, index=None)
    await bench.change("app")
    assert bench.versions() == {"app": "2.0", "dep": "2.0"}


async def test_an_apply_asks_for_nothing_but_the_files_of_the_plan(bench: Bench, index: IndexServer) -> None:
    plan = await bench.plan("app")
    index.wheel("app", "3.0")
    index.shelves.requests.clear()
    bench.apply(plan)
    assert sorted(set(index.shelves.requests)) == [
        "/files/app-2.0-py3-none-any.whl",
        "/files/dep-2.0-py3-none-any.whl",
    ]


def another(bench: Bench, name: str, **settings: Any) -> Bench:
    """A second environment, which uses the same cache."""
    other = Bench(bench.folder / name, msgspec.structs.replace(bench.settings, **settings))
    shutil.copytree(bench.prefix, other.prefix, symlinks=True)
    return other


async def test_a_second_apply_downloads_nothing(bench: Bench, index: IndexServer) -> None:
    index.add(sdist("source", "1.0"))
    direct = index.add(wheel("direct", "1.0"))
    other = another(bench, "second")
    wanted = ("app", "source", f"direct @ {direct}")
    await bench.change(*wanted)
    plan = await other.plan(*wanted)
    index.shelves.requests.clear()
    other.apply(plan)
    assert index.shelves.requests == []
    assert other.versions() == {"app": "2.0", "dep": "2.0", "direct": "1.0", "source": "1.0"}
    assert other.run(str(other.prefix / "bin" / "app")) == str(other.prefix)


async def test_nor_does_it_where_the_index_wants_a_password(bench: Bench, index: IndexServer) -> None:
    index.shelves.password = ("me", "hunter2")
    bench.settings = msgspec.structs.replace(bench.settings, index=index.url.replace("//", "//me:hunter2@"))
    other = another(bench, "second")
    await bench.change("app")
    plan = await other.plan("app")
    index.shelves.requests.clear()
    other.apply(plan)
    assert index.shelves.requests == []
    assert b"hunter2" not in b"".join(path.read_bytes() for path in other.site().rglob("*") if path.is_file())


async def test_environments_share_the_files_of_the_cache(bench: Bench) -> None:
    other = another(bench, "second")
    for one in (bench, other):
        await one.change("app")
    first, second = (one.site() / "app.py" for one in (bench, other))
    if first.stat().st_nlink == 1:
        pytest.skip("this filesystem clones files instead of linking them, or has neither")
    assert first.samefile(second)
    # What says where the environment is, and who asked for it, is each one's own.
    for name in ("app-2.0.dist-info/RECORD", "app-2.0.dist-info/INSTALLER", "../../../bin/app"):
        assert not (bench.site() / name).samefile(other.site() / name)


async def test_a_file_of_the_same_name_from_another_index_is_not_taken_from_the_cache(
    bench: Bench, index: IndexServer
) -> None:
    with serve_index() as own:
        own.wheel("dep", "2.0", files={"dep.py": "__version__ = 'our own'\n"})
        other = another(bench, "second", extra_indexes=[own.url])
        for _ in range(2):
            await bench.change("dep")
            await other.change("dep")
            assert (bench.site() / "dep.py").read_text() == "__version__ = '2.0'\n"
            assert (other.site() / "dep.py").read_text() == "__version__ = 'our own'\n"
            for one in (bench, other):
                await one.change(remove=["dep"])


async def test_a_cached_file_that_is_not_what_was_previewed(bench: Bench, index: IndexServer) -> None:
    other = another(bench, "second")
    await bench.change("app")
    index.wheel("app", "2.0", files={"app.py": "another = 1\n"})
    plan = await other.plan("app")
    other.apply(plan)
    assert (other.site() / "app.py").read_text() == "another = 1\n"


async def test_a_cache_that_somebody_has_written_into(bench: Bench) -> None:
    other = another(bench, "second")
    await bench.change("app")
    for file in Path(bench.settings.cache).rglob("app.py"):
        file.unlink()
        file.write_text("evil = 1\n")
    with pytest.raises(Damaged, match=r"app 2\.0 is damaged: app\.py"):
        await other.change("app")


async def test_a_wheel_cannot_write_outside_of_its_environment(bench: Bench, index: IndexServer) -> None:
    up = "../" * 12
    files = {"evil.py": "", f"{up}evil.txt": "evil\n", f"evil-1.0.data/data/{up}{bench.folder}/evil.txt": "evil\n"}
    index.wheel("evil", "1.0", files=files)
    await bench.change("evil")
    assert not list(bench.folder.glob("**/evil.txt"))
    assert not Path("/evil.txt").exists()


async def test_a_removal_touches_nothing_outside_of_its_environment(bench: Bench) -> None:
    await bench.change("app")
    victim = bench.folder / "work" / "victim.txt"
    victim.write_text("mine\n")
    (bench.site() / "link").symlink_to(victim.parent)
    record = bench.site() / "app-2.0.dist-info" / "RECORD"
    up = os.path.relpath(victim, bench.site())
    record.write_text(f"{record.read_text()}{victim},,\n{up},,\nlink/victim.txt,,\n")
    await bench.change(remove=["app"])
    assert victim.read_text() == "mine\n"
    assert bench.versions() == {"dep": "2.0"}


async def test_two_packages_may_bring_the_same_file(bench: Bench, index: IndexServer) -> None:
    for name in ("one", "two"):
        index.wheel(name, "1.0", files={f"{name}.py": "", "tests/__init__.py": f"# {name}\n"})
    await bench.change("one", "two")
    assert bench.versions() == {"one": "1.0", "two": "1.0"}


async def test_a_cancelled_preview_ends_uv_and_its_builds(bench: Bench, index: IndexServer) -> None:
    folder = write_project(bench.folder / "work" / "slow", "slow", "1.0")
    started = bench.folder / "started"
    text = (folder / "backend.py").read_text()
    (folder / "backend.py").write_text(
        f"import os, time\nopen({str(started)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n{text}"
    )
    (folder / "pyproject.toml").write_text(
        (folder / "pyproject.toml").read_text().replace('version = "1.0"', 'dynamic = ["version"]')
    )
    preview = asyncio.create_task(bench.plan(str(folder)))
    await until(lambda: started.exists() and started.read_text() != "")
    preview.cancel()
    with pytest.raises(asyncio.CancelledError):
        await preview
    build = int(started.read_text())
    await until(lambda: not psutil.pid_exists(build) or psutil.Process(build).status() == psutil.STATUS_ZOMBIE)


async def test_a_wheel_whose_own_list_is_wrong(bench: Bench, index: IndexServer) -> None:
    filename, content = wheel("liar", "1.0")
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"liar.py,sha256=", b"liar.py,sha256=AAAA"))
    index.add((filename, buffer.getvalue()))
    with pytest.raises(Damaged, match=r"liar 1\.0 is damaged: liar\.py"):
        await bench.change("liar")


async def test_requirements_files_work(bench: Bench) -> None:
    work = bench.folder / "work"
    (work / "requirements.txt").write_text("# all of it\n-r more.txt\n-c limits.txt\n")
    (work / "more.txt").write_text("app \\\n  >=1  # newest\n")
    (work / "limits.txt").write_text("dep<2\n")
    plan = await bench.change(requirements=[str(work / "requirements.txt")])
    assert bench.versions() == {"app": "1.0", "dep": "1.0"}
    assert plan.requested == ["app"]
