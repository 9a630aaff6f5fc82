"""Launch scripts, run by real shells: what does the program that they execute really see?"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_kernels import make_prefix

from jupyter_envmanager.errors import Invalid
from jupyter_envmanager.kernels import activation_lines, launch, recipe, shelltext
from jupyter_envmanager.kernels.templates import fill, find

pytestmark = pytest.mark.skipif(os.name == "nt", reason="launch scripts are for POSIX shells")
SHELLS = [shell for shell in ("/bin/bash", "/bin/sh") if os.access(shell, os.X_OK)]
SEEN = "import json, os, sys; print(json.dumps([sys.executable, sys.argv[1:], dict(os.environ)]))"
ASK = ["-I", "-S", "-c", SEEN]
CLEAN = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
snippets = st.sampled_from(
    ["$(touch pwned)", "`touch pwned`", "'", '"', "\\", "\n", " ", "-n", "$HOME", "!!", "*", "~", "ü环", "#", ";", "&"]
)
nasty = st.lists(st.one_of(texts, snippets), max_size=5).map("".join)
folders = nasty.map(lambda text: text.replace("/", "|").encode()[:120].decode("utf-8", "ignore")).filter(
    lambda name: name not in ("", ".", "..")
)
variable_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True).filter(
    lambda name: not recipe.is_reserved(name)
)


def run(shell: str, text: str, *words: str, env: Mapping[str, str] = CLEAN, cwd: Path | None = None) -> Any:
    """The program, its arguments and its variables, as it says itself."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "run.sh"
        script.write_text(text, encoding="utf-8", errors="surrogateescape")
        done = subprocess.run(
            [shell, script, *words], capture_output=True, env=dict(env), cwd=cwd or folder, check=True
        )
        assert list(Path(folder).iterdir()) == [script]
    program, arguments, variables = json.loads(done.stdout)
    return program, arguments, variables, done.stderr.decode()


