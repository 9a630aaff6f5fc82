"""An ``environment.yml`` -> recipes for containers that hold this environment.

Both are built on the image of micromamba (https://micromamba-docker.readthedocs.io/en/latest/quick_start.html), hold
the file themselves and need nothing beside them. The formats: https://docs.docker.com/reference/dockerfile/ and
https://apptainer.org/docs/user/latest/definition_files.html. The file is printed line by line, since not
everybody who reads Dockerfiles knows here-documents: Buildah 1.28 and hadolint 2.15 do not.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ..models import FileContent
from .writing_environment import write_environment

_IMAGE = "docker.io/mambaorg/micromamba:2.3.3"
_PLATFORMS = {"linux-64": "linux/amd64", "linux-aarch64": "linux/arm64", "linux-ppc64le": "linux/ppc64le"}
_FILE = "/tmp/environment.yml"
_ROOT = "/opt/conda"
_GIT = "apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/*"
_TORCH = re.compile(r"==[^+]+\+((?:cu|rocm)[\d.]+|cpu|xpu)$")
# Builders hand a RUN line to a shell as one argument, which Linux holds to 128 KiB.
_MOST_BYTES = 100_000
_TEMPLATE = re.compile(r"\{(?=\{)")


def can_hold(name: str, value: str) -> bool:
    """Whether a recipe can set such a variable: neither of the formats has a way to write a line break."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None and value.isprintable()


def write_dockerfile(content: FileContent, platform: str | None, cuda: str | None) -> str:
    """The text of a ``Dockerfile``.

    Parameters
    ----------
    content:
        What to install; of ``variables``, those that can be held are set in the image.
    platform:
        conda's name of the platform whose builds ``content`` names; None for any.
    cuda:
        The newest CUDA version that the driver of the machines can run, where it is for GPUs.
    """
    place = f"--platform={_PLATFORMS[platform]} " if platform in _PLATFORMS else ""
    lines = [f"# The environment “{_plain(content.name)}”, in an image."]
    lines.append("# Build it: docker build --tag NAME --file THIS_FILE .")
    lines += ["# Run it on a machine with a GPU: docker run --gpus all NAME COMMAND"] if cuda else []
    lines.append(f"FROM {place}{_IMAGE}")
    if _needs_git(content):
        lines += ["USER root", f"RUN {_GIT}", "USER $MAMBA_USER"]
    # While the image is built there is no driver to ask.
    override = f"CONDA_OVERRIDE_CUDA={shlex.quote(cuda)} " if cuda else ""
    *first, last = _printed(content)
    install = [f"&& {override}micromamba install --yes --name base --file {_FILE}", "&& micromamba clean --all --yes"]
    lines += [line for command in (*first, [*last, *install]) for line in _joined(command, "RUN ")]
    lines += ["ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility"] if cuda else []
    lines += [f'ENV {name}="{_docker(value)}"' for name, value in _variables(content.variables)]
    # For the RUN lines that somebody adds; a container that runs activates the environment by itself.
    lines += ["ARG MAMBA_DOCKERFILE_ACTIVATE=1", ""]
    return "\n".join(lines)


def write_apptainer(content: FileContent, cuda: str | None) -> str:
    """The text of an Apptainer (Singularity) definition file; the parameters are those of `write_dockerfile`."""
    lines = [
        f"# The environment “{_plain(content.name)}”, in an image.",
        "# Build it: apptainer build NAME.sif THIS_FILE",
    ]
    lines.append(f"# Run it: apptainer run {'--nv ' if cuda else ''}NAME.sif COMMAND")
    lines += ["Bootstrap: docker", f"From: {_IMAGE.removeprefix('docker.io/')}", "", "%post"]
    lines += [f"    {_GIT}"] if _needs_git(content) else []
    lines += [f"    export MAMBA_ROOT_PREFIX={_ROOT}"]
    lines += [f"    export CONDA_OVERRIDE_CUDA={shlex.quote(cuda)}"] if cuda else []
    lines += [line for command in _printed(content) for line in _joined(command, "    ")]
    lines += [f"    micromamba install --yes --name base --file {_FILE}", "    micromamba clean --all --yes", ""]
    lines += ["%environment", f"    export MAMBA_ROOT_PREFIX={_ROOT}", f"    export PATH={_ROOT}/bin:$PATH"]
    lines += [f"    export {name}={_apptainer(value)}" for name, value in _variables(content.variables)]
    lines += ["", "%runscript", f'    exec micromamba run --prefix {_ROOT} "$@"', ""]
    return "\n".join(lines)


def _file(content: FileContent) -> str:
    """The file for micromamba: the image's environment has a name already, and the image sets the variables."""
    # pip looks on all indexes, and nowhere else are wheels for such a version of CUDA.
    variants = sorted({found[1] for line in content.pypi if (found := _TORCH.search(line))})
    indexes = [f"--extra-index-url https://download.pytorch.org/whl/{variant}" for variant in variants]
    pypi = [*indexes, *content.pypi]
    return write_environment(msgspec.structs.replace(content, name=None, variables={}, platforms=[], pypi=pypi))


def _printed(content: FileContent) -> list[list[str]]:
    """The shell's commands that write the file piece by piece, each in lines that are to be joined."""
    pieces: list[list[str]] = [[]]
    size = 0
    for line in _file(content).rstrip("\n").split("\n"):
        quoted = "  '{}'".format(line.replace("'", "'\\''"))
        # Joined, there are blanks between them.
        length = len(quoted.encode()) + 8
        size += length
        if size > _MOST_BYTES:
            pieces.append([])
            size = length
        pieces[-1].append(quoted)
    return [["printf '%s\\n'", *piece, f"  {'>>' if number else '>'} {_FILE}"] for number, piece in enumerate(pieces)]


def _joined(command: Sequence[str], begin: str) -> Iterator[str]:
    """The lines of one command, indented below its beginning."""
    *lines, last = command
    for line in lines:
        yield f"{begin}{line} \\"
        begin = "    "
    yield f"{begin}{last}"


def _needs_git(content: FileContent) -> bool:
    return any("git+" in line for line in content.pypi)


def _variables(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in variables.items() if can_hold(name, value))


def _plain(name: str | None) -> str:
    """A name as a comment can hold it."""
    shown = "".join(letter if letter.isprintable() else " " for letter in name or "")
    return _TEMPLATE.sub("{ ", shown)


def _docker(value: str) -> str:
    return re.sub(r'([\\"$])', r"\\\1", value)


def _apptainer(value: str) -> str:
    """Quoted for the shell; two braces in a row would be one of Apptainer's own variables."""
    return _TEMPLATE.sub("{''", shlex.quote(value))
