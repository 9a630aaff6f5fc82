"""An environment as files: what they hold, what they leave out, and that the same comes back from them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import yaml
from conftest import Home
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pypi_index import IndexServer
from test_installed import dist_info, record
from tornado.httpclient import HTTPClientError

from jupyter_envmanager.cli.main import parser_of
from jupyter_envmanager.config.settings import load
from jupyter_envmanager.environments import EnvironmentReader, environment_id
from jupyter_envmanager.environments.variables import read_variables
from jupyter_envmanager.errors import Conflict, Invalid, NotFound
from jupyter_envmanager.models import (
    Environment,
    EnvironmentGpu,
    Export,
    ExportFormat,
    FileContent,
    FileSource,
    FileText,
    GpuBuild,
    GpuTarget,
    NewEnvironment,
    SpecsSource,
)
from jupyter_envmanager.pypi.state import PypiSettings
from jupyter_envmanager.service.exports import ExportService
from jupyter_envmanager.specfiles.reading import read_file
from jupyter_envmanager.specfiles.writing_containers import write_apptainer, write_dockerfile
from jupyter_envmanager.specfiles.writing_environment import write_environment
from jupyter_envmanager.specfiles.writing_job import write_job

FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
UNLOCKED = [one for one in FORMATS if one not in ("explicit", "pixi.lock", "conda-lock")]
FORGE = "https://conda.anaconda.org/conda-forge"
CPU = GpuTarget(name="cpu", title="CPU only", origin="cpu")


def content(**fields: Any) -> FileContent:
    return FileContent(format="environment.yml", **fields)


# The text of an environment.yml


def test_an_environment_file_is_written_as_conda_writes_it() -> None:
    text = write_environment(
        content(
            name="stats",
            channels=["conda-forge", "bioconda"],
            specs=["numpy=2.0.0=py312_0", "python=3.12.4"],
            pypi=["six==1.16.0"],
            variables={"MODE": "fast"},
        )
    )
    assert text == (
        "name: stats\nchannels:\n  - conda-forge\n  - bioconda\ndependencies:\n  - numpy=2.0.0=py312_0\n"
        "  - python=3.12.4\n  - pip:\n      - six==1.16.0\nvariables:\n  MODE: fast\n"
    )


@pytest.mark.parametrize(
    "word", ["3.10", "1e3", "1_000", "0o17", "0x1f", "1.", ".5", "12:30", "yes", "NULL", "~", "2024-01-01", "", "a: b"]
)
def test_a_value_that_looks_like_something_else_stays_a_text(word: str) -> None:
    text = write_environment(content(name=word or None, specs=["python"], variables={"VALUE": word}))
    assert yaml.safe_load(text)["variables"] == {"VALUE": word}
    # A reader of YAML 1.2 sees a number where there are no quotes.
    assert re.search(r"""VALUE: ['"]""", text)


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20)
CONDA = st.from_regex(r"[a-z][a-z0-9_-]{0,9}(=[0-9]{1,3}(\.[0-9]{1,3}){0,2}(=[a-z0-9_]{1,9})?)?", fullmatch=True)
PYPI = st.from_regex(r"[a-z][a-z0-9]{0,9}(==[0-9]{1,3}(\.[0-9]{1,3}){0,2})?", fullmatch=True)


# A second or two; what it finds, it finds early.
@settings(max_examples=40, deadline=None)
@given(
    st.builds(
        content,
        name=st.none() | NAMES.map(str.strip).filter(bool),
        channels=st.none()
        | st.lists(st.sampled_from(["conda-forge", "bioconda", FORGE, "pkgs/main"]), min_size=1, unique=True),
        specs=st.lists(CONDA, min_size=1, unique=True),
        pypi=st.lists(PYPI, unique=True),
        variables=st.dictionaries(st.from_regex(r"V_[A-Z0-9_]{0,9}", fullmatch=True), VALUES),
    )
)
@example(content(specs=["a"], variables={"V_": "\x85 \u2028 \u2029 \ufeff \ufffd \ufffe \r\n \\ {{"}))
def test_what_is_written_is_read_again(wanted: FileContent) -> None:
    read = read_file(FileText(content=write_environment(wanted), filename="environment.yml"), "linux-64")
    assert msgspec.structs.replace(read, problems=[]) == wanted


# A prefix without a channel


