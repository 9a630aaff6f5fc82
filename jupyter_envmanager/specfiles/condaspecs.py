"""Match specs as files have them: what is plainly none, in words that say what was meant instead.

Only the light half of the check; the other is the engine's (https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html).
"""

from __future__ import annotations

import re

from .draft import Draft, Item, shown

_NAME = re.compile(r"[A-Za-z0-9_*][\w.*-]*")
_EXTRA = re.compile(r"([A-Za-z0-9_][\w.-]*)\[([\w.\s,-]*)\](.*)", re.DOTALL)
_DIRECT = re.compile(r"(?i)git\+|[\w.-]+\s*@\s*[a-z+]+:|[a-z][a-z0-9+.-]*://\S+\.(?:whl|zip|tar\.gz)(?:$|[#?])")
_SUBDIR = re.compile(r"[\[,]\s*subdir\s*=\s*[\"']?([\w-]+)")
_CHANNEL = re.compile(r"[\[,]\s*channel\s*=\s*[\"']?([^\s\"',\]]+)")
# As long as nobody writes one; expressions that take their time with a long text are not tried.
MOST_LETTERS = 2_000
_PLATFORM = re.compile(r"(?:linux|osx|win|emscripten|wasi|freebsd|zos)-[a-z0-9_]+")


def add(text: str, line: int, draft: Draft, *, column: int = 0) -> None:
    """Take in one match spec, or say what is wrong with it."""
    spec = text.strip()
    if problem := problem_of(spec, draft.platform):
        draft.error(line, *problem, column=column)
    else:
        draft.specs.append(Item(spec, line))


def split(spec: str) -> tuple[str, str, str]:
    """Channel, subdir and the rest of ``channel/subdir::name=1``; empty where a part is not there."""
    place, found, rest = spec.rpartition("::")
    if not found:
        return "", "", spec
    channel, slash, last = place.rpartition("/")
    return (channel, last, rest) if slash and (_PLATFORM.fullmatch(last) or last == "noarch") else (place, "", rest)


def name_of(spec: str) -> str:
    """The name of a package in a match spec, in lower case."""
    found = _NAME.match(split(spec)[2].strip())
    return found.group().lower() if found else ""


def problem_of(spec: str, platform: str) -> tuple[str, str] | None:
    """What is plainly wrong with a spec, as message and hint."""
    if len(spec) > MOST_LETTERS:
        return f"{shown(spec)} is too long for a package.", f"A package has at most {MOST_LETTERS:,} letters."
    if _DIRECT.match(spec):
        return f"{shown(spec)} is for pip, not for conda.", "Move it below “- pip:”."
    if spec.startswith("-"):
        return f"{shown(spec)} is no package.", "Options of pip go below “- pip:”."
    if "\n" in spec:
        return f"{shown(spec)} are several lines.", "Begin each package with a dash."
    channel, subdir, rest = split(spec)
    if "::" in spec and not channel:
        return f"{shown(spec)} names no channel.", "Write it like “conda-forge::numpy”."
    if bracket := _CHANNEL.search(rest):
        # All that looks at channels looks there.
        return (
            f"{shown(spec)} names its channel in brackets.",
            f"Write it in front: “{bracket.group(1)}::{name_of(rest)}”.",
        )
    plain = f"{channel}::{rest}"
    if not subdir and (bracket := _SUBDIR.search(rest)):
        subdir, plain = bracket.group(1), name_of(rest)
    if subdir and subdir not in (platform, "noarch"):
        return (
            f"{shown(spec)} is a package for {subdir}; this is {platform}.",
            f"Write “{plain}”, or leave it to the platform with the comment “# [{subdir.split('-')[0]}]”.",
        )
    if (extra := _EXTRA.fullmatch(rest)) and "=" not in extra.group(2):
        name, _, version = extra.groups()
        hint = f"Write “{name}{version.strip()}”, or move it as it is below “- pip:”."
        return f"{shown(spec)} has an extra, as pip knows them; conda does not.", hint
    if not _NAME.match(rest.strip()):
        return f"{shown(spec)} is no package.", "Write it like “numpy”, “python=3.12” or “pandas>=2,<3”."
    if rest.count("[") != rest.count("]"):
        return f"{shown(spec)} has a bracket without its other half.", "Close it, or take it out."
    return None
