"""Which folders can kernels be made from, and how is one filled in?

A template is a kernelspec folder: kernel.json, run.sh, logos. It is used as it is; only name, prefix and display name
are filled in. Where it says ``{{prefix}}``, ``{{name}}`` or ``{{display_name}}``, they stand for these; a run.sh that
does not is taken for one that was made for some environment, and the program of its ``exec`` line becomes ours.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import EnvManagerError, Invalid, NotFound
from ..models import KernelTemplate, Problem
from . import kernelspec, reading, shelltext
from .building import SCRIPT
from .recipe import BUILT_IN

log = logging.getLogger(__name__)

_MAX_FILES = 40
_MAX_BYTES = 4_000_000
_MAX_TEMPLATES = 100
_FIELD = re.compile(r"\{\{ ?(prefix|name|display_name) ?\}\}")
BUILT_IN_TEMPLATE = KernelTemplate(name=BUILT_IN, title="Activated environment", origin="built-in")


@dataclass(frozen=True, kw_only=True)
class Template:
    """A folder with the names of its files; ``fault`` says why it cannot be used."""

    name: str
    folder: Path
    origin: Literal["user", "site"]
    files: Sequence[str] = ()
    spec: kernelspec.Spec | None = None
    fault: str = ""


def find(user: Path | None, site: Sequence[Path]) -> list[Template]:
    """All templates, the user's first; of two of one name, the first counts. Broken ones have a ``fault``."""
    found: dict[str, Template] = {}
    for origin, folder in _folders(user, site):
        if folder.name not in found and folder.name != BUILT_IN and len(found) < _MAX_TEMPLATES:
            found[folder.name] = _read(folder, origin)
    return list(found.values())


def listed(templates: Sequence[Template]) -> list[KernelTemplate]:
    """The templates that can be used, ours first."""
    usable = [template for template in templates if not template.fault]
    return [BUILT_IN_TEMPLATE, *map(_shown, usable)]


def problems(templates: Sequence[Template]) -> list[Problem]:
    """Why the others cannot."""
    return [
        Problem(
            code="broken_template",
            message=f"The kernel template “{template.name}” cannot be used: {template.fault}",
            hint="Repair the folder, or take it away.",
            details={"path": str(template.folder)},
        )
        for template in templates
        if template.fault
    ]


def named(templates: Sequence[Template], name: str) -> Template:
    """The template of a name; raises NotFound, or Invalid where it is broken."""
    template = next((template for template in templates if template.name == name), None)
    if template is None:
        raise NotFound(f"There is no kernel template “{name}”.", hint="Choose another one.", field="template")
    if template.fault:
        raise Invalid(
            f"The kernel template “{name}” cannot be used: {template.fault}",
            hint="Choose another one.",
            field="template",
        )
    return template


def _shown(template: Template) -> KernelTemplate:
    title = template.spec.display_name if template.spec else ""
    usable = title if title and not _FIELD.search(title) else template.name
    return KernelTemplate(
        name=template.name, title=usable, origin=template.origin, path=str(template.folder), editable=False
    )


def _folders(user: Path | None, site: Sequence[Path]) -> Iterator[tuple[Literal["user", "site"], Path]]:
    yield from (("user", folder) for folder in _inside(user) if user is not None)
    for place in site:
        if (place / "kernel.json").is_file():
            yield "site", place
        else:
            yield from (("site", folder) for folder in _inside(place))


