"""What an environment is made of -> the text of an ``environment.yml``.

As ``conda env export`` writes it
(https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#sharing-an-environment):
``name``, ``channels``, ``dependencies`` with one ``pip`` section, ``variables``; never ``prefix``.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from ..models import FileContent

# conda's YAML reader takes these for numbers (YAML 1.2, https://yaml.org/spec/1.2.2/#103-core-schema), PyYAML does not.
_NUMBER = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0o[0-7]+|0x[0-9a-fA-F]+")
_TEMPLATE = re.compile(r"\{(?=\{)")
# Readers, ours among them, take these for line breaks, or for what is left of a text that could not be read.
_ODD = re.compile("[\x85\u2028\u2029\ufffd]")


def write_environment(content: FileContent) -> str:
    """The text of an ``environment.yml``.

    Every value is a text for every reader of YAML, ``3.10`` as well as ``1e3``. Nothing in it looks like the
    ``{{ variables }}`` of template languages.

    Parameters
    ----------
    content:
        ``name``, ``channels``, ``platforms``, ``specs``, ``pypi`` and ``variables`` are written; what is empty is left
        out.
    """
    dependencies: list[Any] = [*content.specs, *([{"pip": content.pypi}] if content.pypi else [])]
    mapping = {
        "name": content.name,
        "channels": content.channels,
        "platforms": content.platforms,
        "dependencies": dependencies,
        "variables": content.variables,
    }
    said = {key: value for key, value in mapping.items() if value or key == "dependencies"}
    text: str = yaml.dump(said, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)
    # Only texts in double quotes hold these, where this is another way to write them.
    return _TEMPLATE.sub(r"\\x7B", text).replace("\ufffd", r"\uFFFD")


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Lists are indented, as conda writes them."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Anchors are nothing that people, or conda, expect in such a file."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if "{{" in text or _ODD.search(text) else "'" if _NUMBER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
