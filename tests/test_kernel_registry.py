"""Kernels made as asked for, edited, copied, moved, and written anew."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kernel_folders import LAUNCH, PICTURE, group, make, me, prefix, registry, settings, stamp
from test_kernels import BASH, content, environment, listed, make_prefix, register, write_spec

from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.errors import Conflict, EnvManagerError, Invalid, NotAllowed, NotFound
from jupyter_envmanager.kernels import KernelRegistry
from jupyter_envmanager.kernels.adopting import understood
from jupyter_envmanager.models import (
    KernelCopy,
    KernelEdit,
    KernelLogo,
    LogoInitials,
    LogoShipped,
    LogoUpload,
)

__all__ = ["group", "me", "prefix", "registry"]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="kernels have launch scripts on POSIX systems")


# Ours


def test_a_kernel_is_made_as_asked_for_and_edited(registry: KernelRegistry, prefix: Path) -> None:
    kernel = make(
        registry,
        prefix,
        variables={"A": "it's $HOME"},
        modules=["cuda/12"],
        arguments=["--x={connection_file}"],
        user_site=True,
        logo=LogoInitials(initials="Z", color="#010203"),
    )
    script = (Path(kernel.path) / "run.sh").read_text()
    assert "module load cuda/12" in script
    assert script.endswith(f"exec {prefix}/bin/python \"$@\" '--x={{connection_file}}'\n")
    found = settings(registry, "lab", prefix)
    assert (found.variables, found.modules) == ({"A": "it's $HOME"}, ["cuda/12"])
    assert (found.arguments, found.user_site) == (["--x={connection_file}"], True)
    assert (found.logo, found.template) == (KernelLogo(initials="Z", color="#010203"), "built-in")
    assert found.editable == ["display_name", "variables", "modules", "arguments", "user_site", "logo"]
    assert (found.script, found.argv) == (script, [BASH, "{resource_dir}/run.sh", *LAUNCH])

    registry.edit("LAB", KernelEdit(display_name="New", variables={"B": "2"}, user_site=False))
    found = settings(registry, "lab", prefix)
    assert (found.kernel.display_name, found.variables, found.modules) == ("New", {"B": "2"}, ["cuda/12"])
    assert found.logo == KernelLogo(initials="Z", color="#010203")
    assert "export B=2\n" in found.script
    assert "PYTHONNOUSERSITE=1" in found.script


def test_of_two_who_edit_one_version_the_second_is_told(registry: KernelRegistry, prefix: Path, me: Path) -> None:
    make(registry, prefix)
    version = settings(registry, "lab", prefix).version
    other = KernelRegistry(me, [me])
    other.edit("lab", KernelEdit(variables={"A": "theirs"}, version=version))
    for named in (version, ""):
        with pytest.raises(Conflict, match="“Lab” has been changed meanwhile"):
            registry.edit("lab", KernelEdit(display_name="Mine", version=named))
    found = settings(registry, "lab", prefix)
    assert (found.kernel.display_name, found.variables) == ("Lab", {"A": "theirs"})
    registry.edit("lab", KernelEdit(display_name="Mine", version=found.version))
    registry.edit("lab", KernelEdit(arguments=["--debug"]))
    found = settings(registry, "lab", prefix)
    assert (found.kernel.display_name, found.variables, found.arguments) == ("Mine", {"A": "theirs"}, ["--debug"])


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot lock a folder")
def test_two_processes_at_one_kernel_keep_what_the_other_did(registry: KernelRegistry, prefix: Path, me: Path) -> None:
    make(registry, prefix)
    program = """
import sys
from pathlib import Path
from jupyter_envmanager.kernels import KernelRegistry
from jupyter_envmanager.models import KernelEdit
me, field, value = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
registry = KernelRegistry(me, [me])
print("ready", flush=True)
sys.stdin.read()
for number in range(20):
    registry.edit("lab", KernelEdit(**{field: [f"{value}{number}"]}))