@dataclass
class Made:
    """An environment that was written by hand, and the service that exports it."""

    prefix: Path
    condarc: str = "channels:\n  - conda-forge\n"
    server_prefix: Path = Path("/opt/server-of-jupyter")
    name: str = "stats"
    gpu: EnvironmentGpu = field(default_factory=lambda: EnvironmentGpu(target=CPU))

    def package(self, name: str, version: str = "1.0", build: str = "h0", base: str = FORGE, **more: Any) -> None:
        url = f"{base}/linux-64/{name}-{version}-{build}.conda" if base else ""
        record(self.prefix, name, version, build, url=url, channel=base, subdir="linux-64", **more)

    def dist(
        self,
        name: str,
        version: str = "1.0",
        *,
        requires: tuple[str, ...] = (),
        requested: bool = False,
        direct: dict[str, Any] | None = None,
    ) -> None:
        folder = dist_info(self.prefix, name, version, requires=requires)
        if requested:
            (folder / "REQUESTED").touch()
        if direct is not None:
            (folder / "direct_url.json").write_text(json.dumps(direct))

    def state(self, **variables: str) -> None:
        (self.prefix / "conda-meta" / "state").write_text(json.dumps({"version": 1, "env_vars": variables}))

    async def export(self, format: str) -> Export:
        return await self.service().export(environment_id(self.prefix), format)

    async def yaml(self, format: str) -> Any:
        return yaml.safe_load((await self.export(format)).content)

    def service(self) -> ExportService:
        home = self.prefix.parent / "home"
        home.mkdir(exist_ok=True)
        (home / ".condarc").write_text(self.condarc)
        reader = EnvironmentReader()
        found = Environment(
            id=environment_id(self.prefix),
            name=self.name,
            prefix=str(self.prefix),
            kind="named",
            location=str(self.prefix.parent),
            python="3.12.4",
        )

        async def find(environment: str) -> Environment:
            return found

        async def packages(environment: str) -> Any:
            return reader.packages(self.prefix)

        async def gpu(environment: str) -> EnvironmentGpu:
            return self.gpu

        return ExportService(
            self.server_prefix,
            find=find,
            packages=packages,
            gpu=gpu,
            settings=lambda: load({}, home, self.server_prefix),
            pypi=lambda settings: PypiSettings(cache=str(home / "cache"), offline=True),
        )


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Python and numpy that were asked for, openssl that came along, and two packages from PyPI."""
    made = Made(tmp_path / "envs" / "stats")
    made.package("python", "3.12.4", "h1", requested_specs=["python=3.12"])
    made.package("numpy", "2.0.0", "py312_0", requested_specs=["numpy >=2,<3"], depends=["python", "openssl"])
    made.package("openssl", "3.3.1", "h2")
    made.dist("outer", "1.2", requires=("inner",), requested=True)
    made.dist("inner", "0.1")
    return made


def messages(made: Export) -> str:
    return "\n".join(f"{problem.code}: {problem.message} {problem.hint}" for problem in made.problems)


async def test_the_whole_environment(made: Made) -> None:
    made.state(MODE="fast", GONE="***unset***")
    assert await made.yaml("environment.yml") == {
        "name": "stats",
        "channels": ["conda-forge"],
        "dependencies": [
            "numpy=2.0.0=py312_0",
            "openssl=3.3.1=h2",
            "python=3.12.4=h1",
            {"pip": ["inner==0.1", "outer==1.2"]},
        ],
        "variables": {"MODE": "fast"},
    }
    assert (await made.yaml("no-builds"))["dependencies"][:3] == ["numpy=2.0.0", "openssl=3.3.1", "python=3.12.4"]
    assert (await made.export("environment.yml")).problems == []


async def test_what_was_asked_for_with_the_packages_from_pypi(made: Made) -> None:
    assert (await made.yaml("from-history"))["dependencies"] == [
        "numpy >=2,<3",
        "python=3.12",
        {"pip": ["outer==1.2"]},
    ]


async def test_where_nobody_knows_what_was_asked_for_it_is_said(tmp_path: Path) -> None:
    made = Made(tmp_path / "stats")
    made.package("numpy", depends=["openssl"])
    made.package("openssl")
    answer = await made.export("from-history")
    assert yaml.safe_load(answer.content)["dependencies"] == ["numpy"]
    assert "not on record what was asked for" in messages(answer)


async def test_a_conda_lock_has_all_that_micromamba_refuses_to_do_without(made: Made) -> None:
    answer = await made.export("conda-lock")
    # It knows a lock by the end of its name: https://mamba.readthedocs.io/en/latest/user_guide/micromamba.html
    assert answer.filename == "stats-conda-lock.yml"
    metadata = yaml.safe_load(answer.content)["metadata"]
    assert all(metadata[key] for key in ("platforms", "sources", "content_hash"))
    assert all({"url", "used_env_vars"} <= channel.keys() for channel in metadata["channels"])


@pytest.mark.parametrize("format", ["environment.yml", "pixi.lock", "conda-lock", "explicit", "dockerfile"])
async def test_who_uses_the_file_is_told_which_channel_asks_for_a_token(made: Made, format: str) -> None:
    made.condarc = "channels:\n  - https://example.org/t/hunter2/lab\n  - conda-forge\n"
    made.package("mine", base="https://example.org/lab")
    # What is on record of an environment of ours has no token.
    marker = {"channels": ["https://example.org/lab", "conda-forge"]}
    (made.prefix / "conda-meta" / "jupyter_envmanager").write_text(json.dumps(marker))
    answer = await made.export(format)
    assert "needed for the channel https://example.org/lab, and is left out." in messages(answer)
    assert "hunter2" not in msgspec.json.encode(answer).decode()


async def test_any_platform_gets_names_that_it_has(made: Made) -> None:
    made.package("gcc_linux-64", requested_specs=["gcc_linux-64"])
    made.package("scipy", "1.14.0", "py312_7", requested_specs=["conda-forge::scipy=1.14.0=py312_7"])
    made.package("cuda-version", "12.6", "h3", requested_specs=["cuda-version=12.6"])
    answer = await made.export("cross-platform")
    assert yaml.safe_load(answer.content)["dependencies"] == [
        "cuda-version=12.6",
        "numpy>=2,<3",
        "python=3.12",
        "scipy=1.14.0",
        {"pip": ["outer==1.2"]},
    ]
    assert "left out: gcc_linux-64." in messages(answer)
    assert "no CUDA for macOS: cuda-version." in messages(answer)


async def test_channels_of_packages_from_elsewhere_come_first(made: Made) -> None:
    made.package("samtools", base="https://conda.anaconda.org/bioconda", requested_specs=["bioconda::samtools"])
    made.package("odd", base="https://example.org/channels/odd")
    whole = await made.yaml("environment.yml")
    assert whole["channels"] == ["bioconda", "https://example.org/channels/odd", "conda-forge"]
    # The order of the channels alone might find it on another one.
    assert "bioconda::samtools=1.0=h0" in whole["dependencies"]
    assert "bioconda::samtools" in (await made.yaml("from-history"))["dependencies"]


async def test_the_defaults_are_the_channels_behind_them(made: Made) -> None:
    made.condarc = "channels:\n  - defaults\n  - conda-forge\n"
    made.package("blas", base="https://repo.anaconda.com/pkgs/main")
    assert (await made.yaml("environment.yml"))["channels"] == ["defaults", "conda-forge"]


@pytest.mark.parametrize("base", ["file:///srv/channel", "http://127.0.0.1:8000/channel", "http://localhost/channel"])
async def test_a_channel_of_this_machine_is_not_in_the_file(made: Made, base: str) -> None:
    made.package("mine", base=base, requested_specs=["file:///srv/channel::mine=1.0"])
    made.package("lost", base="")
    for format in ("environment.yml", "from-history", "cross-platform", "dockerfile"):
        answer = await made.export(format)
        assert "channel that only this machine has: mine." in messages(answer)
        assert "not on record which channel has brought: lost." in messages(answer)
        assert not re.search("srv|127|localhost", answer.content)
    assert "mine=1.0" in (await made.yaml("from-history"))["dependencies"]


async def test_packages_from_folders_are_left_out_and_named(made: Made) -> None:
    made.dist("mine", "1.0", direct={"url": "file:///home/me/mine", "dir_info": {"editable": True}})
    made.dist(
        "vcs",
        "1.0",
        direct={"url": "https://github.com/a/vcs", "vcs_info": {"vcs": "git", "commit_id": "0123"}},
    )
    made.dist("torch", "2.9.0+cu126")
    for format in ("environment.yml", "no-builds", "requirements.txt", "dockerfile", "apptainer"):
        answer = await made.export(format)
        assert "so left out: mine." in messages(answer)
        assert "/home/me" not in answer.content
        assert "vcs @ git+https://github.com/a/vcs@0123" in answer.content
        assert "https://download.pytorch.org/whl/cu126" in messages(answer)


async def test_requirements_hold_the_python_packages_of_conda_too(made: Made) -> None:
    site = "lib/python3.12/site-packages"
    folder = made.prefix / site / "numpy-2.0.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Name: numpy\nVersion: 2.0.0\n")
    (folder / "INSTALLER").write_text("conda")
    paths = [{"_path": f"{site}/numpy-2.0.0.dist-info/METADATA"}]
    made.package("numpy", "2.0.0", "py312_0", requested_specs=["numpy"], paths_data={"paths": paths})
    made.package("gdal", requested_specs=["gdal"])
    answer = await made.export("requirements.txt")
    assert answer.content == "# Python 3.12.4\ninner==0.1\nnumpy==2.0.0  # conda\nouter==1.2\n"
    assert "no Python packages, so a requirements.txt cannot have them: gdal." in messages(answer)
    assert answer.filename == "stats-requirements.txt"


async def test_an_environment_of_pip_alone_is_python_and_its_packages(tmp_path: Path) -> None:
    made = Made(tmp_path / "venv")
    made.dist("six", "1.16.0")
    assert (await made.yaml("environment.yml"))["dependencies"] == ["python=3.12.4", {"pip": ["six==1.16.0"]}]
    with pytest.raises(Invalid, match="no conda packages"):
        await made.export("explicit")


async def test_wrong_requests_are_said(made: Made) -> None:
    with pytest.raises(Invalid, match="“word-doc”") as caught:
        await made.export("word-doc")
    assert caught.value.field == "format"
    assert "from-history" in caught.value.hint


SECRET = "hunter2hunter2"


@pytest.mark.parametrize("format", FORMATS)
async def test_no_file_holds_a_credential_or_where_the_server_is(made: Made, format: ExportFormat) -> None:
    made.condarc = (
        f"channels:\n  - https://me:{SECRET}@example.org/private\n  - https://example.org/t/{SECRET}/token\n"
        f"  - conda-forge\nchannel_alias: https://me:{SECRET}@conda.anaconda.org\n"
    )
    made.package(
        "a",
        base=f"https://me:{SECRET}@example.org/private",
        requested_specs=[f"https://me:{SECRET}@example.org/private::a"],
    )
    made.package(
        "b",
        base=f"https://example.org/t/{SECRET}/token",
        requested_specs=[f"b[url=https://example.org/t/{SECRET}/token/b]"],
    )
    made.package("c", base=f"https://other.org/t/{SECRET}/third")
    made.dist(
        "vcs",
        "1.0",
        direct={"url": f"https://me:{SECRET}@example.org/vcs", "vcs_info": {"vcs": "git", "commit_id": "01"}},
    )
    made.dist("wheel", "1.0", direct={"url": f"https://example.org/wheel.whl?token={SECRET}"})
    made.dist("edited", "1.0", direct={"url": f"file://{made.server_prefix}/src", "dir_info": {"editable": True}})
    made.state(
        MY_TOKEN=SECRET,
        AWS_SECRET_ACCESS_KEY=SECRET,
        PROXY=f"http://me:{SECRET}@proxy:3128",
        TOOLS=f"{made.server_prefix}/bin",
        DATA=f"{made.prefix}/share/data",
        PATH="/somewhere/bin",
        KEPT="1",
    )
    answer = await made.export(format)
    everything = msgspec.json.encode(answer).decode()
    assert SECRET not in everything
    assert str(made.server_prefix) not in everything
    if format != "job":
        assert str(made.prefix) not in everything
    if format in UNLOCKED and format != "requirements.txt":
        assert "KEPT" in answer.content
        assert "passwords or tokens are left out: AWS_SECRET_ACCESS_KEY, MY_TOKEN, PROXY." in messages(answer)
        assert "left out: DATA, PATH, TOOLS." in messages(answer)


# Containers and jobs

HOSTILE = [
    "it's",
    'a "quoted" $HOME `touch pwned` \\ \\\\',
    "$(touch pwned)",
    "{{ variable }} {{{",
    "ends in \\",
    "# no comment %post",
    "ENVIRONMENT",
    "ünïcödé “…”",
]


def printed(text: str) -> str:
    """What a shell writes into the file of a recipe; no reader of Dockerfiles has to know here-documents."""
    found = re.findall(r"(printf '%s(?s:.*?)) +>>? /tmp/environment.yml", text)
    assert "<<" not in "".join(found)
    return "".join(
        subprocess.run(["/bin/sh", "-c", f"{one}\n"], capture_output=True, check=True).stdout.decode() for one in found
    )


def docker_value(text: str) -> str:
    """A value in double quotes, as https://docs.docker.com/reference/dockerfile/#environment-replacement reads it."""
    assert not re.search(r'(?<!\\)(?:\\\\)*[$"]', text)
    return re.sub(r'\\([\\"$])', r"\1", text)


