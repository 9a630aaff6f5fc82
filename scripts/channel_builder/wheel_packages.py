"""Decide which conda packages the wheels chosen for several Pythons make: `noarch: python` where they can be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from rattler import Subdir

from .archive import Package
from .interpreter import Interpreter
from .requirements import match_specs, version_spec
from .wheel import Wheel

_LEGACY_GLIBC = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}


@dataclass(frozen=True)
class Target:
    """One Python of the channel with the wheels chosen for it.

    Attributes:
        interpreter: the Python.
        wheels: every wheel, several versions of one project included.
        extras: extras asked for, by conda name.
    """

    interpreter: Interpreter
    wheels: Sequence[Wheel]
    extras: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def known(self) -> dict[str, Wheel]:
        """One wheel of each project."""
        return {wheel.name: wheel for wheel in self.wheels}

    def depends(self, wheel: Wheel) -> tuple[str, ...]:
        """What a wheel depends on here, `python` left out."""
        known = {**self.known, wheel.name: wheel}
        extras = self.extras.get(wheel.name, frozenset())
        return match_specs(wheel, self.interpreter.environment, extras=extras, known=known)


def wheel_packages(targets: Sequence[Target]) -> list[tuple[Package, Wheel, Interpreter | None]]:
    """The packages that the wheels of all targets make.

    A pure wheel is one package for all Pythons when all of them chose it and its dependencies are the same in
    each; else markers or versions differ, and each Python gets a build of its own.

    Args:
        targets: the Pythons of the channel.

    Returns:
        The metadata, the wheel and, for a package bound to one Python by its layout, that Python.
    """
    chosen: dict[str, list[tuple[Target, Wheel]]] = {}
    for target in targets:
        for wheel in target.wheels:
            chosen.setdefault(wheel.path.name, []).append((target, wheel))
    packages: list[tuple[Package, Wheel, Interpreter | None]] = []
    for users in chosen.values():
        wheel = users[0][1]
        depends = {target.depends(wheel) for target, _ in users}
        if not wheel.pure:
            packages += [(_bound(wheel, target), wheel, target.interpreter) for target, _ in users]
        elif len(users) == len(targets) and len(depends) == 1:
            packages.append((_noarch(wheel, depends.pop(), None), wheel, None))
        else:
            packages += [(_noarch(wheel, t.depends(wheel), t.interpreter), wheel, None) for t, _ in users]
    return packages


def _noarch(wheel: Wheel, depends: tuple[str, ...], interpreter: Interpreter | None) -> Package:
    python = f"python {version_spec(SpecifierSet(wheel.metadata.get('Requires-Python', '')))}".rstrip()
    build = "py_0"
    if interpreter is not None:
        python, build = interpreter.python_spec, f"py{interpreter.abi[2:]}_0"
    return _package(wheel, build, "noarch", (python, *depends))


def _bound(wheel: Wheel, target: Target) -> Package:
    python = target.interpreter
    glibc = _glibc(wheel.tags)
    depends = (python.python_spec, python.abi_spec, *([f"__glibc >={glibc}"] if glibc else []))
    subdir = str(Subdir.current())
    return _package(wheel, f"py{python.abi[2:]}_0", subdir, (*depends, *target.depends(wheel)))


def _package(wheel: Wheel, build: str, subdir: str, depends: tuple[str, ...]) -> Package:
    noarch = subdir == "noarch"
    return Package(
        name=wheel.name,
        version=wheel.version,
        build=build,
        subdir=subdir,
        noarch="python" if noarch else None,
        depends=depends,
        license=_license(wheel.metadata),
        entry_points=wheel.entry_points if noarch else (),
        about=_about(wheel.metadata),
    )


def _license(metadata: Message) -> str | None:
    expression = metadata.get("License-Expression") or metadata.get("License")
    if expression and "\n" not in expression:
        return str(expression)
    prefix = "License :: OSI Approved :: "
    classifiers = metadata.get_all("Classifier", [])
    return next((text.removeprefix(prefix) for text in classifiers if text.startswith(prefix)), None)


def _about(metadata: Message) -> dict[str, str]:
    urls = {"home": metadata.get("Home-page")}
    for line in metadata.get_all("Project-URL", []):
        label, _, url = line.partition(",")
        words = label.strip().lower()
        for key, known in (("doc_url", "doc"), ("dev_url", "source"), ("dev_url", "repo"), ("home", "home")):
            if known in words:
                urls[key] = urls.get(key) or url.strip()
    urls["home"] = urls["home"] or urls.get("dev_url")
    facts = {"summary": metadata.get("Summary"), **urls}
    return {key: str(value) for key, value in facts.items() if value}


def _glibc(tags: frozenset[Tag]) -> str | None:
    """The oldest glibc that one of the platform tags allows."""
    versions = []
    for tag in tags:
        legacy = tag.platform.split("_")[0]
        if legacy in _LEGACY_GLIBC:
            versions.append(_LEGACY_GLIBC[legacy])
        elif match := re.match(r"manylinux_(\d+)_(\d+)_", tag.platform):
            versions.append((int(match[1]), int(match[2])))
    return ".".join(map(str, min(versions))) if versions else None
