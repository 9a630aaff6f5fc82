"""Kernels after a template, and what an environment ships for one."""

from __future__ import annotations

import json
import os
import subprocess
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from kernel_folders import LAUNCH, group, make, me, prefix, registry, settings, stamp
from test_kernels import content, environment, listed, make_prefix, write_spec

from jupyter_envmanager.environments import environment_id
from jupyter_envmanager.errors import Invalid
from jupyter_envmanager.kernels import KernelRegistry, offers
from jupyter_envmanager.models import (
    KernelCopy,
    KernelEdit,
)

__all__ = ["group", "me", "prefix", "registry"]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="kernels have launch scripts on POSIX systems")


# Templates


def make_template(folder: Path, script: str, **fields: Any) -> Path:
    write_spec(folder.parent, folder.name, ["~/.local/share/jupyter/kernels/hfrl/run.sh", "-f", "{connection_file}"])
    spec = json.loads((folder / "kernel.json").read_text())
    (folder / "kernel.json").write_text(json.dumps({**spec, **fields}))
    (folder / "run.sh").write_text(script)
    (folder / "run.sh").chmod(0o755)
    (folder / "logo-64x64.png").write_bytes(b"theirs")
    return folder


def test_a_template_of_the_site_is_used_as_it_is(
    registry: KernelRegistry, prefix: Path, me: Path, tmp_path: Path
) -> None:
    script = '#!/bin/bash\n# ours\nexport SITE=1\n\nexec /blue/group/envs/hfrl/bin/python -m ipykernel "$@"\n'
    make_template(tmp_path / "site-templates", script)
    assert [(item.name, item.origin, item.editable) for item in registry.templates()[0]] == [
        ("built-in", "built-in", True),
        ("site-templates", "site", False),
    ]
    kernel = make(registry, prefix, template="site-templates")
    spec = content(kernel)
    assert spec["argv"] == ["{resource_dir}/run.sh", "-f", "{connection_file}"]
    assert (spec["display_name"], stamp(kernel)["template"]) == ("Lab", "site-templates")
    run = Path(kernel.path) / "run.sh"
    assert run.read_text() == script.replace("/blue/group/envs/hfrl/bin/python", f"{prefix}/bin/python")
    assert os.access(run, os.X_OK)
    assert (Path(kernel.path) / "logo-64x64.png").read_bytes() == b"theirs"
    shown = listed(registry, prefix)["lab"]
    assert (shown.environment, shown.orphan) == (environment_id(prefix), False)
    assert settings(registry, "lab", prefix).editable == ["display_name", "variables", "arguments", "logo"]
    registry.edit("lab", KernelEdit(display_name="Renamed"))
    assert run.read_text().startswith("#!/bin/bash\n# ours\n")
    name = registry.copy("lab", KernelCopy())
    assert (me / name / "run.sh").read_text() == run.read_text()
    other = make_prefix(tmp_path / "envs" / "other")
    registry.rewrite("lab", environment(other))
    assert f"{other}/bin/python" in run.read_text()
    with pytest.raises(Invalid) as caught:
        make(registry, prefix, "b", template="site-templates", modules=["x"])
    assert caught.value.field == "modules"


def test_a_template_with_fields_is_filled_in(registry: KernelRegistry, tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "it's $HOME")
    make_template(
        tmp_path / "user-templates" / "fields",
        '#!/bin/sh\nexec {{prefix}}/bin/python "$@"\n',
        env={"WHERE": "{{prefix}}", "WHO": "{{name}}"},
        metadata={"note": ["{{display_name}}"]},
    )
    spec = content(make(registry, prefix, template="fields"))
    assert spec["env"] == {"WHERE": str(prefix).replace("$", "$$"), "WHO": "lab"}
    assert spec["metadata"]["note"] == ["Lab"]
    ask = ["-I", "-S", "-c", "import sys; print(sys.executable)"]
    run = Path(listed(registry)["lab"].path) / "run.sh"
    assert (
        subprocess.run([run, *ask], capture_output=True, text=True, check=True).stdout.strip() == f"{prefix}/bin/python"
    )