@pytest.mark.parametrize("word", HOSTILE)
def test_a_dockerfile_quotes_what_it_is_given(word: str) -> None:
    wanted = content(name=word, specs=["numpy", word], variables={"VALUE": word})
    text = write_dockerfile(wanted, "linux-64", None)
    assert yaml.safe_load(printed(text)) == {"dependencies": ["numpy", word]}
    value = re.search(r'^ENV VALUE="(.*)"$', text, re.MULTILINE)
    assert value is not None
    assert docker_value(value[1]) == word
    # A comment at the top that looks like “key=value” would be a directive.
    assert text.splitlines()[0].startswith("# The environment “")
    # Every instruction is one line once those that end in a backslash are joined; none of these is a comment.
    assert not re.search(r"\\\n\s*#", text)
    joined = text.replace("\\\n", "").splitlines()
    assert [line.split()[0] for line in joined if not line.startswith("#")] == ["FROM", "RUN", "ENV", "ARG"]
    assert "FROM --platform=linux/amd64 docker.io/mambaorg/micromamba:" in text


@pytest.mark.parametrize("word", HOSTILE)
def test_an_apptainer_definition_quotes_what_it_is_given(word: str, tmp_path: Path) -> None:
    text = write_apptainer(content(name=word, specs=["numpy", word], variables={"VALUE": word}), None)
    # https://apptainer.org/docs/user/latest/definition_files.html#templating-how-to-pass-values-into-definition-files
    assert "{{" not in text
    sections = re.split(r"^%(\w+)\n", text, flags=re.MULTILINE)
    assert sections[1::2] == ["post", "environment", "runscript"]
    stub = "micromamba() { :; }\n"
    target = tmp_path / "environment.yml"
    post = sections[2].replace("/tmp/environment.yml", str(target))
    script = f'{stub}{post}\n{sections[4]}\nprintf %s "$VALUE"'
    done = subprocess.run(["/bin/sh", "-ec", script], capture_output=True, cwd=tmp_path, check=True)
    assert done.stdout.decode() == word
    assert yaml.safe_load(target.read_text()) == {"dependencies": ["numpy", word]}
    assert [path.name for path in tmp_path.iterdir()] == ["environment.yml"]


