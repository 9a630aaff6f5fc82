"""PyPI packages in conda environments, through the whole service: previewed, protected, undone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import Home
from pypi_index import Fault, IndexServer
from test_change import apply, apply_rollback, difference, files, installed, preview

from jupyter_envmanager.errors import Invalid, NotAllowed, Overwrites
from jupyter_envmanager.models import Change, PypiChange


def pypi(*lines: str, **more: list[str]) -> Change:
    return Change(pypi=PypiChange(install=list(lines), **more))


def run(*command: object) -> str:
    """What a program printed; fails with what it complained of."""
    answer = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


async def test_install_upgrade_remove_and_back(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("alpha", "1.0", requires=["beta"])
    index.wheel("alpha", "2.0", requires=["beta"])
    index.wheel("beta", "1.0")
    await pypi_home.create("one", "python", kernel=None)
    prefix = pypi_home.envs / "one"
    kept = {1: files(prefix)}
    plan = await preview(pypi_home, "one", pypi("alpha<2"))
    assert difference(plan) == {"alpha": ("install", None, "1.0"), "beta": ("install", None, "1.0")}
    assert [action.manager for action in plan.actions] == ["pypi", "pypi"]
    for number, change in enumerate((pypi("alpha<2"), Change(update=["alpha"]), Change(remove=["alpha"])), 2):
        job = await apply(pypi_home, "one", change)
        assert job.state == "succeeded", job.error
        kept[number] = files(prefix)
    assert {name for name in await installed(pypi_home, "one") if name in ("alpha", "beta")} == {"beta"}
    environment = await pypi_home.service.find("one")
    generations = pypi_home.envs / ".envmanager" / environment.id / "generations"
    assert sorted(folder.name for folder in generations.iterdir()) == ["1", "2", "3"]
    for folder in generations.iterdir():
        assert without_bytecode(files(folder)) == without_bytecode(kept[int(folder.name)])
    await apply_rollback(pypi_home, "one", 3)
    assert (await installed(pypi_home, "one"))["alpha"] == "2.0"


def without_bytecode(found: dict[str, str]) -> dict[str, str]:
    """Interpreters and the background compile as they like; that changes the times of folders, too."""
    is_folder = {name for name, state in found.items() if state.split()[1].startswith("4")}
    return {name: state for name, state in found.items() if "__pycache__" not in name and name not in is_folder}


async def test_conda_and_pypi_in_one_plan(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("alpha", "1.0", requires=["idna"])
    await pypi_home.create("one", "python", kernel=None)
    plan = await preview(pypi_home, "one", Change(install=["idna"], pypi=PypiChange(install=["alpha"])))
    assert {(action.name, action.manager) for action in plan.actions} == {("idna", "conda"), ("alpha", "pypi")}
    job = await apply(pypi_home, "one", Change(install=["idna"], pypi=PypiChange(install=["alpha"])))
    assert job.state == "succeeded", job.error
    prefix = pypi_home.envs / "one"
    run(prefix / "bin" / "python", "-c", "import alpha, idna")


async def test_a_conda_package_is_protected_until_the_user_says_yes(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("idna", "99.0")
    index.wheel("alpha", "1.0", requires=["idna>=99"])
    await pypi_home.create("one", "python", "idna", kernel=None)
    with pytest.raises(Overwrites, match="idna") as caught:
        await preview(pypi_home, "one", pypi("alpha"))
    assert caught.value.details["packages"][0]["name"] == "idna"
    allowed = Change(pypi=PypiChange(install=["alpha"]), accept=["overwrites_conda"])
    plan = await preview(pypi_home, "one", allowed)
    assert "overwrites_conda" in [warning.code for warning in plan.warnings]
    assert (await apply(pypi_home, "one", allowed)).state == "succeeded"
    environment = await pypi_home.service.find("one")
    packages = (await pypi_home.service.packages(environment.id)).packages
    assert [one.shadowed_by for one in packages if one.name == "idna" and one.manager == "conda"] == ["99.0"]


async def test_conda_takes_over_what_came_from_pypi(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("idna", "1.0", files={"idna/__init__.py": "theirs = True\n", "idna/only_pypi.py": ""})
    await pypi_home.create("one", "python", kernel=None)
    await apply(pypi_home, "one", pypi("idna"))
    job = await apply(pypi_home, "one", Change(install=["idna"]))
    assert job.state == "succeeded", job.error
    environment = await pypi_home.service.find("one")
    packages = (await pypi_home.service.packages(environment.id)).packages
    assert [one.manager for one in packages if one.name == "idna"] == ["conda"]
    prefix = pypi_home.envs / "one"
    code = "import idna; print(hasattr(idna, 'theirs'), idna.encode('ä.de').decode())"
    assert run(prefix / "bin" / "python", "-c", code).split() == ["False", "xn--4ca.de"]
    assert (await pypi_home.service.changes.health(environment.id, full=True)).damaged == []


async def test_scripts_carry_the_final_prefix(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("alpha", "1.0", scripts={"alpha": "alpha:main"}, files={"alpha.py": "def main(): print('run')\n"})
    await pypi_home.create("one", "python", kernel=None)
    job = await apply(pypi_home, "one", pypi("alpha"))
    assert job.state == "succeeded", job.error
    script = pypi_home.envs / "one" / "bin" / "alpha"
    assert ".envmanager" not in script.read_text()
    assert run(script) == "run\n"


async def test_an_index_that_is_down_changes_nothing(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("alpha", "1.0")
    await pypi_home.create("one", "python", kernel=None)
    before = files(pypi_home.envs / "one")
    environment = await pypi_home.service.find("one")
    plan = await pypi_home.service.changes.preview(environment.id, pypi("alpha"))
    index.fault("*", Fault(status=503))
    job = await pypi_home.service.changes.change(environment.id, Change(plan=plan.id))
    ended = await pypi_home.service.queue.wait(job.id)
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error.code == "channel_unreachable", ended.error
    assert without_bytecode(files(pypi_home.envs / "one")) == without_bytecode(before)
    assert pypi_home.leftovers() == []


async def test_paths_outside_the_allowed_roots_are_refused(pypi_home: Home, tmp_path: Path) -> None:
    await pypi_home.create("one", "python", kernel=None)
    with pytest.raises(NotAllowed):
        await preview(pypi_home, "one", pypi(f"-e {tmp_path.parent}"))


async def test_without_python_there_is_no_pypi(tiny_home: Home) -> None:
    await tiny_home.create("one", "tiny")
    with pytest.raises(Invalid, match="need Python"):
        await preview(tiny_home, "one", pypi("alpha"))
