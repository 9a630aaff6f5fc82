"""What was asked for in a conda environment, and what came with it?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..redaction import redact
from .conda_records import CondaRecord, channel_name

_SPECS = re.compile(r"^#\s*(\w+)\s+specs:\s*(.+)$")
_NAME = re.compile(r"^(?:.*::)?\s*([A-Za-z0-9_][A-Za-z0-9_.-]*)")
_ARCHIVE = re.compile(r"^(?:\w+://|[./~])(?:.*[/\\])?([^/\\]+)-([^-/\\]+)-([^-/\\]+)\.(?:conda|tar\.bz2)(?:#.*)?$")
# No more than one pass over a text, whatever it says: a history may be somebody else's.
_WORD = re.compile(r"""'([^'\\]*(?:\\.[^'\\]*)*)'?|"([^"\\]*(?:\\.[^"\\]*)*)"?""")
_ESCAPED = re.compile(r"\\(.)")
# Longer than that of any package.
_LONGEST = 2_000
_ASKS = ("update", "install", "create")
_TAKES_BACK = ("remove", "uninstall")


def requested_specs(records: Iterable[CondaRecord], history: str) -> dict[str, str]:
    """The spec of each package that was asked for, by name.

    Both the history and the records may say so. Where the history speaks of a package it is right: a record keeps what
    it was installed for, whatever was asked for later.
    """
    found: dict[str, str] = {}
    for record in records:
        # The one that says most: several specs of one package are the name and the name with a version, in practice.
        if specs := [spec for spec in record.specs if len(spec) <= _LONGEST]:
            found[record.name] = max(specs, key=len)
    for name, spec in read_history(history).items():
        if spec is None:
            found.pop(name, None)
        else:
            found[name] = spec
    return {name: shown(spec) for name, spec in found.items()}


def read_history(text: str) -> dict[str, str | None]:
    """What ``conda-meta/history`` says in the end of each package: its spec, or None where it was taken back.

    Read as conda does (https://github.com/conda/conda/blob/main/conda/history.py): within a revision removals come
    first, and ``neutered`` specs, those that a later wish has overruled, last. Lines that make no sense are skipped.
    """
    found: dict[str, str | None] = {}
    for revision in _revisions(text):
        for actions, take_back in ((_TAKES_BACK, True), (_ASKS, False), (("neutered",), False)):
            for action, specs in revision:
                if action in actions:
                    found.update((name, None if take_back else spec) for spec in specs if (name := spec_name(spec)))
    return found


def spec_name(spec: str) -> str:
    """The package that a match spec or the address of an archive names; ``""`` when it names none."""
    spec = spec.strip()
    if len(spec) > _LONGEST:
        return ""
    if archive := _ARCHIVE.match(spec):
        return archive[1].lower()
    match = _NAME.match(spec.partition("[")[0])
    return match[1].lower() if match else ""


def shown(spec: str) -> str:
    """A spec as people write it: no credentials, a channel by its name, an archive by what is in it."""
    if archive := _ARCHIVE.match(spec.strip()):
        return f"{archive[1]}={archive[2]}={archive[3]}"
    channel, separator, rest = spec.strip().rpartition("::")
    if separator and "://" in channel:
        channel = channel_name(channel)
    return redact(f"{channel}{separator}{rest}")


def _revisions(text: str) -> list[list[tuple[str, list[str]]]]:
    revisions: list[list[tuple[str, list[str]]]] = [[]]
    for line in text.splitlines():
        if line.startswith("==>"):
            revisions.append([])
        elif match := _SPECS.match(line):
            revisions[-1].append((match[1], _split(match[2].strip())))
    return revisions


def _split(specs: str) -> list[str]:
    """A Python list, or before conda 4.4 comma separated, where a version may hold commas too."""
    if specs.startswith("["):
        words = _WORD.finditer(specs) if specs.endswith("]") else ()
        return [_ESCAPED.sub(r"\1", word[1] or word[2] or "") for word in words]
    parts = re.split(r",(?!\s*[><=!~])", specs)
    return [",".join(map(str.strip, part.split(","))) for part in parts]