def test_a_file_of_any_length_is_written_by_shells_that_take_128_kib() -> None:
    wanted = content(specs=[f"conda-forge::package-{number}=1.0=build_{number}" for number in range(2500)])
    for text in (write_dockerfile(wanted, None, None), write_apptainer(wanted, None)):
        assert printed(text) == "\n".join(["dependencies:", *(f"  - {spec}" for spec in wanted.specs), ""])
        assert re.findall(r"^  +(>>?) /tmp/environment.yml", text, re.MULTILINE) == [">", ">>"]
    joined = write_dockerfile(wanted, None, None).replace("\\\n", "").splitlines()
    assert max(len(line) for line in joined) < 128 * 1024 - 1000


def test_line_breaks_cannot_get_out_of_a_recipe() -> None:
    wanted = content(name="a\nRUN evil\n%post", specs=["b\nENVIRONMENT\nRUN evil"], variables={"VALUE": "c\nRUN evil"})
    for text in (write_dockerfile(wanted, None, None), write_apptainer(wanted, None)):
        assert not re.search(r"^(?:RUN evil|c)", text, re.MULTILINE)
        assert "VALUE" not in text
        assert yaml.safe_load(printed(text)) == {"dependencies": wanted.specs}


async def test_what_is_for_a_gpu_says_so(made: Made) -> None:
    target = GpuTarget(name="h100", title="H100 nodes\nrm -rf", origin="site", cuda="12.6")
    build = GpuBuild(name="pytorch", version="2.9", build="cuda126_0", kind="gpu", cuda="12.6")
    for export, on in (("dockerfile", "--gpus all"), ("apptainer", "--nv"), ("job", "##SBATCH --gres=gpu:1")):
        made.gpu = EnvironmentGpu(target=target, builds=[build])
        text = (await made.export(export)).content
        assert on in text
        assert not re.search(r"^rm", text, re.MULTILINE)
        # The machine that builds an image has no driver.
        assert export == "job" or "CONDA_OVERRIDE_CUDA=12.6" in text
        made.gpu = EnvironmentGpu(target=target)
        text = (await made.export(export)).content
        assert on not in text
        assert "CONDA_OVERRIDE_CUDA" not in text


