"""``pyproject.toml``: what a project needs at run time, and pixi's table of conda packages.

See https://packaging.python.org/en/latest/specifications/pyproject-toml/ and
https://pixi.sh/latest/python/pyproject_toml/.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from . import condaspecs, piplines
from .draft import FEWER, Draft, Item, shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")
_VERSION = re.compile(r"[\w.*!+<>=~,| -]+")
# The time that a dotted key takes grows with the square of its length.
_LONGEST = 2_000
# Each is looked for in the text, for its line.
_MOST = 1_000
_SIMPLE = {"version", "build", "channel"}


def read(text: str, draft: Draft) -> None:
    """Read a project's needs into ``draft``."""
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > _LONGEST:
            message = f"The line is longer than {_LONGEST:,} characters."
            draft.error(number, message, "Write each item on a line of its own.")
            return
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        _unreadable(error, text, draft)
        return
    file = _File(text, draft)
    project, tool = file.table(data, "project"), file.table(data, "tool")
    pixi = file.table(tool, "pixi")
    if "project" not in data and not pixi:
        hint = "Choose a file with “[project]”."
        if "poetry" in tool:
            hint = "Run “poetry export -o requirements.txt”, and use that file."
        draft.error(0, "The file has no “[project]” table, so it does not say what it needs.", hint)
        return
    file.project(project)
    if pixi:
        file.pixi(pixi)
    elif "poetry" in tool and "dependencies" not in project:
        draft.warn(file.line("[tool.poetry"), "Poetry’s own table is passed over.", "Use “poetry export” for it.")
    if not any(condaspecs.name_of(spec) == "python" for spec, _ in draft.specs):
        file.python(project)


def _unreadable(error: Exception, text: str, draft: Draft) -> None:
    if isinstance(error, RecursionError):
        draft.error(0, "The file is nested too deeply.", "Choose another file.")
        return
    found = _AT.search(str(error))
    line = int(found.group(1)) if found and found.group(1) else text.count("\n") + 1
    column = int(found.group(2)) if found and found.group(2) else 0
    reason = _AT.sub("", str(error)).rstrip(".")
    draft.error(line, f"The line cannot be read as TOML: {reason}.", "Correct the line.", column=column)


