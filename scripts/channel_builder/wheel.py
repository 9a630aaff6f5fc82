"""Read a wheel, and lay its files out as conda installs them."""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from .archive import PLACEHOLDER, Entry
from .interpreter import Interpreter
from .requirements import conda_name

_SCRIPT = """#!{placeholder}/bin/python
import sys
from {module} import {name}
if __name__ == "__main__":
    sys.exit({function}())
"""


@dataclass(frozen=True)
class Wheel:
    """A wheel on disk; see <https://packaging.python.org/en/latest/specifications/binary-distribution-format/>."""

    path: Path

    @property
    def name(self) -> str:
        """Its conda name."""
        return conda_name(self.path.name.split("-")[0])

    @property
    def version(self) -> str:
        """Its version, normalised."""
        return str(parse_wheel_filename(self.path.name)[1])

    @property
    def tags(self) -> frozenset[Tag]:
        """What it runs on."""
        return parse_wheel_filename(self.path.name)[3]

    @property
    def pure(self) -> bool:
        """Whether it runs on every platform and every Python 3, so that one package serves all."""
        return any(tag.platform == "any" and tag.interpreter == "py3" for tag in self.tags)

    @cached_property
    def metadata(self) -> Message:
        """Its `METADATA`."""
        return HeaderParser().parsestr(self._dist_info("METADATA"))

    @cached_property
    def requires(self) -> tuple[Requirement, ...]:
        """Its requirements, markers and all."""
        return tuple(Requirement(text) for text in self.metadata.get_all("Requires-Dist", []))

    @cached_property
    def entry_points(self) -> tuple[str, ...]:
        """Its commands as conda writes them: `name = module:function`."""
        parser = configparser.RawConfigParser(delimiters=("=",))
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(self._dist_info("entry_points.txt"))
        groups = [group for group in ("console_scripts", "gui_scripts") if parser.has_section(group)]
        commands = [pair for group in groups for pair in parser.items(group)]
        return tuple(f"{name.strip()} = {target.split('[')[0].strip()}" for name, target in commands)

    @cached_property
    def sha256(self) -> str:
        """The hash of the file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def _dist_info(self, name: str) -> str:
        with ZipFile(self.path) as archive:
            pattern = re.compile(r"[^/]+\.dist-info/" + re.escape(name))
            found = [member for member in archive.namelist() if pattern.fullmatch(member)]
            return archive.read(found[0]).decode() if found else ""


def wheel_entries(wheel: Wheel, interpreter: Interpreter | None) -> Iterator[Entry]:
    """The files of the package made of `wheel`.

    Args:
        wheel: the wheel.
        interpreter: the Python whose layout to use, or None for that of `noarch: python`.
    """
    site, scripts = "site-packages", "python-scripts"
    if interpreter is not None:
        site, scripts = f"lib/python{interpreter.minor}/site-packages", "bin"
    roots = {
        "purelib": site,
        "platlib": site,
        "scripts": scripts,
        "data": "",
        "headers": f"include/{wheel.name}",
    }
    record: list[tuple[str, str, str]] = []
    dist_info = ""
    with ZipFile(wheel.path) as archive:
        for member in archive.infolist():
            head, _, rest = member.filename.partition("/")
            if member.is_dir() or (head.endswith(".dist-info") and rest in ("RECORD", "INSTALLER")):
                continue
            path = f"{site}/{member.filename}"
            mode = 0o755 if (member.external_attr >> 16) & 0o111 else 0o644
            data = archive.read(member)
            if head.endswith(".dist-info"):
                dist_info = head
            elif head.endswith(".data"):
                scheme, _, rest = rest.partition("/")
                path = f"{roots[scheme]}/{rest}".lstrip("/")
                if scheme == "scripts":
                    mode = 0o755
                    data = re.sub(rb"\A#!pythonw?(?=\s)", f"#!{PLACEHOLDER}/bin/python".encode(), data)
            record.append(_recorded(path, data, site, scripts))
            yield Entry(path=path, data=data, mode=mode)
    for script in _entry_scripts(wheel):
        record.append((f"../../../{script.path}", "", ""))
        if interpreter is not None:
            yield script
    yield from _installer(site, dist_info, record)


def _recorded(path: str, data: bytes, site: str, scripts: str) -> tuple[str, str, str]:
    """A line of RECORD: relative to the installed site-packages; files that installation rewrites have no hash."""
    if path.startswith(f"{site}/"):
        relative = path[len(site) + 1 :]
    else:
        relative = "../../../" + re.sub(rf"\A{scripts}/", "bin/", path)
    if PLACEHOLDER.encode() in data:
        return relative, "", ""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return relative, f"sha256={digest}", str(len(data))


def _entry_scripts(wheel: Wheel) -> Iterator[Entry]:
    for command in wheel.entry_points:
        name, _, target = command.partition(" = ")
        module, _, function = target.partition(":")
        text = _SCRIPT.format(placeholder=PLACEHOLDER, module=module, function=function, name=function.split(".")[0])
        yield Entry(path=f"bin/{name}", data=text.encode(), mode=0o755)


def _installer(site: str, dist_info: str, record: list[tuple[str, str, str]]) -> Iterator[Entry]:
    directory = f"{site}/{dist_info}"
    installer = Entry(path=f"{directory}/INSTALLER", data=b"conda\n")
    lines = [*record, _recorded(installer.path, installer.data, site, "bin"), (f"{dist_info}/RECORD", "", "")]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    yield installer
    yield Entry(path=f"{directory}/RECORD", data=text.getvalue().encode())