async def test_builds_of_another_system_are_not_in_an_image(tmp_path: Path) -> None:
    made = Made(tmp_path / "stats")
    record(
        made.prefix, "numpy", "2.0.0", "py312_0", url=f"{FORGE}/osx-arm64/numpy-2.0.0-py312_0.conda", subdir="osx-arm64"
    )
    answer = await made.export("dockerfile")
    assert yaml.safe_load(printed(answer.content))["dependencies"] == ["python=3.12", "numpy"]
    assert "--platform" not in answer.content
    assert "for osx-arm64" in messages(answer)


async def test_an_image_finds_wheels_of_pytorch(made: Made) -> None:
    made.dist("torch", "2.9.0+cu126")
    pip = yaml.safe_load(printed((await made.export("dockerfile")).content))["dependencies"][-1]["pip"]
    assert pip[0] == "--extra-index-url https://download.pytorch.org/whl/cu126"
    assert pip[-1] == "torch==2.9.0+cu126"


async def test_git_is_there_for_what_comes_from_a_repository(made: Made) -> None:
    assert "apt-get" not in (await made.export("dockerfile")).content
    direct = {"url": "https://github.com/a/vcs", "vcs_info": {"vcs": "git", "commit_id": "0123"}}
    made.dist("vcs", "1.0", direct=direct)
    for format in ("dockerfile", "apptainer"):
        assert "install --yes --no-install-recommends git" in (await made.export(format)).content


