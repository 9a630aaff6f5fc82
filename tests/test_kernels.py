"""Kernelspecs: listed, mapped to environments, written, removed; and kernels that really start."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jupyter_client.kernelspec import KernelSpecManager

from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.errors import Conflict, Invalid, NotAllowed, NotFound
from jupyter_envmanager.kernels import KERNEL_PACKAGES, KernelRegistry, check_kernel, has_kernel_package
from jupyter_envmanager.models import Environment, EnvironmentKind, Kernel, KernelCheck

psutil: Any = pytest.importorskip("psutil")
TIMEOUT = 60.0
posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX paths")
BASH = "/bin/bash" if os.access("/bin/bash", os.X_OK) else "/bin/sh"
WEIRD = [
    "with space",
    'quote\'s "both"',
    "$(touch pwned)",
    "{connection_file}",
    "{env} {resource_dir}",
    "$HOME and ${PATH}",
    "ünïcode-环境",
    "back\\slash;`tick`&|*?",
]


@pytest.fixture
def user_dir(tmp_path: Path) -> Path:
    return tmp_path / "data" / "kernels"


@pytest.fixture
def system_dir(tmp_path: Path) -> Path:
    return tmp_path / "system" / "kernels"


@pytest.fixture
def registry(user_dir: Path, system_dir: Path) -> KernelRegistry:
    return KernelRegistry(user_dir, [user_dir, system_dir])


def write_spec(folder: Path, name: str, argv: Sequence[str], **fields: Any) -> Path:
    """A kernelspec that somebody else made."""
    target = folder / name
    target.mkdir(parents=True)
    content = {"argv": list(argv), "display_name": name.title(), "language": "python", **fields}
    (target / "kernel.json").write_text(json.dumps(content))
    return target


def make_prefix(prefix: Path, conda: bool = True) -> Path:
    """The outside of an environment with Python."""
    program = prefix / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    if conda:
        (prefix / "conda-meta").mkdir()
    return prefix


def environment(prefix: Path) -> Environment:
    return Environment(
        id=environment_id(prefix), name=prefix.name, prefix=str(prefix), kind="path", location=str(prefix.parent)
    )


def listed(registry: KernelRegistry, *prefixes: Path) -> dict[str, Kernel]:
    kernels = registry.list([environment(prefix) for prefix in prefixes], {})
    return {kernel.name: kernel for kernel in kernels if kernel.name != "python3"}


def register(registry: KernelRegistry, prefix: Path, name: str = "lab", display_name: str = "Lab") -> Kernel:
    return registry.register(prefix=prefix, environment=environment_id(prefix), display_name=display_name, name=name)


def spec_file(kernel: Kernel) -> Path:
    return Path(kernel.path) / "kernel.json"


def content(kernel: Kernel) -> Any:
    return json.loads(spec_file(kernel).read_text())


# Listing


def test_all_specs_are_listed_and_the_first_of_a_name_wins(
    registry: KernelRegistry, user_dir: Path, system_dir: Path
) -> None:
    write_spec(user_dir, "Twice", ["/bin/sh"], display_name="Mine")
    write_spec(system_dir, "twice", ["/bin/sh"], display_name="Theirs")
    write_spec(system_dir, "other", ["/bin/sh"])
    kernels = listed(registry)
    assert {name: kernel.display_name for name, kernel in kernels.items()} == {"twice": "Mine", "other": "Other"}
    assert not any(kernel.stamped or kernel.orphan for kernel in kernels.values())


def test_what_we_list_is_what_jupyter_lists(registry: KernelRegistry, user_dir: Path, system_dir: Path) -> None:
    write_spec(user_dir, "One", ["/bin/sh"])
    write_spec(system_dir, "two", ["/bin/sh"])
    (user_dir / "no-kernel").mkdir()
    (user_dir / "a-file").touch()
    manager = KernelSpecManager(kernel_dirs=[str(user_dir), str(system_dir)])
    specs = {name: str(Path(folder)) for name, folder in manager.find_kernel_specs().items()}
    assert {kernel.name: kernel.path for kernel in registry.list([], {})} == specs


def test_the_servers_own_kernel_is_always_there(registry: KernelRegistry) -> None:
    (native,) = registry.list([environment(Path(sys.prefix))], {"python3": KernelCheck(state="passed")})
    assert (native.name, native.environment) == ("python3", environment_id(Path(sys.prefix)))
    assert not native.writable
    assert native.check == KernelCheck(state="passed")
    with pytest.raises(NotAllowed):
        registry.remove("python3", force=True)


@posix
def test_a_kernel_leads_to_its_environment(registry: KernelRegistry, system_dir: Path, tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "envs" / "lab")
    (tmp_path / "alias").symlink_to(tmp_path / "envs")
    script = write_spec(system_dir, "by-script", ["{resource_dir}/run.sh", "{connection_file}"]) / "run.sh"
    script.write_text(f'#!/bin/bash\nmodule load cuda\nexec {prefix}/bin/python -m ipykernel_launcher "$@"\n')
    python = str(prefix / "bin" / "python")
    write_spec(system_dir, "by-program", [python, "-m", "ipykernel_launcher"])
    write_spec(system_dir, "by-alias", [str(tmp_path / "alias" / "lab" / "bin" / "python")])
    write_spec(system_dir, "by-activation", ["/bin/sh", "-c", "x"], env={"CONDA_PREFIX": str(prefix)})
    write_spec(system_dir, "by-stamp", ["/bin/sh"], metadata={"jupyter_envmanager": {"prefix": str(prefix)}})
    write_spec(system_dir, "elsewhere", ["/bin/sh"])
    kernels = listed(registry, prefix)
    leads = {name for name, kernel in kernels.items() if kernel.environment == environment_id(prefix)}
    assert leads == {"by-script", "by-program", "by-alias", "by-activation", "by-stamp"}
    assert all(kernels[name].prefix == str(prefix) for name in leads)
    assert not any(kernel.orphan for kernel in kernels.values())


@posix
def test_an_environment_inside_base_is_not_base(registry: KernelRegistry, system_dir: Path, tmp_path: Path) -> None:
    base = make_prefix(tmp_path / "base")
    inner = make_prefix(base / "envs" / "inner")
    write_spec(system_dir, "inner", [str(inner / "bin" / "python")])
    write_spec(system_dir, "gone", [str(base / "envs" / "gone" / "bin" / "python")])
    kernels = listed(registry, base, inner)
    assert kernels["inner"].environment == environment_id(inner)
    assert kernels["gone"].environment is None
    assert kernels["gone"].prefix == str(base / "envs" / "gone")


@posix
def test_orphans_say_what_is_gone(registry: KernelRegistry, user_dir: Path, tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "lab")
    write_spec(user_dir, "theirs", [str(tmp_path / "gone" / "bin" / "python")])
    run = write_spec(user_dir, "script", ["/bin/sh", "{resource_dir}/run.sh"]) / "run.sh"
    run.write_text("#!/bin/sh\nexec '/gone/bin/python' \"$@\"\n")
    write_spec(user_dir, "stamped", ["/bin/sh"], metadata={"jupyter_envmanager": {"prefix": "/gone/env"}})
    write_spec(user_dir, "dangling", [str(prefix / "bin" / "python")])
    (prefix / "bin" / "python").unlink()
    (prefix / "bin" / "python").symlink_to("/gone/python3")
    kernels = listed(registry, prefix)
    assert all(kernel.orphan for kernel in kernels.values())
    assert str(tmp_path / "gone" / "bin" / "python") in kernels["theirs"].orphan_reason
    assert "/gone/bin/python" in kernels["script"].orphan_reason
    assert "/gone/env" in kernels["stamped"].orphan_reason
    assert kernels["dangling"].environment == environment_id(prefix)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"argv": ["x"],\n "env": {,}}', "kernel.json, line 2: "),
        ("[]", "holds no object"),
        ('{"display_name": "x"}', "has no “argv”"),
        ('{"argv": "python"}', "has no “argv”"),
        ("", "line 1"),
    ],
)
def test_a_broken_spec_is_listed_with_the_reason(
    registry: KernelRegistry, user_dir: Path, text: str, reason: str
) -> None:
    (user_dir / "broken").mkdir(parents=True)
    (user_dir / "broken" / "kernel.json").write_text(text)
    kernel = listed(registry)["broken"]
    assert kernel.orphan
    assert reason in kernel.orphan_reason
    registry.remove("broken", force=True)
    assert listed(registry) == {}


def test_odd_fields_do_not_hide_the_other_kernels(registry: KernelRegistry, user_dir: Path) -> None:
    write_spec(user_dir, "odd", ["/bin/sh"], env=[1], metadata="x", display_name=None, language=7)
    kernel = listed(registry)["odd"]
    assert (kernel.display_name, kernel.language, kernel.stamped) == ("odd", "7", False)


@posix
def test_a_program_that_no_system_could_start_hides_no_other_kernel(registry: KernelRegistry, user_dir: Path) -> None:
    write_spec(user_dir, "long", ["/bin/" + "x" * 300])
    write_spec(user_dir, "nul", ["/a\0b", "/c\0d"], env={"CONDA_PREFIX": "/e\0f"})
    write_spec(user_dir, "surrogate", ["/a\ud800b"])
    write_spec(user_dir, "shell", ["sh", "-c", "exec x"])
    kernels = listed(registry, user_dir)
    assert set(kernels) == {"long", "nul", "surrogate", "shell"}
    assert "UTF-8" in kernels["surrogate"].orphan_reason
    msgspec.json.encode(list(kernels.values()))


@posix
def test_a_kernel_whose_ipykernel_is_gone_is_an_orphan(
    registry: KernelRegistry, user_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(site, "USER_BASE", str(tmp_path / "mine"))
    prefix = make_prefix(tmp_path / "lab")
    packages = prefix / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    write_spec(user_dir, "lab", [str(prefix / "bin" / "python"), "-m", "ipykernel_launcher"])
    write_spec(user_dir, "other", [str(prefix / "bin" / "python"), "-m", "other_kernel"])

    def reasons(kind: EnvironmentKind = "path") -> dict[str, str]:
        found = msgspec.structs.replace(environment(prefix), python="3.12.4", kind=kind)
        return {kernel.name: kernel.orphan_reason for kernel in registry.list([found], {})}

    assert "ipykernel is not installed in its environment any more" in reasons()["lab"]
    assert reasons()["other"] == ""
    assert reasons("venv")["lab"] == ""
    for place in (packages / "ipykernel_launcher.py", packages / "ipykernel-6.0.dist-info"):
        place.touch()
        assert reasons()["lab"] == ""
        place.unlink()
    users = tmp_path / "mine" / "lib" / "python3.12" / "site-packages"
    users.mkdir(parents=True)
    (users / "ipykernel_launcher.py").touch()
    assert reasons()["lab"] == ""


# Writing


@posix
def test_a_kernel_is_registered_with_its_environment(registry: KernelRegistry, user_dir: Path, tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "envs" / "lab")
    kernel = register(registry, prefix, display_name="My “Lab”")
    assert kernel == Kernel(
        name="lab",
        display_name="My “Lab”",
        language="python",
        path=str(user_dir / "lab"),
        environment=environment_id(prefix),
        prefix=str(prefix),
        stamped=True,
        writable=True,
    )
    spec = content(kernel)
    stamp = spec["metadata"].pop("jupyter_envmanager")
    assert spec == {
        "argv": [BASH, "{resource_dir}/run.sh", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "My “Lab”",
        "language": "python",
        "env": {},
        "metadata": {"debugger": True},
    }
    assert stamp == {
        "version": 2,
        "environment": environment_id(prefix),
        "prefix": str(prefix),
        "source": "python",
        "template": "",
        "variables": {},
        "modules": [],
        "arguments": [],
        "user_site": False,
        "logo": {"initials": "ML", "color": stamp["logo"]["color"]},
    }
    names = {path.name for path in (user_dir / "lab").iterdir()}
    assert names == {"kernel.json", "run.sh", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}
    assert [path.name for path in user_dir.iterdir()] == ["lab"]
    assert listed(registry, prefix)["lab"] == kernel


@posix
def test_the_spec_that_the_environment_ships_is_taken(registry: KernelRegistry, tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "stats")
    (prefix / "bin" / "R").touch()
    words = ["--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"]
    shipped = write_spec(
        prefix / "share" / "jupyter" / "kernels",
        "ir",
        ["R", *words],
        language="R",
        env={"R_X": "1", "PATH": "/wrong"},
        interrupt_mode="message",
    )
    (shipped / "logo-64x64.png").write_bytes(b"png")
    (shipped / "kernel.js").write_bytes(b"js")
    kernel = register(registry, prefix)
    spec = content(kernel)
    assert spec["argv"] == [BASH, "{resource_dir}/run.sh", *words]
    assert f"exec {prefix}/bin/R " in (Path(kernel.path) / "run.sh").read_text()
    assert (spec["language"], spec["interrupt_mode"]) == ("R", "message")
    assert spec["env"] == {"R_X": "1", "PATH": "/wrong"}
    assert "debugger" not in spec["metadata"]
    assert (Path(kernel.path) / "kernel.js").read_bytes() == b"js"
    # Two environments' kernels must be told apart.
    assert (Path(kernel.path) / "logo-64x64.png").read_bytes() != b"png"

    words = ["-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    write_spec(prefix / "share" / "jupyter" / "kernels", "python3", ["python", *words])
    spec = content(registry.register(prefix=prefix, environment=environment_id(prefix), display_name="Lab", name="b"))
    assert spec["argv"] == [BASH, "{resource_dir}/run.sh", *words]
    # The first one stays what it was.
    assert content(register(registry, prefix))["language"] == "R"


@posix
def test_registering_again_replaces_and_another_environment_conflicts(
    registry: KernelRegistry, user_dir: Path, tmp_path: Path
) -> None:
    first, second = make_prefix(tmp_path / "a" / "lab"), make_prefix(tmp_path / "b" / "lab")
    register(registry, first, name="Lab", display_name="One")
    register(registry, first, name="lab", display_name="Two")
    assert [kernel.display_name for kernel in listed(registry).values()] == ["Two"]
    assert [path.name for path in user_dir.iterdir()] == ["Lab"]
    with pytest.raises(Conflict) as caught:
        register(registry, second, name="LAB")
    assert caught.value.field == "name"
    write_spec(user_dir, "foreign", ["/bin/sh"])
    for name in ("foreign", "python3"):
        with pytest.raises(Conflict):
            register(registry, first, name=name)
        with pytest.raises(Conflict):
            registry.check_new_name(name)
    (user_dir / "folder").mkdir()
    (user_dir / "folder" / "file").touch()
    with pytest.raises(Conflict):
        register(registry, first, name="folder")


@pytest.mark.parametrize("name", ["", "a b", "ü", "../x", "a/b", "..", "a\n", "$x"])
def test_a_bad_name_is_refused(registry: KernelRegistry, tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        register(registry, tmp_path, name=name)
    assert caught.value.field == "name"


def test_an_environment_without_any_kernel_is_refused(registry: KernelRegistry, user_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid):
        register(registry, tmp_path / "empty")
    assert not user_dir.exists()


@posix
def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    registry = KernelRegistry(tmp_path / "file" / "kernels", [])
    with pytest.raises(NotAllowed) as caught:
        register(registry, make_prefix(tmp_path / "lab"))
    assert caught.value.hint


@posix
def test_only_our_own_kernels_are_removed_without_force(
    registry: KernelRegistry, user_dir: Path, tmp_path: Path
) -> None:
    register(registry, make_prefix(tmp_path / "lab"))
    write_spec(user_dir, "theirs", ["/bin/sh"])
    (tmp_path / "linked").mkdir()
    linked = write_spec(tmp_path / "linked", "real", ["/bin/sh"])
    (user_dir / "link").symlink_to(linked)
    registry.remove("LAB")
    with pytest.raises(NotFound):
        registry.remove("lab")
    for name in ("theirs", "link"):
        with pytest.raises(NotAllowed):
            registry.remove(name)
        registry.remove(name, force=True)
    assert list(user_dir.iterdir()) == []
    assert (linked / "kernel.json").exists()


def test_a_proposed_name_is_free_and_valid(registry: KernelRegistry, user_dir: Path, system_dir: Path) -> None:
    write_spec(system_dir, "Lab", ["/bin/sh"])
    write_spec(user_dir, "lab-2", ["/bin/sh"])
    proposals = {
        name: registry.propose_name(name) for name in ("Lab", "Été 2024", "环境", "a/b", "python3", "..", "GPU_x")
    }
    assert proposals == {
        "Lab": "lab-3",
        "Été 2024": "ete-2024",
        "环境": "environment",
        "a/b": "a-b",
        "python3": "python3-2",
        "..": "environment",
        "GPU_x": "gpu_x",
    }
    for name in proposals.values():
        registry.check_new_name(name)


def test_kernel_packages_are_known() -> None:
    assert has_kernel_package(["python", "ipykernel"])
    assert has_kernel_package(["r-base", "r-irkernel"], ["R"])
    assert not has_kernel_package(["ipykernel"], ["R"])
    assert not has_kernel_package(["python", "xeus-zmq", "numpy"])
    assert "xeus-python" in KERNEL_PACKAGES


# Real kernels


def make_venv(prefix: Path, kernel: bool = True) -> Path:
    """A venv of this Python; ``kernel`` lets it see this interpreter's ipykernel."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    if kernel:
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        site = prefix / ("Lib" if os.name == "nt" else f"lib/{version}") / "site-packages"
        (site / "kernel.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return prefix


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """No test start leaves a process or a file."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
    assert list(scratch.iterdir()) == []


def failure(check: KernelCheck) -> tuple[str, str, str]:
    assert check.state == "failed"
    assert check.problem is not None
    assert check.problem.code == "kernel_failed"
    assert check.problem.hint
    return check.problem.message, check.problem.hint, check.problem.details["stderr"]


@posix
@pytest.mark.parametrize("name", WEIRD)
def test_a_kernel_of_an_oddly_named_environment_runs_there(registry: KernelRegistry, tmp_path: Path, name: str) -> None:
    prefix = make_venv(tmp_path / "envs" / name)
    kernel = register(registry, prefix)
    check = check_kernel(Path(kernel.path) / "kernel.json", prefix, TIMEOUT)
    assert check.problem is None
    assert check.state == "passed"
    assert check.seconds is not None
    assert 0 < check.seconds < TIMEOUT
    assert not list(tmp_path.rglob("pwned"))
    assert listed(registry, prefix)["lab"].environment == environment_id(prefix)
    assert not listed(registry, prefix)["lab"].orphan


def test_the_kernel_that_this_interpreter_ships_runs_there(registry: KernelRegistry) -> None:
    prefix = Path(sys.prefix)
    if not (prefix / "share" / "jupyter" / "kernels" / "python3" / "kernel.json").exists():
        pytest.skip("this interpreter ships no kernelspec")
    kernel = register(registry, prefix)
    assert any(file.name.startswith("logo") for file in Path(kernel.path).iterdir())
    assert check_kernel(Path(kernel.path) / "kernel.json", prefix, TIMEOUT).state == "passed"


def test_an_environment_without_ipykernel_is_told_so(registry: KernelRegistry, tmp_path: Path) -> None:
    prefix = make_venv(tmp_path / "bare", kernel=False)
    message, hint, stderr = failure(check_kernel(spec_file(register(registry, prefix)), prefix, TIMEOUT))
    assert message == f"ipykernel is not installed in {prefix}."
    assert "Install ipykernel" in hint
    assert "No module named ipykernel_launcher" in stderr


def test_a_kernel_in_another_environment_fails(registry: KernelRegistry, tmp_path: Path) -> None:
    prefix = make_venv(tmp_path / "one")
    message, _, _ = failure(check_kernel(spec_file(register(registry, prefix)), tmp_path / "two", TIMEOUT))
    assert str(prefix) in message
    assert str(tmp_path / "two") in message


@posix
def test_a_kernel_whose_path_leads_elsewhere_fails(registry: KernelRegistry, tmp_path: Path) -> None:
    prefix = make_venv(tmp_path / "lab")
    kernel = register(registry, prefix)
    script = Path(kernel.path) / "run.sh"
    script.write_text(script.read_text().replace("\nexec ", "\nexport PATH=/elsewhere:$PATH\nexec "))
    message, _, _ = failure(check_kernel(spec_file(kernel), prefix, TIMEOUT))
    assert "!pip" in message
    assert "/elsewhere" in message


def test_a_kernel_that_does_not_answer_is_stopped(tmp_path: Path) -> None:
    code = "import subprocess, sys, time; print('busy', file=sys.stderr, flush=True); subprocess.run(['sleep', '600'])"
    spec = {"argv": [sys.executable, "-c", code, "{connection_file}"], "display_name": "x", "language": "python"}
    message, _, stderr = failure(check_kernel(spec, tmp_path, 2.0))
    assert "did not answer within 2 s" in message
    assert "busy" in stderr


@posix
def test_a_kernel_that_dies_leaves_no_children_and_a_short_message(tmp_path: Path) -> None:
    code = "import subprocess, sys; subprocess.Popen(['sleep', '611']); print('x' * 9000); sys.exit('no licence')"
    spec = {"argv": [sys.executable, "-c", code], "display_name": "x", "language": "python"}
    message, _, stderr = failure(check_kernel(spec, tmp_path, TIMEOUT))
    assert "no licence" in message
    assert len(stderr) == 4000
    children = [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "611"]]
    _, alive = psutil.wait_procs(children, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"argv": ["/gone/bin/python"], "language": "python"}, "is not there"),
        ({"argv": [str(Path(__file__))], "language": "python"}, "you may not run"),
        ({"argv": []}, "kernelspec is broken"),
        ({"argv": [sys.executable], "interrupt_mode": "shout"}, "kernelspec is broken"),
    ],
)
def test_a_kernel_that_cannot_start_says_why(tmp_path: Path, spec: dict[str, Any], words: str) -> None:
    message, _, _ = failure(check_kernel(spec, tmp_path, TIMEOUT))
    assert words in message
