"""Packages that people know by the name that they have on the Python package index, or had once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from ..models import Problem
from .channels import Channels
from .solve import parse_specs, spec_name

NAMES = {
    "torch": "pytorch",
    "tensorflow-gpu": "tensorflow",
    "cupy-cuda11x": "cupy",
    "cupy-cuda12x": "cupy",
    "cupy-cuda13x": "cupy",
    "onnxruntime-gpu": "onnxruntime",
}


async def renamed(channels: Channels, texts: Sequence[str]) -> tuple[list[str], list[Problem]]:
    """Match specs with the names that the channels know, and a warning for each that was changed.

    A name that a channel has stays. No channel is asked where no name is known for this.

    Raises
    ------
    Invalid, ChannelUnreachable
    """
    # A file may have thousands.
    names = await asyncio.to_thread(lambda: [spec_name(spec) for spec in parse_specs(texts)])
    wanted = {old: new for old in names if (new := NAMES.get(old))}
    having = await channels.having({*wanted, *wanted.values()}) if wanted else frozenset()
    changed = {old: new for old, new in wanted.items() if old not in having and new in having}
    problems = [
        Problem(
            code="renamed",
            message=f"“{old}” is called {new} on these channels: {new} is taken.",
            details={"name": old, "taken": new},
        )
        for old, new in changed.items()
    ]
    if not changed:
        return list(texts), problems
    return [_with_name(text, name, changed.get(name, name)) for text, name in zip(texts, names, strict=True)], problems


def _with_name(text: str, old: str, new: str) -> str:
    return text if old == new else re.sub(rf"(?i)(^|::)\s*{re.escape(old)}", rf"\g<1>{new}", text.strip(), count=1)