@pytest.mark.parametrize("word", HOSTILE)
def test_a_job_sets_variables_and_runs_nothing_of_them(word: str, tmp_path: Path) -> None:
    text = write_job(f"{word}\ntouch pwned", "export ACTIVE=1", {"VALUE": word}, word)
    script = f'{text}\nprintf %s "$VALUE$ACTIVE"'
    done = subprocess.run(["/bin/sh", "-ec", script], capture_output=True, cwd=tmp_path, check=True)
    assert done.stdout.decode() == f"{word}1"
    assert list(tmp_path.iterdir()) == []
    # All options are for the user to choose.
    assert not re.search(r"^#SBATCH", text, re.MULTILINE)


async def test_a_job_activates_the_environment(made: Made) -> None:
    scripts = made.prefix / "etc" / "conda" / "activate.d"
    scripts.mkdir(parents=True)
    (scripts / "a.sh").write_text("export FROM_SCRIPT=1\n")
    made.state(MODE="fast")
    text = (await made.export("job")).content
    script = f'{text}\nprintf "%s " "$CONDA_PREFIX" "$MODE" "$FROM_SCRIPT" "${{PATH%%:*}}"'
    done = await asyncio.to_thread(
        subprocess.run, ["/bin/sh", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(made.prefix), "fast", "1", f"{made.prefix}/bin"]


async def test_file_names_fit_every_system(made: Made) -> None:
    made.name = "../a b:c\n"
    assert {format: (await made.export(format)).filename for format in UNLOCKED} == {
        "environment.yml": "a-b-c.yml",
        "no-builds": "a-b-c-no-builds.yml",
        "from-history": "a-b-c-from-history.yml",
        "cross-platform": "a-b-c-cross-platform.yml",
        "requirements.txt": "a-b-c-requirements.txt",
        "dockerfile": "a-b-c.Dockerfile",
        "apptainer": "a-b-c.def",
        "job": "a-b-c-job.sh",
    }


# Round trips


Parts = dict[tuple[str, str], tuple[str, str]]


def request(name: str, file: Export) -> NewEnvironment:
    return NewEnvironment(
        name=name, source=FileSource(format="", content=file.content, filename=file.filename), kernel=None
    )


async def planned(home: Home, file: Export) -> Parts:
    """What an environment from a file would have."""
    plan = await home.service.preview(request("preview", file))
    return {(one.manager, one.name): (one.to or "", one.build or "") for one in plan.actions}


async def created(home: Home, wanted: NewEnvironment) -> tuple[str, Parts]:
    """Create an environment; its id and what is in it."""
    job = await home.service.create(wanted)
    assert (await home.service.queue.wait(job.id)).error is None
    found = (await home.service.packages(job.environment)).packages
    return job.environment, {(one.manager, one.name): (one.version, one.build) for one in found}


async def test_the_same_comes_back_build_for_build(pypi_home: Home, index: IndexServer) -> None:
    index.wheel("alpha", "1.0", requires=["beta"])
    index.wheel("beta", "1.0")
    source = SpecsSource(specs=["python", "idna"], pypi=["alpha"])
    one, parts = await created(pypi_home, NewEnvironment(name="one", source=source, kernel=None))
    assert parts["pypi", "alpha"] == ("1.0", "")
    index.wheel("alpha", "2.0")
    index.wheel("beta", "2.0")
    for format in ("environment.yml", "no-builds", "pixi.lock", "conda-lock"):
        file = await pypi_home.service.exports.export(one, format)
        # conda-lock would take another Python's pip, and install into that.
        assert ("own pip, and it has none: alpha, beta." in messages(file)) == (format == "conda-lock")
        assert await planned(pypi_home, file) == parts, format
    assert (await created(pypi_home, request("two", file)))[1] == parts


async def test_old_versions_come_back_with_the_variables(tiny_home: Home) -> None:
    one, parts = await created(tiny_home, tiny_home.request("one", "tinier", "tiny=1", kernel=None))
    assert parts["conda", "tiny"] == ("1.0", "0")
    state = {"version": 1, "env_vars": {"MODE": "it's 3.10"}}
    (tiny_home.envs / "one" / "conda-meta" / "state").write_text(json.dumps(state))
    for format in ("no-builds", "from-history", "cross-platform", "explicit", "environment.yml"):
        file = await tiny_home.service.exports.export(one, format)
        assert "channel that only this machine has: tinier, tiny." in messages(file)
        assert await planned(tiny_home, file) == parts, format
    assert (await created(tiny_home, request("two", file)))[1] == parts
    assert read_variables(tiny_home.envs / "two") == {"MODE": "it's 3.10"}


async def test_what_is_asked_for_in_vain_is_said(tiny_home: Home) -> None:
    with pytest.raises(NotFound):
        await tiny_home.service.exports.export("0" * 16, "explicit")


# REST and the command line


@pytest.fixture
def jp_server_config(jp_server_config: Any, tmp_path: Path) -> Any:
    """Our extension alone, with its state in the test's own folder."""
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_envmanager": True}},
        "EnvManagerApp": {"state_dir": str(tmp_path / "state"), "extra_roots": [str(tmp_path / "envs")]},
    }