def seen(prefix: Path, shell: str = SHELLS[0], env: Mapping[str, str] = CLEAN, **options: Any) -> Mapping[str, str]:
    """The variables that a program of a prefix sees."""
    variables: Mapping[str, str] = run(
        shell, launch.script(prefix, str(prefix / "bin" / "python"), **options), *ASK, env=env
    )[2]
    return variables


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    folder=folders,
    variables=st.dictionaries(variable_names, nasty, max_size=4),
    arguments=st.lists(nasty, max_size=3),
    words=st.lists(nasty, max_size=2),
)
@example(
    folder="-n $(touch pwned)`x`'\"\n\\", variables={"A": "\n'$(x)", "_b": "-n"}, arguments=["'", ""], words=["$@"]
)
def test_nothing_is_read_as_shell(
    folder: str, variables: dict[str, str], arguments: list[str], words: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as work:
        prefix = make_prefix(Path(work) / "envs" / folder)
        program = str(prefix / "bin" / "python")
        recipe.checked_variables(variables)
        text = launch.script(prefix, program, variables=variables, arguments=recipe.checked_arguments(arguments))
        for shell in SHELLS:
            executed, given_words, environment, stderr = run(shell, text, *ASK, *words)
            assert (executed, given_words, stderr) == (program, [*words, *arguments], "")
            assert {name: environment.get(name) for name in variables} == variables
            assert environment["PATH"] == f"{prefix}/bin:{CLEAN['PATH']}"
            assert (environment["CONDA_PREFIX"], environment["CONDA_DEFAULT_ENV"]) == (str(prefix), folder)
            assert environment["PYTHONNOUSERSITE"] == "1"
            assert not [name for name in environment if "envmanager" in name]
        # What a script executes can be read from it again, whatever its values look like.
        assert [found.program for found in shelltext.executed(text)] == [program]
        assert sorted(path.name for path in prefix.iterdir()) == ["bin", "conda-meta"]


@settings(max_examples=20, deadline=None)
@given(folder=folders, name=nasty.filter(lambda text: bool(text.strip())))
def test_a_template_is_filled_in_where_its_quotes_are(folder: str, name: str) -> None:
    text = (
        "#!/bin/sh\n# it's {{display_name}}'s\nexport A={{prefix}}/a\n"
        "export B=\"{{prefix}}/b {{display_name}}\" C='{{display_name}}'\n"
        'exec {{prefix}}/bin/python "$@"\n'
    )
    with tempfile.TemporaryDirectory() as work:
        prefix = make_prefix(Path(work) / folder)
        template = Path(work) / "templates" / "t"
        template.mkdir(parents=True)
        (template / "kernel.json").write_text('{"argv": ["{resource_dir}/run.sh"], "display_name": "x"}')
        (template / "run.sh").write_text(text)
        _, files = fill(find(template.parent, [])[0], prefix=prefix, name="n", display_name=name)
        program, _, environment, _ = run(SHELLS[-1], files["run.sh"].decode(), *ASK)
        assert program == f"{prefix}/bin/python"
        assert (environment["A"], environment["C"]) == (f"{prefix}/a", name)
        assert environment["B"] == f"{prefix}/b {name}"


@pytest.mark.parametrize("shell", SHELLS)
def test_an_environment_is_activated_as_conda_does(tmp_path: Path, shell: str) -> None:
    prefix = make_prefix(tmp_path / "a b")
    scripts = prefix / "etc" / "conda" / "activate.d"
    scripts.mkdir(parents=True)
    (scripts / "1.sh").write_text(
        'export ORDER="$ORDER:1" SAW="$CONDA_PREFIX|$FROM_STATE" ARGS="$#"\nset -eu\nset -- x\n'
    )
    (scripts / "2.sh").write_text('export ORDER="$ORDER:2" MINE=theirs\nfalse\n')
    (scripts / "3.fish").write_text("exit 3\n")
    (prefix / "conda-meta" / "state").write_text(
        json.dumps({"env_vars": {"FROM_STATE": "it's\n$x ü", "TWICE": "state"}})
    )
    packages = prefix / "etc" / "conda" / "env_vars.d"
    packages.mkdir()
    (packages / "a.json").write_text(json.dumps({"TWICE": "package", "PACKAGE": "yes", "bad name": "x", "NO": 1}))
    env = {**CLEAN, "PYTHONHOME": "/gone", "VIRTUAL_ENV": "/other", "PYTHONNOUSERSITE": "1"}
    found = seen(prefix, shell, env, variables={"MINE": "wins"}, user_site=True)
    assert found["ORDER"] == ":1:2"
    assert found["SAW"] == f"{prefix}|it's\n$x ü"
    assert (found["ARGS"], found["MINE"]) == ("0", "wins")
    assert (found["FROM_STATE"], found["TWICE"], found["PACKAGE"]) == ("it's\n$x ü", "state", "yes")
    assert not {"PYTHONHOME", "VIRTUAL_ENV", "PYTHONNOUSERSITE", "NO", "bad name"} & set(found)


def test_variables_of_an_environment_are_read_when_the_kernel_starts(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "lab")
    text = launch.script(prefix, str(prefix / "bin" / "python"))
    assert "LATER" not in run(SHELLS[0], text, *ASK)[2]
    (prefix / "conda-meta" / "state").write_text('{"env_vars": {"LATER": "yes"}}')
    assert run(SHELLS[0], text, *ASK)[2]["LATER"] == "yes"
    (prefix / "conda-meta" / "state").write_text("{broken")
    program, _, found, stderr = run(SHELLS[0], text, *ASK)
    assert program.endswith("/bin/python")
    assert "LATER" not in found
    assert "are left out" in stderr
    # Without Python in the environment they are written into the script.
    (prefix / "conda-meta" / "state").write_text('{"env_vars": {"LATER": "baked\\n in"}}')
    (prefix / "bin" / "python").unlink()
    assert run(SHELLS[0], launch.script(prefix, sys.executable), *ASK)[2]["LATER"] == "baked\n in"


def test_a_venv_is_activated_as_a_venv(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "venv", conda=False)
    found = seen(prefix)
    assert found["VIRTUAL_ENV"] == str(prefix)
    assert "CONDA_PREFIX" not in found


@pytest.mark.parametrize("shell", SHELLS)
def test_modules_are_loaded_first(tmp_path: Path, shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "shell", lambda: shell)
    prefix = make_prefix(tmp_path / "lab")
    init = tmp_path / "modules" / "init"
    init.mkdir(parents=True)
    name = "odd'$(touch pwned) name"
    (init / Path(shell).name).write_text(
        'module() { if [ "$2" = gone ]; then echo "no such module" >&2; return 1; fi\n'
        'export LOADED="$LOADED|$*" PATH="/modules/bin:$PATH"; }\n'
    )
    env = {**CLEAN, "MODULESHOME": str(tmp_path / "modules")}
    text = launch.script(prefix, str(prefix / "bin" / "python"), modules=["cuda/12.4", "gone", name])
    _, _, found, stderr = run(shell, text, *ASK, env=env)
    assert found["LOADED"] == f"|load cuda/12.4|load {name}"
    assert found["PATH"].startswith(f"{prefix}/bin:/modules/bin:")
    assert stderr == "no such module\n"


def test_without_modules_the_kernel_starts_all_the_same(tmp_path: Path) -> None:
    if any(Path(f"/etc/profile.d/{name}.sh").exists() for name in ("lmod", "z00_lmod", "modules")):
        pytest.skip("this machine has environment modules")
    prefix = make_prefix(tmp_path / "lab")
    text = launch.script(prefix, str(prefix / "bin" / "python"), modules=["cuda's"])
    _, _, found, stderr = run(SHELLS[0], text, *ASK)
    assert found["CONDA_PREFIX"] == str(prefix)
    assert "no environment modules" in stderr
    assert "cuda's" in stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_lines_for_people_activate(tmp_path: Path, shell: str) -> None:
    prefix = make_prefix(tmp_path / "it's $HOME")
    (prefix / "etc" / "conda" / "activate.d").mkdir(parents=True)
    (prefix / "etc" / "conda" / "activate.d" / "x.sh").write_text("export ACTIVE=$CONDA_PREFIX\n")
    (prefix / "conda-meta" / "state").write_text('{"env_vars": {"S": "t"}}')
    ask = f"\nexec python {shlex.join(ASK)}\n"
    lines, job = activation_lines(prefix, [])
    program, _, found, _ = run(shell, lines + ask)
    assert program == f"{prefix}/bin/python"
    assert (found["ACTIVE"], found["S"], found["CONDA_PREFIX"]) == (str(prefix), "t", str(prefix))
    assert run(shell, job + ask)[0] == f"{prefix}/bin/python"
    assert activation_lines(Path("/e/lab"), ["conda", "a b"])[1].splitlines() == [
        "module load conda",
        "module load 'a b'",
        'export PATH=/e/lab/bin:"$PATH"',
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_strict_activation_script_does_not_end_the_terminal(tmp_path: Path, shell: str) -> None:
    prefix = make_prefix(tmp_path / "lab")
    scripts = prefix / "etc" / "conda" / "activate.d"
    scripts.mkdir(parents=True)
    # dash has no way to go on after a failure in a file that is read.
    fails = "false" if shell == "/bin/bash" else ":"
    (scripts / "1.sh").write_text(f"set -eu\n{fails}\nexport FIRST=1\n")
    (scripts / "2.sh").write_text("false\nexport SECOND=$NOTHING_OF_THAT_NAME\n")
    found = run(shell, f"{activation_lines(prefix)[0]}\nfalse\n{shlex.join([sys.executable, *ASK])}\n")[2]
    assert (found["FIRST"], found["SECOND"]) == ("1", "")
    assert run(shell, launch.script(prefix, str(prefix / "bin" / "python")), *ASK)[2]["FIRST"] == "1"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "lab")
    for folder in ("activate.d", "env_vars.d"):
        (prefix / "etc" / "conda" / folder).mkdir(parents=True)
    os.mkfifo(prefix / "conda-meta" / "state")
    os.mkfifo(prefix / "etc" / "conda" / "env_vars.d" / "a.json")
    os.mkfifo(prefix / "etc" / "conda" / "activate.d" / "a.sh")
    assert "a.sh" not in activation_lines(prefix)[0]
    assert seen(prefix)["CONDA_PREFIX"] == str(prefix)


def test_variables_that_take_too_long_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = make_prefix(tmp_path / "lab")
    (prefix / "conda-meta" / "state").write_text('{"env_vars": {"A": "b"}}')
    monkeypatch.setattr(launch, "_BAKING_SECONDS", 0.0)
    lines, _ = activation_lines(prefix)
    assert "CONDA_PREFIX" in lines
    assert "A=" not in lines


def test_a_value_keeps_what_unicode_takes_for_the_end_of_a_line(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "lab")
    value = "a\u2028b\x0bc\x85d\x1ce\rf\n\ng\n"
    (prefix / "conda-meta" / "state").write_text(json.dumps({"env_vars": {"ODD": value}}))
    text = f"{activation_lines(prefix)[0]}\n{shlex.join([sys.executable, *ASK])}\n"
    assert run(SHELLS[0], text)[2]["ODD"] == value


@pytest.mark.parametrize(
    ("check", "value", "field"),
    [
        (recipe.checked_variables, {"1A": ""}, "variables"),
        (recipe.checked_variables, {"A-B": ""}, "variables"),
        (recipe.checked_variables, {"A\n": ""}, "variables"),
        (recipe.checked_variables, {"PATH": "/x"}, "variables"),
        (recipe.checked_variables, {"BASH_ENV": "/x"}, "variables"),
        (recipe.checked_variables, {"A": "\0"}, "variables"),
        (recipe.checked_modules, ["a\nb"], "modules"),
        (recipe.checked_modules, ["-a"], "modules"),
        (recipe.checked_modules, [" "], "modules"),
        (recipe.checked_modules, ["a\0"], "modules"),
        (recipe.checked_arguments, ["\0"], "arguments"),
        (recipe.checked_display_name, " ", "display_name"),
    ],
)
def test_what_no_shell_could_set_is_refused(check: Any, value: Sequence[str] | Mapping[str, str], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(value)
    assert caught.value.field == field
    assert caught.value.hint