class _File:
    def __init__(self, text: str, draft: Draft) -> None:
        self._draft = draft
        self._lines = text.split("\n")

    def line(self, written: str, after: str = "") -> int:
        """The first line that holds a text as it is written (TOML readers tell no lines); 0 for none."""
        begin = next((n for n, line in enumerate(self._lines) if line.lstrip().startswith(after)), 0) if after else 0
        return next((n + 1 for n, line in enumerate(self._lines) if n >= begin and written in line), 0)

    def table(self, data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        """A table by name, empty where it is not there."""
        found = data.get(name, {})
        if isinstance(found, dict) and len(found) <= _MOST:
            return found
        if isinstance(found, dict):
            self._draft.error(self.line(name), f"“{name}” names more than {_MOST:,} packages.", FEWER)
            return {}
        self._draft.error(self.line(name), f"“{name}” must be a table.", f"Write “[{name}]” above its lines.")
        return {}

    def project(self, project: Mapping[str, Any]) -> None:
        name = project.get("name")
        self._draft.name = name if isinstance(name, str) else None
        needs = project.get("dependencies", [])
        if isinstance(needs, list) and len(needs) > _MOST:
            self._draft.error(self.line("dependencies"), f"There are more than {_MOST:,} “dependencies”.", FEWER)
        elif isinstance(needs, list) and all(isinstance(need, str) for need in needs):
            for need in needs:
                piplines.add(need, self.line(need, "dependencies"), self._draft)
        else:
            line = self.line("dependencies", "[project]")
            self._draft.error(line, "“dependencies” must be a list of texts.", "Put each into quotes.")
        dynamic = project.get("dynamic", [])
        if isinstance(dynamic, list) and "dependencies" in dynamic:
            message = "What the project needs is only known when it is built (“dynamic”)."
            hint = "Give its folder as a package from PyPI instead, or use its requirements.txt."
            self._draft.error(self.line("dynamic"), message, hint)
        extras = project.get("optional-dependencies")
        if isinstance(extras, dict) and extras:
            message = f"The optional dependencies are passed over: {', '.join(list(extras)[:10])}."
            hint = "Add those that you need after the environment is there."
            self._draft.warn(self.line("optional-dependencies"), message, hint)
        if name is not None:
            message = "The project itself is not installed, only what it needs."
            self._draft.warn(self.line("[project]"), message, "Install it afterwards from its folder.")

    def python(self, project: Mapping[str, Any]) -> None:
        """``requires-python`` as a match spec."""
        wanted = project.get("requires-python", "")
        line = self.line("requires-python")
        try:
            specifiers = SpecifierSet(wanted)
        except (InvalidSpecifier, TypeError, AttributeError):
            hint = "Write it like “>=3.10”."
            self._draft.error(line, f"“requires-python” is no version: {shown(str(wanted))}.", hint)
            return
        order = {part.strip(): number for number, part in enumerate(str(wanted).split(","))}
        parts = sorted((str(one) for one in specifiers), key=lambda part: order.get(part, len(order)))
        versions = ",".join(part.removeprefix("=") if part.startswith("===") else part for part in parts)
        self._draft.specs.insert(0, Item(f"python {versions}".strip(), line))

    def pixi(self, pixi: Mapping[str, Any]) -> None:
        workspace = self.table(pixi, "workspace") or self.table(pixi, "project")
        self._draft.name = workspace.get("name") if isinstance(workspace.get("name"), str) else self._draft.name
        channels = workspace.get("channels")
        if isinstance(channels, list):
            names = [one.get("channel") if isinstance(one, dict) else one for one in channels]
            self._draft.channels = [Item(one, self.line("channels")) for one in names if isinstance(one, str)]
        platforms = workspace.get("platforms")
        if isinstance(platforms, list):
            self._draft.platforms = [one for one in platforms if isinstance(one, str)]
            if self._draft.platform not in self._draft.platforms:
                message = f"The file is for {', '.join(self._draft.platforms)}; this is {self._draft.platform}."
                self._draft.warn(self.line("platforms"), message, "Some of its packages may not be there.")
        for name, wanted in self.table(pixi, "dependencies").items():
            self._pixi_package(name, wanted)
        for name, wanted in self.table(pixi, "pypi-dependencies").items():
            self._pixi_requirement(name, wanted)
        rest = [name for name in ("target", "feature", "environments") if name in pixi]
        if rest:
            message = f"Of pixi’s tables, {', '.join(rest)} are passed over."
            self._draft.warn(self.line(f"[tool.pixi.{rest[0]}"), message, "Use pixi.lock to have all of it.")

    def _pixi_package(self, name: str, wanted: Any) -> None:
        line = self.line(name, "[tool.pixi.dependencies]")
        parts = {"version": wanted} if isinstance(wanted, str) else wanted
        if not isinstance(parts, dict) or not set(parts) <= _SIMPLE or not _plain(parts):
            message = f"{shown(name)} is given in a way that only pixi knows."
            self._draft.error(line, message, "Use pixi.lock, or give a version.")
            return
        channel = f"{parts['channel']}::" if "channel" in parts else ""
        version = parts.get("version", "*")
        spec = f"{channel}{name} {'' if version == '*' and 'build' not in parts else version} {parts.get('build', '')}"
        condaspecs.add(" ".join(spec.split()), line, self._draft)

    def _pixi_requirement(self, name: str, wanted: Any) -> None:
        line = self.line(name, "[tool.pixi.pypi-dependencies]")
        parts = {"version": wanted} if isinstance(wanted, str) else wanted
        extras = parts.get("extras", []) if isinstance(parts, dict) else None
        version = parts.get("version", "*") if isinstance(parts, dict) else None
        if not isinstance(extras, list) or not isinstance(version, str) or not set(parts) <= {"version", "extras"}:
            if isinstance(parts, dict) and "path" in parts:
                self._draft.warn(line, f"{shown(name)} is passed over: it is a folder beside the file.")
            else:
                message = f"{shown(name)} is given in a way that only pixi knows."
                self._draft.error(line, message, "Use pixi.lock, or give a version.")
            return
        wished = f"[{','.join(map(str, extras))}]" if extras else ""
        piplines.add(f"{name}{wished}{'' if version == '*' else version}", line, self._draft)


def _plain(parts: Mapping[str, Any]) -> bool:
    return all(isinstance(value, str) and _VERSION.fullmatch(value.replace("/", "")) for value in parts.values())