async def test_a_page_gets_the_file_or_a_problem(made: Made, jp_fetch: Callable[..., Any]) -> None:
    where = ("envmanager", "environments", environment_id(made.prefix), "export")
    answer = msgspec.json.decode((await jp_fetch(*where, params={"format": "no-builds"})).body, type=Export)
    assert (answer.format, answer.filename) == ("no-builds", "stats-no-builds.yml")
    assert "numpy=2.0.0\n" in answer.content
    # A broken one is exported to be made anew.
    assert "stats is not whole. Python is installed here" in messages(answer)
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch(*where, params={"format": "word-doc"})
    assert caught.value.code == 400


async def test_the_command_prints_or_writes_a_file(
    tiny_home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await tiny_home.create("one", "tinier", kernel=None)

    async def export(*words: str) -> str:
        options = parser_of().parse_args(["export", "one", *words])
        assert await options.run(tiny_home.service, options) == 0
        return capsys.readouterr().out

    printed = await export("--format", "from-history")
    assert yaml.safe_load(printed) == {"name": "one", "dependencies": ["tinier"]}
    assert json.loads(await export("--json"))["filename"] == "one.yml"
    target = tmp_path / "one.yml"
    assert await export("--format", "from-history", "-o", str(target)) == ""
    assert target.read_text() == printed
    with pytest.raises(Conflict, match="is there already"):
        await export("-o", str(target))
    await export("-o", str(target), "--force")
    assert "tiny=1.0=0" in target.read_text()
    with pytest.raises(Invalid, match="cannot be written"):
        await export("-o", str(tmp_path / "nosuch" / "one.yml"))