def _inside(place: Path | None) -> list[Path]:
    if place is None:
        return []
    try:
        return sorted(entry for entry in place.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        log.debug("No kernel templates read: %s", error)
        return []


def _read(folder: Path, origin: Literal["user", "site"]) -> Template:
    template = Template(name=folder.name, folder=folder, origin=origin)
    spec = kernelspec.read(folder, folder.name)
    if spec.fault:
        return _broken(template, spec.fault)
    try:
        files = _files(folder)
    except (OSError, EnvManagerError) as error:
        return _broken(template, str(error))
    return Template(name=folder.name, folder=folder, origin=origin, files=files, spec=spec)


def _broken(template: Template, fault: str) -> Template:
    log.warning("kernel template %s is left out: %s", template.folder, fault)
    return Template(name=template.name, folder=template.folder, origin=template.origin, fault=fault)


def _files(folder: Path) -> list[str]:
    """The files of a template but its kernel.json; links out of the folder are left out. Nothing is read."""
    real, total = Path(os.path.realpath(folder)), 0
    found: list[str] = []
    for file in sorted(folder.iterdir()):
        if not file.is_file() or not Path(os.path.realpath(file)).is_relative_to(real) or file.name == "kernel.json":
            continue
        total += file.stat().st_size
        if total > _MAX_BYTES or len(found) >= _MAX_FILES:
            raise Invalid(f"It is larger than {_MAX_BYTES // 1_000_000} MB, or has more than {_MAX_FILES} files.")
        found.append(file.name)
    return found


def _contents(template: Template) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = _MAX_BYTES
    try:
        for name in template.files:
            found[name] = reading.read(template.folder / name, left, within=template.folder)
            left -= len(found[name])
    except OSError as error:
        raise Invalid(
            f"The kernel template “{template.name}” cannot be used: {error}",
            hint="Choose another one.",
            field="template",
        ) from error
    return found


def fill(template: Template, *, prefix: Path, name: str, display_name: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A template for one kernel.

    Returns
    -------
    The content of its kernel.json, and its other files.

    Raises
    ------
    Invalid
        Jupyter would read something else into the prefix, or the template cannot be read.
    """
    values = {"prefix": str(prefix), "name": name, "display_name": display_name}
    assert template.spec is not None
    content = _filled(kernelspec.content(template.spec), values)
    argv = [_own_script(word) if SCRIPT in template.files else word for word in template.spec.argv]
    content["argv"] = [_filled_word(word, values) for word in _own_program(argv, prefix)]
    literals = {key: kernelspec.literal(value) for key, value in values.items()}
    content["env"] = {key: _replaced(value, literals) for key, value in template.spec.env.items()}
    content["display_name"] = display_name
    files = _contents(template)
    if SCRIPT in files:
        text = files[SCRIPT].decode("utf-8", "surrogateescape")
        files[SCRIPT] = _script(text, values, prefix).encode("utf-8", "surrogateescape")
    return content, files


def _own_script(word: str) -> str:
    return f"{{resource_dir}}/{SCRIPT}" if word.endswith(f"/{SCRIPT}") else word


def _own_program(argv: list[str], prefix: Path) -> list[str]:
    """A command that names the program of some environment, with the same program of ours."""
    there = kernelspec.folder_of_programs(prefix) / Path(argv[0]).name
    if "{" in argv[0] or not os.path.lexists(there):
        return argv
    if kernelspec.PLACEHOLDER.search(str(there)):
        raise _braces(str(there))
    return [str(there), *argv[1:]]


def _filled_word(word: str, values: Mapping[str, str]) -> str:
    if _FIELD.search(word) and any(kernelspec.PLACEHOLDER.search(values[key]) for key in _FIELD.findall(word)):
        raise _braces(word)
    return _replaced(word, values)


def _braces(word: str) -> Invalid:
    return Invalid(
        f"This template cannot be used here: braces in “{word}” mean something else to Jupyter.",
        hint="Use the built-in template.",
        field="template",
    )


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _replaced(value, values)
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    return [_filled(item, values) for item in value] if isinstance(value, list) else value


def _replaced(text: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda match: values[match[1]], text)


def _script(text: str, values: Mapping[str, str], prefix: Path) -> str:
    if _FIELD.search(text):
        parts = shelltext.quoted(text)

        def quoted(match: re.Match[str]) -> str:
            return shelltext.within(values[match[1]], shelltext.quoting_at(parts, match.start()))

        return _FIELD.sub(quoted, text)
    # The last one: those before are only reached where something is wrong.
    for line in reversed([*shelltext.executed(text)]):
        if Path(line.program).is_absolute():
            there = kernelspec.folder_of_programs(prefix) / Path(line.program).name
            program = there if os.path.lexists(there) else kernelspec.interpreter(prefix)
            return text[: line.start] + shelltext.within(str(program), "bare") + text[line.end :]
    return text
