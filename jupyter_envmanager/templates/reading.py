"""YAML files -> templates, as they are for one GPU target.

A file holds ``title``, ``description``, ``packages`` (match specs), ``pypi`` (requirements), ``channels``, ``cuda``
(the lowest CUDA version that it needs), and what comes in addition under ``gpu`` (for targets with a GPU) and ``cpu``
(for those without): ``packages``, ``pypi`` and a ``note``. ``{cuda}`` and ``{cuda_major}`` in a package stand for the
target's. Its name is that of the file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from ..config.condarc import files, read, sendable
from ..config.layers import Node, problem
from ..gpu.figures import as_cuda, numbers, shortened
from ..models import EnvironmentTemplate, GpuTarget, Problem

BUILT_IN = Path(__file__).with_name("built_in")
_TEXTS = ("title", "description", "cuda")
_LISTS = ("packages", "pypi", "channels")
_PARTS = {"gpu": ("packages", "pypi", "note"), "cpu": ("packages", "pypi", "note")}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
# YAML takes its time: a large file would hold up everybody's form.
_LARGEST = 1 << 16
_LONGEST_TEXT = 1000


class _Unusable(Exception):
    def __init__(self, message: str, node: Node) -> None:
        super().__init__(message)
        self.node = node


def read_templates(folders: Sequence[Path], target: GpuTarget) -> tuple[list[EnvironmentTemplate], list[Problem]]:
    """The built-in templates and those of the site's folders; a site's takes the place of one of ours of its name.

    A file that cannot be used is left out, and a problem (``template_invalid``) names its line. Blocks.
    """
    found: dict[str, EnvironmentTemplate] = {}
    problems: list[Problem] = []
    for file, own in _files(folders, problems):
        try:
            template, wrong = _read(file, own, target)
        except _Unusable as fault:
            hint = "Correct the file, or ask whoever maintains it."
            problems.append(problem("template_invalid", f"{fault}. The template is left out.", fault.node, hint))
            continue
        problems += wrong
        if template is not None:
            found[template.name] = template
    return sorted(found.values(), key=lambda one: one.origin == "site"), problems


def _files(folders: Sequence[Path], problems: list[Problem]) -> Iterator[tuple[Path, bool]]:
    yield from ((file, True) for file in files(BUILT_IN))
    for folder in folders:
        try:
            os.scandir(folder).close()
        except (OSError, ValueError) as error:
            message = f"cannot be read, so its templates are missing: {getattr(error, 'strerror', None) or error}"
            hint = "Correct EnvManagerApp.environment_templates, or the folder's permissions."
            problems.append(problem("template_invalid", message, Node(None, sendable(folder)), hint))
            continue
        yield from ((file, False) for file in files(folder))


def _read(file: Path, own: bool, target: GpuTarget) -> tuple[EnvironmentTemplate | None, list[Problem]]:
    layer, problems = read(file, _LARGEST)
    whole = Node(dict(layer.nodes), sendable(file))
    if not layer.nodes:
        return None, problems or [problem("template_invalid", "holds nothing. The template is left out.", whole)]
    if not _NAME.fullmatch(file.stem):
        _refuse("the file's name may only have letters, digits, “.”, “_” and “-”", whole)
    _check_keys(layer.nodes, (*_TEXTS, *_LISTS, *_PARTS))
    parts = {name: _part(layer.nodes[name], name) for name in _PARTS if name in layer.nodes}
    part = parts.get("gpu" if target.cuda else "cpu", {})
    channels = _list(layer.nodes, "channels")
    specs = [_filled(spec, target) for spec in [*_list(layer.nodes, "packages"), *_list(part, "packages")]]
    pypi = [*_list(layer.nodes, "pypi"), *_list(part, "pypi")]
    if not specs and not pypi and not any(_list(one, "packages") for one in parts.values()):
        _refuse("names no packages", whole)
    note = _text(part, "note")
    written = _text(layer.nodes, "cuda")
    needed = as_cuda(written)
    if written and needed is None:
        _refuse(f"cuda: “{shortened(written)}” is no version such as “12.4”", layer.nodes["cuda"])
    lacks = ""
    if needed and target.cuda and numbers(target.cuda) < numbers(needed):
        note = lacks = f"Needs CUDA {needed} or newer; {target.title} runs {target.cuda}."
    elif needed and not target.cuda and not _list(part, "packages"):
        note = lacks = note or "Needs an NVIDIA GPU."
    return (
        EnvironmentTemplate(
            name=file.stem,
            title=_text(layer.nodes, "title") or file.stem,
            description=_text(layer.nodes, "description"),
            origin="built-in" if own else "site",
            specs=list(dict.fromkeys(specs)),
            pypi=list(dict.fromkeys(pypi)),
            channels=channels or None,
            gpu="gpu" in parts,
            note=note,
            lacks=lacks,
        ),
        problems,
    )


def _part(node: Node, name: str) -> Mapping[str, Node]:
    if not isinstance(node.value, dict):
        _refuse(f"{name} must hold {', '.join(_PARTS[name])}", node)
    _check_keys(node.value, _PARTS[name])
    return node.value


def _check_keys(nodes: Mapping[str, Node], known: Sequence[str]) -> None:
    for key, node in nodes.items():
        if key not in known:
            _refuse(f"“{shortened(key)}” is unknown; there are {', '.join(known)}", node)


def _text(nodes: Mapping[str, Node], key: str) -> str:
    node = nodes.get(key)
    if node is None or node.value is None:
        return ""
    if not isinstance(node.value, str):
        _refuse(f"{key} must be a text", node)
    return shortened(node.value, _LONGEST_TEXT)


def _list(nodes: Mapping[str, Node], key: str) -> list[str]:
    node = nodes.get(key)
    if node is None or node.value is None:
        return []
    items = node.value if isinstance(node.value, tuple) else (node,)
    for item in items:
        if not isinstance(item.value, str) or not item.value.strip():
            _refuse(f"{key} must be a list of texts", item)
    return [str(item.value).strip() for item in items]


def _filled(spec: str, target: GpuTarget) -> str:
    cuda = target.cuda or "*"
    return spec.replace("{cuda_major}", cuda.split(".")[0]).replace("{cuda}", cuda)


def _refuse(message: str, node: Node) -> NoReturn:
    raise _Unusable(message, node)
