"""Names of Python distributions, of which one has many spellings."""

from __future__ import annotations

import re

_RUN = re.compile(r"[-_.]+")


def normal(name: str) -> str:
    """The spelling by which names are compared: ``Ruamel_YAML`` is ``ruamel-yaml``
    (https://packaging.python.org/en/latest/specifications/name-normalization/).
    """
    return _RUN.sub("-", name).lower()
