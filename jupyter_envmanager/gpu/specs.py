"""What does a match spec ask for? As much of it as advice needs; the engine reads specs for good.

Both forms are read: what people write (``conda-forge::pytorch=2.5=cuda*``, ``pytorch[build=cuda*]``) and the one of
``depends`` (``libtorch 2.5.1 cuda126_*``). See
https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from .versions import fits

# Records are others' texts: no longer ones are read, and each pattern can match in one way only.
_LONGEST = 500
_NAME = re.compile(r"[A-Za-z0-9_][\w.\-]*")
_KEY = re.compile(r"""(\w+)\s*=\s*("[^"]*"|'[^']*'|[^,]*)""")
_LOOSE = re.compile(r"(?<=[<>=!~,|]) | (?=[,|])")
_TERM = r"(?:[<>=!~]=?)?(?:[^ <>=!~,|][^ =,|]*)?"
# A version ends where a build follows after a blank, or after a single “=” that is no operator.
_VERSIONED = re.compile(rf"(?P<version>{_TERM}(?:[,|]{_TERM})*)(?:[ =]+(?P<build>[^ =]+))?")


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """A match spec: ``version`` and ``build`` are empty where it does not care."""

    text: str
    name: str
    version: str = ""
    build: str = ""

    def allows_version(self, version: str) -> bool:
        """Whether a version may fit; true where that cannot be told."""
        return not self.version or fits(version, self.version) is not False

    def allows_build(self, build: str) -> bool:
        """Whether a build string fits."""
        if self.build.startswith("^"):
            return True  # A regular expression: left to the engine.
        return not self.build or fnmatchcase(build, self.build)


@lru_cache(maxsize=8192)
def read(text: str) -> Spec | None:
    """A spec from its text; None for what names no package."""
    if len(text) > _LONGEST:
        return None
    head, bracket, keys = " ".join(text.split()).partition("[")
    plain = head.rpartition(":")[2].strip()
    name = _NAME.match(plain)
    if name is None or (bracket and not keys.endswith("]")):
        return None
    found = _VERSIONED.fullmatch(_LOOSE.sub("", plain[name.end() :].strip()))
    version = (found["version"] if found else "") or ""
    build = (found["build"] if found else "") or ""
    if build and version.startswith("=") and not version.startswith("=="):
        version = f"={version}"  # With a build, “name=1.2=build” is that very version.
    for key, value in _KEY.findall(keys[:-1]):
        plain = value.strip().strip("\"'")
        version = plain if key == "version" else version
        build = plain if key == "build" else build
    return Spec(
        text=text.strip(),
        name=name[0].lower(),
        version="" if version.strip() in ("*", "=*", "==*") else re.sub(r"\s+", "", version),
        build="" if build == "*" else build,
    )


def read_all(texts: tuple[str, ...]) -> list[Spec]:
    """The specs that can be read."""
    return [spec for text in texts if (spec := read(text)) is not None]