"""
    edits = [("modules", "cuda/"), ("arguments", "--x=")]
    editors = [
        subprocess.Popen(
            [sys.executable, "-c", program, me, *edit], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for edit in edits
    ]
    for editor in editors:
        assert editor.stdout
        assert editor.stdout.readline()
    for editor in editors:
        assert editor.stdin
        editor.stdin.close()
    for editor in editors:
        with editor:
            assert editor.wait(120) == 0
    found = settings(registry, "lab", prefix)
    assert (found.modules, found.arguments) == (["cuda/19"], ["--x=19"])


def test_a_drawn_logo_follows_the_name_and_an_uploaded_one_stays(registry: KernelRegistry, prefix: Path) -> None:
    folder = Path(make(registry, prefix).path)
    before = (folder / "logo-svg.svg").read_bytes()
    registry.edit("lab", KernelEdit(display_name="Other Thing"))
    assert stamp(folder)["logo"]["initials"] == "OT"
    assert (folder / "logo-svg.svg").read_bytes() != before
    registry.edit("lab", KernelEdit(logo=LogoUpload(content=PICTURE)))
    uploaded = (folder / "logo-64x64.png").read_bytes()
    assert not (folder / "logo-svg.svg").exists()
    registry.edit("lab", KernelEdit(display_name="Third"))
    assert (stamp(folder)["logo"], (folder / "logo-64x64.png").read_bytes()) == ("uploaded", uploaded)
    for bad in ("not base64", base64.b64encode(b"no picture").decode()):
        with pytest.raises(Invalid) as caught:
            registry.edit("lab", KernelEdit(logo=LogoUpload(content=bad)))
        assert caught.value.field == "logo"
    assert (folder / "logo-64x64.png").read_bytes() == uploaded


def test_the_shipped_logo_comes_on_request(registry: KernelRegistry, prefix: Path) -> None:
    shipped = write_spec(prefix / "share" / "jupyter" / "kernels", "python3", ["python", *LAUNCH])
    (shipped / "logo-64x64.png").write_bytes(b"shipped")
    folder = Path(make(registry, prefix, logo=LogoShipped()).path)
    assert ((folder / "logo-64x64.png").read_bytes(), stamp(folder)["logo"]) == (b"shipped", "shipped")
    registry.edit("lab", KernelEdit(display_name="Renamed"))
    assert (folder / "logo-64x64.png").read_bytes() == b"shipped"
    registry.edit("lab", KernelEdit(logo=LogoInitials()))
    assert (folder / "logo-64x64.png").read_bytes() != b"shipped"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"variables": {"PATH": "/x"}}, "variables"),
        ({"variables": {"a b": "/x"}}, "variables"),
        ({"modules": ["a\nb"]}, "modules"),
        ({"logo": LogoInitials(color="red")}, "logo"),
        ({"source": "no-such"}, "source"),
        ({"template": "no-such"}, "template"),
    ],
)
def test_a_bad_request_changes_nothing(
    registry: KernelRegistry, prefix: Path, me: Path, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(EnvManagerError) as caught:
        make(registry, prefix, **fields)
    assert (caught.value.field, me.exists()) == (field, False)
    if field in ("source", "template"):
        return
    before = content(make(registry, prefix))
    with pytest.raises(Invalid):
        registry.edit("lab", KernelEdit(**fields))
    assert content(listed(registry)["lab"]) == before


def test_a_kernel_of_the_first_version_works_and_gets_the_second(
    registry: KernelRegistry, prefix: Path, me: Path
) -> None:
    old = {"environment": environment_id(prefix), "prefix": str(prefix), "version": 1}
    python = str(prefix / "bin" / "python")
    env = {"PATH": f"{prefix}/bin:${{PATH}}", "CONDA_PREFIX": str(prefix)}
    write_spec(me, "lab", [python, *LAUNCH], env=env, metadata={"jupyter_envmanager": old})
    kernel = listed(registry, prefix)["lab"]
    assert (kernel.stamped, kernel.environment, kernel.problems) == (True, environment_id(prefix), [])
    assert "modules" in settings(registry, "lab", prefix).editable
    registry.edit("lab", KernelEdit(modules=["cuda"]))
    assert (stamp(me / "lab")["version"], stamp(me / "lab")["modules"]) == (2, ["cuda"])
    assert content(kernel)["argv"] == [BASH, "{resource_dir}/run.sh", *LAUNCH]
    assert content(kernel)["env"] == {}


def test_registering_again_keeps_what_was_set(registry: KernelRegistry, prefix: Path) -> None:
    make(registry, prefix, variables={"A": "1"})
    kernel = register(registry, prefix, display_name="Again")
    assert (kernel.display_name, stamp(kernel)["variables"]) == ("Again", {"A": "1"})
    assert stamp(make(registry, prefix))["variables"] == {}


# Others'


def test_others_are_changed_with_consent_only(registry: KernelRegistry, prefix: Path, me: Path) -> None:
    folder = write_spec(me, "theirs", [str(prefix / "bin" / "python"), *LAUNCH], env={"X": "${HOME}"}, odd=[1])
    (folder / "kernel.js").write_text("js")
    (folder / "logo-svg.svg").write_text("old")
    before = (folder / "kernel.json").read_bytes()
    actions: list[Callable[[], object]] = [
        lambda: registry.edit("theirs", KernelEdit(display_name="x")),
        lambda: registry.move("theirs", "group"),
        lambda: registry.rewrite("theirs", environment(prefix)),
        lambda: registry.remove("theirs"),
    ]
    for action in actions:
        with pytest.raises(NotAllowed) as caught:
            action()
        assert caught.value.details == {"path": str(folder), "needs_force": True}
    assert (folder / "kernel.json").read_bytes() == before
    found = settings(registry, "theirs", prefix)
    assert found.editable == ["display_name", "variables", "arguments", "logo"]
    assert (found.variables, found.template) == ({"X": "${HOME}"}, "")
    edit = KernelEdit(display_name="Hers", variables={"X": "${HOME}", "Y": "1"}, arguments=["--a"], logo=LogoInitials())
    registry.edit("theirs", edit, force=True)
    registry.edit("theirs", KernelEdit(arguments=["--b"]), force=True)
    spec = json.loads((folder / "kernel.json").read_text())
    assert (spec["display_name"], spec["env"]) == ("Hers", {"X": "${HOME}", "Y": "1"})
    assert (spec["argv"][1:], spec["odd"]) == ([*LAUNCH, "--b"], [1])
    assert "jupyter_envmanager" not in spec.get("metadata", {})
    assert (folder / "kernel.js").read_text() == "js"
    assert (folder / "logo-svg.svg").read_text() != "old"
    for fields in ({"modules": ["cuda"]}, {"user_site": True}):
        with pytest.raises(Invalid) as refused:
            registry.edit("theirs", KernelEdit(**fields), force=True)
        assert refused.value.field in fields


def test_a_broken_kernel_is_repaired_or_refused(registry: KernelRegistry, prefix: Path, me: Path) -> None:
    folder = Path(make(registry, prefix).path)
    (folder / "kernel.json").write_text('{"argv": [')
    kernel = listed(registry, prefix)["lab"]
    assert (kernel.environment, kernel.stamped) == (environment_id(prefix), False)
    assert [(problem.code, problem.remedy) for problem in kernel.problems] == [("broken", "register")]
    with pytest.raises(Invalid):
        registry.edit("lab", KernelEdit(display_name="x"), force=True)
    with pytest.raises(Invalid):
        registry.copy("lab", KernelCopy())
    assert settings(registry, "lab", prefix).editable == []
    registry.rewrite("lab", environment(prefix), force=True)
    assert listed(registry, prefix)["lab"].problems == []
    assert stamp(folder)["version"] == 2


# Copies


def test_a_copy_of_ours_keeps_everything(registry: KernelRegistry, prefix: Path, me: Path) -> None:
    make(registry, prefix, variables={"A": "1"}, modules=["m"], logo=LogoUpload(content=PICTURE))
    name = registry.copy("lab", KernelCopy())
    assert (name, listed(registry)[name].display_name) == ("lab-copy", "Lab (copy)")
    assert stamp(me / name) == stamp(me / "lab")
    assert (me / name / "logo-64x64.png").read_bytes() == (me / "lab" / "logo-64x64.png").read_bytes()
    assert registry.copy("lab", KernelCopy(display_name="Mine", name="Other")) == "other"
    with pytest.raises(Conflict):
        registry.copy("lab", KernelCopy(name="OTHER"))
    with pytest.raises(NotFound):
        registry.copy("no-such", KernelCopy())


def test_a_copy_of_others_becomes_ours_where_its_environment_is_known(
    registry: KernelRegistry, prefix: Path, me: Path, tmp_path: Path
) -> None:
    folder = write_spec(tmp_path / "site", "theirs", ["~/x/run.sh", "-f", "{connection_file}"], env={"E": "v"})
    script = f'#!/bin/bash\nmodule load cuda/12 gcc\nexport N="a b"\nexec {prefix}/bin/python -m ipykernel "$@"\n'
    (folder / "run.sh").write_text(script)
    spec = json.loads((folder / "kernel.json").read_text())
    (folder / "kernel.json").write_text(json.dumps({**spec, "argv": [str(folder / "run.sh"), *spec["argv"][1:]]}))
    name = registry.copy("theirs", KernelCopy(display_name="Mine"))
    made = stamp(me / name)
    assert (made["prefix"], made["source"], made["modules"]) == (str(prefix), "python", ["cuda/12", "gcc"])
    assert made["variables"] == {"E": "v", "N": "a b"}

    # A script that does more is copied as it is, and starts its own copy.
    (folder / "run.sh").write_text(script.replace("\nexec", "\nulimit -n 9\nexec"))
    name = registry.copy("theirs", KernelCopy(display_name="As it is"))
    spec = json.loads((me / name / "kernel.json").read_text())
    assert spec["argv"] == ["{resource_dir}/run.sh", "-f", "{connection_file}"]
    assert (me / name / "run.sh").read_text() == (folder / "run.sh").read_text()
    kernel = listed(registry, prefix)[name]
    assert (kernel.stamped, kernel.environment, kernel.orphan) == (True, environment_id(prefix), False)
    assert settings(registry, name, prefix).editable == ["display_name", "variables", "arguments", "logo"]
    registry.edit(name, KernelEdit(display_name="Changed"))
    assert (me / name / "run.sh").exists()


def test_the_servers_kernel_can_be_copied(registry: KernelRegistry) -> None:
    name = registry.copy("python3", KernelCopy(display_name="Mine"))
    assert listed(registry)[name].stamped


@pytest.mark.parametrize("text", ["cd /x", 'export A="$B"', "module purge", "exec x", "if true", "export A=`x`", "'"])
def test_a_script_that_does_more_is_not_understood(text: str) -> None:
    assert understood(f'{text}\nexec /x/python "$@"') is None


# Moves


def test_a_kernel_moves_to_the_group_and_back(registry: KernelRegistry, prefix: Path, me: Path, group: Path) -> None:
    folder = Path(make(registry, prefix).path)
    folder.chmod(0o700)
    (folder / "kernel.json").chmod(0o600)
    registry.move("lab", "group")
    assert not folder.exists()
    kernel = listed(registry, prefix)["lab"]
    assert (kernel.path, kernel.scope, kernel.writable) == (str(group / "lab"), "group", True)
    assert stat.S_IMODE((group / "lab").stat().st_mode) & 0o777 == 0o775
    assert stat.S_IMODE((group / "lab" / "kernel.json").stat().st_mode) == 0o664
    assert os.access(group / "lab" / "run.sh", os.X_OK)
    registry.edit("lab", KernelEdit(display_name="Shared"))
    assert stat.S_IMODE((group / "lab" / "kernel.json").stat().st_mode) == 0o664
    registry.move("lab", "group")
    registry.move("lab", "me")
    assert (list(group.iterdir()), listed(registry)["lab"].scope) == ([], "me")
    (group / "LAB").mkdir()
    with pytest.raises(Conflict) as caught:
        registry.move("lab", "group")
    assert caught.value.field == "name"
    assert (me / "lab" / "kernel.json").exists()


def test_where_nothing_can_be_moved_it_says_why(registry: KernelRegistry, prefix: Path, tmp_path: Path) -> None:
    write_spec(tmp_path / "site", "site", ["/bin/sh"])
    with pytest.raises(NotAllowed) as caught:
        registry.move("site", "me", force=True)
    assert "copy" in caught.value.hint
    alone = KernelRegistry(tmp_path / "alone", [])
    make(alone, prefix)
    with pytest.raises(NotAllowed) as caught:
        alone.move("lab", "group")
    assert caught.value.hint
    assert alone.folders() == (str(tmp_path / "alone"), None)


def test_registered_for_the_group(registry: KernelRegistry, prefix: Path, group: Path) -> None:
    kernel = registry.register(
        prefix=prefix, environment=environment_id(prefix), display_name="Lab", name="lab", to="group"
    )
    assert (kernel.scope, Path(kernel.path).parent) == ("group", group)


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Root may write everywhere; nobody may not."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_a_read_only_folder_is_left_alone(prefix: Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        Path(work).chmod(0o755)
        me, group = Path(work) / "me", Path(work) / "group"
        registry = KernelRegistry(me, [me], group_dir=group)
        make(registry, make_prefix(Path(work) / "lab"))
        group.mkdir()
        for path in (me, me / "lab", group):
            path.chmod(0o555)
        before = {file: file.read_bytes() for file in (me / "lab").iterdir()}
        with as_somebody_else():
            assert not listed(registry)["lab"].writable
            assert settings(registry, "lab").editable == []
            actions: list[Callable[[], object]] = [
                lambda: registry.edit("lab", KernelEdit(display_name="x")),
                lambda: registry.move("lab", "group"),
                lambda: registry.rewrite("lab", environment(Path(work) / "lab")),
                lambda: registry.remove("lab"),
                lambda: registry.copy("lab", KernelCopy()),
                lambda: make(registry, Path(work) / "lab", "new"),
            ]
            for action in actions:
                with pytest.raises(NotAllowed) as caught:
                    action()
                assert caught.value.hint
        assert {file: file.read_bytes() for file in (me / "lab").iterdir()} == before
        for path in (me, me / "lab"):
            path.chmod(0o755)
