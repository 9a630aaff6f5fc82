"""What is said to be wrong with a kernel, and whether its remedy helps."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kernel_folders import LAUNCH, group, make, me, prefix, registry, settings
from test_kernels import environment, listed, make_prefix, write_spec

from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.kernels import KernelRegistry
from jupyter_envmanager.models import (
    Environment,
    KernelEdit,
)

__all__ = ["group", "me", "prefix", "registry"]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="kernels have launch scripts on POSIX systems")


def known(prefix: Path, **fields: Any) -> Environment:
    return msgspec.structs.replace(environment(prefix), python="3.12.1", **fields)


def problems(registry: KernelRegistry, *environments: Environment) -> dict[str, list[tuple[str, str]]]:
    return {
        kernel.name: [(problem.code, problem.remedy) for problem in kernel.problems]
        for kernel in registry.list(environments, {})
        if kernel.name != "python3"
    }


def test_each_problem_has_its_remedy(
    registry: KernelRegistry, prefix: Path, me: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PYTHONUSERBASE", str(tmp_path / "nothing"))
    other = make_prefix(tmp_path / "envs" / "other")
    (other / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    python = str(prefix / "bin" / "python")
    write_spec(me, "gone", [str(tmp_path / "gone" / "bin" / "python")])
    write_spec(me, "other-interpreter", [str(prefix / "bin" / "python3.9"), *LAUNCH])
    write_spec(me, "broken", ["x"])
    (me / "broken" / "kernel.json").write_text("{")
    write_spec(me, "no-launcher", [str(other / "bin" / "python"), *LAUNCH])
    write_spec(me, "claims", [str(other / "bin" / "python")], env={"CONDA_PREFIX": str(prefix)})
    write_spec(me, "outside", ["/usr/bin/python3"], metadata={"jupyter_envmanager": {"prefix": str(prefix)}})
    write_spec(me, "fine", [python], env={"CONDA_PREFIX": str(prefix)})
    Path("/usr/bin/python3").exists() or pytest.skip("no Python of the system")
    found = problems(registry, known(prefix), known(other))
    assert found == {
        "gone": [("orphan", "remove")],
        "other-interpreter": [("orphan", "register")],
        "broken": [("broken", "remove")],
        "no-launcher": [("no_launcher", "install")],
        "claims": [("wrong_python", "register")],
        "outside": [("wrong_python", "register")],
        "fine": [],
    }
    kernels = {kernel.name: kernel for kernel in registry.list([known(prefix), known(other)], {})}
    assert kernels["no-launcher"].problems[0].packages == ["ipykernel"]
    assert kernels["claims"].environment == environment_id(prefix)
    for name in ("claims", "outside", "other-interpreter"):
        registry.rewrite(name, known(prefix), force=True)
        assert f"{prefix}/bin/python" in settings(registry, name, prefix).script
    after = problems(registry, known(prefix), known(other))
    assert [after[name] for name in ("claims", "outside", "other-interpreter")] == [[], [], []]


def test_an_environment_that_comes_back_makes_no_orphans(
    registry: KernelRegistry, prefix: Path, tmp_path: Path
) -> None:
    make(registry, prefix)
    assert problems(registry, known(prefix)) == {"lab": []}
    prefix.rename(tmp_path / "away")
    assert problems(registry) == {"lab": [("orphan", "remove")]}
    (tmp_path / "away").rename(prefix)
    assert problems(registry, known(prefix)) == {"lab": []}
    (prefix / "bin" / "python").unlink()
    bare = msgspec.structs.replace(environment(prefix), python=None)
    assert problems(registry, bare) == {"lab": [("orphan", "install")]}


def test_same_names_are_told_apart(registry: KernelRegistry, me: Path, group: Path, tmp_path: Path) -> None:
    old, new = make_prefix(tmp_path / "envs" / "old"), make_prefix(tmp_path / "envs" / "new")
    write_spec(me, "a", [str(old / "bin" / "python")], display_name="hfrl")
    write_spec(me, "b", [str(new / "bin" / "python")], display_name="HFRL")
    write_spec(me, "c", ["/bin/sh"], display_name="same", language="sh")
    write_spec(group, "d", ["/bin/sh"], display_name="same", language="sh")
    write_spec(me, "e", ["/bin/sh"], display_name="same (mine)", language="sh")
    environments = [known(old), msgspec.structs.replace(known(new), python="3.11.9")]
    kernels = {kernel.name: kernel for kernel in registry.list(environments, {})}
    proposals = {name: [problem.proposal for problem in kernel.problems] for name, kernel in kernels.items()}
    proposals.pop("python3")
    assert proposals == {
        "a": ["hfrl (Python 3.12)"],
        "b": ["HFRL (Python 3.11)"],
        "c": ["same (c)"],
        "d": ["same (group)"],
        "e": [],
    }
    for name in ("a", "b", "c", "d"):
        registry.edit(name, KernelEdit(display_name=proposals[name][0]), force=True)
    assert not any(problems(registry, *environments).values())


def test_whose_a_kernel_is(registry: KernelRegistry, me: Path, group: Path, tmp_path: Path) -> None:
    places = {
        "me": me,
        "group": group,
        "server": tmp_path / "server" / "share" / "jupyter" / "kernels",
        "site": tmp_path / "site",
    }
    for scope, folder in places.items():
        write_spec(folder, f"by-{scope}", ["/bin/sh"])
    assert {kernel.name: kernel.scope for kernel in listed(registry).values()} == {
        f"by-{scope}": scope for scope in places
    }