def test_broken_templates_are_left_out_with_the_reason(registry: KernelRegistry, prefix: Path, tmp_path: Path) -> None:
    user = tmp_path / "user-templates"
    make_template(user / "good", "#!/bin/sh\n")
    (tmp_path / "secret").write_text("secret")
    (user / "good" / "link").symlink_to(tmp_path / "secret")
    make_template(user / "large", "x" * 5_000_000)
    make_template(user / "broken", "")
    (user / "broken" / "kernel.json").write_text("{")
    (user / "no-template").mkdir()
    assert [item.name for item in registry.templates()[0]] == ["built-in", "good"]
    reasons = {problem.message for problem in registry.templates()[1]}
    assert len(reasons) == 3
    assert any("“large”" in reason and "4 MB" in reason for reason in reasons)
    with pytest.raises(Invalid) as caught:
        make(registry, prefix, template="broken")
    assert caught.value.field == "template"
    assert not (Path(make(registry, prefix, template="good").path) / "link").exists()


# Offers


def test_whatever_an_environment_ships_is_offered(registry: KernelRegistry, prefix: Path, tmp_path: Path) -> None:
    shipped = prefix / "share" / "jupyter" / "kernels"
    assert [offer.source for offer in offers(prefix).offers] == ["python"]
    found = offers(prefix, ["python", "r-base"])
    assert found.offers == []
    assert [(proposal.language, proposal.package) for proposal in found.proposals] == [
        ("Python", "ipykernel"),
        ("R", "r-irkernel"),
    ]
    (prefix / "bin" / "R").touch()
    other = make_prefix(tmp_path / "envs" / "other")
    write_spec(shipped, "ir", ["R", "--args", "{connection_file}"], language="R")
    write_spec(shipped, "others", [str(other / "bin" / "python"), *LAUNCH])
    write_spec(shipped, "ours", ["/bin/sh"], metadata={"jupyter_envmanager": {"version": 2}})
    (write_spec(shipped, "broken", ["x"]) / "kernel.json").write_text("{")
    found = offers(prefix, ["python", "ipykernel", "r-base", "r-irkernel"])
    assert [(offer.source, offer.language) for offer in found.offers] == [("ir", "R"), ("python", "python")]
    assert found.proposals == []
    kernel = make(registry, prefix, source="python")
    assert (content(kernel)["language"], stamp(kernel)["source"]) == ("python", "python")
    assert content(make(registry, prefix, "r"))["language"] == "R"


def test_a_shipped_script_stays_where_it_is(registry: KernelRegistry, prefix: Path) -> None:
    folder = write_spec(prefix / "share" / "jupyter" / "kernels", "sh", ["/bin/sh", "{resource_dir}/run.sh", "x"])
    (folder / "run.sh").write_text('echo "theirs $1 $CONDA_PREFIX"\n')
    kernel = make(registry, prefix, source="sh")
    argv = [word.replace("{resource_dir}", kernel.path) for word in content(kernel)["argv"]]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == f"theirs x {prefix}\n"


def test_a_template_is_not_read_to_be_listed(registry: KernelRegistry, prefix: Path, tmp_path: Path) -> None:
    user = tmp_path / "user-templates"
    good = make_template(user / "good", "#!/bin/sh\n")
    os.mkfifo(good / "pipe")
    os.mkfifo(make_template(user / "pipe", "") / "kernel.json.new")
    (user / "pipe" / "kernel.json.new").rename(user / "pipe" / "kernel.json")
    with (good / "big").open("wb") as stream:
        stream.truncate(3_000_000)
    tracemalloc.start()
    assert [item.name for item in registry.templates()[0]] == ["built-in", "good"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    folder = Path(make(registry, prefix, template="good").path)
    assert (folder / "big").stat().st_size == 3_000_000
    assert not (folder / "pipe").exists()
